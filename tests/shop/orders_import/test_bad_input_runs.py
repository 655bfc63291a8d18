"""Imports that are disturbed: the rows B55 to B60 of the matrix of bad input."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from retainctl.config import Shop, read_shop
from retainctl.errors import DiskTrouble, TryLater
from retainctl.shop.orders_import.orders import import_orders
from retainctl.shop.orders_import.planning import OrderOptions
from retainctl.shop.orders_import.processes import LARGE_BYTES
from retainctl.store import waiting
from retainctl.store.database import execute, rows, value
from retainctl.store.opening import open_database
from tests.conftest import NOW, Terminal
from tests.shop.orders_import.conftest import HEADER, Bring, counts, row

MANY = [row(str(number), email=f"c{number}@shop.example") for number in range(30_000)]


def file_of(tmp_path: Path, lines: list[str]) -> Path:
    path = tmp_path / "many.csv"
    path.write_text("\n".join([HEADER, *lines, ""]), encoding="utf-8")
    return path


def start(folder: Path, path: Path) -> subprocess.Popen[bytes]:
    """The real command line, importing *path* in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "retainctl", "--shop", str(folder), "--now", NOW, "orders", "import", str(path)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/",
    )  # fmt: skip


def test_b55_a_locked_database_is_tried_later(books: Shop, bring: Bring, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "BUSY_SECONDS", 1)
    with sqlite3.connect(books.folder / "retain.db", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        with (
            open_database(books.database_url, now=books.clock.now(), migrate=True),
            pytest.raises(TryLater, match="another program is writing"),
        ):
            bring(books, HEADER, *MANY[:10])
        other.execute("ROLLBACK")
    assert counts(bring(books, HEADER, *MANY[:10]))[:2] == (10, 10)


def test_b56_a_full_disk_leaves_nothing_and_a_second_run_all(books: Shop, bring: Bring) -> None:
    execute(f"PRAGMA max_page_count = {value('PRAGMA page_count') + 50}")
    with pytest.raises(DiskTrouble, match="the disk is full"):
        bring(books, HEADER, *MANY[:5_000])
    with open_database(books.database_url, now=books.clock.now(), migrate=True):
        assert value("SELECT COUNT(*) FROM imports") == 0
        assert rows("PRAGMA integrity_check") == [("ok",)]
        assert counts(bring(books, HEADER, *MANY[:5_000]))[:2] == (5_000, 5_000)


# Root may write everything, but for root without these capabilities a file's mode counts as for anybody.
AS_ANYBODY = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--"] if os.geteuid() == 0 else []


needs_modes = pytest.mark.skipif(
    bool(AS_ANYBODY) and shutil.which("setpriv") is None, reason="root may write everything, and there is no setpriv"
)


@pytest.fixture
def closed(tmp_path: Path) -> Iterator[Path]:
    """A shop on SQLite in which something is going to be closed to its owner."""
    folder = tmp_path / "shop"
    assert Terminal(folder)("init", str(folder)).code == 0
    yield folder
    folder.chmod(0o700)


def import_nothing(folder: Path) -> tuple[int, str]:
    """How an import of a file without a byte ends, for somebody whom the files' modes stop."""
    path = folder.parent / "empty.csv"
    path.touch()
    words = [sys.executable, "-m", "retainctl", "--shop", str(folder), "orders", "import", str(path)]
    ended = subprocess.run([*AS_ANYBODY, *words], capture_output=True, cwd="/", check=False)
    return ended.returncode, ended.stderr.decode()


@needs_modes
def test_b57_a_database_that_cannot_be_written_is_told_before_the_file_is_read(closed: Path) -> None:
    code, stderr = import_nothing(closed)
    assert (code, "is empty" in stderr) == (65, True), "where nothing is closed, it is the file that is told"
    (closed / "retain.db").chmod(0o400)
    code, stderr = import_nothing(closed)
    assert (code, "is empty" in stderr) == (78, False)


@needs_modes
def test_b57_a_folder_that_cannot_be_written_is_told_before_the_file_is_read(closed: Path) -> None:
    closed.chmod(0o500)
    code, stderr = import_nothing(closed)
    assert (code, "is empty" in stderr) == (78, False)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to somebody else")
@needs_modes
def test_b57_a_database_of_another_owner_is_told_before_the_file_is_read(closed: Path) -> None:
    os.chown(closed / "retain.db", 65534, 65534)
    code, stderr = import_nothing(closed)
    assert (code, "is empty" in stderr) == (78, False)


def wait_until_it_writes(folder: Path) -> None:
    """Return as soon as an import in another process is inside its transaction."""
    address = read_shop(str(folder), now=NOW).database_url
    for _ in range(6_000):
        if (_is_written_postgres if address.startswith("postgresql:") else _is_written_sqlite)(address):
            return
        time.sleep(0.01)
    pytest.fail("the import never began to write")


def _is_written_sqlite(address: str) -> bool:
    with sqlite3.connect(address.removeprefix("sqlite:"), isolation_level=None, timeout=0) as other:
        try:
            other.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return True
        other.execute("ROLLBACK")
        return False


def _is_written_postgres(address: str) -> bool:
    import psycopg

    with psycopg.connect(address, autocommit=True) as other:
        writers = other.execute(
            "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND backend_xid IS NOT NULL"
        ).fetchone()
    return writers != (0,)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_b58_a_signal_rolls_back(folder: Path, tmp_path: Path, number: signal.Signals, code: int) -> None:
    none = Terminal(folder)("orders", "list", "--format", "csv")
    assert none.code == 0
    path = file_of(tmp_path, [row(str(number), email=f"c{number}@shop.example") for number in range(100_000)])
    assert path.stat().st_size > LARGE_BYTES, "two processes are at work"
    process = start(folder, path)
    wait_until_it_writes(folder)
    time.sleep(0.3)
    process.send_signal(number)
    assert process.wait(timeout=60) == code
    assert Terminal(folder)("orders", "list", "--format", "csv") == none


def test_b60_two_imports_at_once_are_as_one_after_the_other(folder: Path, shop: Shop, tmp_path: Path) -> None:
    path = file_of(tmp_path, MANY[:5_000])
    processes = [start(folder, path) for _ in range(2)]
    assert [process.wait(timeout=120) for process in processes] == [0, 0]
    assert value("SELECT COUNT(*) FROM orders") == 5_000
    assert value("SELECT COUNT(*) FROM imports") == 1


def test_what_fails_in_the_middle_leaves_nothing(shop: Shop, tmp_path: Path) -> None:
    def fail(_rows: int) -> None:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        import_orders(shop, str(file_of(tmp_path, MANY[:100])), OrderOptions(), progress=fail)
    assert value("SELECT COUNT(*) FROM orders") == 0
    assert value("SELECT COUNT(*) FROM customers") == 0


def test_s22_the_files_of_an_import_are_for_their_owner_alone(books: Shop, bring: Bring) -> None:
    bring(books, HEADER, *MANY[:10])
    for path in books.folder.rglob("retain.db*"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
