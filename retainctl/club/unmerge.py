"""Undoing a merge with its points: each has what their own orders and their own acts made."""

from __future__ import annotations

from typing import Any

from retainctl.club.ledger import PROGRAM, Journal, Move
from retainctl.club.terms import read_club
from retainctl.config import Shop
from retainctl.shop import merging
from retainctl.store.database import rows
from retainctl.store.transactions import in_one_transaction


@in_one_transaction
def undo(shop: Shop, merge_id: int) -> merging.Merge:
    """Undo a merge. What one has spent or owed while the two were one, and was taken from the other's points, comes
    back to the other and is charged to the one.

    Points of orders that were awarded meanwhile follow at the next run of awarding.
    """
    undone = merging.undo(shop, merge_id)
    both = (undone.survivor_id, undone.merged_id)
    if crossed := rows(_CROSSED, *both, *both):
        _settle(shop, both, crossed, reason=f"merge {merge_id} was undone")
    return undone


# Each time points of one were taken for the other and have not come back. A transaction is its account's act.
_CROSSED = f"""
    SELECT e.seq || '/' || e.entry_no, t.account_id, e.account_id, -e.points,
        l.order_id, l.terms_version, l.earned_at, l.active_from, l.expires_at
    FROM accounts AS giver JOIN entries AS e ON e.account_id = giver.id JOIN lots AS l ON l.id = e.lot_id
    JOIN transactions AS t ON t.seq = e.seq JOIN accounts AS actor ON actor.id = t.account_id
    LEFT JOIN transactions AS s ON s.source = '{PROGRAM}/grant/undone:' || e.seq || '/' || e.entry_no
    WHERE giver.customer_id IN (?, ?) AND actor.customer_id IN (?, ?) AND giver.customer_id <> actor.customer_id
        AND s.seq IS NULL
    ORDER BY e.seq, e.entry_no
"""


def _settle(shop: Shop, both: tuple[int, int], crossed: list[tuple[Any, ...]], *, reason: str) -> None:
    """Give back each of *crossed*, living as long as what was taken, and charge it to whose act it was."""
    journal = Journal(shop)
    journal.accounts.load(both)
    club = read_club(shop)
    today = club.on(shop.clock.day(journal.now).isoformat())
    for entry, actor_id, giver_id, points, order_id, version, earned_at, active_from, expires_at in crossed:
        lot = journal.grant(
            giver_id,
            points,
            terms=club.version(version),
            earned_at=earned_at,
            active_from=active_from,
            expires_at=expires_at,
            order_id=order_id,
        )
        journal.book(
            "grant",
            f"undone:{entry}",
            [Move(giver_id, journal.books.issuance, lot.id, points)],
            account_id=giver_id,
            points=points,
            terms=club.version(version),
            effective_at=journal.now,
            reason=reason,
        )
        journal.book(
            "deduction",
            f"undone:{entry}",
            journal.owe(actor_id, points, clawback=today.clawback),
            account_id=actor_id,
            points=points,
            terms=today,
            effective_at=journal.now,
            reason=reason,
        )
        for customer_id in both:
            journal.repay(customer_id, today)
    journal.write()
