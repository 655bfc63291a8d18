"""A disk that is full, at whatever moment: one sentence, exit code 74, nothing lost; the next run does it all (B56).

The shop stands in a small file system of its own, in a namespace that ends with the test. Its free space is made a
little more time after time, until the command has enough: so it ends at ever later writes.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from retainctl.config import read_shop
from retainctl.store.opening import open_database
from tests.club.building import order
from tests.conftest import NOW, Ended, Terminal
from tests.proof.senders import FULL
from tests.shop.orders_import.conftest import HEADER, row
from tests.small_disk import SmallDisk, small_disk

TABLES = ("orders", "order_lines", "customers", "transactions", "entries", "lots", "awards")
FREE = [0, 4, 12, 24, 40, 64, 100, 200, 400, 800, 1_600, 3_200, 6_400]  # KiB


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path / "small") as disk:
        yield disk


@pytest.fixture
def sqlite_folder(folder: Path) -> Path:
    """A shop's folder; its database is a file in it."""
    if not (folder / "retain.db").exists():
        pytest.skip("the disk of a PostgreSQL server is its own care")
    return folder


def settle(disk: SmallDisk, folder: Path) -> None:
    shutil.copytree(folder, disk.seen, dirs_exist_ok=True)


def until_there_is_room(
    disk: SmallDisk, words: tuple[str, ...], *, each_time: Callable[[], object], free: Sequence[int] = FREE
) -> int:
    """Run *words* with ever more room, until they succeed; how often they did not."""
    failures = 0
    for kib in free:
        disk.leave_free(kib)
        ended = disk(*words)
        if ended.code == 0:
            break
        failures += 1
        assert ended.code == 74, (kib, ended)
        assert ended.stderr.count("retainctl: ") == 1 and "full" in ended.stderr.splitlines()[0], (kib, ended)
        disk.leave_free(None)
        assert disk("db", "check").code == 0, kib
        each_time()
    else:
        raise AssertionError(f"it never had room enough: {ended}")
    disk.leave_free(None)
    return failures


@pytest.mark.proof
def test_an_import_and_an_award(disk: SmallDisk, sqlite_folder: Path) -> None:
    lines = [row(str(number), email=f"c{number % 300}@shop.example") for number in range(3_000)]
    (sqlite_folder / "orders.csv").write_text("\n".join([HEADER, *lines, ""]), encoding="utf-8")
    settle(disk, sqlite_folder)
    words = ("orders", "import", str(disk.place / "orders.csv"))
    nothing = lambda: _equal(disk.rows("SELECT COUNT(*) FROM orders"), [(0,)])  # noqa: E731
    assert until_there_is_room(disk, words, each_time=nothing) > 3
    assert disk.rows("SELECT COUNT(*) FROM orders") == [(3_000,)]

    nothing = lambda: _equal(disk.rows("SELECT COUNT(*) FROM transactions"), [(0,)])  # noqa: E731
    assert until_there_is_room(disk, ("points", "award"), each_time=nothing) > 3
    assert disk("points", "check") == Ended(0, "", "")
    clean = Terminal(sqlite_folder)
    assert clean("orders", "import", str(sqlite_folder / "orders.csv")).code == clean("points", "award").code == 0
    with closing(sqlite3.connect(sqlite_folder / "retain.db")) as database:
        expected = {table: database.execute(f"SELECT * FROM {table}").fetchall() for table in TABLES}
    assert {table: disk.rows(f"SELECT * FROM {table}") for table in TABLES} == expected


@pytest.mark.proof
@pytest.mark.timeout(2000)
def test_a_delivery_to_files(disk: SmallDisk, sqlite_folder: Path) -> None:
    addresses = [f"c{number}@shop.example" for number in range(100)]
    lines = [row(str(number), email=address) for number, address in enumerate(addresses)]
    (sqlite_folder / "orders.csv").write_text("\n".join([HEADER, *lines, ""]), encoding="utf-8")
    agreed = [f"{address},survey,2025-01-01T10:00:00" for address in addresses]
    (sqlite_folder / "consent.csv").write_text("\n".join(["email,purpose,happened_at", *agreed, ""]), encoding="utf-8")
    settle(disk, sqlite_folder)
    for words in (
        ("db", "adopt"),
        ("orders", "import", str(disk.place / "orders.csv")),
        ("consent", "import", str(disk.place / "consent.csv"), "--answer", "yes", "--evidence", "the till"),
        ("segments", "create", "buyers", "orders >= 1"),
        ("surveys", "draft", "service", "--kind", "nps", "--audience", "buyers"),
        ("surveys", "run", "service", "--yes"),
    ):
        ended = disk(*words)
        assert ended.code == 0, ended
    assert disk.rows("SELECT COUNT(*) FROM outbox") == [(100,)]

    def none_is_lost() -> None:
        ((sent,),) = disk.rows("SELECT COUNT(*) FROM outbox WHERE state = 'sent'")
        assert len(list((disk.seen / "mail").glob("*.eml"))) >= sent, "what is sent is there"
        assert disk("outbox", "check").code == 0

    # Once it has begun it asks for a minute whether there is room again, because answers must not be lost.
    free = FREE if FULL else [0, 12, 40, 6_400]
    assert until_there_is_room(disk, ("outbox", "deliver"), each_time=none_is_lost, free=free) >= 3
    assert disk.rows("SELECT state, COUNT(*) FROM outbox GROUP BY state") == [("sent", 100)]
    assert len(list((disk.seen / "mail").iterdir())) == 100


@pytest.mark.proof
def test_a_backup(disk: SmallDisk, sqlite_folder: Path) -> None:
    shop = read_shop(str(sqlite_folder), now=NOW)
    with open_database(shop.database_url, now=0):
        for number in range(1, 400):
            order(shop, number, [10_000] * 5, at=shop.clock.now())
    settle(disk, sqlite_folder)
    nothing = lambda: _equal(list((disk.seen / "backups").glob("*")), [])  # noqa: E731
    assert until_there_is_room(disk, ("db", "backup"), each_time=nothing) > 3
    (backup,) = (disk.seen / "backups").iterdir()
    assert disk.rows("SELECT COUNT(*) FROM orders", name=f"backups/{backup.name}") == [(399,)]


def _equal(found: object, expected: object) -> None:
    assert found == expected
