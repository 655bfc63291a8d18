"""Looking at the catalogue."""

from __future__ import annotations

from retainctl.rows import Row
from retainctl.shop.customers import escaped
from retainctl.store.database import rows


class ProductRow(Row, kind="product", spare="image_url cost brand"):
    """One product."""

    sku: str
    name: str
    category: str
    brand: str
    currency: str | None
    price_minor: int | None
    member_price_minor: int | None
    cost_minor: int | None
    stock: int | None
    active: bool
    image_url: str


def list_products(*, query: str = "", category: str = "", limit: int = 100) -> list[ProductRow]:
    """The first *limit* products by article number whose number, name or brand holds *query*.

    *category* is a category or the beginning of its path: ``Kitchen`` finds ``Kitchen > Coffee``.
    """
    condition, values = "1 = 1", []
    if query:
        condition += r" AND lower(sku || ' ' || name || ' ' || brand) LIKE ? ESCAPE '\'"
        values.append(f"%{escaped(query.strip().lower())}%")
    if category:
        condition += r" AND (lower(category) = ? OR lower(category) LIKE ? ESCAPE '\')"
        values += [category.lower(), f"{escaped(category.lower())} > %"]
    return [
        ProductRow(*(*found[:9], bool(found[9]), found[10]))
        for found in rows(
            "SELECT sku, name, category, brand, currency, price_minor, member_price_minor, cost_minor, stock, active,"
            f" image_url FROM products WHERE {condition} ORDER BY sku LIMIT ?",
            *values,
            limit,
        )
    ]
