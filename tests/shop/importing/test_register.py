"""How much may be wrong with a file, and what the register of imports knows of the files before."""

from __future__ import annotations

import pytest

from retainctl.config import Shop
from retainctl.errors import BadData
from retainctl.shop.importing import tables
from retainctl.store.database import rows, value
from tests.shop.importing.conftest import HEADER, Bring, codes, counts, row


def good(many: int) -> list[str]:
    return [row(f"G{number}") for number in range(many)]


def bad(many: int) -> list[str]:
    return [row(f"B{number}", quantity="x") for number in range(many)]


@pytest.mark.parametrize(
    ("bad_rows", "good_rows", "is_booked"),
    [(1, 0, True), (1, 19, True), (2, 38, True), (2, 37, False), (1_000, 19_000, True), (1_001, 19_999, False)],
)
def test_one_bad_row_is_booked_around_and_one_in_twenty_and_a_thousand(
    books: Shop, bring: Bring, monkeypatch: pytest.MonkeyPatch, bad_rows: int, good_rows: int, is_booked: bool
) -> None:
    """All of them stand at the beginning: a file is judged by its rows to the end."""
    for rows_at_once in ("CHUNK_ROWS", "_ROWS_AT_ONCE"):
        monkeypatch.setattr(tables, rows_at_once, good_rows // 10 + 1)
    lines = [HEADER, *bad(bad_rows), *good(good_rows)]
    if is_booked:
        assert counts(bring(books, *lines)) == (bad_rows + good_rows, good_rows, 0, 0, 0, 0, bad_rows)
    else:
        with pytest.raises(BadData):
            bring(books, *lines)
    assert value("SELECT COUNT(*) FROM orders") == (good_rows if is_booked else 0)
