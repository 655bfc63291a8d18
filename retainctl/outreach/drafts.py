"""The files campaigns/NAME.md: what a campaign says, to whom and why, between ``+++`` lines, and its body below.

The body is Markdown; it, the subject and the reason are templates that see a customer's context.
"""

from __future__ import annotations

import difflib
import json
import re
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Literal

from retainctl import schema
from retainctl.config import Shop
from retainctl.errors import BadConfiguration, BadData, Refused, WrongUsage
from retainctl.files import write_text
from retainctl.outreach.planning import Purpose, Recipe, UnknownPolicy
from retainctl.outreach.rendering import templates_of
from retainctl.outreach.starters import STARTERS, Kind

FOLDER = "campaigns"
_NAME = re.compile(r"[a-z0-9_-]{1,64}", re.ASCII)
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
    """The draft called *name*; BadConfiguration names the nearest where there is none, BadData where it is no draft."""
    path = _path(shop, name)
    if not path.is_file():
        nearest = difflib.get_close_matches(name, names(shop), n=1)
        raise BadConfiguration(
            f"there is no campaign called {name}",
            hint=f"Did you mean {nearest[0]}?" if nearest else f"Begin one: retainctl campaigns draft {name}",
        )
    try:
        whole = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadData(f"{FOLDER}/{name}.md cannot be read: {error}") from None
    parts = re.split(rf"^{re.escape(_FENCE)}[ \t]*\n", whole.removeprefix("\ufeff"), maxsplit=2, flags=re.MULTILINE)
    if len(parts) != 3 or parts[0].strip():
        raise BadData(
            f"{FOLDER}/{name}.md does not begin with front matter",
            hint=f"Put its settings between two lines of {_FENCE}, and the message below them.",
        )
    # An empty line in the place of the fence, so that a mistake is told with its line in the file.
    front = schema.read_text("\n" + parts[1], Front, name=f"{FOLDER}/{name}.md")
    return Draft(name, front, parts[2], whole)


def names(shop: Shop) -> list[str]:
    """The names of all campaigns that have a file, in order."""
    found = (path.stem for path in (shop.folder / FOLDER).glob("*.md"))
    return sorted(name for name in found if _NAME.fullmatch(name))


def write_draft(shop: Shop, name: str, *, kind: Kind, audience: str) -> Path:
    """Write the file of a new campaign, ready but for what only a person can say; one that exists is Refused."""
    path = _path(shop, name)
    if path.exists() or path.is_symlink():
        raise Refused(f"there is a campaign called {name} already", hint=f"Change its file: {path}")
    subject, reason, body = STARTERS[shop.settings.language][kind]
    path.parent.mkdir(mode=0o700, exist_ok=True)
    write_text(
        path,
        _FIRST_FILE.format(
            kind=kind,
            audience=_toml_text(audience),
            subject=_toml_text(subject),
            reason=_toml_text(reason),
            not_after=shop.clock.today() + timedelta(days=_DAYS_OPEN),
        )
        + body,
    )
    return path


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


def _path(shop: Shop, name: str) -> Path:
    if not _NAME.fullmatch(name):
        raise WrongUsage(
            f"{name!r} is not a campaign's name", hint="It is of a-z, 0-9, _ and -, and no longer than 64."
        )
    return shop.folder / FOLDER / f"{name}.md"


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
