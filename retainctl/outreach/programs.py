"""The programs that send, such as campaigns and surveys: each is declared in its own package, and listed below.

Everything specific to a program is in its ``Program``; plan, approval, outbox and channels are the same for all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pkgutil import resolve_name
from typing import Any, Final, Literal, NamedTuple, Protocol

from retainctl.config import Shop
from retainctl.definitions import Defined
from retainctl.outreach.contact import Reason
from retainctl.outreach.outbox.states import State
from retainctl.outreach.templates import Templates
from retainctl.rows import Row
from retainctl.shop.consent import Use
from retainctl.store.outreach import MailingState

# Each name in the table ``programs``, and where its program is declared: by name, since not all may be imported here.
PROGRAMS: Final = {
    "campaign": "retainctl.outreach.drafts:CAMPAIGN",
    "survey": "retainctl.voice.surveys:SURVEY",
    "digest": "retainctl.digest:DIGEST",
}

CandidateOutcome = State | Reason  # of a candidate
FileState = MailingState | Literal["draft", "faulty"]  # of what has a file: that of its latest mailing, if any
UnknownPolicy = Literal["hold", "resend-once", "assume-sent"]


@dataclass(frozen=True, slots=True)
class Recipe:
    """What is to be planned; *audience* is its segment, and *not_after* the last instant at which it may be sent.

    *defined* is its file, of the kind with the program's name.
    """

    program: str
    name: str
    purpose: Use
    templates: Templates
    audience: str = ""
    defined: Defined[Any] | None = None
    not_after: int | None = None
    unknown_policy: UnknownPolicy = "hold"


class Sign(Protocol):
    """``Signer.sign``, or its replacement in a trial."""

    def __call__(self, purpose: str, subject: str, *, expires_at: int | None = None) -> str: ...


class Addressed(NamedTuple):
    """The parts of a message that its links are made of; *public_url* is empty where the shop has none.

    *answer_to* is the address to which an answer goes.
    """

    mailing_id: int
    planned_at: int
    customer_id: int | None
    public_url: str
    sign: Sign
    answer_to: str = ""


class MailingOutcome(Row, kind="mailing_outcome"):
    """How many of a plan's candidates have this outcome: sent, waiting, or excluded for a reason. They add up."""

    name: str
    state: MailingState
    hash: str
    outcome: CandidateOutcome
    customers: int


@dataclass(frozen=True, slots=True)
class Program:
    """One program that sends: *commands* is the group of its commands, *labels* are in English and in Hebrew.

    *recipe* gives the recipe for a name. *links* gives what its templates see beside the context and the ways to
    unsubscribe; *outcome* is the row type that counts the outcomes of a plan.
    """

    name: str
    commands: str
    labels: tuple[str, str]
    recipe: Callable[[Shop, str], Recipe]
    links: Callable[[Addressed], Mapping[str, str | None]] = lambda _addressed: {}
    outcome: type[Any] = MailingOutcome


def program_of(name: str) -> Program:
    """The program *name*."""
    program: Program = resolve_name(PROGRAMS[name])
    return program


def how_to_resume(program: str, name: str) -> str:
    """The command that lets the paused mailings called *name* of *program* go on."""
    return f"retainctl {program_of(program).commands} resume {name}"
