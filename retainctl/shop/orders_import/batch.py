"""What some thousand rows of a file come to: judged by ``compare``, handed over, and written by ``booking``.

It holds rows of the books' tables, but for the numbers that the books give. Reading may stand in a process of its own,
and millions of rows are handed over: each is the plain tuple of its class's fields.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import starmap
from typing import Any, Final, Literal, NamedTuple

from retainctl.clock import day_of, month_number
from retainctl.intake.cache import Memo
from retainctl.intake.cells import Held, Origin
from retainctl.intake.import_runs import Counts
from retainctl.shop.identity import PlainPerson
from retainctl.shop.orders_import.assemble import Buyers
from retainctl.shop.orders_import.documents import SALE_STATUSES, Article, Document
from retainctl.shop.orders_import.planning import ImportPlan
from retainctl.shop.orders_import.stored import fingerprint


class DocumentRow(NamedTuple):
    """An order, or returns alone. Buyers and articles go by the numbers under which they are handed over; 0 is none.

    From ``external_id`` on, its fields are columns of ``orders``.
    """

    is_order: bool
    keeps_returns: bool
    buyer: int
    external_id: str
    ordered_at: int
    order_day: int
    order_month: int
    day_precision: int
    status: str
    is_sale: int
    currency: str
    gross_minor: int
    discount_minor: int
    tax_minor: int
    shipping_minor: int
    content_hash: bytes
    source_updated_at: int | None


class LineRow(NamedTuple):
    """A line of the document at *place* in the portion; from ``line_no`` on, columns of ``order_lines``."""

    place: int
    article: int
    line_no: int
    kind: str
    quantity_thousandths: int
    unit_price: str
    amount_minor: int
    discount_minor: int


class Named(NamedTuple):
    """Where a return stood that may prove larger than the order it names, and as what it was counted till then."""

    origin: Origin
    row: Literal["new", "changed"]
    returns: int  # that are new: one, or none where it stands for what was there before


class ReturnedRow(NamedTuple):
    """A return of the document at *place*; one *is_own* that is taken from a line, or all, of that very order.

    Of one that *is_undated* the file does not say when it came back.
    From ``line_no`` on, its fields are columns of ``order_returns``.
    """

    place: int
    article: int
    is_own: bool
    named: Named | None
    is_undated: bool
    line_no: int
    named_order: str | None
    order_line_no: int | None
    unit_price: str
    quantity_thousandths: int
    amount_minor: int
    currency: str
    returned_at: int
    return_day: int


# Where the columns of the tables begin in a row.
ORDER_CELLS: Final = DocumentRow._fields.index("external_id")
LINE_CELLS: Final = LineRow._fields.index("line_no")
RETURN_CELLS: Final = ReturnedRow._fields.index("line_no")


@dataclass(slots=True)
class Portion:
    """Some documents with their lines and returns, and the ids of their orders: None for one that has none (yet)."""

    order_ids: list[int | None] = field(default_factory=list)
    documents: list[tuple[Any, ...]] = field(default_factory=list)
    lines: list[tuple[Any, ...]] = field(default_factory=list)
    returns: list[tuple[Any, ...]] = field(default_factory=list)

    def named(self) -> list[DocumentRow]:
        """The documents by the names of their fields."""
        new = tuple.__new__  # a third of the time that the class's own takes
        return [new(DocumentRow, row) for row in self.documents]

    def of(self, places: Sequence[int]) -> Portion:
        """The documents at *places* alone."""
        moved = {place: new for new, place in enumerate(places)}
        return Portion(
            [self.order_ids[place] for place in places],
            [self.documents[place] for place in places],
            [(moved[place], *line) for place, *line in self.lines if place in moved],
            [(moved[place], *one) for place, *one in self.returns if place in moved],
        )

    def after(self, document: DocumentRow, *, line: int, returned: int) -> Portion:
        """The one document as *document*, its lines and returns numbered after those that are there."""
        lines = [one._replace(line_no=one.line_no + line) for one in starmap(LineRow, self.lines)]
        returns = [
            one._replace(line_no=one.line_no + returned, order_line_no=one.order_line_no and one.order_line_no + line)
            for one in starmap(ReturnedRow, self.returns)
        ]
        return Portion(self.order_ids, [document], list(lines), list(returns))


@dataclass(slots=True)
class Batch:
    """What became of the rows, and what is to be written of them."""

    counts: Counts = field(default_factory=Counts)
    held: list[Held] = field(default_factory=list)
    persons: list[tuple[int, PlainPerson]] = field(default_factory=list)  # buyers not met before, with their numbers
    articles: list[Article] = field(default_factory=list)  # those whose numbers are next
    new: Portion = field(default_factory=Portion)
    late_orders: Portion = field(default_factory=Portion)  # that are new, and of which an earlier file told returns
    added: Portion = field(default_factory=Portion)  # rows out of quarantine, of orders that are there
    changed: Portion = field(default_factory=Portion)
    changed_returns: Portion = field(default_factory=Portion)
    added_returns: Portion = field(default_factory=Portion)
    later_returns: Portion = field(default_factory=Portion)  # of known orders, in a file that does not tell the order
    consents: list[tuple[PlainPerson, int]] = field(default_factory=list)  # who allowed marketing, when
    notes: dict[str, int] = field(default_factory=dict)  # with the last of the file: how often which oddity was met
    file_notes: list[str] = field(default_factory=list)

    @property
    def with_new_returns(self) -> tuple[Portion, ...]:
        """The portions whose returns are new."""
        return self.new, self.late_orders, self.added_returns, self.later_returns


class Packing:
    """Makes rows of documents, and gives buyers and articles their numbers."""

    def __init__(self, plan: ImportPlan, buyers: Buyers) -> None:
        self._plan = plan
        self._day, self._salt = plan.values.day, plan.salt
        self._buyers = buyers
        self._articles: Memo[Article, int] = Memo(self._number)
        self._articles_met = 0
        self._months: Memo[int, int] = Memo(lambda day: month_number(day_of(day)))
        self.batch = Batch()

    def take(self) -> Batch:
        """All since the last time, ready to be handed over."""
        taken, self.batch = self.batch, Batch()
        taken.persons = self._buyers.take_fresh()
        return taken

    def add(self, portion: Portion, document: Document, order_id: int | None = None) -> None:
        """Add *document* to a *portion* of the batch."""
        place, day = len(portion.documents), self._day(document.ordered_at)
        gross = discount = 0
        has_sale = False
        articles, add_line = self._articles, portion.lines.append
        for line_no, (article, quantity, price, amount, less, kind) in enumerate(document.lines, 1):
            if kind == "sale":
                gross += amount
                discount += less
                has_sale = has_sale or quantity > 0
            thousandths = int(1000 * quantity)
            add_line((place, articles[article] if article else 0, line_no, kind, thousandths, price, amount, less))
        self._buyers.hand_over(document.buyer_number, document.buyer)
        portion.order_ids.append(order_id)
        portion.documents.append(
            (
                document.is_order,
                document.keeps_returns,
                document.buyer_number,
                document.external_id,
                document.ordered_at,
                day,
                self._months[day],
                int(document.day_precision),
                document.status,
                int(has_sale and document.status in SALE_STATUSES),
                document.currency,
                gross,
                discount,
                document.tax_minor,
                document.shipping_minor,
                fingerprint(document.digest, self._salt),
                document.updated_at,
            )
        )
        if document.returns:
            self._add_returns(portion, place, document)
        if document.accepts_marketing:
            self.add_consent(document)

    def add_consent(self, document: Document) -> None:
        """Add who allowed marketing and when, where its evidence was stated; else only note it."""
        if not document.accepts_marketing:
            return
        if not self._plan.options.consent_evidence:
            self._plan.values.note("marketing_not_counted")
        elif self._buyers.has_email(document.buyer):
            self.batch.consents.append((self._buyers.person(document.buyer), document.ordered_at))

    def _add_returns(self, portion: Portion, place: int, document: Document) -> None:
        counted: Literal["new", "changed"] = "new" if portion is self.batch.new else "changed"
        new = int(any(portion is one for one in self.batch.with_new_returns))
        for one in document.returns:
            if one.is_undated and portion is self.batch.new:
                self._plan.values.note("return_undated")
            is_placed = one.order_line is not None or one.quantity == 0  # a line's, or money of the whole order
            is_own = document.is_order and is_placed and one.named_order == document.external_id
            row = ReturnedRow(
                place,
                self._articles[one.article] if one.article else 0,
                is_own,
                Named(one.origin, counted, new) if one.origin else None,
                one.is_undated,
                one.line_no,
                one.named_order,
                one.order_line if is_own else None,
                one.unit_price,
                int(1000 * one.quantity),
                one.amount_minor,
                one.currency,
                one.returned_at,
                self._day(one.returned_at),
            )
            portion.returns.append(tuple(row))

    def _number(self, article: Article) -> int:
        self.batch.articles.append(article)
        self._articles_met += 1
        return self._articles_met
