"""What every report owes its reader: a period has its own days and no other, and no sale is no sale."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from retainctl.clock import DAY_SECONDS, parse_instant
from retainctl.config import Shop
from retainctl.insight.pages import page
from retainctl.insight.periods import ReportPeriod
from retainctl.insight.reports import all_reports
from retainctl.insight.reports.campaigns import campaigns
from retainctl.shop.merging import merge
from retainctl.store.database import execute, value
from retainctl.store.transactions import writing
from tests import past
from tests.insight.test_pages import english, figures, said
from tests.planting import plant, plant_address

JANUARY = ReportPeriod(date(2025, 1, 1), date(2025, 1, 31))
OF_ORDERS = [name for name in all_reports() if name not in ("points", "campaigns")]
FIRST, LAST = "2025-01-01", "2025-01-31"
MARKETING = {"class": "marketing"}


@pytest.fixture
def january(shop: Shop) -> Shop:
    """Three customers, whose orders are all of January, on its first and its last day too."""
    for number, days in ((1, (FIRST, "2025-01-15", LAST)), (2, (FIRST,)), (3, (LAST, LAST))):
        past.customer(number)
        for day in days:
            past.order(number, day, 1_000 * number)
    return shop


@pytest.mark.parametrize("name", [name for name in OF_ORDERS if not all_reports()[name].is_of_a_day])
def test_a_period_holds_its_first_and_its_last_day_and_none_before_or_after(january: Shop, name: str) -> None:
    def of_january() -> list[Any]:
        rows = all_reports()[name].rows(january, JANUARY)
        return [replace(row, band="") if name == "retention" else row for row in rows]  # a part of the time has no band

    assert all_reports()[name].rows(january, JANUARY) == all_reports()[name].rows(january)
    whole = of_january()
    for number, day in ((4, "2024-12-31"), (5, "2025-02-01")):
        past.customer(number)
        past.order(number, day)
    assert of_january() == whole
    for number, day in ((6, FIRST), (7, LAST)):
        before = of_january()
        past.customer(number)
        past.order(number, day)
        assert of_january() != before, day


@pytest.mark.parametrize("name", OF_ORDERS)
@pytest.mark.parametrize("period", [ReportPeriod(), JANUARY], ids=["all", "january"])
def test_no_report_counts_an_order_that_is_no_sale(january: Shop, name: str, period: ReportPeriod) -> None:
    report = all_reports()[name]
    known = report.rows(january, period)
    past.customer(8)
    for customer in (1, 8, None):
        for day in (FIRST, "2025-01-20", LAST):
            past.order(customer, day, 99_000, is_sale=False)
    assert report.rows(january, period) == known


@pytest.mark.parametrize("name", OF_ORDERS)
def test_who_bought_in_another_currency_changes_no_sum_of_money(january: Shop, name: str) -> None:
    def sums() -> list[list[int]]:
        rows = all_reports()[name].rows(january, JANUARY)
        return [
            [getattr(row, column) or 0 for column in row.__annotations__ if column.endswith("_minor")]
            for row in rows
            if getattr(row, "currency", "ILS") == "ILS"
        ]

    known = sums()
    past.order(1, LAST, 7_777, currency="EUR")
    if name != "rfm":  # the customer's frequency counts every order, and moves the sums to another square
        assert sums() == known
    assert sum(map(sum, sums())) == sum(map(sum, known))


def written(mailing: int, customer: int, at: int, state: str = "sent") -> None:
    known = value("SELECT id FROM contact_points WHERE customer_id = ?", customer)
    point = known or plant_address(customer, f"c{customer}@shop.example")
    plant("recipients", mailing_id=mailing, customer_id=customer, contact_point_id=point)
    key = f"{mailing}.{customer}"
    plant(
        "outbox", month=0, mailing_id=mailing, customer_id=customer, contact_point_id=point, channel="files",
        message_key=key, message_id=f"<{key}>", **MARKETING, to_address="", state=state, next_at=0, handed_at=at,
    )  # fmt: skip


def a_mailing(number: int, at: int) -> int:
    plant(
        "mailings", id=number, program="campaign", name=f"m{number}", **MARKETING, purpose="marketing",
        state="active", plan_hash="", planned_at=at, sent_at=at,
    )  # fmt: skip
    return number


def ordered(customer: int, at: int, minor: int, *, currency: str = "ILS", is_sale: bool = True) -> None:
    number = past.order(customer, "2025-02-01", minor, currency=currency, is_sale=is_sale)
    with writing():
        execute("UPDATE orders SET ordered_at = ? WHERE id = ?", at, number)


def test_who_bought_within_fourteen_days_of_the_message_that_came_is_counted_once_and_their_orders_in_full(
    shop: Shop,
) -> None:
    at = shop.clock.now() - 20 * DAY_SECONDS
    with writing():
        mailing = a_mailing(1, at)
        for customer in range(1, 10):
            past.customer(customer)
            written(mailing, customer, at, state="failed" if customer == 5 else "planned" if customer == 6 else "sent")
    ordered(1, at - 1, 1)  # before the message
    ordered(2, at, 10)
    ordered(2, at + DAY_SECONDS, 100)
    ordered(3, at + 14 * DAY_SECONDS - 1, 1_000)
    ordered(4, at + 14 * DAY_SECONDS, 1)  # too late
    ordered(5, at + 60, 1)  # whose message failed
    ordered(6, at + 60, 1)  # whose message still waits
    ordered(7, at + 60, 1, is_sale=False)
    ordered(8, at + 60, 1, currency="EUR")  # they bought, and it is no money of ours
    past.customer(20)
    ordered(20, at + 60, 10_000)
    merge(shop, survivor_id=20, merged_id=9, reason="one person")
    (row,) = campaigns(shop)
    assert (row.bought, row.revenue_minor, row.currency) == (4, 11_110, "ILS")


def test_an_order_after_two_mailings_is_at_each_of_them_and_once_on_the_page(shop: Shop) -> None:
    at = shop.clock.now() - 20 * DAY_SECONDS
    for customer in range(1, 4):
        past.customer(customer)
    with writing():
        for number in (1, 2):
            a_mailing(number, at + number)
            for customer in range(1, 4):
                written(number, customer, at + number)
    ordered(1, at + DAY_SECONDS, 100_000)
    report = all_reports()["campaigns"]
    rows = report.rows(shop)
    assert [(row.bought, row.revenue_minor) for row in rows] == [(1, 100_000)] * 2
    made = page(english(shop), report, rows).html
    assert said(made)[0] == "1 of 3 recipients bought within 14 days"
    assert said(made)[1] == "They might have bought without the message too."
    found = figures(made)
    assert (found["Bought"][0], found["Their orders"][0]) == ("33%", "₪1,000")
    assert "counts once here, and below at each of them" in made


def test_while_orders_are_still_counted_nothing_is_compared(shop: Shop) -> None:
    now = shop.clock.now()
    past.customer(1)
    with writing():
        for number, at in enumerate((now - 40 * DAY_SECONDS, now - 10 * DAY_SECONDS, now - 2 * DAY_SECONDS), 1):
            a_mailing(number, at)
            written(number, 1, at)
    ordered(1, now - 9 * DAY_SECONDS, 20_000)
    ordered(1, now - DAY_SECONDS, 10_000)
    report = all_reports()["campaigns"]
    for first, beneath in ((date(2025, 2, 25), "counted until 14 March 2025"),):
        period = ReportPeriod(first, date(2025, 3, 2))
        found = figures(page(english(shop), report, report.rows(shop, period), period).html)
        assert found["Their orders"] == ("₪100", beneath)
        assert found["Bought"] == ("100%", beneath)


def test_a_mailing_is_of_the_day_on_which_it_was_planned(shop: Shop) -> None:
    moments = ("2024-12-31T23:59:59", "2025-01-01", "2025-01-31T23:59:59", "2025-02-01")
    past.customer(1)
    with writing():
        for number, moment in enumerate(moments, 1):
            at = parse_instant(moment, shop.clock.zone)
            a_mailing(number, at)
            plant("recipients", mailing_id=number, customer_id=1)
    assert [row.mailing for row in campaigns(shop, JANUARY)] == [3, 2]
    assert [row.mailing for row in campaigns(shop)] == [4, 3, 2, 1]
