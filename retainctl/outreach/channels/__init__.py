"""The channels that messages are sent by. A channel does not use the database: it takes letters, prepares each until
only the last step is missing, and reports the outcome.

Handing over has two steps, because the second cannot be undone. A channel reports that a letter is ``Ready`` when the
only thing left is the act that makes the other side responsible for it (for mail: the final dot). The caller first
saves durably that this is about to happen, and then lets the letter ``go``. So a letter that was not let go was
certainly not sent.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol

from retainctl.errors import RetainError

Claim = tuple[int, int]  # an outbox row, and which claim of it


@dataclass(frozen=True, slots=True)
class Letter:
    """A message claimed by this process: its outbox row and claim, the envelope, and the bytes to send."""

    id: int
    claim_no: int
    mailing_id: int
    message_id: str
    from_address: str  # on the envelope
    to_address: str
    payload: bytes = field(repr=False)

    @property
    def claim(self) -> Claim:
        """What tells it from the same message, claimed again: a sender that slept past its lease may hold both."""
        return self.id, self.claim_no


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a letter, and who is at fault where it was not accepted.

    ``deferred`` means that it was certainly not accepted and may be tried again; ``unknown`` that it was let go and no
    answer came. An outcome that is not ``charged`` does not count as an attempt, and is retried after
    ``retry_seconds``.
    """

    state: Literal["sent", "deferred", "failed", "unknown"]
    detail: str = ""
    code: int | None = None
    enhanced: str | None = None
    charged: bool = True
    retry_seconds: int = 0
    nobody_there: bool = False  # the address itself was refused: it will be suppressed
    sender_at_fault: bool = False  # other recipients would be refused as well: the mailing will be paused


@dataclass(frozen=True, slots=True)
class Ready:
    """The letter is ready and waits for ``go`` or ``drop``."""

    letter: Letter


@dataclass(frozen=True, slots=True)
class Answer:
    """The channel is done with the letter."""

    letter: Letter
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Returned:
    """The letter was not started, through no fault of its own: it can be claimed again."""

    letter: Letter


@dataclass(frozen=True, slots=True)
class Down:
    """The channel accepts no more messages in this run."""

    trouble: RetainError


ChannelReport = Ready | Answer | Returned | Down


class Channel(Protocol):
    """The interface between the outbox and a channel. All calls come from one thread."""

    def objection(self, payload: bytes, *, marketing: bool) -> str:
        """Why no message like this one may be sent by this channel, or empty."""

    def room(self) -> int:
        """How many more letters it accepts now."""

    def take(self, letter: Letter) -> None:
        """Start with *letter*; ``Ready``, ``Answer`` or ``Returned`` follows in ``reports``."""

    def reports(self, wait_seconds: float) -> list[ChannelReport]:
        """The reports since the last call; waits for the first one at most *wait_seconds*."""

    def go(self, letter: Letter) -> None:
        """Hand over a letter that is ready; its row is durably ``handing``. An ``Answer`` follows."""

    def drop(self, letter: Letter) -> None:
        """Give up a letter that is ready, without handing it over. Nothing follows."""

    def close(self) -> None:
        """Start nothing more: waiting letters come back as ``Returned``; those that were let go still get an answer."""
