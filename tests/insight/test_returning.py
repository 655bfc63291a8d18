"""What first orders and later ones brought in by month: of the period, in one currency, by number and not by day."""

from __future__ import annotations

from datetime import date

from retainctl.clock import day_number, month_number
from retainctl.config import Shop
from retainctl.insight.periods import ALL_TIME, ReportPeriod
from retainctl.insight.returning import History
from tests import past


def month(text: str) -> int:
    return month_number(date.fromisoformat(f"{text}-01"))


def test_a_second_order_on_the_first_one_s_day_is_a_later_one(shop: Shop) -> None:
    past.customer(1)
    past.order(1, "2025-01-05", 1_000)
    past.order(1, "2025-01-05", 500)
    found = History.of(ALL_TIME, "ILS")
    assert (found.first_minor, found.later_minor) == ({month("2025-01"): 1_000}, {month("2025-01"): 500})


def test_the_months_of_returning_customers_and_the_last_day_of_any_are_known(shop: Shop) -> None:
    for number in (1, 2):
        past.customer(number)
        past.order(number, "2025-01-05", 1_000)
    past.order(1, "2025-03-07", 500)
    found = History.of(ALL_TIME, "ILS")
    assert list(found.months()) == [month("2025-01"), month("2025-02"), month("2025-03")]
    assert found.last_day == day_number(date(2025, 3, 7))  # though the second customer's, read last, is of January
    assert found.running == month("2025-03")


def test_the_money_is_of_the_period_and_of_one_currency(shop: Shop) -> None:
    past.customer(1)
    past.order(1, "2025-01-05", 1_000)
    past.order(1, "2025-02-05", 2_000)
    past.order(1, "2025-02-06", 4_000, currency="USD")
    found = History.of(ReportPeriod(date(2025, 2, 1), date(2025, 2, 28)), "ILS")
    assert (found.first_minor, found.later_minor) == ({}, {month("2025-02"): 2_000})
