"""The figures of the reports, worked out by hand for a small past, on both databases."""

from __future__ import annotations

import dataclasses
import json
import re
import shlex
from collections.abc import Callable
from datetime import date
from typing import get_args

import pytest

from retainctl.clock import Clock, parse_instant
from retainctl.config import Shop
from retainctl.errors import WrongUsage
from retainctl.insight import goals, reports
from retainctl.insight.goals import Goal
from retainctl.insight.periods import ReportPeriod, read_period
from retainctl.insight.reports import all_reports
from retainctl.insight.reports.campaigns import MailingRow, campaigns
from retainctl.insight.reports.cohorts import Cohort, cohorts
from retainctl.insight.reports.orders import OrderNumber, orders
from retainctl.insight.reports.points import PointsMonth, points
from retainctl.insight.reports.retention import Retention, retention
from retainctl.insight.reports.rfm import Cell, buyers, fifths, ntile, rfm, rfm_by_ntile
from retainctl.insight.zones import ZONES, zone_of
from retainctl.money import rounded_half_up
from retainctl.output import render
from retainctl.outreach.contact import REASONS
from retainctl.outreach.outbox.states import State
from retainctl.store.database import execute
from retainctl.store.transactions import writing
from tests import past
from tests.conftest import Terminal
from tests.planting import plant_address


@pytest.fixture
def town(shop: Shop) -> Shop:
    """Customers of 3, 2 and 1 orders in shekels, one of dollars alone, one who only returned, and a guest."""
    for number in range(1, 7):
        past.customer(number)
    past.order(1, "2024-11-30", 10_000)
    past.order(1, "2024-12-10", 10_001)
    past.order(1, "2025-02-01", 20_000, currency="USD")
    past.order(2, "2024-11-05", 5_000, returned_minor=500)
    past.order(2, "2024-11-05", 7_000)
    past.order(3, "2025-01-31", 4_000)
    past.order(3, "2025-02-01", 9_999, is_sale=False)
    past.order(4, "2025-01-01", 3_000, currency="USD")
    past.returned(5, "2025-01-01", 250)
    past.order(None, "2025-01-02", 88_888)
    past.order(None, "2025-01-03", 77_777, is_sale=False)
    past.order(None, "2025-01-02", 88_888, currency="EUR")
    return shop


def test_retention_is_a_row_a_currency(town: Shop) -> None:
    assert retention(town) == [
        Retention(
            customers=3, orders=5, guest_orders=1, gross_revenue_minor=36_001, returns_minor=750,
            net_revenue_minor=35_251, average_order_value_minor=7_200, average_purchase_frequency=1.666667,
            repeat_customers=2, repeat_rate=0.666667, band=">50%", currency="ILS", first_order="2024-11-05",
            last_order="2025-01-31",
        ),
        Retention(0, 0, 1, 0, 0, 0, None, None, 0, None, "", "EUR", None, None),
        Retention(
            customers=2, orders=2, guest_orders=0, gross_revenue_minor=23_000, returns_minor=0,
            net_revenue_minor=23_000, average_order_value_minor=11_500, average_purchase_frequency=1.0,
            repeat_customers=0, repeat_rate=0.0, band="<5%", currency="USD", first_order="2025-01-01",
            last_order="2025-02-01",
        ),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("repeat", "band"), [(4, "<5%"), (5, "5-10%"), (10, "10-30%"), (30, "30-50%"), (50, "30-50%"), (51, ">50%")]
)
def test_the_bands_of_the_repeat_rate(shop: Shop, repeat: int, band: str) -> None:
    with writing():
        for number in range(1, 101):
            execute("INSERT INTO customers (id, created_at) VALUES (?, 0)", number)
            execute(
                "INSERT INTO customer_summaries (customer_id, currency, orders, gross_minor, returns_minor)"
                " VALUES (?, 'ILS', ?, 0, 0)",
                number, 2 if number <= repeat else 1,
            )  # fmt: skip
    assert retention(shop)[0].band == band


def test_a_half_is_rounded_up() -> None:
    assert [rounded_half_up(amount, 2) for amount in (0, 1, 3, 4)] == [0, 1, 2, 2]


