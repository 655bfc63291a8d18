"""What came back of orders, told by file after file in any order, is what a reference of some lines makes of it.

A file tells an order with or without what came back of it, or what came back alone. What came back of one article at
one time is one thing: whoever tells of it last says how much. What an order's own rows told goes when they tell it no
more; what another file told stays.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from retainctl.config import Shop
from retainctl.shop.orders_import.orders import import_orders
from retainctl.shop.orders_import.planning import OrderOptions
from retainctl.store.database import rows, value
from tests.shop.orders_import.conftest import HEADER, row

pytestmark = pytest.mark.proof
EXAMPLES = 400 if os.environ.get("RETAINCTL_PROOF") == "full" else 40
DAYS = ("2025-02-05", "2025-02-20")
BACK = st.dictionaries(st.tuples(st.sampled_from(DAYS), st.sampled_from(["MUG", "TEA"])), st.integers(1, 2), max_size=3)
TOLD = st.tuples(st.sampled_from(["", "paid", "shipped"]), BACK)  # the sale's status, if it is told; what came back
FILES = st.lists(st.dictionaries(st.sampled_from(["A", "B"]), TOLD, min_size=1), min_size=1, max_size=5)
Told = tuple[str, dict[tuple[str, str], int]]


class Reference:
    """What is known of one order."""

    def __init__(self) -> None:
        self.sale: Told | None = None
        self.back: dict[tuple[str, str], int] = {}
        self.own: set[tuple[str, str]] = set()  # what the order's own rows told

    def hear(self, status: str, back: dict[tuple[str, str], int]) -> None:
        """Take in what one file tells."""
        if status:
            if self.sale == (status, back):
                return
            self.sale = status, back
            for one in self.own - back.keys():
                del self.back[one]
            self.own = set(back)
            self.back |= back
            return
        for one, pieces in back.items():
            if self.back.get(one) != pieces:
                self.own.discard(one)
                self.back[one] = pieces


def lines_of(order: str, status: str, back: dict[tuple[str, str], int]) -> list[str]:
    sale = [row(order, sku=sku, quantity="100", status=status) for sku in ("MUG", "TEA")] if status else []
    return sale + [
        row(order, sku=sku, quantity=f"-{pieces}", status="refunded", ordered_at=f"{day}T10:00:00+02:00")
        for (day, sku), pieces in back.items()
    ]


def test_what_came_back_is_what_the_files_told_of_it(shop: Shop, tmp_path: Path) -> None:
    numbers = count()

    @given(FILES)
    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    def tell(files: list[dict[str, Told]]) -> None:
        run = next(numbers)
        known: defaultdict[str, Reference] = defaultdict(Reference)
        for place, told in enumerate(files):
            lines = [HEADER, row(f"other-{run}-{place}")]  # no file is one that came before
            for order, (status, back) in told.items():
                known[order].hear(status, back)
                lines += lines_of(f"{order}{run}", status, back)
            path = tmp_path / "orders.csv"
            path.write_text("\n".join([*lines, ""]), encoding="utf-8")
            assert import_orders(shop, str(path), OrderOptions()).quarantined == ()
        for order, reference in known.items():
            found = Counter[str]()
            for sku, thousandths in rows(
                "SELECT p.sku, r.quantity_thousandths FROM order_returns AS r JOIN products AS p ON p.id = r.product_id"
                " WHERE r.external_id = ?",
                f"{order}{run}",
            ):
                found[sku] += int(thousandths)
            expected = Counter[str]()
            for (_, sku), pieces in reference.back.items():
                expected[sku] += 1_000 * pieces
            assert found == expected
            waiting = "SELECT COUNT(*) FROM order_returns WHERE external_id = ? AND order_id IS NULL"
            assert bool(value(waiting, f"{order}{run}")) == (reference.sale is None and bool(reference.back))

    tell()
