"""What the rows of one order say together: pieces that came back, sums that agree, discounts that turn their sign."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from retainctl.config import Shop
from retainctl.shop.orders_import.orders import import_orders
from retainctl.shop.orders_import.planning import OrderOptions
from retainctl.store.database import rows, value


def imported(shop: Shop, folder: Path, mapping: str, header: str, *lines: str) -> list[str]:
    """What waits of a file; a mapping may say how it is read."""
    (folder / "orders.csv").write_text("\n".join([header, *lines, ""]), encoding="utf-8")
    (folder / "first.toml").write_text(mapping, encoding="utf-8")
    options = OrderOptions(mapping=folder / "first.toml", source="x")
    return [one.code for one in import_orders(shop, str(folder / "orders.csv"), options).quarantined]


PLAIN = "order_id,ordered_at,email,sku,quantity,unit_price"


def line(order: str, *more: str, quantity: str = "2", price: str = "10.00") -> str:
    return ",".join([order, "2025-01-05", "dana@example.com", f"MUG{len(more)}", quantity, price, *more])


def returns() -> list[tuple[Any, ...]]:
    return rows("SELECT quantity_thousandths, amount_minor FROM order_returns ORDER BY id")


def test_pieces_that_came_back_are_returned_by_their_line_after_its_discount(shop: Shop, tmp_path: Path) -> None:
    header = f"{PLAIN},order_discount,returned_quantity"
    given = [line("1", "3.00", "1", quantity="3"), line("1", "3.00", "0", quantity="1", price="20.00")]
    assert imported(shop, tmp_path, "", header, *given, line("2", "", "2.5", quantity="2.5")) == []
    assert value("SELECT SUM(gross_minor) FROM orders") == 7_200
    assert returns() == [(1_000, 940), (2_500, 2_500)]  # of the 3.00 off 50.00 the first line bears 1.80


@pytest.mark.parametrize(("back", "code"), [("3", "bad_quantity"), ("-1", "bad_quantity"), ("x", "bad_number")])
def test_more_pieces_than_were_sold_cannot_come_back(shop: Shop, tmp_path: Path, back: str, code: str) -> None:
    assert imported(shop, tmp_path, "", f"{PLAIN},returned_quantity", line("1", back)) == [code]


@pytest.mark.parametrize(
    ("refunded", "expected"),
    [("", [(1_000, 1_000)]), ("10.00", [(1_000, 1_000)]), ("13.00", [(1_000, 1_000), (0, 300)])],
)
def test_money_beyond_the_pieces_came_back_too(
    shop: Shop, tmp_path: Path, refunded: str, expected: list[tuple[int, int]]
) -> None:
    header = f"{PLAIN},returned_quantity,refunded"
    assert imported(shop, tmp_path, "", header, line("1", "1", refunded)) == []
    assert returns() == expected


@pytest.mark.parametrize(
    ("column", "first", "second"),
    [
        ("refunded", "0.00", "5.00"),
        ("order_discount", "1.00", "2.00"),
        ("total", "40.00", "99.00"),
        ("status", "refunded", "completed"),
        ("status", "completed", "refunded"),
        ("cancelled_at", "", "2025-01-06"),
        ("cancelled_at", "2025-01-06", ""),
    ],
)
def test_an_order_whose_rows_say_different_things_of_it_waits(
    shop: Shop, tmp_path: Path, column: str, first: str, second: str
) -> None:
    waiting = imported(shop, tmp_path, "", f"{PLAIN},{column}", line("1", first), line("1", second), line("2", ""))
    assert sorted(waiting) == ["mixed_order", "order_incomplete"]
    assert rows("SELECT external_id FROM orders") == [("2",)]


def test_what_a_further_row_says_of_an_order_whose_first_says_nothing_counts(shop: Shop, tmp_path: Path) -> None:
    assert imported(shop, tmp_path, "", f"{PLAIN},refunded", line("1", ""), line("1", "5.00"), line("1", "5")) == []
    assert [amount for _, amount in returns()] == [500]


@pytest.mark.parametrize("sign", ["3.50", "-3.50"])
def test_a_discount_that_turns_its_sign_where_goods_come_back_is_read_by_its_size(
    shop: Shop, tmp_path: Path, sign: str
) -> None:
    mapping = 'negative_amounts = "refund"\nnegative_discounts = true\n'
    header = f"{PLAIN},discount,status"
    given = [line("1", "-3.50", "completed"), line("1", sign, "refunded", quantity="-2")]
    assert imported(shop, tmp_path, mapping, header, *given) == []
    assert [amount for _, amount in returns()] == [1_650]
    assert value("SELECT gross_minor FROM orders") == 1_650


def test_a_negative_quantity_came_back_where_negative_amounts_did(shop: Shop, tmp_path: Path) -> None:
    given = [line("1"), line("1", quantity="-1")]
    assert imported(shop, tmp_path, 'negative_amounts = "refund"\n', PLAIN, *given) == []
    assert returns() == [(1_000, 1_000)]


@pytest.mark.parametrize(("text", "code"), [("0.125", []), ("0.1255", ["bad_quantity"])])
def test_a_quantity_is_of_thousandths(shop: Shop, tmp_path: Path, text: str, code: list[str]) -> None:
    assert imported(shop, tmp_path, 'numbers = "1234.56"\n', PLAIN, line("1", quantity=text, price="80.00")) == code
    assert rows("SELECT gross_minor FROM orders") == ([] if code else [(1_000,)])


def test_a_refund_that_is_written_below_zero_is_one(shop: Shop, tmp_path: Path) -> None:
    assert imported(shop, tmp_path, "", f"{PLAIN},refunded", line("1", "-5.00")) == []
    assert [amount for _, amount in returns()] == [500]