def test_orders_by_their_number(town: Shop) -> None:
    assert orders(town) == [
        OrderNumber("1", 3, 6_333, 2, 0.666667, 5.0, 5.0, "ILS"),
        OrderNumber("2", 2, 8_501, 1, 0.5, 53.0, 53.0, "ILS"),
        OrderNumber("1", 1, 3_000, 0, 0.0, None, None, "USD"),
        OrderNumber("3", 1, 20_000, 0, 0.0, None, None, "USD"),
    ]


def test_orders_beyond_the_tenth_are_together(shop: Shop) -> None:
    past.customer(1)
    for day in range(1, 14):
        past.order(1, f"2025-01-{day:02}")
    rows = orders(shop)
    assert [row.order_number for row in rows] == ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11+"]
    assert (rows[-1].orders, rows[-1].went_on, rows[-1].mean_days_to_next) == (3, 2, 1.0)


def test_an_order_that_was_imported_later_has_the_place_of_its_day(shop: Shop) -> None:
    past.customer(1)
    past.order(1, "2025-02-01", 20_000)
    past.order(1, "2025-01-01", 10_000)
    past.order(1, "2025-01-11", 15_000)
    assert [(row.order_number, row.average_value_minor, row.mean_days_to_next) for row in orders(shop)] == [
        ("1", 10_000, 10.0),
        ("2", 15_000, 21.0),
        ("3", 20_000, None),
    ]


def test_cohorts_reach_to_the_last_order(town: Shop) -> None:
    assert cohorts(town) == [
        Cohort("2024-11", {"0": 2, "1": 1, "2": 0, "3": 1}),
        Cohort("2025-01", {"0": 2, "1": 0, "2": None, "3": None}),
    ]


def cells(find: Callable[[Shop], list[Cell]], shop: Shop) -> dict[str, int]:
    """How many customers are in each cell, the best first."""
    return {row.cell: row.customers for row in find(shop)}


def test_equal_customers_have_equal_scores(shop: Shop) -> None:
    """Six who bought once on one day, and two who came often: nobody is above another for the order of their names."""
    for number in range(1, 9):
        past.customer(number)
        past.order(number, "2025-01-10", 5_000)
    for day in ("2025-02-01", "2025-02-02"):
        past.order(7, day, 20_000)
    for number in range(1, 10):
        past.order(8, f"2025-02-{number:02}", 20_000)
    assert rfm(shop) == [
        Cell("555", 1, 185_000, "ILS", "champions"),
        Cell("535", 1, 45_000, "ILS", "loyal"),
        Cell("212", 6, 30_000, "ILS", "asleep"),
    ]
    assert buyers(shop).orders == [1, 1, 1, 1, 1, 1, 3, 10]


def test_a_fifth_is_by_how_many_are_lower() -> None:
    assert fifths([10, 20, 30, 40, 50]) == [1, 2, 3, 4, 5]
    assert fifths([7, 7, 7]) == [3, 3, 3], "nobody can say whether all of them are good or bad"
    assert fifths([1, 1, 1, 1, 9]) == [3, 3, 3, 3, 5]
    assert fifths([]) == []


@pytest.mark.parametrize(("orders", "score"), [(1, 1), (2, 2), (3, 3), (4, 3), (5, 4), (9, 4), (10, 5), (11, 5)])
def test_frequency_goes_by_fixed_steps(shop: Shop, orders: int, score: int) -> None:
    past.customer(1)
    for day in range(1, orders + 1):
        past.order(1, f"2025-01-{day:02}")
    assert [row.cell[1] for row in rfm(shop)] == [str(score)]


def test_every_square_is_in_one_zone() -> None:
    found = [[zone_of(recency, frequency).name for frequency in range(1, 6)] for recency in range(5, 0, -1)]
    assert found == [
        ["new", "promising", "loyal", "champions", "champions"],
        ["new", "promising", "loyal", "champions", "champions"],
        ["promising", "promising", "loyal", "loyal", "loyal"],
        ["asleep", "asleep", "at_risk", "at_risk", "cannot_lose"],
        ["lost", "lost", "at_risk", "cannot_lose", "cannot_lose"],
    ]
    for recency in range(1, 6):
        for frequency in range(1, 6):
            assert sum(zone.holds(recency, frequency) for zone in ZONES.values()) == 1


