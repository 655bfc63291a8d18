"""Orders that name no customer."""

from __future__ import annotations

from retainctl.config import Shop
from retainctl.rows import Row
from retainctl.store.select import Instant, select


class GuestOrder(Row, kind="guest_order"):
    """An order of nobody who is known."""

    source: str
    order: str
    ordered_at: Instant
    gross_minor: int
    currency: str


def list_guest_orders(shop: Shop, *, limit: int = 20) -> list[GuestOrder]:
    """The latest *limit* orders of guests."""
    sql = """SELECT source, external_id AS "order", ordered_at, gross_minor, currency FROM orders
        WHERE customer_id IS NULL ORDER BY ordered_at DESC, id DESC LIMIT ?"""
    return select(shop, GuestOrder, sql, limit)
