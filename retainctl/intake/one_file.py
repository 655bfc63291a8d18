"""Importing one list: a file whose rows each say something by themselves, in one transaction or not at all."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final, Generic, Literal, NamedTuple, TypeVar

from retainctl.config import Shop
from retainctl.errors import BadData
from retainctl.intake import import_runs, quarantine
from retainctl.intake.cells import Cells, Chunk, Column, Held, RowError, SetAside, called_in, plain_name
from retainctl.intake.csv_rows import csv_chunks, describe_delimiter, read_header
from retainctl.intake.file import InputFile, input_file
from retainctl.intake.import_runs import Asked, Counts, DryRun, FileResult, Imported, ImportOptions, ImportOutcome
from retainctl.intake.json_rows import Record, RecordChunk, is_json, json_chunks, parse, text_of
from retainctl.intake.mapping import MappingFile, find_rows, mapping_text, read_mapping
from retainctl.intake.values import AmbiguousNumber, Values
from retainctl.money import currency_code
from retainctl.result import Progress
from retainctl.store import dialect
from retainctl.store.transactions import in_one_transaction

T = TypeVar("T")
# Mailchimp's and Klaviyo's exports write times of UTC without saying so.
IN_UTC: Final = frozenset({"optintime", "confirmtime", "unsubtime", "cleantime", "lastchanged"}) | {
    f"{channel}marketingconsenttimestamp" for channel in ("email", "sms")
}
RowOutcome = Literal["new", "changed", "unchanged", "set_aside"]


class RowTaker(ABC, Generic[T]):
    """What a list makes of its rows: each is read as a *T*, and some thousand are kept at once.

    It is made for one file, and used inside its transaction.
    """

    kind: str  # a word of the table import_kinds
    mapping_file: type[MappingFile] = MappingFile  # what its mapping may say
    one_of: tuple[str, ...] = ()  # roles: the file has a column of one of them, and a row speaks of the first it fills
    how_named: str = ""  # how a file with other columns is read, in a sentence

    def __init__(
        self, shop: Shop, options: ImportOptions, columns: Sequence[Column], *, source: str, **settings: object
    ) -> None:
        text = mapping_text(options.mapping)
        form = self.mapping_file
        mapping = read_mapping(text, form, columns, name=str(options.mapping)) if text else form()
        currency = currency_code(options.currency or mapping.currency or shop.settings.currency)
        readings = mapping.readings | ({"numbers": options.numbers} if options.numbers else {})
        self.shop = shop
        self.source = source
        self.mapping = mapping
        self.states_zone = bool(mapping.timezone)
        self.columns = mapping.mapped(columns)
        self.values = Values(shop.clock, shop_currency=currency, stated_currency=currency, **readings)
        # Whatever makes an equal file mean something else.
        self.settings = {"mapping": text, "currency": currency, "numbers": options.numbers, **settings}
        self.notes: Counter[str] = Counter()  # sentences, and how many rows each is true of
        self.left_out: list[RowError] = []  # bad cells of the row that is read: it counts without them

    def note(self, sentence: str) -> None:
        """Count one more row that *sentence* is true of."""
        self.notes[sentence] += 1

    def prepare(self, rows: Sequence[Cells]) -> None:
        """Look up at once what some thousand rows name."""

    @abstractmethod
    def read(self, cells: Cells) -> T:
        """What one row says; RowError where it says nothing certain."""

    @abstractmethod
    def keep(self, read: list[T], *, import_id: int) -> Sequence[RowOutcome | RowError]:
        """Write what the good rows say; what became of each, in order."""

    def result(self, file: str, outcome: ImportOutcome, counts: Counts) -> Any:
        """The row that tells what became of the file."""
        return Imported(file, self.source, outcome, **counts.told())


MakeTaker = Callable[[InputFile, Sequence[str]], RowTaker[Any]]  # of a file and the names of its columns (JSON: keys)


class Records(NamedTuple):
    """How a list is read that comes as JSON: what its records are called, and the cells of one."""

    envelope: str
    cells: Callable[[Record], Cells]


@dataclass(slots=True)
class _FileTally:
    taker: RowTaker[Any]
    import_id: int
    waiting: set[str]  # what earlier imports hold rows of
    counts: Counts = field(default_factory=Counts)
    held: list[Held] = field(default_factory=list)
    told: set[str] = field(default_factory=set)  # of what was waiting

    def hold(self, held: Sequence[Held]) -> None:
        self.held += held
        self.counts.quarantined += len(held)
        self.counts.read += len(held)


def import_list(
    shop: Shop,
    name: str,
    options: ImportOptions,
    make_taker: MakeTaker,
    *,
    records: Records | None = None,
    keeps_bad_bytes: bool = False,
    progress: Progress = lambda _rows: None,
) -> FileResult[Any]:
    """Import the file called *name* (``-``: the standard input) as the taker that is made for it reads it.

    BadData where the file as a whole cannot be read; then nothing is written. Rows that say nothing certain are
    quarantined, and the rest is written.
    """
    with input_file(name, encoding=options.encoding) as file:
        file.keeps_bad_bytes = keeps_bad_bytes
        try:
            return _import(shop, file, options, make_taker, records, progress)
        except DryRun as dry:
            return dry.result
        except AmbiguousNumber as error:
            raise BadData(f"{file.name}: {error}", hint=error.hint) from None


@in_one_transaction
def _import(
    shop: Shop,
    file: InputFile,
    options: ImportOptions,
    make_taker: MakeTaker,
    records: Records | None,
    progress: Progress,
) -> FileResult[Any]:
    dialect.hold_lock(import_runs.LOCK)
    taker, chunks = _opened(file, options, make_taker, records)
    settings = json.dumps({"encoding": file.encoding, **taker.settings}, ensure_ascii=False)
    asked = Asked(taker.kind, taker.source, "list", settings)
    known = import_runs.known_imports(file, asked)
    if known and not options.again and import_runs.brings_nothing(known[-1]):
        return FileResult((taker.result(file.name, "already imported", Counts()),))
    import_id = import_runs.begin(shop, file, asked)
    run = _FileTally(taker, import_id, quarantine.waiting_documents(import_id))
    for chunk in chunks:
        before = run.counts.read
        _take(chunk, run)
        import_runs.check_limit(run.counts, file, strict=options.strict, held=run.held, ended=False)
        progress(run.counts.read - before)
    import_runs.check_limit(run.counts, file, strict=options.strict, held=run.held, ended=True)
    run.counts.assert_complete()
    notes = [*dict.fromkeys(file.notes), *(f"{sentence}: {count}" for sentence, count in sorted(taker.notes.items()))]
    quarantine.keep_held(import_id, run.held, resolved=known, told=run.told, now=shop.clock.now())
    import_runs.end(import_id, run.counts, notes)
    row = taker.result(file.name, "dry run" if options.dry_run else "imported", run.counts)
    bad = tuple(one for one in run.held if one.disposition != "set_aside")
    result = FileResult((row,), tuple(notes), quarantined=bad)
    if options.dry_run:
        raise DryRun(result)
    return result


def _take(chunk: Chunk, run: _FileTally) -> None:
    """Read and keep the rows of *chunk*, and count what became of each."""
    run.counts.blank += chunk.blank
    run.counts.read += chunk.blank
    run.hold(chunk.held)
    taker = run.taker
    naming = [place for place, column in enumerate(taker.columns) if column.role in taker.one_of]
    documents = [next((cells[place] for place in naming if cells[place]), "") for cells in chunk.rows]

    def held(disposition: Literal["quarantined", "set_aside", "incomplete"], place: int, why: RowError) -> Held:
        return Held(disposition, chunk.origin(place), why.column, why.code, str(why), documents[place])

    taker.prepare(chunk.rows)
    read: dict[int, Any] = {}
    outcomes: dict[int, RowOutcome | RowError] = {}
    incomplete: list[Held] = []
    for place, cells in enumerate(chunk.rows):
        taker.left_out = []
        try:
            read[place] = taker.read(cells)
            incomplete += [held("incomplete", place, why) for why in taker.left_out]
        except RowError as error:
            outcomes[place] = error
    outcomes |= zip(read, taker.keep(list(read.values()), import_id=run.import_id), strict=True)
    for place, document in enumerate(documents):
        outcome = outcomes[place]
        if isinstance(outcome, SetAside):
            run.held.append(held("set_aside", place, outcome))
            outcome = "set_aside"
        if isinstance(outcome, RowError):
            run.hold([held("quarantined", place, outcome)])
            continue
        if document in run.waiting:
            run.told.add(document)
        run.counts.read += 1
        setattr(run.counts, outcome, getattr(run.counts, outcome) + 1)
    run.held += incomplete


def _opened(
    file: InputFile, options: ImportOptions, make_taker: MakeTaker, records: Records | None
) -> tuple[RowTaker[Any], Iterator[Chunk]]:
    """What takes the rows of *file*, and the rows, as they stand in a table or in JSON."""
    if records is not None and is_json(file):
        found = json_chunks(file, records.envelope, lambda record: text_of(record, "id"))
        first = next(found)
        keys = parse(first.rows[0][1]) if first.rows else {}
        inner = keys.get(records.envelope)
        names = list(inner if isinstance(inner, dict) else keys)
        return make_taker(file, names), _celled(chain([first], found), records)
    find_rows(mapping_text(options.mapping), file)
    header, delimiter = read_header(file, delimiter=options.delimiter)
    taker = make_taker(file, header)
    present = {plain_name(name) for name in header}
    if not taker.states_zone:
        taker.values.utc_columns = {
            column.role
            for column in taker.columns
            if not IN_UTC.isdisjoint(present & {plain_name(name) for name in column.all_names})
        }
    named = [column for column in taker.columns if column.all_names or column.joined]
    wanted = [column for column in named if column.role in taker.one_of]
    names = [name for column in wanted for name in column.all_names + column.joined]
    if wanted and not any(plain_name(name) in present for name in names):
        raise BadData(
            f"{file.name} has no column {' or '.join(called_in(header, column) for column in wanted)}",
            hint=f"Its columns: {', '.join(header)[:300]}.{taker.how_named and ' '}{taker.how_named}",
        )
    if delimiter != "," and not options.delimiter and len(header) > 1:
        file.notes.append(f"columns are separated by {describe_delimiter(delimiter)}")
    return taker, csv_chunks(file, taker, delimiter)


def _celled(chunks: Iterable[RecordChunk], records: Records) -> Iterator[Chunk]:
    """*chunks* of records as chunks of cells."""
    for chunk in chunks:
        chunk.rows = [records.cells(parse(text)) for _, text in chunk.rows]
        yield chunk
