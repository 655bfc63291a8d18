"""How many customers come back, and what they spend: one row per currency."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from markupsafe import Markup

from retainctl.clock import day_of
from retainctl.config import Shop
from retainctl.insight.labels import WHAT_AN_ORDER_IS
from retainctl.insight.reports import Report, Wording
from retainctl.insight.svg import MUTED, WARM, WIDTH, Canvas
from retainctl.money import rounded_half_up
from retainctl.rows import Row
from retainctl.store.database import rows


class Retention(Row, kind="retention"):
    """The figures of one currency."""

    customers: int
    orders: int
    guest_orders: int
    gross_revenue_minor: int
    returns_minor: int
    net_revenue_minor: int
    average_order_value_minor: int | None
    average_purchase_frequency: float | None
    repeat_customers: int
    repeat_rate: float | None
    band: str
    currency: str
    first_order: str | None
    last_order: str | None


def retention(_shop: Shop) -> list[Retention]:
    """The figures of each currency with orders."""
    sql = "SELECT currency, COUNT(*) FROM orders WHERE customer_id IS NULL AND is_sale = 1 GROUP BY currency"
    guests = dict(rows(sql))
    figures = {}
    # One query per currency: GROUP BY would sort all customers.
    for (currency,) in rows("SELECT DISTINCT currency FROM customer_summaries"):
        found = rows(
            """SELECT SUM(CASE WHEN orders > 0 THEN 1 ELSE 0 END), SUM(orders), SUM(gross_minor), SUM(returns_minor),
                   SUM(CASE WHEN orders > 1 THEN 1 ELSE 0 END), MIN(first_order_day), MAX(last_order_day)
               FROM customer_summaries WHERE currency = ?""",
            currency,
        )[0]
        figures[currency] = (*map(int, found[:5]), *found[5:])
    return [
        _row(currency, guests.get(currency, 0), *figures.get(currency, (0, 0, 0, 0, 0, None, None)))
        for currency in sorted(guests.keys() | figures.keys())
    ]


def _row(
    currency: str,
    guest_orders: int,
    customers: int,
    orders: int,
    gross: int,
    returns: int,
    repeat: int,
    first: int | None,
    last: int | None,
) -> Retention:
    rate = round(repeat / customers, 6) if customers else None
    return Retention(
        customers=customers,
        orders=orders,
        guest_orders=guest_orders,
        gross_revenue_minor=gross,
        returns_minor=returns,
        net_revenue_minor=gross - returns,
        average_order_value_minor=rounded_half_up(gross, orders) if orders else None,
        average_purchase_frequency=round(orders / customers, 6) if customers else None,
        repeat_customers=repeat,
        repeat_rate=rate,
        band=_band(rate),
        currency=currency,
        first_order=None if first is None else day_of(first).isoformat(),
        last_order=None if last is None else day_of(last).isoformat(),
    )


BANDS = ((0.05, "<5%"), (0.1, "5-10%"), (0.3, "10-30%"), (0.5, "30-50%"))


def _band(rate: float | None) -> str:
    """The band of a repeat rate: new shops are at 5-10 %, leading brands above 30 %."""
    if rate is None:
        return ""
    for end, name in BANDS:
        if rate < end or rate == end == 0.5:
            return name
    return ">50%"


def chart(rows: Sequence[Retention], words: Wording) -> Markup:
    """Each currency's repeat rate on a scale of the bands."""
    known = [(row, row.repeat_rate) for row in rows if row.repeat_rate is not None]
    end = max([0.6, *(rate + 0.05 for _, rate in known)])
    canvas = Canvas(70.0 * len(known) + 26, words["repeat_rate"], rtl=words.rtl)
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


REPORT = Report(
    title=("Customers who come back", "לקוחות שחוזרים"),
    row_type=Retention,
    find=retention,
    chart=chart,
    tiles=(
        "repeat_rate",
        "customers",
        "orders",
        "average_order_value_minor",
        "average_purchase_frequency",
        "net_revenue_minor",
    ),
    labels={
        "guest_orders": ("Guest orders", "הזמנות אורחים"),
        "gross_revenue_minor": ("Gross revenue", "הכנסות ברוטו"),
        "returns_minor": ("Returns", "החזרות"),
        "net_revenue_minor": ("Net revenue", "הכנסות נטו"),
        "average_order_value_minor": ("Average order value", "שווי הזמנה ממוצע"),
        "average_purchase_frequency": ("Average purchase frequency", "תדירות קנייה ממוצעת"),
        "repeat_customers": ("Repeat customers", "לקוחות חוזרים"),
        "repeat_rate": ("Repeat rate", "שיעור החזרה"),
        "band": ("Band", "רצועה"),
        "first_order": ("First order", "הזמנה ראשונה"),
        "last_order": ("Last order", "הזמנה אחרונה"),
    },
    definitions=(
        WHAT_AN_ORDER_IS,
        (
            "customers, orders and revenue exclude guests; guest_orders are the orders without a customer.",
            "הלקוחות, ההזמנות וההכנסות הם ללא אורחים; הזמנות אורחים הן הזמנות שאין בהן לקוח.",
        ),
        (
            "net revenue = gross revenue - returns by customers; average order value = gross revenue / orders.",
            "הכנסות נטו = הכנסות ברוטו פחות החזרות של לקוחות; שווי הזמנה ממוצע = הכנסות ברוטו / הזמנות.",
        ),
        (
            "average purchase frequency = orders / customers; "
            "repeat rate = customers with two orders or more / customers.",
            "תדירות קנייה ממוצעת = הזמנות / לקוחות; שיעור החזרה = לקוחות עם שתי הזמנות או יותר / לקוחות.",
        ),
        (
            "band: new shops are at 5-10%, leading brands above 30%.",
            "רצועה: חנויות חדשות נמצאות ב-5-10%, מותגים מובילים מעל 30%.",
        ),
    ),
)
