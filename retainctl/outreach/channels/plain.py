"""A channel that hands a letter over with one call, such as a request to a gateway or writing a file."""

from __future__ import annotations

from collections.abc import Callable

from retainctl.errors import RetainError
from retainctl.outreach.channels import Answer, ChannelReport, Down, Letter, Outcome, Ready


class PlainChannel:
    """Calls *send* with each letter, one after the other; *send* returns the outcome.

    A RetainError from *send* means that the letter was certainly not accepted, and that no other will be in this run:
    those let go with it are deferred without an attempt. At most *at_once* letters are claimed, and marked as being
    handed over, in one commit; if the run is killed, these are left unknown.
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
