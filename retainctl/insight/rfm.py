"""Recency, frequency, monetary: every customer's three fifths, and how many stand in each cell.

The database gives the rows; the three sorts are Python's, which takes a fifth of the time of SQLite's windows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import ClassVar

from retainctl.config import Shop
from retainctl.rows import Row
from retainctl.store.database import execute, value

FIFTHS = 5


@dataclass(frozen=True, slots=True)
class Cell(Row):
    """How many customers have these three scores, the best being 555."""

    kind: ClassVar[str] = "rfm"
    cell: str
    customers: int


def rfm(shop: Shop) -> list[Cell]:
    """The cells in which customers stand, the best first."""
    days, orders, spent = _measures(shop)
    scores = zip(ntile(days), ntile(orders), ntile(spent), strict=True)
    cells = Counter(scores)
    return [Cell("".join(map(str, cell)), cells[cell]) for cell in sorted(cells, reverse=True)]


def as_of(shop: Shop) -> date | None:
    """The day from which recency is counted back: the one after the last order, or the one that was asked for."""
    if shop.clock.fixed is not None:
        return shop.clock.today()
    last = value("SELECT MAX(last_order_on) FROM customer_summaries")
    return date.fromisoformat(last) + timedelta(days=1) if last else None


def ntile(values: Sequence[int | str]) -> list[int]:
    """The fifth of each value, 5 for the greatest; of equal ones the earlier in the list is in the lower fifth.

    As SQL's NTILE(5): where the count does not divide by five, the lowest fifths have one more.
    """
    size, more = divmod(len(values), FIFTHS)
    tiles = [0] * len(values)
    ends = [(fifth + 1) * size + min(fifth + 1, more) for fifth in range(FIFTHS)]
    start = 0
    in_order = sorted(range(len(values)), key=values.__getitem__)
    for fifth, end in enumerate(ends, 1):
        for place in in_order[start:end]:
            tiles[place] = fifth
        start = end
    return tiles


def _measures(shop: Shop) -> tuple[list[str], list[int], list[int]]:
    """The last day, the orders and the money of each customer, in the order of their external ids.

    Recency is the same order as the last day. Who has no external id comes last, by number.
    """
    asked = as_of(shop)
    last = value("SELECT MAX(last_order_on) FROM customer_summaries")
    figures, values = _NOW, [shop.settings.currency]
    if asked is not None and last is not None and asked.isoformat() < last:
        figures, values = _THEN, [shop.settings.currency, asked.isoformat()]
    days, orders, spent = [], [], []
    found = execute(
        f"""SELECT f.last_on, f.orders, f.spent FROM ({figures}) f
            LEFT JOIN (SELECT customer_id, MIN(external_id) AS name FROM customer_keys GROUP BY customer_id) k
            ON k.customer_id = f.customer_id
            ORDER BY CASE WHEN k.name IS NULL THEN 1 ELSE 0 END, k.name, f.customer_id""",
        *values,
    )
    for day, count, money in found:
        days.append(day)
        orders.append(int(count))
        spent.append(int(money))
    return days, orders, spent


_NOW = """SELECT customer_id, MAX(last_order_on) AS last_on, SUM(orders) AS orders,
        SUM(CASE WHEN currency = ? THEN gross_minor ELSE 0 END) AS spent
    FROM customer_summaries GROUP BY customer_id HAVING SUM(orders) > 0"""
_THEN = """SELECT customer_id, MAX(ordered_on) AS last_on, COUNT(*) AS orders,
        SUM(CASE WHEN currency = ? THEN gross_minor ELSE 0 END) AS spent
    FROM orders WHERE is_sale = 1 AND customer_id IS NOT NULL AND ordered_on <= ? GROUP BY customer_id"""
