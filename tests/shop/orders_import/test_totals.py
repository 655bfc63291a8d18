"""An order's sums, to the last minor unit: its discount, its total, and what was refunded of it."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from retainctl.clock import Clock
from retainctl.config import Shop
from retainctl.intake.cells import RowError
from retainctl.shop.orders_import.documents import (
    Buyer,
    Document,
    Line,
    OrderValues,
)
from retainctl.shop.orders_import.sums import (
    check_total,
    refund,
    spread_discount,
)
from retainctl.store.database import rows, value
from tests.planting import on_day
from tests.shop.orders_import.conftest import HEADER, Bring, codes, row


def values_of_shekels() -> OrderValues:
    return OrderValues(Clock(ZoneInfo("Asia/Jerusalem"), fixed=1_800_000_000), shop_currency="ILS")


def order(*amounts: int, shipping: int = 0, tax: int = 0, fee: int = 0, total: str = "") -> Document:
    """An order of lines of one piece each, and a fee that is no sale."""
    made = Document("1", Buyer("7"), 0, "ILS", shipping_minor=shipping, tax_minor=tax, stated={"total": total})
    made.lines = [Line(None, 1, "", amount) for amount in amounts] + [Line(None, 1, "", fee, 0, "fee")] * bool(fee)
    return made


@pytest.mark.parametrize(
    ("amounts", "discount", "left"),
    [
        ((100, 100, 100), 1, (99, 100, 100)),
        ((100, 100, 100), 2, (99, 99, 100)),
        ((100, 100, 100), 299, (0, 0, 1)),
        ((100, 200, 700), 5, (99, 199, 697)),  # shares of 0.5, 1.0 and 3.5
        ((100, 300, 600), 8, (99, 298, 595)),  # shares of 0.8, 2.4 and 4.8
        ((100, 0, 100), 200, (0, 0, 0)),
        ((100, 100), 201, (100, 100)),
    ],
)
def test_a_discount_of_the_whole_is_shared_by_the_lines_amounts(
    amounts: tuple[int, ...], discount: int, left: tuple[int, ...]
) -> None:
    document = order(*amounts, fee=900)
    spread_discount(document, discount)
    assert tuple(line.amount_minor for line in document.lines) == (*left, 900)
    assert sum(line.discount_minor for line in document.lines) == sum(amounts) - sum(left)


@pytest.mark.parametrize(
    ("refunded", "returns"),
    [
        (0, []),
        (1, [(0, 1)]),
        (299, [(0, 299)]),
        (300, [(1, 100), (1, 200)]),
        (301, [(1, 100), (1, 200)]),
        (363, [(1, 100), (1, 200)]),
        (364, None),
        (-1, None),
    ],
)
def test_a_refund_is_money_of_the_order_or_all_of_its_lines_and_never_more_than_was_paid(
    refunded: int, returns: list[tuple[int, int]] | None
) -> None:
    values = values_of_shekels()
    document = order(100, 200, shipping=30, tax=20, fee=10)  # 3.60 was paid, to a minor unit a line
    if returns is None:
        with pytest.raises(RowError) as caught:
            refund(values, document, refunded, at=0, column="Refunded Amount")
        assert caught.value.code == "return_larger_than_order"
    else:
        refund(values, document, refunded, at=0, column="Refunded Amount")
        assert [(one.quantity, one.amount_minor) for one in document.returns] == returns


@pytest.mark.parametrize("way", [300, 340, 320, 360])  # with shipping and fee, with tax, with all of them
@pytest.mark.parametrize(("off", "is_right"), [(-3, True), (-4, False), (3, True), (4, False)])
def test_a_total_is_right_to_a_minor_unit_a_line(way: int, off: int, is_right: bool) -> None:
    values = values_of_shekels()
    document = order(100, 200, shipping=30, tax=20, fee=10, total=f"{(way + off) / 100:.2f}")
    if is_right:
        check_total(values, document)
    else:
        with pytest.raises(RowError) as caught:
            check_total(values, document)
        assert caught.value.code == "bad_total"


def test_of_the_times_of_an_order_s_rows_the_earliest_counts(books: Shop, bring: Bring) -> None:
    days = ("2025-01-05", "2025-01-03", "2025-01-04")
    bring(books, HEADER, *[row("1", ordered_at=day) for day in days])
    assert rows("SELECT order_day, order_month FROM orders") == [on_day("2025-01-03")]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({}, {"email": "gil@shop.example"}),
        ({"phone": "050-1234567"}, {"phone": "050-7654321"}),
        ({}, {"status": "cancelled"}),
        ({"email": ""}, {"email": "", "ordered_at": "2025-01-06"}),
    ],
)
def test_two_rows_of_one_number_that_cannot_be_of_one_order_wait(
    books: Shop, bring: Bring, first: dict[str, str], second: dict[str, str]
) -> None:
    others = [row(str(number)) for number in range(10, 60)]
    outcome = bring(books, HEADER, *others, row("1", **first), row("1", **second))
    assert sorted(codes(outcome)) == ["mixed_order", "order_incomplete"]
    assert value("SELECT COUNT(*) FROM orders WHERE external_id = '1'") == 0


def test_what_comes_back_has_a_day_and_a_status_of_its_own(books: Shop, bring: Bring) -> None:
    back = row("1", quantity="-1", status="refunded", ordered_at="2025-01-09", email="")
    assert codes(bring(books, HEADER, row("1"), back)) == []
    assert rows("SELECT gross_minor FROM orders") == [(2_000,)]
    assert rows("SELECT amount_minor, return_day FROM order_returns") == [(1_000, on_day("2025-01-09")[0])]


@pytest.mark.parametrize("email", ["dana@shop.example", ""])
def test_an_order_is_known_by_its_sale_though_what_came_back_stands_above_it(
    books: Shop, bring: Bring, email: str
) -> None:
    back = row("1", quantity="-1", status="refunded", ordered_at="2025-01-09", email="other@shop.example")
    sale = {"status": "shipped", "ordered_at": "2025-01-05", "email": email}
    assert codes(bring(books, HEADER, back, row("1", **sale), row("1", sku="TEA", **sale))) == []
    assert rows("SELECT status, gross_minor, order_day FROM orders") == [("shipped", 4_000, on_day("2025-01-05")[0])]
    assert rows("SELECT amount_minor, return_day FROM order_returns") == [(1_000, on_day("2025-01-09")[0])]
    assert rows("SELECT key FROM contact_points") == [(email,)] * bool(email)


@pytest.mark.parametrize(("quantities", "is_sale"), [("2 0", 1), ("0 2", 1), ("0 2 0", 1), ("0 0", 0)])
def test_an_order_is_a_sale_if_any_of_its_lines_has_pieces(
    books: Shop, bring: Bring, quantities: str, is_sale: int
) -> None:
    bring(books, HEADER, *[row("1", sku=f"A{place}", quantity=one) for place, one in enumerate(quantities.split())])
    assert rows("SELECT is_sale FROM orders") == [(is_sale,)]
