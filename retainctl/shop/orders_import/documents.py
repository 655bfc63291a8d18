"""What a format makes of the rows of a file, orders with their lines and returns, and how their cells are read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, Literal, NamedTuple, get_args

from retainctl.clock import Clock
from retainctl.intake.cache import Memo
from retainctl.intake.cells import Origin, RowError, SetAside
from retainctl.intake.values import MOST_MINOR, Values
from retainctl.money import exponent, round_to_minor
from retainctl.normalising import SCIENTIFIC, as_typed

LineKind = Literal["sale", "shipping", "fee", "tip", "gift_card"]  # what a gift card bought is sold when it is spent
OrderStatus = Literal[
    "pending", "paid", "processing", "shipped", "fulfilled", "completed", "refunded", "cancelled", "voided", "failed"
]
MappedStatus = Literal[OrderStatus, "left_out"]
RowType = Literal["sale", "refund", "left_out"]
LINE_ROLES = ("quantity", "unit_price")  # which an order that only has a total does without
LINE_SUMS = ("line_total", "line_subtotal")  # of all pieces, after their discount or before it
_FINEST_PRICE: Final = Decimal("0.0001")
_MINUS: Final = re.compile(r"[-()\u2212]")  # as numbers are read: -1, 1- and (1)
SALE_STATUSES = frozenset({"paid", "processing", "shipped", "fulfilled", "completed", "refunded"})


class Buyer(NamedTuple):
    """Who bought, as the file wrote it. A guest has no external id, e-mail or phone."""

    external_id: str = ""
    email: str = ""
    phone: str = ""
    first_name: str = ""
    last_name: str = ""


GUEST = Buyer()


class Article(NamedTuple):
    """What was bought, as the file wrote it."""

    sku: str
    name: str = ""
    category: str = ""


Quantity = int | Decimal  # 0.750 of a kilogram; to thousandths


class Line(NamedTuple):
    """One line of an order; *amount_minor* is after its discount."""

    article: Article | None
    quantity: Quantity
    unit_price: str
    amount_minor: int
    discount_minor: int = 0
    kind: LineKind = "sale"


class Return(NamedTuple):
    """Goods or money that came back. One that names no order takes from the customer's latest sale of the article.

    *order_line* is the place, from one, of the line it takes from, where the file says so; a *quantity* of 0 is
    money only. *origin* is where it stood, if it may prove larger than the order that it names. One that *is_undated*
    came back on a day that its file does not say, at *returned_at* or after it.
    """

    line_no: int
    article: Article | None
    quantity: Quantity
    unit_price: str
    amount_minor: int
    currency: str
    returned_at: int
    named_order: str | None = None
    order_line: int | None = None
    origin: Origin | None = None
    is_undated: bool = False


@dataclass(slots=True)
class Document:
    """All that one id of a file stands for: an order with its own returns, or returns alone."""

    external_id: str
    buyer: Buyer
    ordered_at: int
    currency: str
    status: str = "completed"
    day_precision: bool = False
    lines: list[Line] = field(default_factory=list)
    returns: list[Return] = field(default_factory=list)
    is_order: bool = True
    tax_minor: int = 0
    tax_is_added: bool | None = None  # to the prices; None: as the total shows
    goods_tax_minor: int | None = None  # of the tax, where the file says it; and the shipping's
    shipping_tax_minor: int | None = None
    shipping_minor: int = 0
    taken_off_minor: int = 0  # by fees below zero: a discount of the whole, for take_off_fees
    total_minor: int | None = None  # as stated, once it is known to be the sum of the parts
    updated_at: int | None = None
    accepts_marketing: bool = False
    says_status: bool = True  # else it is taken for completed, and a known order keeps its own
    keeps_returns: bool = False  # the known order's, of which it says nothing
    head: tuple[str, ...] = ()  # the cells that it was begun from
    stated: dict[str, str] = field(default_factory=dict)  # sums as the file gives them, to be checked at the end
    pieces_back: list[tuple[int, Quantity]] = field(default_factory=list)  # of the line at that place, from one
    buyer_number: int = 0
    rows: int = 0  # how many it was made of
    digest: int = 0  # the sum of theirs

    @property
    def gross_minor(self) -> int:
        """The sum of the sale lines, after discounts."""
        return sum(line.amount_minor for line in self.lines if line.kind == "sale")


class OrderValues(Values):
    """The readers of one file of orders: *statuses* and *types* are the source's words for ours."""

    def __init__(
        self,
        clock: Clock,
        *,
        statuses: Mapping[str, str] | None = None,
        types: Mapping[str, str] | None = None,
        negative_amounts: str = "error",
        negative_discounts: bool = False,
        total_alone: bool = False,
        **readings: Any,
    ) -> None:
        super().__init__(clock, **readings)
        self._statuses = {key.casefold(): value for key, value in (statuses or {}).items()}
        self._types = {key.casefold(): value for key, value in (types or {}).items()}
        self.negative_is_refund = negative_amounts == "refund"
        self.negative_discounts = negative_discounts
        self.total_alone = total_alone  # there are no columns of lines: an order is one line of its total
        self._amounts: Memo[tuple[str, str, str, str], tuple[Quantity, str, int, int]] = Memo(self._amount)

    def amount(self, quantity: str, unit_price: str, discount: str, currency: str) -> tuple[Quantity, str, int, int]:
        """Quantity, the price as written, the amount after the discount and the discount, in minor units.

        A price may have more decimals than the currency: the line is rounded, half away from zero.
        """
        return self._amounts[quantity, unit_price, discount, currency]

    def _amount(self, key: tuple[str, str, str, str]) -> tuple[Quantity, str, int, int]:
        quantity, unit_price, discount, currency = key
        pieces, less = self.pieces_and_discount(quantity, discount, currency)
        self.check_decimals(unit_price, currency)
        self.check_mark(unit_price, currency, "unit_price")
        price = self.number(unit_price, "unit_price")
        if price < 0:
            raise RowError("unit_price", "negative_price", f"the price {unit_price!r} is negative")
        before = round_to_minor(price * abs(Decimal(pieces)), currency)
        if before > MOST_MINOR:
            raise RowError("unit_price", "too_large", f"{quantity} at {unit_price} is more than any order is worth")
        if less > before:
            raise RowError("discount", "bad_discount", f"the discount {discount!r} is larger than the line amount")
        return pieces, str(price), before - less, less

    def pieces_and_discount(self, quantity: str, discount: str, currency: str) -> tuple[Quantity, int]:
        """The quantity of a line, and its discount in minor units."""
        self.check_decimals(quantity)
        return self.pieces(quantity, "quantity"), self.discount(discount, currency, "discount")

    def discount_of_refund(self, text: str) -> str:
        """The discount *text* of what came back, as it is written of a sale: some sources turn its sign."""
        size = unsigned(text)
        return f"-{size}" if self.negative_discounts and size.strip() else size

    def discount(self, text: str, currency: str, column: str) -> int:
        """A discount in minor units, which the source may write below zero if the mapping says so."""
        less = self.money(text, currency, column)
        if self.negative_discounts:
            less = -less
        if less < 0:
            sign = "above" if self.negative_discounts else "below"
            said = f"the discount {text!r} is {sign} zero; negative_discounts in a mapping says how they are written"
            raise RowError(column, "negative_discount", said)
        return less

    def status(self, text: str, column: str = "status") -> str:
        """One of our statuses, as the source's words are mapped."""
        found = self._statuses.get(text) or self._statuses.get(text.strip().casefold())
        if found is None:
            raise RowError(column, "bad_status", f"{text!r} is not a known status")
        if found == "left_out":
            raise SetAside(column, "left_out", f"orders with the status {text!r} are left out")
        return found

    def row_type(self, text: str) -> str:
        """Whether a row is a ``sale`` or a ``refund``, in those words or the mapping's; where it is empty, its amounts
        say so."""
        word = text.strip().casefold()
        if not word:
            return ""
        found = self._types.get(word) or (word if word in get_args(RowType) else None)
        if found is None:
            raise RowError("type", "bad_type", f"{text!r} is not a known type of a row")
        if found == "left_out":
            raise SetAside("type", "left_out", f"rows of the type {text!r} are left out")
        return found

    def pieces(self, text: str, column: str) -> Quantity:
        """A quantity, to thousandths."""
        value = self.number(text, column)
        if value == int(value):
            return self.whole(text, column)
        if value != round(value, 3):
            raise RowError(column, "bad_quantity", f"{text!r} has more than three decimals")
        return value


