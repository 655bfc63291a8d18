"""What the club owes: points by month, and how many are out at its end."""

from __future__ import annotations

from collections import Counter, defaultdict

from retainctl.config import Shop
from retainctl.rows import Row
from retainctl.store.database import execute


class PointsMonth(Row, kind="points_month"):
    """What was booked in one month: issued for orders, granted and deducted by hand, and so on."""

    month: str
    issued: int
    granted: int
    redeemed: int
    expired: int
    clawed_back: int
    deducted: int
    outstanding: int


def points(shop: Shop) -> list[PointsMonth]:
    """Every month in which something was booked."""
    months: dict[str, Counter[str]] = defaultdict(Counter)
    found = execute(
        """SELECT t.recorded_at, t.kind,
               SUM(CASE WHEN a.customer_id IS NULL THEN 0 ELSE e.points END)
                   - SUM(CASE WHEN b.customer_id IS NULL THEN 0 ELSE e.points END)
           FROM transactions t JOIN entries e ON e.seq = t.seq
           JOIN accounts a ON a.id = e.account_id JOIN accounts b ON b.id = e.against_id
           GROUP BY t.recorded_at, t.kind"""
    )
    for recorded_at, kind, moved in found:
        months[shop.clock.day(recorded_at).isoformat()[:7]][kind] += int(moved)
    listed, outstanding = [], 0
    for month in sorted(months):
        moved = months[month]
        outstanding += moved.total()
        listed.append(
            PointsMonth(
                month=month,
                issued=moved["award"],
                granted=moved["grant"],
                redeemed=-moved["redemption"],
                expired=-moved["expiry"],
                clawed_back=-moved["clawback"],
                deducted=-moved["deduction"],
                outstanding=outstanding,
            )
        )
    return listed
