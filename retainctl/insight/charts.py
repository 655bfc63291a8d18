"""The kinds of chart that the reports draw, each in two view-boxes: one for a desk and for paper, one for a phone.

Time runs from left to right in both languages; whatever else is in a row begins at the reading side. Values are drawn
on scales with round ticks that begin at zero, and a month without anything keeps its place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from markupsafe import Markup

from retainctl.insight.svg import ACCENT, HEAT, INK, MUTED, QUIET, SMALL, Canvas, broken, tag, wide
from retainctl.wording import named, short_month

DESK, PHONE = 720.0, 300.0  # the widths of the two view-boxes, in user units
_AXIS = 44.0  # the room of a value axis
_MONTHS_ON_A_PHONE = 13


def for_both(
    draw: Callable[[float], Canvas], *, of: int = 0, on_a_phone: int = 0, rtl: bool = False, phone: float = PHONE
) -> Markup:
    """What *draw* draws at either width; the style sheet shows the one that fits.

    Where a phone has room for *on_a_phone* alone *of* what there is, it says so.
    """
    note = Markup("")
    if of > on_a_phone > 0:
        words = "{} מתוך {}; כולם במסך רחב ובטבלה" if rtl else "{} of {}; all of them on a wide screen and in the table"
        note = tag("p", words.format(on_a_phone, of), class_="key")
    return tag("div", draw(DESK).svg(), class_="on-desk") + tag("div", draw(phone).svg() + note, class_="on-phone")


def ticks(most: float, *, about: int = 4) -> list[float]:
    """Round numbers from 0 to the first that is not below *most*: 1, 2, 2.5 or 5 times a power of ten apart."""
    if most <= 0:
        return [0, 1]
    power: float = 10.0 ** len(str(int(most)))
    while power > most / about:
        power /= 10
    step = next(power * of for of in (1, 2, 2.5, 5, 10) if power * of >= most / about)
    count = 1
    while count * step < most * 0.999_999:
        count += 1
    return [place * step for place in range(count + 1)]


@dataclass(frozen=True, slots=True)
class Month:
    """One month of a chart: *parts* above zero are stacked upwards, those below downwards; *faint* is not over yet."""

    month: int
    parts: Sequence[float]
    title: str
    faint: bool = False


def by_month(
    columns: Sequence[Month], *, fills: Sequence[str], say: Callable[[float], str], label: str, language: str
) -> Markup:
    """Stacked columns, one for each month, on one axis; on a phone the latest thirteen."""

    def draw(width: float) -> Canvas:
        shown = columns if width == DESK else columns[-_MONTHS_ON_A_PHONE:]
        plot = _Plot.over(width, 210, shown, language=language, say=say, label=label)
        wide = min(plot.step * 0.72, 40)
        for place, column in enumerate(shown):
            x = plot.middle(place) - wide / 2
            for sign in (1, -1):
                tops = [0.0, *accumulate(max(sign * part, 0) for part in column.parts)]
                for (low, high), fill in zip(pairwise(tops), fills, strict=True):
                    if high > low:
                        top = min(plot.y(sign * low), plot.y(sign * high))
                        tall = abs(plot.y(high) - plot.y(low))
                        plot.canvas.box(
                            x, top, wide, tall, fill=fill, title=column.title, radius=1.5, faint=column.faint
                        )
        plot.baseline()
        return plot.canvas

    return for_both(draw, of=len(columns), on_a_phone=_MONTHS_ON_A_PHONE, rtl=language == "he")


def over_time(
    points: Sequence[tuple[int, float | None]], *, say: Callable[[float], str], label: str, language: str
) -> Markup:
    """One line over the months; a month without a value has no point. The last value is written beside its point."""

    def draw(width: float) -> Canvas:
        shown = points if width == DESK else points[-_MONTHS_ON_A_PHONE:]
        columns = [Month(month, () if share is None else (share,), "") for month, share in shown]
        plot = _Plot.over(width, 170, columns, language=language, say=say, label=label)
        placed = [
            (plot.middle(place), plot.y(share), month, share)
            for place, (month, share) in enumerate(shown)
            if share is not None
        ]
        plot.canvas.line([(x, y) for x, y, _, _ in placed], stroke=ACCENT, width=2.2)
        for x, y, month, share in placed:
            plot.canvas.dot(x, y, title=f"{short_month(month, language)} {month // 12}: {say(share)}")
        if placed:
            x, y, _, share = placed[-1]
            plot.canvas.text(x, y - 9, say(share), anchor="middle", bold=True)
        return plot.canvas

    return for_both(draw, of=len(points), on_a_phone=_MONTHS_ON_A_PHONE, rtl=language == "he")


@dataclass(slots=True)
class _Plot:
    """A canvas with a value axis, its grid and the months below; time runs left to right in both languages."""

    canvas: Canvas
    left: float
    right: float
    top: float
    bottom: float
    least: float
    most: float
    many: int

    @classmethod
    def over(
        cls,
        width: float,
        height: float,
        columns: Sequence[Month],
        *,
        language: str,
        say: Callable[[float], str],
        label: str,
    ) -> _Plot:
        ups = [sum(part for part in column.parts if part > 0) for column in columns]
        downs = [-sum(part for part in column.parts if part < 0) for column in columns]
        above, below = ticks(max(ups, default=0)), max(downs, default=0)
        step = above[1]
        marks = sorted({*above, *(-mark for mark in ticks(below) if below and mark % step == 0)})
        while below and -marks[0] < below:
            marks.insert(0, marks[0] - step)
        axis_right = language == "he"
        plot = cls(
            Canvas(width, height, label),
            left=4 if axis_right else _AXIS,
            right=width - _AXIS if axis_right else width - 4,
            top=18,
            bottom=height - 36,
            least=marks[0],
            most=marks[-1],
            many=max(len(columns), 1),
        )
        for mark in marks:
            y = plot.y(mark)
            plot.canvas.line([(plot.left, y), (plot.right, y)])
            plot.canvas.text(width - 2 if axis_right else _AXIS - 6, y + 4, say(mark), anchor="end", fill=MUTED)
        plot._name_months([column.month for column in columns], language)
        return plot

    def _name_months(self, months: Sequence[int], language: str) -> None:
        every = next(number for number in (1, 2, 3, 6, 12) if number * self.step >= 34 or number == 12)
        year_named = None
        for place, month in enumerate(months):
            if month % 12 % every == 0:
                self.canvas.text(
                    self.middle(place), self.bottom + 17, short_month(month, language), anchor="middle", fill=MUTED
                )
                if year_named != month // 12:
                    self.canvas.text(self.middle(place), self.bottom + 32, str(month // 12), anchor="middle", bold=True)
                    year_named = month // 12

    @property
    def step(self) -> float:
        return (self.right - self.left) / self.many

    def middle(self, place: int) -> float:
        return self.left + (place + 0.5) * self.step

    def y(self, value: float) -> float:
        return self.bottom - (value - self.least) / (self.most - self.least) * (self.bottom - self.top)

    def baseline(self) -> None:
        self.canvas.line([(self.left, self.y(0)), (self.right, self.y(0))], stroke=MUTED)


@dataclass(frozen=True, slots=True)
class Stair:
    """One step of a staircase, with two lines of text below it."""

    name: str
    value: int
    below: Sequence[str]
    title: str


def staircase(steps: Sequence[Stair], *, label: str, rtl: bool, on_a_phone: int = 6) -> Markup:
    """Columns that fall from the reading side on, each with its number above and its words below."""

    def draw(width: float) -> Canvas:
        shown = steps if width == DESK else steps[:on_a_phone]
        canvas = Canvas(width, 226, label, rtl=rtl)
        most, step = max((one.value for one in shown), default=1) or 1, width / max(len(shown), 1)
        for place, one in enumerate(shown):
            x, tall = place * step, 130 * one.value / most
            canvas.box(x + 2, 154 - tall, step - 4, tall, title=one.title)
            canvas.text(x + step / 2, 148 - tall, f"{one.value:,}", anchor="middle", size=13, bold=True)
            canvas.text(x + step / 2, 172, one.name, anchor="middle", fill=MUTED)
            for line, text in enumerate(one.below):
                canvas.text(x + step / 2, 194 + 17 * line, text, anchor="middle", bold=not line)
        return canvas

    return for_both(draw, of=len(steps), on_a_phone=on_a_phone, rtl=rtl)


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a list: its name, how long it is, and what is written at its end."""

    name: str
    value: float
    shown: str
    fill: str = ACCENT


