"""Values in a line of the other direction: isolated, so that a name, a phone or a price stays as it was written.

The words of a template run in its own language's direction; what is put between them may run in either. In HTML each
value stands in ``<bdi>``, in text between U+2068 and U+2069. It is done in the template, once for a mailing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

# What the shop itself wrote in the mail's language, and what is no text: it runs as the words around it do.
_OF_THE_MAIL: Final = frozenset({"what", "reason", "subject", "preheader", "language", "direction", "side"})
# What is copied letter for letter, so that no invisible mark may stick to it.
_COPIED: Final = ("link", "_mail", "_token", "unsubscribe_address")
_OPENING: Final = re.compile(r"\{[{%#]")
_CLOSING: Final = {"{{": "}}", "{%": "%}", "{#": "#}"}
_NAME: Final = re.compile(r"\{\{-?\s*([A-Za-z_]\w*)")
_TAG: Final = re.compile(r"<(/?[A-Za-z!][A-Za-z0-9]*)|>")
_WITHOUT_TAGS: Final = ("title", "style", "script")  # what stands in them is no markup


def pieces(template: str) -> Iterator[str]:
    """*template* cut before and after each Jinja tag: every second piece is a tag."""
    start = 0
    while opening := _OPENING.search(template, start):
        end = template.find(_CLOSING[opening[0]], opening.end())
        if end < 0:
            break
        yield template[start : opening.start()]
        start = end + 2
        yield template[opening.start() : start]
    yield template[start:]


def isolated_values(template: str, *, html: bool) -> str:
    """*template* with each value isolated that is shown among words; values side by side stay together."""
    opened, closed = ("<bdi>", "</bdi>") if html else ("\u2068", "\u2069")
    made: list[str] = []
    markup = _Whereabouts()
    for number, piece in enumerate(pieces(template)):
        if number % 2 == 0:
            made.append(piece)
            markup.pass_by(piece)
        elif not _is_foreign(piece) or (html and not markup.is_among_words):
            made.append(piece)
        elif made[-2:-1] == [closed] and made[-1] in ("", " "):
            made[-2:] = [made[-1], piece, closed]
        else:
            made += [opened, piece, closed]
    return "".join(made)


def as_written(template: str) -> str:
    """*template* without what ``isolated_values`` put into it."""
    return re.sub("[\u2066-\u2069]|</?bdi>", "", template)


def _is_foreign(piece: str) -> bool:
    if not piece.startswith("{{"):
        return False
    name = _NAME.match(piece)
    return name is None or not (name[1] in _OF_THE_MAIL or name[1].endswith(_COPIED))


class _Whereabouts:
    """Where in an HTML text one stands: among its words, within a tag, or in a title or a style."""

    def __init__(self) -> None:
        self._tag: str | None = None
        self._within = ""

    @property
    def is_among_words(self) -> bool:
        return self._tag is None and not self._within

    def pass_by(self, text: str) -> None:
        """Go on over *text*, which has no values."""
        for found in _TAG.finditer(text):
            name = (found[1] or "").lower()
            if self._within:
                if name == f"/{self._within}":
                    self._within, self._tag = "", name
            elif self._tag is None:
                self._tag = name or None
            elif not name:
                self._within = self._tag if self._tag in _WITHOUT_TAGS else ""
                self._tag = None
