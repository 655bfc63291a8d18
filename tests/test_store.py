"""The database: made on first use, strict, append-only where it says so, refused when newer."""

from __future__ import annotations

import dataclasses
import gc
import os
import re
import shutil
import sqlite3
import stat
import subprocess
import sys
import time
from contextlib import closing, nullcontext
from hashlib import blake2b, sha256
from pathlib import Path
from types import SimpleNamespace

import peewee
import psycopg
import pytest

from retainctl.config import Shop, read_shop
from retainctl.errors import BadConfiguration, DiskTrouble, TryLater, Unavailable
from retainctl.rows import Row
from retainctl.shop.orders_import.orders import import_orders
from retainctl.shop.orders_import.planning import OrderOptions
from retainctl.store import transactions, waiting
from retainctl.store.address_hash import address_hasher
from retainctl.store.database import database, execute, is_postgres, rows, value
from retainctl.store.dialect import filled_at_once, hold_lock, insert_many, one_of, only_reading, take_ids
from retainctl.store.opening import open_database
from retainctl.store.outreach import Mailing, SigningKey
from retainctl.store.schema_dialect import hold_schema
from retainctl.store.select import Day, Instant, MaybeDay, MaybeInstant, MaybePieces, Pieces, select
from retainctl.store.transactions import collector_at_rest, in_one_transaction, told, writing
from tests.conftest import ROOT, Terminal
from tests.planting import plant_address
from tests.shop.orders_import.conftest import HEADER, row

APPEND_ONLY = (
    "definitions",
    "customer_changes",
    "consents",
    "suppressions",
    "reinstatements",
    "order_versions",
    "transactions",
    "transaction_reasons",
    "entries",
    "terms",
    "outbox_events",
)


def test_each_model_names_exactly_the_columns_of_the_schema(shop: Shop) -> None:
    for table in (Mailing, SigningKey):
        columns = {column.name for column in database.get_columns(table._meta.table_name)}
        assert columns == {field.column_name for field in table._meta.sorted_fields}, table


def test_a_consent_is_never_changed(shop: Shop) -> None:
    with writing():
        execute("INSERT INTO customers (id, created_at) VALUES (1, 0)")
        plant_address(1, "a@b.example", id=1)
        execute(
            "INSERT INTO consents (contact_point_id, purpose, action, happened_at, recorded_at, source, evidence)"
            " VALUES (1, 'marketing', 'given', 0, 0, 'till', 'form 17')"
        )
    for change in ("UPDATE consents SET evidence = 'none'", "DELETE FROM consents"):
        with pytest.raises(peewee.DatabaseError, match="consents are only added to"), writing():
            execute(change)
    assert value("SELECT evidence FROM consents") == "form 17"


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)  # SQLite has no such statement
def test_what_is_only_added_to_is_not_emptied_at_once_either(shop: Shop) -> None:
    for table in APPEND_ONLY:
        with pytest.raises(peewee.DatabaseError, match=f"{table} are only added to"), writing():
            execute(f"TRUNCATE {table} CASCADE")


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)  # SQLite has no roles
def test_a_role_that_owns_nothing_does_the_daily_work_and_changes_nothing_that_stays(
    shop: Shop, folder: Path, retainctl: Terminal, tmp_path: Path
) -> None:
    guide = (ROOT / "docs" / "how-to" / "postgresql.md").read_text(encoding="utf-8")
    ((statements),) = re.findall("```sql\n(.*?)```", guide, re.DOTALL)
    role = f"till_{os.getpid()}"
    with writing():
        execute(f"CREATE ROLE {role} LOGIN")
        for statement in statements.replace(" shop;", f" {role};").split(";")[:-1]:
            execute(statement)
    try:
        settings = folder / "retainctl.toml"
        settings.write_text(settings.read_text("utf-8").replace("user=postgres", f"user={role}"), encoding="utf-8")
        orders = tmp_path / "orders.csv"
        orders.write_text(f"{HEADER}\n{row('1', email='dana@example.com')}\n", encoding="utf-8")
        for words in (
            ("orders", "import", str(orders)), ("points", "award"), ("points", "expire"), ("points", "check"),
            ("points", "add", "dana@example.com", "5", "--source", "complaint:1", "--reason", "Sorry"),
            ("segments", "create", "buyers", "orders >= 1"), ("segments", "refresh"), ("outbox", "deliver"),
        ):  # fmt: skip
            ended = retainctl(*words)
            assert ended.code == 0, (words, ended)
        with open_database(read_shop(str(folder)).database_url, now=0):
            refusals = (peewee.ProgrammingError, BadConfiguration)
            for table in APPEND_ONLY:
                for change in (f"DELETE FROM {table}", f"TRUNCATE {table}", f"ALTER TABLE {table} DISABLE TRIGGER ALL"):
                    with pytest.raises(refusals, match=r"permission denied|must be owner"), writing():
                        execute(change)
    finally:
        with writing():
            execute(f"DROP OWNED BY {role}")
            execute(f"DROP ROLE {role}")


