"""No cell of ours runs as a formula, and taking the guard off again gives what stood there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retainctl.spreadsheets import guard_formula, strip_guard


@pytest.mark.parametrize(
    "text",
    [
        "=HYPERLINK(1)",
        "@SUM(1)",
        "-2+3",
        "+1",
        "\t=1",
        "\r=1",
        "\0=1",
        "＝1",
        "'=1",
        "''=1",
        "'-1",
        "-1\n",
        "-１",
        "-1.",
        "-",
    ],
)
def test_a_formula_is_guarded_and_comes_back(text: str) -> None:
    assert guard_formula(text) == f"'{text}"
    assert strip_guard(guard_formula(text)) == text


@pytest.mark.parametrize("text", ["", "Dana", "O'Brien", "'tis", "'00123", "5", "a=b", "-5", "-10.00", "-0"])
def test_plain_text_stays_as_it_is(text: str) -> None:
    assert guard_formula(text) == text
    assert strip_guard(text) == text


@given(st.text(alphabet="'=+-@\t＝a1. ", max_size=6))
def test_guarding_and_stripping_undo_each_other(text: str) -> None:
    assert strip_guard(guard_formula(text)) == text
    is_number = re.fullmatch(r"-\d+(\.\d+)?", text)
    assert is_number or not guard_formula(text).startswith(tuple("=+-@\t\r\0＝＋－＠"))


def test_known_payloads(shared: Path) -> None:
    for text in (shared / "data/adversarial/csv-injection-payloads.txt").read_text(encoding="utf-8").splitlines():
        assert not guard_formula(text).startswith(tuple("=+-@\t\r\0＝＋－＠"))
        assert strip_guard(guard_formula(text)) == text
