"""Nobody gets the same campaign or survey twice, even if customers were merged or split since it was sent.

Sent messages are looked up by the addresses that a customer has now: addresses move with a merge and back again, but
a row of the outbox keeps the customer it was made for.
"""

from __future__ import annotations

from collections.abc import Sequence

from retainctl.outreach.outbox.states import WRITTEN_TO
from retainctl.store.database import rows
from retainctl.store.dialect import one_of


def already_sent(program: str, name: str, customer_ids: Sequence[int]) -> set[int]:
    """Those of *customer_ids* who got a mailing of that program and name, or for whom one is queued."""
    condition = """m.program = ? AND m.name = ? AND m.sent_at IS NOT NULL
        AND o.state NOT IN ('failed', 'suppressed', 'expired', 'cancelled')"""
    found = _written_to(condition, program, name, customer_ids=customer_ids)
    return {customer_id for customer_id, _ in found}


def written_to(program: str, name: str, customer_ids: Sequence[int]) -> dict[int, set[int]]:
    """Those of *customer_ids* who already got it, each with the customer ids under which they did: their own, or that
    of a customer merged with them."""
    found: dict[int, set[int]] = {}
    condition = f"m.program = ? AND m.name = ? AND o.state IN {WRITTEN_TO}"
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
