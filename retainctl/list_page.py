"""A list as a page: in the shop's language and direction, with what was asked for and how many rows there are."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from html import escape
from importlib import resources
from typing import Final

from retainctl.config import Shop
from retainctl.html_page import MANY, framed
from retainctl.wording import day_in_words, direction

FILE_NAME: Final = "headings.toml"
_LONG_TEXT: Final = 40  # letters, from which on a cell may be broken into lines
_OF_ONE: Final = frozenset("retention rfm import delivery plan backup resolution digest text done explanation".split())
_OF_THE_PROGRAM: Final = frozenset("state status action program purpose channel outcome change check step".split())


@cache
def headings() -> Mapping[str, Mapping[str, str]]:
    """The Hebrew of every column, of every list, and of the program's own words."""
    return tomllib.loads(resources.files("retainctl").joinpath(FILE_NAME).read_text(encoding="utf-8"))


def list_page(
    kind: str,
    names: Sequence[str],
    cells: Sequence[Sequence[str]],
    notes: Sequence[str],
    *,
    numeric: set[int],
    shop: Shop | None,
    asked: str = "",
    more: bool = False,
) -> str:
    """The HTML page of a list of *kind* with a column for each of *names*; *asked* is the command that gave it.

    Without a shop it is in English.
    """
    language = shop.settings.language if shop else "en"
    hebrew = language == "he"
    classes = [
        "number" if place in numeric else "text" if any(len(row[place]) > _LONG_TEXT for row in cells) else "word"
        for place in range(len(names))
    ]
    heads = [_heading(name, hebrew=hebrew) for name in names]
    head = "".join(f'<th class="{one}">{escape(name)}</th>' for one, name in zip(classes, heads, strict=True))
    body = "".join(f"<tr>{_line(names, classes, row, hebrew=hebrew)}</tr>\n" for row in cells)
    table = f'<div class="wide">\n<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody>\n</table>\n</div>'
    said = "".join(f"<li>{escape(note)}</li>" for note in notes)
    return framed(
        _title(kind, hebrew=hebrew),
        f'<p class="lead">{_count(len(cells), more=more, hebrew=hebrew)}'
        + (f' · <code dir="ltr">{escape(asked)}</code>' if asked else "")
        + f"</p>\n{table}"
        + (f"\n<ul>{said}</ul>" if said else ""),
        language=language,
        direction=direction(language),
        owner=shop.settings.name if shop else "",
        when=day_in_words(shop.clock.today(), language) if shop else "",
        kind="list across" if len(names) > MANY else "list",
    )


def _line(names: Sequence[str], classes: Sequence[str], row: Sequence[str], *, hebrew: bool) -> str:
    """The cells of one line; what runs from left to right in every language is kept so."""
    words = headings()["words"] if hebrew else {}
    return "".join(
        f'<td class="{one}"><bdi{" dir=ltr" if one == "number" else ""}>'
        f"{escape(words.get(text, text) if name in _OF_THE_PROGRAM else text)}</bdi></td>"
        for name, one, text in zip(names, classes, row, strict=True)
    )


def _heading(name: str, *, hebrew: bool) -> str:
    """A column's heading; one that its rows name, such as a month, keeps its name."""
    columns = headings()["columns"]
    if hebrew:
        return columns.get(name) or columns.get(f"{name}_minor") or name
    return name.replace("_", " ").capitalize()


def _title(kind: str, *, hebrew: bool) -> str:
    if hebrew and kind in headings()["lists"]:
        return headings()["lists"][kind]
    name = kind.replace("_", " ").capitalize()
    if kind in _OF_ONE:
        return name
    return f"{name[:-1]}ies" if name.endswith("y") else f"{name}s"


def _count(number: int, *, more: bool, hebrew: bool) -> str:
    if hebrew:
        if more:
            return "השורה הראשונה, ויש עוד" if number == 1 else f"{number:,} השורות הראשונות, ויש עוד"
        return "שורה אחת" if number == 1 else f"{number:,} שורות"
    rows = "row" if number == 1 else f"{number:,} rows"
    return f"the first {rows}; there are more" if more else rows.replace("row", "1 row") if number == 1 else rows