@pytest.mark.parametrize("many", [40, 2, 3, 4])
def test_the_segment_of_a_zone_holds_its_customers(shop: Shop, retainctl: Terminal, many: int) -> None:
    """The command that the page shows, typed as it stands; in a small shop nobody has some of the scores."""
    for number in range(1, many + 1):
        past.customer(number)
        for later in range(1 + number % 11):
            past.order(number, f"2025-{1 + (number * 7 + later) % 2:02}-{1 + (number * 5 + later * 3) % 27:02}")
    of = buyers(shop)
    for zone in ZONES.values():
        members = sum(zone_of(*scores[:2]) is zone for scores in of.scores)
        if members:
            _, *words = shlex.split(zone.command(of.since))
            ended = retainctl(*words, "--format", "json")
            assert ended.code == 0, ended.stderr
            assert json.loads(ended.stdout)["rows"][0]["members"] == members, zone.name


@pytest.mark.parametrize(
    ("options", "first", "last"),
    [
        ({"last": "90d"}, "2024-12-03", "2025-03-02"),
        ({"last": "1d"}, "2025-03-02", "2025-03-02"),
        ({"last": "2w"}, "2025-02-17", "2025-03-02"),
        ({"last": "1m"}, "2025-02-03", "2025-03-02"),
        ({"last": "12m"}, "2024-03-03", "2025-03-02"),
        ({"last": "1y"}, "2024-03-03", "2025-03-02"),
        ({"since": "2025-01-01"}, "2025-01-01", "2025-03-02"),
        ({"since": "2025-01-01", "until": "2025-01-31"}, "2025-01-01", "2025-01-31"),
        ({"until": "2025-01-31"}, "None", "2025-01-31"),
        ({}, "None", "None"),
    ],
)
def test_a_period_is_from_a_day_to_a_day(shop: Shop, options: dict[str, str], first: str, last: str) -> None:
    period = read_period(shop.clock, **{"since": "", "until": "", "last": ""} | options)
    assert (str(period.first), str(period.last)) == (first, last)


def test_the_period_before_is_as_long_and_ends_where_this_begins() -> None:
    before = ReportPeriod(date(2025, 1, 1), date(2025, 1, 31)).before()
    assert before == ReportPeriod(date(2024, 12, 1), date(2024, 12, 31))
    assert ReportPeriod(date(2025, 3, 2), date(2025, 3, 2)).before() == ReportPeriod(date(2025, 3, 1), date(2025, 3, 1))
    assert ReportPeriod(last=date(2025, 1, 31)).before() is None


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"last": "90"}, "--last 90 is not a length of time"),
        ({"last": "0d"}, "--last 0d is not a length of time"),
        ({"last": "9999y"}, "--last 9999y is longer than any shop"),
        ({"last": "99999d"}, "--last 99999d is longer than any shop"),
        ({"last": f"{'9' * 18}w"}, "is longer than any shop"),
        ({"last": "700m"}, "--last 700m is longer than any shop"),
        ({"last": "90d", "since": "2025-01-01"}, "--last stands alone"),
        ({"since": "tomorrow"}, "--from tomorrow is not a day"),
        ({"until": "0099-01-01"}, "--to 0099-01-01 is not a plausible day"),
        ({"since": "2025-02-01", "until": "2025-01-01"}, "--from 2025-02-01 is after --to 2025-01-01"),
        ({"since": "2025-03-03"}, "--from 2025-03-03 is after today, 2025-03-02"),
    ],
)
def test_a_period_that_cannot_be(shop: Shop, options: dict[str, str], sentence: str) -> None:
    with pytest.raises(WrongUsage, match=re.escape(sentence)):
        read_period(shop.clock, **{"since": "", "until": "", "last": ""} | options)


def test_the_whole_time_named_as_a_period_gives_the_same_figures(town: Shop) -> None:
    whole = ReportPeriod(date(2024, 11, 1), date(2025, 2, 28))
    for name, report in all_reports().items():
        assert report.rows(town, whole) == report.rows(town), name


