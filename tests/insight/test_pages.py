"""A report as a page: self-contained, in the shop's language and direction, and safe to open."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import re
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import pytest

from retainctl.clock import Clock
from retainctl.config import Shop
from retainctl.errors import DoneInPart
from retainctl.insight.goals import check
from retainctl.insight.pages import page, tables
from retainctl.insight.periods import ALL_TIME, ReportPeriod
from retainctl.insight.reports import Wording, all_reports
from retainctl.insight.reports.campaigns import MailingRow
from retainctl.insight.reports.cohorts import Cohort
from retainctl.insight.reports.points import PointsMonth
from retainctl.insight.reports.retention import Retention
from retainctl.insight.svg import tag
from tests import past
from tests.conftest import MakeShop, Terminal

EVIL = "<script>x=1</script>\"'><img src=x onerror=x=1>"


class Elements(HTMLParser):
    """Every element of a page with its attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


MAILING = MailingRow(
    1, "campaign", EVIL, "active", "2025-01-02", 9, 6, 2, 1, 1, 1, 1, 3, bought=1, revenue_minor=123_456,
    currency="ILS", reasons={EVIL: 3},
)  # fmt: skip


@pytest.fixture
def town(shop: Shop) -> Shop:
    for number in (1, 2, 3):
        past.customer(number, key=EVIL + str(number))
        for month in range(number):
            past.order(number, f"2025-0{month + 1}-15", 10_000 * number)
    return shop


def pages(shop: Shop) -> dict[str, str]:
    rows = {name: report.rows(shop) for name, report in all_reports().items()}
    rows["campaigns"] = [MAILING]
    rows["points"] = [PointsMonth("2025-01", 100, 5, 40, 3, 2, 1, 59), PointsMonth("2025-02", 0, 0, 59, 0, 0, 0, 0)]
    return {name: page(shop, all_reports()[name], found).html for name, found in rows.items()}


