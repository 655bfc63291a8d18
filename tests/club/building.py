"""Orders, lines and returns put straight into the tables, as an import would leave them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from retainctl.config import Shop
from retainctl.store.database import execute, rows, value
from retainctl.store.transactions import writing
from tests.planting import on_day

DAY = 86_400


def set_terms(folder: Path, *versions: str) -> None:
    """Write ``club.toml`` with these versions, each the body of a ``[[terms]]`` without its number."""
    text = "".join(f"[[terms]]\nversion = {number}\n{body}\n" for number, body in enumerate(versions, 1))
    (folder / "club.toml").write_text(text, encoding="utf-8")


def customer(customer_id: int = 1) -> int:
    with writing():
        execute("INSERT INTO customers (id, created_at) VALUES (?, 0) ON CONFLICT DO NOTHING", customer_id)
    return customer_id


def order(
    shop: Shop, order_id: int, amounts: Sequence[int] | Mapping[int, int], *, at: int, customer_id: int | None = 1,
    currency: str = "ILS", is_sale: bool = True, categories: Sequence[str] = (),
) -> None:  # fmt: skip
    """Import an order, or a changed one; *amounts* are those of its lines, in minor units."""
    if customer_id is not None:
        customer(customer_id)
    lines = dict(amounts) if isinstance(amounts, Mapping) else dict(enumerate(amounts, 1))
    with writing():
        _import()
        known = value("SELECT version FROM orders WHERE id = ?", order_id)
        day = on_day(shop.clock.day(at).isoformat())
        status = "paid" if is_sale else "cancelled"
        values = (customer_id, at, *day, status, int(is_sale), currency, sum(lines.values()))
        if known is None:
            execute(
                "INSERT INTO orders (customer_id, ordered_at, order_day, order_month, status, is_sale, currency,"
                " gross_minor, id, source, external_id, content_hash, import_id)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'web', ?, ?, 1)",
                *values, order_id, f"W{order_id}", b"",
            )  # fmt: skip
        else:
            execute(
                "UPDATE orders SET customer_id = ?, ordered_at = ?, order_day = ?, order_month = ?, status = ?,"
                " is_sale = ?, currency = ?, gross_minor = ?, version = version + 1 WHERE id = ?",
                *values, order_id,
            )  # fmt: skip
            gone = {row[0] for row in rows("SELECT line_no FROM order_lines WHERE order_id = ?", order_id)} - set(lines)
            for line_no in gone:
                execute(
                    "UPDATE order_returns SET order_line_no = NULL WHERE order_id = ? AND order_line_no = ?",
                    order_id, line_no,
                )  # fmt: skip
                execute("DELETE FROM order_lines WHERE order_id = ? AND line_no = ?", order_id, line_no)
        for place, (line_no, amount) in enumerate(lines.items()):
            execute(
                "INSERT INTO order_lines (order_id, line_no, kind, product_id, quantity_thousandths, unit_price,"
                " amount_minor)"
                " VALUES (?, ?, 'sale', ?, 1000, '', ?)"
                " ON CONFLICT (order_id, line_no) DO UPDATE"
                " SET product_id = excluded.product_id, amount_minor = excluded.amount_minor",
                order_id, line_no, _product(categories[place]) if place < len(categories) else None, amount,
            )  # fmt: skip


def came_back(order_id: int, amount_minor: int, *, at: int, line_no: int | None = 1) -> None:
    """Import a return of *amount_minor* of a line, or of the order where *line_no* is None."""
    with writing():
        _import()
        execute(
            "INSERT INTO order_returns (source, external_id, line_no, order_id, order_line_no, quantity_thousandths,"
            " amount_minor, currency, returned_at, return_day, content_hash, import_id)"
            " SELECT 'web', 'R' || (SELECT COUNT(*) FROM order_returns), 1, id, ?, 1000, ?, currency, ?, 0, ?, 1"
            " FROM orders WHERE id = ?",
            line_no, amount_minor, at, b"", order_id,
        )  # fmt: skip
        execute("UPDATE orders SET version = version + 1 WHERE id = ?", order_id)


def lots() -> list[tuple[int, ...]]:
    """(granted, remaining, consumed, expired, reversed) of every lot, in the order of spending."""
    return rows(
        "SELECT granted, remaining, consumed, expired, reversed FROM lots"
        " ORDER BY expires_at IS NULL, expires_at, earned_at, id"
    )


def transactions() -> list[tuple[str, int]]:
    """(kind, points) of every transaction."""
    return [(kind, points) for kind, points in rows("SELECT kind, points FROM transactions ORDER BY seq")]


def _import() -> None:
    execute(
        "INSERT INTO imports (id, kind, file_name, sha256, source, format, options, imported_at)"
        " VALUES (1, 'orders', 'a.csv', ?, 'web', 'generic', '{}', 0) ON CONFLICT DO NOTHING",
        "0" * 64,
    )


def _product(category: str) -> int:
    execute("INSERT INTO products (sku, category) VALUES (?, ?) ON CONFLICT DO NOTHING", category, category)
    return int(value("SELECT id FROM products WHERE sku = ?", category))
