"""Figures, days and counts as people write them, in both languages."""

from __future__ import annotations

from datetime import date

import pytest

from retainctl import wording
from retainctl.clock import month_number

MINUS = "\u2066-{}\u2069"


def test_days_and_months_in_words() -> None:
    day = date(2025, 3, 2)
    assert wording.day_in_words(day, "en") == "2 March 2025"
    assert wording.day_in_words(day, "he") == "2 במרץ 2025"
    assert wording.days_in_words(date(2023, 12, 31), day, "he") == "31 בדצמבר 2023 – 2 במרץ 2025"
    assert wording.month_in_words(month_number(day), "en") == "March 2025"
    assert wording.month_in_words(month_number(day), "he") == "מרץ 2025"
    assert [wording.short_month(month, "en") for month in (0, 11)] == ["Jan", "Dec"]
    assert wording.quarter_in_words(month_number(day) // 3, "en") == "January–March 2025"
    assert wording.quarter_in_words(month_number(day) // 3, "en", brief=True) == "Jan–Mar 2025"
    assert wording.month_in_words(month_number(day), "he", brief=True) == "מרץ 2025"
    assert wording.quarter_in_words(month_number(date(2024, 12, 1)) // 3, "he") == "אוקטובר–דצמבר 2024"


@pytest.mark.parametrize(
    ("minor", "currency", "shown"),
    [
        (1_314, "ILS", "₪13.14"),
        (99_999, "ILS", "₪999.99"),
        (100_000, "ILS", "₪1,000"),
        (38_183_249, "ILS", "₪381,832"),
        (38_183_250, "ILS", "₪381,833"),
        (-38_183_249, "USD", "-$381,832"),
        (999, "JPY", "JPY\u00a0999"),
        (12_345, "JPY", "JPY\u00a012,345"),
        (1_234_567, "KWD", "KWD\u00a01,235"),
        (0, "EUR", "€0"),
        (17_100, "ILS", "₪171"),
        (-17_110, "ILS", "-₪171.10"),
    ],
)
def test_money_keeps_its_hundredths_below_a_thousand(minor: int, currency: str, shown: str) -> None:
    assert wording.amount(minor, currency) == wording.isolated(shown)


@pytest.mark.parametrize(
    ("share", "shown"),
    [
        (0.663, "66%"),
        (0.625, "63%"),
        (0.0125, "1.3%"),
        (0.1, "10%"),
        (0.0996, "10%"),
        (0.052, "5.2%"),
        (0.05, "5%"),
        (0, "0%"),
        (1, "100%"),
    ],
)
def test_a_share_in_per_cent(share: float, shown: str) -> None:
    assert wording.percent(share) == shown


def test_a_sign_stays_on_its_side() -> None:
    assert wording.percent(-0.04) == MINUS.format("4%")
    assert wording.count(-1_200) == MINUS.format("1,200")
    assert wording.count(1_200) == "1,200"


@pytest.mark.parametrize(
    ("number", "shown"), [(0, "0"), (1, "1"), (1.5, "1.5"), (999, "999"), (25_000, "25K"), (1_250_000, "1.2M")]
)
def test_the_tick_of_an_axis_is_brief(number: float, shown: str) -> None:
    assert wording.brief(number) == shown


def test_one_and_two_have_words_of_their_own() -> None:
    assert [wording.times(number, "en") for number in (1, 2, 3)] == ["once", "twice", "3 times"]
    assert [wording.times(number, "he") for number in (1, 2, 1_000)] == ["פעם אחת", "פעמיים", "1,000 פעמים"]
    assert [wording.points(number, "en") for number in (0, 1, 1_314)] == ["0 points", "1 point", "1,314 points"]
    assert [wording.points(number, "he") for number in (1, 2)] == ["נקודה אחת", "2 נקודות"]


def test_days_are_counted_as_one_says_them() -> None:
    assert [wording.days(number, "en") for number in (1, 2, 33.5)] == ["1 day", "2 days", "33.5 days"]
    shown = [wording.days(number, "he") for number in (1, 2, 7, 10, 33.5)]
    assert shown == ["יום אחד", "יומיים", "7 ימים", "10 ימים", "33.5 יום"]


def test_a_prefix_joins_a_hebrew_name_and_takes_a_maqaf_before_another() -> None:
    assert wording.with_prefix("מ", "קפה בוקר טוב") == "מקפה בוקר טוב"
    assert wording.with_prefix("מ", "Good Morning Coffee") == "מ־\u2068Good Morning Coffee\u2069"
    assert wording.with_prefix("ב", "24/7") == "ב־\u206824/7\u2069"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("חייגו +972-3-555-0100 או 03 555 0100", ["+972-3-555-0100", "03 555 0100"]),
        ("מגיל 11+ ומעלה", ["11+"]),
        ("קר היום: -5", ["-5"]),
        ("ירידה של -10% במחיר", ["-10%"]),
        ("10% הנחה, ₪44.90 במקום ₪49.90, ב-5 עד 03-5550100", []),
        ("C++ ו-A1+", []),
    ],
)
def test_a_number_with_its_sign_on_one_side_is_isolated_among_hebrew_words(typed: str, kept: list[str]) -> None:
    shown = wording.signs_isolated(typed)
    assert shown.replace("\u2066", "").replace("\u2069", "") == typed
    assert [part.partition("\u2069")[0] for part in shown.split("\u2066")[1:]] == kept
