"""The invitation of a survey as a mail: its questions in Markdown, the first score as a row of cells."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from retainctl.config import Shop
from retainctl.definitions import Fault
from retainctl.outreach import markdown
from retainctl.outreach.blocks import BLOCKS, MailBlock
from retainctl.outreach.composing import templates_of
from retainctl.outreach.templates import Templates
from retainctl.voice.mail_blocks import ANSWER, SCORE, answer_block, ends_in_words, score_block
from retainctl.voice.survey_file import Question, Survey, Translated

_QUESTIONS: Final = re.compile(r"\{\{\s*questions\s*\}\}")


def invitation_of(shop: Shop, survey: Survey, language: str) -> Templates:
    """The templates of the invitation, which *survey* has and says in *language*."""
    assert survey.invitation is not None
    return templates_of(
        shop,
        language=language,
        subject=survey.invitation.subject,
        preheader=survey.invitation.preheader,
        reason=survey.invitation.reason,
        blocks=_blocks(survey, language),
        body=_QUESTIONS.sub(lambda _: _asked(survey), survey.invitation.body),
        purpose="survey",
    )


def faults_of_texts(survey: Survey, *, own: str) -> Iterator[Fault]:
    """What is wrong with the body of each language, and what a translation lacks."""
    if getattr(survey, own) != Translated():
        yield Fault(f"[{own}]", f"{own} is the shop's own language", "Write these texts under [invitation].")
    for language, one in {own: survey, **survey.translations(own)}.items():
        invitation = one.invitation
        assert invitation is not None
        for fault in markdown.faults(invitation.body, BLOCKS[language] | _blocks(one, language)):
            yield fault if language == own else replace(fault, where=f"body, {language}")
        if language != own:
            for name in ("subject", "body", "reason"):
                if not getattr(invitation, name).strip():
                    yield Fault(f"[{language}]", f"{name} is empty", f"Write it, or remove all of [{language}].")
            yield from _untranslated(survey, one, language)


def _untranslated(survey: Survey, translated: Survey, language: str) -> Iterator[Fault]:
    for question, one in zip(survey.questions, translated.questions, strict=True):
        if not one.text.strip():
            yield Fault(f"[{language}.questions]", f"{one.name} is missing", "Write the question in this language.")
        if question.ends and not one.ends:
            yield Fault(f"[{language}.ends]", f"{one.name} is missing", "Say what its lowest and highest score mean.")
        if question.choices:
            yield Fault(
                f"[{language}]",
                f"{one.name} has choices, and an answer must repeat one letter for letter",
                "Write a survey of its own in this language.",
            )


def _asked(survey: Survey) -> str:
    """The questions in Markdown, each with its number and the total."""
    whole, touched = len(survey.questions), _touched(survey)
    return "\n\n".join(
        f"**{number}/{whole}** {question.text}" + (f"\n\n{{{SCORE}}}" if question is touched else _choices(question))
        for number, question in enumerate(survey.questions, 1)
    )


def _choices(question: Question) -> str:
    if question.is_score:
        ends = ends_in_words(question.lowest, question.highest, question.ends)
        return f" ({ends or f'{question.lowest}–{question.highest}'})"
    return "\n\n" + "\n".join(f"- {choice}" for choice in question.choices) if question.choices else ""


def _touched(survey: Survey) -> Question | None:
    """The question that a touch in the mail answers: the first with a score."""
    return next((question for question in survey.questions if question.is_score), None)


def _blocks(survey: Survey, language: str) -> dict[str, MailBlock]:
    """What the invitation's body may hold beside that of every mail."""
    touched = _touched(survey)
    how = answer_block(language, is_scored=touched is not None, is_one_question=len(survey.questions) == 1)
    if touched is None:
        return {ANSWER: how}
    return {ANSWER: how, SCORE: score_block(touched.name, touched.lowest, touched.highest, touched.ends)}
