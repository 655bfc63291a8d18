"""Cohorts: of the customers whose first order was in a month, how many ordered again in each later month."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from markupsafe import Markup

from retainctl.clock import day_of, month_number, month_text
from retainctl.config import Shop
from retainctl.insight.labels import WHAT_AN_ORDER_IS
from retainctl.insight.reports import Report, Wording
from retainctl.insight.svg import MUTED, WIDTH, Canvas, on_shade
from retainctl.rows import Row
from retainctl.store.database import rows, value
from retainctl.store.dialect import streamed


class Cohort(Row, kind="cohort"):
    """The customers of one month: how many ordered in the month itself (0), in the next (1) and so on."""

    cohort: str
    months: dict[str, int | None]


def cohorts(_shop: Shop) -> list[Cohort]:
    """Every month in which a customer ordered first; months after the last order are None."""
    first, last = rows("SELECT MIN(first_order_day), MAX(last_order_day) FROM customer_summaries")[0]
    if first is None:
        return []
    zero = month_number(day_of(first))
    width = month_number(day_of(last)) - zero + 1
    counts = _counts(zero, width)
    return [
        Cohort(
            month_text(zero + begun),
            {str(after): counts[begun][after] if begun + after < width else None for after in range(width)},
        )
        for begun in sorted(counts)
    ]


def _counts(zero: int, width: int) -> dict[int, Counter[int]]:
    """Customers by the month of their first order, counted from *zero*, and by the months after it."""
    counts: dict[int, Counter[int]] = defaultdict(Counter)
    for months, customers in Counter(_months_by_customer(zero, width)).items():
        begun = (months & -months).bit_length() - 1
        later = months
        while later:
            lowest = later & -later
            counts[begun][lowest.bit_length() - 1 - begun] += customers
            later ^= lowest
    return counts


def _months_by_customer(zero: int, width: int) -> list[int]:
    """A list indexed by customer id: a bit set of the months with an order, the lowest bit for the month *zero*."""
    bits = {str(zero + after): 1 << after for after in range(width)}
    months = [0] * (value("SELECT MAX(id) FROM customers") + 1)
    for customer_id, written in streamed("SELECT customer_id, order_months FROM customer_summaries WHERE orders > 0"):
        for month in written.split(","):
            months[customer_id] |= bits[month]
    return months


def chart(rows: Sequence[Cohort], words: Wording) -> Markup:
    """A heat map: one line per cohort, with the share that ordered in each later month."""
    width = len(rows[0].months)
    first, left, height = 120.0, 66.0, 25.0
    step = (WIDTH - first) / max(width - 1, 1)
    canvas = Canvas(height * len(rows) + 44, words.title, rtl=words.rtl)
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


REPORT = Report(
    title=("Cohorts by month of first order", "מי התחילו יחד, ומי עדיין קונים"),
    row_type=Cohort,
    find=cohorts,
    chart=chart,
    labels={
        "cohort": ("Cohort", "מחזור"),
        "months_after": ("Months after the first order", "חודשים אחרי ההזמנה הראשונה"),
    },
    definitions=(
        WHAT_AN_ORDER_IS,
        (
            "cohort = the month of a customer's first order on the shop's calendar.",
            "מחזור = חודש ההזמנה הראשונה של הלקוח, לפי לוח השנה של החנות.",
        ),
        (
            "column k = customers of the cohort who ordered in the k-th month after it; empty = after the last order.",
            "עמודה k = לקוחות המחזור שהזמינו בחודש ה-k אחריו; ריק = אחרי ההזמנה האחרונה.",
        ),
    ),
)
