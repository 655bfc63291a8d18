"""``retainctl prices``."""

from __future__ import annotations

import click

from commands.importing import import_verb
from retainctl.terminal import Group, opened_shop, show_first

prices = Group("prices", help="Import and see competitors' prices.")
import_verb(
    prices,
    "tests.recipes.prices:PRICES",
    about="Import competitors' prices from FILE..., one for each article, competitor and day.",
    example="retainctl prices import market.csv",
)


@prices.command("list")
@click.option("--sku", default="", metavar="SKU", help="Of this article only.")
@click.option("--limit", type=click.IntRange(min=1), default=100, show_default=True, help="Maximum number of rows.")
def list_(sku: str, limit: int) -> None:
    """List prices, latest first.

    \b
      retainctl prices list --sku C-1
    """
    from tests.recipes.prices import CompetitorPrice, list_prices

    with opened_shop() as shop:
        show_first(limit, lambda most: list_prices(shop, sku=sku, limit=most), row_type=CompetitorPrice)