def test_a_newer_database_is_refused_untouched(shop: Shop) -> None:
    with writing():
        execute("INSERT INTO schema_migrations (number, name, applied_at) VALUES (999, 'later', 0)")
    with (
        pytest.raises(BadConfiguration, match="newer than this program"),
        open_database(shop.database_url, now=0),
    ):
        pass


@pytest.mark.parametrize("database_url", ["sqlite:retain.db"])
def test_a_database_of_other_migrations_is_refused(folder: Path, retainctl: Terminal) -> None:
    with closing(sqlite3.connect(folder / "retain.db")) as file, file:
        file.execute("UPDATE schema_migrations SET name = 'jobs' WHERE number = 6")
    for command in (("db", "check"), ("db", "migrate"), ("db", "backup"), ("orders", "list")):
        outcome = retainctl(*command)
        assert outcome.code == 78
        assert "made by a build before 0.1.0" in outcome.stderr


@pytest.mark.parametrize("database_url", ["sqlite:retain.db"])
def test_not_a_byte_of_a_newer_file_is_changed(folder: Path, retainctl: Terminal, tmp_path: Path) -> None:
    path, newer = folder / "retain.db", tmp_path / "newer.backup"
    assert retainctl("db", "backup", str(newer)).code == 0
    with closing(sqlite3.connect(newer)) as file, file:
        file.execute("INSERT INTO schema_migrations (number, name, applied_at) VALUES (999, 'later', 0)")
    shutil.copy(newer, path)

    for words in (("points", "check"), ("db", "check"), ("db", "backup"), ("db", "migrate")):
        assert retainctl(*words).code == 78
    assert path.read_bytes() == newer.read_bytes()
    assert not list(folder.glob("retain.db-*"))


def test_an_older_database_may_be_checked_and_backed_up_before_it_is_migrated(
    shop: Shop, retainctl: Terminal, tmp_path: Path
) -> None:
    with writing():
        execute("DROP TABLE answers")
        execute("DROP TABLE responses")
        execute("DELETE FROM schema_migrations WHERE name = 'voice'")

    refused = retainctl("jobs", "list")
    assert (refused.code, "db backup" in refused.stderr) == (78, True)
    for words in (("db", "backup", str(tmp_path / "older.backup")), ("db", "check"), ("db", "migrate")):
        assert retainctl("jobs", "list").code == 78, "what only looks at it or copies it leaves it as it is"
        assert retainctl(*words).code == 0
    assert retainctl("jobs", "list").code == 0


