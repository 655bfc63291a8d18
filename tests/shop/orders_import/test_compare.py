"""An order's rows may stand anywhere in its file, however few of them are looked at together."""

from __future__ import annotations

import pytest

from retainctl.config import Shop
from retainctl.intake import csv_rows
from retainctl.shop.orders_import import compare
from retainctl.shop.orders_import.processes import batches
from retainctl.store.database import rows, value
from tests.planting import on_day
from tests.shop.orders_import.conftest import HEADER, PIECES, Bring, codes, counts, row

WIDE = HEADER + ",refund_of,shipping,tax"
OTHERS = [f"{row(f'F{number}')},,," for number in range(60)]  # what stands between the rows of an order


def part(order: str = "1", refund_of: str = "", **cells: str) -> str:
    """A row of an order that has shipping of 5.00 and tax of 1.00 in each of its rows."""
    return f"{row(order, **cells)},{refund_of},5.00,1.00"


def scattered(*lines: str) -> list[str]:
    """*lines* so far apart that no two of them are looked at together."""
    return [WIDE, *(one for place, line in enumerate(lines) for one in _among(line, OTHERS[3 * place : 3 * place + 3]))]


def _among(line: str, others: list[str]) -> list[str]:
    return [others[0], line, *others[1:]]


def orders(columns: str = "version, gross_minor") -> list[tuple[object, ...]]:
    """Some columns of the orders whose ids are plain numbers."""
    return rows(f"SELECT external_id, {columns} FROM orders WHERE external_id < 'A' ORDER BY external_id")


@pytest.fixture(autouse=True)
def two_rows_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_rows, "CHUNK_ROWS", 2)
    monkeypatch.setattr(csv_rows, "_ROWS_AT_ONCE", 1)


