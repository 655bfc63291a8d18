"""Nobody gets one campaign or survey twice, whoever they were when it was sent.

What was sent is looked up by the addresses that a customer has now, for they follow their customer through a merge
and back again, and a row of the outbox stays with whom it was made for.
"""

from __future__ import annotations

from collections.abc import Sequence

from retainctl.store.database import rows
from retainctl.store.dialect import one_of


def already_sent(program: str, name: str, customer_ids: Sequence[int], *, planned_since: int = 0) -> set[int]:
    """Those of *customer_ids* whom a mailing of that program and name has written to, or is about to."""
    condition = """m.program = ? AND m.name = ? AND m.planned_at >= ? AND m.sent_at IS NOT NULL
        AND o.state NOT IN ('failed', 'suppressed', 'expired', 'cancelled')"""
    found = _written_to(condition, program, name, planned_since, customer_ids=customer_ids)
    return {customer_id for customer_id, _ in found}


def written_to(program: str, name: str, customer_ids: Sequence[int]) -> dict[int, set[int]]:
    """Those of *customer_ids* who have got it already, and as whom: as themselves, or as one who was merged with
    them."""
    found: dict[int, set[int]] = {}
    condition = "m.program = ? AND m.name = ? AND o.state IN ('claimed', 'handing', 'sent', 'unknown')"
    for customer_id, other in _written_to(condition, program, name, customer_ids=customer_ids):
        found.setdefault(customer_id, set()).add(other)
    return found


def _written_to(condition: str, *values: object, customer_ids: Sequence[int]) -> set[tuple[int, int]]:
    if not customer_ids:
        return set()
    among, ids = one_of(list(customer_ids))
    # CROSS JOIN keeps SQLite to this order: from a few customers to their messages, not through a whole mailing.
    query = f"""SELECT p.customer_id, o.customer_id FROM contact_points p CROSS JOIN outbox o CROSS JOIN mailings m
        WHERE o.contact_point_id = p.id AND m.id = o.mailing_id AND p.customer_id {among} AND {condition}"""
    return set(rows(query, ids, *values))
