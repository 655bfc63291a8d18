"""Where the orders come from: a row for each source and currency."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from retainctl.config import Shop
from retainctl.insight.reports import Report, Wording
from retainctl.insight.svg import ACCENT, Canvas
from retainctl.rows import Row
from retainctl.store.select import select


class SourceRow(Row, kind="source"):
    """The orders of one source in one currency."""

    source: str
    orders: int
    gross_revenue_minor: int
    currency: str


def sources(shop: Shop) -> list[SourceRow]:
    """Every source that has orders."""
    return select(
        shop,
        SourceRow,
        """SELECT source, COUNT(*) AS orders, SUM(gross_minor) AS gross_revenue_minor, currency FROM orders
           WHERE is_sale = 1 GROUP BY source, currency ORDER BY source, currency""",
    )


def chart(rows: Sequence[SourceRow], words: Wording) -> Markup:
    """A bar for each row: its orders."""
    canvas = Canvas(180.0, words.title, rtl=words.rtl)
    names = [f"{row.source} {row.currency}" for row in rows]
    canvas.bars(0, words["orders"], names, [row.orders for row in rows], say="{:,.0f}".format, fill=ACCENT)
    return canvas.svg()


REPORT = Report(
    title=("Where orders come from", "מאין באות ההזמנות"),
    row_type=SourceRow,
    find=sources,
    chart=chart,
    labels={
        "source": ("Source", "מקור"),
        "gross_revenue_minor": ("Gross revenue", "הכנסות ברוטו"),
    },
    definitions=(
        (
            "source is the shop or file that the order was imported from; guests are counted too.",
            "מקור הוא החנות או הקובץ שממנו יובאה ההזמנה; גם אורחים נספרים.",
        ),
    ),
)
