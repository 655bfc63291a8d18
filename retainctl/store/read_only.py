"""A SQLite database that can be read here and not written: its file, its folder or its disk allows no more.

While another process has it open, its log and its index stand beside it, and SQLite reads all three as they are. Else
there is only the file, for which SQLite would have to make an index: it is read as a file that does not change, and if
it changes all the same, what was read is not to be relied on.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import peewee

from retainctl.errors import BadConfiguration, TryLater
from retainctl.store.database import database
from retainctl.store.waiting import PatientSqlite


def can_be_written(path: Path) -> bool:
    """Whether this process may write the database at *path* and the files that come and go beside it."""
    return os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)


class ReadOnlySqlite(PatientSqlite):
    """The database at a path, of which nothing is written; BadConfiguration where so it cannot be read whole."""

    def _connect(self) -> Any:
        path = self.database
        self.database = _address(Path(path))
        try:
            return super()._connect()  # type: ignore[misc]
        finally:
            self.database = path


def assert_writable() -> None:
    """BadConfiguration, where the open database can only be read: before long work whose end would be to write."""
    if isinstance(database.obj, ReadOnlySqlite):
        raise BadConfiguration(
            f"the database {database.obj.database} cannot be written", hint="Check its owner and permissions."
        )


def _address(path: Path) -> str:
    log, index = (path.with_name(f"{path.name}{ending}") for ending in ("-wal", "-shm"))
    if log.exists() and index.exists():
        return f"file:{quote(str(path))}?mode=ro"
    if log.exists() and log.stat().st_size:
        raise BadConfiguration(
            f"{log} holds what was written last, and cannot be read without writing to {path.parent}",
            hint="As the shop's own user, run any command once, such as: retainctl db check",
        )
    return f"file:{quote(str(path))}?immutable=1"


@contextmanager
def unchanged(path: Path) -> Iterator[None]:
    """TryLater, where the file at *path* changed while the block read it as one that does not."""
    is_fixed, before = "immutable" in _address(path), _as_it_is(path)
    try:
        yield
    except peewee.DatabaseError as error:
        if is_fixed and _as_it_is(path) != before:
            raise _changed(path) from error
        raise
    if is_fixed and _as_it_is(path) != before:
        raise _changed(path)


def _as_it_is(path: Path) -> tuple[int, int, bool]:
    status = path.stat()
    return status.st_mtime_ns, status.st_size, path.with_name(f"{path.name}-wal").exists()


def _changed(path: Path) -> TryLater:
    return TryLater(f"{path} was written while it was read", hint="Run the command again.")
