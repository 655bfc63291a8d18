"""What one customer bought before, article by article."""

from __future__ import annotations

from retainctl.config import Shop
from retainctl.rows import Row
from retainctl.shop.customers import escaped
from retainctl.store.select import Instant, Pieces, select


class Purchase(Row, kind="purchase", spare="brand source category"):
    """One line of a sale, and how many pieces of it came back."""

    ordered_at: Instant
    source: str
    order: str
    sku: str
    name: str
    category: str
    brand: str
    quantity: Pieces
    returned: Pieces
    amount_minor: int
    currency: str


def list_purchases(
    shop: Shop, customer_id: int, *, bought: str = "", since: int | None = None, limit: int = 200
) -> list[Purchase]:
    """The customer's newest *limit* purchases, oldest first.

    *bought* is part of an article's number, name, brand or category; *since* is the first instant that counts.
    """
    condition = ""
    values: list[object] = []
    if bought.strip():
        condition += r" AND lower(p.sku || ' ' || p.name || ' ' || p.brand || ' ' || p.category) LIKE ? ESCAPE '\'"
        values.append(f"%{escaped(bought.strip().lower())}%")
    if since is not None:
        condition += " AND o.ordered_at >= ?"
        values.append(since)
    newest_first = f"""SELECT o.ordered_at, o.source, o.external_id AS "order", p.sku, p.name, p.category, p.brand,
            l.quantity_thousandths AS quantity,
            COALESCE((SELECT CAST(SUM(r.quantity_thousandths) AS bigint) FROM order_returns AS r
                WHERE r.order_id = l.order_id AND r.order_line_no = l.line_no), 0) AS returned,
            l.amount_minor, o.currency
        FROM orders AS o JOIN order_lines AS l ON l.order_id = o.id JOIN products AS p ON p.id = l.product_id
        WHERE o.customer_id = ? AND o.is_sale = 1 AND l.kind = 'sale' {condition}
        ORDER BY o.ordered_at DESC, o.id DESC, l.line_no DESC LIMIT ?"""
    return select(shop, Purchase, newest_first, customer_id, *values, limit)[::-1]
