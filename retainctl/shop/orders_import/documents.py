"""What a format makes of the rows of a file: orders with their lines and returns, and sums that agree."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, Literal, NamedTuple, get_args

from retainctl.clock import Clock
from retainctl.errors import BadData
from retainctl.intake.cache import Memo
from retainctl.intake.cells import Origin, RowError, SetAside
from retainctl.intake.values import MOST_MINOR, Values
from retainctl.money import exponent, round_to_minor, rounded_half_up
from retainctl.normalising import SCIENTIFIC

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


class PaidBack(NamedTuple):
    """Money that was paid back of a whole order, with its tax, at a time that is not known where *at* is None.

    Where the file says so it *is_of_goods*; else some of it may have been the shipping's or a fee's.
    """

    amount_minor: int
    at: int | None
    is_of_goods: bool = False


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

    def absorb(self, later: Document) -> None:
        """Add the rows of the same id that stood elsewhere in the file; BadData where they are of another currency.

        What is the order's own, as its shipping, was told by the first of its rows.
        """
        refuse_mixed(self.external_id, self.currency, later.currency)
        self.ordered_at = min(self.ordered_at, later.ordered_at)
        self.is_order = self.is_order or later.is_order
        first_line = len(self.lines)
        first_return = max((one.line_no for one in self.returns), default=0)
        self.lines += later.lines
        self.returns += [
            one._replace(
                line_no=first_return + place,
                order_line=one.order_line + first_line if one.order_line else None,
            )
            for place, one in enumerate(later.returns, 1)
        ]
        self.rows += later.rows
        self.digest += later.digest
        if self.buyer == GUEST:
            self.buyer, self.buyer_number = later.buyer, later.buyer_number


def refuse_mixed(external_id: str, currency: str, later_currency: str) -> None:
    """BadData where rows of one order that stand far apart are in two currencies: which one is right?"""
    if currency != later_currency:
        raise BadData(
            f"order {external_id} is in {currency}, but a later row of it is in {later_currency}; nothing was written",
            hint="Correct the file and import it again.",
        )


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


def full_return(document: Document, *, at: int | None) -> list[Return]:
    """The return of every sale line of *document*, on a day that is not known where *at* is None."""
    return [
        _of_line(document, place, line.quantity, line.amount_minor, line_no=place, at=at)
        for place, line in enumerate(document.lines, 1)
        if line.kind == "sale"
    ]


def _of_line(
    document: Document, place: int, pieces: Quantity, amount_minor: int, *, line_no: int, at: int | None
) -> Return:
    """The return of *pieces* of the line at *place*, on a day that is not known where *at* is None."""
    line = document.lines[place - 1]
    return Return(
        line_no,
        line.article,
        pieces,
        line.unit_price,
        amount_minor,
        document.currency,
        document.ordered_at if at is None else at,
        document.external_id,
        place,
        is_undated=at is None,
    )


def add_fees(values: OrderValues, document: Document, stated: Sequence[tuple[str, str]]) -> None:
    """Add what an order costs besides its goods, of the cells *stated* with their columns: no sale, nothing earns.

    A fee below zero is how shops give a discount of the whole order: ``take_off_fees`` spreads it, once its goods are
    there.
    """
    for text, column in stated:
        amount = values.money(text, document.currency, column)
        if amount > 0:
            document.lines.append(Line(None, 1, str(values.number(text, column)), amount, kind="fee"))
        document.taken_off_minor -= min(amount, 0)


def take_off_fees(document: Document) -> None:
    """Spread what fees below zero take off over the goods; what is more than those is taken off the shipping."""
    off_goods = min(document.taken_off_minor, document.gross_minor)
    spread_discount(document, off_goods)
    document.shipping_minor -= document.taken_off_minor - off_goods
    document.taken_off_minor = 0
    if document.shipping_minor < 0:
        raise RowError("fees", "bad_discount", "fees below zero take off more than the goods and the shipping")


def refund(values: OrderValues, document: Document, refunded_minor: int, *, at: int | None, column: str) -> None:
    """Give back *refunded_minor* of an order; of one that is refunded, and says not how much, all of its goods."""
    if document.status == "refunded" and not refunded_minor:
        document.returns = full_return(document, at=at)
    else:
        give_back(values, document, [PaidBack(refunded_minor, at)], column=column)


def give_back(values: OrderValues, document: Document, payments: Sequence[PaidBack], *, column: str) -> None:
    """Book what *payments* gave back of the goods, beside the returns that *document* has.

    Money that came back is the goods' first. What tax was added to them comes back with them, in their share of it:
    the goods' part of all payments so far is rounded once, half a minor unit upwards. A payment of exactly the shipping
    may be the shipping's: it takes nothing from the goods, and is noted. Where all that was paid came back, so did all
    of the goods. RowError where it is more than that, by more than the tolerance.
    """
    payments = [one for one in payments if one.amount_minor]
    paid = sum(one.amount_minor for one in payments) + sum(one.amount_minor for one in document.returns)
    asked = sum_minor(document) if document.total_minor is None else document.total_minor
    if any(one.amount_minor < 0 for one in payments) or paid > asked + tolerance_minor(document):
        raise RowError(column, "return_larger_than_order", "the refund is larger than the order")
    if payments and paid >= asked:
        times = [one.at for one in payments] + [None if one.is_undated else one.returned_at for one in document.returns]
        document.returns = full_return(document, at=_last(times))
        return
    goods, goods_with_tax = document.gross_minor, document.gross_minor + _goods_tax_minor(document)
    shipping = {document.shipping_minor, shipping_with_tax(document, document.shipping_minor)}
    so_far = booked = 0
    for one in payments:
        if one.amount_minor in shipping and not one.is_of_goods:
            values.note("refund_of_shipping")
            shipping = set()  # it comes back once
            continue
        so_far += one.amount_minor
        part = goods if so_far >= goods_with_tax else rounded_half_up(so_far * goods, goods_with_tax)
        if part > booked:
            document.returns.append(money_back(document, part - booked, at=one.at))
        booked = part
    keep_to_sold(document)


def money_back(document: Document, amount_minor: int, *, at: int | None) -> Return:
    """The next return of *document*: money of the whole order, on a day that is not known where *at* is None."""
    return Return(
        len(document.returns) + 1,
        None,
        0,
        "",
        amount_minor,
        document.currency,
        document.ordered_at if at is None else at,
        document.external_id,
        is_undated=at is None,
    )


def return_pieces(document: Document, *, paid_back_minor: int = 0) -> None:
    """Return the pieces of lines that came back, on a day that is not known, beside the returns there are.

    *paid_back_minor* was paid for all of it, with its tax; what is more than the pieces is money that came back.
    """
    for place, pieces in document.pieces_back:
        line = document.lines[place - 1]
        amount = rounded_half_up(line.amount_minor * int(pieces * 1000), int(line.quantity * 1000))
        line_no = len(document.returns) + 1
        document.returns.append(_of_line(document, place, pieces, amount, line_no=line_no, at=None))
    returned, goods = sum(one.amount_minor for one in document.returns), document.gross_minor
    tax = rounded_half_up(_goods_tax_minor(document) * returned, goods) if goods else 0
    if paid_back_minor - returned - tax > tolerance_minor(document):
        document.returns.append(money_back(document, paid_back_minor - returned - tax, at=None))
        keep_to_sold(document)


def keep_to_sold(document: Document) -> None:
    """Let what came back be no more than what was sold: the rest was shipping, a fee or a tip, which are no sale.

    Where money that came back is all that was sold, all of the goods came back, when the last of it did.
    """
    sold = {place for place, line in enumerate(document.lines, 1) if line.kind == "sale"}
    back = [one for one in document.returns if one.order_line is None or one.order_line in sold]
    returned = sum(one.amount_minor for one in back)
    is_money = any(not one.quantity for one in back)
    if returned > document.gross_minor or (is_money and 0 < returned == document.gross_minor):
        back = full_return(document, at=_last([None if one.is_undated else one.returned_at for one in back]))
    document.returns = back


def _last(times: Sequence[int | None]) -> int | None:
    """The last of *times*, which nobody knows where one of them is not known."""
    known = [at for at in times if at is not None]
    return max(known) if len(known) == len(times) else None


def spread_discount(document: Document, discount_minor: int) -> None:
    """Take a discount of the whole order from its sale lines, by their amounts, to the last minor unit."""
    places = [place for place, line in enumerate(document.lines) if line.kind == "sale" and line.amount_minor]
    gross = document.gross_minor
    if not 0 < discount_minor <= gross:
        return
    shares = {place: document.lines[place].amount_minor * discount_minor for place in places}
    whole = {place: share // gross for place, share in shares.items()}
    left = discount_minor - sum(whole.values())
    for place in sorted(places, key=lambda one: (-(shares[one] % gross), one))[:left]:
        whole[place] += 1
    for place, share in whole.items():
        line = document.lines[place]
        document.lines[place] = line._replace(
            amount_minor=line.amount_minor - share, discount_minor=line.discount_minor + share
        )


def check_total(values: OrderValues, document: Document, *, paid_minor: int = 0) -> None:
    """RowError where the stated total is not the lines with shipping, with or without tax, by more than the tolerance.

    *paid_minor* was paid already, as by a gift card, and is no part of it.
    """
    total = document.stated.get("total", "")
    if not total.strip():
        return
    stated = values.money(total, document.currency, "total") + paid_minor
    if min(_distances(document, stated)) > tolerance_minor(document):
        raise RowError("total", "bad_total", f"the total {total} does not equal the sum of the lines")
    document.total_minor = stated


def _distances(document: Document, total_minor: int) -> tuple[int, int]:
    """How far a total is from the parts, with what besides tax is in it: without the tax, and with it."""
    lines, with_others = document.gross_minor, document.gross_minor + _others(document)
    without = min(abs(total_minor - way) for way in (lines, with_others))
    with_tax = min(abs(total_minor - way - document.tax_minor) for way in (lines, with_others))
    return without, with_tax


def tolerance_minor(document: Document) -> int:
    """By how much sums of *document* may differ, for each line may have been rounded: a minor unit a line."""
    return max(len(document.lines), 1)


def sum_minor(document: Document) -> int:
    """All of an order's parts, with its tax."""
    return document.gross_minor + _others(document) + document.tax_minor - document.taken_off_minor


