"""Cells to values."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from retainctl.clock import Clock, day_number
from retainctl.config import Shop
from retainctl.intake.cache import IdSet, Memo
from retainctl.intake.cells import RowError
from retainctl.intake.values import Values
from retainctl.store.database import rows
from tests.shop.orders_import.conftest import HEADER, Bring, counts, row

CLOCKS_CHANGED = (1_711_670_400, 1_729_900_800, 1_712_361_600, 1_711_843_200)  # in 2024, in one of the zones below


@pytest.mark.parametrize("zone", ["Asia/Jerusalem", "Asia/Beirut", "Australia/Lord_Howe"])
def test_an_order_is_booked_on_the_shops_own_day_when_the_clocks_change_too(zone: str) -> None:
    clock = Clock(ZoneInfo(zone), fixed=1_800_000_000)
    values = Values(clock, shop_currency="ILS")
    for first in CLOCKS_CHANGED:
        for instant in range(first - 2 * 86_400, first + 3 * 86_400, 600):
            assert values.day(instant) == day_number(clock.day(instant))


@pytest.mark.parametrize(
    ("style", "text", "number"),
    [
        ("1,234.56", "1,234.5", "1234.5"),
        ("1,234.56", "-123,456,789.5", "-123456789.5"),
        ("1,234.56", "12,34.50", None),  # a group in the middle of two
        ("1,234.56", "1,2345.50", None),
        ("1,234.56", "1234,567.50", None),  # a first group of four
        ("1,234.56", ",234.50", None),
        ("1,234.56", "1.234,50", None),
        ("1.234,56", "-1.234,5", "-1234.5"),
        ("1.234,56", "12.34,50", None),
        ("1.234,56", "1.234", "1234"),
        ("1.234,56", "12.34", None),
        ("1.234,56", "12", "12"),
        ("1 234,56", "1\u202f234,5", "1234.5"),
        ("1 234,56", "12 34,5", None),
        ("1'234.56", "1'234.5", "1234.5"),
        ("1'234.56", "1'23.5", None),
        ("1 234,56", "12.34", None),
        ("1234,56", "1.234,5", None),
        ("1234,56", "12.34", None),
        ("1234,56", "₪12,34", "12.34"),
        ("1234.56", "-1234.5", "-1234.5"),
        ("1234.56", "\u200f(12.50) ₪", "-12.50"),
        ("1234.56", "12.50-", "-12.50"),
        ("1.234,56", "1.012,50-", "-1012.50"),
        ("1234.56", "-", None),
    ],
)
def test_a_number_is_read_by_its_own_format_or_not_at_all(style: str, text: str, number: str | None) -> None:
    values = Values(Clock(ZoneInfo("Asia/Jerusalem"), fixed=1_800_000_000), shop_currency="ILS", numbers=style)
    if number is None:
        with pytest.raises(RowError) as caught:
            values.number(text, "unit_price")
        assert (caught.value.column, caught.value.code) == ("unit_price", "bad_number")
    else:
        assert values.number(text, "unit_price") == Decimal(number)


def test_an_amount_has_as_many_decimals_as_its_currency(shop: Shop, bring: Bring) -> None:
    good = [row(f"G{number}") for number in range(60)]
    outcome = bring(
        shop,
        HEADER,
        *good,
        row("1", currency="KWD", quantity="3", unit_price="1.2345", discount="0.005"),
        row("2", currency="JPY", quantity="3", unit_price="100.5", discount="2"),
        row("3", currency="ILS", quantity="3", unit_price="1.2345", discount="0.05"),
        row("4", currency="KWD", discount="0.0005"),
        row("5", currency="ILS", discount="0.005"),
        row("6", currency="JPY", discount="0.5"),
    )
    assert counts(outcome) == (66, 63, 0, 0, 0, 0, 3)
    assert rows(
        "SELECT external_id, currency, gross_minor, discount_minor FROM orders WHERE external_id < 'A' ORDER BY 1"
    ) == [("1", "KWD", 3_699, 5), ("2", "JPY", 300, 2), ("3", "ILS", 365, 5)]


def test_an_order_may_be_a_day_ahead_of_the_shop_s_clock_and_no_more(shop: Shop, bring: Bring) -> None:
    good = [row(f"G{number}") for number in range(40)]
    ahead = [row(f"{hour}", ordered_at=f"2025-03-03T{hour}:00+02:00") for hour in (10, 11)]
    outcome = bring(shop, HEADER, *good, *ahead)
    assert [(held.document, held.code) for held in outcome.quarantined] == [("11", "future_date")]
    assert rows("SELECT external_id FROM orders WHERE external_id < 'A'") == [("10",)]


@pytest.mark.parametrize(
    ("stated", "mapped", "currency"), [("", "", "ILS"), ("", "USD", "USD"), ("EUR", "", "EUR"), ("EUR", "USD", "EUR")]
)
def test_the_currency_of_a_file_is_the_stated_one_or_its_mapping_s_or_the_shop_s(
    books: Shop, bring: Bring, stated: str, mapped: str, currency: str
) -> None:
    bring(
        books,
        "order_id,ordered_at,quantity,unit_price",
        "1,2025-01-05,1,9.90",
        mapping=f'currency = "{mapped}"',
        currency=stated,
    )
    assert rows("SELECT currency, gross_minor FROM orders") == [(currency, 990)]


def test_a_file_that_says_no_currency_is_read_anew_when_the_shop_s_own_is_another(books: Shop, bring: Bring) -> None:
    """A shop may have been set up in the wrong currency."""
    lines = ["order_id,ordered_at,quantity,unit_price", "1,2025-01-05,1,9.90"]
    bring(books, *lines)
    mended = dataclasses.replace(books, settings=dataclasses.replace(books.settings, currency="EUR"))
    assert counts(bring(mended, *lines)) == (1, 0, 1, 0, 0, 0, 0)
    assert rows("SELECT currency, version FROM orders") == [("EUR", 2)]


def test_a_file_that_says_no_time_zone_is_read_anew_when_the_shop_s_own_is_another(books: Shop, bring: Bring) -> None:
    lines = ["order_id,ordered_at,quantity,unit_price", "1,2025-01-05T20:00:00,1,9.90"]
    bring(books, *lines)
    moved = dataclasses.replace(books, clock=Clock(ZoneInfo("America/New_York"), fixed=books.clock.now()))
    for changed in (1, 0):
        assert counts(bring(moved, *lines)) == (changed, 0, changed, 0, 0, 0, 0)
        assert rows("SELECT ordered_at, version FROM orders") == [(1_736_125_200, 2)]


@pytest.mark.parametrize(("word", "means", "is_sale"), [("paid", "pending", 0), ("void", "paid", 1)])
def test_a_mapping_says_what_a_word_of_the_shop_s_means_whatever_it_means_elsewhere(
    books: Shop, bring: Bring, word: str, means: str, is_sale: int
) -> None:
    bring(books, HEADER, row("1", status=word), row("2", status="cancelled"), mapping=f'[statuses]\n{word} = "{means}"')
    assert rows("SELECT external_id, status, is_sale FROM orders ORDER BY 1") == [
        ("1", means, is_sale),
        ("2", "cancelled", 0),
    ]


def test_no_more_is_remembered_of_a_file_than_memory_is_for() -> None:
    memo: Memo[int, int] = Memo(lambda number: -number, most=2)
    assert [(memo[number], len(memo)) for number in (1, 2, 1, 3, 1)] == [(-1, 1), (-2, 2), (-1, 2), (-3, 1), (-1, 2)]


def test_ids_are_kept_once_and_come_in_their_order() -> None:
    ids = IdSet()
    for number in (70_000, 0, 65_535, 65_536, 1, 1):
        ids.add(number)
    assert list(ids) == [0, 1, 65_535, 65_536, 70_000]
    assert [number in ids for number in (0, 2, 65_536, 65_537, 10**9)] == [True, False, True, False, False]
