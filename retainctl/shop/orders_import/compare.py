"""A file's rows gathered into documents, and each document judged: new, changed, unchanged, or added to.

An order's rows may stand anywhere in its file. Its fingerprint is the sum of its rows' fingerprints, whatever their
order, so that one that did not change is known without reading a single cell of it. Memory stays flat: a flag for
each order says that the file has told of it, and only orders that differ from what is stored are kept until the
file's end, when all of their rows have been seen.

Nothing is written here, and what this import writes is not looked at: reading may stand in a process of its own.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Generator, Iterable, Iterator
from typing import Final

from retainctl.config import Shop
from retainctl.intake.cache import IdSet
from retainctl.intake.cells import Chunk, RowError
from retainctl.shop.orders_import.assemble import Buyers, Composing, Repeated, newest, repeated_ids, scattered_ids
from retainctl.shop.orders_import.batch import Batch, Packing
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
    stored_orders,
    stored_returns,
    told_back,
)

UNDECIDED_ROWS: Final = 100_000


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
        self._told = IdSet()  # by a known order's id: all of its rows were seen, or are told to be added
        self._left_alone = IdSet()  # by a known order's id: more is known of it than this file tells
        self._undecided: dict[str, tuple[Stored, Document]] = {}  # known orders that differ, so far
        self._back: dict[str, Document] = {}  # what came back, told anew, of orders that are not known
        self._undecided_rows = 0
        self._returns_told: set[str] = set()

    def batches(self) -> Generator[Batch]:
        """What the file comes to, some thousand rows after the other."""
        ids: Iterable[str] = ()
        if self._plan.format.one_row_an_order:
            ids = repeated_ids(self._chunks())
        elif self._plan.values.total_alone:  # to add up what is said twice would be wrong
            ids = scattered_ids(self._chunks())
        repeated = {key: Repeated() for key in ids}
        for chunk in self._chunks():
            self._take(chunk, repeated)
            yield self._taken()
        for one in repeated.values():
            if self._plan.format.one_row_an_order:
                self._take_one_of(one)
            elif one.rows:
                self._take(one, {})
        self._settle()
        last = self._taken()
        last.notes, last.file_notes = self._plan.values.notes, self._plan.file.notes
        yield last

    def _chunks(self) -> Iterator[Chunk]:
        return self._plan.format.layout(self._plan.file, self._plan.format, self._plan.delimiter)

    def _take(self, chunk: Chunk, repeated: dict[str, Repeated]) -> None:
        """Judge the rows of *chunk*; those of ids that are *repeated* are only kept."""
        counts = self._packing.batch.counts
        counts.read += len(chunk.rows) + len(chunk.held) + chunk.blank
        counts.blank += chunk.blank
        self._composing.held += chunk.held
        documents: dict[str, list[int]] = {}
        latest, places = None, []
        for place, cells in enumerate(chunk.rows):
            key = cells[0]
            if key == latest:
                places.append(place)
            elif key in repeated:
                repeated[key].keep(cells, chunk.origin(place))
                counts.read -= 1
            else:
                latest, places = key, documents.setdefault(key, [])
                places.append(place)
        self._judge(chunk, documents)

    def _judge(self, chunk: Chunk, documents: dict[str, list[int]]) -> None:
        row_digests = digests(chunk.rows)
        stored, returned = self._known(list(documents))
        compose, packing, batch = self._composing.document, self._packing, self._packing.batch
        has_evidence = bool(self._plan.options.consent_evidence)
        for key, places in documents.items():
            known = stored.get(key)
            if known or key in returned:
                digest = sum([row_digests[place] for place in places])
                if self._is_unchanged(key, known, returned.get(key), digest):
                    batch.counts.unchanged += len(places)
                    if known and has_evidence and (document := compose(chunk, places, row_digests)):
                        packing.add_consent(document)
                    continue
            document = compose(chunk, places, row_digests)
            if document is None:
                continue
            if known:
                self._judge_known(key, known, document)
            elif document.is_order and key in returned and key not in self._returns_told:
                packing.add(batch.late_orders, document)
                batch.counts.new += document.rows
            elif key in returned or key in self._returns_told:
                self._judge_returns(key, returned.get(key), document)
            else:
                packing.add(batch.new, document)
                batch.counts.new += document.rows
                if not document.is_order:
                    self._returns_told.add(key)
        if self._undecided_rows > UNDECIDED_ROWS:
            self._settle()

    def _known(self, keys: list[str]) -> tuple[dict[str, Stored], dict[str, StoredReturn]]:
        """What was known before this import: orders, and the fingerprints of returns that stand alone."""
        if self._past.is_first:
            return {}, {}
        source, but_of = self._plan.source, self._import_id
        stored = stored_orders(source, keys, but_of=but_of)
        others = [key for key in keys if key not in stored] if self._plan.format.has_return_documents else []
        return stored, stored_returns(source, others, but_of=but_of) if others else {}

    def _is_unchanged(self, key: str, known: Stored | None, returned: StoredReturn | None, digest: int) -> bool:
        """Whether rows whose digests have the sum *digest* are all that is stored of their document."""
        if known is None:
            if key in self._returns_told or returned is None:
                return False
            if returned.fingerprint != fingerprint(digest, self._salt):
                return False
            self._returns_told.add(key)
            return True
        if self._past.appended_to is not None or known.order_id in self._told or key in self._undecided:
            return False
        if known.fingerprint != fingerprint(digest, self._salt):
            return False
        self._told.add(known.order_id)
        return True

    def _judge_known(self, key: str, known: Stored, document: Document) -> None:
        batch = self._packing.batch
        counts = batch.counts
        if known.order_id in self._left_alone:
            counts.unchanged += document.rows
            return
        if self._past.appended_to is not None and known.order_id not in self._told:
            if known.import_id > self._past.appended_to:
                counts.unchanged += document.rows  # the source has told all of this order again since
                return
            self._told.add(known.order_id)
        if known.order_id in self._told:
            self._packing.add(batch.added, document, known.order_id)
            counts.changed += document.rows
            return
        self._undecided_rows += document.rows
        if key in self._undecided:
            _, earlier = self._undecided[key]
            earlier.absorb(document)
            document = earlier
        self._undecided[key] = known, document
        if known.fingerprint == fingerprint(document.digest, self._salt):
            del self._undecided[key]
            self._undecided_rows -= document.rows
            self._told.add(known.order_id)
            counts.unchanged += document.rows

    def _judge_returns(self, key: str, returned: StoredReturn | None, document: Document) -> None:
        batch = self._packing.batch
        counts = batch.counts
        if returned and self._was_told_since(returned):
            self._plan.values.note("told_since")
            counts.unchanged += document.rows
        elif key in self._returns_told or self._past.appended_to is not None:
            self._packing.add(batch.added_returns, document)
            counts.changed += document.rows
        elif returned and returned.fingerprint == fingerprint(document.digest, self._salt):
            counts.unchanged += document.rows
        elif not document.is_order and all(one.named_order == key for one in document.returns):
            self._gather_back(key, document)
            return
        else:
            self._packing.add(batch.changed_returns, document)
            counts.changed += document.rows
        self._returns_told.add(key)

    def _gather_back(self, key: str, document: Document) -> None:
        """Keep what came back of an order that is not known yet until all of its rows are seen."""
        self._undecided_rows += document.rows
        if key in self._back:
            self._back[key].absorb(document)
        else:
            self._back[key] = document

    def _judge_back(self, document: Document) -> None:
        """Judge what came back of an order whose own rows its file does not tell; several files may tell of one.

        What came back of an article at one time is told anew by whoever tells of it again.
        """
        counts = self._packing.batch.counts
        told = told_back(self._plan.source, document.external_id)
        new: defaultdict[Back, Counter[tuple[int, int]]] = defaultdict(Counter)
        for one in document.returns:
            new[_back(one)][int(1000 * one.quantity), one.amount_minor] += 1
        document.returns = [one for one in document.returns if told.get(_back(one)) != new[_back(one)]]
        if document.returns:
            self._packing.add(self._packing.batch.later_returns, document)
            counts.changed += document.rows
        else:
            counts.unchanged += document.rows

    def _is_another(self, known: Stored, document: Document) -> bool:
        """Whether *document* is another order of the same number: of another day, and another buyer or nobody."""
        if self._plan.options.newest or known.customer_id is None:
            return False
        if self._plan.values.day(document.ordered_at) == known.order_day:
            return False
        return document.buyer == GUEST or not is_customer(
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
                "order_id", "conflicting_rows", f"order {repeated.rows[0][0]} appears twice with different values"
            )
            counts.read += len(repeated.rows)
            for origin in repeated.origins:
                self._composing.hold(origin, error, repeated.rows[0][0])
            return
        others = len(repeated.rows) - 1
        counts.read += others
        counts.unchanged += others
        self._take(repeated.alone(last), {})

    def _settle(self) -> None:
        """Decide on what differs from what is stored, now that all of its rows are seen."""
        batch = self._packing.batch
        counts = batch.counts
        for known, document in self._undecided.values():
            if self._was_told_since(known):
                self._leave_alone(known, document, "told_since")
            elif is_stale(known.order_id, document.updated_at):
                self._leave_alone(known, document, "stale")
            elif not document.is_order:
                self._judge_back(document)
            elif self._is_another(known, document):
                self._leave_alone(known, document, "another_order")
            else:
                self._packing.add(batch.changed, document, known.order_id)
                counts.changed += document.rows
            self._told.add(known.order_id)
        for document in self._back.values():
            self._judge_back(document)
        self._undecided.clear()
        self._back.clear()
        self._undecided_rows = 0

    def _leave_alone(self, known: Stored, document: Document, why: str) -> None:
        self._plan.values.note(why)
        self._packing.batch.counts.unchanged += document.rows
        self._left_alone.add(known.order_id)

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
