"""The chart of each report: its rows as a picture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise

from markupsafe import Markup

from retainctl.insight.campaigns import MailingRow
from retainctl.insight.cohorts import Cohort
from retainctl.insight.labels import Words
from retainctl.insight.orders import OrderNumber
from retainctl.insight.points import PointsMonth
from retainctl.insight.retention import BANDS, Retention
from retainctl.insight.rfm import Cell
from retainctl.insight.svg import ACCENT, GREY, MUTED, SOFT, WARM, Canvas, on_shade
from retainctl.money import exponent

WIDTH = 760.0


def retention_chart(rows: Sequence[Retention], words: Words, *, rtl: bool) -> Markup:
    """Where each currency's repeat rate stands among the bands."""
    known = [(row, row.repeat_rate) for row in rows if row.repeat_rate is not None]
    end = max([0.6, *(rate + 0.05 for _, rate in known)])
    canvas = Canvas(WIDTH, 70.0 * len(known) + 26, words["repeat_rate"], rtl)
    for place, (row, rate) in enumerate(known):
        top = 70.0 * place + 34
        edges = [0.0, *(edge for edge, _ in BANDS), end]
        for number, (low, high) in enumerate(pairwise(edges)):
            canvas.box(low / end * WIDTH, top, (high - low) / end * WIDTH - 1, 18, share=0.1 + 0.15 * number, radius=0)
        at = rate / end * WIDTH
        title = f"{row.repeat_customers:,} / {row.customers:,}"
        canvas.box(at - 2, top - 6, 4, 30, fill=WARM, title=title)
        side = "end" if rate > end / 2 else "start"
        label = f"{row.currency}  {rate:.1%}" if len(known) > 1 else f"{rate:.1%}"  # one bar needs no name
        canvas.text(at, top - 12, label, anchor=side, size=15, bold=True)
        for edge, _ in BANDS:
            canvas.text(edge / end * WIDTH, top + 34, f"{edge:.0%}", anchor="middle", size=11, fill=MUTED)
    return canvas.svg()


def orders_chart(rows: Sequence[OrderNumber], words: Words, *, rtl: bool) -> Markup:
    """By the order's number: its average value, and the share of customers who went on to the next."""
    currency = Counter({row.currency: 0 for row in rows})
    for row in rows:
        currency[row.currency] += row.orders
    main = max(currency, key=lambda name: currency[name])
    shown = [row for row in rows if row.currency == main]
    canvas = Canvas(WIDTH, 380.0, words.title("orders"), rtl)
    names = [row.order_number for row in shown]
    _bars(
        canvas,
        0,
        f"{words['average_value_minor']} ({main})",
        names,
        [row.average_value_minor for row in shown],
        say=lambda minor: f"{minor / 10 ** exponent(main):,.0f}",
        fill=ACCENT,
    )
    goes_on = [row for row in shown if not row.order_number.endswith("+")]
    _bars(
        canvas,
        195,
        words["went_on_rate"],
        names[: len(goes_on)],
        [row.went_on_rate for row in goes_on],
        say=lambda share: f"{share:.0%}",
        fill=SOFT,
    )
    return canvas.svg()


def cohorts_chart(rows: Sequence[Cohort], words: Words, *, rtl: bool) -> Markup:
    """A heat map: each cohort a line, the share that bought in each month after."""
    width = len(rows[0].months)
    first, left, height = 120.0, 66.0, 25.0
    step = (WIDTH - first) / max(width - 1, 1)
    canvas = Canvas(WIDTH, height * len(rows) + 44, words.title("cohorts"), rtl)
    canvas.text(first, 12, words["months_after"], size=11, fill=MUTED)
    for offset in range(1, width):
        if step >= 18 or offset % 6 == 0:
            canvas.text(first + (offset - 0.5) * step, 30, str(offset), anchor="middle", size=11, fill=MUTED)
    canvas.text(left + 44, 30, words["customers"], anchor="end", size=11, fill=MUTED)
    shares = [
        count / (row.months["0"] or 1)
        for row in rows
        for offset, count in row.months.items()
        if offset != "0" and count
    ]
    most = max(shares, default=1)
    for line, row in enumerate(rows):
        top, size = 38 + line * height, row.months["0"] or 0
        canvas.text(0, top + 16, row.cohort, size=12)
        canvas.text(left + 44, top + 16, f"{size:,}", anchor="end", size=12, bold=True)
        for offset in range(1, width):
            count = row.months[str(offset)]
            if count is None:
                continue
            share = count / size
            title = f"{row.cohort} +{offset}: {count:,} / {size:,} ({share:.1%})"
            x = first + (offset - 1) * step
            canvas.box(x, top, step - 1, height - 1, share=share / most, title=title)
            if step >= 27:
                fill = on_shade(share / most)
                canvas.text(x + step / 2, top + 16, f"{share:.0%}", anchor="middle", size=11, fill=fill)
    return canvas.svg()


