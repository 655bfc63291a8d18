"""The results of a survey: its scores with their intervals, its response rate, and its open comments."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from retainctl.config import Shop
from retainctl.rows import Row
from retainctl.store.database import rows, value
from retainctl.store.dialect import one_of
from retainctl.store.select import select
from retainctl.voice import scores
from retainctl.voice.scores import Interval
from retainctl.voice.survey_file import Question, QuestionKind
from retainctl.voice.surveys import SURVEYS


class ResultRow(Row, kind="survey_result", kw_only=True, spare="repeated missing"):
    """The result of one question; a choice question has one row per choice.

    NPS is in points from -100 to 100; every other score is a share from 0 to 1. ``low`` and ``high`` are its 95 %
    confidence interval. ``responded`` divided by ``invited`` is the response rate, and ``repeated`` is how many
    responses are of customers who had responded before, which count too; they are the same in every row.
    """

    question: str
    type: QuestionKind
    choice: str | None = None
    answered: int
    missing: int
    score: float | None = None
    low: float | None = None
    high: float | None = None
    promoters: int | None = None
    passives: int | None = None
    detractors: int | None = None
    favourable: int | None = None
    mean: float | None = None
    invited: int
    responded: int
    response_rate: float | None
    repeated: int


class CommentRow(Row, kind="comment"):
    """One answer in words. *replaced*: bytes that could not be decoded became U+FFFD."""

    respondent: str
    customer: int | None
    question: str
    score: int | None
    replaced: bool
    comment: str


def results(shop: Shop, name: str) -> list[ResultRow]:
    """The result of each question of the survey *name*, in the order of its file."""
    survey = SURVEYS.read(shop, name).value
    responses = int(value("SELECT COUNT(*) FROM responses WHERE survey = ?", name))
    invited, responded = _response(name)
    rate = responded / invited if invited else None
    repeated = int(
        value("SELECT COUNT(customer_id) - COUNT(DISTINCT customer_id) FROM responses WHERE survey = ?", name)
    )
    found: list[ResultRow] = []
    for question in survey.questions:
        tally = tally_of(name, question)
        answered = sum(tally.values())
        found += [
            ResultRow(
                question=question.name,
                type=question.kind,
                answered=answered,
                missing=responses - answered,
                invited=invited,
                responded=responded,
                response_rate=rate,
                repeated=repeated,
                **counted,
            )
            for counted in _counted(question, tally)
        ]
    return found


def comments(shop: Shop, name: str) -> list[CommentRow]:
    """Every answer in words to an open question of the survey *name*, with the respondent's first score."""
    survey = SURVEYS.read(shop, name).value
    score = next((question.name for question in survey.questions if question.is_score), "")
    opened = [question.name for question in survey.questions if question.kind == "text"]
    if not opened:
        return []
    among, questions = one_of(opened)
    query = f"""SELECT responses.respondent, responses.customer_id AS customer, answers.question, scored.score,
            answers.replaced, answers.words AS comment
        FROM responses
        JOIN answers ON answers.response_id = responses.id AND answers.question {among}
        LEFT JOIN answers AS scored ON scored.response_id = responses.id AND scored.question = ?
        WHERE responses.survey = ? ORDER BY responses.id, answers.question"""
    return select(shop, CommentRow, query, questions, score, name)


def _counted(question: Question, tally: Counter[Any]) -> Iterator[dict[str, Any]]:
    """The columns of the result of *question*, for one row or several, from how often each answer was given."""
    answered = sum(tally.values())
    if question.kind == "text":
        yield {}
    elif question.kind == "choice":
        for choice in question.choices:
            yield {"choice": choice, "favourable": tally[choice]} | _interval(scores.share(tally[choice], answered))
    elif question.kind == "nps":
        found = scores.nps(tally)
        kinds = {"promoters": found.promoters, "passives": found.passives, "detractors": found.detractors}
        yield kinds | {"mean": scores.mean(tally)} | _interval(found.score)
    else:
        liked = scores.favourable(question.kind, tally, highest=question.highest)
        yield {"favourable": liked, "mean": scores.mean(tally)} | _interval(scores.share(liked, answered))


def _interval(interval: Interval) -> dict[str, float | None]:
    return {"score": interval.value, "low": interval.low, "high": interval.high}


def tally_of(name: str, question: Question) -> Counter[Any]:
    """How often each answer to *question* was given; open answers are only counted."""
    column = {"text": "question", "choice": "words"}.get(question.kind, "score")
    query = f"""SELECT answers.{column}, COUNT(*) FROM answers JOIN responses ON responses.id = answers.response_id
        WHERE responses.survey = ? AND answers.question = ? GROUP BY answers.{column}"""
    return Counter(dict(rows(query, name, question.name)))


def _response(name: str) -> tuple[int, int]:
    """How many customers an invitation was sent to, and how many of them have answered.

    After a merge an invitation still belongs to the customer it was sent to; an answer moves to the surviving one.
    """
    sent = """SELECT DISTINCT outbox.customer_id AS customer_id FROM outbox
        JOIN mailings ON mailings.id = outbox.mailing_id
        WHERE mailings.program = 'survey' AND mailings.name = ? AND outbox.state = 'sent'"""
    invited = value(f"SELECT COUNT(*) FROM ({sent}) AS invited", name)
    responded = value(
        f"""WITH RECURSIVE merged (customer_id, survivor_id) AS (
                SELECT id, merged_into FROM customers WHERE merged_into IS NOT NULL
                UNION SELECT merged.customer_id, customers.merged_into FROM merged
                JOIN customers ON customers.id = merged.survivor_id WHERE customers.merged_into IS NOT NULL)
            SELECT COUNT(*) FROM ({sent}) AS invited
            WHERE EXISTS (SELECT 1 FROM responses WHERE responses.survey = ? AND (
                responses.customer_id = invited.customer_id OR responses.customer_id IN (
                    SELECT survivor_id FROM merged WHERE merged.customer_id = invited.customer_id)))""",
        name,
        name,
    )
    return int(invited), int(responded)
