"""The file of a survey, ``surveys/NAME.toml``: its questions, its invitation, and how a file of answers is read."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Final, Literal

from retainctl import schema
from retainctl.audience.segments import read_segment
from retainctl.clock import DAY_SECONDS
from retainctl.config import Shop
from retainctl.definitions import Defined, Fault, Kind, toml
from retainctl.errors import WrongUsage
from retainctl.outreach import lint, planning
from retainctl.outreach.composing import templates_of
from retainctl.outreach.programs import Addressed, Program, Recipe
from retainctl.rows import Row

MOST_QUESTIONS = 5  # beyond these fewer and fewer people answer
_QUESTIONS = re.compile(r"\{\{\s*questions\s*\}\}")
PURPOSE = "survey"  # of a token that says "MAILING.CUSTOMER"
_TOKEN_SECONDS = 180 * DAY_SECONDS  # an invitation is valid for half a year after it was planned
SCALES = {"nps": (0, 10), "csat": (1, 5), "ces": (1, 7)}

QuestionKind = Literal["nps", "csat", "ces", "choice", "text"]


@dataclass(frozen=True, slots=True)
class Question:
    """One question. nps, csat and ces have a scale [lowest, highest]; a choice has choices."""

    name: str
    kind: QuestionKind
    text: str
    scale: tuple[int, ...] = ()
    choices: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z0-9_]{1,40}", self.name, re.ASCII):
            raise ValueError(f"the question name {self.name!r} must consist of a-z, 0-9 and _, 40 at most")
        if self.scale and (self.kind not in SCALES or len(self.scale) != 2 or self.scale[0] >= self.scale[1]):
            raise ValueError(f"the scale of {self.name} must be its lowest and highest score, such as [1, 5]")
        if self.kind == "nps" and self.scale not in ((), SCALES["nps"]):
            raise ValueError(f"{self.name} is an NPS question: its scale is [0, 10]")
        if (self.kind == "choice") != bool(self.choices):
            raise ValueError(f"{self.name} must have choices if its kind is choice, and only then")

    @property
    def is_score(self) -> bool:
        return self.kind in SCALES

    @property
    def lowest(self) -> int:
        return (self.scale or SCALES[self.kind])[0]

    @property
    def highest(self) -> int:
        return (self.scale or SCALES[self.kind])[1]


@dataclass(frozen=True, slots=True)
class Invitation:
    """The invitation mail: *body* is Markdown, in which ``{{ questions }}`` is replaced by the questions."""

    subject: str
    body: str
    reason: str


@dataclass(frozen=True, slots=True)
class AnswersFile:
    """How a file of answers is read: which columns identify the respondent, and which column answers which question.

    The respondent is a customer where a column has the invitation's token, the e-mail address, or the customer's id in
    *source*; otherwise only the column *respondent* identifies them.
    """

    respondent: str = "respondent"
    token: str = ""
    email: str = ""
    customer: str = ""
    source: str = ""
    answered_at: str = ""
    dates: str = "iso"
    missing: tuple[str, ...] = ("NA", "N/A", "-")
    columns: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if bool(self.customer) != bool(self.source):
            raise ValueError("set both customer (a column) and source (the shop its ids are from), or neither")


@dataclass(frozen=True, slots=True)
class Survey:
    """The file of a survey. Without an *invitation* to its *audience* (a segment), answers can only be imported."""

    title: str
    questions: tuple[Question, ...]
    invitation: Invitation | None = None
    audience: str = ""
    answers: AnswersFile = field(default_factory=AnswersFile)

    def __post_init__(self) -> None:
        names = [question.name for question in self.questions]
        if not names or len(set(names)) < len(names):
            raise ValueError("a survey needs questions with different names")
        for column, name in self.answers.columns.items():
            if name not in names:
                raise ValueError(f"the column {column} is for the question {name}, which does not exist")
        if self.audience and self.invitation is None:
            raise ValueError("a survey with an audience needs an invitation")

    def column_of(self, question: Question) -> str:
        """The column that answers *question*: the one mapped to it, else the one with its name."""
        mapped = {name: column for column, name in self.answers.columns.items()}
        return mapped.get(question.name, question.name)


class QuestionRow(Row, kind="question"):
    """One question of a survey, its place among them, and a warning where it could be better."""

    question: str
    type: str
    progress: str
    text: str
    warning: str


class SurveyRow(Row, kind="survey"):
    """One survey of the shop."""

    survey: str
    title: str
    questions: int
    audience: str


def list_surveys(shop: Shop) -> list[SurveyRow]:
    """Every survey of the shop, by name; BadConfiguration where a file is not valid."""
    found = [(name, SURVEYS.read(shop, name).value) for name in SURVEYS.names(shop.folder)]
    return [SurveyRow(name, survey.title, len(survey.questions), survey.audience) for name, survey in found]


def draft(shop: Shop, name: str, *, kind: str, audience: str = "") -> Path:
    """Create the file of the survey *name*, to be edited; Refused where it already exists.

    The *audience*, if given, must be a segment.
    """
    if audience:
        read_segment(shop, audience)
    text = _first_file(kind, language=shop.settings.language, audience=audience)
    schema.read_text(text, Survey, name=name)
    return SURVEYS.write(shop.folder, name, text)


def _first_file(kind: str, *, language: str, audience: str) -> str:
    """The text of a survey that asks the *audience* for a score of *kind* and the reason for it; see ``samples``."""
    folder = files(__package__) / "samples"
    asked = tomllib.loads((folder / "questions.toml").read_text(encoding="utf-8"))[language]
    written = {name: f"{{{{ {name} }}}}" for name in ("first_name", "questions", "survey_link", "survey_token")}
    told = {"name": _SCORES[kind], "kind": kind, "score": asked[kind], "text": asked["text"]}
    named = schema.to_toml(audience)
    return (folder / f"{language}.toml").read_text(encoding="utf-8").format(audience=named, **told, **written)


_SCORES: Final = {"nps": "recommend", "csat": "satisfaction", "ces": "ease"}


def questions_of(survey: Survey) -> list[QuestionRow]:
    """The questions of *survey* in order, each with a warning where it could be better."""
    whole = len(survey.questions)
    return [
        QuestionRow(question.name, question.kind, f"{number}/{whole}", question.text, _warning(survey, number))
        for number, question in enumerate(survey.questions, 1)
    ]


def _warning(survey: Survey, number: int) -> str:
    question = survey.questions[number - 1]
    if number > MOST_QUESTIONS:
        return f"question {number}: after {MOST_QUESTIONS} questions, fewer people answer"
    if question.kind == "text" and number == 1 and len(survey.questions) > 1:
        return "start with a question that one click can answer"
    if len(question.text) > 200:
        return "longer than 200 characters: few people read it to the end"
    return ""


def recipe_of(shop: Shop, defined: Defined[Survey]) -> Recipe:
    """The recipe for planning the survey's invitations; WrongUsage where it has none."""
    survey = defined.value
    if survey.invitation is None:
        raise WrongUsage(
            f"the survey {defined.name} has no invitation, so it is not sent",
            hint=f"Import its answers: retainctl surveys import {defined.name} FILE",
        )
    return Recipe(
        program="survey",
        name=defined.name,
        purpose="survey",
        audience=survey.audience,
        defined=defined,
        templates=templates_of(
            shop,
            subject=survey.invitation.subject,
            reason=survey.invitation.reason,
            body=_QUESTIONS.sub(lambda _: _asked(survey), survey.invitation.body),
            purpose="survey",
        ),
    )


