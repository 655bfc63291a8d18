"""A channel that hands over by one call, such as a request to a gateway or the writing of a file."""

from __future__ import annotations

from collections.abc import Callable

from retainctl.errors import RetainError
from retainctl.outreach.channels import Answer, ChannelReport, Down, Letter, Outcome, Ready


class PlainChannel:
    """Gives each letter to *send*, one after the other, and *send* says what became of it.

    A RetainError of *send* says that the letter was certainly not taken, and that none will be in this run: what was
    let go beside it is deferred untried. At most *at_once* letters are claimed, and marked as being handed over, by one
    commit; of those a run that is killed leaves unknown.
    """

    def __init__(self, send: Callable[[Letter], Outcome], *, at_once: int = 1) -> None:
        self._send = send
        self._at_once = at_once
        self._reports: list[ChannelReport] = []
        self._trouble: RetainError | None = None
        self._closed = False

    def objection(self, payload: bytes, *, marketing: bool) -> str:  # noqa: ARG002
        return ""

    def room(self) -> int:
        return 0 if self._closed or self._trouble else self._at_once

    def take(self, letter: Letter) -> None:
        self._reports.append(Ready(letter))

    def reports(self, wait_seconds: float) -> list[ChannelReport]:  # noqa: ARG002
        reports, self._reports = self._reports, []
        return reports

    def go(self, letter: Letter) -> None:
        trouble = self._trouble
        if trouble is None:
            try:
                self._reports.append(Answer(letter, self._send(letter)))
                return
            except RetainError as error:
                self._trouble = trouble = error
                self._reports.append(Down(error))
        self._reports.append(Answer(letter, Outcome("deferred", str(trouble), charged=False)))

    def drop(self, letter: Letter) -> None:
        pass

    def close(self) -> None:
        self._closed = True
