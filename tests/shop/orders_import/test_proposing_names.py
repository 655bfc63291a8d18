"""One known word within the name of a column is not its name: what it may be else is asked, or told by the rows."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from retainctl.config import Shop
from retainctl.shop.orders_import.proposing import propose_mapping

pytestmark = pytest.mark.parametrize("database_url", ["sqlite:retain.db"], indirect=True)  # it asks no database
HEADER = "Order no,Date,Email,SKU,Qty,Price"


def proposed(shop: Shop, folder: Path, header: str, *lines: str) -> tuple[list[str], dict[str, Any]]:
    """What a first mapping asks, and what it says."""
    (folder / "orders.csv").write_text("\n".join([header, *lines, ""]), encoding="utf-8")
    said = propose_mapping(shop, str(folder / "orders.csv"))
    return [line for line in said.splitlines() if line.startswith("# TO DO: ")], tomllib.loads(said)


def of_days(*cells: str) -> list[str]:
    """Rows of the shop's own columns, an order a day, each with *cells* more; an article has two quantities."""
    return [
        f"{n},2025-01-{n:02},a{n}@example.com,MUG,{1 + n % 2},10.00{',' if cell else ''}{cell}"
        for n, cell in enumerate(cells, 1)
    ]


@pytest.mark.parametrize(
    ("name", "cells", "asked"),
    [
        ("Price after discount", ("10.00", "9.00"), "Is the price of a piece in Price or in Price after discount?"),
        ("Prezzo scontato", ("10.00", "9.00"), "Is the price of a piece in Price or in Prezzo scontato?"),
        ("Discount per unit", ("1.00", "0.50"), "Is Discount per unit the discount of a whole line, in money, and"),
        ("Commission discount", ("1.00", "0.50"), "Is Commission discount the discount of a whole line, in money, and"),
        (
            "Refundable amount",
            ("5.00", "5.00"),
            "Is Refundable amount the money that came back of the whole order, and",
        ),
        ("Void", ("0", "1", "0", "1"), "Void is not read, and has words such as 0."),
        ("Qty returned", ("0", "1"), ""),
        ("Returned", ("0.00", "1.00"), "Returned is not read, and its name speaks of what came back."),
        ("Salesperson email", ("x@example.com", "x@example.com"), ""),
        ("Qty in stock", ("100", "200"), "Qty in stock ('100' and other numbers)."),
    ],
)
def test_a_column_beside_the_others_is_asked_of_or_is_none_of_theirs(
    shop: Shop, tmp_path: Path, name: str, cells: tuple[str, ...], asked: str
) -> None:
    doubts, mapping = proposed(shop, tmp_path, f"{HEADER},{name}", *of_days(*cells))
    assert [asked in one for one in doubts] == [True] * bool(asked)
    assert (mapping.get("unanswered"), mapping["columns"]["email"]) == (True if asked else None, "Email")
    assert (mapping["columns"]["quantity"], mapping["columns"]["unit_price"]) == ("Qty", "Price")


@pytest.mark.parametrize(
    ("cells", "told"),
    [(("-2.00", "0.00", "-1.00"), True), (("2.00", "0.00", "1.00"), None), (("", "", ""), None)],
)
def test_discounts_below_zero_are_told_by_the_rows(
    shop: Shop, tmp_path: Path, cells: tuple[str, ...], told: bool | None
) -> None:
    doubts, mapping = proposed(
        shop, tmp_path, f"{HEADER},Discount", *[f"{n}" for n in of_days(*(c or " " for c in cells))]
    )
    assert (doubts, mapping.get("negative_discounts")) == ([], told)


def test_discounts_of_two_signs_are_asked_of_and_discounts_that_leave_nothing(shop: Shop, tmp_path: Path) -> None:
    doubts, _ = proposed(shop, tmp_path, f"{HEADER},Discount", *of_days("-2.00", "-1.00", "1.00"))
    assert ["2 of 3 discounts in Discount are below zero" in one for one in doubts] == [True]
    doubts, _ = proposed(shop, tmp_path, f"{HEADER},Discount", *of_days("20.00", "10.00", "20.00"))
    assert ["By Discount as a discount most of the lines with one come to nothing" in one for one in doubts] == [True]