def test_several_processes_may_make_a_missing_database_at_once(folder: Path, database_url: str) -> None:
    if database_url.startswith("sqlite"):
        (folder / "retain.db").unlink()
    else:
        with open_database(database_url, now=0):
            execute("DROP SCHEMA public CASCADE")
            execute("CREATE SCHEMA public")
    words = [sys.executable, "-m", "retainctl", "--shop", str(folder), "db", "migrate"]
    makers = [subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(4)]
    ends = [(*maker.communicate(timeout=120), maker.returncode) for maker in makers]
    assert [(stderr, code) for _, stderr, code in ends] == [("", 0)] * 4


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)  # SQLite has one writer at a time
@pytest.mark.parametrize("is_missing", [False, True])
def test_who_makes_or_migrates_a_database_waits_for_another_who_does(
    shop: Shop, folder: Path, is_missing: bool
) -> None:
    words = [sys.executable, "-m", "retainctl", "--shop", str(folder), "db", "migrate"]
    with writing():
        for statement in (
            ("DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
            if is_missing
            else ("DROP TABLE answers", "DROP TABLE responses", "DELETE FROM schema_migrations WHERE name = 'voice'")
        ):
            execute(statement)
    with writing():
        hold_schema()
        with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as other:
            while (ended := other.poll()) is None and not value("SELECT COUNT(*) FROM pg_locks WHERE NOT granted"):
                time.sleep(0.02)
            execute("COMMIT")
            assert (ended, other.communicate()[1], other.returncode) == (None, "", 0)
    with open_database(shop.database_url, now=0):
        assert value("SELECT COUNT(*) FROM answers") == 0


@pytest.mark.parametrize("database_url", ["sqlite:retain.db"])
def test_files_are_for_their_owner_alone(folder: Path) -> None:
    (folder / "retain.db").unlink()
    assert Terminal(folder)("db", "migrate").code == 0
    for path in folder.rglob("retain.db*"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_a_block_that_fails_writes_nothing(shop: Shop) -> None:
    with pytest.raises(RuntimeError), writing():
        execute("INSERT INTO customers (id, created_at) VALUES (1, 0)")
        raise RuntimeError
    assert value("SELECT COUNT(*) FROM customers") == 0


@pytest.mark.parametrize("count", [0, 1, 999, 1_000, 1_001, 2_500])
def test_rows_are_written_however_many_there_are(shop: Shop, count: int) -> None:
    made = [(number, 0, "he" if number % 2 else None) for number in range(1, count + 1)]
    with writing():
        insert_many("customers", ("id", "created_at", "language"), (row for row in made))
    assert rows("SELECT id, created_at, language FROM customers ORDER BY id") == made


def test_one_row_of_many_that_breaks_a_rule_takes_all_with_it(shop: Shop) -> None:
    made = [(number, 0, "he" if number != 1_500 else "??") for number in range(1, 2_500)]
    with pytest.raises(peewee.IntegrityError), writing():
        insert_many("customers", ("id", "created_at", "language"), made)
    assert value("SELECT COUNT(*) FROM customers") == 0


def test_several_processes_may_make_the_database_at_once(folder: Path) -> None:
    words = [sys.executable, "-m", "retainctl", "--shop", str(folder), "jobs", "list"]
    makers = [subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    ends = [(*maker.communicate(timeout=120), maker.returncode) for maker in makers]
    assert [(stderr, code) for _, stderr, code in ends] == [("", 0)] * 3


@pytest.mark.parametrize("database_url", ["sqlite:retain.db"])
def test_no_database_is_made_behind_a_link(folder: Path, retainctl: Terminal, tmp_path: Path) -> None:
    (folder / "retain.db").unlink()
    (folder / "retain.db").symlink_to(tmp_path / "elsewhere.db")
    ended = retainctl("db", "migrate")
    assert ended.code == 77
    assert "retain.db is a dangling symbolic link" in ended.stderr
    assert not (tmp_path / "elsewhere.db").exists()


@pytest.mark.parametrize("database_url", ["sqlite:retain.db"])
def test_a_lost_database_is_not_mistaken_for_a_new_shop_s(folder: Path, retainctl: Terminal) -> None:
    path = folder / "retain.db"
    path.unlink()
    ended = retainctl("points", "check")
    assert (ended.code, ended.stdout) == (78, "")
    assert ended.stderr.startswith(f"retainctl: there is no database at {path}\n  Restore the last backup")
    assert not path.exists()
    assert retainctl("db", "migrate").code == 0
    assert retainctl("points", "check").code == 0


def test_nobody_tells_an_address_by_its_hash_without_the_database_s_own_secret(shop: Shop) -> None:
    address = "email", "dana@shop.example"
    ours = address_hasher()(*address)
    assert ours == address_hasher()(*address)
    assert ours != address_hasher()("phone", address[1])
    assert ours != blake2b(":".join(address).encode(), digest_size=16).digest()
    with writing():
        execute("UPDATE secrets SET secret = ? WHERE name = 'addresses'", bytes(32))
    assert ours != address_hasher()(*address)


def indexes() -> dict[str, set[str]]:
    return {table: {index.name for index in database.get_indexes(table)} for table in ("orders", "order_lines")}


@pytest.mark.parametrize("customers", [0, 1])
def test_a_first_import_leaves_every_index_and_reference_as_it_was(shop: Shop, tmp_path: Path, customers: int) -> None:
    with writing():
        for _ in range(customers):
            execute("INSERT INTO customers (created_at) VALUES (0)")
    before = indexes()
    path = tmp_path / "orders.csv"
    path.write_text(f"{HEADER}\n{row('1')}\n", encoding="utf-8")
    assert import_orders(shop, str(path), OrderOptions()).row.rows_new == 1
    assert indexes() == before
    with pytest.raises(peewee.IntegrityError), writing():
        execute("UPDATE order_lines SET product_id = 99")


class Everything(Row, kind="everything"):
    """One cell of each type that a row may have."""

    word: str
    maybe_word: str | None
    number: int
    maybe_number: int | None
    yes: bool
    maybe_yes: bool | None
    at: Instant
    maybe_at: MaybeInstant
    on: Day
    maybe_on: MaybeDay
    pieces: Pieces
    maybe_pieces: MaybePieces


def test_a_cell_is_read_as_the_type_of_its_field_says_and_what_is_unknown_is_said_to_be(shop: Shop) -> None:
    given = {"word": "'a'", "number": "7", "yes": "1", "at": "0", "on": "20145", "pieces": "500"}
    maybe = {f"maybe_{name}": cell for name, cell in given.items()}
    known, unknown = {**given, **maybe}, {**given, **dict.fromkeys(maybe, "NULL"), "word": "NULL", "at": "NULL"}
    queries = ["SELECT " + ", ".join(f'{cell} AS "{name}"' for name, cell in row.items()) for row in (known, unknown)]
    full, empty = (dataclasses.asdict(select(shop, Everything, query)[0]) for query in queries)
    read = {"word": "a", "number": 7, "yes": True, "at": "1970-01-01T02:00:00+02:00", "on": "2025-02-26", "pieces": 0.5}
    assert full == {**read, **{f"maybe_{name}": cell for name, cell in read.items()}}
    assert empty == {**read, "word": "", "at": "", **dict.fromkeys(maybe)}
    assert [type(full[name]) for name in ("yes", "maybe_yes", "number")] == [bool, bool, int]
    with pytest.raises(TypeError):
        select(shop, Everything, queries[0].replace('7 AS "number"', 'NULL AS "number"'))


def test_what_must_be_unique_is_held_while_a_table_is_filled_at_once(shop: Shop) -> None:
    def unique() -> set[str]:
        return {index.name for index in database.get_indexes("contact_points") if index.unique}

    before = unique()
    assert "contact_points_identity" in before
    with writing(), filled_at_once("contact_points", others_may_wait=True):
        assert unique() == before


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)  # SQLite compares bytes anyhow
def test_texts_stand_in_the_same_order_whatever_language_the_server_sorts_by(shop: Shop) -> None:
    texts = "FROM information_schema.columns WHERE table_schema = 'public' AND data_type = 'text'"
    assert value(f"SELECT COUNT(*) {texts}") > 50
    assert rows(f"SELECT table_name, column_name {texts} AND collation_name IS DISTINCT FROM 'C'") == []


def test_of_however_many_that_are_asked_for_each_is_found(shop: Shop) -> None:
    with writing():
        insert_many("customers", ("id", "first_name", "created_at"), [(n, f"'{n}\"", 0) for n in (1, 40_000, 40_001)])
    for column, many in (("id", list(range(40_001))), ("first_name", [f"'{n}\"" for n in range(40_001)])):
        condition, bound = one_of(many)
        assert rows(f"SELECT id FROM customers WHERE {column} {condition} ORDER BY id", bound) == [(1,), (40_000,)]


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)  # SQLite goes by the largest id that is there
def test_ids_that_were_taken_are_nobody_else_s(shop: Shop) -> None:
    with writing():
        firsts = [take_ids("customers", many) for many in (3, 1, 5, 2)]
    assert firsts == [1, 4, 5, 10]


def test_references_are_followed_as_soon_as_a_database_is_made(shop: Shop) -> None:
    with writing():
        execute("DROP TABLE answers")
        execute("DROP TABLE responses")
        execute("DELETE FROM schema_migrations WHERE name = 'voice'")
    with open_database(shop.database_url, now=0, migrate=True), pytest.raises(peewee.IntegrityError), writing():
        execute("INSERT INTO customer_keys (source, external_id, customer_id) VALUES ('web', '1', 99)")


@pytest.mark.parametrize("database_url", ["sqlite:retain.db"])
def test_what_is_said_to_be_written_is_on_the_disk(shop: Shop) -> None:
    told = {name: value(f"PRAGMA {name}") for name in ("journal_mode", "synchronous", "foreign_keys", "trusted_schema")}
    assert told == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "trusted_schema": 0}


