"""Undoing a merge with its points: each has what their own orders and their own acts made."""

from __future__ import annotations

from typing import Any

from retainctl.club.ledger import PROGRAM, Journal, Move
from retainctl.club.terms import read_club
from retainctl.config import Shop
from retainctl.facets import Moved
from retainctl.store.database import execute, rows


def give_back(shop: Shop, moved: Moved) -> None:
    """Part the points of two who are two again: each has the accounts that were opened for them.

    What one has spent or owed while the two were one, and was taken from the other's points, comes back to the other
    and is charged to the one. Points of orders that were awarded meanwhile follow at the next run of awarding.
    """
    execute(_ACCOUNTS_BACK, moved.merged_id, moved.merged_id)
    execute(_AWARDS_DUE, moved.merged_id, moved.merged_id)
    both = (moved.survivor_id, moved.merged_id)
    if crossed := rows(_CROSSED, *both, *both):
        _settle(shop, both, crossed, reason=f"merge {moved.merge_id} was undone")


# Those that were opened for the merged customer, and for whoever had been merged into them before.
_ACCOUNTS_BACK = """
    UPDATE accounts SET customer_id = ? WHERE opened_for IN (
        WITH RECURSIVE part (id) AS (
            SELECT CAST(? AS BIGINT) UNION SELECT c.id FROM customers AS c JOIN part ON c.merged_into = part.id
        )
        SELECT id FROM part
    )
"""
# What was awarded while the two were one is on the survivor's account: the next run of awarding moves it.
_AWARDS_DUE = """
    UPDATE orders SET version = version + 1 WHERE customer_id = ? AND id IN (
        SELECT w.order_id FROM awards AS w JOIN accounts AS a ON a.id = w.account_id WHERE a.customer_id <> ?
    )
"""
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
