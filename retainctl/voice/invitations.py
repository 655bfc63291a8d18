"""Asking: a survey's invitations are planned, approved by their hash and queued, as campaigns are.

The same consent (for surveys), the same contact budget, quiet hours and outbox. Nobody is invited to a survey twice,
however often it is run: whoever came into its audience since is invited then.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from retainctl.audience.segments import member_ids
from retainctl.config import Shop
from retainctl.errors import BadData, WrongUsage
from retainctl.outreach import lint, planning
from retainctl.outreach.composing import templates_of
from retainctl.outreach.outbox.queueing import queue
from retainctl.outreach.planning import Plan, Recipe
from retainctl.rows import Row
from retainctl.store.transactions import in_one_transaction
from retainctl.voice.surveys import Question, Survey, read_survey, survey_text

_QUESTIONS = re.compile(r"\{\{\s*questions\s*\}\}")


class Invited(Row, kind="survey_run"):
    """What a run of a survey gave to the outbox."""

    survey: str
    hash: str
    invitations: int


def faults(shop: Shop, name: str) -> list[lint.Fault]:
    """Everything that keeps the survey's invitations from being planned; nothing where it invites nobody."""
    survey = read_survey(shop, name)
    if survey.invitation is None:
        return []
    recipe = _recipe(shop, name, survey)
    return [
        *_audience(shop, survey),
        *lint.faults_of_sender(shop, recipe.purpose),
        *lint.faults_of_templates(shop, recipe.templates, program="survey", purpose=recipe.purpose),
    ]


def plan(shop: Shop, name: str, *, dry_run: bool = False, advance: Callable[[int], None] = lambda _: None) -> Plan:
    """Choose who is invited and why everybody else is not; an invitation with faults is BadData."""
    survey = read_survey(shop, name)
    if survey.invitation is None:
        raise WrongUsage(
            f"the survey {name} invites nobody: its file has no invitation",
            hint=f"Take its answers in: retainctl surveys import {name} FILE",
        )
    if found := faults(shop, name):
        raise BadData(
            f"the survey {name} is not ready: {found[0].fault}", hint=f"See everything: retainctl surveys check {name}"
        )
    candidates = member_ids(shop, survey.audience, refreshed=not dry_run)
    return planning.plan(shop, _recipe(shop, name, survey), candidates, dry_run=dry_run, advance=advance)


@in_one_transaction
def send(shop: Shop, name: str, plan_hash: str) -> Invited:
    """Approve the plan with that hash and give it to the outbox, whole or not at all; ``outbox deliver`` sends it.

    Refused when anything differs from what was planned. A plan that was sent before makes nothing more.
    """
    known = planning.latest("survey", name)
    if known is not None and known.sent_at is not None and known.plan_hash.startswith(plan_hash):
        return Invited(name, known.plan_hash[: planning.SHOWN_HASH], 0)
    mailing = planning.approve(shop, _recipe(shop, name, read_survey(shop, name)), plan_hash)
    made = queue(shop, mailing.id)
    return Invited(name, mailing.plan_hash[: planning.SHOWN_HASH], made)


def _audience(shop: Shop, survey: Survey) -> Iterator[lint.Fault]:
    if not survey.audience:
        yield lint.Fault("audience", "it is empty", "Name the segment that is asked.")
    yield from lint.audience_faults(shop, survey.audience, where="audience")


def _recipe(shop: Shop, name: str, survey: Survey) -> Recipe:
    assert survey.invitation is not None
    return Recipe(
        program="survey",
        name=name,
        purpose="survey",
        draft=survey_text(shop, name),
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
