"""Names that are safe as files' names in any alphabet, and folders that cannot be read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from retainctl.definitions import Shelf, is_name
from retainctl.errors import BadConfiguration, Refused, WrongUsage
from tests.conftest import Terminal

SHELF = Shelf("segment", "segments", ".toml", make="segments create {} EXPRESSION")


@pytest.mark.parametrize("name", ["loyal", "2024", "נאמנים", "לקוחות-vip", "café", "ürün_1", "会员", "a" * 64, "com10"])
def test_a_name_may_be_in_any_alphabet(name: str) -> None:
    assert is_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "", "a" * 65, "会" * 64 + "ab", "𠀀" * 60, "𝕳", "ＡＢ", "a b", "a.b", "..",
        "a/b", "a\\b", "a∕b", "a:b", "a*", 'a"', "a\0", "a\n",
        "Loyal", "É", "cafe\u0301", "\u202eabc", "נאמנים\u200f", "con", "nul", "lpt1", "😀", "\ud800",
    ],
)  # fmt: skip
def test_a_name_that_a_disk_or_a_person_could_read_otherwise_is_none(name: str) -> None:
    assert not is_name(name)
    with pytest.raises(WrongUsage, match="is not a segment's name"):
        SHELF.path(Path("/nowhere"), name)


def test_a_folder_that_cannot_be_read_is_told_and_not_taken_for_empty(tmp_path: Path) -> None:
    (tmp_path / "segments").write_text("")
    with pytest.raises(Refused, match="segments cannot be read: Not a directory"):
        SHELF.names(tmp_path)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
def test_a_folder_that_is_closed_to_this_user_is_told(tmp_path: Path) -> None:
    (tmp_path / "segments").mkdir(mode=0o700)
    os.seteuid(65_534)
    try:
        for ask in (lambda: SHELF.names(tmp_path), lambda: SHELF.read(tmp_path, "loyal")):
            with pytest.raises(Refused, match="cannot be read: Permission denied"):
                ask()
    finally:
        os.seteuid(0)


def test_a_folder_in_the_place_of_a_file_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "segments" / "dd.toml").mkdir(parents=True)
    assert SHELF.names(tmp_path) == ["dd"]
    with pytest.raises(BadConfiguration, match=r"dd\.toml cannot be read: Is a directory"):
        SHELF.read(tmp_path, "dd")


def test_a_file_that_is_no_text_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "segments").mkdir()
    (tmp_path / "segments" / "dd.toml").write_bytes(b"\xff")
    with pytest.raises(BadConfiguration, match=r"dd\.toml cannot be read: it is not UTF-8"):
        SHELF.read(tmp_path, "dd")


def test_what_is_not_there_is_wrong_usage_whatever_it_is(retainctl: Terminal) -> None:
    """Of names and of numbers alike: one exit code."""
    for words in (
        "segments show loyal", "segments refresh loyal", "segments count loyal", "campaigns check spring",
        "campaigns show spring", "campaigns draft spring --audience loyal", "surveys check autumn",
        "surveys results autumn", "surveys draft autumn --audience loyal", "jobs show weekly", "reports show yearly",
        "customers show 7", "customers merge 7 8 --reason x", "customers merge --undo 7", "orders show 7",
        "orders quarantine show 7", "points explain --order 7", "points add 7 5 --reason x --source s:1",
        "outbox show 7", "outbox resolve 7 --as sent --reason x",
    ):  # fmt: skip
        ran = retainctl(*words.split())
        assert (ran.code, ran.stdout) == (2, "") or words.startswith("segments refresh"), words
        assert ran.stderr.startswith("retainctl: ")
        assert "--help" not in ran.stderr, f"{words}: {ran.stderr}"


def test_a_segment_may_have_a_hebrew_name(retainctl: Terminal) -> None:
    assert retainctl("segments", "create", "נאמנים", "orders >= 5").code == 0
    assert (retainctl.folder / "segments" / "נאמנים.toml").is_file()
    assert retainctl("segments", "create", "others", "not in segment נאמנים").code == 0
    assert retainctl("segments", "count", "נאמנים").stdout == "0\n"