def _asked(survey: Survey) -> str:
    """The questions in Markdown, each with its number and the total."""
    whole = len(survey.questions)
    return "\n\n".join(
        f"**{number}/{whole}** {question.text}{_choices(question)}"
        for number, question in enumerate(survey.questions, 1)
    )


def _choices(question: Question) -> str:
    return "\n\n" + "\n".join(f"- {choice}" for choice in question.choices) if question.choices else ""


def _faults(shop: Shop, defined: Defined[Survey]) -> Iterator[Fault]:
    """Everything that keeps the survey's invitations from being planned; nothing where it has none."""
    survey = defined.value
    if survey.invitation is None:
        return
    recipe = recipe_of(shop, defined)
    if not survey.audience:
        yield Fault("audience", "it is empty", "Name the segment to invite.")
    yield from lint.audience_faults(shop, survey.audience, where="audience")
    yield from lint.faults_of_sender(shop, recipe.purpose)
    yield from lint.faults_of_templates(shop, recipe.templates, program="survey", purpose=recipe.purpose)


def _links(to: Addressed) -> dict[str, str | None]:
    token = to.sign(PURPOSE, f"{to.mailing_id}.{to.customer_id}", expires_at=to.planned_at + _TOKEN_SECONDS)
    return {"survey_token": token, "survey_link": f"{to.public_url}/s/{token}" if to.public_url else None}


SURVEYS: Final = Kind(
    "survey",
    "surveys",
    ".toml",
    make="surveys draft {}",
    settings=Survey,
    parse=toml(Survey),
    faults=_faults,
    last_run=partial(planning.last_run, "survey"),
)

SURVEY: Final = Program(
    "survey",
    "surveys",
    labels=("survey", "סקר"),
    recipe=lambda shop, name: recipe_of(shop, SURVEYS.read(shop, name)),
    links=_links,
)