@pytest.mark.parametrize(
    ("text", "state", "name", "sentence"),
    [
        ("database is locked", None, "SQLITE_BUSY", "another program is writing"),
        ("canceling statement due to lock timeout", "55P03", "", "another program is writing"),
        ("disk I/O error", None, "SQLITE_IOERR_SHMSIZE", "the disk is full"),
        ("database or disk is full", None, "SQLITE_FULL", "the disk is full"),
        ("could not extend file", "53100", "", "the disk is full"),
        ("out of memory", "53200", "", "the disk is full"),
        ("disk I/O error", None, "SQLITE_IOERR_READ", "disk I/O error; the last step was not written"),
        ("attempt to write a readonly database", None, "SQLITE_READONLY", "the database cannot be written"),
        ("unable to open database file", None, "SQLITE_CANTOPEN", "the database cannot be written"),
        ("database disk image is malformed", None, "SQLITE_CORRUPT", "the database file is damaged"),
        ("file is not a database", None, "SQLITE_NOTADB", "the database file is damaged"),
        ("connection failed: no such file", None, "", "the database does not answer"),
        ("server closed the link", None, "", "the database does not answer"),
        ("terminating", "57P01", "", "the database does not answer"),
        ("the link broke", "08006", "", "the database does not answer"),
        ("no such table: x", None, "SQLITE_ERROR", None),
        ("syntax error", "42601", "", None),
        ("canceling statement due to user request", "57014", "", None),
    ],
)
def test_what_the_world_did_to_the_database_is_told_in_a_sentence_and_a_fault_of_ours_is_not(
    text: str, state: str | None, name: str, sentence: str | None
) -> None:
    error = peewee.OperationalError(text)
    error.orig = SimpleNamespace(sqlstate=state, sqlite_errorname=name)  # type: ignore[attr-defined]
    said = told(error)
    assert said is None if sentence is None else str(said).startswith(sentence)


