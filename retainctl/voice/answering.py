"""Importing answers from a file: all in one transaction, or nothing.

Respondents are identified by the source's own name for them, so importing the same answers again changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from retainctl.config import Shop
from retainctl.definitions import Defined
from retainctl.intake.cells import Cells, RowError
from retainctl.intake.import_runs import Counts, FileResult, Imported, ImportOptions, ImportOutcome
from retainctl.intake.one_file import RowOutcome, RowTaker, import_list
from retainctl.result import Progress
from retainctl.voice.reading import IDENTITIES, Reader, Response
from retainctl.voice.save_responses import Books
from retainctl.voice.survey_file import Survey
from retainctl.voice.surveys import SURVEYS


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerOptions(ImportOptions):
    """The options for a file of answers; *errors* says what happens to bytes that cannot be decoded."""

    errors: Literal["strict", "replace"] = "strict"


class AnswersImported(Imported):
    """The result for one file of answers (its source is the survey), with its customers and the answers marked."""

    customers: int = 0
    answers_replaced: int = 0


def import_answers(
    shop: Shop, name: str, file_name: str, options: AnswerOptions, *, progress: Progress = lambda _rows: None
) -> FileResult[AnswersImported]:
    """Import the answers to the survey *name* from a file (``-``: the standard input).

    A row with bytes that cannot be decoded is quarantined; with ``errors="replace"`` they are replaced, and the answer
    is marked. BadData where the file as a whole cannot be imported; then nothing is written.
    """
    defined = SURVEYS.read(shop, name)
    reader = Reader(shop, name, defined.value)
    return import_list(
        shop,
        file_name,
        options,
        lambda _file, _header: AnswerTaker(shop, defined, reader, options),
        keeps_bad_bytes=options.errors == "replace",
        progress=progress,
    )


class AnswerTaker(RowTaker[Response]):
    """Rows to responses."""

    kind = "answers"
    one_of = IDENTITIES
    how_named = 'Say under [answers] of the survey which column tells who answered, such as: token = "TOKEN".'

    def __init__(self, shop: Shop, survey: Defined[Survey], reader: Reader, options: AnswerOptions) -> None:
        settings = {"errors": options.errors, "survey": survey.hash}
        super().__init__(shop, options, reader.columns, source=survey.name, **settings)
        self._reader = reader
        self._books = Books(survey.name)

    def prepare(self, rows: Sequence[Cells]) -> None:
        self._reader.prepare(rows)

    def read(self, cells: Cells) -> Response:
        response = self._reader.response(cells)
        self._books.refuse_contradiction(response)
        return response

    def keep(self, read: list[Response], *, import_id: int) -> Sequence[RowOutcome | RowError]:
        return self._books.book(read, import_id=import_id)

    def result(self, file: str, outcome: ImportOutcome, counts: Counts) -> Any:
        customers, replaced = len(self._books.customers), self._books.replaced
        told = counts.told()
        return AnswersImported(file, self.source, outcome, **told, customers=customers, answers_replaced=replaced)
