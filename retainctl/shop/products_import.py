"""A list of products: what the catalogue is to say of each. An empty cell says nothing and changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from retainctl.intake.cells import RowError
from retainctl.intake.declared import Field, GivenCell, KeptCells, Listing, exact, text, whole
from retainctl.intake.values import Values, yes_or_no

_PRICES: Final = ("price", "member_price", "cost")
_STATES: Final = {"active": True, "published": True, "draft": False, "archived": False, "פעיל": True, "לא פעיל": False}


def _category(cell: GivenCell) -> str:
    return " > ".join(part.strip() for part in text(cell).split(">"))


def _url(cell: GivenCell) -> str:
    address = cell.text
    if not address.startswith(("https://", "http://")) or not address.isprintable() or " " in address:
        raise RowError(cell.column, "bad_url", f"{address!r} is not the URL of an image")
    return address


def _active(cell: GivenCell) -> int:
    word = cell.text.casefold()
    try:
        answer = _STATES[word] if word in _STATES else yes_or_no(cell.text)
    except ValueError:
        answer = None
    if answer is None:
        raise RowError(cell.column, "bad_answer", f"{cell.text!r} is neither active nor inactive")
    return int(answer)


def _prices(values: Values, said: Mapping[str, str], after: KeptCells) -> None:
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
        raise RowError("member_price", "member_price_above_price", "member_price is higher than price")


PRODUCTS: Final = Listing(
    "products",
    "products",
    key=("sku",),
    fields=(
        Field(
            "sku",
            ("sku", "variant sku", "article", "product id", "מק״ט", "מקט"),
            exact,
            required=True,
            reads_empty=True,  # "NA" may be an article
        ),
        Field("name", ("name", "title", "product", "product name", "שם", "שם מוצר", "מוצר"), text),
        Field("category", ("category", "category path", "categories", "product category", "קטגוריה"), _category),
        Field("brand", ("brand", "vendor", "מותג"), text),
        Field("currency", ("currency", "מטבע"), new=None),
        Field("price", ("price", "regular price", "variant price", "מחיר"), new=None, kept_as="price_minor"),
        Field(
            "member_price",
            ("member_price", "club price", "מחיר מועדון", "מחיר לחבר"),
            new=None,
            kept_as="member_price_minor",
        ),
        Field("cost", ("cost", "cost per item", "עלות"), new=None, kept_as="cost_minor"),
        Field("stock", ("stock", "variant inventory qty", "מלאי"), whole, new=None),
        Field("image_url", ("image_url", "image src", "image", "תמונה"), _url),
        Field("active", ("active", "status", "פעיל"), _active, new=1, otherwise=("published",)),
    ),
    rule=_prices,
    source="catalogue",  # there is one, whatever file it comes from
)