def test_retention_of_a_period_counts_its_orders_and_who_has_bought_before(town: Shop) -> None:
    """December: one customer's second order, and nothing else; who bought twice by its end has come back."""
    past.returned(1, "2024-12-20", 301)
    december = ReportPeriod(date(2024, 12, 1), date(2024, 12, 31))
    assert retention(town, december) == [
        Retention(
            customers=1, orders=1, guest_orders=0, gross_revenue_minor=10_001, returns_minor=301,
            net_revenue_minor=9_700, average_order_value_minor=10_001, average_purchase_frequency=1.0,
            repeat_customers=1, repeat_rate=1.0, band="", currency="ILS", first_order="2024-12-10",
            last_order="2024-12-10",
        ),
    ]  # fmt: skip
    past.returned(1, "2024-12-21", 40, currency="EUR")
    past.returned(None, "2024-12-21", 5_000, currency="EUR")  # a guest's, whose orders are no customer's either
    euros = retention(town, december)[1]
    assert (euros.currency, euros.orders, euros.returns_minor, euros.net_revenue_minor) == ("EUR", 0, 40, -40)
    november = retention(town, ReportPeriod(date(2024, 11, 1), date(2024, 11, 30)))
    assert [(row.customers, row.orders, row.repeat_customers, row.returns_minor) for row in november] == [
        (2, 3, 1, 500)
    ]
    january = retention(town, ReportPeriod(date(2025, 1, 1), date(2025, 1, 31)))
    assert [(row.currency, row.customers, row.guest_orders, row.returns_minor) for row in january] == [
        ("ILS", 1, 1, 250), ("EUR", 0, 1, 0), ("USD", 1, 0, 0),
    ]  # fmt: skip


