"""What competitors ask for our articles: a price for each article, competitor and day."""

from __future__ import annotations

from typing import Final

from retainctl.config import Shop
from retainctl.intake.declared import Field, Listing, currency, day, price, text
from retainctl.rows import Row
from retainctl.store.select import Day, select

PRICES: Final = Listing(
    "competitor_prices",
    "competitor_prices",
    key=("sku", "competitor", "seen_on"),
    fields=(
        Field("sku", ("sku", "מק״ט", "מקט"), text, required=True),
        Field("competitor", ("competitor", "shop", "מתחרה"), text, required=True),
        Field("seen_on", ("seen_on", "date", "תאריך"), day, required=True),
        Field("currency", ("currency", "מטבע"), currency, reads_empty=True),
        Field("price", ("price", "מחיר"), price, kept_as="price_minor", required=True),
    ),
)


class CompetitorPrice(Row, kind="competitor_price"):
    """A competitor's price of one of our articles."""

    sku: str
    competitor: str
    seen_on: Day
    price_minor: int
    currency: str


def list_prices(shop: Shop, *, sku: str = "", limit: int = 100) -> list[CompetitorPrice]:
    """The latest *limit* prices, of the article *sku* or of all."""
    sql = """SELECT sku, competitor, seen_on, price_minor, currency FROM competitor_prices
        WHERE ? IN ('', sku) ORDER BY seen_on DESC, sku, competitor LIMIT ?"""
    return select(shop, CompetitorPrice, sql, sku, limit)
