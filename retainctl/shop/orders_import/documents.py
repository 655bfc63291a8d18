"""What a format makes of the rows of a file: orders with their lines, returns, and rows that cannot be booked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from retainctl.errors import BadData
from retainctl.intake.cells import Origin

LineKind = Literal["sale", "shipping", "fee", "tip"]
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


class Line(NamedTuple):
    """One line of an order; *amount_minor* is after its discount."""

    article: Article | None
    quantity: int
    unit_price: str
    amount_minor: int
    discount_minor: int = 0
    kind: LineKind = "sale"


class Return(NamedTuple):
    """Goods or money that came back. One that names no order takes from the customer's latest sale of the article.

    *order_line* is the place, from one, of the line it takes from, where the file says so; a *quantity* of 0 is
    money only. *origin* is where it stood, if it may prove larger than the order that it names.
    """

    line_no: int
    article: Article | None
    quantity: int
    unit_price: str
    amount_minor: int
    currency: str
    returned_at: int
    named_order: str | None = None
    order_line: int | None = None
    origin: Origin | None = None


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
    shipping_minor: int = 0
    updated_at: int | None = None
    accepts_marketing: bool = False
    head: tuple[str, ...] = ()  # the cells that it was begun from
    stated: dict[str, str] = field(default_factory=dict)  # sums as the file gives them, to be checked at the end
    buyer_number: int = 0
    rows: int = 0  # how many it was made of
    digest: int = 0  # the sum of theirs

    @property
    def gross_minor(self) -> int:
        """The sum of the sale lines, after discounts."""
        return sum(line.amount_minor for line in self.lines if line.kind == "sale")

    @property
    def is_sale(self) -> bool:
        return self.status in SALE_STATUSES and any(line.kind == "sale" and line.quantity > 0 for line in self.lines)

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
            f"order {external_id} is in {currency}, and a row of it further down in {later_currency};"
            " nothing was written",
            hint="Correct the file, and import it again.",
        )
