"""A report as a page: self-contained, in the shop's language and direction, and safe to open."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from retainctl.config import Shop, read_shop
from retainctl.insight.pages import page
from retainctl.insight.reports import all_reports
from retainctl.insight.reports.campaigns import MailingRow
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


@pytest.fixture
def town(shop: Shop) -> Shop:
    for number in (1, 2, 3):
        past.customer(number, key=EVIL + str(number))
        for month in range(number):
            past.order(number, f"2025-0{month + 1}-15", 10_000 * number)
    return shop


def pages(shop: Shop) -> dict[str, str]:
    rows = {name: report.find(shop) for name, report in all_reports().items()}
    rows["campaigns"] = [MailingRow(1, "campaign", EVIL, "active", "2025-03-02", 9, 6, 2, 1, 1, 1, 1, 3, {EVIL: 3})]
    rows["points"] = [PointsMonth("2025-01", 100, 5, 40, 3, 2, 1, 59), PointsMonth("2025-02", 0, 0, 59, 0, 0, 0, 0)]
    return {name: page(shop, all_reports()[name], found) for name, found in rows.items()}


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
        assert re.findall(r"https?://[^\"]+", text) == ["http://www.w3.org/2000/svg"], name
    assert "&lt;script&gt;" in pages(town)["campaigns"]


def test_a_page_is_in_the_language_of_the_shop(town: Shop) -> None:
    for name, text in pages(town).items():
        assert '<html lang="he" dir="rtl">' in text
        visible = re.sub(r"<style>.*?</style>|<[^>]*>", " ", text, flags=re.DOTALL)
        words = set(re.findall(r"[A-Za-z]{3,}", visible)) - {"ILS", "NTILE"}
        assert not words - {"script", "img", "src", "onerror"}, name


def test_the_chart_runs_the_way_the_shop_reads(town: Shop) -> None:
    english = dataclasses.replace(town, settings=dataclasses.replace(town.settings, language="en"))
    right_to_left, left_to_right = pages(town)["cohorts"], pages(english)["cohorts"]
    assert '<html lang="en" dir="ltr">' in left_to_right
    first = r'<text x="(\d+)" y="[\d.]+" text-anchor="(\w+)"[^>]*>2025-01</text>'
    assert re.findall(first, left_to_right) == [("0", "start")]
    assert re.findall(first, right_to_left) == [("760", "start")]
    assert right_to_left.count('direction="rtl"') == 1
    assert left_to_right.count('direction="ltr"') == 1


def test_the_bars_of_a_campaign_have_a_legend_of_every_part(make_shop: MakeShop) -> None:
    shop = read_shop(str(make_shop(language="en")))
    rows = [MailingRow(1, "campaign", "May", "active", "2025-03-02", 9, 6, 2, 1, 1, 1, 1, 3, {"no_consent": 3})]
    drawn = page(shop, all_reports()["campaigns"], rows).partition("<svg")[2].partition("</svg>")[0]
    legend = re.findall(r'font-size="12"[^>]*>([A-Z][^<]+)</text>', drawn)
    assert legend[:6] == ["Sent", "Waiting", "Unknown", "Failed", "Dropped", "Excluded"]


def test_what_a_month_issued_stands_above_its_bar_and_what_it_took_below(shop: Shop) -> None:
    drawn = page(shop, all_reports()["points"], [PointsMonth("2025-01", 100, 0, 50, 0, 0, 0, 50)])
    boxes = [float(y) for y in re.findall(r'<rect [^>]* y="([\d.]+)"[^>]*>\s*<title>2025-01: [+-]', drawn)]
    words = {
        text: float(y) for y, text in re.findall(r'<text [^>]* y="([\d.]+)"[^>]*font-size="11"[^>]*>(100|50)<', drawn)
    }
    assert words["100"] < boxes[0] < boxes[1] < words["50"]
    assert drawn.count('<rect x="350"') == 3, "each 60 wide, in the middle of 760"


def test_every_box_lies_within_its_picture(town: Shop) -> None:
    english = dataclasses.replace(town, settings=dataclasses.replace(town.settings, language="en"))
    for speaking in (town, english):
        for name, text in pages(speaking).items():
            boxes = [attributes for tag, attributes in Elements(text).found if tag == "rect"]
            edges = [(float(box["x"] or 0), float(box["x"] or 0) + float(box["width"] or 0)) for box in boxes]
            assert edges, name
            assert all(-1 <= left <= right <= 761 for left, right in edges), name


def test_the_first_figures_are_of_the_shops_own_currency(town: Shop) -> None:
    past.order(1, "2025-03-15", 99_900, currency="EUR")
    assert re.findall(r'<dd><bdi dir="ltr">(.\d[^<]*)</bdi></dd>', pages(town)["retention"])[-1].startswith("₪")


def test_figures_are_isolated_and_money_has_its_sign(town: Shop) -> None:
    for text in pages(town).values():
        for value in re.findall(r'<td class="number"><bdi([^>]*)>', text):
            assert value == " dir=ltr"
    retention = pages(town)["retention"]
    assert '<dd><bdi dir="ltr">₪233.33</bdi></dd>' in retention
    assert '<dd><bdi dir="ltr">66.7%</bdi></dd>' in retention
    assert "ILS" in retention, "the currency itself is a figure of the report"


def test_a_page_fits_a_phone_the_dark_and_paper(town: Shop) -> None:
    """The chart takes its colours from the style alone; what is wide scrolls in its own box, the first column stays."""
    for name, text in pages(town).items():
        assert not re.search(r'fill="(?!var\(--)', text), name
        named = set(re.findall(r"var\((--[a-z-]+)\)", text))
        style = text[text.index("<style>") : text.index("</style>")]
        for theme in re.findall(r":root\{([^}]*)\}", style):
            assert named <= set(re.findall(r"(--[a-z-]+):", theme)), name
        assert "@media print" in style
        assert '<div class="wide">' in text


def test_an_attribute_cannot_be_left() -> None:
    assert str(tag("rect", EVIL, fill=EVIL)).count("<") == 2
    assert str(tag("rect", EVIL, fill=EVIL)).count('"') == 2


def test_an_empty_report_is_a_page_too(shop: Shop) -> None:
    for report in all_reports().values():
        assert "עדיין אין מה להראות" in page(shop, report, [])


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
    assert markdown.startswith("| cell") and "\n- each is ranked and split into quintiles as by NTILE(5)" in markdown

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
    assert "There is nothing to show yet." in shown


def test_what_is_not_known_is_left_blank_on_a_page(shop: Shop) -> None:
    unknown = Retention(7, 9, 8, 6, 5, 4, None, None, 3, None, "", "ILS", None, None)
    report = all_reports()["retention"]
    table = page(shop, report, [unknown]).partition("<table")[2]
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
        table = page(shop, all_reports()["retention"], [known]).partition("<table")[2]
        cells = [re.sub(r"<[^>]*>", "", cell) for cell in re.findall(r'<td class="number">(.*?)</td>', table)]
        assert cells == [
            "12,345", "19,752", "0", "$1,234,567.89", "$1.00", "$1,234,566.89", "$62.50", shown, "3,148", "25.5%",
            "10-30%", "USD", "2024-12-31", "2025-03-01",
        ]  # fmt: skip


@pytest.mark.parametrize("database_url", ["sqlite:retain.db"])
def test_a_moment_is_shown_to_the_minute(shop: Shop) -> None:
    row = MailingRow(1, "survey", "May", "active", "2025-03-02T10:20:59+02:00", 9, 6, 2, 1, 1, 1, 1, 3, {})
    assert ">2025-03-02 10:20<" in page(shop, all_reports()["campaigns"], [row])
