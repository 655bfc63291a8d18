"""A file is there whole or not at all, is its owner's alone, and is never written through a link."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import time
from pathlib import Path

import pytest

from retainctl.errors import DiskTrouble, Refused, WrongUsage
from retainctl.files import write_text, written


def test_a_file_is_written_for_its_owner_alone(tmp_path: Path) -> None:
    os.umask(0)
    target = tmp_path / "לקוחות.csv"
    write_text(target, "שם\n")
    assert target.read_text(encoding="utf-8") == "שם\n"
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [target]


def test_a_block_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    target = tmp_path / "report.html"
    target.write_text("yesterday's", encoding="utf-8")
    with pytest.raises(RuntimeError), written(target) as file:
        file.write(b"half of today's")
        raise RuntimeError
    assert target.read_text(encoding="utf-8") == "yesterday's"
    assert list(tmp_path.iterdir()) == [target]


def test_a_link_is_refused_and_what_it_points_to_stays(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious", encoding="utf-8")
    link = tmp_path / "export.csv"
    link.symlink_to(victim)
    with pytest.raises(Refused, match="not a regular file"):
        write_text(link, "over it")
    assert victim.read_text(encoding="utf-8") == "precious"
    assert link.is_symlink()


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="not a regular file"):
        write_text(tmp_path, "x")


def test_a_folder_that_is_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(WrongUsage, match="there is no folder"):
        write_text(tmp_path / "nowhere" / "export.csv", "x")


def test_what_a_killed_writer_left_goes_and_what_another_is_writing_stays(tmp_path: Path) -> None:
    """It may be a copy of a whole database."""
    hour_ago = time.time() - 3_600
    left, young, being_written = (tmp_path / f".retainctl-{name}" for name in ("left", "young", "written"))
    for one in (left, young, being_written):
        one.write_text("personal", encoding="utf-8")
    for one in (left, being_written):
        os.utime(one, (hour_ago, hour_ago))
    (tmp_path / ".retainctl-folder").mkdir()
    with being_written.open() as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        write_text(tmp_path / "export.csv", "x")
    assert {path.name for path in tmp_path.iterdir()} == {
        "export.csv", young.name, being_written.name, ".retainctl-folder",
    }  # fmt: skip


def test_a_file_is_held_while_it_is_written(tmp_path: Path) -> None:
    target = tmp_path / "export.csv"
    with written(target):
        (unfinished,) = tmp_path.iterdir()
        with unfinished.open() as other, pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)


@pytest.mark.parametrize(
    ("number", "error"), [(errno.ENOSPC, DiskTrouble), (errno.EDQUOT, DiskTrouble), (errno.EIO, OSError)]
)
def test_a_disk_without_room_is_told_and_keeps_no_half_of_a_file(
    tmp_path: Path, number: int, error: type[Exception]
) -> None:
    with pytest.raises(error), written(tmp_path / "export.csv") as file:
        file.write(b"half of it")
        raise OSError(number, os.strerror(number))
    assert list(tmp_path.iterdir()) == []
