"""What this package knows about a customer: their answers, which follow them through a merge."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from retainctl.config import Shop
from retainctl.facets import Event, Facet
from retainctl.store.database import rows


def _history(_shop: Shop, customer_id: int) -> Iterator[Event]:
    for at, survey, question, score in rows(
        """SELECT r.answered_at, r.survey, a.question, a.score FROM responses AS r
        JOIN answers AS a ON a.response_id = r.id
        WHERE r.customer_id = ? AND r.answered_at IS NOT NULL AND a.score IS NOT NULL ORDER BY r.id, a.question""",
        customer_id,
    ):
        yield Event(at, "answer", survey, f"{question}: {score}")


FACET: Final = Facet(history=_history, moved_by_merge={"responses": ("id",)})
