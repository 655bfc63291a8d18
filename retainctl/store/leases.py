"""Names that living processes hold: whoever asks learns at once that a holder died, for the kernel lets go of its lock.

Beside a SQLite database a holder locks a file of its own; on PostgreSQL its connection holds an advisory lock. A
holder whose connection broke counts as dead until it holds again, so what rests on this must be safe then too.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from retainctl.errors import Refused
from retainctl.store.database import database
from retainctl.store.dialect import file_is_the_database, leave_session_lock, take_session_lock


class Holder:
    """A name of this process's own, which says who it is and is held while ``held`` runs."""

    def __init__(self, role: str) -> None:
        self.name = f"{role}-{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
        self._descriptor: int | None = None

    def hold(self) -> None:
        """Hold the name; again after the database's connection was lost."""
        if file_is_the_database():
            if self._descriptor is None:
                self._descriptor = _locked_file(_path(self.name))
        else:
            take_session_lock(self.name)

    def release(self) -> None:
        """Let go of the name; a process that ends does so by itself."""
        if self._descriptor is not None:
            _path(self.name).unlink(missing_ok=True)
            os.close(self._descriptor)
            self._descriptor = None
        elif not file_is_the_database() and not database.is_closed():
            leave_session_lock(self.name)


@contextmanager
def held(role: str) -> Iterator[Holder]:
    """A holder while the block runs; the files of those of its *role* that were killed are cleared away."""
    holder = Holder(role)
    holder.hold()
    if file_is_the_database():
        for path in _path(holder.name).parent.glob(f"{role}-*.lock"):
            is_held(path.stem)
    try:
        yield holder
    finally:
        holder.release()


def is_held(name: str) -> bool:
    """Whether the process that called itself *name* lives, as far as one can tell from here; a dead one's file goes."""
    if not file_is_the_database():
        free = take_session_lock(name)
        if free:
            leave_session_lock(name)
        return not free
    path = _path(name)
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        path.unlink(missing_ok=True)
        return False
    finally:
        os.close(descriptor)


def _path(name: str) -> Path:
    return Path(database.obj.database).parent / "locks" / f"{name}.lock"


def _locked_file(path: Path) -> int:
    with suppress(FileExistsError):
        path.parent.mkdir(mode=0o700)
    if path.parent.is_symlink():
        raise Refused(f"{path.parent} is a symbolic link; locks must be in a real folder", hint="Remove it.")
    unlocked = path.with_suffix(".new")  # under its name it is locked from the start, so that nobody takes it for dead
    descriptor = os.open(unlocked, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    unlocked.rename(path)
    return descriptor
