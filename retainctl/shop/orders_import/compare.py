"""A file's rows gathered into documents, and each document judged: new, changed or unchanged.

An order's rows may stand anywhere in its file. Most files have them together, and are read once; where they stand
apart, that is RowsApart, and the file is read again: such orders are gathered after all others, so that each is judged
whole. Its fingerprint is the sum of its rows' fingerprints, whatever their order, so that one that did not change is
known without reading a single cell of it. Memory stays flat: what is gathered at once is so many rows, and for more the
file is read again.

Nothing is written here, and what this import writes is not looked at: reading may stand in a process of its own.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Generator, Iterator, Mapping
from typing import Final

from retainctl.config import Shop
from retainctl.intake.cells import Chunk, RowError
from retainctl.shop.orders_import.assemble import (
    Buyers,
    Composing,
    Repeated,
    document_id,
    gathered,
    newest,
    repeated_ids,
    scattered_ids,
)
from retainctl.shop.orders_import.batch import Batch, Packing, Portion
from retainctl.shop.orders_import.documents import GUEST, Document, Return
from retainctl.shop.orders_import.planning import ImportPlan
from retainctl.shop.orders_import.stored import (
    Back,
    Past,
    Stored,
    StoredReturn,
    digests,
    fingerprint,
    is_customer,
    is_stale,
    stored_articles,
    stored_orders,
    stored_returns,
    told_back,
)

GATHERED_ROWS: Final = 100_000  # at once, of orders whose rows stand apart


class RowsApart(Exception):
    """The rows of an order stand apart in the file, and are to be gathered."""


def _back(one: Return) -> Back:
    return one.returned_at, one.article.sku if one.article else ""


class Reading:
    """All rows of one file on their way into the books."""

    def __init__(self, shop: Shop, plan: ImportPlan, import_id: int, past: Past) -> None:
        buyers = Buyers(shop, plan.source, plan.values)
        self._plan = plan
        self._salt = plan.salt
        self._import_id = import_id
        self._past = past
        self._composing = Composing(plan, buyers)
        self._packing = Packing(plan, buyers)
        self._watches = not (past.rows_apart or plan.format.one_row_an_order)  # whether an id comes again
        self._marks: set[int] = set()  # of the ids met so far
        self._apart: Counter[str] = Counter()  # how many rows there are of an id whose rows stand apart

    def batches(self) -> Generator[Batch]:
        """What the file comes to, some thousand rows after the other."""
        apart: Collection[str] = ()
        if self._plan.format.one_row_an_order:
            apart = repeated_ids(self._chunks())
        elif self._past.rows_apart:
            apart = scattered_ids(self._chunks())
        for chunk in self._chunks():
            self._take(chunk, apart)
            yield self._taken()
        for wanted in _in_parts(self._apart):
            for one in gathered(self._chunks(), wanted):
                if self._plan.format.one_row_an_order:
                    self._take_one_of(one)
                else:
                    self._take(one)
            yield self._taken()
        last = self._taken()
        last.notes, last.file_notes = self._plan.values.notes, self._plan.file.notes
        yield last

    def _chunks(self) -> Iterator[Chunk]:
        return self._plan.format.layout(self._plan.file, self._plan.format, self._plan.delimiter)

    def _take(self, chunk: Chunk, apart: Collection[str] = ()) -> None:
        """Judge the rows of *chunk*; those of ids whose rows stand *apart* are only counted."""
        counts = self._packing.batch.counts
        counts.read += len(chunk.rows) + len(chunk.held) + chunk.blank
        counts.blank += chunk.blank
        self._composing.held += chunk.held
        documents: dict[str, list[int]] = {}
        latest, places = None, []
        for place, cells in enumerate(chunk.rows):
            key = document_id(cells)
            if key == latest:
                places.append(place)
            elif key in apart:
                self._apart[key] += 1
                counts.read -= 1
            else:
                latest, places = key, documents.setdefault(key, [])
                places.append(place)
        if self._watches:  # two ids with one hash would only be gathered in vain
            marks = set(map(hash, documents))
            if not marks.isdisjoint(self._marks):
                raise RowsApart
            self._marks |= marks
        self._judge(chunk, documents)

    def _judge(self, chunk: Chunk, documents: dict[str, list[int]]) -> None:
        row_digests = digests(chunk.rows)
        stored, returned = self._known(list(documents))
        compose, packing, batch = self._composing.document, self._packing, self._packing.batch
        has_evidence = bool(self._plan.options.consent_evidence)
        for key, places in documents.items():
            known, back = stored.get(key), returned.get(key)
            if (before := known or back) and self._is_unchanged(before, sum([row_digests[place] for place in places])):
                batch.counts.unchanged += len(places)
                if known and has_evidence and (document := compose(chunk, places, row_digests)):
                    packing.add_consent(document)
                continue
            document = compose(chunk, places, row_digests)
            if document is None:
                continue
            if known:
                self._judge_known(known, document)
            elif back and not document.is_order:
                self._judge_returns(back, document)
            else:
                packing.add(batch.late_orders if back else batch.new, document)
                batch.counts.new += document.rows

    def _known(self, keys: list[str]) -> tuple[dict[str, Stored], dict[str, StoredReturn]]:
        """What was known before this import: orders, and the fingerprints of returns that stand alone."""
        if self._past.is_first:
            return {}, {}
        source, but_of = self._plan.source, self._import_id
        stored = stored_orders(source, keys, but_of=but_of)
        others = [key for key in keys if key not in stored] if self._plan.format.has_return_documents else []
        return stored, stored_returns(source, others, but_of=but_of) if others else {}

    def _is_unchanged(self, known: Stored | StoredReturn, digest: int) -> bool:
        """Whether rows whose digests have the sum *digest* are all that is stored of their document."""
        is_whole = self._past.appended_to is None or isinstance(known, StoredReturn)
        return is_whole and known.fingerprint == fingerprint(digest, self._salt)

    def _judge_known(self, known: Stored, document: Document) -> None:
        batch = self._packing.batch
        appended_to = self._past.appended_to
        if appended_to is not None and known.import_id > appended_to:
            batch.counts.unchanged += document.rows  # the source has told all of this order again since
        elif appended_to is not None and not (document.is_order and document.external_id in self._past.whole):
            self._change(batch.added, document, known.order_id)
        elif known.fingerprint == fingerprint(document.digest, self._salt):
            batch.counts.unchanged += document.rows
        elif self._was_told_since(known):
            self._leave_alone(document, "told_since")
        elif is_stale(known.order_id, document.updated_at):
            self._leave_alone(document, "stale")
        elif self._is_another(known, document):
            self._leave_alone(document, "another_order")
        elif not document.is_order:
            self._judge_back(document)
        else:
            _keep_unsaid(known, document)
            self._change(batch.changed, document, known.order_id)

    def _judge_returns(self, returned: StoredReturn, document: Document) -> None:
        batch = self._packing.batch
        if self._was_told_since(returned):
            self._leave_alone(document, "told_since")
        elif self._past.appended_to is not None:
            self._change(batch.added_returns, document)
        elif returned.fingerprint == fingerprint(document.digest, self._salt):
            batch.counts.unchanged += document.rows
        elif all(one.named_order == document.external_id for one in document.returns):
            self._judge_back(document)
        else:
            self._change(batch.changed_returns, document)

    def _judge_back(self, document: Document) -> None:
        """Judge what came back of an order whose own rows its file does not tell; several files may tell of one.

        What came back of an article at one time is told anew by whoever tells of it again.
        """
        told = told_back(self._plan.source, document.external_id)
        new: defaultdict[Back, Counter[tuple[int, int]]] = defaultdict(Counter)
        for one in document.returns:
            new[_back(one)][int(1000 * one.quantity), one.amount_minor] += 1
        document.returns = [one for one in document.returns if told.get(_back(one)) != new[_back(one)]]
        if document.returns:
            self._change(self._packing.batch.later_returns, document)
        else:
            self._packing.batch.counts.unchanged += document.rows

    def _change(self, portion: Portion, document: Document, order_id: int | None = None) -> None:
        self._packing.add(portion, document, order_id)
        self._packing.batch.counts.changed += document.rows

    def _is_another(self, known: Stored, document: Document) -> bool:
        """Whether *document* is another order of the same number, or another part of it: of another day and another
        buyer or nobody, or without one article in common where nothing says that it is newer. What came back is
        another's where it names another buyer."""
        if self._plan.options.newest:
            return False
        if not document.is_order:
            return document.buyer != GUEST and self._is_of_another(known, document)
        if known.customer_id is not None and self._plan.values.day(document.ordered_at) != known.order_day:
            return document.buyer == GUEST or self._is_of_another(known, document)
        articles = {line.article.sku for line in document.lines if line.article}
        if not articles or document.updated_at is not None:
            return False
        before = stored_articles(known.order_id)
        return bool(before) and before.isdisjoint(articles)

    def _is_of_another(self, known: Stored, document: Document) -> bool:
        """Whether *document* names a buyer who is not the customer of the order *known*."""
        return known.customer_id is not None and not is_customer(
            known.customer_id, self._composing.buyers.person(document.buyer)
        )

    def _take_one_of(self, repeated: Repeated) -> None:
        """Of rows that are each a whole order of one id: equal ones are one, the newest of others, or none."""
        if not repeated.rows:
            return
        counts = self._packing.batch.counts
        last = newest(repeated, self._plan.format, self._plan.values)
        if last is None:
            error = RowError(
                "order_id",
                "conflicting_rows",
                f"order {document_id(repeated.rows[0])} appears twice with different values",
            )
            counts.read += len(repeated.rows)
            for origin, cells in zip(repeated.origins, repeated.rows, strict=True):
                self._composing.hold(origin, error, cells)
            return
        others = len(repeated.rows) - 1
        counts.read += others
        counts.unchanged += others
        self._take(repeated.alone(last))

    def _leave_alone(self, document: Document, why: str) -> None:
        self._plan.values.note(why)
        self._packing.batch.counts.unchanged += document.rows

    def _was_told_since(self, known: Stored | StoredReturn) -> bool:
        return self._past.read_before_by is not None and known.import_id > self._past.read_before_by

    def _taken(self) -> Batch:
        """What was judged since the last time, ready to be handed over."""
        batch = self._packing.take()
        batch.held = self._composing.take()
        for one in batch.held:
            if one.disposition == "quarantined":
                batch.counts.quarantined += 1
            elif one.disposition == "set_aside":
                batch.counts.set_aside += 1
        return batch


def _keep_unsaid(known: Stored, document: Document) -> None:
    """Let what *document* does not say of the order stay as it is known: a cell that is empty changes nothing."""
    if not document.says_status:
        document.status = known.status
        document.keeps_returns = not document.returns and "refunded" not in document.stated


def _in_parts(rows_of: Mapping[str, int]) -> Iterator[set[str]]:
    """The ids in parts of about so many rows as may be gathered at once."""
    part, rows = set[str](), 0
    for key, many in rows_of.items():
        part.add(key)
        rows += many
        if rows >= GATHERED_ROWS:
            yield part
            part, rows = set(), 0
    if part:
        yield part
