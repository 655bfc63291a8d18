"""Orders as they are listed and shown, with their lines, returns and earlier versions."""

from __future__ import annotations

from typing import Final, Literal

from retainctl.clock import DAY_SECONDS
from retainctl.config import Shop
from retainctl.errors import WrongUsage
from retainctl.rows import Row
from retainctl.shop.orders_import.documents import LineKind, OrderStatus
from retainctl.store.database import rows
from retainctl.store.dialect import whole_in_json
from retainctl.store.select import Instant, MaybePieces, Pieces, select


class OrderRow(Row, kind="order", spare="version source lines"):
    """One order."""

    source: str
    order: str
    customer: int | None
    ordered_at: Instant
    status: OrderStatus
    lines: int
    gross_minor: int
    returned_minor: int
    currency: str
    version: int


class OrderPart(Row, kind="order_part"):
    """A line of an order (``sale``, ``shipping`` …), a ``return`` from it, or a ``version`` that it was before."""

    part: LineKind | Literal["return", "version"]
    line: int | None
    article: str
    name: str
    quantity: MaybePieces
    unit_price: str
    amount_minor: int
    currency: str
    at: Instant
    reference: str


class ReturnRow(Row, kind="return", spare="line reference source"):
    """A return, or the part of one that was taken from one line.

    ``state`` is ``taken`` (from its sale), ``waiting`` (for it), ``overdue`` (the order that it names has not come for
    30 days) or ``too_large`` (for the order that it names).
    """

    source: str
    reference: str
    line: int
    customer: int | None
    state: Literal["taken", "waiting", "overdue", "too_large"]
    order: str
    article: str
    quantity: Pieces
    amount_minor: int
    currency: str
    returned_at: Instant


_ORDER = """SELECT o.source, o.external_id AS "order", o.customer_id AS customer, o.ordered_at, o.status,
        (SELECT COUNT(*) FROM order_lines WHERE order_id = o.id) AS lines, o.gross_minor,
        (SELECT COALESCE(SUM(amount_minor), 0) FROM order_returns WHERE order_id = o.id) AS returned_minor,
        o.currency, o.version
    FROM orders AS o"""


def list_orders(shop: Shop, *, customer_id: int | None = None, limit: int) -> list[OrderRow]:
    """The latest *limit* orders, of one customer or of all, latest first."""
    condition, values = ("", ()) if customer_id is None else (" WHERE o.customer_id = ?", (customer_id,))
    sql = f"{_ORDER}{condition} ORDER BY o.ordered_at DESC, o.id DESC LIMIT ?"
    return select(shop, OrderRow, sql, *values, limit)


def show_order(shop: Shop, order: str, *, source: str = "") -> list[OrderPart]:
    """The lines, returns and earlier versions of the order called *order*; *source* says whose, of several."""
    found = rows("SELECT id, source, currency, version FROM orders WHERE external_id = ? ORDER BY source", order)
    found = [row for row in found if not source or row[1] == source]
    if not found:
        raise WrongUsage(f"there is no order {order}", hint="List them: retainctl orders list")
    if len(found) > 1:
        names = ", ".join(row[1] for row in found)
        raise WrongUsage(f"several sources have an order {order}: {names}", hint="Choose one: --source NAME")
    order_id, _, currency, _ = found[0]
    versions = _VERSIONS.format(amount=whole_in_json("content", "order", "gross_minor"))
    return [one for sql in (_LINES, _RETURNS, versions) for one in select(shop, OrderPart, sql, currency, order_id)]


_LINES = """SELECT l.kind AS part, l.line_no AS line, p.sku AS article, p.name,
        l.quantity_thousandths AS quantity, l.unit_price, l.amount_minor, ? AS currency, NULL AS at, '' AS reference
    FROM order_lines AS l LEFT JOIN products AS p ON p.id = l.product_id WHERE l.order_id = ? ORDER BY l.line_no"""
_RETURNS = """SELECT 'return' AS part, r.order_line_no AS line, p.sku AS article, p.name,
        r.quantity_thousandths AS quantity, r.unit_price, r.amount_minor, ? AS currency, r.returned_at AS at,
        r.external_id AS reference
    FROM order_returns AS r LEFT JOIN products AS p ON p.id = r.product_id WHERE r.order_id = ?
    ORDER BY r.returned_at, r.id"""
_VERSIONS = """SELECT 'version' AS part, NULL AS line, '' AS article, '' AS name, NULL AS quantity,
        '' AS unit_price,
        {amount} AS amount_minor, ? AS currency, replaced_at AS at,
        'version ' || version AS reference
    FROM order_versions WHERE order_id = ? ORDER BY version"""

OVERDUE_SECONDS: Final = 30 * DAY_SECONDS
# What waits although the order that it names is there was refused by it: every import tries.
_STATE = """CASE WHEN r.order_id IS NOT NULL THEN 'taken' WHEN r.named_order IS NULL THEN 'waiting'
        WHEN EXISTS (SELECT 1 FROM orders AS n WHERE n.source = r.source AND n.external_id = r.named_order)
            THEN 'too_large'
        WHEN i.imported_at < ? THEN 'overdue' ELSE 'waiting' END"""


def list_returns(shop: Shop, *, waiting: bool, limit: int) -> list[ReturnRow]:
    """The latest *limit* returns, latest first; only those that wait for their sale when *waiting*."""
    condition = "WHERE r.order_id IS NULL" if waiting else ""
    return select(
        shop,
        ReturnRow,
        f"""SELECT r.source, r.external_id AS reference, r.line_no AS line, r.customer_id AS customer,
                {_STATE} AS state, COALESCE(o.external_id, r.named_order) AS "order", p.sku AS article,
                r.quantity_thousandths AS quantity,
                r.amount_minor, r.currency, r.returned_at
            FROM order_returns AS r LEFT JOIN orders AS o ON o.id = r.order_id
            JOIN imports AS i ON i.id = r.import_id
            LEFT JOIN products AS p ON p.id = r.product_id {condition}
            ORDER BY r.returned_at DESC, r.id DESC LIMIT ?""",
        shop.clock.now() - OVERDUE_SECONDS,
        limit,
    )


def doubtful_returns(shop: Shop) -> dict[str, int]:
    """How many waiting returns are ``overdue`` and ``too_large``, where there are any."""
    return {
        state: int(count)
        for state, count in rows(
            f"""SELECT state, COUNT(*) FROM (
                    SELECT {_STATE} AS state FROM order_returns AS r JOIN imports AS i ON i.id = r.import_id
                    WHERE r.order_id IS NULL AND r.named_order IS NOT NULL
                ) AS states WHERE state <> 'waiting' GROUP BY state ORDER BY state""",
            shop.clock.now() - OVERDUE_SECONDS,
        )
    }
