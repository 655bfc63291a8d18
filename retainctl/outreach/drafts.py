"""The files campaigns/NAME.md: what a campaign says, to whom and why, between ``+++`` lines, and its body below.

The body is Markdown; it, the subject and the reason are templates that see a customer's context.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final, Literal

from retainctl import schema
from retainctl.audience.definitions import read_definition
from retainctl.config import Shop
from retainctl.definitions import Shelf
from retainctl.errors import BadData
from retainctl.outreach.composing import templates_of
from retainctl.outreach.planning import Purpose, Recipe, UnknownPolicy
from retainctl.outreach.samples import STARTERS, Kind

CAMPAIGNS: Final = Shelf("campaign", "campaigns", ".md", make="campaigns draft {}")
_FENCE = "+++"
_DAYS_OPEN = 14


@dataclass(frozen=True, slots=True)
class Front:
    """What stands between the ``+++`` lines: why, what and where, then the rest.

    A text that is missing is found by ``campaigns check``, together with everything else that is.
    """

    why: str = ""
    what: str = ""
    where: tuple[Literal["mail"], ...] = ()
    kind: Kind = "newsletter"
    audience: str = ""
    subject: str = ""
    reason: str = ""
    not_after: date | None = None
    if_unknown: UnknownPolicy | None = None
    text: str = ""

    @property
    def purpose(self) -> Purpose:
        """What the recipients must have agreed to; a service message is no advertisement."""
        return "service" if self.kind == "service" else "marketing"


@dataclass(frozen=True, slots=True)
class Draft:
    """One campaign's file: *whole* is all of it, *body* what stands below its front matter."""

    name: str
    front: Front
    body: str
    whole: str


def read_draft(shop: Shop, name: str) -> Draft:
    """The draft called *name*; WrongUsage names the nearest where there is none, BadData where it is no draft."""
    whole = CAMPAIGNS.read(shop.folder, name)
    file = f"{CAMPAIGNS.folder}/{name}.md"
    parts = re.split(rf"^{re.escape(_FENCE)}[ \t]*\n", whole.removeprefix("\ufeff"), maxsplit=2, flags=re.MULTILINE)
    if len(parts) != 3 or parts[0].strip():
        raise BadData(
            f"{file} does not begin with front matter",
            hint=f"Put its settings between two lines of {_FENCE}, and the message below them.",
        )
    # An empty line in the place of the fence, so that a mistake is told with its line in the file.
    front = schema.read_text("\n" + parts[1], Front, name=file)
    return Draft(name, front, parts[2], whole)


def write_draft(shop: Shop, name: str, *, kind: Kind, audience: str) -> Path:
    """Write the file of a new campaign, ready but for what only a person can say; one that exists is Refused.

    An *audience* that is named must be a segment.
    """
    if audience:
        read_definition(shop, audience)
    subject, reason, body = STARTERS[shop.settings.language][kind]
    return CAMPAIGNS.write(
        shop.folder,
        name,
        _FIRST_FILE.format(
            kind=kind,
            audience=_toml_text(audience),
            subject=_toml_text(subject),
            reason=_toml_text(reason),
            not_after=shop.clock.today() + timedelta(days=_DAYS_OPEN),
        )
        + body,
    )


def recipe_of(shop: Shop, draft: Draft) -> Recipe:
    """What *draft* asks to be planned."""
    front = draft.front
    return Recipe(
        program="campaign",
        name=draft.name,
        purpose=front.purpose,
        draft=draft.whole,
        templates=templates_of(
            shop,
            subject=front.subject,
            reason=front.reason,
            body=draft.body,
            text=front.text,
            purpose=front.purpose,
            constants={"what": front.what},
        ),
        not_after=shop.clock.end_of(front.not_after) - 1 if front.not_after else None,
        unknown_policy=front.if_unknown or ("resend-once" if front.purpose == "service" else "hold"),
    )


def _toml_text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


_FIRST_FILE = """\
+++
# Why do you write to these customers, and why now? For yourself and whoever approves it.
why = ""
# What do you offer or tell them, in one line? The message says it as {{{{ what }}}}.
what = ""
where = ["mail"]
kind = "{kind}"
# The segment that it goes to: retainctl segments list
audience = {audience}
subject = {subject}
# Why this one? Each recipient reads it under the message.
reason = {reason}
# After this day nothing of it goes out any more.
not_after = {not_after}
+++

"""
