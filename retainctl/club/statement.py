"""A customer's statement: what there was, each movement, and what there is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from retainctl.club.balances import balance_rows
from retainctl.config import Shop
from retainctl.rows import Row
from retainctl.store.database import rows, value


@dataclass(frozen=True, slots=True)
class StatementLine(Row):
    """One line: a movement of points and the balance after it. *recorded_at* orders them, *effective_at* says when
    a movement counts from, such as the day of its order."""

    kind: ClassVar[str] = "statement_line"
    item: str
    points: int
    balance: int
    recorded_at: str
    effective_at: str
    reference: str
    reason: str


_ITEMS = {
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
    period in which it was booked. A last line says how many points of today's balance are ``pending``.
    """
    since = shop.clock.start_of(first_day) if first_day else 0
    until = shop.clock.end_of(last_day) if last_day else shop.clock.now() + 1
    balance = _balance_before(customer_id, since)
    lines = [StatementLine("opening", balance, balance, shop.clock.iso(since) if first_day else "", "", "", "")]
    for kind, points, recorded_at, effective_at, reference, reason in _movements(customer_id, since, until):
        balance += points
        item = _ITEMS.get(kind) or ("earned" if points > 0 else "clawed_back")
        at = shop.clock.iso
        lines.append(StatementLine(item, points, balance, at(recorded_at), at(effective_at), reference, reason))
    closing = shop.clock.iso(until - 1)
    lines.append(StatementLine("closing", balance, balance, closing, "", "", ""))
    if last_day is None and (pending := balance_rows(shop, [customer_id])[0].pending):
        lines.append(StatementLine("pending", pending, balance, closing, "", "", ""))
    return lines


_OF_CUSTOMER = "e.account_id IN (SELECT id FROM accounts WHERE customer_id = ?)"


def _balance_before(customer_id: int, instant: int) -> int:
    """The points of all the customer's accounts, what is owed taken off, as booked before *instant*."""
    off = value(
        f"SELECT SUM(e.points) FROM entries AS e JOIN transactions AS t ON t.seq = e.seq"
        f" WHERE {_OF_CUSTOMER} AND t.recorded_at < ?",
        customer_id, instant,
    )  # fmt: skip
    return int(off or 0)


def _movements(customer_id: int, since: int, until: int) -> Iterator[tuple[str, int, int, int, str, str]]:
    """(kind, points, recorded_at, effective_at, reference, reason) of each transaction that moved anything.

    A repayment between two accounts of the customer moves nothing.
    """
    query = f"""
        SELECT t.kind, SUM(e.points), t.recorded_at, t.effective_at, t.source, o.source, o.external_id, r.reason, t.seq
        FROM entries AS e JOIN transactions AS t ON t.seq = e.seq
        LEFT JOIN orders AS o ON o.id = t.order_id LEFT JOIN transaction_reasons AS r ON r.seq = t.seq
        WHERE {_OF_CUSTOMER} AND t.recorded_at >= ? AND t.recorded_at < ?
        GROUP BY t.seq, t.kind, t.recorded_at, t.effective_at, t.source, o.source, o.external_id, r.reason
        ORDER BY t.seq
    """
    for row in rows(query, customer_id, since, until):
        kind, points, recorded_at, effective_at, *_ = row
        if points:
            yield kind, int(points), recorded_at, effective_at, _reference(row), row[7] or ""


def _reference(row: tuple[Any, ...]) -> str:
    """The order, as its shop calls it, or what was given as the source."""
    booked_as, order_source, order_id = str(row[4]), row[5], row[6]
    return f"{order_source}:{order_id}" if order_id is not None else booked_as.split("/", 2)[2]
