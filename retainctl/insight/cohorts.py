"""Who began together: of those whose first order was in a month, how many ordered in each month after."""

from __future__ import annotations

from collections import Counter, defaultdict

from retainctl.clock import day_of, month_number, month_text
from retainctl.config import Shop
from retainctl.rows import Row
from retainctl.store.database import rows, value
from retainctl.store.dialect import streamed


class Cohort(Row, kind="cohort"):
    """The customers of one month, by how many ordered in the month itself (0), the next (1) and so on."""

    cohort: str
    months: dict[str, int | None]


def cohorts(_shop: Shop) -> list[Cohort]:
    """Every month from the first order to the last in which somebody began; what is yet to come is None."""
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
    """Customers by the month of their first order, counted from *zero*, and the months since."""
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
    """At each customer's id a number in which each month with an order is a bit, the lowest for the month *zero*."""
    bits = {str(zero + after): 1 << after for after in range(width)}
    months = [0] * (value("SELECT MAX(id) FROM customers") + 1)
    for customer_id, written in streamed("SELECT customer_id, order_months FROM customer_summaries WHERE orders > 0"):
        for month in written.split(","):
            months[customer_id] |= bits[month]
    return months