@pytest.mark.parametrize("cells", [("0.750", "1.250"), ("2 pcs", "1 pcs"), ("2", "1")])
def test_a_row_is_one_piece_only_where_no_column_may_have_the_pieces(
    shop: Shop, tmp_path: Path, cells: tuple[str, ...]
) -> None:
    name = "Qty" if "pcs" in cells[0] else "Weight"
    lines = [f"{n},2025-01-{n:02},a@example.com,MUG,10.00,{cell}" for n, cell in enumerate(cells, 1)]
    doubts, mapping = proposed(shop, tmp_path, f"Order no,Date,Email,SKU,Price,{name}", *lines)
    assert f"pieces may stand in {name}." in doubts[0]
    assert (mapping["columns"]["quantity"], "constants" in mapping) == ("TO DO", False)


@pytest.mark.parametrize(
    ("names", "currency", "asks"),
    [("Total (USD)", "USD", False), ("Total in €", "EUR", False), ("Total", "ILS", False), ("Total ($)", "USD", False)],
)
def test_a_currency_in_the_name_of_a_column_is_the_currency(
    shop: Shop, tmp_path: Path, names: str, currency: str, asks: bool
) -> None:
    doubts, mapping = proposed(shop, tmp_path, f"Order no,Date,Email,{names}", "1,2025-01-05,a@example.com,5.00")
    assert (mapping["currency"], bool(doubts)) == (currency, asks)


def test_names_of_two_currencies_are_left_to_do(shop: Shop, tmp_path: Path) -> None:
    header, line = "Order no,Date,Email,Total (USD),Tax (EUR)", "1,2025-01-05,a@example.com,5.00,1.00"
    doubts, mapping = proposed(shop, tmp_path, header, line)
    assert (mapping["currency"], "several currencies, USD, EUR" in doubts[0] or "EUR, USD" in doubts[0]) == (
        "TO DO",
        True,
    )


def test_hours_of_no_zone_are_read_so(shop: Shop, tmp_path: Path) -> None:
    doubts, mapping = proposed(
        shop, tmp_path, "Order no,Date (UTC),Email,Total", "1,2025-01-05 23:30,a@example.com,5.00"
    )
    assert (doubts, mapping["timezone"]) == ([], "UTC")


@pytest.mark.parametrize(
    ("days", "form"),
    [(("25/01/05", "25/01/19"), "%y/%m/%d"), (("05/01/25", "19/01/25"), "%d/%m/%y"), (("25/01/25", "25/01/25"), None)],
)
def test_of_two_ways_to_read_a_short_year_the_one_of_fewer_years_is_right(
    shop: Shop, tmp_path: Path, days: tuple[str, str], form: str | None
) -> None:
    lines = [f"{n},{day},a@example.com,{n}.00" for n, day in enumerate(days, 1)]
    doubts, mapping = proposed(shop, tmp_path, "Order no,Date,Email,Total", *lines)
    assert (mapping.get("dates"), bool(doubts)) == (form, form is None)


@pytest.mark.parametrize("price", ["Price", "Kind"])
def test_a_negative_quantity_is_asked_of_whether_there_is_a_price_or_none(
    shop: Shop, tmp_path: Path, price: str
) -> None:
    lines = [f"{n},2025-01-0{n},a@example.com,MUG,{pieces},{n}0.00" for n, pieces in ((1, 2), (2, -1))]
    doubts, _ = proposed(shop, tmp_path, f"Order no,Date,Email,SKU,Qty,{price}", *lines)
    assert any("Rows with a negative Qty: 1, such as '-1'" in one for one in doubts)


def test_what_tells_receipts_of_two_branches_apart_is_named(shop: Shop, tmp_path: Path) -> None:
    lines = [
        f"{place},2025-01-0{day},{n},{place}{day}{n}@example.com,5.00"
        for place in ("North", "South") for day in (1, 2) for n in (1, 2)
    ]  # fmt: skip
    doubts, _ = proposed(shop, tmp_path, "Store,Date,Receipt no,Email,Total", *lines)
    assert any('order_id = ["Store", "Date", "Receipt no"]' in one for one in doubts)


@pytest.mark.parametrize(
    ("name", "cells"), [("Item status", ("Shipped", "Returned")), ("Line refund", ("0.00", "2.00"))]
)
def test_what_differs_within_an_order_is_asked_of(
    shop: Shop, tmp_path: Path, name: str, cells: tuple[str, ...]
) -> None:
    lines = [f"1,2025-01-05,a@example.com,MUG{n},{n},10.00,{cell}" for n, cell in enumerate(cells, 1)]
    doubts, _ = proposed(shop, tmp_path, f"{HEADER},{name}", *lines)
    assert any(f"{name} differs within an order: 1" in one for one in doubts)
