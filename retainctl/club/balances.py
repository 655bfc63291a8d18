"""What customers have: points they may spend, points that are not active yet, points they owe."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from retainctl.club.accounts import UNIT
from retainctl.club.ledger import CLOCK_TOLERANCE_SECONDS
from retainctl.club.orders import IDS_PER_QUERY
from retainctl.club.terms import read_club
from retainctl.config import Shop
from retainctl.rows import Row
from retainctl.store.database import rows, value
from retainctl.store.dialect import one_of


class Balance(Row, kind="balance"):
    """One customer's points, and what the available ones pay."""

    customer_id: int
    available: int
    pending: int
    owed: int
    value_minor: int
    currency: str


def balances(shop: Shop, customer_ids: Sequence[int]) -> dict[int, int]:
    """The points that each customer may spend now; 0 for one that never had any."""
    found = _read(shop.clock.now(), customer_ids)
    return {one: _available(found, one) for one in customer_ids}


def available_points(*, at: int, customer_ids: Sequence[int] | None = None) -> tuple[str, list[object]]:
    """The points that may be spent at *at*, as a query of (customer_id, points), and its values; None is everybody."""
    among, ids = "TRUE", list[object]()
    if customer_ids is not None:
        condition, bound = one_of(list(customer_ids))
        among, ids = f"b.customer_id {condition}", [bound]
    sql = f"""
        SELECT customer_id, CASE WHEN SUM(points) > 0 THEN SUM(points) ELSE 0 END AS points FROM (
            SELECT b.customer_id, l.remaining AS points FROM lots AS l JOIN accounts AS b ON b.id = l.account_id
            WHERE b.unit = '{UNIT}' AND l.remaining > 0 AND l.active_from <= ?
                AND (l.expires_at IS NULL OR l.expires_at > ?) AND {among}
            UNION ALL
            SELECT b.customer_id, b.balance FROM accounts AS b WHERE b.unit = '{UNIT}' AND b.kind = 'debt' AND {among}
        ) AS held GROUP BY customer_id
    """
    return sql, [at, at, *ids, *ids]


def balance_rows(shop: Shop, customer_ids: Sequence[int] | None = None) -> list[Balance]:
    """The balance of each of these customers, or of all who have an account, by customer."""
    if customer_ids is None:
        query = "SELECT DISTINCT customer_id FROM accounts WHERE customer_id IS NOT NULL ORDER BY customer_id"
        customer_ids = [row[0] for row in rows(query)]
    now = shop.clock.now()
    found = _read(now, customer_ids)
    terms = read_club(shop).on(shop.clock.day(now).isoformat())
    currency = shop.settings.currency
    return [
        Balance(
            customer_id=one,
            available=_available(found, one),
            pending=found[one, "pending"],
            owed=found[one, "owed"],
            value_minor=terms.value_minor(_available(found, one), currency),
            currency=currency,
        )
        for one in customer_ids
    ]


def _available(found: Counter[tuple[int, str]], customer_id: int) -> int:
    """What is owed is repaid by what is there, the pending points last."""
    return max(0, found[customer_id, "active"] - found[customer_id, "owed"])


def last_booked(now: int) -> int:
    """The number of the last transaction that was booked by *now*; 0 when there was none.

    A clock that is behind the ledger by no more than a booking lets pass is taken for right.
    """
    newest = rows("SELECT seq, recorded_at FROM transactions ORDER BY seq DESC LIMIT 1")
    if newest and now < newest[0][1] - CLOCK_TOLERANCE_SECONDS:
        return int(value("SELECT COALESCE(MAX(seq), 0) FROM transactions WHERE recorded_at <= ?", now))
    return int(newest[0][0]) if newest else 0


def _read(now: int, customer_ids: Sequence[int]) -> Counter[tuple[int, str]]:
    """The active, pending and owed points of each customer, over all accounts, as they were at *now*."""
    found: Counter[tuple[int, str]] = Counter()
    since = last_booked(now)
    for start in range(0, len(customer_ids), IDS_PER_QUERY):
        part = customer_ids[start : start + IDS_PER_QUERY]
        condition, ids = one_of(list(part))
        whose = f"a.unit = '{UNIT}' AND a.customer_id {condition}"
        for customer_id, active_from, points in rows(_HELD.format(whose=whose), ids, ids, since, now):
            found[customer_id, "active" if active_from <= now else "pending"] += int(points)
        for customer_id, points in rows(_OWED.format(whose=whose), ids, ids, since):
            found[customer_id, "owed"] = -int(points)
    return found


# What the accounts hold, less what was booked since.
_HELD = """
    SELECT customer_id, active_from, SUM(points) FROM (
        SELECT a.customer_id, l.active_from, l.expires_at, l.remaining AS points
        FROM accounts AS a JOIN lots AS l ON l.account_id = a.id AND l.remaining > 0 WHERE {whose}
        UNION ALL
        SELECT a.customer_id, l.active_from, l.expires_at, -e.points
        FROM accounts AS a JOIN entries AS e ON e.account_id = a.id JOIN lots AS l ON l.id = e.lot_id
        WHERE {whose} AND a.kind = 'customer' AND e.seq > ?
    ) AS held WHERE expires_at IS NULL OR expires_at > ? GROUP BY customer_id, active_from
"""
_OWED = """
    SELECT customer_id, SUM(points) FROM (
        SELECT a.customer_id, a.balance AS points FROM accounts AS a WHERE {whose} AND a.kind = 'debt'
        UNION ALL
        SELECT a.customer_id, -e.points FROM accounts AS a JOIN entries AS e ON e.account_id = a.id
        WHERE {whose} AND a.kind = 'debt' AND e.seq > ?
    ) AS owed GROUP BY customer_id
"""
