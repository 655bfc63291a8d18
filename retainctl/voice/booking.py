"""Writing responses: new, changed or as they were; in the caller's transaction."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from retainctl.shop.importing.documents import RowError
from retainctl.store import dialect
from retainctl.store.database import execute_many, rows
from retainctl.voice.reading import Response

_BATCH: Final = 500
_ANSWER_COLUMNS = ("response_id", "question", "score", "words", "replaced")


@dataclass(slots=True)
class Booked:
    """What became of responses."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0


@dataclass(slots=True)
class Books:
    """What one file of answers to one survey wrote so far."""

    survey: str
    import_id: int
    customers: set[int] = field(default_factory=set)  # those who answered
    replaced: int = 0  # answers in which bytes were replaced
    _seen: dict[str, bytes] = field(default_factory=dict)

    def refuse_contradiction(self, response: Response) -> None:
        """RowError for a respondent who answered otherwise on an earlier row of the same file."""
        content = _content_hash(response)
        if self._seen.setdefault(response.respondent, content) != content:
            raise RowError(
                "", "answered_twice", f"{response.respondent} has answered otherwise on an earlier row of this file"
            )

    def book(self, responses: Sequence[Response]) -> Booked:
        """Write what is new or differs from what is stored."""
        booked = Booked()
        stored = self._stored([response.respondent for response in responses])
        new: list[Response] = []
        changed: list[tuple[int, Response]] = []
        for response in responses:
            content = _content_hash(response)
            response_id, known = stored.get(response.respondent, (None, None))
            if known == content:
                booked.unchanged += 1
                continue
            if response_id is None:
                new.append(response)
                booked.new += 1
            else:
                changed.append((response_id, response))
                booked.changed += 1
            stored[response.respondent] = (None, content)  # an equal row that follows changes nothing
        self._add(new)
        self._replace(changed)
        self.customers |= {response.customer_id for response in responses if response.customer_id is not None}
        self.replaced += sum(given.replaced for response in responses for given in response.answers)
        return booked

    def _stored(self, respondents: list[str]) -> dict[str, tuple[int | None, bytes | None]]:
        found: dict[str, tuple[int | None, bytes | None]] = {}
        for first in range(0, len(respondents), _BATCH):
            some = respondents[first : first + _BATCH]
            for respondent, response_id, content in rows(
                "SELECT respondent, id, content_hash FROM responses WHERE survey = ?"
                f" AND respondent IN ({', '.join('?' * len(some))})",
                self.survey, *some,
            ):  # fmt: skip
                found[respondent] = (response_id, bytes(content))
        return found

    def _add(self, new: list[Response]) -> None:
        if not new:
            return
        numbered = list(enumerate(new, dialect.take_ids("responses", len(new))))
        dialect.insert_many(
            "responses",
            ("id", "survey", "respondent", "customer_id", "answered_at", "content_hash", "import_id"),
            [
                (number, self.survey, one.respondent, one.customer_id, one.answered_at, _content_hash(one),
                 self.import_id)
                for number, one in numbered
            ],
        )  # fmt: skip
        dialect.insert_many("answers", _ANSWER_COLUMNS, _answer_rows(numbered))

    def _replace(self, changed: list[tuple[int, Response]]) -> None:
        execute_many(
            "UPDATE responses SET customer_id = ?, answered_at = ?, content_hash = ?, import_id = ?,"
            " version = version + 1 WHERE id = ?",
            [
                (one.customer_id, one.answered_at, _content_hash(one), self.import_id, number)
                for number, one in changed
            ],
        )  # fmt: skip
        execute_many("DELETE FROM answers WHERE response_id = ?", [(number,) for number, _ in changed])
        dialect.insert_many("answers", _ANSWER_COLUMNS, _answer_rows(changed))


def _answer_rows(numbered: Sequence[tuple[int, Response]]) -> Iterator[tuple[Any, ...]]:
    for number, response in numbered:
        for given in response.answers:
            yield number, given.question, given.score, given.words, int(given.replaced)


def _content_hash(response: Response) -> bytes:
    content = json.dumps([response.customer_id, response.answered_at, response.answers])
    return hashlib.blake2b(content.encode(), digest_size=16).digest()
