"""Every customer's orders, one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from retainctl.insight.periods import ReportPeriod
from retainctl.store.dialect import streamed


class Walked(NamedTuple):
    """One order of a customer: the *number*-th, on this *day*; days to the customer's *next*, where there is one."""

    number: int
    currency: str
    minor: int
    day: int
    next_in_days: int | None


def walked(period: ReportPeriod) -> Iterator[list[Walked]]:
    """The orders of each customer up to the last day of *period*, numbered over their whole life; guests have none."""
    # The plus keeps SQLite from using the index on customers, which would look up every order; sorting is faster.
    found = streamed(
        """SELECT customer_id, currency, gross_minor, order_day FROM orders
           WHERE is_sale = 1 AND +customer_id IS NOT NULL AND order_day <= ? ORDER BY +customer_id, ordered_at, id""",
        period.days[1],
    )
    for _, orders_of_one in groupby(found, key=itemgetter(0)):
        in_order = [order[1:] for order in orders_of_one]
        days = [day for *_, day in in_order]
        yield [
            Walked(number, currency, minor, day, days[number] - day if number < len(days) else None)
            for number, (currency, minor, day) in enumerate(in_order, 1)
        ]
