"""The ways a message leaves. A channel knows nothing of the database: it takes letters, brings each to the brink, and
tells what became of it.

Handing over goes in two steps, because one of them cannot be taken back. A channel that took a letter reports that it
is ``Ready`` when all that is left is the act that makes the other side responsible for it (for mail: the final dot).
Only when the caller has written down durably that this is about to happen does it let the letter ``go``. So a letter
that was never let go was certainly not sent.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol

from retainctl.errors import RetainError


@dataclass(frozen=True, slots=True)
class Letter:
    """A claimed message in the hands of this process: the outbox row, the claim, and what is sent where."""

    id: int
    claim_no: int
    mailing_id: int
    message_id: str
    from_address: str  # on the envelope
    to_address: str
    payload: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a letter, and who is at fault where it was not taken.

    ``deferred`` means that it was certainly not taken and may be tried again; ``unknown`` that it was let go and no
    answer came. An uncharged one does not count as an attempt of the recipient's, and ``retry_seconds`` then says
    when it is tried again.
    """

    state: Literal["sent", "deferred", "failed", "unknown"]
    detail: str = ""
    code: int | None = None
    enhanced: str | None = None
    charged: bool = True
    retry_seconds: int = 0
    nobody_there: bool = False  # the address itself was refused: it gets nothing more
    sender_at_fault: bool = False  # the next recipient's would be refused as well: the mailing stops


@dataclass(frozen=True, slots=True)
class Ready:
    """The letter stands ready and waits for ``go`` or ``drop``."""

    letter: Letter


@dataclass(frozen=True, slots=True)
class Answer:
    """The letter is out of the channel's hands."""

    letter: Letter
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Returned:
    """The letter was never begun, through no fault of its own: it goes back to where it was."""

    letter: Letter


@dataclass(frozen=True, slots=True)
class Down:
    """The channel accepts no more messages in this run."""

    trouble: RetainError


ChannelReport = Ready | Answer | Returned | Down


class Channel(Protocol):
    """What the outbox asks of a channel. All calls come from one thread."""

    def objection(self, payload: bytes, *, marketing: bool) -> str:
        """Why no message like this one may leave by this channel, or nothing."""

    def room(self) -> int:
        """How many more letters it would take now."""

    def take(self, letter: Letter) -> None:
        """Begin with *letter*; it is heard of again as ``Ready``, ``Answer`` or ``Returned``."""

    def reports(self, wait_seconds: float) -> list[ChannelReport]:
        """What happened since the last call; waits so long for the first of it."""

    def go(self, letter: Letter) -> None:
        """Hand over the letter that stands ready: its row says ``handing``, on the disk. An ``Answer`` follows."""

    def drop(self, letter: Letter) -> None:
        """Let go of the letter that stands ready without handing it over. Nothing follows."""

    def close(self) -> None:
        """Begin nothing more: what waits comes back as ``Returned``, what was let go is still answered."""
