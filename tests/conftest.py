"""A shop in an empty folder, on SQLite and on a throw-away PostgreSQL, and the real command line to drive it."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from retainctl.club.terms import write_first_file
from retainctl.config import Shop, init_folder, read_shop
from retainctl.store.installation import adopt
from retainctl.store.opening import open_database
from retainctl.store.transactions import writing

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared"
NOW = "2025-03-02T10:00"  # a Sunday morning in Jerusalem
# What a person writes into a new shop's file before its first mail.
FILLED_IN = {"postal_address": "רחוב הרצל 1, חיפה", "contact": "04-8123456", "from_address": "shop@shop.example"}
# A shell that starts the tests in the background has Ctrl-C ignored, and programs inherit that; those of the tests hear
# it all the same.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
POSTGRES_PROGRAMS = Path("/usr/lib/postgresql/15/bin")
_counter = itertools.count()


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    stdout: str
    stderr: str


@dataclass(frozen=True)
class Terminal:
    """The real command line, run as a process of its own in one shop, at one hour."""

    folder: Path
    now: str = NOW

    def __call__(self, *words: str, stdin: str | bytes | None = None, now: str | None = None) -> Ended:
        """Run ``retainctl WORDS``; all three streams are pipes."""
        data = stdin.encode() if isinstance(stdin, str) else stdin
        process = subprocess.run(
            [sys.executable, "-m", "retainctl", "--now", now or self.now, *words],
            input=data if data is not None else b"", capture_output=True, cwd="/", timeout=250, check=False,
            env=os.environ | {"RETAINCTL_SHOP": str(self.folder)},
        )  # fmt: skip
        return Ended(process.returncode, process.stdout.decode(), process.stderr.decode())


def run_as_postgres(*words: str) -> None:
    prefix = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    subprocess.run([*prefix, *words], check=True, cwd="/", stdout=subprocess.DEVNULL)


@contextlib.contextmanager
def postgres_cluster(*, durable: bool = False) -> Iterator[str]:
    """The address of an empty PostgreSQL cluster that lives while the block runs, on a socket of its own."""
    folder = Path(tempfile.mkdtemp(prefix="retainctl-pg-", dir="/tmp"))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
        run_as_postgres(
            f"{POSTGRES_PROGRAMS}/initdb", "-A", "trust", "--no-sync", "--locale=C.UTF-8", "-E", "UTF8",
            "-U", "postgres",
            "-D", f"{folder}/data",
        )  # fmt: skip
        speed = "" if durable else " -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
        run_as_postgres(
            f"{POSTGRES_PROGRAMS}/pg_ctl", "-w", "-D", f"{folder}/data", "-l", f"{folder}/log",
            "-o", f"-c listen_addresses='' -c max_connections=300 -c unix_socket_directories={folder}{speed}", "start",
        )  # fmt: skip
        try:
            yield f"postgresql:///{{name}}?host={folder}&user=postgres"
        finally:
            run_as_postgres(f"{POSTGRES_PROGRAMS}/pg_ctl", "-D", f"{folder}/data", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a throw-away cluster, with ``{name}`` where a database's name goes."""
    if not (POSTGRES_PROGRAMS / "initdb").exists():
        pytest.skip("PostgreSQL 15 is not installed")
    if os.geteuid() == 0 and not shutil.which("runuser"):
        pytest.skip("PostgreSQL does not run as root, and there is no runuser")
    with postgres_cluster() as address:
        yield address


@pytest.fixture(scope="session")
def postgres_with_tables(postgres: str) -> str:
    """That cluster, with a database called tables that has every table and no row, to be copied."""
    import psycopg

    with psycopg.connect(postgres.format(name="postgres"), autocommit=True) as connection:
        connection.execute("CREATE DATABASE tables")
    with open_database(postgres.format(name="tables"), now=0, migrate=True):
        return postgres


@pytest.fixture(scope="session")
def sqlite_with_tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file that has every table and no row, to be copied."""
    path = tmp_path_factory.mktemp("tables") / "retain.db"
    with open_database(f"sqlite:{path}", now=0, migrate=True):
        return path


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """An empty database of each kind in turn."""
    if request.param == "sqlite":
        yield "sqlite:retain.db"
        return
    import psycopg

    address = request.getfixturevalue("postgres_with_tables")
    name = f"shop_{os.getpid()}_{next(_counter)}"
    with psycopg.connect(address.format(name="postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE tables")
    yield address.format(name=name)
    with psycopg.connect(address.format(name="postgres"), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


MakeShop = Callable[..., Path]


@pytest.fixture
def make_shop(tmp_path: Path, database_url: str, sqlite_with_tables: Path) -> MakeShop:
    """Make a shop folder on this test's database."""

    def make(*, language: str = "he", currency: str = "ILS", timezone: str = "Asia/Jerusalem") -> Path:
        folder = tmp_path / "shop"
        path = init_folder(
            folder, name="החנות", language=language, currency=currency, timezone=timezone,
            country="IL" if timezone == "Asia/Jerusalem" else "",
        )  # fmt: skip
        text = path.read_text(encoding="utf-8").replace("sqlite:retain.db", database_url)
        for empty, filled in FILLED_IN.items():
            text = text.replace(f'\n{empty} = ""\n', f'\n{empty} = "{filled}"\n')
        path.write_text(text, encoding="utf-8")
        write_first_file(folder, currency=currency)
        if database_url.startswith("sqlite:"):
            shutil.copy(sqlite_with_tables, folder / "retain.db")
        with open_database(read_shop(str(folder)).database_url, now=0, migrate=True), writing():
            adopt()  # the copy is an installation of its own
        return folder

    return make


@pytest.fixture
def folder(make_shop: MakeShop) -> Path:
    """The folder of a Hebrew shop in shekels."""
    return make_shop()


@pytest.fixture
def retainctl(folder: Path) -> Terminal:
    """The command line in that shop."""
    return Terminal(folder)


@pytest.fixture
def shop(folder: Path) -> Iterator[Shop]:
    """That shop for engine tests, its database open and its clock standing still."""
    opened = read_shop(str(folder), now=NOW)
    with open_database(opened.database_url, now=opened.clock.now()):
        yield opened


@pytest.fixture
def shared() -> Path:
    """The folder of real data; tests that need it skip where it is absent."""
    if not (SHARED / "data").is_dir():
        pytest.skip("../shared is absent")
    return SHARED
