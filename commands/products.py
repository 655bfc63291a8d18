"""``retainctl products``."""

from __future__ import annotations

import click

from retainctl.terminal import Group, limited, opened_shop, show_first

from .importing import CURRENCY, NUMBERS, import_verb

products = Group("products", help="Import and list products.")


import_verb(
    products,
    "retainctl.shop.products_import:PRODUCTS",
    about="Import products from FILE..., identified by article number; an empty cell changes nothing.",
    example="retainctl products import catalogue.csv",
    options=(CURRENCY, NUMBERS),
)


@products.command("list")
@click.option(
    "--query", default="", metavar="TEXT", help="Show only products whose number, name or brand contains TEXT."
)
@click.option("--category", default="", help="Show only products in this category or below it.")
@limited(100, "rows")
def list_them(query: str, category: str, limit: int) -> None:
    """List products, one per line.

    \b
      retainctl products list --category Kitchen
    """
    from retainctl.shop.catalogue import ProductRow, list_products

    with opened_shop():
        show_first(limit, lambda most: list_products(query=query, category=category, limit=most), row_type=ProductRow)
