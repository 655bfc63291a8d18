"""Proving the books: every invariant that the ledger promises, asked of the database as it is.

``check`` is silent, or raises BrokenInvariant with the first rule that does not hold and where.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any, Final, NamedTuple

from retainctl.club.accounts import read_books
from retainctl.club.ledger import GENESIS, chained
from retainctl.club.terms import read_club
from retainctl.config import Shop
from retainctl.errors import BrokenInvariant
from retainctl.store.database import rows, value

_TRANSACTIONS_AT_A_TIME = 20_000


class _Invariant(NamedTuple):
    """What must hold, and the query that finds where it does not: its column ``place`` names it.

    The shop's own accounts stand in it by their names, in braces.
    """

    promise: str
    broken: str


def check(shop: Shop) -> None:
    """Prove the books, and that the terms are those by which they were booked; else BrokenInvariant names the rule."""
    read_club(shop)
    check_ledger(shop)


def check_ledger(_shop: Shop) -> None:
    """Prove the books alone: whatever somebody wrote into ``club.toml``, it is told whether they hold."""
    _check_chain()
    books = read_books()._asdict()
    for rule in _RULES:
        # Not LIMIT 1: PostgreSQL would plan for a row that comes at once, and none does.
        place = value(f"SELECT MIN(place) FROM ({rule.broken.format(**books)}) AS found")
        if place is not None:
            raise _broken(rule.promise, str(place))


def _check_chain() -> None:
    """Numbers without gaps, times that never decrease, each transaction with entries, each hash as it must be."""
    before, newest, expected = GENESIS, 0, 1
    for row, moves in _transactions():
        seq, recorded_at, kept = row[0], row[8], bytes(row[9])
        if seq != expected:
            raise _broken("transactions are numbered without gaps", f"{expected} is missing")
        if recorded_at < newest:
            raise _broken("the time of booking never decreases", f"transaction {seq}")
        if not moves:
            raise _broken("every transaction has entries", f"transaction {seq}")
        before = chained(before, row[:9], moves)
        if before != kept:
            raise _broken("every hash covers its transaction and the one before", f"transaction {seq}")
        newest, expected = recorded_at, seq + 1


def _transactions() -> Iterator[tuple[tuple[Any, ...], list[tuple[Any, ...]]]]:
    """Every transaction with its entries, in order, some thousands in memory at a time."""
    after = 0
    while True:
        part = rows(
            "SELECT seq, kind, source, account_id, points, order_id, terms_version, effective_at, recorded_at, hash"
            " FROM transactions WHERE seq > ? ORDER BY seq LIMIT ?",
            after,
            _TRANSACTIONS_AT_A_TIME,
        )
        if not part:
            return
        entries = rows(
            "SELECT seq, account_id, against_id, lot_id, points FROM entries WHERE seq > ? AND seq <= ?"
            " ORDER BY seq, entry_no",
            after,
            part[-1][0],
        )
        moves = {seq: [entry[1:] for entry in group] for seq, group in groupby(entries, key=itemgetter(0))}
        for row in part:
            yield row, moves.get(row[0], [])
        after = part[-1][0]


def _broken(promise: str, where: str) -> BrokenInvariant:
    return BrokenInvariant(
        f'ledger check failed: rule "{promise}" does not hold: {where}',
        hint="Write nothing more, and restore the last good backup.",
    )


# CROSS JOIN keeps SQLite to the order that is written: first the few transactions of a kind.
_RULES: Final = (
    _Invariant(
        "all accounts together sum to zero",
        "SELECT 'the sum is ' || SUM(balance) AS place FROM accounts HAVING SUM(balance) <> 0",
    ),
    _Invariant(
        "an account's balance is the sum of its entries",
        """
        SELECT 'account ' || a.id AS place FROM accounts AS a LEFT JOIN (
            SELECT account_id, SUM(points) AS points FROM (
                SELECT account_id, SUM(points) AS points FROM entries GROUP BY account_id
                UNION ALL
                SELECT against_id, -SUM(points) FROM entries GROUP BY against_id
            ) AS moved GROUP BY account_id
        ) AS e ON e.account_id = a.id
        WHERE a.balance <> COALESCE(e.points, 0)
        """,
    ),
    _Invariant(
        "a customer's balance is what remains of the lots",
        """
        SELECT 'account ' || a.id AS place FROM accounts AS a LEFT JOIN (
            SELECT account_id, SUM(remaining) AS remaining FROM lots WHERE remaining > 0 GROUP BY account_id
        ) AS l ON l.account_id = a.id
        WHERE a.kind = 'customer' AND a.balance <> COALESCE(l.remaining, 0)
        """,
    ),
    _Invariant(
        "a lot is granted, remaining, consumed, expired and reversed as its entries say",
        """
        SELECT 'lot ' || l.id AS place FROM lots AS l LEFT JOIN (
            SELECT lot_id,
                SUM(CASE WHEN points > 0 AND kind = 'customer' THEN points ELSE 0 END) AS granted,
                SUM(CASE WHEN kind = 'customer' THEN points ELSE 0 END) AS remaining,
                SUM(CASE WHEN against_id = {redemption} THEN -points ELSE 0 END) AS consumed,
                SUM(CASE WHEN against_id = {expiry} THEN -points WHEN account_id = {expiry} THEN points ELSE 0 END)
                    AS expired
            FROM entries JOIN accounts ON accounts.id = entries.account_id
            WHERE lot_id IS NOT NULL GROUP BY lot_id
        ) AS e ON e.lot_id = l.id
        WHERE e.lot_id IS NULL OR l.granted <> e.granted OR l.remaining <> e.remaining OR l.consumed <> e.consumed
            OR l.expired <> e.expired OR l.granted <> l.remaining + l.consumed + l.expired + l.reversed
        """,
    ),
    _Invariant(
        "an entry of a lot is on the lot's account",
        """
        SELECT 'transaction ' || e.seq AS place FROM entries AS e JOIN lots AS l ON l.id = e.lot_id
        WHERE e.account_id <> l.account_id AND e.account_id <> {expiry}
        """,
    ),
    _Invariant(
        "points expire once, at the end of their last day, and not before",
        """
        SELECT 'lot ' || l.id AS place FROM transactions AS t CROSS JOIN entries AS e CROSS JOIN lots AS l
        WHERE t.kind = 'expiry' AND e.seq = t.seq AND l.id = e.lot_id
            AND (l.expires_at IS NULL OR t.effective_at <> l.expires_at OR t.recorded_at < l.expires_at)
        """,
    ),
    _Invariant(
        "nothing is redeemed before it is active or after it has expired",
        """
        SELECT 'transaction ' || t.seq AS place FROM transactions AS t CROSS JOIN entries AS e CROSS JOIN lots AS l
        WHERE t.kind = 'redemption' AND e.seq = t.seq AND l.id = e.lot_id
            AND (t.recorded_at < l.active_from OR t.effective_at >= l.expires_at)
        """,
    ),
    _Invariant(
        "what is redeemed, granted and deducted is what was requested",
        """
        SELECT 'transaction ' || t.seq AS place FROM transactions AS t JOIN entries AS e ON e.seq = t.seq
        GROUP BY t.seq, t.kind, t.points
        HAVING ABS(SUM(e.points)) <> CASE WHEN t.kind = 'repayment' THEN 0 ELSE t.points END
        """,
    ),
    _Invariant(
        "an order's points are what its transactions booked",
        """
        SELECT 'order ' || a.order_id AS place FROM awards AS a LEFT JOIN (
            SELECT t.order_id, SUM(e.points) AS points
            FROM transactions AS t JOIN entries AS e ON e.seq = t.seq
            WHERE t.order_id IS NOT NULL AND e.against_id = {issuance} GROUP BY t.order_id
        ) AS b ON b.order_id = a.order_id
        WHERE a.points <> COALESCE(b.points, 0)
        """,
    ),
    _Invariant(
        "an order has points only by an award",
        """
        SELECT 'order ' || l.order_id AS place FROM lots AS l LEFT JOIN awards AS a ON a.order_id = l.order_id
        WHERE l.order_id IS NOT NULL AND a.order_id IS NULL
        """,
    ),
    _Invariant(
        "an order has no more points than its lines earned",
        """
        SELECT 'order ' || a.order_id AS place FROM awards AS a LEFT JOIN (
            SELECT order_id, SUM(points) AS points FROM awarded_lines GROUP BY order_id
        ) AS l ON l.order_id = a.order_id
        WHERE a.points > COALESCE(l.points, 0)
        """,
    ),
)