def test_who_makes_a_database_and_goes_on_is_in_nobody_s_way_either(tmp_path: Path) -> None:
    with open_database(f"sqlite:{tmp_path}/new.db", now=0, migrate=True):
        assert value("PRAGMA journal_mode") == "wal"


@pytest.mark.parametrize("fails", [False, True])
def test_the_search_for_circles_goes_on_after_a_large_transaction(shop: Shop, fails: bool) -> None:
    with pytest.raises(RuntimeError) if fails else nullcontext(), collector_at_rest():
        assert not gc.isenabled()
        if fails:
            raise RuntimeError
    assert gc.isenabled()


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)  # SQLite has one writer at a time
@pytest.mark.parametrize("code", ["40001", "40P01"])
def test_work_that_another_got_in_the_way_of_is_done_again_from_its_beginning(shop: Shop, code: str) -> None:
    tried: list[int] = []

    @in_one_transaction
    def work() -> None:
        tried.append(len(tried))
        execute("INSERT INTO customers (id, created_at) VALUES (1, 0)")
        if len(tried) < 3:
            execute(f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{code}'; END $$")

    work()
    assert (tried, value("SELECT COUNT(*) FROM customers")) == ([0, 1, 2], 1)


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)  # SQLite has one writer at a time
def test_whom_others_get_in_the_way_of_time_after_time_gives_up(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transactions, "ATTEMPTS", 3)
    tried: list[int] = []

    @in_one_transaction
    def work() -> None:
        tried.append(1)
        execute("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40001'; END $$")

    with pytest.raises(TryLater, match="too many concurrent writers"):
        work()
    assert len(tried) == 3


# The beginning of the SHA-256 of each migration's file as it landed.
LANDED = {
    "m0001_ground": "5a91582f067c8c1e",
    "m0002_shop": "29bfa7b88d62d90e",
    "m0003_club": "851b417fb27b2ef0",
    "m0004_audience": "e56ed986b7b86cfe",
    "m0005_outreach": "93e8028cbde01fe1",
    "m0006_voice": "a2ff1f4c5aa65397",
    "m0007_gift_cards": "b7f0601607f73d07",
    "m0008_digest": "a9b5376990dd32a0",
    "m0009_reinstatements": "eadb6b9f12e6ac0b",
    "m0010_held_returns": "4e9918db1ebc3b6b",
}


