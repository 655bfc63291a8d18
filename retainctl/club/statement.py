"""A customer's statement: what there was, each movement, and what there is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import groupby
from operator import itemgetter
from typing import Literal, NamedTuple

from retainctl.club.balances import balance_rows, last_booked
from retainctl.config import Shop
from retainctl.rows import Row
from retainctl.store.database import rows

StatementItem = Literal["opening", "earned", "redeemed", "expired", "clawed_back", "adjusted", "closing", "pending"]


class StatementLine(Row, kind="statement_line", spare="effective_at"):
    """One line: a movement of points and the balance after it. *recorded_at* orders them, *effective_at* says when
    a movement counts from, such as the day of its order."""

    item: StatementItem
    points: int
    balance: int
    recorded_at: str
    effective_at: str
    reference: str
    reason: str


_ITEMS: dict[str, StatementItem] = {
    "redemption": "redeemed",
    "expiry": "expired",
    "grant": "adjusted",
    "deduction": "adjusted",
    "repayment": "adjusted",  # of another's debt, with whom the customer was one then
}


def statement(
    shop: Shop, customer_id: int, *, first_day: date | None = None, last_day: date | None = None
) -> list[StatementLine]:
    """The customer's movements from *first_day* to *last_day*, by the day on which they were booked.

    ``opening``; then ``earned``, ``redeemed``, ``expired``, ``clawed_back`` and ``adjusted``, whose points lead from
    it to ``closing``. A period that is closed never changes: what is booked later for an earlier day stands in the
    period in which it was booked. Points expire at the end of their last day, whenever that is booked. A last line
    says how many points of the balance are ``pending``.
    """
    at = shop.clock.iso
    since = shop.clock.start_of(first_day) if first_day else 0
    until = shop.clock.end_of(last_day) if last_day else None
    moved = _movements(customer_id, now=shop.clock.now())
    balance = sum(one.points for one in moved if one.at < since)
    lines = [StatementLine("opening", balance, balance, at(since) if first_day else "", "", "", "")]
    for one in moved:
        if since <= one.at and (until is None or one.at < until):
            balance += one.points
            item = _ITEMS.get(one.kind) or ("earned" if one.points > 0 else "clawed_back")
            lines.append(
                StatementLine(item, one.points, balance, at(one.at), at(one.effective_at), one.reference, one.reason)
            )
    closing = at(until - 1 if until is not None else shop.clock.now())
    lines.append(StatementLine("closing", balance, balance, closing, "", "", ""))
    if last_day is None and (pending := balance_rows(shop, [customer_id])[0].pending):
        lines.append(StatementLine("pending", pending, balance, closing, "", "", ""))
    return lines


class _Movement(NamedTuple):
    """Points that came or went at one time; *after* is the transaction that it stands behind at that time."""

    at: int
    after: int
    kind: str
    points: int
    effective_at: int
    reference: str
    reason: str


@dataclass(slots=True)
class _LotHeld:
    """What a lot held at the end of its last day, or holds, and the movement that gave it."""

    given: _Movement
    expires_at: int | None
    points: int = 0


def _movements(customer_id: int, *, now: int) -> list[_Movement]:
    """All that moved the customer's points, as booked by *now*, in its order.

    A repayment between two accounts of the customer moves nothing, nor does what is booked on a lot after its end:
    what it held then expired then, or as it was given, when that came later.
    """
    moved: list[_Movement] = []
    lots: dict[int, _LotHeld] = {}
    entries = rows(_ENTRIES, customer_id, last_booked(now))
    for seq, group in groupby(entries, key=itemgetter(0)):
        points = 0
        for _, kind, recorded_at, effective_at, source, order, reason, lot_id, expires_at, some in group:
            reference = order or str(source).split("/", 2)[2]
            one = _Movement(recorded_at, seq, kind, 0, effective_at, reference, reason)
            if lot_id is not None:
                lot = lots.setdefault(lot_id, _LotHeld(one, expires_at))
                if lot.points and expires_at is not None and expires_at <= recorded_at:
                    continue
                lot.points += some
            points += some
        if points:
            moved.append(one._replace(points=points))
    for lot in lots.values():
        if lot.points and lot.expires_at is not None and lot.expires_at <= now:
            late = lot.given.at >= lot.expires_at
            at, after = (lot.given.at, lot.given.after) if late else (lot.expires_at, 0)
            moved.append(_Movement(at, after, "expiry", -lot.points, lot.expires_at, lot.given.reference, ""))
    return sorted(moved, key=lambda one: (one.at, one.after))


_ENTRIES = """
    SELECT t.seq, t.kind, t.recorded_at, t.effective_at, t.source, o.source || ':' || o.external_id,
        COALESCE(r.reason, ''), e.lot_id, l.expires_at, e.points
    FROM accounts AS a JOIN entries AS e ON e.account_id = a.id JOIN transactions AS t ON t.seq = e.seq
    LEFT JOIN lots AS l ON l.id = e.lot_id LEFT JOIN orders AS o ON o.id = t.order_id
    LEFT JOIN transaction_reasons AS r ON r.seq = t.seq
    WHERE a.unit = 'points' AND a.customer_id = ? AND e.seq <= ? ORDER BY t.seq, e.entry_no
"""
