"""Answers from a file: all of it in one transaction, or nothing.

Who answered is known by the source's own name of them, so that a second import of the same answers changes nothing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Literal

from retainctl.config import Shop
from retainctl.shop.importing import register
from retainctl.shop.importing.documents import Held, RowError
from retainctl.shop.importing.files import InputFile, input_file
from retainctl.shop.importing.outcome import DryRun, Imported, Outcome, Progress
from retainctl.shop.importing.register import Counts
from retainctl.shop.importing.tables import LineChunk, csv_chunks, read_header
from retainctl.store import dialect
from retainctl.store.writing import in_one_transaction
from retainctl.voice.booking import Books
from retainctl.voice.reading import IDENTITIES, Reader
from retainctl.voice.surveys import Survey, read_survey, survey_text

FORMAT = "answers"


@dataclass(frozen=True, slots=True)
class Options:
    """How the file is to be read, as the command line says it."""

    encoding: str = ""
    errors: Literal["strict", "replace"] = "strict"
    again: bool = False
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
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
    survey = read_survey(shop, name)
    with input_file(file_name, encoding=options.encoding) as file:
        file.keeps_bad_bytes = options.errors == "replace"
        try:
            return _import(shop, name, survey, file, options, progress)
        except DryRun as dry:
            return dry.outcome


@in_one_transaction
def _import(
    shop: Shop, name: str, survey: Survey, file: InputFile, options: Options, progress: Progress
) -> Outcome[AnswersImported]:
    dialect.hold_lock(register.LOCK)
    settings = json.dumps({"encoding": file.encoding, "errors": options.errors, "survey": survey_text(shop, name)})
    asked = register.Asked("answers", name, FORMAT, settings)
    known = register.known_imports(file, asked)
    if known and not options.again and register.brings_nothing(known[-1]):
        return Outcome(AnswersImported(file.name, name, "already imported"))
    import_id = register.begin(shop, file, asked)
    reader, counts = Reader(shop, name, survey), Counts()
    books = Books(name, import_id)
    held: list[Held] = []
    waiting, told = register.waiting_documents(import_id), set[str]()
    _, delimiter = read_header(file)
    for chunk in csv_chunks(file, reader, delimiter):
        told |= waiting.intersection(_take(chunk, reader, books, counts, held))
        register.check_limit(counts, file, strict=False, held=held, ended=False)
        progress(len(chunk.rows))
    register.check_limit(counts, file, strict=False, held=held, ended=True)
    counts.assert_complete()
    register.keep_held(import_id, held, resolved=known, told=told, now=shop.clock.now())
    register.end(import_id, counts, file.notes)
    outcome = Outcome(
        AnswersImported(
            file.name, name, "dry run" if options.dry_run else "imported", counts.read, counts.new, counts.changed,
            counts.unchanged, 0, counts.blank, counts.quarantined, len(books.customers), books.replaced,
        ),
        tuple(file.notes), tuple(held),
    )  # fmt: skip
    if options.dry_run:
        raise DryRun(outcome)
    return outcome


def _take(chunk: LineChunk, reader: Reader, books: Books, counts: Counts, held: list[Held]) -> list[str]:
    """Read and book the rows of *chunk*; those that cannot be are added to *held*. Whose answers were booked."""
    before = len(held)
    held += chunk.held
    reader.prepare(chunk.rows)
    responses, told = [], []
    for place, cells in enumerate(chunk.rows):
        respondent = next(filter(None, cells[:IDENTITIES]), "")
        try:
            response = reader.response(cells)
            books.refuse_contradiction(response)
            responses.append(response)
            told.append(respondent)
        except RowError as error:
            held.append(Held("quarantined", chunk.origin(place), error.column, error.code, str(error), respondent))
    booked = books.book(responses)
    counts.read += len(chunk.rows) + len(chunk.held) + chunk.blank
    counts.blank += chunk.blank
    counts.quarantined += len(held) - before
    counts.new += booked.new
    counts.changed += booked.changed
    counts.unchanged += booked.unchanged
    return told
