"""Cells to values."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from retainctl.clock import Clock, day_number
from retainctl.config import Shop
from retainctl.intake import declared
from retainctl.intake.cache import IdSet, Memo
from retainctl.intake.cells import RowError
from retainctl.intake.declared import GivenCell
from retainctl.intake.values import Values, yes_or_no
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
        ("1 234,56", "1\u00a0234,5", "1234.5"),
        ("1234.56", "\u200e12.50", "12.50"),
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


@pytest.mark.parametrize(
    ("dates", "text", "hour"),
    [
        ("%d/%m/%Y", "05/01/2025", None), ("%d.%m.%y", "05.01.25", None), ("%d/%m/%Y %H:%M", "05/01/2025 15:30", 15),
        ("%d/%m/%Y %X", "05/01/2025 15:30:00", 15), ("%c", "Sun Jan  5 15:30:00 2025", 15),
        ("%d/%m/%Y %I %p", "05/01/2025 03 PM", 15), ("iso", "2025-01-05", None), ("iso", "2025-01-05 15:30", 15),
    ],
)  # fmt: skip
def test_a_time_counts_where_its_form_has_one_and_a_day_is_its_noon(dates: str, text: str, hour: int | None) -> None:
    clock = Clock(ZoneInfo("Asia/Jerusalem"), fixed=1_800_000_000)
    instant, day_only = Values(clock, shop_currency="ILS", dates=dates).instant(text, "ordered_at")
    moment = clock.local(instant)
    assert (moment.date().isoformat(), moment.hour, day_only) == ("2025-01-05", hour or 12, hour is None)


def test_an_answer_is_yes_or_no_or_nothing_in_the_words_of_programs() -> None:
    yes = "yes Y true 1 on subscribed given opted_in confirmed כן מאשר הסכמתי v ✓"
    no = "No n FALSE 0 off unsubscribed revoked opted_out refused לא מסרב הסיר"
    nothing = ["", " ", *"never_subscribed not_subscribed pending null none - n/a".split()]
    assert {yes_or_no(f" {word} ") for word in yes.split()} == {True}
    assert {yes_or_no(word) for word in no.split()} == {False}
    assert {yes_or_no(word) for word in nothing} == {None}
    for word in ("רשום", "רשומה", "מאושר"):  # whoever has an account, and has agreed to nothing
        with pytest.raises(ValueError, match="is neither yes nor no"):
            yes_or_no(word)


@pytest.mark.parametrize("mark", ["₪", "$", "€", "£", "NIS", "ILS", "USD", "EUR", "GBP"])
def test_the_sign_of_a_currency_may_stand_before_a_number_or_after_it(mark: str) -> None:
    values = Values(Clock(ZoneInfo("Asia/Jerusalem"), fixed=1_800_000_000), shop_currency="ILS")
    for text, number in ((f"{mark}12.50", "12.50"), (f"-{mark} 12.50", "-12.50"), (f"12.50 {mark}", "12.50")):
        assert values.number(text, "unit_price") == Decimal(number)


def test_a_declared_price_is_in_the_currency_of_its_row_and_where_that_says_nothing_in_the_usual_one() -> None:
    clock = Clock(ZoneInfo("Asia/Jerusalem"), fixed=1_800_000_000)
    values = Values(clock, shop_currency="ILS", stated_currency="ILS")
    rows_of: tuple[dict[str, str], ...] = (
        {},
        {"currency": ""},
        {"currency": "NULL"},
        {"currency": "JPY"},
        {"currency": "kwd"},
    )
    assert [declared.price(GivenCell("7", "price", row, values)) for row in rows_of] == [700, 700, 700, 7, 7_000]
    said = ("", "N/A", "-", "€")
    assert [declared.currency(GivenCell(text, "currency", {}, values)) for text in said] == ["ILS"] * 3 + ["EUR"]
    with pytest.raises(RowError, match="is negative"):
        declared.price(GivenCell("-0.01", "price", {}, values))


STATUSES = {
    "pending": "pending ממתין", "paid": "paid PAID שולם", "processing": "processing בטיפול", "shipped": "shipped נשלח",
    "fulfilled": "fulfilled", "completed": "completed complete delivered הושלם", "refunded": "refunded זוכה",
    "cancelled": "cancelled canceled בוטל", "voided": "voided void", "failed": "failed נכשל",
}  # fmt: skip


def test_each_word_for_a_status_says_whether_the_order_is_a_sale(books: Shop, bring: Bring) -> None:
    words = [(word, status) for status, several in STATUSES.items() for word in several.split()] + [("", "completed")]
    bring(books, HEADER, *[row(f"{place}", status=word) for place, (word, _) in enumerate(words)])
    sales = ("paid", "processing", "shipped", "fulfilled", "completed", "refunded")
    assert rows("SELECT status, is_sale FROM orders ORDER BY id") == [(kept, int(kept in sales)) for _, kept in words]


def test_a_status_that_is_none_is_told_in_whichever_row_of_an_order_it_stands(books: Shop, bring: Bring) -> None:
    good = [row(f"G{number}") for number in range(30)]
    outcome = bring(books, HEADER, *good, row("1"), row("1", sku="TEA", status="lost"))
    assert [(held.document, held.code) for held in outcome.quarantined] == [
        ("1", "bad_status"),
        ("1", "order_incomplete"),
    ]
    assert rows("SELECT id FROM orders WHERE external_id = '1'") == []


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2025-01-05T15:30:00Z", 1_736_091_000), ("2025-01-05 15:30:00 UTC", 1_736_091_000),
        ("2025-01-05 15:30:00 +0200", 1_736_083_800), ("2025-01-05 15:30:00 -0500", 1_736_109_000),
        ("2025-01-05T15:30-05:00", 1_736_109_000), ("2025-01-05 15:30", 1_736_083_800),
    ],
)  # fmt: skip
def test_an_offset_counts_however_it_is_written(text: str, instant: int) -> None:
    values = Values(Clock(ZoneInfo("Asia/Jerusalem"), fixed=1_800_000_000), shop_currency="ILS")
    assert values.instant(text, "ordered_at") == (instant, False)


@pytest.mark.parametrize(
    ("dates", "text", "code"),
    [
        ("iso", "", "bad_date"), ("iso", "  ", "bad_date"), ("iso", "null", "bad_date"),
        ("iso", "2025-02-30", "bad_date"),
        ("iso", "1970-12-31", "bad_date"), ("iso", "1970-12-31T23:59:59Z", "bad_date"),
        ("iso", "45662", "undeclared_serial_date"),
        ("iso", "1736083800", "undeclared_serial_date"), ("iso", "2030-01-01", "future_date"),
        ("epoch", "", "bad_date"),
        ("epoch", "17360838", "bad_date"), ("epoch", "1736083800000", "bad_date"), ("%d/%m/%Y", "", "bad_date"),
        ("%d/%m/%Y", "2025-01-05", "bad_date"), ("%d/%m/%Y", "05/01/0025", "bad_date"),
    ],
)  # fmt: skip
def test_what_is_no_time_is_none_and_never_made_up(dates: str, text: str, code: str) -> None:
    values = Values(Clock(ZoneInfo("Asia/Jerusalem"), fixed=1_800_000_000), shop_currency="ILS", dates=dates)
    with pytest.raises(RowError) as caught:
        values.instant(text, "ordered_at")
    assert (caught.value.column, caught.value.code) == ("ordered_at", code)


@pytest.mark.parametrize(
    ("quantity", "thousandths"), [("0.125", 125), ("2.5", 2_500), ("1.1250", 1_125), ("3.0", 3_000), ("0.0005", None)]
)
def test_a_quantity_has_up_to_three_decimals(books: Shop, bring: Bring, quantity: str, thousandths: int | None) -> None:
    outcome = bring(books, HEADER, *(row(f"G{n}") for n in range(30)), row("1", quantity=quantity, unit_price="80.00"))
    assert [held.code for held in outcome.quarantined] == ([] if thousandths else ["bad_quantity"])
    found = rows(
        "SELECT quantity_thousandths, amount_minor FROM order_lines AS l JOIN orders AS o ON o.id = l.order_id"
        " WHERE o.external_id = '1'"
    )
    assert found == ([(thousandths, thousandths * 8)] if thousandths else [])
