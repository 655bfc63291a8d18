"""The files campaigns/NAME.md: a campaign's settings between ``+++`` lines, and its body below them.

The body is Markdown; the body, the subject and the reason are templates that see a customer's context.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Final, Literal

from retainctl import schema
from retainctl.audience.segments import read_segment
from retainctl.config import Shop
from retainctl.definitions import Defined, Fault, Kind
from retainctl.errors import BadData
from retainctl.outreach import lint, planning
from retainctl.outreach.composing import templates_of
from retainctl.outreach.programs import Program, Recipe, UnknownPolicy
from retainctl.rows import Row
from retainctl.shop.consent import Use

_FENCE = "+++"
_DAYS_OPEN = 14


CampaignKind = Literal["offer", "newsletter", "greeting", "service"]


@dataclass(frozen=True, slots=True)
class Front:
    """The settings between the ``+++`` lines: why, what and where, then the rest.

    All may be missing in the file: ``campaigns check`` lists everything that is still to be filled in.
    """

    why: str = ""
    what: str = ""
    where: tuple[Literal["mail"], ...] = ()
    kind: CampaignKind = "newsletter"
    audience: str = ""
    subject: str = ""
    reason: str = ""
    not_after: date | None = None
    if_unknown: UnknownPolicy | None = None
    text: str = ""

    @property
    def purpose(self) -> Use:
        """The purpose that recipients must have consented to; a service message needs no consent."""
        return "service" if self.kind == "service" else "marketing"


@dataclass(frozen=True, slots=True)
class Draft:
    """The file of a campaign: its front matter, and the *body* below."""

    front: Front
    body: str


class CampaignOutcome(Row, kind="campaign_outcome"):
    """How many of a plan's candidates have this outcome: sent, waiting, or excluded for a reason. They add up."""

    campaign: str
    state: str
    hash: str
    outcome: str
    customers: int


def sample(kind: CampaignKind, *, language: str) -> tuple[str, str, str]:
    """The first texts of a new campaign: subject, the recipient's reason, and the body; from a file in ``samples``.

    They also work for a customer without a name, orders or points. ``what`` is the draft's own line.
    """
    text = files(__package__).joinpath("samples", f"{language}-{kind}.md").read_text(encoding="utf-8")
    subject, reason, _, body = text.split("\n", 3)
    return subject, reason, body


def write_draft(shop: Shop, name: str, *, kind: CampaignKind, audience: str) -> Path:
    """Create the file of a new campaign, complete but for what only a person knows; Refused where it exists.

    The *audience*, if given, must be a segment.
    """
    if audience:
        read_segment(shop, audience)
    subject, reason, body = sample(kind, language=shop.settings.language)
    return CAMPAIGNS.write(
        shop.folder,
        name,
        _FIRST_FILE.format(
            kind=kind,
            audience=schema.to_toml(audience),
            subject=schema.to_toml(subject),
            reason=schema.to_toml(reason),
            not_after=shop.clock.today() + timedelta(days=_DAYS_OPEN),
        )
        + body,
    )


def recipe_of(shop: Shop, defined: Defined[Draft]) -> Recipe:
    """The recipe for planning the campaign."""
    front = defined.value.front
    return Recipe(
        program="campaign",
        name=defined.name,
        purpose=front.purpose,
        audience=front.audience,
        defined=defined,
        templates=templates_of(
            shop,
            subject=front.subject,
            reason=front.reason,
            body=defined.value.body,
            text=front.text,
            purpose=front.purpose,
            constants={"what": front.what},
        ),
        not_after=shop.clock.end_of(front.not_after) - 1 if front.not_after else None,
        unknown_policy=front.if_unknown or ("resend-once" if front.purpose == "service" else "hold"),
    )


def _parse(_shop: Shop, text: str, where: str) -> Draft:
    parts = re.split(rf"^{re.escape(_FENCE)}[ \t]*\n", text.removeprefix("\ufeff"), maxsplit=2, flags=re.MULTILINE)
    if len(parts) != 3 or parts[0].strip():
        raise BadData(
            f"{where} does not begin with front matter",
            hint=f"Put its settings between two lines of {_FENCE}, and the message below them.",
        )
    # An empty line replaces the fence, so that errors have the line numbers of the file.
    return Draft(schema.read_text("\n" + parts[1], Front, name=where), parts[2].strip("\n"))


def _faults(shop: Shop, defined: Defined[Draft]) -> Iterator[Fault]:
    """Everything that keeps the campaign from being planned; nothing when it is ready."""
    front, recipe = defined.value.front, recipe_of(shop, defined)
    yield from _missing(front)
    yield from lint.audience_faults(shop, front.audience, where="front matter")
    if front.not_after and front.not_after < shop.clock.today():
        yield Fault("front matter", f"not_after is {front.not_after}, which has passed", "Choose a later day.")
    yield from lint.faults_of_sender(shop, front.purpose)
    yield from lint.faults_of_characters(defined.value.body, where="body")
    if defined.value.body.strip():
        yield from lint.faults_of_templates(shop, recipe.templates, program="campaign", purpose=recipe.purpose)
    else:
        yield Fault("body", "the message is empty", "Write it below the second +++ line.")


def _missing(front: Front) -> Iterator[Fault]:
    asked = {
        "why": "why you write to these customers, and why now",
        "what": "what you offer or tell them",
        "audience": "which segment it goes to",
        "subject": "what the subject line is",
        "reason": "why this recipient gets it, in words they will read",
    }
    for name, sentence in asked.items():
        if not getattr(front, name).strip():
            yield Fault("front matter", f"{name} is empty", f"Say {sentence}.")
    if not front.where:
        yield Fault("front matter", "where is empty", 'Say by which channel it goes: where = ["mail"].')


_FIRST_FILE = """\
+++
# Why do you write to these customers, and why now? For you and the person who approves it.
why = ""
# What do you offer or tell them, in one line? The message shows it as {{{{ what }}}}.
what = ""
where = ["mail"]
kind = "{kind}"
# The segment to write to: retainctl segments list
audience = {audience}
subject = {subject}
# Why does this customer get it? Each recipient reads this below the message.
reason = {reason}
# The last day on which it is sent.
not_after = {not_after}
+++

"""

CAMPAIGNS: Final = Kind(
    "campaign",
    "campaigns",
    ".md",
    make="campaigns draft {}",
    settings=Front,
    parse=_parse,
    faults=_faults,
    last_run=partial(planning.last_run, "campaign"),
)

CAMPAIGN: Final = Program(
    "campaign",
    "campaigns",
    labels=("campaign", "קמפיין"),
    recipe=lambda shop, name: recipe_of(shop, CAMPAIGNS.read(shop, name)),
    outcome=CampaignOutcome,
)