def read_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let all of a file be read before any of it is written, as far as a second process may be ahead."""
    every = "retainctl.shop.orders_import.orders.batches"
    monkeypatch.setattr(every, lambda *asked: (one for one in list(batches(*asked))))


@pytest.mark.parametrize("ahead", [False, True])
@pytest.mark.parametrize("gathered", [1, 2, 100])
def test_an_order_is_what_all_of_its_rows_say(
    shop: Shop, bring: Bring, monkeypatch: pytest.MonkeyPatch, gathered: int, ahead: bool
) -> None:
    monkeypatch.setattr(compare, "GATHERED_ROWS", gathered)
    if ahead:
        read_ahead(monkeypatch)
    mug, tea, jam = (
        part(discount="2"),
        part(sku="TEA", discount="3", email=""),
        part(sku="JAM", ordered_at="2025-01-04"),
    )
    danas = "customer_id = (SELECT MIN(id) FROM customers)"
    sums = f"{danas}, order_day, gross_minor, discount_minor, shipping_minor, tax_minor"
    bring(shop, *scattered(mug, tea, jam))
    assert orders(sums) == [("1", 1, on_day("2025-01-04")[0], 5_500, 500, 500, 100)]
    bring(shop, *scattered(mug, part(sku="TEA", discount="4"), jam), name="b.csv")
    assert orders(f"version, {sums}") == [("1", 2, 1, on_day("2025-01-04")[0], 5_400, 600, 500, 100)]
    assert rows(
        "SELECT line_no, amount_minor FROM order_lines AS l JOIN orders AS o ON o.id = l.order_id"
        " WHERE external_id = '1' ORDER BY line_no"
    ) == [(1, 1_800), (2, 1_600), (3, 2_000)]


def test_an_order_whose_rows_stand_apart_and_are_those_that_are_known_is_unchanged(
    shop: Shop, bring: Bring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compare, "GATHERED_ROWS", 2)
    lines = [part(order, sku=sku) for order in ("1", "2", "3") for sku in ("MUG", "TEA")]
    bring(shop, *scattered(*lines))
    assert counts(bring(shop, *scattered(*reversed(lines)), name="b.csv")) == (24, 0, 0, 24, 0, 0, 0)
    assert orders("version") == [("1", 1), ("2", 1), ("3", 1)]


@pytest.mark.parametrize("known", [True, False])
def test_an_order_whose_rows_stand_apart_is_of_the_earliest_of_their_times(
    shop: Shop, bring: Bring, known: bool
) -> None:
    days = ("2025-01-06", "2025-01-04", "2025-01-08")
    if known:
        bring(shop, WIDE, part(ordered_at="2025-01-07"), *OTHERS, name="before.csv")
    bring(shop, *scattered(*(part(sku=f"S{day}", ordered_at=day) for day in days)))
    assert orders("order_day") == [("1", on_day("2025-01-04")[0])]


def test_a_row_that_comes_once_more_than_it_did_is_one_more_line(shop: Shop, bring: Bring) -> None:
    bring(shop, WIDE, *OTHERS, part("1"), part("2"), part("3"), part("3", sku="TEA"))
    lines = [part("1"), part("1"), part("2", sku="TEA"), part("2"), part("3"), part("3", sku="TEA"), part("3")]
    outcome = bring(shop, *scattered(*lines), name="b.csv")
    assert counts(outcome) == (28, 0, 7, 21, 0, 0, 0)
    assert orders() == [("1", 2, 4_000), ("2", 2, 4_000), ("3", 2, 6_000)]


def test_an_order_of_which_a_file_tells_the_return_alone_is_a_sale_with_a_return(shop: Shop, bring: Bring) -> None:
    bring(shop, WIDE, part(), part("2"))
    back = part(quantity="-2", status="refunded")
    assert counts(bring(shop, WIDE, back, part("2"), name="b.csv")) == (2, 0, 1, 1, 0, 0, 0)
    assert orders() == [("1", 2, 2_000), ("2", 1, 2_000)]
    assert rows("SELECT amount_minor FROM order_returns") == [(2_000,)]
    assert counts(bring(shop, WIDE, back, name="c.csv")) == (1, 0, 0, 1, 0, 0, 0)


@pytest.mark.parametrize("gathered", [1, 100])
def test_what_is_older_than_what_is_known_adds_nothing_wherever_its_rows_stand(
    shop: Shop, bring: Bring, monkeypatch: pytest.MonkeyPatch, gathered: int
) -> None:
    monkeypatch.setattr(compare, "GATHERED_ROWS", gathered)
    older = scattered(part(), part(sku="TEA"), part(sku="JAM"), part("2"), part("2", sku="TEA"))
    bring(shop, *older)
    bring(shop, *scattered(part(sku="JAM"), part("2", quantity="9")), name="b.csv")
    known = [("1", 2, 2_000), ("2", 2, 9_000)]
    assert orders() == known
    assert counts(bring(shop, *older, again=True)) == (20, 0, 0, 20, 0, 0, 0)
    assert orders() == known


def test_the_rows_of_a_return_may_stand_apart_too(shop: Shop, bring: Bring) -> None:
    sales = [f"{row(number, quantity='9')},,," for number in ("1", "2", "3")]
    taken = f"SELECT external_id, line_no, named_order, {PIECES} FROM order_returns ORDER BY 1, 2"
    parts = [part("R", number, quantity="-1") for number in ("1", "2", "3")]
    assert bring(shop, *scattered(*parts), *sales).row.returns == 3
    assert rows(taken) == [("R", 1, "1", 1), ("R", 2, "2", 1), ("R", 3, "3", 1)]
    bring(shop, *scattered(parts[0], part("R", "2", quantity="-2"), parts[2]), name="b.csv")
    assert rows(taken) == [("R", 1, "1", 1), ("R", 2, "2", 2), ("R", 3, "3", 1)]
    assert value("SELECT SUM(returns_minor) FROM customer_summaries") == 4_000
    assert value("SELECT COUNT(DISTINCT content_hash) FROM order_returns") == 1
    together = [parts[0], part("R", "2", quantity="-2"), parts[2]]
    assert counts(bring(shop, WIDE, *together, name="c.csv")) == (3, 0, 0, 3, 0, 0, 0)
    bring(shop, *scattered(*parts), *sales, again=True)
    assert rows(taken)[1:] == [("R", 2, "2", 2), ("R", 3, "3", 1)], "what was told since counts"
    once_more = part("S", "1", quantity="-1")
    for more in ([once_more], [once_more, *together, *OTHERS, parts[2], once_more]):
        bring(shop, WIDE, *more, name="d.csv")
    assert rows(taken)[2:] == [("R", 3, "3", 1), ("R", 4, "3", 1), ("S", 1, "1", 1), ("S", 2, "1", 1)]


def test_what_came_back_of_an_order_is_of_the_lines_that_it_says_wherever_they_stand(shop: Shop, bring: Bring) -> None:
    refunded = [part(sku=sku, status="refunded") for sku in ("MUG", "TEA", "JAM")]
    taken = f"SELECT r.line_no, order_line_no, {PIECES} FROM order_returns AS r ORDER BY 1"
    bring(shop, *scattered(refunded[0], part(sku="TEA", status="refunded", email=""), refunded[2]))
    assert rows(taken) == [(1, 1, 2), (2, 2, 2), (3, 3, 2)]
    assert value("SELECT COUNT(customer_id) FROM order_returns") == 3
    bring(shop, *scattered(*refunded[:2], part(sku="JAM", quantity="3", status="refunded")), name="b.csv")
    assert rows(taken) == [(1, 1, 2), (2, 2, 2), (3, 3, 3)]
    backs = [part(sku=sku, quantity="-1", status="refunded") for sku in ("MUG", "TEA")]
    bring(shop, *scattered(*backs, part(), part(sku="TEA")), name="c.csv")
    assert rows(taken)[:2] == [(1, 1, 1), (2, 2, 1)]
    assert orders() == [("1", 4, 4_000)]


def test_the_row_that_gives_back_too_much_is_the_one_in_quarantine(shop: Shop, bring: Bring) -> None:
    bad = [part(name, "F1", quantity=many) for name, many in (("R", "-7"), ("R", "-8"), ("S", "-9"))]
    good = [part("R", "F2", quantity="-1"), part("S", "F3", quantity="-1")]
    outcome = bring(shop, *scattered(bad[0], good[0], bad[1]), part("S", sku="TEA"), bad[2], good[1], *OTHERS[9:])
    assert (codes(outcome), outcome.row.returns) == (["return_larger_than_order"] * 3, 2)
    assert sorted(held.origin.raw_bytes.decode() for held in outcome.quarantined) == [f"{one}\n" for one in bad]
    assert rows("SELECT external_id, named_order FROM order_returns ORDER BY 1") == [("R", "F2"), ("S", "F3")]
