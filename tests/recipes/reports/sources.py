"""Where the orders come from: a row for each source and currency."""

from __future__ import annotations

from retainctl.config import Shop
from retainctl.insight.charts import Bar, bars
from retainctl.insight.periods import ReportPeriod
from retainctl.insight.reports import Report
from retainctl.insight.story import Section, Story, Telling
from retainctl.rows import Row
from retainctl.store.select import select


class SourceRow(Row, kind="source"):
    """The orders of one source in one currency."""

    source: str
    orders: int
    gross_revenue_minor: int
    currency: str


def sources(shop: Shop, period: ReportPeriod) -> list[SourceRow]:
    """Every source that has orders in *period*."""
    return select(
        shop,
        SourceRow,
        """SELECT source, COUNT(*) AS orders, SUM(gross_minor) AS gross_revenue_minor, currency FROM orders
           WHERE is_sale = 1 AND order_day BETWEEN ? AND ? GROUP BY source, currency ORDER BY source, currency""",
        *period.days,
    )


def tell(telling: Telling) -> Story:
    """Which source has most orders, and a bar for each."""
    first = max(telling.rows, key=lambda row: row.orders)
    drawn = [Bar(f"{row.source} {row.currency}", row.orders, f"{row.orders:,}") for row in telling.rows]
    title = telling.say("Orders of each source", "ההזמנות מכל מקור")
    return Story(
        finding=telling.say(f"Most orders come from {first.source}", f"רוב ההזמנות באות מ־{first.source}"),
        sections=[Section(title, bars(drawn, label=title, rtl=telling.rtl))],
    )


REPORT = Report(
    title=("Where orders come from", "מאין באות ההזמנות"),
    row_type=SourceRow,
    find=sources,
    tell=tell,
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
