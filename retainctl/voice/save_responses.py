"""Saving responses as new, changed or unchanged; in the caller's transaction."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, NamedTuple

from retainctl.intake.cells import RowError
from retainctl.intake.one_file import RowOutcome
from retainctl.store import dialect
from retainctl.store.database import execute_many, rows
from retainctl.voice.reading import Response

_ANSWER_COLUMNS = ("response_id", "question", "score", "words", "replaced")


class _StoredResponse(NamedTuple):
    """A response as it is in the database."""

    id: int
    content: bytes
    answered_at: int | None


@dataclass(slots=True)
class Books:
    """What one file of answers to one survey wrote so far."""

    survey: str
    customers: set[int] = field(default_factory=set)  # those who answered
    replaced: int = 0  # answers in which bytes were replaced
    _seen: dict[str, tuple[bytes, int | None]] = field(default_factory=dict)  # the content of each, and its time

    def refuse_contradiction(self, response: Response) -> None:
        """RowError where the respondent has a different answer in an earlier row of the file, and no times that tell
        which one is newer."""
        content, at = _content_hash(response), response.answered_at
        seen, seen_at = self._seen.setdefault(response.respondent, (content, at))
        if seen == content:
            return
        if at is None or seen_at is None or at == seen_at:
            raise RowError(
                "", "answered_twice", f"{response.respondent} has a different answer in an earlier row of this file"
            )
        self._seen[response.respondent] = max((seen, seen_at), (content, at), key=itemgetter(1))

    def book(self, responses: Sequence[Response], *, import_id: int) -> list[RowOutcome]:
        """Write what is new or differs from what is stored; of one respondent's answers the newest counts.

        Returns for each, in order, whether it was new, changed or unchanged.
        """
        outcomes = [outcome for some in _parted(responses) for outcome in self._book(some, import_id)]
        self.customers |= {response.customer_id for response in responses if response.customer_id is not None}
        self.replaced += sum(given.replaced for response in responses for given in response.answers)
        return outcomes

    def _book(self, responses: Sequence[Response], import_id: int) -> list[RowOutcome]:
        """Write *responses*, at most one per respondent."""
        stored = self._stored([response.respondent for response in responses])
        new: list[Response] = []
        changed: list[tuple[int, Response]] = []
        outcomes: list[RowOutcome] = []
        for response in responses:
            known = stored.get(response.respondent)
            if known is None:
                new.append(response)
                outcomes.append("new")
            elif known.content != _content_hash(response) and not _is_older(response, known.answered_at):
                changed.append((known.id, response))
                outcomes.append("changed")
            else:
                outcomes.append("unchanged")
        self._add(new, import_id)
        self._replace(changed, import_id)
        return outcomes

    def _stored(self, respondents: list[str]) -> dict[str, _StoredResponse]:
        condition, bound = dialect.one_of(respondents)
        query = "SELECT respondent, id, content_hash, answered_at FROM responses WHERE survey = ? AND respondent"
        return {
            respondent: _StoredResponse(response_id, bytes(content), answered_at)
            for respondent, response_id, content, answered_at in rows(f"{query} {condition}", self.survey, bound)
        }

    def _add(self, new: list[Response], import_id: int) -> None:
        if not new:
            return
        numbered = list(enumerate(new, dialect.take_ids("responses", len(new))))
        dialect.insert_many(
            "responses",
            "id survey respondent customer_id answered_at content_hash import_id",
            [
                (number, self.survey, one.respondent, one.customer_id, one.answered_at, _content_hash(one), import_id)
                for number, one in numbered
            ],
        )
        dialect.insert_many("answers", _ANSWER_COLUMNS, _answer_rows(numbered))

    def _replace(self, changed: list[tuple[int, Response]], import_id: int) -> None:
        execute_many(
            "UPDATE responses SET customer_id = ?, answered_at = ?, content_hash = ?, import_id = ?,"
            " version = version + 1 WHERE id = ?",
            [(one.customer_id, one.answered_at, _content_hash(one), import_id, number) for number, one in changed],
        )
        execute_many("DELETE FROM answers WHERE response_id = ?", [(number,) for number, _ in changed])
        dialect.insert_many("answers", _ANSWER_COLUMNS, _answer_rows(changed))


def _parted(responses: Sequence[Response]) -> Iterator[list[Response]]:
    """*responses* in their order, split so that no part has a respondent twice."""
    part: dict[str, Response] = {}
    for response in responses:
        if response.respondent in part:
            yield list(part.values())
            part = {}
        part[response.respondent] = response
    yield list(part.values())


def _is_older(response: Response, answered_at: int | None) -> bool:
    return response.answered_at is not None and answered_at is not None and response.answered_at < answered_at


def _answer_rows(numbered: Sequence[tuple[int, Response]]) -> Iterator[tuple[Any, ...]]:
    for number, response in numbered:
        for given in response.answers:
            yield number, given.question, given.score, given.words, int(given.replaced)


def _content_hash(response: Response) -> bytes:
    content = json.dumps([response.customer_id, response.answered_at, response.answers])
    return hashlib.blake2b(content.encode(), digest_size=16).digest()
