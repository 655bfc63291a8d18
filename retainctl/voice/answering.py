"""Answers from a file: all of it in one transaction, or nothing.

Who answered is known by the source's own name of them, so that a second import of the same answers changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from retainctl.config import Shop
from retainctl.definitions import Defined
from retainctl.intake.cells import Cells, RowError
from retainctl.intake.csv_rows import csv_chunks, read_header
from retainctl.intake.file import InputFile
from retainctl.intake.import_runs import Asked
from retainctl.intake.one_file import Fate, How, Plan, import_one
from retainctl.intake.outcome import Imported, Outcome, Progress
from retainctl.voice.reading import IDENTITIES, Reader, Response
from retainctl.voice.save_responses import Books
from retainctl.voice.surveys import SURVEYS, Survey

FORMAT = "answers"


@dataclass(frozen=True, slots=True)
class Options:
    """How the file is to be read, as the command line says it."""

    encoding: str = ""
    errors: Literal["strict", "replace"] = "strict"
    again: bool = False
    dry_run: bool = False


class AnswersImported(Imported):
    """What became of one file of answers (its source is the survey), the customers in it, and the answers marked."""

    customers: int = 0
    answers_replaced: int = 0


def import_answers(
    shop: Shop, name: str, file_name: str, options: Options, *, progress: Progress = lambda _rows: None
) -> Outcome[AnswersImported]:
    """Take the answers to the survey *name* from a file (``-``: the standard input).

    Bytes that are no text quarantine their row; with ``errors="replace"`` they are replaced, and the answer is
    marked. BadData where the file as a whole cannot be booked; then nothing is written.
    """
    defined = SURVEYS.read(shop, name)
    return import_one(
        shop,
        file_name,
        encoding=options.encoding,
        how=How(options.again, options.dry_run),
        plan=lambda file: _plan(shop, defined, file, options),
        progress=progress,
    )


def _plan(shop: Shop, defined: Defined[Survey], file: InputFile, options: Options) -> Plan[AnswersImported]:
    file.keeps_bad_bytes = options.errors == "replace"
    settings = json.dumps({"encoding": file.encoding, "errors": options.errors, "survey": defined.hash})
    reader, books = Reader(shop, defined.name, defined.value), Books(defined.name)
    _, delimiter = read_header(file)
    return Plan(
        asked=Asked("answers", defined.name, FORMAT, settings),
        chunks=csv_chunks(file, reader, delimiter),
        take=lambda rows, import_id: _take(rows, reader, books, import_id=import_id),
        left_out=lambda: (),
        document=lambda cells: next(filter(None, cells[:IDENTITIES]), ""),
        row=lambda outcome, counts: AnswersImported(
            file.name,
            defined.name,
            outcome,
            counts.read,
            counts.new,
            counts.changed,
            counts.unchanged,
            0,
            counts.blank,
            counts.quarantined,
            customers=len(books.customers),
            answers_replaced=books.replaced,
        ),
        notes=lambda: file.notes,
    )


def _take(rows: Sequence[Cells], reader: Reader, books: Books, *, import_id: int) -> list[Fate | RowError]:
    """Read and book *rows*; what became of each."""
    reader.prepare(rows)
    found: list[Response | RowError] = []
    for cells in rows:
        try:
            response = reader.response(cells)
            books.refuse_contradiction(response)
            found.append(response)
        except RowError as error:
            found.append(error)
    fates = iter(books.book([one for one in found if isinstance(one, Response)], import_id=import_id))
    return [one if isinstance(one, RowError) else next(fates) for one in found]