def test_a_narrow_terminal_keeps_what_the_report_is_about(town: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    shown = render(retention(town), row_type=Retention, form="table", terminal=True)
    head = shown.splitlines()[0]
    assert "repeat_rate" in head and "average_order_value" not in head
    assert "not shown: guest_orders, returns, average_order_value" in " ".join(shown.split())


def test_days_without_an_order_have_their_noughts_once_there_was_one(town: Shop) -> None:
    assert retention(town, ReportPeriod(date(2025, 2, 10), date(2025, 2, 16))) == [
        Retention(0, 0, 0, 0, 0, 0, None, None, 0, None, "", "ILS", None, None)
    ]
    assert retention(town, ReportPeriod(date(2024, 1, 1), date(2024, 1, 31))) == []


def test_orders_of_a_period_keep_their_number_and_know_only_what_came_by_its_end(town: Shop) -> None:
    december = ReportPeriod(date(2024, 12, 1), date(2024, 12, 31))
    assert orders(town, december) == [OrderNumber("2", 1, 10_001, 0, 0.0, None, None, "ILS")]
    till_december = orders(town, ReportPeriod(last=date(2024, 12, 31)))
    assert [(row.order_number, row.orders, row.went_on) for row in till_december] == [("1", 2, 2), ("2", 2, 0)]


def test_cohorts_of_a_period_are_those_whose_first_order_is_in_its_days(town: Shop) -> None:
    assert cohorts(town, ReportPeriod(date(2024, 11, 1), date(2024, 12, 31))) == [Cohort("2024-11", {"0": 2, "1": 1})]
    assert cohorts(town, ReportPeriod(date(2024, 11, 6), date(2024, 12, 31))) == [Cohort("2024-11", {"0": 1, "1": 1})]
    assert cohorts(town, ReportPeriod(date(2025, 1, 1), date(2025, 1, 31))) == [Cohort("2025-01", {"0": 2})]
    assert cohorts(town, ReportPeriod(date(2025, 2, 2), date(2025, 2, 28))) == []


def test_fifths_are_those_of_ntile() -> None:
    assert ntile([10, 30, 20, 30, 10, 40, 50]) == [1, 2, 2, 3, 1, 4, 5]
    assert ntile([7, 7, 7]) == [1, 2, 3]
    assert ntile([]) == []


def test_ties_go_by_external_id_in_byte_order(shop: Shop) -> None:
    """All alike but for their names: the fifths are in the order of the bytes, and who has no name is last."""
    for number, key in enumerate(["b", "10", "9", "", "B", "א"], 1):
        past.customer(number, key=key)
        past.order(number, "2025-01-01")
    with writing():
        execute("UPDATE customer_summaries SET gross_minor = 99999 WHERE customer_id IN (1, 4)")
    assert cells(rfm_by_ntile, shop) == {"555": 1, "443": 1, "334": 1, "222": 1, "111": 2}


def test_every_currency_counts_for_recency_and_frequency_and_the_shops_own_for_money(shop: Shop) -> None:
    past.customer(1)
    past.customer(2)
    past.order(1, "2025-01-01", 20_000)
    past.order(1, "2025-02-01", 99_000, currency="USD")
    past.order(2, "2025-01-15", 30_000)
    assert cells(rfm_by_ntile, shop) == {"221": 1, "112": 1}


def test_the_last_order_counts_for_recency_whichever_currency_it_was_in(shop: Shop) -> None:
    for number, (shekels, dollars) in enumerate((("2025-02-15", "2025-01-01"), ("2025-02-01", "2025-01-15")), 1):
        past.customer(number)
        past.order(number, shekels, 10_000 * number)
        past.order(number, dollars, currency="USD")
    assert cells(rfm_by_ntile, shop) == {"211": 1, "122": 1}


def test_rfm_is_as_of_the_day_that_is_asked_for(shop: Shop) -> None:
    past.customer(1)
    past.customer(2)
    past.order(1, "2025-01-01", 20_000)
    past.order(2, "2025-01-02")
    past.order(1, "2025-02-01")
    past.order(1, "2025-01-02", 90_000, is_sale=False)
    past.order(None, "2025-01-01", 90_000)
    assert cells(rfm_by_ntile, shop) == {"222": 1, "111": 1}
    then = dataclasses.replace(shop, clock=Clock(shop.clock.zone, shop.clock.now() - 59 * 86_400))  # 2 January
    assert cells(rfm_by_ntile, then) == {"221": 1, "112": 1}


def test_rfm_of_a_period_is_of_all_orders_up_to_its_end(town: Shop) -> None:
    """Whoever is loyal is so over all of their orders; page, table and JSON ask the same."""
    report = all_reports()["rfm"]
    until = report.rows(town, ReportPeriod(last=date(2024, 12, 31)))
    assert report.rows(town, ReportPeriod(date(2024, 12, 10), date(2024, 12, 31))) == until
    assert sum(cell.customers for cell in until) == 2


def test_mailings_are_counted_to_the_last_candidate(shop: Shop) -> None:
    with writing():
        for number in range(1, 14):
            execute("INSERT INTO customers (id, created_at) VALUES (?, 0)", number)
            plant_address(number, f"a{number}@b.example", id=number)
        for mailing, state in ((1, "active"), (2, "cancelled")):
            execute(
                "INSERT INTO mailings (id, program, name, class, purpose, state, plan_hash, planned_at)"
                " VALUES (?, 'campaign', 'spring', 'marketing', 'marketing', ?, '', 1740903600)",
                mailing, state,
            )  # fmt: skip
        for number, reason in enumerate([*[""] * 11, "no_consent", "budget"], 1):
            execute("INSERT INTO recipients (mailing_id, customer_id, excluded) VALUES (1, ?, ?)", number, reason)
        execute("INSERT INTO recipients (mailing_id, customer_id) VALUES (2, 1)")
        for number, state in enumerate(get_args(State), 1):
            execute(
                "INSERT INTO outbox (month, mailing_id, customer_id, contact_point_id, channel, message_key,"
                " message_id, class, to_address, state, next_at)"
                " VALUES (0, 1, ?, ?, 'files', ?, ?, 'marketing', '', ?, 0)",
                number, number, str(number), str(number), state,
            )  # fmt: skip
    at = "2025-03-02T10:20:00+02:00"
    nobody = {f"excluded_{reason}": 0 for reason in REASONS}
    assert campaigns(shop) == [
        MailingRow(2, "campaign", "spring", "cancelled", at, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, "ILS", nobody),
        MailingRow(
            1, "campaign", "spring", "active", at, candidates=13, planned=11, sent=1, waiting=5, unknown=1, failed=1,
            dropped=3, excluded=2, bought=0, revenue_minor=0, currency="ILS",
            reasons=nobody | {"excluded_budget": 1, "excluded_no_consent": 1},
        ),
    ]  # fmt: skip


def test_points_by_month(shop: Shop) -> None:
    booked = [
        ("award", "2025-01-31T23:30", 11, 1, 100),
        ("grant", "2025-02-01T00:10", 11, 4, 50),
        ("redemption", "2025-02-10", 11, 2, -40),
        ("clawback", "2025-02-11", 11, 1, -60),
        ("clawback", "2025-02-11", 12, 1, -5),
        ("repayment", "2025-02-12", 11, 12, -5),
        ("expiry", "2025-03-01", 11, 3, -7),
        ("deduction", "2025-03-01", 11, 4, -1),
    ]
    with writing():
        execute("INSERT INTO customers (id, created_at) VALUES (1, 0)")
        execute("INSERT INTO terms (version, content, first_used_at) VALUES (1, '{}', 0)")
        execute(
            "INSERT INTO accounts (id, kind, customer_id, opened_for) VALUES (11, 'customer', 1, 1), (12, 'debt', 1, 1)"
        )
        for seq, (kind, when, account, against, moved) in enumerate(booked, 1):
            at = parse_instant(when, shop.clock.zone)
            execute(
                "INSERT INTO transactions (seq, kind, source, account_id, points, terms_version, effective_at,"
                " recorded_at, hash) VALUES (?, ?, ?, ?, ?, 1, ?, ?, ?)",
                seq, kind, str(seq), account, abs(moved), at, at, b"0" * 32,
            )  # fmt: skip
            execute(
                "INSERT INTO entries (seq, entry_no, month, account_id, against_id, points) VALUES (?, 1, 0, ?, ?, ?)",
                seq, account, against, moved,
            )  # fmt: skip
    assert points(shop) == [
        PointsMonth("2025-01", 100, 0, 0, 0, 0, 0, 100),
        PointsMonth("2025-02", 0, 50, 40, 0, 65, 0, 45),
        PointsMonth("2025-03", 0, 0, 0, 7, 0, 1, 37),
    ]

    def of(first: str, last: str) -> list[PointsMonth]:
        return points(shop, ReportPeriod(date.fromisoformat(first), date.fromisoformat(last)))

    assert of("2025-02-01", "2025-02-10") == [PointsMonth("2025-02", 0, 50, 40, 0, 0, 0, 110)]
    assert of("2025-02-11", "2025-02-20") == [PointsMonth("2025-02", 0, 0, 0, 0, 65, 0, 45)]
    assert of("2025-02-13", "2025-02-20") == [PointsMonth("2025-02", 0, 0, 0, 0, 0, 0, 45)]
    assert of("2025-01-01", "2025-01-30") == [], "before the first booking"
    report = all_reports()["points"]
    for days, earlier in ((("2025-02-11", "2025-02-20"), ["2025-02"]), (("2025-02-10", "2025-03-01"), [])):
        period = ReportPeriod(*map(date.fromisoformat, days))
        before = report.telling(shop, report.rows(shop, period), period).before
        assert [row.month for row in before] == earlier, "what began meanwhile is compared with nothing"


def test_goals_are_held(town: Shop) -> None:
    held = goals.check(town, least={"repeat_rate": 0.7, "customers": 3}, most={"repeat_rate": 0.9})
    assert held.rows == (Goal("repeat_rate", 0.666667, 0.7, 0.9, False), Goal("customers", 3, 3, None, True))
    assert str(held.trouble) == "repeat_rate of the orders in ILS is 0.666667, but must be at least 0.7 and at most 0.9"


def test_goals_may_be_of_the_last_days(town: Shop, retainctl: Terminal) -> None:
    december = goals.check(
        town, "retention", ReportPeriod(date(2024, 12, 1), date(2024, 12, 31)), least={"orders": 1}, most={}
    )
    assert december.rows == (Goal("orders", 1, 1, None, True),)
    assert retainctl("reports", "check", "--last", "90d", "--min", "orders=3").code == 3
    assert retainctl("reports", "check", "--last", "90d", "--min", "orders=2").code == 0


def test_goals_are_of_the_shops_own_currency(town: Shop) -> None:
    dollars = dataclasses.replace(town, settings=dataclasses.replace(town.settings, currency="USD"))
    held = goals.check(dollars, least={"customers": 2}, most={"repeat_rate": 0.1})
    assert held.rows == (Goal("customers", 2, 2, None, True), Goal("repeat_rate", 0.0, None, 0.1, True))
    assert held.trouble is None


@pytest.mark.parametrize(
    ("least", "most", "is_met"), [(3, 3, True), (4, 3, False), (3, 2, False), (2, 4, True), (4, 2, False)]
)
def test_a_goal_is_met_at_its_very_limit(town: Shop, least: float, most: float, is_met: bool) -> None:
    held = goals.check(town, least={"customers": least}, most={"customers": most})
    assert held.rows == (Goal("customers", 3, least, most, is_met),)


def test_a_customer_who_paid_in_two_currencies_has_spent_what_is_in_the_shop_s_own(shop: Shop) -> None:
    for number in range(1, 6):
        past.customer(number)
        past.order(number, f"2025-01-0{number}", 1_000 * number)
    past.order(5, "2025-01-05", 7, currency="USD")
    past.order(5, "2025-01-05", 7, currency="CHF")
    assert next(iter(cells(rfm_by_ntile, shop).items())) == ("555", 1)


def test_a_figure_that_is_not_known_meets_no_goal(shop: Shop) -> None:
    held = goals.check(shop, least={"repeat_rate": 0}, most={})
    assert held.rows == (Goal("repeat_rate", None, 0, None, False),)
    assert str(held.trouble) == "repeat_rate is unknown, but must be at least 0"


def test_in_an_empty_shop_a_count_is_nought_and_a_rate_is_unknown(shop: Shop, retainctl: Terminal) -> None:
    held = goals.check(shop, least={"orders": 0, "customers": 1, "repeat_rate": 0}, most={})
    assert [(one.value, one.met) for one in held.rows] == [(0, True), (0, False), (None, False)]
    assert retainctl("reports", "check", "--min", "orders=0").code == 0


def test_every_report_can_be_held_to_a_goal_row_by_row(town: Shop, retainctl: Terminal) -> None:
    assert [(one.of, one.value, one.met) for one in goals.check(town, "rfm", least={"customers": 1}, most={}).rows] == [
        (row.cell, row.customers, True) for row in rfm(town)
    ]
    held = goals.check(town, "cohorts", least={"1": 1}, most={})
    come = [(row.cohort, row.months["1"]) for row in cohorts(town) if row.months["1"] is not None]
    assert [(one.of, one.value) for one in held.rows] == come, "a month that has not come yet is held to nothing"
    late = goals.check(town, "cohorts", least={"99": 1}, most={})
    assert ([(one.of, one.value) for one in late.rows], late.exit_code) == ([("", None)], 3)
    none = goals.check(town, "campaigns", least={}, most={"excluded_budget": 0})
    assert ([(one.value, one.met) for one in none.rows], none.exit_code) == ([(0, True)], 0)
    for name, metric in (("campaigns", "unknown"), ("points", "expired"), ("orders", "orders")):
        ended = retainctl("reports", "check", name, "--min", f"{metric}=0")
        assert ended.code == 0, ended.stderr
    assert retainctl("reports", "check", "nothing", "--min", "orders=0").code == 2


@pytest.mark.parametrize("written", ["repeat_rate", "repeat_rate=", "repeat_rate=NaN", "=1", "repeat_rate=1e9"])
def test_a_goal_is_a_metric_and_a_number(shop: Shop, written: str) -> None:
    with pytest.raises(WrongUsage):
        goals.check(shop, least=goals.read_goals([written]), most={})


def test_a_metric_has_one_goal_at_least() -> None:
    with pytest.raises(WrongUsage, match="'orders=9' is not a valid goal"):
        goals.read_goals(["orders=5", "orders=9"])


def test_names_are_told_with_the_nearest(shop: Shop) -> None:
    with pytest.raises(WrongUsage, match="the report retention has no figure repeat_rte") as metric:
        goals.check(shop, least={"repeat_rte": 1}, most={})
    assert metric.value.hint == "Did you mean repeat_rate?"
    with pytest.raises(WrongUsage, match="unknown report cohort") as report:
        reports.report_called("cohort")
    assert report.value.hint == "Did you mean cohorts?"


def test_every_report_is_of_nothing_too(shop: Shop) -> None:
    assert {name: list(report.rows(shop)) for name, report in all_reports().items()} == {
        name: [] for name in all_reports()
    }
