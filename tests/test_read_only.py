"""A shop of which this process may only read the database: what reads works, what writes is refused in a sentence."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from retainctl.config import Shop
from retainctl.errors import BadConfiguration, TryLater
from retainctl.intake.import_runs import ImportOptions
from retainctl.shop.customers_import import import_customers
from retainctl.store.database import value
from retainctl.store.opening import open_database
from tests.conftest import NOW, Ended

pytestmark = pytest.mark.parametrize("database_url", ["sqlite:retain.db"])
Reader = Callable[..., Ended]
# Root may write whatever the modes say: it first gives up the capability (CAP_DAC_OVERRIDE, by PR_CAPBSET_DROP) to.
BOUND_BY_MODES = """
import ctypes, os, sys
if os.geteuid() == 0 and ctypes.CDLL(None).prctl(24, 1, 0, 0, 0):
    sys.exit(99)
os.execv(sys.executable, [sys.executable, "-m", "retainctl", *sys.argv[1:]])
"""


@pytest.fixture
def place(shop: Shop) -> Iterator[Path]:
    """A copy of a shop with one customer, where everybody may look and who reads may not write."""
    (shop.folder / "people.csv").write_text("email,first_name\ndana@shop.example,Dana\n", encoding="utf-8")
    import_customers(shop, str(shop.folder / "people.csv"), ImportOptions(source="web"))
    (shop.folder / "segments").mkdir()
    (shop.folder / "segments" / "all.toml").write_text("expression = 'orders >= 0'\n", encoding="utf-8")
    above = Path(tempfile.mkdtemp(prefix="retainctl-read-", dir="/tmp"))
    try:
        with closing(sqlite3.connect(shop.folder / "retain.db")) as open_one:
            open_one.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        folder = above / "shop"
        shutil.copytree(shop.folder, folder, ignore=shutil.ignore_patterns("*-wal", "*-shm"))
        above.chmod(0o755)
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o555 if path.is_dir() else 0o444)
        yield folder
    finally:
        for path in (above, *(one for one in above.rglob("*") if one.is_dir())):
            path.chmod(0o755)
        shutil.rmtree(above)


@pytest.fixture
def reader(place: Path) -> Reader:
    """The command line in that copy, bound by the modes of its files."""

    def run(*words: str) -> Ended:
        process = subprocess.run(
            [sys.executable, "-c", BOUND_BY_MODES, "--shop", str(place), "--now", NOW, *words],
            capture_output=True, cwd="/", check=False, timeout=200,
        )  # fmt: skip
        if process.returncode == 99:
            pytest.skip("root cannot give up its right to write everywhere")
        return Ended(process.returncode, process.stdout.decode(), process.stderr.decode())

    return run


@pytest.mark.parametrize(
    "words",
    [
        "reports show retention", "reports check --min customers=0", "customers list", "customers show 1",
        "customers export", "consent list", "orders list", "points balance", "points check", "segments list",
        "outbox list", "jobs list", "jobs run --due --dry-run", "config check", "db check", "products list",
        "points award --dry-run", "surveys list",
    ],
)  # fmt: skip
def test_what_only_reads_works(reader: Reader, words: str) -> None:
    ended = reader(*words.split())
    assert ended.code == 0, ended.stderr
    assert ended.stderr == "" or words == "jobs list", "a copy does not send, and the list of jobs says so"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("points award", "the database cannot be written: attempt to write a readonly database"),
        ("segments refresh", "the database cannot be written: attempt to write a readonly database"),
        ("outbox deliver", "the database cannot be written: attempt to write a readonly database"),
        ("consent revoke dana@shop.example --reason no", "the database cannot be written"),
        ("jobs run nightly", "cannot be opened: "),
        ("campaigns draft more", "Permission denied"),
    ],
)
def test_what_writes_is_refused_in_a_sentence(reader: Reader, words: str, said: str) -> None:
    ended = reader(*words.split())
    assert (ended.code, ended.stdout) == (78, "")
    assert said in ended.stderr
    assert len(ended.stderr.splitlines()) == 2, "a sentence and a hint"


def test_who_reads_beside_a_writer_sees_what_it_wrote(place: Path, reader: Reader) -> None:
    names = [path.with_name(path.name + end) for path in [place / "retain.db"] for end in ("", "-wal", "-shm")]
    place.chmod(0o755)
    names[0].chmod(0o644)
    with closing(sqlite3.connect(names[0], isolation_level=None)) as writer:
        writer.execute("UPDATE customers SET first_name = 'Noa'")
        place.chmod(0o555)
        for path in names:
            path.chmod(0o444)
        [row] = json.loads(reader("customers", "list", "--format", "json").stdout)["rows"]
        assert row["first_name"] == "Noa"
        place.chmod(0o755)


def test_a_file_that_may_be_written_in_a_folder_that_may_not_is_only_read(place: Path, reader: Reader) -> None:
    """Its log would have to be made beside it."""
    (place / "retain.db").chmod(0o666)
    before = (place / "retain.db").read_bytes()
    listed = reader("customers", "list", "--format", "json")
    assert (listed.code, listed.stderr) == (0, "")
    assert [one["first_name"] for one in json.loads(listed.stdout)["rows"]] == ["Dana"]
    refused = reader("points", "award")
    assert (refused.code, "the database cannot be written" in refused.stderr) == (78, True)
    assert (place / "retain.db").read_bytes() == before


def test_a_log_that_nobody_merged_is_not_passed_over(place: Path, reader: Reader) -> None:
    place.chmod(0o755)
    (place / "retain.db-wal").write_bytes(b"x" * 100)
    (place / "retain.db-wal").chmod(0o444)
    place.chmod(0o555)
    ended = reader("customers", "list")
    assert (ended.code, "holds what was written last, and cannot be read" in ended.stderr) == (78, True)


def test_what_changed_while_it_was_read_as_fixed_is_not_relied_on(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda _path, mode: mode == os.R_OK)
    with (
        pytest.raises(TryLater, match="was written while it was read"),
        open_database(f"sqlite:{place}/retain.db", now=0),
    ):
        assert value("SELECT COUNT(*) FROM customers") == 1
        os.utime(place / "retain.db", (1, 1))
    with open_database(f"sqlite:{place}/retain.db", now=0):
        assert value("SELECT COUNT(*) FROM customers") == 1
    (place / "none").mkdir()
    with pytest.raises(BadConfiguration, match="there is no database"), open_database(f"sqlite:{place}/none/x", now=0):
        pass
