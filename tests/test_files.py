"""A file is there whole or not at all, is its owner's alone, and is never written through a link."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from retainctl.errors import BadConfiguration, Refused, TryLater
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
    with pytest.raises(BadConfiguration, match="cannot be written"):
        write_text(tmp_path / "nowhere" / "export.csv", "x")


@pytest.mark.parametrize(
    ("number", "error"), [(errno.ENOSPC, TryLater), (errno.EDQUOT, TryLater), (errno.EIO, OSError)]
)
def test_a_disk_without_room_is_told_and_keeps_no_half_of_a_file(
    tmp_path: Path, number: int, error: type[Exception]
) -> None:
    with pytest.raises(error), written(tmp_path / "export.csv") as file:
        file.write(b"half of it")
        raise OSError(number, os.strerror(number))
    assert list(tmp_path.iterdir()) == []