def bars(rows: Sequence[Bar], *, label: str, rtl: bool, names: float = 150, heading: str = "") -> Markup:
    """Bars from the reading side on under their *heading*, the longest as wide as there is room for.

    What is nothing has its word and no bar. A name that has no room beside its bar is broken into lines; on a phone
    all of them stand above their bars then.
    """
    most = max((row.value for row in rows), default=0) or 1

    def draw(width: float) -> Canvas:
        is_desk = width == DESK
        room = names if is_desk else min(names, 104.0)
        is_above = not is_desk and any(wide(row.name) > room - _GAP for row in rows)
        room, name_room = (0.0, width) if is_above else (room, room - _GAP)
        headed = broken(heading, width, size=13) if heading else []
        named_rows = [(row, broken(row.name, name_room)) for row in rows]
        heights = [_LINE * len(lines) + 29 if is_above else max(_LINE * len(lines) + 11, 26) for _, lines in named_rows]
        above = 17.0 * len(headed) + 17 * bool(headed)
        canvas, y = Canvas(width, above + sum(heights) + 4.0, label, rtl=rtl), above
        for number, line in enumerate(headed):
            canvas.text(0, 20 + 17 * number, line, size=13, bold=True)
        for (row, lines), height in zip(named_rows, heights, strict=True):
            for number, line in enumerate(lines):
                canvas.text(0, y + 16 + _LINE * number, named(line), fill=MUTED)
            top = y + _LINE * len(lines) + 6 if is_above else y + 3
            longest = width - room - 8.2 * max(len(one.shown) for one in rows) - 12
            length = max(longest * row.value / most, 1.5) if row.value else 0.0
            if length:
                canvas.box(room, top, length, 18, fill=row.fill, title=f"{row.name}: {row.shown}")
            canvas.text(room + length + 8 * bool(length or room), top + 14, row.shown, size=12.5, bold=True)
            y += height
        return canvas

    return for_both(draw)


