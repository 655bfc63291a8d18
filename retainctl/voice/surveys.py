"""The file of a survey, ``surveys/NAME.toml``: drafting and checking it, and its invitation as what is planned."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Final
from urllib.parse import quote

from retainctl import schema
from retainctl.audience.segments import read_segment
from retainctl.clock import DAY_SECONDS
from retainctl.config import Shop
from retainctl.definitions import Defined, Fault, Kind, toml
from retainctl.errors import RetainError, WrongUsage
from retainctl.outreach import lint, planning
from retainctl.outreach.campaign_texts import LANGUAGES
from retainctl.outreach.programs import Addressed, FileState, Program, Recipe
from retainctl.rows import Row
from retainctl.store.database import value
from retainctl.voice.invitation_mail import faults_of_texts, invitation_of
from retainctl.voice.survey_file import QuestionKind, Survey

MOST_QUESTIONS = 5  # beyond these fewer and fewer people answer
PURPOSE = "survey"  # of a token that says "MAILING.CUSTOMER"
_TOKEN_SECONDS = 180 * DAY_SECONDS  # an invitation is valid for half a year after it was planned


class QuestionRow(Row, kind="question"):
    """One question of a survey, its place among them, and a warning where it could be better."""

    question: str
    type: QuestionKind
    progress: str
    text: str
    warning: str


class SurveyRow(Row, kind="survey"):
    """One survey of the shop; its state is *draft*, that of its latest mailing, or *faulty* where its file is."""

    survey: str
    state: FileState
    title: str
    questions: int
    audience: str


def list_surveys(shop: Shop) -> list[SurveyRow]:
    """Every survey of the shop, by name."""
    return [_row(shop, name) for name in SURVEYS.names(shop.folder)]


def _row(shop: Shop, name: str) -> SurveyRow:
    try:
        survey = SURVEYS.read(shop, name).value
    except RetainError:
        return SurveyRow(name, "faulty", "", 0, "")
    mailing = planning.latest("survey", name)
    return SurveyRow(name, mailing.stands if mailing else "draft", survey.title, len(survey.questions), survey.audience)


def draft(shop: Shop, name: str, *, kind: str, audience: str = "") -> Path:
    """Create the file of the survey *name*, to be edited; Refused where it already exists.

    The *audience*, if given, must be a segment. The file has every language that a customer is known to read, beside
    the shop's own.
    """
    if audience:
        read_segment(shop, audience)
    own = shop.settings.language
    text = _first_file(kind, language=own, audience=audience)
    for language in LANGUAGES:
        if language != own and value("SELECT 1 FROM customers WHERE language = ? LIMIT 1", language):
            text += _translation(kind, language=language)
    schema.read_text(text, Survey, name=name)
    return SURVEYS.write(shop.folder, name, text)


def _first_file(kind: str, *, language: str, audience: str) -> str:
    """The text of a survey that asks the *audience* for a score of *kind* and the reason for it; see ``samples``."""
    folder = files(__package__) / "samples"
    asked = tomllib.loads((folder / "questions.toml").read_text(encoding="utf-8"))[language]
    written = {"questions": "{{ questions }}", "answer": "{answer}"}
    ends = schema.to_toml(asked["ends"][kind])
    told = {"name": _SCORES[kind], "kind": kind, "score": asked[kind], "ends": ends, "text": asked["text"]}
    named = schema.to_toml(audience)
    return (folder / f"{language}.toml").read_text(encoding="utf-8").format(audience=named, **told, **written)


def _translation(kind: str, *, language: str) -> str:
    """What is added to the file for those who read *language*: what its own first file would say."""
    found = schema.read_text(_first_file(kind, language=language, audience=""), Survey, name=language)
    assert found.invitation is not None
    invitation = found.invitation
    texts = [f"{one.name} = {schema.to_toml(one.text)}" for one in found.questions]
    ends = [f"{one.name} = {schema.to_toml(one.ends)}" for one in found.questions if one.ends]
    lines = [
        "", "# The same for customers who are known to read this language.", f"[{language}]",
        f"subject = {schema.to_toml(invitation.subject)}", f"preheader = {schema.to_toml(invitation.preheader)}",
        f"reason = {schema.to_toml(invitation.reason)}", f'body = """\n{invitation.body}"""', "",
        f"[{language}.questions]", *texts, "", f"[{language}.ends]", *ends,
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


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
    own = shop.settings.language
    others = {language: invitation_of(shop, one, language) for language, one in survey.translations(own).items()}
    return Recipe(
        program="survey",
        name=defined.name,
        purpose="survey",
        audience=survey.audience,
        defined=defined,
        templates=replace(invitation_of(shop, survey, own), translations=others),
    )


def _faults(shop: Shop, defined: Defined[Survey]) -> Iterator[Fault]:
    """Everything that keeps the survey's invitations from being planned; nothing where it has none."""
    survey = defined.value
    if survey.invitation is None:
        return
    recipe = recipe_of(shop, defined)
    if not survey.audience:
        yield Fault("audience", "it is empty", "Name the segment to invite.")
    yield from lint.audience_faults(shop, survey.audience, where="audience")
    yield from faults_of_texts(survey, own=shop.settings.language)
    yield from lint.faults_of_sender(shop, recipe.purpose)
    yield from lint.faults_of_templates(shop, recipe.templates, program="survey", purpose=recipe.purpose)


def _links(to: Addressed) -> dict[str, str | None]:
    token = to.sign(PURPOSE, f"{to.mailing_id}.{to.customer_id}", expires_at=to.planned_at + _TOKEN_SECONDS)
    return {
        "survey_token": token,
        "survey_link": f"{to.public_url}/s/{token}" if to.public_url else None,
        "answer_mail": f"mailto:{quote(to.answer_to, safe='@+')}?subject=",
    }


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