def unsigned(text: str) -> str:
    """The number *text* without what says that it is below zero."""
    return _MINUS.sub("", text)


def unit_price(amount_minor: int, currency: str, pieces: Quantity) -> str:
    """The price of one of the *pieces* that come to an amount, in major units, as exactly as a price is kept."""
    each = Decimal(amount_minor).scaleb(-exponent(currency)) / (abs(Decimal(pieces)) or 1)
    price = each.quantize(_FINEST_PRICE).normalize()
    return f"{price:f}"


def lost_to_rounding(pieces: Quantity, currency: str) -> int:
    """By how many minor units the price of one of *pieces* may miss their amount, for it is kept to four decimals."""
    return round_to_minor(abs(Decimal(pieces)) * _FINEST_PRICE / 2, currency)


def order_id(text: str, column: str = "order_id") -> str:
    """The id *text*, exactly; RowError where it cannot be one."""
    if not text.isprintable():
        raise RowError(column, "bad_id", f"the id {text!r} contains control characters")
    if not text.strip():
        raise RowError(column, "no_id", "the id is missing")
    if SCIENTIFIC.fullmatch(text.strip()):
        raise RowError(column, "damaged_id", f"the id {text!r} was damaged by a spreadsheet")
    return text


def plain_id(text: str) -> str:
    """The id *text* without what programs write around it: blanks, and what keeps a spreadsheet from changing it."""
    return as_typed(text.strip())
