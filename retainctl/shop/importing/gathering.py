"""Rows gathered into documents, and each document judged: new, changed, unchanged, or added to.

An order's rows may stand anywhere in its file. Its fingerprint is the sum of its rows' fingerprints, whatever their
order, so that one that did not change is known without reading a single cell of it. Memory stays flat: a flag for
each order says what the file has done with it so far, and only orders that differ from what is stored are kept
until the file's end, when all of their rows have been seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final, NamedTuple

from retainctl.shop.importing.booking import Booking, Flags, Ready
from retainctl.shop.importing.documents import Document, Held, Origin, RowError, SetAside
from retainctl.shop.importing.format import Cells, Chunk, Format
from retainctl.shop.importing.register import Counts
from retainctl.store import dialect
from retainctl.store.database import rows

MODULUS: Final = 1 << 128
UNDECIDED_ROWS: Final = 100_000
_WRITTEN, _MATCHED = 1, 2


class Piece(NamedTuple):
    """The good rows of one document that stood together: what they make, their fingerprint, how many."""

    document: Document
    total: int
    rows: int


@dataclass(slots=True)
class _Undecided:
    order_id: int
    stored: int
    piece: Piece


@dataclass(slots=True)
class _Repeated:
    """The rows of an id that comes several times where a row is a whole order; they are a chunk of their own."""

    rows: list[Cells] = field(default_factory=list)
    origins: list[Origin] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    blank: int = 0

    def keep(self, cells: Cells, origin: Origin) -> None:
        self.rows.append(cells)
        self.origins.append(origin)

    def origin(self, place: int) -> Origin:
        return self.origins[place]


class Gathering:
    """All rows of one file on their way into the books."""

    def __init__(
        self,
        format_: Format,
        booking: Booking,
        *,
        salt: int,
        appends_to: int | None = None,
        repeated: Iterable[str] = (),
    ) -> None:
        self._format = format_
        self._booking = booking
        self._values = booking.values
        self._salt = salt
        # Rows out of quarantine are added to their orders: of what this import or an earlier one has written.
        self._appends_to = appends_to
        self._appends = appends_to is not None
        self._flags = Flags()
        self._undecided: dict[str, _Undecided] = {}
        self._undecided_rows = 0
        self._returns_written: set[str] = set()
        self._repeated: dict[str, _Repeated] = {key: _Repeated() for key in repeated}
        self.counts = Counts()
        self.held: list[Held] = []
        self.attention: list[str] = []  # sentences that ask a person to look
        self.named_returns: dict[tuple[str, int], Origin] = {}

    def take(self, chunk: Chunk) -> None:
        """Judge the rows of *chunk*, and write what is new."""
        self.counts.read += len(chunk.rows) + len(chunk.held) + chunk.blank
        self.counts.blank += chunk.blank
        self._hold(chunk.held)
        digests = [_digest(cells) for cells in chunk.rows]
        documents: dict[str, list[int]] = {}
        latest, places = None, []
        for place, cells in enumerate(chunk.rows):
            key = cells[0]
            if key == latest:
                places.append(place)
                continue
            if self._repeated and key in self._repeated:
                self._repeated[key].keep(cells, chunk.origin(place))
                self.counts.read -= 1
                continue
            latest, places = key, documents.setdefault(key, [])
            places.append(place)
        self._judge(chunk, documents, digests)

    def _judge(self, chunk: Chunk, documents: dict[str, list[int]], digests: list[int]) -> None:
        stored = self._stored(list(documents))
        returned = self._stored_returns([key for key in documents if key not in stored])
        new: list[tuple[Ready, int]] = []
        appended: list[tuple[int, Piece]] = []
        for key, places in documents.items():
            known = stored.get(key)
            if known is not None:
                order_id, fingerprint = known
                if (
                    not self._flags[order_id]
                    and not self._appends
                    and key not in self._undecided
                    and fingerprint == self._total(places, digests)
                ):
                    self._flags[order_id] = _MATCHED
                    self.counts.unchanged += len(places)
                    if self._booking.consent_evidence and (piece := self._compose(chunk, places, digests)):
                        self._booking.consent([piece.document])
                    continue
            elif key in returned and key not in self._returns_written and returned[key] == self._total(places, digests):
                self.counts.unchanged += len(places)
                continue
            piece = self._compose(chunk, places, digests)
            if piece is None:
                continue
            if known is not None:
                self._judge_known(key, *known, piece, appended)
            elif key in returned or key in self._returns_written:
                self._judge_returns(key, returned.get(key, 0), piece)
            else:
                new.append((self._ready(piece.document, piece.total), piece.rows))
        self._append(appended)
        self._add(new)
        if self._undecided_rows > UNDECIDED_ROWS:
            self._settle()

    def _total(self, places: Sequence[int], digests: Sequence[int]) -> int:
        return (sum([digests[place] for place in places]) + self._salt) % MODULUS

    def _compose(self, chunk: Chunk, places: Sequence[int], digests: Sequence[int]) -> Piece | None:
        """The document that the good rows at *places* make; the others are held."""
        add, values = self._format.add, self._values
        document: Document | None = None
        total, good = 0, []
        for place in places:
            try:
                document = add(values, document, chunk.rows[place])
            except RowError as error:
                self._hold([_held(chunk.origin(place), error)])
            else:
                good.append(place)
                total += digests[place]
        if document is None:
            return None
        if self._format.finish is not None:
            try:
                self._format.finish(values, document)
            except RowError as error:
                self._hold([_held(chunk.origin(place), error) for place in good])
                return None
        for flaw in self._booking.buyers.flaws(document.buyer):
            self.held.append(Held("incomplete", chunk.origin(good[0]), *flaw))
        for one in document.returns:
            if one.named_order is not None and one.order_line is None and len(self.named_returns) < UNDECIDED_ROWS:
                place = good[min(one.line_no, len(good)) - 1]
                self.named_returns[document.external_id, one.line_no] = chunk.origin(place)
        return Piece(document, total, len(good))

    def _judge_known(
        self, key: str, order_id: int, stored: int, piece: Piece, appended: list[tuple[int, Piece]]
    ) -> None:
        flag = self._flags[order_id]
        if self._appends and not flag:
            if self._is_newer(order_id):
                self.counts.unchanged += piece.rows  # the source has told all of this order again since
                return
            flag = _MATCHED
        if flag:
            if flag == _MATCHED:
                self._booking.keep_versions([order_id])
                self._booking.count_again([order_id])
                self._flags[order_id] = _WRITTEN
            appended.append((order_id, piece._replace(total=piece.total + stored - self._salt)))
            self.counts.changed += piece.rows
            return
        undecided = self._undecided.get(key)
        if undecided is None:
            undecided = self._undecided[key] = _Undecided(order_id, stored, piece)
        else:
            undecided.piece.document.absorb(piece.document)
            undecided.piece = Piece(
                undecided.piece.document, undecided.piece.total + piece.total, undecided.piece.rows + piece.rows
            )
        self._undecided_rows += piece.rows
        if (undecided.piece.total + self._salt) % MODULUS == stored:
            self._unchanged(key)

    def _is_newer(self, order_id: int) -> bool:
        ((written_by,),) = rows("SELECT import_id FROM orders WHERE id = ?", order_id)
        return self._appends_to is not None and bool(written_by > self._appends_to)

    def _unchanged(self, key: str) -> None:
        undecided = self._undecided.pop(key)
        self._undecided_rows -= undecided.piece.rows
        self._flags[undecided.order_id] = _MATCHED
        self.counts.unchanged += undecided.piece.rows

    def _judge_returns(self, key: str, stored: int, piece: Piece) -> None:
        ready = self._ready(piece.document, piece.total)
        if key in self._returns_written or self._appends:
            self._booking.append_returns([self._ready(piece.document, piece.total + stored - self._salt)])
            self.counts.changed += piece.rows
        elif int.from_bytes(ready.fingerprint, "little") == stored:
            self.counts.unchanged += piece.rows
        else:
            self._booking.replace_returns([ready])
            self.counts.changed += piece.rows
        self._returns_written.add(key)

    def finish(self) -> None:
        """Decide on what differed, and on orders that came twice, now that the file's end is seen."""
        repeated, self._repeated = list(self._repeated.values()), {}
        for one in repeated:
            if one.rows:
                self._take_one_of(one)
        self._settle()

    def _take_one_of(self, repeated: _Repeated) -> None:
        """Of rows that are each a whole order of one id: equal ones are one, the newest of others, or none."""
        last = self._newest(repeated)
        if last is None:
            error = RowError("order_id", "conflicting_rows", f"order {repeated.rows[0][0]} comes twice, and differs")
            self.counts.read += len(repeated.rows)
            self._hold([_held(origin, error) for origin in repeated.origins])
            return
        others = len(repeated.rows) - 1
        self.counts.read += others
        self.counts.unchanged += others
        self.take(_Repeated([repeated.rows[last]], [repeated.origins[last]]))

    def _newest(self, repeated: _Repeated) -> int | None:
        """The place of the row that counts; None where nothing orders rows that differ."""
        if len(set(repeated.rows)) == 1:
            return 0
        updated = []
        for cells in repeated.rows:
            try:
                updated.append(self._format.add(self._values, None, cells).updated_at)
            except RowError:
                return None
        newest = max((one for one in updated if one is not None), default=None)
        return updated.index(newest) if None not in updated and updated.count(newest) == 1 else None

    def _settle(self) -> None:
        undecided = list(self._undecided.values())
        self._undecided.clear()
        self._undecided_rows = 0
        ready, ids = [], []
        for one in undecided:
            updated = one.piece.document.updated_at
            if updated is not None and self._is_stale(one.order_id, updated):
                self._values.note("stale")
                self.counts.unchanged += one.piece.rows
            elif not one.piece.document.is_order:
                self._values.note("order_became_return")
                self.counts.unchanged += one.piece.rows
            else:
                ready.append(self._ready(one.piece.document, one.piece.total))
                ids.append(one.order_id)
                self.counts.changed += one.piece.rows
            self._flags[one.order_id] = _WRITTEN
        self._booking.replace(ready, ids)

    @staticmethod
    def _is_stale(order_id: int, updated_at: int) -> bool:
        ((stored,),) = rows("SELECT source_updated_at FROM orders WHERE id = ?", order_id)
        return stored is not None and updated_at < stored

    def _add(self, new: list[tuple[Ready, int]]) -> None:
        if not new:
            return
        for order_id in self._booking.add([ready for ready, _ in new]):
            self._flags[order_id] = _WRITTEN
        self.counts.new += sum(count for _, count in new)
        self._returns_written |= {ready.document.external_id for ready, _ in new if not ready.document.is_order}

    def _append(self, appended: list[tuple[int, Piece]]) -> None:
        self._booking.append(
            [self._ready(piece.document, piece.total) for _, piece in appended], [order_id for order_id, _ in appended]
        )

    def _ready(self, document: Document, total: int) -> Ready:
        return Ready(document, ((total + self._salt) % MODULUS).to_bytes(16, "little"))

    def _stored(self, keys: list[str]) -> dict[str, tuple[int, int]]:
        """Of the orders that are known: their id and fingerprint."""
        condition, bound = dialect.one_of(keys)
        return {
            key: (order_id, int.from_bytes(fingerprint, "little"))
            for key, order_id, fingerprint in rows(
                f"SELECT external_id, id, content_hash FROM orders WHERE source = ? AND external_id {condition}",
                self._booking.source, bound,
            )
        }  # fmt: skip

    def _stored_returns(self, keys: list[str]) -> dict[str, int]:
        """Of the returns that are known and stand alone: their fingerprint."""
        if not self._format.has_return_documents or not keys:
            return {}
        condition, bound = dialect.one_of(keys)
        return {
            key: int.from_bytes(fingerprint, "little")
            for key, fingerprint in rows(
                f"SELECT DISTINCT external_id, content_hash FROM order_returns"
                f" WHERE source = ? AND external_id {condition}",
                self._booking.source, bound,
            )
        }  # fmt: skip

    def _hold(self, held: Sequence[Held]) -> None:
        self.held += held
        for one in held:
            if one.disposition == "quarantined":
                self.counts.quarantined += 1
            else:
                self.counts.set_aside += 1


def _digest(cells: Cells) -> int:
    text = "\x1f".join(cells)
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest(), "little")


def _held(origin: Origin, error: RowError) -> Held:
    disposition = "set_aside" if isinstance(error, SetAside) else "quarantined"
    return Held(disposition, origin, error.column, error.code, str(error))  # type: ignore[arg-type]