def _others(document: Document) -> int:
    """Shipping, fees, tips and gift cards bought."""
    return document.shipping_minor + sum(line.amount_minor for line in document.lines if line.kind != "sale")


def _added_tax_minor(document: Document) -> int:
    """The tax that was added to the prices: none where they include it, or nothing says that they do not."""
    is_added = document.tax_is_added
    if is_added is None and document.total_minor is not None:
        without, with_tax = _distances(document, document.total_minor)
        is_added = with_tax < without
    return document.tax_minor if is_added else 0


def _goods_tax_minor(document: Document) -> int:
    """Of the tax that was added, the goods': as the file says, or else their share of all that was sold."""
    added, goods, others = _added_tax_minor(document), document.gross_minor, _others(document)
    if document.goods_tax_minor is not None:
        return max(0, min(document.goods_tax_minor, added))
    return rounded_half_up(added * goods, goods + others) if goods else 0


def shipping_with_tax(document: Document, part_minor: int) -> int:
    """*part_minor* of the shipping, with the tax that was added to it."""
    added, others = _added_tax_minor(document), _others(document)
    tax, shared = added - _goods_tax_minor(document), others
    if document.shipping_tax_minor is not None:
        tax, shared = min(document.shipping_tax_minor, added), document.shipping_minor
    return part_minor + (rounded_half_up(tax * part_minor, shared) if shared > 0 else 0)
