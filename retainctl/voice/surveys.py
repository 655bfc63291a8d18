"""A survey's file, ``surveys/NAME.toml``: its questions, its invitation, and how a file of answers is read."""

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
_TOKEN_SECONDS = 180 * DAY_SECONDS  # an invitation is good for half a year from its plan
SCALES = {"nps": (0, 10), "csat": (1, 5), "ces": (1, 7)}

QuestionKind = Literal["nps", "csat", "ces", "choice", "text"]


@dataclass(frozen=True, slots=True)
class Question:
    """One question. A score has a scale (lowest, highest), a choice its choices."""

    name: str
    kind: QuestionKind
    text: str
    scale: tuple[int, ...] = ()
    choices: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z0-9_]{1,40}", self.name, re.ASCII):
            raise ValueError(f"a question's name is of a-z, 0-9 and _, and {self.name!r} is not")
        if self.scale and (self.kind not in SCALES or len(self.scale) != 2 or self.scale[0] >= self.scale[1]):
            raise ValueError(f"the scale of {self.name} must be its lowest and highest score, such as [1, 5]")
        if self.kind == "nps" and self.scale not in ((), SCALES["nps"]):
            raise ValueError(f"{self.name} is an NPS question: its scale is [0, 10]")
        if (self.kind == "choice") != bool(self.choices):
            raise ValueError(f"{self.name} needs choices if it is a choice, and only then")

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
    """The mail that asks: *body* in Markdown, in which ``{{ questions }}`` stands for the questions."""

    subject: str
    body: str
    reason: str


@dataclass(frozen=True, slots=True)
class AnswersFile:
    """How a file of answers is read: which column says who answered, and which column answers which question.

    Who answered is a customer where a column holds the invitation's token, an e-mail address, or what *source* calls
    the customer; else the respondent is known by *respondent* alone.
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
            raise ValueError("customer names a column and source the shop it comes from: both, or neither")


@dataclass(frozen=True, slots=True)
class Survey:
    """What a survey's file says. Without an *invitation* of its *audience* (a segment) it only takes answers in."""

    title: str
    questions: tuple[Question, ...]
    invitation: Invitation | None = None
    audience: str = ""
    answers: AnswersFile = field(default_factory=AnswersFile)

    def __post_init__(self) -> None:
        names = [question.name for question in self.questions]
        if not names or len(set(names)) < len(names):
            raise ValueError("a survey needs questions, each of a name of its own")
        for column, name in self.answers.columns.items():
            if name not in names:
                raise ValueError(f"the column {column} answers {name}, and no question is called so")
        if self.audience and self.invitation is None:
            raise ValueError("an audience is asked by an invitation, and there is none")

    def column_of(self, question: Question) -> str:
        """The column that answers *question*: the one that is mapped to it, else the one of its name."""
        mapped = {name: column for column, name in self.answers.columns.items()}
        return mapped.get(question.name, question.name)


class QuestionRow(Row, kind="question"):
    """One question of a survey, how far along it stands, and what is better done otherwise."""

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
    """Every survey of the shop, by name; a file that is not as it should be is BadConfiguration."""
    found = [(name, SURVEYS.read(shop, name).value) for name in SURVEYS.names(shop.folder)]
    return [SurveyRow(name, survey.title, len(survey.questions), survey.audience) for name, survey in found]


def draft(shop: Shop, name: str, *, kind: str, audience: str = "") -> Path:
    """Write the first file of the survey *name*, to be edited; one that is there already is Refused.

    An *audience* that is named must be a segment.
    """
    if audience:
        read_segment(shop, audience)
    text = _first_file(kind, language=shop.settings.language, audience=audience)
    schema.read_text(text, Survey, name=name)
    return SURVEYS.write(shop.folder, name, text)


def _first_file(kind: str, *, language: str, audience: str) -> str:
    """The file of a survey that asks the *audience* for one score of *kind* and the reason for it; see ``samples``."""
    folder = files(__package__) / "samples"
    asked = tomllib.loads((folder / "questions.toml").read_text(encoding="utf-8"))[language]
    written = {name: f"{{{{ {name} }}}}" for name in ("first_name", "questions", "survey_link", "survey_token")}
    told = {"name": _SCORES[kind], "kind": kind, "score": asked[kind], "text": asked["text"]}
    named = schema.to_toml(audience)
    return (folder / f"{language}.toml").read_text(encoding="utf-8").format(audience=named, **told, **written)


_SCORES: Final = {"nps": "recommend", "csat": "satisfaction", "ces": "ease"}


def questions_of(survey: Survey) -> list[QuestionRow]:
    """The questions of *survey* in order, each with what is better done otherwise."""
    whole = len(survey.questions)
    return [
        QuestionRow(question.name, question.kind, f"{number}/{whole}", question.text, _warning(survey, number))
        for number, question in enumerate(survey.questions, 1)
    ]


def _warning(survey: Survey, number: int) -> str:
    question = survey.questions[number - 1]
    if number > MOST_QUESTIONS:
        return f"question {number}: beyond {MOST_QUESTIONS} fewer and fewer people answer"
    if question.kind == "text" and number == 1 and len(survey.questions) > 1:
        return "begin with a question that is answered by one click"
    if len(question.text) > 200:
        return "a question of more than 200 characters is not read to its end"
    return ""


def recipe_of(shop: Shop, defined: Defined[Survey]) -> Recipe:
    """What the survey asks to be planned; WrongUsage where it invites nobody."""
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
    """The questions in Markdown, each with how far along it stands."""
    whole = len(survey.questions)
    return "\n\n".join(
        f"**{number}/{whole}** {question.text}{_choices(question)}"
        for number, question in enumerate(survey.questions, 1)
    )


def _choices(question: Question) -> str:
    return "\n\n" + "\n".join(f"- {choice}" for choice in question.choices) if question.choices else ""


def _faults(shop: Shop, defined: Defined[Survey]) -> Iterator[Fault]:
    """Everything that keeps the survey's invitations from being planned; nothing where it invites nobody."""
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
