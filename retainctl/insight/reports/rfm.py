"""RFM: each customer's quintiles of recency, frequency and monetary value, and how many customers are in each cell.

The database gives the rows; Python sorts them, in a fifth of the time that SQLite's window functions take.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import chain
from operator import itemgetter

from markupsafe import Markup

from retainctl.clock import day_number, day_of
from retainctl.config import Shop
from retainctl.insight.labels import WHAT_AN_ORDER_IS
from retainctl.insight.reports import Report, Wording
from retainctl.insight.svg import MUTED, Canvas, on_shade
from retainctl.rows import Row
from retainctl.store.database import value
from retainctl.store.dialect import streamed

FIFTHS = 5


class Cell(Row, kind="rfm"):
    """How many customers have these three scores; the best cell is 555."""

    cell: str
    customers: int


def rfm(shop: Shop) -> list[Cell]:
    """The cells with customers, the best first."""
    cells = Counter(zip(*map(ntile, _measures(shop)), strict=True))
    return [Cell("".join(map(str, cell)), cells[cell]) for cell in sorted(cells, reverse=True)]


def as_of(shop: Shop) -> date | None:
    """The day from which recency is counted back: that of ``--now``, or the day after the last order."""
    if shop.clock.fixed is not None:
        return shop.clock.today()
    last = value("SELECT MAX(last_order_day) FROM customer_summaries")
    return None if last is None else day_of(last + 1)


def ntile(values: Sequence[int]) -> list[int]:
    """The quintile of each value, 5 for the greatest; of equal values the earlier in the list is in the lower one.

    As NTILE(5) in SQL: where the count is not divisible by five, the lowest quintiles have one more.
    """
    if not values:
        return []
    size, more = divmod(len(values), FIFTHS)
    of_rank = [fifth for fifth in range(1, FIFTHS + 1) for _ in range(size + (fifth <= more))]
    in_order = sorted(values)
    edges = [in_order[fifth * size + min(fifth, more) - 1] for fifth in range(1, FIFTHS)]
    # The order among equal values matters only where a quintile ends.
    at_edges = {edge: iter(of_rank[bisect_left(in_order, edge) : bisect_right(in_order, edge)]) for edge in edges}
    return [next(at_edges[one]) if one in at_edges else bisect_left(edges, one) + 1 for one in values]


def _measures(shop: Shop) -> Iterator[list[int]]:
    """The last order day, number of orders and amount of each customer, in the order of their external ids.

    Sorting by the last day is sorting by recency. Customers without an external id come last, by their own id.
    """
    size = (value("SELECT MAX(id) FROM customers") or 0) + 1
    days, orders, spent = [-1] * size, [0] * size, [0] * size
    for customer_id, day, count, minor in _found(shop):
        days[customer_id] = max(days[customer_id], day)  # there may be a row for another currency
        orders[customer_id] += count
        spent[customer_id] += minor
    # The index has the keys in the order that is needed: joining and sorting takes twice the time.
    keys = streamed("SELECT customer_id FROM customer_keys ORDER BY external_id, source")
    in_order = dict.fromkeys(chain(map(itemgetter(0), keys), range(size)))
    buyers = [one for one in in_order if orders[one]]
    return ([measure[one] for one in buyers] for measure in (days, orders, spent))


def _found(shop: Shop) -> Iterator[tuple[int, int, int, int]]:
    """One row per customer and currency: customer, last day, orders, and the amount if it is the shop's currency."""
    asked = as_of(shop)
    own = "CASE WHEN currency = ? THEN gross_minor ELSE 0 END"
    last = value("SELECT MAX(last_order_day) FROM customer_summaries")
    if asked is None or last is None or day_number(asked) >= last:
        return streamed(
            f"SELECT customer_id, last_order_day, orders, {own} FROM customer_summaries WHERE orders > 0",
            shop.settings.currency,
        )
    return streamed(
        f"""SELECT customer_id, MAX(order_day), COUNT(*), CAST(SUM({own}) AS bigint) FROM orders
            WHERE is_sale = 1 AND customer_id IS NOT NULL AND order_day <= ? GROUP BY customer_id, currency""",
        shop.settings.currency,
        day_number(asked),
    )


def chart(rows: Sequence[Cell], words: Wording) -> Markup:
    """Recency down, frequency across; each square has its number of customers, and five bars for monetary value."""
    counts = {row.cell: row.customers for row in rows}
    squares = {
        (recency, frequency): [counts.get(f"{recency}{frequency}{money}", 0) for money in range(1, 6)]
        for recency in range(1, 6)
        for frequency in range(1, 6)
    }
    most = max(sum(square) for square in squares.values())
    canvas = Canvas(470.0, words.title, rtl=words.rtl)
    arrow = "←" if words.rtl else "→"
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


REPORT = Report(
    title=("RFM: recency, frequency, monetary value", "מתי, כמה פעמים, ובכמה"),
    row_type=Cell,
    find=rfm,
    chart=chart,
    labels={
        "cell": ("Cell", "תא"),
        "recency": ("Recency", "עדכניות"),
        "frequency": ("Frequency", "תדירות"),
        "bars": ("Bars", "עמודות"),
        "monetary": ("Monetary", "כסף"),
    },
    definitions=(
        WHAT_AN_ORDER_IS,
        (
            "recency = days since the last order, frequency = orders, monetary = gross revenue.",
            "עדכניות = ימים מיום ההזמנה האחרונה, תדירות = הזמנות, כסף = הכנסות ברוטו.",
        ),
        (
            "each is ranked and split into quintiles as by NTILE(5), 5 is best; ties by external id in byte order.",
            "כל אחת מדורגת ונחלקת לחמישיות כמו NTILE(5), 5 הטובה ביותר; שוויון לפי המזהה החיצוני, בסדר הבתים.",
        ),
        ("as of the day after the last order, or of --now.", "נכון ליום שאחרי ההזמנה האחרונה, או למועד שצוין."),
    ),
)
