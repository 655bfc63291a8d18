"""What this package knows about a customer: what was sent to them. A merge does not move it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from retainctl.config import Shop
from retainctl.facets import Event, Facet
from retainctl.store.database import rows


def _history(_shop: Shop, customer_id: int) -> Iterator[Event]:
    for at, program, name, state, address in rows(
        """SELECT COALESCE(o.handed_at, o.done_at), m.program, m.name, o.state, o.to_address FROM outbox AS o
        JOIN mailings AS m ON m.id = o.mailing_id
        WHERE o.customer_id = ? AND COALESCE(o.handed_at, o.done_at) IS NOT NULL ORDER BY o.id""",
        customer_id,
    ):
        yield Event(at, program, name, f"{state}, {address}")


FACET: Final = Facet(history=_history)
