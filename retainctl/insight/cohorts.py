"""Who began together: of those whose first order was in a month, how many ordered in each month after."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import ClassVar

from retainctl.config import Shop
from retainctl.rows import Row
from retainctl.store.database import rows, value
from retainctl.store.dialect import streamed


@dataclass(frozen=True, slots=True)
class Cohort(Row):
    """The customers of one month, by how many ordered in the month itself (0), the next (1) and so on."""

    kind: ClassVar[str] = "cohort"
    cohort: str
    months: dict[str, int | None]


def cohorts(_shop: Shop) -> list[Cohort]:
    """Every month from the first order to the last in which somebody began; what is yet to come is None."""
    first, last = rows("SELECT MIN(first_order_on), MAX(last_order_on) FROM customer_summaries")[0]
    if first is None:
        return []
    zero, width = _month(first), _month(last) - _month(first) + 1
    counts = _counts(zero)
    return [
        Cohort(
            f"{(zero + begun) // 12:04}-{(zero + begun) % 12 + 1:02}",
            {str(after): counts[begun][after] if begun + after < width else None for after in range(width)},
        )
        for begun in sorted(counts)
    ]


def _counts(zero: int) -> dict[int, Counter[int]]:
    """Customers by the month of their first order, counted from *zero*, and the months since."""
    counts: dict[int, Counter[int]] = defaultdict(Counter)
    for months, customers in Counter(_months_by_customer(zero)).items():
        begun = (months & -months).bit_length() - 1
        later = months
        while later:
            lowest = later & -later
            counts[begun][lowest.bit_length() - 1 - begun] += customers
            later ^= lowest
    return counts


def _months_by_customer(zero: int) -> list[int]:
    """At each customer's id a number in which each month with an order is a bit, the lowest for the month *zero*.

    One pass over the orders as they lie: sorting them by customer takes the database several times as long. The
    plus keeps it from going by the customers' index, and looking up every order one by one.
    """
    bits = _Bits(zero)
    months = [0] * (value("SELECT MAX(id) FROM customers") + 1)
    found = streamed("SELECT customer_id, ordered_on FROM orders WHERE is_sale = 1 AND +customer_id IS NOT NULL")
    for customer_id, day in found:
        months[customer_id] |= bits[day]
    return months


class _Bits(dict[str, int]):
    """The bit of each day's month; every day is worked out once."""

    def __init__(self, zero: int) -> None:
        super().__init__()
        self.zero = zero

    def __missing__(self, day: str) -> int:
        bit = self[day] = 1 << (_month(day) - self.zero)
        return bit


def _month(day: str) -> int:
    """Months since the year 0."""
    return int(day[:4]) * 12 + int(day[5:7]) - 1