def test_a_page_needs_nothing_else_and_lets_nothing_in(town: Shop) -> None:
    for name, text in pages(town).items():
        elements = Elements(text).found
        style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
        assert style
        digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
        policies = [a["content"] for t, a in elements if a.get("http-equiv") == "Content-Security-Policy"]
        assert policies == [f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"]
        assert not {"script", "img", "link", "iframe", "object", "form", "a"} & {tag for tag, _ in elements}, name
        assert not [a for _, attributes in elements for a in attributes if a.startswith("on") or a == "style"], name
        assert "url(" not in style[1]
        assert set(re.findall(r"https?://[^\"]+", text)) == {"http://www.w3.org/2000/svg"}, name
    assert "&lt;script&gt;" in pages(town)["campaigns"]


def test_a_page_is_in_the_language_of_the_shop(town: Shop) -> None:
    for name, text in pages(town).items():
        assert '<html lang="he" dir="rtl">' in text
        visible = re.sub(r"<style>.*?</style>|<[^>]*>", " ", text, flags=re.DOTALL)
        visible = re.sub(
            r"retainctl segments create [^\n]*?&#39;[^&]*&#39;", " ", visible
        )  # a command is typed as it is
        words = set(re.findall(r"[A-Za-z]{3,}", visible)) - {"ILS", "ntile"}  # a method is named as it is typed
        assert not words - {"script", "img", "src", "onerror"}, name


def read_in_english(shop: Shop, name: str) -> tuple[str, str]:
    """What the page of the report called *name* says in English."""
    report = all_reports()[name]
    return said(page(english(shop), report, report.rows(shop)).html)


def figures(text: str) -> dict[str, tuple[str, str]]:
    """The figures at the top of a page: each by its name, with what stands beneath it."""
    found = re.findall(
        r'<div><dt>([^<]*)</dt><dd class="value"><bdi>([^<]*)</bdi></dd>(?:<dd[^>]*>([^<]*)</dd>)?', text
    )
    return {name: (plain(value), plain(beneath)) for name, value, beneath in found}


def plain(text: str) -> str:
    """*text* without the marks that keep its direction."""
    return re.sub("[\u2066-\u2069]", "", text)


def said(text: str) -> tuple[str, str]:
    """What a page found, and the sentence beneath it."""
    lead = re.search(r'<p class="lead">([^<]*)</p>', text)
    return plain(re.findall(r"<h1>([^<]*)</h1>", text)[0]), plain(lead[1]) if lead else ""


def english(shop: Shop) -> Shop:
    return dataclasses.replace(shop, settings=dataclasses.replace(shop.settings, language="en"))


def test_the_figures_are_of_the_shops_own_currency(town: Shop) -> None:
    past.order(1, "2025-03-15", 99_900, currency="EUR")
    assert figures(pages(town)["retention"])["הכנסות נטו"] == ("₪1,400", "בניכוי החזרות בסך ₪0")


def joined(first: int, many: int, *days: str, minor: int = 10_000, currency: str = "ILS") -> None:
    """*many* customers from the number *first* on, each of whom ordered on these *days*."""
    for number in range(first, first + many):
        past.customer(number)
        for day in days:
            past.order(number, day, minor, currency=currency)


def test_retention_says_how_many_come_back_and_compares_two_years(shop: Shop) -> None:
    """Of forty who joined in 2024 thirty bought again within 90 days, of the ten of 2023 all; 50 of 80 in all."""
    joined(1, 10, "2023-01-10", "2023-02-01")
    joined(11, 10, "2024-01-10", "2024-04-09")
    joined(21, 10, "2024-02-10", "2024-05-11")  # a day too late
    joined(31, 10, "2024-03-01", "2024-03-01")
    joined(41, 10, "2024-12-01", "2025-02-28")
    joined(51, 10, "2025-01-01")
    joined(61, 20, "2025-03-31")
    first = "63% of customers come back to buy"
    counted = "50 of 80 customers have ordered twice or more."
    year = "Of those who joined in the 12 months to December 2024, 75% bought again within 90 days"
    compared = f"{counted} {year} – fewer than in the 12 months before (100%)."
    assert read_in_english(shop, "retention") == (first, compared)
    report, period = all_reports()["retention"], ReportPeriod(date(2023, 12, 1), date(2025, 3, 31))
    cut = page(english(shop), report, report.rows(shop, period), period).html
    assert said(cut)[1].endswith(f"{year} – fewer than in the 12 months before (100%)."), "whenever the period begins"


def test_what_was_not_there_for_the_whole_of_the_year_before_is_compared_with_nothing(shop: Shop) -> None:
    joined(1, 10, "2023-12-10", "2024-01-01")
    joined(11, 10, "2024-02-10")
    joined(21, 1, "2025-03-31")
    assert read_in_english(shop, "retention")[1].endswith("December 2024, 0% bought again within 90 days.")


@pytest.mark.parametrize("name", ["retention", "orders", "cohorts", "rfm"])
def test_of_few_people_no_page_finds_a_share(shop: Shop, name: str) -> None:
    joined(1, 8, "2024-03-10", "2024-04-05")
    joined(9, 1, "2024-04-10")
    found = read_in_english(shop, name)
    assert "%" not in found[0] + found[1]
    assert found[0].startswith("9 customers")


def test_of_a_month_in_which_few_joined_no_point_is_drawn(shop: Shop) -> None:
    joined(1, 9, "2024-03-10", "2024-04-05")
    joined(11, 10, "2024-04-10", "2024-05-05")
    joined(21, 10, "2024-05-10", "2024-12-05")
    report = all_reports()["retention"]
    made = page(english(shop), report, report.rows(shop)).html
    desk = made[: made.index("on-phone", made.index("Bought again"))]
    assert re.findall(r"<title>(\w+ 2024: \d+%)</title>", desk) == ["Apr 2024: 100%", "May 2024: 0%"]
    assert "once 10 or more joined in it" in made


def test_in_its_first_ninety_days_it_is_too_early_for_a_shop(shop: Shop) -> None:
    joined(1, 20, "2025-01-10")
    for name in ("retention", "orders"):
        assert read_in_english(shop, name)[0] == "20 customers; it is too early to say how many come back"


def test_rfm_tells_of_the_group_that_brought_in_most_and_not_of_the_largest(shop: Shop) -> None:
    joined(1, 8, "2023-01-01")
    joined(9, 2, "2025-02-01", "2025-02-10", "2025-02-20", "2025-02-25", "2025-03-01", minor=100_000)
    assert read_in_english(shop, "rfm") == (
        "20% of the customers brought in 93% of the revenue",
        "They are the group “Champions”.",
    )


def test_that_a_group_brought_in_what_is_its_part_is_no_finding(shop: Shop) -> None:
    joined(1, 10, "2024-01-01")
    assert read_in_english(shop, "rfm") == ("10 customers, by their orders", "")


def test_rfm_counts_back_from_the_day_on_the_page(shop: Shop) -> None:
    """The last order was on 15 January, 46 days before 2 March; under a period it is counted from its end."""
    joined(1, 10, "2025-01-15")
    report = all_reports()["rfm"]
    moving = dataclasses.replace(shop, clock=Clock(shop.clock.zone))
    for clock, period, days in (
        (shop.clock, ALL_TIME, 46),
        (shop.clock, ReportPeriod(date(2025, 1, 20), date(2025, 1, 25)), 10),
        (moving.clock, ALL_TIME, (moving.clock.today() - date(2025, 1, 15)).days),
    ):
        one = dataclasses.replace(english(shop), clock=clock)
        made = page(one, report, report.rows(one, period), period).html
        assert f"up to {days} days" in made
    assert (
        "As of 25 January 2025, all orders until then"
        in page(
            english(shop), report, report.rows(shop), period=(ReportPeriod(date(2025, 1, 20), date(2025, 1, 25)))
        ).html
    )


def test_no_text_of_the_rfm_square_is_smaller_than_it_is_meant_on_the_smallest_phone(shop: Shop) -> None:
    joined(1, 10, "2025-01-15")
    for one in (shop, english(shop)):
        made = page(one, all_reports()["rfm"], all_reports()["rfm"].rows(one)).html
        phone = made[made.index('class="on-phone"') :]
        assert float(re.findall(r'viewBox="0 0 (\d+)', phone)[0]) <= 291, "what a phone of 320 leaves for it"
        assert min(map(float, re.findall(r'font-size="([\d.]+)"', phone))) >= 11


def test_a_shop_of_guests_says_that_nobody_can_be_seen_to_come_back(shop: Shop) -> None:
    for day in ("2024-01-01", "2024-02-01"):
        past.order(None, day)
    assert read_in_english(shop, "retention") == (
        "2 orders by guests, of whom nobody can tell whether they come back", "",
    )  # fmt: skip


@pytest.mark.parametrize(("last", "said_of"), [("2024-10-15", True), ("2025-02-15", False)])
def test_nobody_is_said_to_be_away_who_was_there_of_late(shop: Shop, last: str, said_of: bool) -> None:
    """Five of fifteen bought five times; the last of all but they were on 20 February, ten days before today."""
    joined(1, 5, "2023-01-01", "2023-02-01", "2023-03-01", "2023-04-01", last)
    joined(6, 10, "2025-02-20")
    lead = read_in_english(shop, "rfm")[1]
    assert ("bought often and have not been back" in lead) == said_of
    assert not said_of or lead.endswith("5 customers bought often and have not been back for 138 days or more.")


@pytest.mark.parametrize(("first", "is_young"), [("2024-12-03", True), ("2024-12-02", False)])
def test_so_early_nobody_is_lost(shop: Shop, first: str, is_young: bool) -> None:
    """The shop's first order is of 89 days ago, or of 90."""
    joined(1, 5, first, "2024-12-20", "2025-01-05")
    joined(6, 10, "2025-02-20")
    text = page(english(shop), all_reports()["rfm"], all_reports()["rfm"].rows(shop)).html
    assert ("so early, nobody is lost yet" in plain(text)) is is_young
    assert ("At risk" in figures(text)) is not is_young
    assert "Champions" in figures(text)


def test_pages_count_people_and_orders_over_all_currencies_and_money_in_the_shops_own(shop: Shop) -> None:
    joined(1, 6, "2024-01-01", minor=20_000)
    joined(7, 6, "2024-01-01", minor=7_000, currency="USD")
    for number in (1, 2, 7, 8):
        past.order(number, "2024-01-11", 3_000, currency="EUR")
    retention, orders = (
        page(english(shop), report, report.rows(shop)).html
        for report in (all_reports()["retention"], all_reports()["orders"])
    )
    found = figures(retention)
    assert said(retention)[0] == "A third of the customers come back to buy"
    assert found["Customers who come back"] == ("33%", "4 of 12")
    assert found["Orders"][0] == "16"
    assert found["Net revenue"][0] == "₪1,200"
    assert "The amounts are in ILS. In other currencies: 10 orders, €120, $420 net." in plain(retention)
    assert "Averages are of the orders in ILS." in plain(orders)
    with pytest.raises(DoneInPart, match=r"repeat_rate of the orders in ILS is 0, but must be at least 0\.3") as missed:
        raise check(shop, least={"repeat_rate": 0.3}, most={}).trouble or AssertionError
    assert missed.value.exit_code == 3
    table = re.findall(r"<thead><tr>(.*?)</tr>", retention)[0]
    assert table.count("<th") == 4, "a currency beside the other"
    assert said(orders)[0] == "After the first order a third of the customers order again"
    assert figures(orders)["Ordered a second time"] == ("33%", "4 of 12")
    assert figures(orders)["Days to the second"][0] == "10"
    assert re.findall(r"<title>(\d+)</title>", orders)[:2] == ["12", "4"]
    lines = re.findall(r"<tbody>\n<tr><td[^>]*><bdi>(\w+)</bdi>", orders)
    assert lines == ["ILS"], "the currency stands first in a line, and the shop's own above the others"


def test_a_period_stands_beside_the_one_before(town: Shop) -> None:
    """February and March beside December and January: three orders of 300 each beside three."""
    past.customer(90)
    past.order(90, "2024-11-01")
    report, period = all_reports()["retention"], ReportPeriod(date(2025, 2, 1), date(2025, 3, 31))
    made = page(english(town), report, report.rows(town, period), period).html
    assert "1 February 2025 – 31 March 2025 · compared with 4 December 2024 – 31 January 2025" in made
    for name in ("orders", "cohorts"):  # which set no figure beside another
        alone = all_reports()[name]
        assert "compared with" not in page(english(town), alone, alone.rows(town, period), period).html
    found = figures(made)
    assert found["Orders"] == ("3", "as in the period before")
    assert found["Average order"] == ("₪266.67", "▲ 33% against the period before")
    assert found["Net revenue"] == ("₪800", "▲ 33% against the period before")
    assert found["Have bought more than once"] == ("100%", "2 of 2"), "of two people no share is compared"


def test_money_is_compared_with_money_of_its_own_currency_alone(shop: Shop) -> None:
    """Before it there were orders of dollars alone, and then of dollars and shekels."""
    past.customer(1)
    past.order(1, "2024-12-20", 50_000)
    past.order(1, "2025-01-20", 10_000, currency="USD")
    past.order(1, "2025-02-10", 30_000)
    report, period = all_reports()["retention"], ReportPeriod(date(2025, 2, 1), date(2025, 2, 28))
    found = figures(page(english(shop), report, report.rows(shop, period), period).html)
    assert found["Orders"] == ("1", "as in the period before")
    assert [found[name][0] for name in ("Average order", "Net revenue")] == ["₪300"] * 2
    assert "against the period before" not in found["Average order"][1] + found["Net revenue"][1]
    past.order(1, "2025-01-21", 20_000)
    found = figures(page(english(shop), report, report.rows(shop, period), period).html)
    assert [found[name][1] for name in ("Average order", "Net revenue")] == ["▲ 50% against the period before"] * 2


def test_a_period_before_the_shop_began_is_compared_with_nothing(town: Shop) -> None:
    report, period = all_reports()["retention"], ReportPeriod(date(2025, 2, 1), date(2025, 3, 31))
    made = page(english(town), report, report.rows(town, period), period).html
    assert "1 February 2025 – 31 March 2025</span>" in made
    assert "period before" not in made


def test_a_page_of_all_time_says_from_when_its_orders_are(town: Shop) -> None:
    report = all_reports()["retention"]
    made = page(english(town), report, report.rows(town)).html
    assert "2 March 2025 · orders 15 January 2025 – 15 March 2025" in made
    past_days = ReportPeriod(last=date(2025, 2, 1))
    assert ">until 1 February 2025<" in page(english(town), report, report.rows(town, past_days), past_days).html


def test_who_ordered_again_in_a_period_had_done_so_by_its_end(shop: Shop) -> None:
    joined(1, 10, "2024-06-10")
    for number in range(1, 4):
        past.order(number, "2024-08-20")
    past.order(4, "2024-08-21")
    report, period = all_reports()["orders"], ReportPeriod(date(2024, 6, 1), date(2024, 8, 20))
    made = page(english(shop), report, report.rows(shop, period), period).html
    assert said(made) == (
        "Of those who first ordered in this period, 30% had ordered again by 20 August 2024",
        "The latest of them had little time to order again by then.",
    )


def test_what_the_staircase_leaves_out_is_said(shop: Shop) -> None:
    joined(1, 1, *(f"2024-01-{day:02}" for day in range(1, 14)))
    report = all_reports()["orders"]
    assert "3 orders were number 11 or later." in page(english(shop), report, report.rows(shop)).html
    period = ReportPeriod(date(2024, 1, 5), date(2024, 1, 20))
    made = page(english(shop), report, report.rows(shop, period), period).html
    assert said(made)[0] == "Nobody ordered for the first time in this period"


def test_cells_of_few_have_their_number_and_no_shade(shop: Shop) -> None:
    joined(1, 10, "2024-01-10", "2024-02-10")
    joined(11, 9, "2024-02-10", "2024-03-10")
    joined(21, 1, "2024-03-10", "2024-04-10")
    report = all_reports()["cohorts"]
    made = page(english(shop), report, report.rows(shop)).html
    desk = made[: made.index('class="on-phone"')]
    assert "Where fewer than 10 joined" in made
    cells = re.findall(r'<rect[^>]*fill="([^"]*)"[^>]*><title>(\w+) 2024 [^<]*\+1', desk)
    assert cells == [("var(--heat-5)", "January"), ("none", "February"), ("var(--quiet)", "March")]


def test_points_and_campaigns_say_what_they_found(town: Shop) -> None:
    made = {name: said(text) for name, text in pages(english(town)).items()}
    assert made["points"][0] == "Members hold points worth ₪0"
    assert made["points"][1] == "Of 105 points issued or granted, 94% have been redeemed."
    assert made["campaigns"] == ("2 messages have been sent", "Nobody bought within 14 days.")


def test_orders_and_cohorts_say_what_they_found(shop: Shop) -> None:
    joined(1, 4, "2024-10-15")
    joined(5, 8, "2024-10-15", "2024-11-15", "2024-12-15")
    assert read_in_english(shop, "orders")[0] == "After the first order two of three customers order again"
    assert read_in_english(shop, "cohorts")[0] == "67% of new customers buy again in the month after they joined"


def test_cohorts_compare_the_two_latest_months_and_count_only_those_that_are_over(shop: Shop) -> None:
    """Of ten who joined in each month ten, five, two and none bought in the month after; January has only begun."""
    for number, (month, after, again) in enumerate(
        [("2024-09", "2024-10", 10), ("2024-10", "2024-11", 5), ("2024-11", "2024-12", 2), ("2024-12", "2025-01", 1)]
    ):
        joined(10 * number + 1, again, f"{month}-10", f"{after}-10")
        joined(10 * number + 1 + again, 10 - again, f"{month}-10")
    assert read_in_english(shop, "cohorts") == (
        "57% of new customers buy again in the month after they joined",
        "Of those who joined in October 2024, 50% bought again in the month after; of those in November 2024, 20%.",
    )
    report = all_reports()["cohorts"]
    found = figures(page(english(shop), report, report.rows(shop)).html)
    assert found["Bought 1 month after joining"] == ("57%", "17 of 30, on average")


@pytest.mark.parametrize(("last", "span"), [("2024-09-10", "month"), ("2024-10-10", "quarter")])
def test_cohorts_of_up_to_nine_months_are_told_by_months_and_of_more_by_quarters(
    shop: Shop, last: str, span: str
) -> None:
    joined(1, 10, "2024-01-10", last)
    assert read_in_english(shop, "cohorts")[0] == f"0% of new customers buy again in the {span} after they joined"


def test_until_the_window_is_over_no_page_says_that_nobody_bought(town: Shop) -> None:
    just_sent = dataclasses.replace(MAILING, planned_at="2025-03-01T10:00:00+02:00", bought=0, revenue_minor=0)
    made = page(english(town), all_reports()["campaigns"], [just_sent]).html
    assert said(made) == ("2 messages have been sent", "Purchases after a message are counted until 15 March 2025.")
    found = figures(made)
    assert found["Bought"] == found["Their orders"] == ("–", "counted until 15 March 2025")


def test_figures_are_isolated_and_money_has_its_sign(town: Shop) -> None:
    for text in pages(town).values():
        for value in re.findall(r'<td class="number"><bdi([^>]*)>', text):
            assert value in (" dir=ltr", ' dir="ltr"')
    retention = pages(town)["retention"]
    assert figures(retention)["הזמנה ממוצעת"] == ("₪233.33", "2.0 הזמנות ללקוח")
    assert figures(retention)["לקוחות חוזרים"] == ("67%", "2 מתוך 3")
    assert "\u2066₪233.33\u2069" in retention
    assert "ILS" in retention, "the currency itself is a figure of the report"


def test_a_page_fits_a_phone_the_dark_and_paper(town: Shop) -> None:
    """The chart takes its colours from the style alone; what is wide scrolls in its own box, the first column stays."""
    for name, text in pages(town).items():
        assert not re.search(r'fill="(?!var\(--|none)', text), name
        named = set(re.findall(r"var\((--[a-z0-9-]+)\)", text))
        style = text[text.index("<style>") : text.index("</style>")]
        for theme in re.findall(r":root\{([^}]*)\}", style):
            assert named <= set(re.findall(r"(--[a-z0-9-]+):", theme)), name
        assert "@media print" in style
        assert '<div class="wide' in text
        assert text.count('class="on-desk"') == text.count('class="on-phone"') > 0


def test_one_row_of_many_figures_stands_upright(shop: Shop) -> None:
    one = [Cohort("2024-01", {str(month): month for month in range(25)})]
    ((heads, lines),) = tables(one, Wording(all_reports()["cohorts"], shop.settings.language))
    assert (len(heads), len(lines)) == (2, 26)
    assert [[text for text, _ in line] for line in lines[:2]] == [["חודש ההצטרפות", "2024-01"], ["0", "0"]]


def test_a_table_that_is_too_wide_for_paper_goes_on_in_a_second_one(shop: Shop) -> None:
    long = [Cohort(f"2024-0{begun}", {str(month): month for month in range(25)}) for begun in range(1, 7)]
    made = tables(long, Wording(all_reports()["cohorts"], shop.settings.language))
    assert [[name for name, _ in heads] for heads, _ in made] == [
        ["חודש ההצטרפות", *map(str, range(13))],
        ["חודש ההצטרפות", *map(str, range(13, 25))],
    ]


def test_an_attribute_cannot_be_left() -> None:
    assert str(tag("rect", EVIL, fill=EVIL)).count("<") == 2
    assert str(tag("rect", EVIL, fill=EVIL)).count('"') == 2


def test_an_empty_report_is_a_page_too(shop: Shop) -> None:
    for name, report in all_reports().items():
        made = page(shop, report, []).html
        assert "עדיין אין נתונים להצגה" in made
        step = {"points": "points award", "campaigns": "campaigns draft NAME"}.get(name, "orders import FILE")
        assert f'כך מתחילים: <code dir="ltr">retainctl {step}</code>' in made
        assert "<summary>איך זה מחושב</summary>" in made, "there are no figures to be opened"
        july = ReportPeriod(date(2024, 7, 1), date(2024, 7, 31))
        assert "אין נתונים לימים האלה." in page(shop, report, [], july).html


def test_the_command_line(town: Shop, retainctl: Terminal, tmp_path: Path) -> None:
    listed = retainctl("reports", "list")
    assert [line.split("\t")[0] for line in listed.stdout.splitlines()[1:]] == list(all_reports())

    shown = retainctl("reports", "show", "cohorts", "--format", "csv")
    assert (shown.code, shown.stdout, shown.stderr) == (0, "cohort,0,1,2\n2025-01,3,2,1\n", "")

    body = json.loads(retainctl("reports", "show", "cohorts", "--format", "json").stdout)
    assert (body["kind"], body["version"]) == ("cohort", 1)
    assert body["rows"] == [{"cohort": "2025-01", "0": 3, "1": 2, "2": 1}]
    assert body["definitions"][1] == "cohort = the month of a customer's first order on the shop's calendar."

    markdown = retainctl("reports", "show", "rfm", "--format", "markdown").stdout
    assert markdown.startswith("| cell") and "\n- 5 is best; frequency: 1, 2, 3-4, 5-9, 10 or more orders" in markdown

    path = tmp_path / "retention.html"
    written = retainctl("reports", "show", "retention", "--output", str(path))
    assert (written.code, written.stdout, written.stderr) == (0, "", "")
    assert path.read_text().startswith('<!doctype html>\n<html lang="he" dir="rtl">')
    assert path.stat().st_mode & 0o777 == 0o600

    met = retainctl("reports", "check", "--min", "repeat_rate=0.25")
    assert (met.code, met.stderr) == (0, "")
    assert met.stdout == "metric\tvalue\tleast\tmost\tmet\tof\nrepeat_rate\t0.666667\t0.25\t\tyes\t\n"
    missed = retainctl("reports", "check", "--min", "repeat_rate=0.7", "--max", "orders=5", "--min", "customers=3")
    assert missed.code == 3
    assert [line.split("\t")[-2] for line in missed.stdout.splitlines()] == ["met", "no", "yes", "no"]
    assert missed.stderr.startswith(
        "retainctl: repeat_rate is 0.666667, but must be at least 0.7; orders is 6, but must be at most 5\n"
    )
    unknown = retainctl("reports", "check", "--min", "repeat_rte=0.7")
    assert (unknown.code, unknown.stdout) == (2, "")
    assert unknown.stderr == "retainctl: the report retention has no figure repeat_rte\n  Did you mean repeat_rate?\n"


def test_an_english_shop_reads_english(make_shop: MakeShop) -> None:
    folder = make_shop(language="en", currency="GBP", timezone="Europe/London")
    shown = Terminal(folder)("reports", "show", "points", "--format", "html").stdout
    assert '<html lang="en" dir="ltr">' in shown
    assert "There is nothing to show yet: the first orders, mailings and points will fill this page." in shown


def test_what_is_not_known_is_left_blank_on_a_page(shop: Shop) -> None:
    unknown = Retention(7, 9, 8, 6, 5, 4, None, None, 3, None, "", "ILS", None, None)
    report = all_reports()["retention"]
    table = page(shop, report, [unknown]).html.partition("<table")[2]
    cells = [re.sub(r"<[^>]*>", "", cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", table, re.DOTALL)]
    assert [cell for cell in cells if not cell.strip(" \u2066\u2067\u2068\u2069")] == [""] * 6
    assert "0" not in cells


@pytest.mark.parametrize("database_url", ["sqlite:retain.db"])
def test_a_figure_is_shown_as_one_reads_it(shop: Shop) -> None:
    """Each with the decimals that it has, two at most; a rate in per cent; money in its own currency."""
    for frequency, shown in ((1.6, "1.6"), (1.256, "1.26"), (1234.5, "1,234.5"), (10.0, "10"), (0.5, "0.5")):
        known = Retention(
            12_345, 19_752, 0, 123_456_789, 100, 123_456_689, 6_250, frequency, 3_148, 0.255, "10-30%", "USD",
            "2024-12-31", "2025-03-01",
        )  # fmt: skip
        table = page(shop, all_reports()["retention"], [known]).html.partition("<table")[2]
        cells = [re.sub(r"<[^>]*>", "", cell) for cell in re.findall(r'<td class="(?:number|word)">(.*?)</td>', table)]
        assert cells == [
            "12,345", "19,752", "0", "$1,234,567.89", "$1.00", "$1,234,566.89", "$62.50", shown, "3,148", "25.5%",
            "10-30%", "USD", "2024-12-31", "2025-03-01",
        ]  # fmt: skip


@pytest.mark.parametrize("database_url", ["sqlite:retain.db"])
def test_a_moment_is_shown_to_the_minute(shop: Shop) -> None:
    row = MailingRow(1, "survey", "May", "active", "2025-03-02T10:20:59+02:00", 9, 6, 2, 1, 1, 1, 1, 3, 0, 0, "ILS", {})
    assert ">2025-03-02 10:20<" in page(shop, all_reports()["campaigns"], [row]).html
