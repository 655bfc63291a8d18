"""A list of products: what the catalogue is to say of each. An empty cell says nothing and changes nothing."""

from __future__ import annotations

from typing import Final

from retainctl.config import Shop
from retainctl.intake.cells import RowError
from retainctl.intake.declared import DeclaredTaker, Field, Listing, Record, text
from retainctl.intake.import_runs import Imported, ImportOptions, Outcome, Progress
from retainctl.intake.sheet import import_list
from retainctl.intake.values import NUMBER_STYLES, Values, yes_or_no

NUMBERS: Final = tuple(NUMBER_STYLES)
_PRICES: Final = ("price", "member_price", "cost")
_STATES: Final = {"active": True, "published": True, "draft": False, "archived": False, "פעיל": True, "לא פעיל": False}


def import_products(
    shop: Shop,
    name: str,
    options: ImportOptions,
    *,
    numbers: str = "1234.56",
    currency: str = "",
    progress: Progress = lambda _rows: None,
) -> Outcome[Imported]:
    """Import the products in the file called *name*; *numbers* is how it writes them, *currency* what it means."""
    usual = currency or shop.settings.currency
    values = Values(shop.clock, shop_currency=usual, stated_currency=usual, numbers=numbers)
    settings = {"numbers": numbers, "currency": usual}
    # There is one catalogue, whatever file it comes from.
    make = lambda _header: DeclaredTaker(PRODUCTS, values, source="catalogue", settings=settings)  # noqa: E731
    return import_list(shop, name, options, make, progress=progress)


def _category(_values: Values, cell: str) -> str:
    return " > ".join(part.strip() for part in str(text(_values, cell)).split(">"))


def _stock(values: Values, cell: str) -> int:
    return values.whole(cell, "stock")


def _url(_values: Values, cell: str) -> str:
    if not cell.startswith(("https://", "http://")) or not cell.isprintable() or " " in cell:
        raise RowError("image_url", "bad_url", f"{cell!r} is not the address of an image")
    return cell


def _active(_values: Values, cell: str) -> int:
    word = cell.casefold()
    try:
        answer = _STATES[word] if word in _STATES else yes_or_no(cell)
    except ValueError:
        answer = None
    if answer is None:
        raise RowError("active", "bad_answer", f"{cell!r} says neither active nor not")
    return int(answer)


def _prices(values: Values, said: dict[str, str], after: Record) -> None:
    """What was known in another currency says nothing beside these; members never pay more."""
    given = [role for role in _PRICES if said[role]]
    if not given:
        return
    currency = values.currency(said["currency"])
    if after["currency"] != currency:
        after |= {"currency": currency} | {f"{role}_minor": None for role in _PRICES}
    for role in given:
        after[f"{role}_minor"] = values.money(said[role], currency, role)
        if after[f"{role}_minor"] < 0:
            raise RowError(role, "negative_price", f"the price {said[role]!r} is negative")
    if None not in (after["price_minor"], after["member_price_minor"]) and (
        after["member_price_minor"] > after["price_minor"]
    ):
        raise RowError("member_price", "member_price_above_price", "members would pay more than others")


PRODUCTS: Final = Listing("products", "products", "sku", (
    Field("sku", ("sku", "variant sku", "article", "product id", "מק״ט", "מקט")),
    Field("name", ("name", "title", "product", "product name", "שם", "שם מוצר", "מוצר"), text),
    Field("category", ("category", "category path", "categories", "product category", "קטגוריה"), _category),
    Field("brand", ("brand", "vendor", "מותג"), text),
    Field("currency", ("currency", "מטבע"), None, None),
    Field("price", ("price", "regular price", "variant price", "מחיר"), None, None, "price_minor"),
    Field("member_price", ("member_price", "club price", "מחיר מועדון", "מחיר לחבר"), None, None, "member_price_minor"),
    Field("cost", ("cost", "cost per item", "עלות"), None, None, "cost_minor"),
    Field("stock", ("stock", "variant inventory qty", "מלאי"), _stock, None),
    Field("image_url", ("image_url", "image src", "image", "תמונה"), _url),
    Field("active", ("active", "status", "published", "פעיל"), _active, 1),
), _prices)  # fmt: skip
COLUMNS: Final = PRODUCTS.columns
