"""How many customers come back, and what they spend: one row a currency."""

from __future__ import annotations

from retainctl.clock import day_of
from retainctl.config import Shop
from retainctl.rows import Row
from retainctl.store.database import execute, rows


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
    """The figures of each currency in which somebody ordered."""
    guests = dict(
        execute(
            "SELECT currency, COUNT(*) FROM orders WHERE customer_id IS NULL AND is_sale = 1 GROUP BY currency"
        ).fetchall()
    )
    figures = {}
    # One currency after the other: grouping by it would sort all customers.
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


def rounded_half_up(amount: int, parts: int) -> int:
    """*amount* by *parts* to the nearest whole, a half upwards."""
    return (2 * amount + parts) // (2 * parts)


BANDS = ((0.05, "<5%"), (0.1, "5-10%"), (0.3, "10-30%"), (0.5, "30-50%"))


def _band(rate: float | None) -> str:
    """Where a repeat rate stands: new shops are at 5-10 %, leading brands above 30 %."""
    if rate is None:
        return ""
    for end, name in BANDS:
        if rate < end or rate == end == 0.5:
            return name
    return ">50%"
