"""The files campaigns/NAME.md: a campaign's settings between ``+++`` lines, and its body below them.

The body is Markdown; the body, the subject, the preheader and the reason are templates that see a customer's context.
What is said to customers stands there in the shop's language; a table such as ``[en]`` and the part of the body below
``## en`` say it in another, to those who are known to read that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Final, Literal

from retainctl import schema
from retainctl.audience.segments import read_segment
from retainctl.config import Shop
from retainctl.definitions import Defined, Fault, Kind
from retainctl.errors import BadData
from retainctl.outreach import lint, planning
from retainctl.outreach.campaign_texts import (
    ASKED,
    LANGUAGES,
    CampaignKind,
    CustomerTexts,
    faults_of_texts,
    in_languages,
    sample,
)
from retainctl.outreach.composing import templates_of
from retainctl.outreach.programs import CandidateOutcome, Program, Recipe, UnknownPolicy
from retainctl.outreach.templates import Templates
from retainctl.rows import Row
from retainctl.shop.consent import Use
from retainctl.store.database import value
from retainctl.store.outreach import MailingState

_FENCE = "+++"
DAYS_OPEN: Final = 14  # how long a new campaign may be sent


@dataclass(frozen=True, slots=True)
class Front:
    """The settings between the ``+++`` lines: why, what and where, then the rest; ``[he]`` or ``[en]`` below them.

    All may be missing in the file: ``campaigns check`` lists everything that is still to be filled in.
    """

    why: str = ""
    what: str = ""
    link: str = ""
    where: tuple[Literal["mail"], ...] = ()
    kind: CampaignKind = "newsletter"
    audience: str = ""
    subject: str = ""
    preheader: str = ""
    reason: str = ""
    not_after: date | None = None
    if_unknown: UnknownPolicy | None = None
    text: str = ""
    he: CustomerTexts = field(default_factory=CustomerTexts)
    en: CustomerTexts = field(default_factory=CustomerTexts)

    @property
    def purpose(self) -> Use:
        """The purpose that recipients must have consented to; a service message needs no consent."""
        return "service" if self.kind == "service" else "marketing"


@dataclass(frozen=True, slots=True)
class Draft:
    """The file of a campaign: its front matter, and the *body* below, in each language that it has."""

    front: Front
    body: str

    def in_languages(self, own: str) -> dict[str, tuple[CustomerTexts, str]]:
        """What is said and the body, for each language of the file: first the shop's *own*, then the translations."""
        front = self.front
        said = CustomerTexts(front.what, front.link, front.subject, front.preheader, front.reason, front.text)
        return in_languages(said, {"he": front.he, "en": front.en}, self.body, own=own)


class CampaignOutcome(Row, kind="campaign_outcome"):
    """How many of a plan's candidates have this outcome: sent, waiting, or excluded for a reason. They add up."""

    campaign: str
    state: MailingState
    hash: str
    outcome: CandidateOutcome
    customers: int


def write_draft(shop: Shop, name: str, *, kind: CampaignKind, audience: str) -> Path:
    """Create the file of a new campaign, complete but for what only a person knows; Refused where it exists.

    The *audience*, if given, must be a segment. The file has every language that a customer is known to read, beside
    the shop's own.
    """
    if audience:
        read_segment(shop, audience)
    own = shop.settings.language
    said, body = sample(kind, language=own)
    head = _FIRST_FILE.format(
        kind=kind,
        audience=schema.to_toml(audience),
        texts=said.as_settings(),
        not_after=shop.clock.today() + timedelta(days=DAYS_OPEN),
    )
    for language in LANGUAGES:
        if language != own and value("SELECT 1 FROM customers WHERE language = ? LIMIT 1", language):
            said, translated = sample(kind, language=language)
            head += _TRANSLATION.format(language=language, texts=said.as_settings())
            body = f"{body}\n## {language}\n\n{translated}"
    return CAMPAIGNS.write(shop.folder, name, f"{head}{_FENCE}\n\n{body}")


def recipe_of(shop: Shop, defined: Defined[Draft]) -> Recipe:
    """The recipe for planning the campaign."""
    front = defined.value.front
    own, *others = (
        (language, _templates(shop, language, said, body, purpose=front.purpose))
        for language, (said, body) in defined.value.in_languages(shop.settings.language).items()
    )
    return Recipe(
        program="campaign",
        name=defined.name,
        purpose=front.purpose,
        audience=front.audience,
        defined=defined,
        templates=replace(own[1], translations=dict(others)),
        not_after=shop.clock.end_of(front.not_after) - 1 if front.not_after else None,
        unknown_policy=front.if_unknown or ("resend-once" if front.purpose == "service" else "hold"),
    )


def _templates(shop: Shop, language: str, said: CustomerTexts, body: str, *, purpose: Use) -> Templates:
    return templates_of(
        shop,
        language=language,
        subject=said.subject,
        preheader=said.preheader,
        reason=said.reason,
        body=body,
        text=said.text,
        purpose=purpose,
        constants={"what": said.what, "link": said.link},
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
    front, recipe, own = defined.value.front, recipe_of(shop, defined), shop.settings.language
    yield from _missing(front)
    if getattr(front, own) != CustomerTexts():
        yield Fault(f"[{own}]", f"{own} is the shop's own language", "Write these settings above the tables.")
    yield from faults_of_texts(defined.value.in_languages(own), own=own)
    yield from lint.audience_faults(shop, front.audience, where="front matter")
    if front.not_after and front.not_after < shop.clock.today():
        yield Fault("front matter", f"not_after is {front.not_after}, which has passed", "Choose a later day.")
    yield from lint.faults_of_sender(shop, front.purpose)
    yield from lint.faults_of_characters(defined.value.body, where="body")
    if all(body for _, body in defined.value.in_languages(own).values()):
        yield from lint.faults_of_templates(shop, recipe.templates, program="campaign", purpose=recipe.purpose)


def _missing(front: Front) -> Iterator[Fault]:
    asked = {
        "why": "why you write to these customers, and why now",
        "what": ASKED["what"],
        "audience": "which segment it goes to",
        "subject": ASKED["subject"],
        "reason": ASKED["reason"],
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
# The page that its button leads to.
# link = "https://"
where = ["mail"]
kind = "{kind}"
# The segment to write to: retainctl segments list
audience = {audience}
{texts}
# The last day on which it is sent.
not_after = {not_after}
"""

_TRANSLATION: Final = """
# The same for customers who are known to read this language. Their message stands below, after ## {language}.
[{language}]
what = ""
{texts}
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
