"""A shop's past, written straight into the tables: customers, what they bought and what came back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

from retainctl.shop.summaries import summarise
from retainctl.store.database import execute, value
from retainctl.store.transactions import writing
from tests.planting import on_day, plant_address


def customer(customer_id: int, *, name: str = "", language: str | None = None, key: str = "", email: str = "") -> int:
    """A customer, by the shop's own key *key* where there is one."""
    with writing():
        execute(
            "INSERT INTO customers (id, first_name, language, created_at) VALUES (?, ?, ?, 0)",
            customer_id, name or None, language,
        )  # fmt: skip
        if key:
            execute("INSERT INTO customer_keys VALUES ('shop', ?, ?)", key, customer_id)
        if email:
            plant_address(customer_id, email.casefold(), id=customer_id, value=email, source="shop")
    return customer_id


def order(
    customer_id: int | None, day: str, minor: int = 10_000, *, currency: str = "ILS", is_sale: bool = True,
    skus: Sequence[str] = (), returned_minor: int = 0,
) -> int:  # fmt: skip
    """An order of the day *day* with a line for each of *skus*; *returned_minor* of it came back."""
    at = int(datetime.combine(date.fromisoformat(day), datetime.min.time(), UTC).timestamp()) + 43_200
    with writing():
        execute(
            "INSERT INTO imports (id, kind, file_name, sha256, source, format, options, imported_at)"
            " VALUES (1, 'orders', 'past', ?, 'shop', 'generic', '{}', 0) ON CONFLICT DO NOTHING",
            "0" * 64,
        )
        number = int(value("SELECT COALESCE(MAX(id), 0) + 1 FROM orders"))
        execute(
            "INSERT INTO orders (id, source, external_id, customer_id, ordered_at, order_day, order_month, status,"
            " is_sale, currency, gross_minor, content_hash, import_id)"
            " VALUES (?, 'shop', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)",
            number, f"O{number}", customer_id, at, *on_day(day), "paid" if is_sale else "cancelled", int(is_sale),
            currency, minor, b"",
        )  # fmt: skip
        for place, sku in enumerate(skus, 1):
            execute(
                "INSERT INTO order_lines (order_id, line_no, kind, product_id, quantity_thousandths, unit_price,"
                " amount_minor)"
                " VALUES (?, ?, 'sale', (SELECT id FROM products WHERE sku = ?), 1000, '', ?)",
                number, place, sku, minor,
            )  # fmt: skip
        if returned_minor:
            returned(customer_id, day, returned_minor, order_id=number, currency=currency)
        summarise([customer_id] if customer_id else [])
    return number


def returned(
    customer_id: int | None, day: str, minor: int, *, order_id: int | None = None, currency: str = "ILS"
) -> None:
    """Something that came back on *day*."""
    with writing():
        number = int(value("SELECT COALESCE(MAX(id), 0) + 1 FROM order_returns"))
        execute(
            "INSERT INTO order_returns (id, source, external_id, line_no, customer_id, order_id, quantity_thousandths,"
            " amount_minor, currency, returned_at, return_day, content_hash, import_id)"
            " VALUES (?, 'shop', ?, 1, ?, ?, 1000, ?, ?, 0, ?, ?, 1)",
            number, f"R{number}", customer_id, order_id, minor, currency, on_day(day)[0], b"",
        )  # fmt: skip
        summarise([customer_id] if customer_id else [])


def product(sku: str, *, name: str = "", category: str = "", brand: str = "") -> None:
    """Something to buy."""
    with writing():
        execute("INSERT INTO products (sku, name, category, brand) VALUES (?, ?, ?, ?)", sku, name, category, brand)