def rfm_chart(rows: Sequence[Cell], words: Words, *, rtl: bool) -> Markup:
    """Recency down, frequency across; in each square its customers, and by five bars how they spend."""
    counts = {row.cell: row.customers for row in rows}
    squares = {
        (recency, frequency): [counts.get(f"{recency}{frequency}{money}", 0) for money in range(1, 6)]
        for recency in range(1, 6)
        for frequency in range(1, 6)
    }
    most = max(sum(square) for square in squares.values())
    canvas = Canvas(WIDTH, 470.0, words.title("rfm"), rtl)
    arrow = "←" if rtl else "→"
    legend = (f"{words['recency']} ↓", f"{words['frequency']} {arrow}", f"{words['bars']}: {words['monetary']} 1-5")
    for place, text in enumerate(legend):
        canvas.text(60 + place * 140, 14, text, size=12, fill=MUTED)
    for (recency, frequency), square in squares.items():
        x, y = 60 + (frequency - 1) * 140.0, 24 + (5 - recency) * 84.0
        share = sum(square) / most
        title = f"R{recency} F{frequency}: {sum(square):,}"
        canvas.box(x, y, 137, 81, share=share, title=title, radius=4)
        canvas.text(x + 10, y + 24, f"{sum(square):,}", size=17, bold=True, fill=on_shade(share))
        for money, customers in enumerate(square):
            tall = 40 * customers / (max(square) or 1)
            canvas.box(
                x + 70 + money * 12,
                y + 73 - tall,
                9,
                tall,
                fill=on_shade(share),
                radius=1,
                title=f"{recency}{frequency}{money + 1}: {customers:,}",
            )
    for number in range(1, 6):
        canvas.text(30, 24 + (5 - number) * 84 + 46, str(number), anchor="middle", size=14, fill=MUTED)
        canvas.text(60 + (number - 0.5) * 140, 462, str(number), anchor="middle", size=14, fill=MUTED)
    return canvas.svg()


def campaigns_chart(rows: Sequence[MailingRow], words: Words, *, rtl: bool) -> Markup:
    """Each mailing a bar: what became of its candidates."""
    colours = {
        "sent": ACCENT,
        "waiting": SOFT,
        "unknown": "var(--doubt)",
        "failed": WARM,
        "dropped": MUTED,
        "excluded": GREY,
    }
    canvas = Canvas(WIDTH, 34.0 * len(rows) + 34, words.title("campaigns"), rtl)
    for place, (word, fill) in enumerate(colours.items()):
        canvas.box(place * 126.0, 2, 12, 12, fill=fill)
        canvas.text(place * 126.0 + 18, 13, words[word], size=12, fill=MUTED)
    most = max(row.candidates for row in rows) or 1
    for line, row in enumerate(rows):
        top, x = 34.0 * line + 30, 210.0
        canvas.text(0, top + 17, row.name[:28], size=13)
        for word, fill in colours.items():
            count = getattr(row, word)
            wide = (WIDTH - 270) * count / most
            canvas.box(x, top, wide, 24, fill=fill, title=f"{words[word]}: {count:,}", radius=0)
            x += wide
        canvas.text(x + 8, top + 17, f"{row.candidates:,}", size=12, fill=MUTED)
    return canvas.svg()


def points_chart(rows: Sequence[PointsMonth], words: Words, *, rtl: bool) -> Markup:
    """By month: what is outstanding, and under it what came in and what went out."""
    shown = rows[-24:]
    canvas = Canvas(WIDTH, 390.0, words.title("points"), rtl)
    names = [row.month[2:] for row in shown]
    _bars(
        canvas,
        0,
        words["outstanding"],
        names,
        [row.outstanding for row in shown],
        say=_brief,
        fill=ACCENT,
    )
    canvas.text(0, 214, words["in_and_out"], size=13, bold=True)
    gains = [row.issued + row.granted for row in shown]
    losses = [row.redeemed + row.expired + row.clawed_back + row.deducted for row in shown]
    most = max([*gains, *losses, 1])
    step = WIDTH / len(shown)
    for place, row in enumerate(shown):
        up, down = (70 * max(sum_, 0) / most for sum_ in (gains[place], losses[place]))
        wide = min(step * 0.7, 60)
        x = place * step + (step - wide) / 2
        canvas.box(x, 300 - up, wide, up, fill=SOFT, title=f"{row.month}: +{gains[place]:,}")
        canvas.box(x, 301, wide, down, fill=WARM, title=f"{row.month}: -{losses[place]:,}")
        if step >= 30:
            canvas.text(x + wide / 2, 295 - up, _brief(gains[place]), anchor="middle", size=11)
            canvas.text(x + wide / 2, 314 + down, _brief(losses[place]), anchor="middle", size=11)
    canvas.line(0, 300.5, WIDTH, 300.5, stroke=GREY)
    return canvas.svg()


def _bars(
    canvas: Canvas,
    top: float,
    heading: str,
    names: Sequence[str],
    values: Sequence[float],
    *,
    say: Callable[[float], str],
    fill: str,
) -> None:
    """Bars of 110 high under *heading*, each with its value above and its name below."""
    canvas.text(0, top + 16, heading, size=13, bold=True)
    most = max([*values, 0]) or 1
    step = WIDTH / max(len(names), 1)
    wide = min(step * 0.7, 60)
    for place, (name, value) in enumerate(zip(names, values, strict=True)):
        x, tall = place * step + (step - wide) / 2, 110 * max(value, 0) / most
        canvas.box(x, top + 155 - tall, wide, tall, fill=fill, title=f"{name}: {say(value)}")
        if step >= 30:
            canvas.text(x + wide / 2, top + 150 - tall, say(value), anchor="middle", size=11)
            canvas.text(x + wide / 2, top + 171, name, anchor="middle", size=11, fill=MUTED)


def _brief(number: float) -> str:
    """``1234567`` as ``1.2M``."""
    for size, letter in ((1_000_000, "M"), (1_000, "k")):
        if abs(number) >= size:
            return f"{number / size:.1f}{letter}"
    return f"{number:,.0f}"
