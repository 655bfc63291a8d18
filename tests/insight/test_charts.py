"""Charts as numbers: what is drawn stands where its figure belongs, at a desk and on a phone, in both languages."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple
from xml.etree import ElementTree

import pytest
from markupsafe import Markup

from retainctl.insight.charts import (
    DESK,
    PHONE,
    Bar,
    HeatRow,
    Month,
    Stair,
    bars,
    by_month,
    heat,
    over_time,
    scale,
    staircase,
    ticks,
)
from retainctl.insight.svg import ACCENT, BAD, HEAT, QUIET, SECOND, Canvas, broken, wide
from retainctl.wording import percent

SVG = "{http://www.w3.org/2000/svg}"
JANUARY = 12 * 2025


class Box(NamedTuple):
    """A rectangle, its colour, whether its edge is dashed, and its tooltip."""

    x: float
    y: float
    width: float
    height: float
    fill: str
    dashed: bool
    title: str


class Text(NamedTuple):
    """A text, where it stands, and which of its ends stands there."""

    x: float
    y: float
    anchor: str
    text: str


class View(NamedTuple):
    """One of the two drawings of a chart."""

    width: float
    boxes: list[Box]
    texts: list[Text]
    dots: list[tuple[float, float]]
    lines: list[list[tuple[float, float]]]


def views(chart: Markup) -> tuple[View, View]:
    """The drawing for a desk and the one for a phone."""
    desk, phone = ElementTree.fromstring(f"<both>{chart}</both>")
    assert (desk.attrib["class"], phone.attrib["class"]) == ("on-desk", "on-phone")
    return read(desk[0]), read(phone[0])


def read(svg: ElementTree.Element) -> View:
    _, _, width, _ = svg.attrib["viewBox"].split()
    boxes, texts, dots, lines = [], [], [], []
    for one in svg.iter():
        if one.tag == f"{SVG}rect":
            x, y, wide, tall = (float(one.attrib[key]) for key in ("x", "y", "width", "height"))
            title = one.findtext(f"{SVG}title", "")
            boxes.append(Box(x, y, wide, tall, one.attrib["fill"], "stroke-dasharray" in one.attrib, title))
        elif one.tag == f"{SVG}text":
            x, y = float(one.attrib["x"]), float(one.attrib["y"])
            texts.append(Text(x, y, one.attrib["text-anchor"], one.text or ""))
        elif one.tag == f"{SVG}circle":
            dots.append((float(one.attrib["cx"]), float(one.attrib["cy"])))
        elif one.tag == f"{SVG}polyline":
            lines.append([(float(x), float(y)) for x, y in (at.split(",") for at in one.attrib["points"].split())])
    return View(float(width), boxes, texts, dots, lines)


def near(*numbers: float) -> Any:
    """These numbers, as they are written with two decimals."""
    return pytest.approx(numbers, abs=0.011)


def money(columns: list[Month], language: str = "en") -> tuple[View, View]:
    return views(by_month(columns, fills=(ACCENT, SECOND), say="{:g}".format, label="Money", language=language))


@pytest.mark.parametrize(
    ("most", "marks"),
    [
        (0, [0, 1]),
        (1, [0, 0.25, 0.5, 0.75, 1]),
        (0.66, [0, 0.2, 0.4, 0.6, 0.8]),
        (4, [0, 1, 2, 3, 4]),
        (7, [0, 2, 4, 6, 8]),
        (10, [0, 2.5, 5, 7.5, 10]),
        (25_700, [0, 10_000, 20_000, 30_000]),
        (1_000_000, [0, 250_000, 500_000, 750_000, 1_000_000]),
    ],
)
def test_an_axis_has_round_numbers_and_reaches_over_the_greatest(most: float, marks: list[float]) -> None:
    assert ticks(most) == pytest.approx(marks)


def test_parts_are_stacked_in_proportion_from_the_line_of_nought() -> None:
    desk, phone = money([Month(JANUARY, (30, 10), "Jan"), Month(JANUARY + 1, (20, 0), "Feb")])
    for view in (desk, phone):
        later, first, alone = view.boxes
        per_unit = later.height / 30
        assert (first.height, alone.height) == near(10 * per_unit, 20 * per_unit)
        assert near(first.y + first.height) == (later.y,)
        assert near(later.y + later.height) == (alone.y + alone.height,), "both stand on the same line"
        assert (later.fill, first.fill, alone.fill) == (ACCENT, SECOND, ACCENT)
        assert first.x == later.x < alone.x, "time runs from left to right"
        assert [one.text for one in view.texts if one.anchor == "end"] == ["0", "10", "20", "30", "40"]


def test_what_went_out_hangs_below_the_line_of_nought() -> None:
    desk, _ = money([Month(JANUARY, (100, -40), "Jan")])
    up, down = desk.boxes
    assert near(up.y + up.height) == (down.y,)
    assert near(down.height) == (up.height * 0.4,)
    assert [one.text for one in desk.texts if one.anchor == "end"] == ["-50", "-25", "0", "25", "50", "75", "100"]


def test_a_month_that_is_not_over_has_a_dashed_edge() -> None:
    desk, _ = money([Month(JANUARY, (5, 5), "Jan"), Month(JANUARY + 1, (1, 1), "Feb", faint=True)])
    assert [box.dashed for box in desk.boxes] == [False, False, True, True]


def test_a_phone_shows_the_latest_thirteen_months_and_every_name_has_room() -> None:
    many = [Month(JANUARY + month, (month + 1, 0), str(month)) for month in range(40)]
    for language in ("en", "he"):
        desk, phone = money(many, language)
        assert [box.title for box in desk.boxes] == [str(month) for month in range(40)]
        assert [box.title for box in phone.boxes] == [str(month) for month in range(27, 40)]
        for view, years in ((desk, {"2025", "2026", "2027", "2028"}), (phone, {"2027", "2028"})):
            below = sorted({one.x for one in view.texts if one.anchor == "middle"})
            assert min(after - before for before, after in pairwise(below)) >= 34
            assert {one.text for one in view.texts if len(one.text) == 4 and one.text.isdigit()} == years


def test_time_runs_left_to_right_in_hebrew_too_with_the_axis_at_the_reading_side() -> None:
    columns = [Month(JANUARY + month, (month + 1, 0), str(month)) for month in range(6)]
    (english, _), (hebrew, _) = money(columns), money(columns, "he")
    assert [box.x for box in hebrew.boxes] == sorted(box.x for box in hebrew.boxes)
    assert [box.height for box in hebrew.boxes] == [box.height for box in english.boxes]
    assert {one.x for one in english.texts if one.anchor == "end"} == {38}
    assert {one.x for one in hebrew.texts if one.anchor == "end"} == {DESK - 2}
    assert "ינו׳" in {one.text for one in hebrew.texts}


def test_a_line_goes_through_what_is_known_and_its_end_has_its_figure() -> None:
    points = [(JANUARY, 0.5), (JANUARY + 1, None), (JANUARY + 2, 0.25)]
    desk, phone = views(over_time(points, say=percent, label="Again", language="en"))
    for view in (desk, phone):
        assert len(view.dots) == 2
        assert view.lines[-1] == view.dots, "the line goes through the points"
        (left, upper), (right, lower) = view.dots
        nought = next(one.y for one in view.texts if one.text == "0%") - 4
        assert near(nought - upper) == (2 * (nought - lower),)
        assert (right, lower - 9, "middle", "25%") in view.texts
        assert [one.text for one in view.texts if one.x == left] == ["Jan", "2025"]


def test_a_staircase_falls_from_the_reading_side() -> None:
    steps = [Stair(str(number), 80 // number, (f"{number}%", "3 days"), "") for number in range(1, 11)]
    for rtl in (False, True):
        desk, phone = views(staircase(steps, label="Orders", rtl=rtl))
        assert (len(desk.boxes), len(phone.boxes)) == (10, 6)
        for view in (desk, phone):
            assert [box.height for box in view.boxes] == near(
                *(130 * one.value / 80 for one in steps[: len(view.boxes)])
            )
            places = [box.x for box in view.boxes]
            assert places == sorted(places, reverse=rtl)
            assert {one.y for one in view.texts if one.text == "3 days"} == {211}
            assert sum(one.text == "80" for one in view.texts) == 1


def test_bars_have_their_own_scale_and_what_is_nothing_has_none() -> None:
    for rtl in (False, True):
        first = bars([Bar("Sent", 100, "100"), Bar("Bought", 0, "0", SECOND)], label="M", rtl=rtl, heading="May")
        other = bars([Bar("Sent", 7, "7")], label="M", rtl=rtl, heading="June")
        for view, view_of_other in zip(views(first), views(other), strict=True):
            (longest,), (its,) = view.boxes, view_of_other.boxes
            assert [one.text for one in view.texts].count("0") == 1
            assert longest.width >= view.width * 0.5
            assert its.width > longest.width, "its word is shorter, so that there is more room"
            begins = [box.x + box.width if rtl else box.x for box in (longest, its)]
            assert begins == near(*[begins[0]] * 2), "both at the reading side"
            assert view.texts[0].text == "May"
            assert all(0 <= one.x <= view.width for one in view.texts)


def test_a_long_name_is_broken_beside_its_bar_and_stands_above_it_on_a_phone() -> None:
    long = "Instagram or another social network that I use every day"
    heading = "campaign special-new-year-gifts-8 · 8 December 2026 · cancelled"
    desk, phone = views(bars([Bar(long, 12, "12"), Bar("A friend", 3, "3")], label="", rtl=False, heading=heading))
    for view in (desk, phone):
        assert " ".join(one.text for one in view.texts[:-2]).count("every day") == 1
        assert all(wide(one.text) <= view.width for one in view.texts)
        tops = {box.title: box.y for box in view.boxes}
        assert tops[f"{long}: 12"] < tops["A friend: 3"]
    assert [one.text for one in desk.texts][:1] == [heading]
    assert "".join(f"{one.text} " for one in phone.texts[:2]).rstrip() == heading
    assert all(wide(one.text) <= 142 for one in desk.texts if one.x == 0 and one.text != heading)
    assert phone.boxes[0].x == 0
    last_line = max(one.y for one in phone.texts if "every day" in one.text)
    assert phone.boxes[0].y > last_line, "above its bar"


def test_the_names_below_a_scale_never_lie_on_each_other() -> None:
    names = ["", "5%", "10%", "30%", "50%", ""]
    for view in views(scale(0.88, edges=[0, 0.05, 0.1, 0.3, 0.5, 0.93], names=names, shown="88%", label="")):
        below = [one for one in view.texts if one.text in names and one.text]
        for one, other in pairwise(below):
            apart = other.x - one.x - (wide(one.text) + wide(other.text)) / 2
            assert apart > 4 or one.y != other.y, (one, other)


def test_a_word_that_is_longer_than_its_room_is_broken_too() -> None:
    assert broken("one two", 30) == ["one", "two"]
    assert broken("", 30) == [""]
    lines = broken("x" * 30, 30)
    assert "".join(lines) == "x" * 30
    assert all(wide(one) <= 30 for one in lines)


def test_a_square_is_as_dark_as_its_share_and_says_it() -> None:
    rows = [
        HeatRow("2024", "80", [0.5, 0.25, 0.05, 0.1, 0.2], ["a", "b", "c", "d", "e"], faint_from=4),
        HeatRow("2025", "50", [None, 0.0], ["", "g"]),
    ]
    heads = ["Joined", "Customers", "+1", "+2", "+3", "+4", "+5"]
    for rtl in (False, True):
        desk, phone = views(heat(rows, heads=heads, label="Cohorts", rtl=rtl))
        assert [box.fill for box in desk.boxes] == [
            HEAT[4][0], HEAT[2][0], HEAT[0][0], HEAT[1][0], QUIET, HEAT[0][0],
        ]  # fmt: skip
        assert [box.dashed for box in desk.boxes] == [False] * 4 + [True, False]
        assert [box.title for box in phone.boxes] == ["a", "b", "c", "d", "g"], "four columns"
        for view in (desk, phone):
            shown = {box.title: box for box in view.boxes}
            assert near(shown["b"].x) == (shown["g"].x,), "what is not known keeps its place"
            assert [one.text for one in view.texts if "%" in one.text][:4] == ["50%", "25%", "5%", "10%"]
            assert {"2024", "2025", "80", "50", "Joined", "Customers", "+4"} <= {one.text for one in view.texts}


def test_a_score_is_marked_where_it_falls_with_its_interval_around_it() -> None:
    chart = scale(35, edges=[-100, 0, 100], names=["-100", "0", "100"], shown="+35", label="NPS", interval=(25, 145))
    for view in views(chart):

        def at(value: float, width: float = view.width) -> float:
            return 6 + (value + 100) / 200 * (width - 12)

        *bands, mark = view.boxes
        assert len(bands) == 2
        assert near(mark.x + 2) == (at(35),)
        assert [x for x, _ in view.lines[0]] == near(at(25), at(100)), "no farther than the scale"
        assert next(one for one in view.texts if one.text == "+35").anchor == "end", "past the middle it stands before"
        assert [one.anchor for one in view.texts if one.text in ("-100", "0", "100")] == ["start", "middle", "end"]


@pytest.mark.parametrize("rtl", [False, True])
def test_all_that_is_drawn_lies_within_its_picture(rtl: bool) -> None:
    language = "he" if rtl else "en"
    many = [Month(JANUARY + month, (10**6, -(10**5)), "") for month in range(30)]
    charts = [
        by_month(many, fills=(ACCENT, BAD), say="{:,.0f}".format, label="", language=language),
        over_time([(JANUARY + month, 0.5) for month in range(30)], say=percent, label="", language=language),
        staircase([Stair("1", 5, ("a", "b"), "")] * 10, label="", rtl=rtl),
        bars([Bar("name", 10**9, "1,000,000,000 · ₪1,000,000")] * 3, label="", rtl=rtl),
        heat([HeatRow("n", "5", [0.5] * 9, [""] * 9)], heads=["a", "b", *"123456789"], label="", rtl=rtl),
        scale(0.2, edges=[0, 0.5, 1], names=["0", "", "1"], shown="20%", label="", interval=(0.1, 0.3)),
    ]
    for chart in charts:
        for view, width in zip(views(chart), (DESK, PHONE), strict=True):
            assert view.width == width
            assert view.boxes or view.dots
            assert all(box.x >= 0 and box.x + box.width <= width + 0.01 and box.y >= 0 for box in view.boxes)
            assert all(0 <= one.x <= width for one in view.texts)


def test_what_is_too_light_for_paper_has_an_edge() -> None:
    canvas = Canvas(10, 10, "")
    for fill in (ACCENT, SECOND, QUIET):
        canvas.box(0, 0, 1, 1, fill=fill)
    drawn = ElementTree.fromstring(canvas.svg())
    assert [one.get("stroke") for one in drawn.iter(f"{SVG}rect")] == [
        None, "var(--second-edge)", "var(--quiet-edge)",
    ]  # fmt: skip
