"""A disk so small that a test can fill it."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import NOW, Ended

SIZE = 16 * 1024 * 1024


class SmallDisk:
    """A file system of 16 MiB at *place*, which only commands that it runs see there."""

    def __init__(self, place: Path) -> None:
        self.place = place
        mount = f"mount -t tmpfs -o size={SIZE} tmpfs '{place}' && echo there && exec sleep 600"
        self._holder = subprocess.Popen(
            ["unshare", "--mount", "--propagation", "private", "sh", "-c", mount], stdout=subprocess.PIPE
        )
        assert self._holder.stdout
        self.is_there = self._holder.stdout.readline() == b"there\n"
        self.seen = Path(f"/proc/{self._holder.pid}/root{place}")  # the same place, from outside

    def __call__(self, *words: str, now: str = NOW) -> Ended:
        entered = ["nsenter", f"--target={self._holder.pid}", "--mount", "--"]
        command = [sys.executable, "-m", "retainctl", "--shop", str(self.place), "--now", now, *words]
        ended = subprocess.run([*entered, *command], capture_output=True, text=True, cwd="/", timeout=250, check=False)
        return Ended(ended.returncode, ended.stdout, ended.stderr)

    def leave_free(self, kib: int | None) -> None:
        """Fill the disk up to *kib*, or take the filling away."""
        filling = self.seen / "filling"
        filling.unlink(missing_ok=True)
        if kib is not None:
            with filling.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, shutil.disk_usage(self.seen).free - kib * 1024)

    def rows(self, query: str, *, name: str = "retain.db") -> list[tuple[Any, ...]]:
        """What a copy of the database says: SQLite would look for the disk's files by their names outside of it."""
        with tempfile.TemporaryDirectory() as folder:
            for path in self.seen.glob(f"{name}*"):
                shutil.copy(path, folder)
            with closing(sqlite3.connect(f"{folder}/{Path(name).name}")) as database:
                return database.execute(query).fetchall()

    def end(self) -> None:
        self._holder.kill()
        self._holder.communicate()


@contextmanager
def small_disk(place: Path) -> Iterator[SmallDisk]:
    """A small disk at *place* while the block runs; the test is skipped where none can be made."""
    if os.geteuid() != 0 or not shutil.which("unshare") or not shutil.which("nsenter"):
        pytest.skip("only root can make a small file system, with unshare and nsenter")
    place.mkdir()
    disk = SmallDisk(place)
    try:
        if not disk.is_there:
            pytest.skip("this root may not mount a file system")
        yield disk
    finally:
        disk.end()
