"""Waiting until another program has written: whom one waits for, as far as it is known, and a word about it.

SQLite's writers take one lock on the file beside the database; the kernel knows which process holds it. PostgreSQL
knows which of its sessions hold rows of the table of locks.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import peewee

BUSY_SECONDS: Final = 30
_LOCKS: Final = Path("/proc/locks")
_WRITERS_BYTE: Final = "120"  # of the -shm file: WAL_WRITE_LOCK, as SQLite's document of its file format says
_LONGEST: Final = 80  # letters of a command line that is told

_tellers: list[Callable[[str], None]] = []


@contextmanager
def told_of_waiting(tell: Callable[[str], None]) -> Iterator[None]:
    """While the block runs, *tell* is given a sentence when a writer has to wait; the same one once."""
    told: set[str] = set()

    def once(sentence: str) -> None:
        if sentence not in told:
            told.add(sentence)
            tell(sentence)

    _tellers.append(once)
    try:
        yield
    finally:
        _tellers.remove(once)


def tell_waiting(holder: str) -> None:
    """Say that a writer waits for *holder*, or for whom nobody knows."""
    for tell in _tellers:
        tell(f"waiting until {holder or 'another program'} has written to the database")


class PatientSqlite(peewee.SqliteDatabase):
    """A SQLite database whose writers wait for each other, say so, and hear signals meanwhile."""

    def begin(self, lock_type: str | None = None) -> None:
        connection: Any = self.connection()  # type: ignore[no-untyped-call]
        connection.execute("PRAGMA busy_timeout = 1000")
        try:
            for second in range(BUSY_SECONDS):
                try:
                    super().begin(lock_type)
                    return
                except peewee.OperationalError as error:
                    if "locked" not in str(error) or second == BUSY_SECONDS - 1:
                        raise
                tell_waiting(sqlite_writer(Path(self.database)))
        finally:
            connection.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")


def sqlite_writer(database: Path) -> str:
    """The process that writes to *database* now, in words; empty where nobody does, or the system does not say."""
    with suppress(OSError, ValueError):
        place = database.with_name(f"{database.name}-shm").stat()
        file = f"{os.major(place.st_dev):02x}:{os.minor(place.st_dev):02x}:{place.st_ino}"
        for line in _LOCKS.read_text(encoding="ascii").splitlines():
            words = line.split()
            if words[1:4:2] == ["POSIX", "WRITE"] and words[5:8] == [file, _WRITERS_BYTE, _WRITERS_BYTE]:
                return _process(int(words[4]))
    return ""


def _process(number: int) -> str:
    """A process by its number and, where that can be read, its command line."""
    command = ""
    with suppress(OSError):
        words = Path(f"/proc/{number}/cmdline").read_text(encoding="utf-8", errors="replace").split("\0")[:-1]
        ours = next((place for place, word in enumerate(words) if Path(word).name == "retainctl"), 0)
        command = shlex.join(["retainctl", *words[ours + 1 :]] if ours else words)
    return f"process {number} ({command[:_LONGEST]})" if command else f"process {number}"
