"""What a campaign says to customers, in each language that its file has."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Final, Literal, get_args

from retainctl import schema
from retainctl.definitions import Fault
from retainctl.outreach import markdown
from retainctl.outreach.blocks import BLOCKS

CampaignKind = Literal["offer", "newsletter", "greeting", "service"]
Language = Literal["he", "en"]
LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)
_SECTION: Final = re.compile(rf"^## ({'|'.join(LANGUAGES)})[ \t]*$", re.MULTILINE)
_LINK: Final = re.compile(r"https?://[^\s\"<>]+")

# What must be said in each language, and what that is.
ASKED: Final = {
    "what": "what you offer or tell them",
    "subject": "what the subject line is",
    "reason": "why this recipient gets it, in words they will read",
}


@dataclass(frozen=True, slots=True)
class CustomerTexts:
    """What customers read, in one language. An empty *link* is that of the shop's own language."""

    what: str = ""
    link: str = ""
    subject: str = ""
    preheader: str = ""
    reason: str = ""
    text: str = ""

    def as_settings(self) -> str:
        """The settings of a new file, each with what it is for."""
        texts = {name: schema.to_toml(getattr(self, name)) for name in ("subject", "preheader", "reason")}
        return _FIRST_TEXTS.format(**texts)


def in_languages(
    own_words: CustomerTexts, translations: Mapping[str, CustomerTexts], body: str, *, own: str
) -> dict[str, tuple[CustomerTexts, str]]:
    """What is said and the body, for each language of the file: first the shop's *own*, then the translations.

    The body of a language stands below its ``## en``; what stands before all of these is in the shop's own.
    """
    before, *sections = _SECTION.split(body)
    bodies = {own: before.strip("\n")}
    for language, part in zip(sections[::2], sections[1::2], strict=True):
        bodies[language] = f"{bodies.get(language, '')}\n{part}".strip("\n")
    found = {own: (own_words, bodies[own])}
    for language, said in translations.items():
        if language != own and (said != CustomerTexts() or language in bodies):
            found[language] = replace(said, link=said.link or own_words.link), bodies.get(language, "")
    return found


def sample(kind: CampaignKind, *, language: str) -> tuple[CustomerTexts, str]:
    """The first texts of a new campaign, and its body; from a file in ``samples``.

    They also work for a customer without a name, orders or points. ``what`` is the draft's own line.
    """
    text = files(__package__).joinpath("samples", f"{language}-{kind}.md").read_text(encoding="utf-8")
    subject, preheader, reason, _, body = text.split("\n", 4)
    return CustomerTexts(subject=subject, preheader=preheader, reason=reason), body


def faults_of_texts(texts: Mapping[str, tuple[CustomerTexts, str]], *, own: str) -> Iterator[Fault]:
    """What is wrong with the texts of each language, and what a translation lacks."""
    for language, (said, body) in texts.items():
        if language != own:
            for name, sentence in ASKED.items():
                if not getattr(said, name).strip():
                    remedy = f"Say {sentence}, or remove [{language}] and its part of the message."
                    yield Fault(f"[{language}]", f"{name} is empty", remedy)
        if said.link and not _LINK.fullmatch(said.link):
            yield Fault("front matter", f"link is {said.link!r}, which is no address", "Write it whole: https://…")
        if not body.strip():
            if language == own:
                yield Fault("body", "the message is empty", "Write it below the second +++ line.")
            else:
                yield Fault("body", f"it says nothing in {language}", f"Write it below a line ## {language}.")
        for fault in markdown.faults(body, BLOCKS[language]):
            yield fault if language == own else replace(fault, where=f"body, {language}")


_FIRST_TEXTS: Final = """\
subject = {subject}
# What mail programs show after the subject.
preheader = {preheader}
# Why does this customer get it? Each recipient reads this below the message.
reason = {reason}"""
