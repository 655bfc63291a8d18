"""A list of products: what the catalogue is to say of each. An empty cell says nothing and changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from retainctl.config import Shop
from retainctl.shop.importing.documents import RowError
from retainctl.shop.importing.format import Cells, Column
from retainctl.shop.importing.one_file import Fate
from retainctl.shop.importing.outcome import Imported, Outcome, Progress
from retainctl.shop.importing.register import ImportKind
from retainctl.shop.importing.values import NUMBER_STYLES, Values
from retainctl.shop.lists.sheet import Options, import_list
from retainctl.shop.lists.words import yes_or_no
from retainctl.shop.normalising import clean_name, is_null
from retainctl.spreadsheets import strip_guard
from retainctl.store import dialect
from retainctl.store.database import execute_many, rows

SOURCE: Final = "catalogue"  # there is one, whatever file it comes from
NUMBERS: Final = tuple(NUMBER_STYLES)

COLUMNS: Final[tuple[Column, ...]] = (
    Column("sku", ("sku", "variant sku", "article", "product id", "מק״ט", "מקט"), required=True),
    Column("name", ("name", "title", "product", "product name", "שם", "שם מוצר", "מוצר")),
    Column("category", ("category", "category path", "categories", "product category", "קטגוריה")),
    Column("brand", ("brand", "vendor", "מותג")),
    Column("currency", ("currency", "מטבע")),
    Column("price", ("price", "regular price", "variant price", "מחיר")),
    Column("member_price", ("member_price", "club price", "מחיר מועדון", "מחיר לחבר")),
    Column("cost", ("cost", "cost per item", "עלות")),
    Column("stock", ("stock", "variant inventory qty", "מלאי")),
    Column("image_url", ("image_url", "image src", "image", "תמונה")),
    Column("active", ("active", "status", "published", "פעיל")),
)
_ROLES: Final = [one.role for one in COLUMNS]
_STORED: Final = (
    "name", "category", "brand", "currency", "price_minor", "member_price_minor", "cost_minor", "stock", "image_url",
    "active",
)  # fmt: skip
_NEW: Final[dict[str, object]] = {
    "name": "", "category": "", "brand": "", "currency": None, "price_minor": None, "member_price_minor": None,
    "cost_minor": None, "stock": None, "image_url": "", "active": 1,
}  # fmt: skip
_PRICES: Final = ("price", "member_price", "cost")
_STATES: Final = {"active": True, "published": True, "draft": False, "archived": False, "פעיל": True, "לא פעיל": False}


def import_products(
    shop: Shop, name: str, options: Options, *, numbers: str = "1234.56", currency: str = "",
    progress: Progress = lambda _rows: None,
) -> Outcome[Imported]:  # fmt: skip
    """Import the products in the file called *name*; *numbers* is how it writes them, *currency* what it means."""
    return import_list(shop, name, options, lambda _header: ProductTaker(shop, numbers, currency), progress=progress)


class ProductTaker:
    """Rows to products."""

    kind: ImportKind = "products"
    columns = COLUMNS
    one_of: tuple[str, ...] = ("sku",)
    source = SOURCE

    def __init__(self, shop: Shop, numbers: str, currency: str) -> None:
        self.settings = {"numbers": numbers, "currency": currency or shop.settings.currency}
        self.notes: dict[str, int] = {}
        self.left_out: list[tuple[int, RowError]] = []
        self._values = Values(
            shop.clock, shop_currency=shop.settings.currency, stated_currency=currency, numbers=numbers
        )
        self._currency = currency or shop.settings.currency
        self._seen: dict[str, Cells] = {}

    def take(self, rows: Sequence[Cells]) -> list[Fate | RowError]:
        """Write the product of each row, where it says anything new."""
        known = _known([_sku(cells) for cells in rows])
        made: dict[str, dict[str, object]] = {}
        changed: dict[str, dict[str, object]] = {}
        fates: list[Fate | RowError] = []
        for cells in rows:
            try:
                sku, before = _sku(cells), known.get(_sku(cells))
                after = self._product(cells, before or _NEW)
            except RowError as error:
                fates.append(error)
                continue
            if sku in self._seen:
                fates.append("unchanged" if self._seen[sku] == cells else _twice(sku))
                continue
            self._seen[sku] = cells
            if before is None:
                made[sku] = after
            elif after != before:
                changed[sku] = after
            fates.append("new" if before is None else "changed" if sku in changed else "unchanged")
        _write(made, changed)
        return fates

    def _product(self, cells: Cells, before: dict[str, object]) -> dict[str, object]:
        """What is known of the product when *cells* are added to what was known *before*."""
        said = {role: strip_guard(text.strip()) for role, text in zip(_ROLES, cells, strict=True)}
        if not said["sku"]:
            raise RowError("sku", "no_sku", "the row has no article number")
        after = dict(before)
        for role in ("name", "category", "brand"):
            if (text := clean_name(said[role]).value) is not None:
                after[role] = text
        if not is_null(said["category"]):
            after["category"] = " > ".join(part.strip() for part in str(after["category"]).split(">"))
        self._price(said, after)
        if not is_null(said["stock"]):
            after["stock"] = self._values.quantity(said["stock"], "stock")
        if not is_null(said["image_url"]):
            after["image_url"] = _url(said["image_url"])
        if not is_null(said["active"]):
            after["active"] = int(_is_active(said["active"]))
        return after

    def _price(self, said: dict[str, str], after: dict[str, object]) -> None:
        given = [role for role in _PRICES if not is_null(said[role])]
        if not given:
            return
        currency = self._values.currency(said["currency"]) if said["currency"] else self._currency
        if after["currency"] != currency:
            # What was known in another currency says nothing beside these.
            after |= {"currency": currency} | {f"{role}_minor": None for role in _PRICES}
        for role in given:
            minor = self._values.money(said[role], currency, role)
            if minor < 0:
                raise RowError(role, "negative_price", f"the price {said[role]!r} is negative")
            after[f"{role}_minor"] = minor
        price, member_price = after["price_minor"], after["member_price_minor"]
        if isinstance(price, int) and isinstance(member_price, int) and member_price > price:
            raise RowError("member_price", "member_price_above_price", "members would pay more than others")


def _sku(cells: Cells) -> str:
    return strip_guard(cells[0].strip())


def _twice(sku: str) -> RowError:
    return RowError("sku", "twice", f"article {sku!r} stands in the file twice, and differs; the first counts")


def _is_active(text: str) -> bool:
    word = text.casefold()
    try:
        answer = _STATES[word] if word in _STATES else yes_or_no(text)
    except ValueError:
        answer = None
    if answer is None:
        raise RowError("active", "bad_answer", f"{text!r} says neither active nor not")
    return answer


def _url(text: str) -> str:
    if not text.startswith(("https://", "http://")) or not text.isprintable() or " " in text:
        raise RowError("image_url", "bad_url", f"{text!r} is not the address of an image")
    return text


def _known(skus: list[str]) -> dict[str, dict[str, object]]:
    condition, bound = dialect.one_of(skus)
    return {
        sku: dict(zip(_STORED, values, strict=True))
        for sku, *values in rows(f"SELECT sku, {', '.join(_STORED)} FROM products WHERE sku {condition}", bound)
    }


def _write(made: dict[str, dict[str, object]], changed: dict[str, dict[str, object]]) -> None:
    if made:
        first = dialect.take_ids("products", len(made))
        dialect.insert_many(
            "products", ("id", "sku", *_STORED),
            [(number, sku, *product.values()) for number, (sku, product) in enumerate(made.items(), first)],
        )  # fmt: skip
    execute_many(
        f"UPDATE products SET {', '.join(f'{name} = ?' for name in _STORED)} WHERE sku = ?",
        [(*product.values(), sku) for sku, product in changed.items()],
    )
