"""Writing a file so that it is there whole or not at all, and readable by its owner alone.

A half-written export, report or backup is worse than none, and a file name that somebody prepared (a link to
another file) must never be written through.
"""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final

from retainctl.errors import BadConfiguration, DiskTrouble, Refused, WrongUsage

_TEXT_BYTES: Final = 1 << 20
_UNFINISHED: Final = ".retainctl-"
_YOUNG_SECONDS: Final = 60


def read_text(path: Path) -> str:
    """The text of a file that a person wrote, in UTF-8; OSError where it is none, such as a pipe or more than 1 MB."""
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file")
        if found.st_size > _TEXT_BYTES:
            raise OSError(errno.EFBIG, "it is larger than 1 MB")
        return file.read().decode("utf-8-sig")


@contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """A new, empty file that takes the name *path* when the block ends well, and leaves no trace when it does not.

    It is on the disk by then, with mode 0600. A folder that is not there is WrongUsage; a link or anything else that is
    no plain file at *path* is Refused; a folder that cannot be written is BadConfiguration; a full disk is DiskTrouble.
    """
    if not path.parent.is_dir():
        raise WrongUsage(f"there is no folder {path.parent}; {path} was not written")
    if path.is_symlink() or (path.exists() and not path.is_file()):
        raise Refused(f"{path} is not a regular file; not overwritten", hint="Choose another file.")
    unfinished = path.with_name(f"{_UNFINISHED}{secrets.token_hex(8)}")
    try:
        held = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        fcntl.flock(held, fcntl.LOCK_EX)  # while it is held somebody is writing the file
        _sweep(path.parent, older_than=os.fstat(held).st_mtime - _YOUNG_SECONDS)
    except OSError as error:
        raise BadConfiguration(
            f"{path} cannot be written: {error.strerror}", hint="Check the folder and its permissions."
        ) from None
    try:
        yield unfinished
        _sync(unfinished, os.O_RDONLY)
        unfinished.replace(path)
        _sync(path.parent.resolve(), os.O_RDONLY | os.O_DIRECTORY)  # the new name itself
    except BaseException as error:
        with suppress(FileNotFoundError):
            unfinished.unlink()
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskTrouble(f"the disk is full; {path} was not written", hint="Free some space.") from error
        raise
    finally:
        os.close(held)


def _sweep(folder: Path, *, older_than: float) -> None:
    """Remove what writers left in *folder* who were killed: a copy of a whole database may be among it."""
    for one in folder.glob(f"{_UNFINISHED}*"):
        with suppress(OSError):
            if one.lstat().st_mtime > older_than:  # it may not be locked yet
                continue
            descriptor = os.open(one, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                one.unlink()
            finally:
                os.close(descriptor)


@contextmanager
def written(path: Path) -> Iterator[BinaryIO]:
    """``replaced``, open for writing bytes."""
    with replaced(path) as unfinished, unfinished.open("r+b") as file:
        yield file


def write_text(path: Path, text: str) -> None:
    """Write *text* to *path* in UTF-8, as ``written`` does."""
    with written(path) as file:
        file.write(text.encode())


@contextmanager
def only_here(folder: Path) -> Iterator[None]:
    """While the block runs no other process of ours looks whether a file may be made in *folder*: it waits."""
    held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
    finally:
        os.close(held)


def _sync(path: Path, flags: int) -> None:
    """Wait until what was written to *path* is on the disk."""
    descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def lines_at_most(name: str) -> int | None:
    """How many lines a plain file has, at a glance; None of what has none, or is packed."""
    path = Path(name)
    if not path.is_file() or path.suffix.lower() in (".gz", ".json"):
        return None
    with path.open("rb") as file:
        return sum(block.count(b"\n") for block in iter(partial(file.read, 1 << 20), b"")) or None