def test_a_migration_that_has_landed_is_never_changed() -> None:
    folder = ROOT / "retainctl" / "store" / "migrations"
    standing = {path.stem: sha256(path.read_bytes()).hexdigest()[:16] for path in folder.glob("m[0-9]*.py")}
    assert standing == LANDED, "add a migration, and write its fingerprint here; those that landed stay as they are"


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)  # SQLite has no such codes
@pytest.mark.parametrize(
    ("code", "error", "told"),
    [
        ("08006", Unavailable, "the database does not answer"),
        ("57P01", Unavailable, "the database does not answer"),
        ("53100", DiskTrouble, "the disk is full"),
        ("53200", DiskTrouble, "the disk is full"),
        ("55P03", TryLater, "another program is writing"),
        ("22012", peewee.DatabaseError, "odd"),
    ],
)
def test_an_error_of_the_server_s_is_told_by_its_remedy(
    shop: Shop, code: str, error: type[Exception], told: str
) -> None:
    with pytest.raises(error, match=told), writing():
        execute(f"DO $$ BEGIN RAISE EXCEPTION 'odd' USING ERRCODE = '{code}'; END $$")


@pytest.mark.parametrize("database_url", ["sqlite:retain.db"])
def test_who_waits_for_another_writer_says_so_and_who_gives_up_names_it(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "BUSY_SECONDS", 3)
    hold = (
        "import sqlite3, sys; other = sqlite3.connect(sys.argv[1], isolation_level=None);"
        " other.execute('BEGIN IMMEDIATE'); print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", hold, shop.folder / "retain.db"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout
        assert other.stdout.readline() == b"held\n"
        said: list[str] = []
        with waiting.told_of_waiting(said.append), pytest.raises(TryLater) as caught, writing():
            pytest.fail("both write")
        other.communicate()
    assert [one.partition(" (")[0] for one in said] == [f"waiting until process {other.pid}"], "it is said once"
    assert said[0].endswith(") has written to the database")
    assert str(caught.value).startswith(f"another program is writing to the database: process {other.pid} (")
    with writing():
        assert waiting.sqlite_writer(shop.folder / "retain.db").startswith(f"process {os.getpid()} (")
    assert waiting.sqlite_writer(shop.folder / "retain.db") == ""


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_who_waits_for_a_session_of_the_server_says_so(shop: Shop) -> None:
    said: list[str] = []
    with psycopg.connect(shop.settings.database) as other:
        other.execute("INSERT INTO locks (name) VALUES ('import')")
        other.commit()
        other.execute("SELECT name FROM locks WHERE name = 'import' FOR UPDATE")
        execute("SET lock_timeout = '200ms'")
        with waiting.told_of_waiting(said.append), pytest.raises(TryLater), writing():
            hold_lock("import")
        number = other.info.backend_pid
    assert [one.partition(" (")[0] for one in said] == [f"waiting until the database's process {number}"]


def test_a_command_line_is_told_as_it_was_typed() -> None:
    words = ["-m", "retainctl", "--shop", "a b"]
    sleep = "import sys; print(1, flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", sleep, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout
        other.stdout.readline()
        assert waiting._process(other.pid) == f"process {other.pid} (retainctl --shop 'a b')"
        other.communicate()


@pytest.mark.parametrize("database_url", ["sqlite:retain.db"])
def test_a_database_that_is_not_to_be_written_is_told(shop: Shop) -> None:
    execute("PRAGMA query_only = 1")
    with pytest.raises(BadConfiguration, match="the database cannot be written") as caught, writing():
        execute("INSERT INTO customers (id, created_at) VALUES (1, 0)")
    assert caught.value.hint == "Check its owner and permissions."


@pytest.mark.parametrize("database_url", ["sqlite:retain.db"])
def test_a_file_that_is_no_database_is_told_and_left_as_it_is(folder: Path, retainctl: Terminal) -> None:
    path = folder / "retain.db"
    path.write_bytes(b"Dear diary, " * 1_000)
    ended = retainctl("orders", "list")
    assert (ended.code, ended.stdout) == (78, "")
    assert ended.stderr == "retainctl: the database file is damaged\n  Restore the last backup.\n"
    assert path.read_bytes() == b"Dear diary, " * 1_000


@pytest.mark.parametrize("place", ["/shop?host=/nowhere", "127.0.0.1:1/shop"])
def test_a_server_that_is_not_there_is_told(place: str) -> None:
    with pytest.raises(Unavailable, match="does not answer"), open_database(f"postgresql://{place}", now=0):
        pass


def test_a_question_may_take_as_long_as_it_was_given(shop: Shop) -> None:
    slow = (
        "SELECT pg_sleep(0.2)"
        if is_postgres()
        else (
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) SELECT COUNT(*) FROM n"
        )
    )
    with only_reading(seconds=20):
        rows(slow)
