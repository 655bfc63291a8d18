"""What is handed from reading a file to writing the books: rows of their tables, but for what the books number.

Reading may stand in a process of its own, so all of this is plain and small.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import starmap
from typing import Any, Literal, NamedTuple

from retainctl.intake.cells import Held, Origin
from retainctl.intake.import_runs import Counts
from retainctl.shop.identity import PlainPerson
from retainctl.shop.orders_import.documents import Article


class DocumentRow(NamedTuple):
    """An order, or returns alone. Buyers and articles go by the numbers under which they are handed over; 0 is none."""

    is_order: bool
    rows: int  # of the file
    external_id: str
    buyer: int
    ordered_at: int
    ordered_on: str
    day_precision: int
    status: str
    is_sale: int
    currency: str
    gross_minor: int
    discount_minor: int
    tax_minor: int
    shipping_minor: int
    fingerprint: bytes
    updated_at: int | None


class LineRow(NamedTuple):
    """A line of the document at *place* in the portion."""

    place: int
    line_no: int
    kind: str
    article: int
    quantity: int
    unit_price: str
    amount_minor: int
    discount_minor: int


class Named(NamedTuple):
    """Where a return stood that may prove larger than the order it names, and as what it was counted till then."""

    origin: Origin
    row: Literal["new", "changed"]
    returns: int  # that are new: one, or none where it stands for what was there before


class ReturnRow(NamedTuple):
    """A return of the document at *place*; one *is_own* that is taken from a line, or all, of that very order."""

    place: int
    line_no: int
    named_order: str | None
    is_own: bool
    order_line: int | None
    article: int
    unit_price: str
    quantity: int
    amount_minor: int
    currency: str
    returned_at: int
    returned_on: str
    named: Named | None


class Portion(NamedTuple):
    """Some documents. Millions of them are handed over, so each row is the plain tuple of its class's fields."""

    documents: list[tuple[Any, ...]]
    lines: list[tuple[Any, ...]]
    returns: list[tuple[Any, ...]]

    def named(self) -> list[DocumentRow]:
        """The documents by the names of their fields."""
        return list(starmap(DocumentRow, self.documents))

    def of(self, places: Sequence[int]) -> Portion:
        """The documents at *places* alone."""
        moved = {place: new for new, place in enumerate(places)}
        return Portion(
            [self.documents[place] for place in places],
            [(moved[line[0]], *line[1:]) for line in self.lines if line[0] in moved],
            [(moved[back[0]], *back[1:]) for back in self.returns if back[0] in moved],
        )

    def after(self, lines: Sequence[int], returns: Sequence[int]) -> Portion:
        """The same, where each document's lines and returns follow upon so many others."""
        moved_lines = [one._replace(line_no=one.line_no + lines[one.place]) for one in starmap(LineRow, self.lines)]
        moved_returns = [
            one._replace(
                line_no=one.line_no + returns[one.place],
                order_line=one.order_line and one.order_line + lines[one.place],
            )
            for one in starmap(ReturnRow, self.returns)
        ]
        return Portion(self.documents, list(moved_lines), list(moved_returns))


@dataclass(slots=True)
class Taken:
    """What some thousand rows came to; *changed* and *added* stand beside the ids of the orders they belong to."""

    counts: Counts
    held: list[Held]
    persons: list[tuple[int, PlainPerson]]  # buyers who were not met before, with their numbers
    articles: list[Article]  # those whose numbers are next
    new: Portion
    added: tuple[list[int], Portion]  # rows that stood elsewhere in the file than the others of their order
    changed: tuple[list[int], Portion]
    changed_returns: Portion
    added_returns: Portion
    consents: list[tuple[PlainPerson, int]]  # who allowed marketing, when
    notes: dict[str, int] = field(default_factory=dict)  # with the last of the file: how often which oddity was met
    file_notes: list[str] = field(default_factory=list)
