"""A checked copy of the open database."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Final

from retainctl.config import environment_with
from retainctl.errors import BadConfiguration, BrokenInvariant, Unavailable
from retainctl.store.database import database, driver_errors
from retainctl.store.dialect import file_is_the_database, without_password
from retainctl.store.installation import mark_path
from retainctl.store.transactions import reading

NEEDED: Final = "is not installed; a PostgreSQL backup needs it"
HOW_TO_INSTALL: Final = "Install the PostgreSQL client tools, and see that the PATH of the jobs has them"


def copy_database(target: Path) -> None:
    """Fill the empty file *target* with a checked copy of the open database, while others use it.

    No copy knows which installation sends, so that none does from a restored one until it is adopted. PostgreSQL's dump
    has no row of that table for the same reason: it may be restored into the very database that it came from.
    """
    if file_is_the_database():
        _copy_file(target)
    else:
        _dump(target)


def database_files() -> set[Path]:
    """The files that the open database is made of, whether they are there now or not; none where it is in a server."""
    if not file_is_the_database():
        return set()
    path = Path(database.obj.database).resolve()
    return {mark_path().resolve(), path, *(path.with_name(path.name + more) for more in ("-wal", "-shm", "-journal"))}


def _copy_file(target: Path) -> None:
    with reading(), driver_errors(), closing(sqlite3.connect(target)) as copy:
        database.connection().backup(copy)
        copy.execute("PRAGMA journal_mode = delete")  # one file, with nothing beside it
        copy.execute("DELETE FROM installation")
        copy.commit()
        (answer,) = copy.execute("PRAGMA integrity_check").fetchone()
        if answer != "ok":
            raise BrokenInvariant(f"the backup is damaged and was discarded: {answer}", hint="Run: retainctl db check")


def _dump(target: Path) -> None:
    address, password = without_password(str(database.obj.database))
    environment = environment_with(PGPASSWORD=password) if password else None
    dump = ["pg_dump", "--format=custom", f"--file={target}", f"--dbname={address}"]
    _run([*dump, "--exclude-table-data=installation"], environment)
    _run(["pg_restore", "--list", str(target)], environment)


def missing_programs() -> list[str]:
    """The programs that a backup of the open database needs, and that are not installed."""
    needed = () if file_is_the_database() else ("pg_dump", "pg_restore")
    return [program for program in needed if shutil.which(program) is None]


def _run(words: list[str], environment: dict[str, str] | None) -> None:
    try:
        ended = subprocess.run(  # noqa: S603
            words, capture_output=True, text=True, check=False, timeout=3_600, env=environment
        )
    except FileNotFoundError:
        raise BadConfiguration(f"{words[0]} {NEEDED}", hint=f"{HOW_TO_INSTALL}.") from None
    if ended.returncode != 0:
        raise Unavailable(f"{words[0]} failed: {_reason(ended.stderr)}")


def _reason(said: str) -> str:
    """The line that says why: the first error, not the query at which it came."""
    lines = said.strip().splitlines() or ["no reason given"]
    return next((line for line in lines if "error:" in line), lines[-1])
