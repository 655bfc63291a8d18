"""Importing one list: a file whose rows each say something by themselves, in one transaction or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple, Protocol

from retainctl.config import Shop
from retainctl.errors import BadData
from retainctl.intake.cells import Cells, Chunk, Column, RowError
from retainctl.intake.csv_rows import csv_chunks, describe_delimiter, plain_name, read_header
from retainctl.intake.file import InputFile
from retainctl.intake.import_runs import Asked, Imported, ImportOptions, Outcome, Progress
from retainctl.intake.json_rows import Record, RecordChunk, is_json, json_chunks, parse, text_of
from retainctl.intake.one_file import Fate, How, Plan, import_one


class Taker(Protocol):
    """What a list makes of its rows. It is made for one file and used inside its transaction."""

    kind: str
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


def import_list(
    shop: Shop,
    name: str,
    options: ImportOptions,
    make_taker: MakeTaker,
    *,
    records: Records | None = None,
    progress: Progress = lambda _rows: None,
) -> Outcome[Imported]:
    """Import the file called *name* (``-``: the standard input) as the taker that is made for it reads it.

    BadData where the file as a whole cannot be read; then nothing is written. Rows that say nothing certain are
    quarantined, and the rest is written.
    """
    how = How(options.again, options.dry_run, options.strict)
    return import_one(
        shop,
        name,
        encoding=options.encoding,
        how=how,
        plan=lambda file: _plan(file, options, make_taker, records),
        progress=progress,
    )


def _plan(file: InputFile, options: ImportOptions, make_taker: MakeTaker, records: Records | None) -> Plan[Imported]:
    taker, chunks = _opened(file, options, make_taker, records)
    naming = [place for place, column in enumerate(taker.columns) if column.role in taker.one_of]
    return Plan(
        asked=Asked(taker.kind, taker.source, "list", json.dumps(taker.settings, ensure_ascii=False)),
        chunks=chunks,
        take=lambda rows, _import_id: taker.take(rows),
        left_out=lambda: taker.left_out,
        document=lambda cells: next((cells[place] for place in naming if cells[place]), ""),
        row=lambda outcome, counts: Imported(
            file.name,
            taker.source,
            outcome,
            counts.read,
            counts.new,
            counts.changed,
            counts.unchanged,
            0,
            counts.blank,
            counts.quarantined,
        ),
        notes=lambda: [
            *dict.fromkeys(file.notes),
            *(f"{sentence}: {count}" for sentence, count in sorted(taker.notes.items())),
        ],
    )


def _opened(
    file: InputFile, options: ImportOptions, make_taker: MakeTaker, records: Records | None
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