_GAP = 8.0  # between a name and its bar
_LINE = 15.0


@dataclass(frozen=True, slots=True)
class HeatRow:
    """One line of a heat map: each cell is a share with its tooltip; None is not drawn, *faint* is not over yet.

    *numbers* stand in the cells of those who are too few for a share, which have no shade then.
    """

    name: str
    size: str
    shares: Sequence[float | None]
    titles: Sequence[str]
    numbers: Sequence[int] = ()
    faint_from: int | None = None
    brief: str = ""  # the name on a phone, where the whole one has no room


def heat(rows: Sequence[HeatRow], *, heads: Sequence[str], label: str, rtl: bool, on_a_phone: int = 4) -> Markup:
    """Shares as squares in five steps of one colour, with the per cent in each; *heads* name the first two columns,
    then the others."""
    known = [share for row in rows if not row.numbers for share in row.shares if share is not None]
    most = max(known, default=0) or 1
    every = max((len(row.shares) for row in rows), default=0)

    def draw(width: float) -> Canvas:
        is_desk = width == DESK
        columns = every if is_desk else min(every, on_a_phone)
        named, sized = (150.0, 60.0) if is_desk else (118.0, 44.0)
        step = min((width - named - sized) / max(columns, 1), 74)
        canvas = Canvas(width, 26.0 + 29 * len(rows), label, rtl=rtl)
        canvas.text(0, 14, heads[0], fill=MUTED)
        canvas.text(named + sized - 12, 14, heads[1], anchor="end", fill=MUTED)
        for place in range(columns):
            canvas.text(named + sized + (place + 0.5) * step, 14, heads[2 + place], anchor="middle", fill=MUTED)
        for line, row in enumerate(rows):
            top = 22.0 + 29 * line
            canvas.text(0, top + 18, row.name if is_desk else row.brief or row.name)
            canvas.text(named + sized - 12, top + 18, row.size, anchor="end", bold=True)
            for place, share in enumerate(row.shares[:columns]):
                if share is None:
                    continue
                fill, on_it = ("none", INK) if row.numbers else HEAT[min(int(5 * share / most), 4)]
                faint = row.faint_from is not None and place >= row.faint_from
                x = named + sized + place * step
                canvas.box(
                    x + 1, top + 1, step - 2, 26, fill=QUIET if faint else fill, title=row.titles[place], faint=faint
                )
                text = f"{row.numbers[place]:,}" if row.numbers else f"{100 * share:.0f}%"
                canvas.text(x + step / 2, top + 18.5, text, anchor="middle", fill=INK if faint else on_it)
        return canvas

    return for_both(draw, of=every, on_a_phone=on_a_phone, rtl=rtl)


def scale(
    value: float,
    *,
    edges: Sequence[float],
    names: Sequence[str],
    shown: str,
    label: str,
    interval: tuple[float, float] | None = None,
) -> Markup:
    """*value* as a mark on a band between *edges*, whose *names* stand below; *interval* is drawn around it.

    Numbers rise from left to right in both languages, as in the row of scores that people touch in a mail.
    """

    def draw(width: float) -> Canvas:
        canvas, span = Canvas(width, 85, label, rtl=False), edges[-1] - edges[0]

        def at(place: float) -> float:
            return 6 + (min(max(place, edges[0]), edges[-1]) - edges[0]) / span * (width - 12)

        for number, (low, high) in enumerate(pairwise(edges)):
            shade = HEAT[min(number, 4)][0]
            canvas.box(at(low), 32, at(high) - at(low) - 1, 16, fill=shade, radius=0, edge=MUTED)
        if interval:
            canvas.line([(at(interval[0]), 40), (at(interval[1]), 40)], stroke=INK, width=2)
        canvas.box(at(value) - 2, 26, 4, 28, fill=INK, edge="var(--paper)")
        side = "end" if at(value) > width / 2 else "start"
        canvas.text(at(value), 19, shown, anchor=side, size=15, bold=True)
        ends = -_GAP
        for edge, name in ((edge, name) for edge, name in zip(edges, names, strict=True) if name):
            anchor = "start" if edge == edges[0] else "end" if edge == edges[-1] else "middle"
            begins = at(edge) - wide(name) / 2
            is_crowded = anchor == "middle" and begins < ends + _GAP  # its neighbour is too near: a line below it
            canvas.text(at(edge), 80 if is_crowded else 67, name, anchor=anchor, size=SMALL, fill=MUTED)
            ends = ends if is_crowded else begins + wide(name)
        return canvas

    return for_both(draw)
