"""Backups are whole and checked, and a copy of a shop does not send what the shop may have sent."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import shutil
import sqlite3
import stat
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from retainctl.clock import DAY_SECONDS, Clock
from retainctl.config import Shop, read_shop
from retainctl.errors import BadConfiguration, Refused, Unavailable
from retainctl.shop.backup import back_up
from retainctl.shop.opening import spare
from retainctl.store import dialect, installation
from retainctl.store.database import database, execute, value
from retainctl.store.dialect import file_is_the_database, without_password
from retainctl.store.opening import open_database
from retainctl.store.transactions import writing
from tests.conftest import NOW, ROOT, Terminal

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite:retain.db"])


def test_a_backup_is_made_while_the_shop_works(shop: Shop) -> None:
    backup = back_up(shop)
    assert Path(backup.file).parent == shop.folder / "backups"
    assert stat.S_IMODE(Path(backup.file).stat().st_mode) == 0o600
    assert stat.S_IMODE(Path(backup.file).parent.stat().st_mode) == 0o700
    assert backup.bytes > 10_000
    assert [path.name for path in (shop.folder / "backups").iterdir()] == ["retain-20250302T100000.backup"]


def test_of_many_backups_the_newest_are_kept(shop: Shop) -> None:
    folder = shop.folder / "backups"
    folder.mkdir()
    for day in ("20250227", "20250228", "20250301"):
        (folder / f"retain-{day}T030000.backup").touch()
    (folder / "retain-by-hand.backup").touch()
    backup = back_up(shop, keep=2)
    assert backup.removed == 2
    assert sorted(path.name for path in folder.iterdir()) == [
        "retain-20250301T030000.backup", "retain-20250302T100000.backup", "retain-by-hand.backup",
    ]  # fmt: skip


@pytest.mark.parametrize("keep", [1, 2, 3, 5, 14])
def test_as_many_backups_are_kept_as_are_asked_for_from_the_first_night_on(shop: Shop, keep: int) -> None:
    for night in range(20):
        at = shop.clock.now() + night * DAY_SECONDS
        back_up(dataclasses.replace(shop, clock=Clock(shop.clock.zone, at)), keep=keep)
        assert len(list((shop.folder / "backups").iterdir())) == min(night + 1, keep)


def test_many_backups_of_one_day_push_out_no_other_day_s(shop: Shop) -> None:
    folder = shop.folder / "backups"
    folder.mkdir()
    for day in range(1, 29):
        for hour in ("03", "04", "05"):  # as a night that fails is tried three times
            (folder / f"retain-202502{day:02}T{hour}0000.backup").touch()
    for minute in range(10, 30):
        (folder / f"retain-20250301T11{minute}00.backup").touch()
    back_up(shop, keep=14)
    names = {path.name for path in folder.iterdir()}
    nights = {f"retain-202502{day}T050000.backup" for day in range(17, 29)}
    afternoon = {f"retain-20250301T11{minute}00.backup" for minute in range(17, 30)}
    assert names == nights | afternoon | {"retain-20250302T100000.backup"}


@pytest.mark.parametrize(("keep", "kept"), [(1, []), (2, ["20360101"]), (3, ["20250301", "20360101"])])
def test_what_was_just_made_is_never_removed_though_others_are_dated_later(
    shop: Shop, keep: int, kept: list[str]
) -> None:
    """A clock that was ahead has named one of them."""
    folder = shop.folder / "backups"
    folder.mkdir()
    for day in ("20250228", "20250301", "20360101"):
        (folder / f"retain-{day}T030000.backup").touch()
    made = back_up(shop, keep=keep)
    assert Path(made.file).stat().st_size == made.bytes
    others = {f"retain-{day}T030000.backup" for day in kept}
    assert {path.name for path in folder.iterdir()} == {"retain-20250302T100000.backup"} | others


def test_a_backup_never_writes_through_a_link(shop: Shop, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("mine")
    (tmp_path / "link.backup").symlink_to(precious)
    with pytest.raises(Refused, match="not a regular file"):
        back_up(shop, tmp_path / "link.backup")
    assert precious.read_text() == "mine"


OWN_FILES = (
    "retain.db", "retain.db-wal", ".retain.db.sender", "retainctl.toml", "club.toml", "segments/all.toml",
    "campaigns/spring.md", "mail/1.eml", "segments/../retain.db",
)  # fmt: skip


@pytest.mark.parametrize("name", OWN_FILES)
def test_no_result_takes_the_place_of_the_shop_s_own_files(folder: Path, database_url: str, name: str) -> None:
    if "retain.db" in name and not database_url.startswith("sqlite:"):
        return
    shop = read_shop(str(folder), now=NOW)
    with open_database(shop.database_url, now=0):
        with pytest.raises(Refused, match="the shop's own files"):
            spare(shop, folder / name)
        for free in (
            "segments.csv",
            "backups/retain.db",
            "exports/club.toml",
            "../club.toml",
            "../segments/all.toml",
            "till.toml",
        ):
            spare(shop, folder / free)
        (folder / "till.toml").touch()
        with pytest.raises(Refused, match="the shop's own files"):
            spare(shop, folder / "till.toml")


def test_every_command_that_writes_a_file_spares_the_shop_s_own(folder: Path, retainctl: Terminal) -> None:
    settings = folder / "retainctl.toml"
    before = settings.read_bytes()
    assert retainctl("segments", "create", "all", "orders >= 0").code == 0
    for words in (
        ("db", "backup"), ("customers", "export", "--output"), ("segments", "export", "all", "--output"),
        ("reports", "show", "orders", "--output"), ("reports", "show", "orders", "--format", "html", "--output"),
    ):  # fmt: skip
        ended = retainctl(*words, str(settings))
        assert (ended.code, "not overwritten" in ended.stderr) == (77, True), words
    assert settings.read_bytes() == before


def test_a_shop_sends_from_where_it_was_made(shop: Shop) -> None:
    assert installation.may_send()


@ON_SQLITE
def test_a_copied_shop_folder_sends_nothing(shop: Shop, tmp_path: Path) -> None:
    with writing():
        execute("INSERT INTO locks (name) VALUES ('something')")
    copy = tmp_path / "copy"
    shutil.copytree(shop.folder, copy)
    other = read_shop(str(copy))
    with open_database(other.database_url, now=0):
        assert not installation.may_send()


def put_back(copy: Path, path: Path, *, removed_first: bool) -> None:
    """Put a raw copy in the place of the open database."""
    if removed_first:
        path.unlink()
    shutil.copyfile(copy, path)
    database.connect()


@ON_SQLITE
@pytest.mark.parametrize("removed_first", [False, True])
def test_a_raw_copy_that_is_put_back_sends_nothing(shop: Shop, tmp_path: Path, removed_first: bool) -> None:
    path = shop.folder / "retain.db"
    database.close()
    shutil.copyfile(path, tmp_path / "raw.db")
    database.connect()
    with installation.sending():
        pass
    assert installation.may_send()
    database.close()
    put_back(tmp_path / "raw.db", path, removed_first=removed_first)

    assert not installation.may_send()
    with pytest.raises(Refused, match="restored or copied"), installation.sending():
        pass
    installation.adopt()
    assert installation.may_send()


@ON_SQLITE
def test_a_raw_copy_of_the_time_of_a_run_sends_nothing(shop: Shop, tmp_path: Path) -> None:
    with installation.sending(), closing(sqlite3.connect(tmp_path / "raw.db")) as raw:
        database.connection().backup(raw)
    database.close()
    put_back(tmp_path / "raw.db", shop.folder / "retain.db", removed_first=False)

    assert not installation.may_send()


@ON_SQLITE
def test_the_lost_database_sends_nothing_when_it_comes_back_after_its_backup(shop: Shop, tmp_path: Path) -> None:
    path = shop.folder / "retain.db"
    backup = back_up(shop).file
    for _ in range(3):
        with installation.sending():
            pass
    database.close()
    shutil.copyfile(path, tmp_path / "lost.db")
    put_back(Path(backup), path, removed_first=False)
    installation.adopt()
    database.close()
    put_back(tmp_path / "lost.db", path, removed_first=False)

    assert not installation.may_send()


@ON_SQLITE
def test_a_run_that_is_killed_between_database_and_mark_locks_nobody_out(shop: Shop) -> None:
    with writing():
        execute("UPDATE installation SET value = '7' WHERE name = 'count'")  # as it leaves them

    with installation.sending():
        assert installation.mark_path().read_text().split()[1] == "8"
    assert installation.may_send()


@ON_SQLITE
def test_without_its_mark_a_database_sends_nothing(shop: Shop) -> None:
    installation.mark_path().write_text("")
    assert not installation.may_send()
    installation.mark_path().unlink()
    assert not installation.may_send()


def test_many_senders_at_once_leave_database_and_mark_in_step(folder: Path, shop: Shop) -> None:
    words = [sys.executable, "-m", "retainctl", "--shop", str(folder), "--now", NOW, "outbox", "deliver"]
    senders = [subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) for _ in range(6)]
    assert [(sender.communicate()[1], sender.returncode) for sender in senders] == [(b"", 0)] * 6
    assert installation.may_send()
    if file_is_the_database():
        assert installation.mark_path().read_text().split()[1] == "12"
        assert value("SELECT value FROM installation WHERE name = 'count'") == "12"


@ON_SQLITE
def test_while_the_mark_is_written_no_other_run_counts(shop: Shop) -> None:
    """A mark that is a pipe keeps its reader waiting, so that one can look what it holds meanwhile.

    It is read first to know whether this installation may send, and then to be written.
    """
    mark, held = installation.mark_path(), list[bool]()
    said, kept = mark.read_text(), mark.rename(mark.with_name("kept"))
    os.mkfifo(mark)
    words = [sys.executable, "-m", "retainctl", "--shop", str(shop.folder), "--now", NOW, "outbox", "deliver"]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as sender:
        while sender.poll() is None and mark.is_fifo():
            try:
                pipe = os.open(mark, os.O_WRONLY | os.O_NONBLOCK)
            except OSError:  # nobody reads it yet
                time.sleep(0.01)
                continue
            with closing(sqlite3.connect(shop.folder / "retain.db", timeout=0, isolation_level=None)) as other:
                try:
                    other.execute("BEGIN IMMEDIATE")
                    held.append(False)
                except sqlite3.OperationalError:
                    held.append(True)
            if len(held) == 2:
                kept.replace(mark)
            os.write(pipe, said.encode())
            os.close(pipe)
            time.sleep(0.1)  # so that who read it has closed it
        assert (sender.communicate()[1], sender.returncode) == ("", 0)
    assert held == [False, True], "the mark was read to be written while others could count"
    assert mark.read_text().split() == [said.split()[0], "2"]
    assert installation.may_send()


def test_many_machines_send_from_a_server_and_one_from_a_file(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "machine-id"
    other.write_text("another machine")
    monkeypatch.setattr(dialect, "MACHINE_ID", other)

    assert installation.may_send() != file_is_the_database()


def test_the_commands_say_what_they_did(retainctl: Terminal) -> None:
    backed_up = retainctl("db", "backup", "--format", "json")
    assert backed_up.code == 0
    assert json.loads(backed_up.stdout)["rows"][0]["file"].endswith("/backups/retain-20250302T100000.backup")
    for verb in ("check", "migrate", "adopt"):
        ended = retainctl("db", verb)
        assert (ended.code, ended.stdout, ended.stderr) == (0, "", ""), verb


def test_a_password_is_no_word_of_a_command_line() -> None:
    address, password = without_password("postgresql://shop:hunter2@db.example/x?connect_timeout=3")
    assert password == "hunter2"
    assert "hunter2" not in address
    assert {"host=db.example", "dbname=x", "user=shop", "connect_timeout=3"} == set(address.split())


def test_a_folder_may_be_reached_by_a_link(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "disk")
    back_up(shop, tmp_path / "link" / "one.backup")
    assert (tmp_path / "disk" / "one.backup").stat().st_size > 0


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)  # SQLite copies itself
def test_a_backup_without_the_server_s_tools_leaves_nothing(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BadConfiguration, match="pg_dump is not installed; a PostgreSQL backup needs it"):
        back_up(shop)
    broken = tmp_path / "pg_dump"
    broken.write_text("#!/bin/sh\necho first >&2; echo 'no room' >&2; exit 1\n", encoding="utf-8")
    broken.chmod(0o700)
    with pytest.raises(Unavailable, match="pg_dump failed: no room"):
        back_up(shop)
    assert [path.name for path in (shop.folder / "backups").iterdir()] == []


def test_a_backup_is_of_no_installation_so_that_what_is_restored_sends_nothing(shop: Shop, tmp_path: Path) -> None:
    file = back_up(shop, tmp_path / "one.backup").file
    if file_is_the_database():
        with closing(sqlite3.connect(file)) as copy:
            assert copy.execute("SELECT COUNT(*) FROM installation").fetchone() == (0,)
            assert copy.execute("PRAGMA journal_mode").fetchone() == ("delete",), "it is one file"
        assert installation.may_send(), "here it is still sent"
        return
    listed = subprocess.run(["pg_restore", "--list", file], capture_output=True, text=True, check=True).stdout
    filled = {line.split()[6] for line in listed.splitlines() if " TABLE DATA " in line}
    assert "customers" in filled
    assert "installation" not in filled


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)  # a file has no password
@pytest.mark.parametrize(("password", "told"), [("&password=hunter2", "hunter2"), ("", "ours")])
def test_a_password_is_handed_to_the_programs_that_dump_in_their_environment(
    folder: Path, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, password: str, told: str
) -> None:
    for name in ("pg_dump", "pg_restore"):
        program = tmp_path / name
        program.write_text(f'#!/bin/sh\necho "$0 $* $PGPASSWORD" >> {tmp_path}/told\ntouch {tmp_path}/one.backup\n')
        program.chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("PGPASSWORD", "ours")
    with open_database(database_url + password, now=0):
        back_up(read_shop(str(folder), now=NOW), tmp_path / "one.backup")
    lines = (tmp_path / "told").read_text().splitlines()
    assert [line.split()[-1] for line in lines] == [told, told]
    assert "hunter2" not in "".join(line.rpartition(" ")[0] for line in lines)


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)  # a file is copied by nobody else
@pytest.mark.parametrize(
    ("script", "error", "told"),
    [
        ("echo odd >&2; echo no room >&2; exit 1", Unavailable, "pg_dump failed: no room"),
        ("exit 1", Unavailable, "pg_dump failed: no reason given"),
        ("", BadConfiguration, "pg_dump is not installed; a PostgreSQL backup needs it"),
    ],
)
def test_a_dump_that_fails_is_told_and_leaves_nothing(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, error: type[Exception], told: str
) -> None:
    if script:
        (tmp_path / "pg_dump").write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / "pg_dump").chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(error, match=told):
        back_up(shop)
    assert list((shop.folder / "backups").iterdir()) == []


@ON_SQLITE
def test_a_backup_of_a_damaged_file_is_discarded(folder: Path, retainctl: Terminal) -> None:
    with closing(sqlite3.connect(folder / "retain.db")) as file, file:
        file.execute("INSERT INTO products (sku, category) VALUES ('MUG', 'Kitchen')")
        page = file.execute("SELECT rootpage FROM sqlite_master WHERE name = 'products_category'").fetchone()[0]
        size = file.execute("PRAGMA page_size").fetchone()[0]
        file.commit()
        file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with (folder / "retain.db").open("r+b") as raw:
        raw.seek((page - 1) * size + 3)
        raw.write(b"\0\0")  # the index says that it has no entries
    ended = retainctl("db", "backup")
    assert (ended.code, ended.stdout) == (70, "")
    assert ended.stderr.startswith("retainctl: the backup is damaged and was discarded: ")
    assert list((folder / "backups").iterdir()) == []


ROLES = ROOT / "docs" / "how-to" / "postgresql.md"


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)  # a file has no roles
def test_the_role_that_the_guide_describes_does_the_daily_work_and_makes_the_backup(
    folder: Path, shop: Shop, database_url: str, tmp_path: Path
) -> None:
    """The statements are the guide's own; what it refuses is refused with the right that is missing."""
    role = f"shop_{os.getpid()}_{os.urandom(3).hex()}"
    said = re.findall(r"```sql\n(.*?)```", ROLES.read_text(encoding="utf-8"), re.DOTALL)
    (grants,) = [one for one in said if "GRANT SELECT, INSERT" in one]
    with writing():
        database.execute_sql(f"CREATE ROLE {role} LOGIN")
    settings = folder / "retainctl.toml"
    settings.write_text(settings.read_text("utf-8").replace("user=postgres", f"user={role}"), encoding="utf-8")
    daily = Terminal(folder)
    try:
        bare = daily("customers", "list")
        assert (bare.code, "lacks a right" in bare.stderr, "Two roles" in bare.stderr) == (78, True, True)
        with writing():
            for statement in grants.replace(" shop;", f" {role};").split(";"):
                if statement.strip():
                    database.execute_sql(statement)
        orders = tmp_path / "orders.csv"
        orders.write_text(
            "order_id,ordered_at,email,sku,quantity,unit_price,currency,status\n"
            "1,2025-02-01T10:00,dana@example.com,MUG,1,65.00,ILS,completed\n",
            encoding="utf-8",
        )
        for words in (
            ("orders", "import", str(orders)),
            ("orders", "import", str(orders), "--newest"),
            ("points", "award"),
            ("consent", "revoke", "dana@example.com", "--reason", "wrote"),
            ("segments", "create", "all", "orders >= 1"),
            ("outbox", "deliver"),
            ("db", "backup"),
            ("jobs", "run", "nightly", "--again"),
        ):
            ended = daily(*words)
            assert (ended.code, ended.stderr) == (0, ""), words
    finally:
        with writing():
            database.execute_sql(f"DROP OWNED BY {role}")
            database.execute_sql(f"DROP ROLE {role}")


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)  # a file is copied by nobody else
def test_a_dump_that_fails_says_the_line_that_says_why(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = "pg_dump: error: permission denied for sequence x\npg_dump: detail: Query was: SELECT 1"
    (tmp_path / "pg_dump").write_text(f"#!/bin/sh\necho '{said}' >&2\nexit 1\n")
    (tmp_path / "pg_dump").chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(Unavailable, match="pg_dump failed: pg_dump: error: permission denied for sequence x"):
        back_up(shop, tmp_path / "one.backup")
