"""Charts as numbers: what is drawn stands where its figure belongs, and a chart for Hebrew is the mirror of one."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple
from xml.etree import ElementTree

import pytest

from retainctl.insight.reports import Wording, all_reports
from retainctl.insight.reports.campaigns import MailingRow
from retainctl.insight.reports.cohorts import Cohort
from retainctl.insight.reports.points import PointsMonth
from retainctl.insight.reports.retention import Retention
from retainctl.insight.reports.rfm import Cell
from retainctl.insight.svg import WIDTH, Canvas

SVG = "{http://www.w3.org/2000/svg}"
MAY = MailingRow(1, "campaign", "May", "active", "2025-05-02", 10, 7, 2, 1, 1, 2, 1, 3, {"no_consent": 3})
JUNE = MailingRow(2, "campaign", "June", "active", "2025-06-02", 20, 20, 20, 0, 0, 0, 0, 0, {})
COHORTS = [Cohort("2025-01", {"0": 8, "1": 4, "2": 2}), Cohort("2025-02", {"0": 5, "1": 0, "2": None})]
CELLS = [Cell("555", 6), Cell("554", 3), Cell("111", 1_200)]
MONTHS = [PointsMonth("2025-01", 90, 10, 20, 10, 5, 5, 60), PointsMonth("2025-02", 40, 0, 25, 0, 0, 0, 75)]
EXAMPLES: dict[str, Sequence[Any]] = {"campaigns": [MAY, JUNE], "cohorts": COHORTS, "rfm": CELLS, "points": MONTHS}


class Box(NamedTuple):
    """A rectangle and its tooltip."""

    x: float
    y: float
    width: float
    height: float
    opacity: float
    title: str


class Text(NamedTuple):
    """A text, where it stands, and which of its ends stands there."""

    x: float
    y: float
    anchor: str
    text: str


def repeat_rate(rate: float, currency: str = "ILS") -> Retention:
    return Retention(100, 9, 0, 0, 0, 0, None, None, round(100 * rate), rate, "", currency, None, None)


def drawn(name: str, rows: Sequence[Any], *, language: str = "en") -> tuple[list[Box], list[Text]]:
    report = all_reports()[name]
    return read(str(report.chart(rows, Wording(report, language))))


def read(svg: str) -> tuple[list[Box], list[Text]]:
    boxes, texts = [], []
    for one in ElementTree.fromstring(svg).iter():
        if one.tag == f"{SVG}rect":
            x, y, width, height, opacity = (
                float(one.attrib[key]) for key in ("x", "y", "width", "height", "fill-opacity")
            )
            boxes.append(Box(x, y, width, height, opacity, one.findtext(f"{SVG}title", "")))
        elif one.tag == f"{SVG}text":
            x, y = float(one.attrib["x"]), float(one.attrib["y"])
            texts.append(Text(x, y, one.attrib["text-anchor"], one.text or ""))
    return boxes, texts


def near(*numbers: float) -> Any:
    """These numbers, as they are written with two decimals."""
    return pytest.approx(numbers, abs=0.011)


def test_a_bar_of_a_mailing_is_its_candidates_part_by_part() -> None:
    boxes, texts = drawn("campaigns", [MAY, JUNE])
    legend, bars = boxes[:6], boxes[6:]
    assert [(box.x, box.y, box.width) for box in legend] == [(126 * place, 2, 12) for place in range(6)]
    assert [(one.x, one.y, one.text) for one in texts[:6]] == [
        (126 * place + 18, 13, word)
        for place, word in enumerate(("Sent", "Waiting", "Unknown", "Failed", "Dropped", "Excluded"))
    ]
    for row, top, parts, whole in ((0, 30, (2, 1, 1, 2, 1, 3), 245), (1, 64, (20, 0, 0, 0, 0, 0), 490)):
        line = bars[6 * row : 6 * row + 6]
        assert [(box.y, box.height) for box in line] == [(top, 24)] * 6
        assert [box.width for box in line] == near(*(24.5 * part for part in parts))
        for box, after in pairwise(line):
            assert near(box.x + box.width) == (after.x,)
        assert line[0].x == 210
        name, count = texts[6 + 2 * row : 8 + 2 * row]
        assert (name.text, name.x, name.y) == (("May", "June")[row], 0, top + 17)
        assert (count.text, count.x, count.y) == (("10", "20")[row], 210 + whole + 8, top + 17)


def test_a_cohort_is_a_line_and_each_later_month_a_square_as_dark_as_its_share() -> None:
    boxes, texts = drawn("cohorts", COHORTS)
    assert [(box.x, box.y, box.width, box.height) for box in boxes] == [
        (120, 38, 319, 24), (440, 38, 319, 24), (120, 63, 319, 24),
    ]  # fmt: skip
    assert [box.opacity for box in boxes] == near(1, 0.54, 0.07)
    assert [box.title for box in boxes] == [
        "2025-01 +1: 4 / 8 (50.0%)", "2025-01 +2: 2 / 8 (25.0%)", "2025-02 +1: 0 / 5 (0.0%)",
    ]  # fmt: skip
    shown = {one.text: (one.x, one.y, one.anchor) for one in texts}
    assert (shown["1"], shown["2"]) == ((280, 30, "middle"), (600, 30, "middle"))
    assert (shown["50%"], shown["25%"], shown["0%"]) == ((280, 54, "middle"), (600, 54, "middle"), (280, 79, "middle"))
    assert (shown["2025-01"], shown["8"]) == ((0, 54, "start"), (110, 54, "end"))
    assert (shown["2025-02"], shown["5"]) == ((0, 79, "start"), (110, 79, "end"))


def test_many_months_are_not_all_named() -> None:
    long = [Cohort("2020-01", {str(month): 1 for month in range(61)})]
    named = [int(one.text) for one in drawn("cohorts", long)[1] if one.y == 30 and one.text.isdigit()]
    assert named == list(range(6, 61, 6))


def test_a_square_of_customers_has_their_number_and_their_money_in_five_bars() -> None:
    boxes, texts = drawn("rfm", CELLS)
    squares = {box.title: box for box in boxes if box.title.startswith("R")}
    assert len(squares) == 25
    assert squares["R5 F5: 9"][:4] == (620, 24, 137, 81)
    assert squares["R1 F1: 1,200"][:5] == (60, 360, 137, 81, 1)
    assert squares["R5 F5: 9"].opacity == pytest.approx(0.07 + 0.93 * 9 / 1_200, abs=0.01)
    bars = {box.title: box for box in boxes if ":" in box.title and not box.title.startswith("R")}
    assert len(bars) == 125
    assert bars["555: 6"][:4] == (738, 57, 9, 40)
    assert bars["554: 3"][:4] == (726, 77, 9, 20)
    assert bars["111: 1,200"][:4] == (130, 393, 9, 40)
    assert bars["112: 0"].height == 0
    shown = {one.text: (one.x, one.y) for one in texts}
    assert (shown["9"], shown["1,200"]) == ((630, 48), (70, 384))
    numbers = [(one.x, one.y) for one in texts if one.anchor == "middle"]
    assert numbers[::2] == [(30, 406), (30, 322), (30, 238), (30, 154), (30, 70)]
    assert numbers[1::2] == [(130 + 140 * place, 462) for place in range(5)]


def test_points_that_came_stand_above_the_line_and_those_that_went_below() -> None:
    boxes, texts = drawn("points", MONTHS)
    outstanding, moved = boxes[:2], boxes[2:]
    assert [(box.y, box.height) for box in outstanding] == [(67, 88), (45, 110)]
    assert [(box.x, box.y, box.width, box.height, box.title) for box in moved] == [
        (160, 230, 60, 70, "2025-01: +100"),
        (160, 301, 60, 28, "2025-01: -40"),
        (540, 272, 60, 28, "2025-02: +40"),
        (540, 301, 60, 17.5, "2025-02: -25"),
    ]
    shown = {one.text: (one.x, one.y, one.anchor) for one in texts}
    assert (shown["100"], shown["25"]) == ((190, 225, "middle"), (570, 331.5, "middle"))


def test_two_years_of_points_are_drawn_and_the_latest() -> None:
    many = [PointsMonth(f"20{20 + month // 12}-{month % 12 + 1:02}", 1, 0, 0, 0, 0, 0, 1) for month in range(30)]
    titles = [box.title for box in drawn("points", many)[0] if "+" in box.title]
    assert (len(titles), titles[0], titles[-1]) == (24, "2020-07: +1", "2022-06: +1")


@pytest.mark.parametrize(
    ("rate", "end", "anchor"), [(0.0, 0.6, "start"), (0.25, 0.6, "start"), (0.35, 0.6, "end"), (0.9, 0.95, "end")]
)
def test_a_repeat_rate_is_marked_where_it_falls_among_the_bands(rate: float, end: float, anchor: str) -> None:
    boxes, texts = drawn("retention", [repeat_rate(rate)])
    bands, mark = boxes[:-1], boxes[-1]
    edges = [edge / end * WIDTH for edge in (0, 0.05, 0.1, 0.3, 0.5, end)]
    assert [box.x for box in bands] == near(*edges[:-1])
    assert [box.x + box.width + 1 for box in bands] == near(*edges[1:])
    assert all(box.y == 34 for box in bands)
    assert (mark.x + 2, mark.y, mark.height) == near(rate / end * WIDTH, 28, 30)
    assert mark.title == f"{round(100 * rate)} / 100"
    assert [texts[0].x] == near(rate / end * WIDTH)
    assert texts[0][1:] == (22, anchor, f"{rate:.1%}")
    assert [(one.text, one.y) for one in texts[1:]] == [(name, 68) for name in ("5%", "10%", "30%", "50%")]
    assert [one.x for one in texts[1:]] == near(*edges[1:-1])


def test_each_currency_has_its_own_scale_and_name() -> None:
    boxes, texts = drawn("retention", [repeat_rate(0.2), repeat_rate(0.4, "USD")])
    assert [one.text for one in texts if "  " in one.text] == ["ILS  20.0%", "USD  40.0%"]
    assert sorted({box.y for box in boxes}) == [28, 34, 98, 104]


def test_the_tallest_bar_is_as_tall_as_the_chart_and_the_others_in_proportion() -> None:
    canvas = Canvas(200, "Sums")
    canvas.bars(20, "Sums", ["a", "b", "c", "d"], [5, 10, 0, -3], say=lambda value: f"{value}!", fill="red")
    boxes, texts = read(str(canvas.svg()))
    assert [(box.x, box.y, box.width, box.height) for box in boxes] == [
        (65, 120, 60, 55), (255, 65, 60, 110), (445, 175, 60, 0), (635, 175, 60, 0),
    ]  # fmt: skip
    assert [box.title for box in boxes] == ["a: 5!", "b: 10!", "c: 0!", "d: -3!"]
    assert texts[0] == (0, 36, "start", "Sums")
    assert texts[1:5] == [
        (95, 115, "middle", "5!"), (95, 191, "middle", "a"), (285, 60, "middle", "10!"), (285, 191, "middle", "b"),
    ]  # fmt: skip


def test_bars_that_are_too_narrow_have_no_words() -> None:
    for many, words in ((25, 51), (26, 1)):
        canvas = Canvas(200, "Sums")
        canvas.bars(0, "Sums", ["x"] * many, [1] * many, say=str, fill="red")
        assert len(read(str(canvas.svg()))[1]) == words


@pytest.mark.parametrize("name", EXAMPLES)
def test_in_hebrew_a_chart_is_its_own_mirror(name: str) -> None:
    english, hebrew = (drawn(name, EXAMPLES[name], language=language) for language in ("en", "he"))
    assert [box.x for box in hebrew[0]] == near(*(WIDTH - box.x - box.width for box in english[0]))
    assert [one.x for one in hebrew[1]] == near(*(WIDTH - one.x for one in english[1]))
    assert [box.y for box in hebrew[0]] == [box.y for box in english[0]]
    assert [one.y for one in hebrew[1]] == [one.y for one in english[1]]
