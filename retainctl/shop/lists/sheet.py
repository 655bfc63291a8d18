"""Importing one list: a file whose rows each say something by themselves, in one transaction or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Literal, NamedTuple, Protocol

from retainctl.config import Shop
from retainctl.errors import BadData
from retainctl.shop.importing import register
from retainctl.shop.importing.documents import Held, RowError
from retainctl.shop.importing.files import InputFile, input_file
from retainctl.shop.importing.format import Cells, Chunk, Column
from retainctl.shop.importing.json_rows import Record, RecordChunk, is_json, json_chunks, parse, text_of
from retainctl.shop.importing.outcome import DryRun, Imported, Outcome, Progress
from retainctl.shop.importing.register import Asked, Counts, ImportKind
from retainctl.shop.importing.tables import csv_chunks, describe_delimiter, plain_name, read_header
from retainctl.shop.importing.values import AmbiguousNumber
from retainctl.store import dialect
from retainctl.store.writing import in_one_transaction

Fate = Literal["new", "changed", "unchanged"]


@dataclass(frozen=True, slots=True)
class Options:
    """How a list is to be read and what is to be done with it, as the command line says it."""

    source: str = ""
    encoding: str = ""
    delimiter: str = ""
    again: bool = False
    dry_run: bool = False
    strict: bool = False


class Taker(Protocol):
    """What a list makes of its rows. It is made for one file and used inside its transaction."""

    kind: ImportKind
    columns: tuple[Column, ...]
    one_of: tuple[str, ...]  # the roles of which a file must have at least one column
    source: str
    settings: dict[str, str]  # whatever makes an equal file mean something else
    notes: dict[str, int]  # sentences, and how many rows each is true of
    left_out: list[tuple[int, RowError]]  # bad cells of the rows taken last, by place: the rows count without them

    def take(self, rows: Sequence[Cells]) -> Sequence[Fate | RowError]:
        """Write what *rows* say; what became of each, in order."""
        ...


MakeTaker = Callable[[Sequence[str]], Taker]  # of the names of the file's columns, or of a record's keys


class Records(NamedTuple):
    """How a list is read that comes as JSON: what its records are called, and the cells of one."""

    envelope: str
    cells: Callable[[Record], Cells]


@dataclass(slots=True)
class _Run:
    waiting: set[str]  # what earlier imports hold rows of
    counts: Counts = field(default_factory=Counts)
    held: list[Held] = field(default_factory=list)
    told: set[str] = field(default_factory=set)  # of what was waiting

    def hold(self, held: Sequence[Held]) -> None:
        self.held += held
        self.counts.quarantined += len(held)
        self.counts.read += len(held)


def import_list(
    shop: Shop, name: str, options: Options, make_taker: MakeTaker, *, records: Records | None = None,
    progress: Progress = lambda _rows: None,
) -> Outcome[Imported]:  # fmt: skip
    """Import the file called *name* (``-``: the standard input) as the taker that is made for it reads it.

    BadData where the file as a whole cannot be read; then nothing is written. Rows that say nothing certain are
    quarantined, and the rest is written.
    """
    with input_file(name, encoding=options.encoding) as file:
        try:
            return _import(shop, file, options, make_taker, records, progress)
        except DryRun as dry:
            return dry.outcome


@in_one_transaction
def _import(
    shop: Shop, file: InputFile, options: Options, make_taker: MakeTaker, records: Records | None, progress: Progress
) -> Outcome[Imported]:
    dialect.hold_lock(register.LOCK)
    taker, chunks = _opened(file, options, make_taker, records)
    asked = Asked(taker.kind, taker.source, "list", json.dumps(taker.settings, ensure_ascii=False))
    known = register.known_imports(file, asked)
    if known and not options.again and register.brings_nothing(known[-1]):
        return Outcome(Imported(file.name, taker.source, "already imported"))
    import_id = register.begin(shop, file, asked)
    run = _Run(register.waiting_documents(import_id))
    try:
        for chunk in chunks:
            before = run.counts.read
            _take(chunk, run, taker)
            register.check_limit(run.counts, file, strict=options.strict, held=run.held, ended=False)
            progress(run.counts.read - before)
    except AmbiguousNumber as error:
        raise BadData(f"{file.name}: {error}", hint=error.hint) from None
    register.check_limit(run.counts, file, strict=options.strict, held=run.held, ended=True)
    run.counts.assert_complete()
    notes = [*dict.fromkeys(file.notes), *(f"{sentence}: {count}" for sentence, count in sorted(taker.notes.items()))]
    register.keep_held(import_id, run.held, resolved=known, told=run.told, now=shop.clock.now())
    register.end(import_id, run.counts, notes)
    outcome = Outcome(_row(file, taker.source, run.counts, dry_run=options.dry_run), tuple(notes), tuple(run.held))
    if options.dry_run:
        raise DryRun(outcome)
    return outcome


def _opened(
    file: InputFile, options: Options, make_taker: MakeTaker, records: Records | None
) -> tuple[Taker, Iterator[Chunk]]:
    """What takes the rows of *file*, and the rows, as they stand in a table or in JSON."""
    if records is not None and is_json(file):
        found = json_chunks(file, records.envelope, lambda record: text_of(record, "id"))
        first = next(found)
        keys = parse(first.rows[0][1]) if first.rows else {}
        inner = keys.get(records.envelope)
        return make_taker(list(inner if isinstance(inner, dict) else keys)), _celled(chain([first], found), records)
    header, delimiter = read_header(file, delimiter=options.delimiter)
    taker = make_taker(header)
    names = {plain_name(name) for name in header}
    wanted = [column for column in taker.columns if column.role in taker.one_of]
    if not any(plain_name(name) in names for column in wanted for name in column.names):
        raise BadData(
            f"{file.name} has no column {' or '.join(column.names[0] for column in wanted)}",
            hint=f"It has: {', '.join(header)[:300]}.",
        )
    if delimiter != "," and not options.delimiter and len(header) > 1:
        file.notes.append(f"columns are parted by {describe_delimiter(delimiter)}")
    return taker, csv_chunks(file, taker, delimiter)


def _celled(chunks: Iterable[RecordChunk], records: Records) -> Iterator[Chunk]:
    """*chunks* of records as chunks of cells."""
    for chunk in chunks:
        chunk.rows = [records.cells(parse(text)) for _, text in chunk.rows]
        yield chunk


def _take(chunk: Chunk, run: _Run, taker: Taker) -> None:
    run.counts.blank += chunk.blank
    run.counts.read += chunk.blank
    run.hold(chunk.held)
    naming = [place for place, column in enumerate(taker.columns) if column.role in taker.one_of]
    documents = [next((row[at] for at in naming if row[at]), "") for row in chunk.rows]

    def held(disposition: Literal["quarantined", "incomplete"], place: int, why: RowError) -> Held:
        return Held(disposition, chunk.origin(place), why.column, why.code, str(why), documents[place])

    for place, fate in enumerate(taker.take(chunk.rows)):
        if isinstance(fate, RowError):
            run.hold([held("quarantined", place, fate)])
        else:
            if documents[place] in run.waiting:
                run.told.add(documents[place])
            run.counts.read += 1
            setattr(run.counts, fate, getattr(run.counts, fate) + 1)
    run.held += [held("incomplete", place, why) for place, why in taker.left_out]


def _row(file: InputFile, source: str, counts: Counts, *, dry_run: bool) -> Imported:
    return Imported(
        file.name, source, "dry run" if dry_run else "imported", counts.read, counts.new, counts.changed,
        counts.unchanged, 0, counts.blank, counts.quarantined,
    )  # fmt: skip
