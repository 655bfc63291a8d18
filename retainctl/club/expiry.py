"""Expiry: what remains of a lot past its last day goes, once, with effect from the end of that day."""

from __future__ import annotations

from collections.abc import Callable

from retainctl.club.ledger import Journal
from retainctl.club.terms import Club, read_club
from retainctl.config import Shop
from retainctl.rows import Row
from retainctl.store.database import rows
from retainctl.store.transactions import in_one_transaction

LOTS_PER_TRANSACTION = 10_000


class ExpiryRun(Row, kind="expiry_run"):
    """What a run of ``expire`` took, or would take."""

    lots: int
    points: int
    customers: int


def expire(shop: Shop, *, dry_run: bool = False, advance: Callable[[int], None] = lambda _: None) -> ExpiryRun:
    """Take what remains of every lot whose last day is over.

    A run that comes late takes the same lots with effect from the same instants; Refused when the clock may be
    wrong.
    """
    now = shop.clock.now()
    query = """
        SELECT COUNT(*), COALESCE(SUM(l.remaining), 0), COUNT(DISTINCT a.customer_id)
        FROM lots AS l JOIN accounts AS a ON a.id = l.account_id WHERE l.remaining > 0 AND l.expires_at <= ?
    """
    lots, points, customers = rows(query, now)[0]
    if lots and not dry_run:
        club = read_club(shop)
        while taken := _expire_some(shop, club):
            advance(taken)
    return ExpiryRun(lots=int(lots), points=int(points), customers=int(customers))


@in_one_transaction
def _expire_some(shop: Shop, club: Club) -> int:
    """Take what remains of the next lots; how many there were."""
    journal = Journal(shop)
    lots = journal.past_lots(limit=LOTS_PER_TRANSACTION)
    for lot in lots:
        assert lot.expires_at is not None
        points = lot.remaining
        journal.book(
            "expiry",
            str(lot.id),
            journal.take([lot], points, against_id=journal.books.expiry, part="expired"),
            account_id=lot.account_id,
            points=points,
            terms=club.version(lot.terms_version),
            effective_at=lot.expires_at,
            order_id=lot.order_id,
        )
    journal.write()
    return len(lots)
