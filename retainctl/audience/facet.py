"""What this package knows about a customer: the segments that they are in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from retainctl.config import Shop
from retainctl.facets import Facet, Fact
from retainctl.store.database import rows


def _now(_shop: Shop, customer_id: int) -> Iterator[Fact]:
    for (name,) in rows(
        "SELECT s.name FROM segment_members AS m JOIN segments AS s ON s.id = m.segment_id"
        " WHERE m.customer_id = ? AND m.left_at IS NULL ORDER BY s.name",
        customer_id,
    ):
        yield Fact("segment", name, "member")


FACET: Final = Facet(now=_now)
