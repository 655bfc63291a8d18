"""``retainctl products``."""

from __future__ import annotations

from typing import Any

import click

from retainctl.terminal import Group, opened_shop, show_first

from .importing import import_files, reading_options

products = Group("products", help="Import and see the catalogue.")


@products.command("import")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--currency", default="", metavar="CODE", help="Of prices that name none; else the shop's.")
@click.option(
    "--numbers",
    type=click.Choice(["1234.56", "1,234.56", "1234,56", "1.234,56", "1 234,56", "1'234.56"]),
    default="1234.56",
    show_default=True,
    help="How the file writes its numbers.",
)
@reading_options
def import_(files: tuple[str, ...], currency: str, numbers: str, **reading: Any) -> None:
    """Import products from FILE..., by their article number; an empty cell changes nothing.

    \b
      retainctl products import catalogue.csv
    """
    from retainctl.intake.import_runs import ImportOptions
    from retainctl.shop.products_import import import_products

    options = ImportOptions(**reading)
    import_files(
        files,
        lambda shop, name, progress: import_products(
            shop, name, options, numbers=numbers, currency=currency, progress=progress
        ),
    )


@products.command("list")
@click.option("--query", default="", metavar="TEXT", help="Only those whose number, name or brand holds TEXT.")
@click.option("--category", default="", help="Only those of this category, or below it.")
@click.option("--limit", type=click.IntRange(min=1), default=100, show_default=True, help="At most so many.")
def list_them(query: str, category: str, limit: int) -> None:
    """List products, one a line.

    \b
      retainctl products list --category Kitchen
    """
    from retainctl.shop.catalogue import ProductRow, list_products

    with opened_shop():
        show_first(limit, lambda most: list_products(query=query, category=category, limit=most), row_type=ProductRow)
