"""Rows of a file of answers to responses: who answered, and what."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from retainctl import normalising
from retainctl.config import Shop
from retainctl.errors import BadData
from retainctl.intake.cells import Cells, Column, RowError
from retainctl.intake.text import BAD_BYTE
from retainctl.intake.values import Values
from retainctl.outreach import tokens
from retainctl.shop.customer_lookup import called, points_at
from retainctl.shop.customers import survivor_of
from retainctl.store.database import rows
from retainctl.voice.survey_file import Question, Survey
from retainctl.voice.surveys import PURPOSE

REPLACEMENT: Final = "\ufffd"
_SCORE: Final = re.compile(r"(-?\d{1,6})(?:\.0{1,6})?", re.ASCII)
IDENTITIES: Final = (
    "respondent",
    "token",
    "email",
    "customer",
    "subject",
)  # the first cells of a row identify the respondent


class Given(NamedTuple):
    """One answer: a score or words. *replaced*: bytes that could not be decoded became U+FFFD."""

    question: str
    score: int | None
    words: str | None
    replaced: bool


class Response(NamedTuple):
    """The answers of one respondent."""

    respondent: str
    customer_id: int | None
    answered_at: int | None
    answers: tuple[Given, ...]


class Reader:
    """Reads the answers to one survey."""

    def __init__(self, shop: Shop, name: str, survey: Survey) -> None:
        self._shop = shop
        self._name = name
        self._survey = survey
        self._values = Values(shop.clock, shop_currency=shop.settings.currency, dates=survey.answers.dates)
        self._missing = {"", *survey.answers.missing}
        self._by_email: dict[str, int] = {}
        self._by_key: dict[str, int] = {}
        self._token_column = survey.answers.token or survey.answers.subject
        self.columns = _columns(survey)

    def prepare(self, cells: Sequence[Cells]) -> None:
        """Look up the customers of all these rows at once."""
        file = self._survey.answers
        if file.email:
            points = points_at(("email", key) for row in cells if (key := _email_key(row[2])))
            self._by_email = {key: point.customer_id for (_, key), point in points.items()}
        if file.customer:
            ids = called({row[3] for row in cells if row[3]}, source=file.source)
            self._by_key = {key: customer for key, customers in ids.items() for customer in customers}

    def response(self, cells: Cells) -> Response:
        """The response in one row; RowError where it is not valid."""
        respondent, token, email, customer, subject, answered_at, *given = cells
        token = token.strip() or tokens.held_by(subject)
        given = [
            cell if cell.strip() else _touched(question, subject)
            for question, cell in zip(self._survey.questions, given, strict=True)
        ]
        moment = self._values.instant(answered_at, self._survey.answers.answered_at)[0] if answered_at.strip() else None
        if token:
            # All answers to one invitation are from one respondent, whatever name the source has for them.
            invited = self._invited(token, at=self._shop.clock.now() if moment is None else moment)
            customer_id: int | None = survivor_of(invited)
            who = f"customer:{invited}"
        else:
            customer_id = self._by_email.get(_email_key(email)) or self._by_key.get(customer)
            who = _plain(respondent).strip() or (f"customer:{customer_id}" if customer_id else "")
        if not who:
            raise RowError(self._survey.answers.respondent, "no_respondent", "the row has no respondent")
        answers = (self._answer(question, cell) for question, cell in zip(self._survey.questions, given, strict=True))
        known = tuple(answer for answer in answers if answer is not None)
        if subject.strip() and not known:
            raise RowError(self._survey.answers.subject, "no_answer", "neither the row nor the subject has an answer")
        return Response(who, customer_id, moment, known)

    def _invited(self, token: str, *, at: int) -> int:
        """The customer to whom *token* was sent for this survey; RowError where it is not valid at the instant *at*."""
        try:
            mailing, _, customer = tokens.verify(token, PURPOSE, at).partition(".")
        except BadData as error:
            raise RowError(self._token_column, "bad_token", str(error)) from None
        if rows("SELECT name FROM mailings WHERE id = ? AND program = 'survey'", int(mailing)) != [(self._name,)]:
            raise RowError(self._token_column, "bad_token", "the token belongs to another survey")
        return int(customer)

    def _answer(self, question: Question, cell: str) -> Given | None:
        text = cell.strip()
        if text in self._missing:
            return None
        if question.is_score:
            return Given(question.name, self._score(question, text), None, False)
        words = _plain(text)
        if question.kind == "choice" and words not in question.choices:
            raise RowError(
                self._survey.column_of(question),
                "bad_choice",
                f"{words!r} is not one of the choices: {', '.join(question.choices)}",
            )
        return Given(question.name, None, words, words != text)

    def _score(self, question: Question, text: str) -> int:
        written = _SCORE.fullmatch(text)
        if written is None or not question.lowest <= int(written[1]) <= question.highest:
            raise RowError(
                self._survey.column_of(question),
                "bad_score",
                f"{_plain(text)!r} is not a score from {question.lowest} to {question.highest}",
            )
        return int(written[1])


def _columns(survey: Survey) -> tuple[Column, ...]:
    """The columns to read, in the order of ``Reader.response``; those that the file must have are required."""
    file = survey.answers
    others = any((file.token, file.email, file.customer, file.subject))
    named = [
        Column("respondent", (file.respondent,), required=not others),
        *(Column(role, (name,) if (name := getattr(file, role)) else ()) for role in IDENTITIES[1:]),
        Column("answered_at", (file.answered_at,) if file.answered_at else (), required=bool(file.answered_at)),
    ]
    return (
        *named,
        *(
            Column(
                question.name,
                (survey.column_of(question),),
                required=(question.is_score and not file.subject) or survey.column_of(question) in file.columns,
            )
            for question in survey.questions
        ),
    )


def _touched(question: Question, subject: str) -> str:
    """The score of *question* that a touch in the mail wrote into the *subject* of the answer; '' where there is none.

    A reply keeps what stands before and after it.
    """
    found = re.search(rf"(?<!\w){question.name}:(-?\d{{1,6}})(?!\w)", subject) if question.is_score else None
    return found[1] if found else ""


def _email_key(cell: str) -> str:
    """The key of the address in *cell*, for comparison; '' where there is no valid address."""
    try:
        return normalising.email_address(cell).key if cell.strip() else ""
    except BadData:
        return ""


def _plain(text: str) -> str:
    """*text* with every byte that could not be decoded replaced."""
    return BAD_BYTE.sub(REPLACEMENT, text)
