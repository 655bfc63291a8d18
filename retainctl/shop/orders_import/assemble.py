"""Rows of one id to the document that they make."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from retainctl.intake.cells import Chunk, Held, Origin, RowError, SetAside
from retainctl.shop.orders_import.buyers import Buyers
from retainctl.shop.orders_import.documents import Document
from retainctl.shop.orders_import.planning import ImportPlan

NAMED_RETURNS: Final = 100_000


class Composing:
    """Makes documents of rows. ``held`` gathers the rows that cannot be booked, until somebody takes them.

    ``named_returns`` gathers where returns stood that may turn out to be larger than the order they name.
    """

    def __init__(self, plan: ImportPlan, buyers: Buyers) -> None:
        self._format = plan.format
        self._values = plan.values
        self._buyers = buyers
        self._named_returns_left = NAMED_RETURNS
        self.held: list[Held] = []
        self.named_returns: dict[tuple[str, int], Origin] = {}

    def document(self, chunk: Chunk, places: Sequence[int], digests: Sequence[int]) -> Document | None:
        """What the good rows at *places* make, if any is good; the others are held. *digests* are the chunk's."""
        add, values, rows = self._format.add, self._values, chunk.rows
        document: Document | None = None
        good = []
        for place in places:
            try:
                document = add(values, document, rows[place])
            except RowError as error:
                self.hold(chunk.origin(place), error, rows[place][0])
            else:
                good.append(place)
        if document is None:
            return None
        if self._format.finish is not None:
            try:
                self._format.finish(values, document)
            except RowError as error:
                for place in good:
                    self.hold(chunk.origin(place), error, rows[place][0])
                return None
        for place in good:
            document.digest += digests[place]
        document.rows = len(good)
        document.buyer_number, flaws = self._buyers.number(document.buyer)
        for flaw in flaws:
            self.held.append(Held("incomplete", chunk.origin(good[0]), *flaw, document.external_id))
        if document.returns:
            self._note_named_returns(chunk, good, document)
        return document

    def hold(self, origin: Origin, error: RowError, document: str) -> None:
        """Keep a row of *document* that cannot be booked, and why."""
        disposition = "set_aside" if isinstance(error, SetAside) else "quarantined"
        self.held.append(Held(disposition, origin, error.column, error.code, str(error), document))  # type: ignore[arg-type]

    def take(self) -> tuple[list[Held], dict[tuple[str, int], Origin]]:
        """The rows held, and where returns stood, since the last time."""
        taken = self.held, self.named_returns
        self.held, self.named_returns = [], {}
        return taken

    def _note_named_returns(self, chunk: Chunk, good: Sequence[int], document: Document) -> None:
        for one in document.returns:
            if one.named_order is not None and one.order_line is None and self._named_returns_left:
                place = good[min(one.line_no, len(good)) - 1]
                self.named_returns[document.external_id, one.line_no] = chunk.origin(place)
                self._named_returns_left -= 1
