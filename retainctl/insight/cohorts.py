"""Who began together: of those whose first order was in a month, how many ordered in each month after."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import ClassVar

from retainctl.config import Shop
from retainctl.rows import Row
from retainctl.store.database import execute


@dataclass(frozen=True, slots=True)
class Cohort(Row):
    """The customers of one month, by how many ordered in the month itself (0), the next (1) and so on."""

    kind: ClassVar[str] = "cohort"
    cohort: str
    months: dict[str, int | None]


def cohorts(_shop: Shop) -> list[Cohort]:
    """Every month from the first order to the last in which somebody began; what is yet to come is None."""
    counts = _counts()
    if not counts:
        return []
    last = max(month + offset for month, offsets in counts.items() for offset in offsets)
    width = last - min(counts) + 1
    return [
        Cohort(
            f"{month // 12:04}-{month % 12 + 1:02}",
            {str(offset): counts[month][offset] if month + offset <= last else None for offset in range(width)},
        )
        for month in sorted(counts)
    ]


def _counts() -> dict[int, Counter[int]]:
    """Customers by the month of their first order (years × 12 + month - 1) and the months since."""
    first = {
        customer_id: _month(day)
        for customer_id, day in execute(
            "SELECT customer_id, MIN(first_order_on) FROM customer_summaries WHERE orders > 0 GROUP BY customer_id"
        )
    }
    counts: dict[int, Counter[int]] = defaultdict(Counter)
    found = execute(
        """SELECT DISTINCT customer_id, substr(ordered_on, 1, 7) FROM orders
           WHERE is_sale = 1 AND customer_id IS NOT NULL"""
    )
    for customer_id, month in found:
        begun = first[customer_id]
        counts[begun][_month(month) - begun] += 1
    return counts


def _month(day: str) -> int:
    return int(day[:4]) * 12 + int(day[5:7]) - 1
