"""A list as a page: in the shop's language and direction, with what was asked for and how many rows there are."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import fields
from functools import cache
from html import escape
from importlib import resources
from typing import Any, Final, Literal

from retainctl import people
from retainctl.config import Shop
from retainctl.html_page import MANY, framed
from retainctl.rows import Row, columns_of_words
from retainctl.wording import day_in_words, direction

FILE_NAME: Final = "headings.toml"
_LONG_TEXT: Final = 40  # letters, from which on a cell may be broken into lines
_OF_ONE: Final = frozenset("retention rfm import delivery plan backup resolution digest text done explanation".split())


@cache
def headings() -> Mapping[str, Any]:
    """The Hebrew of every list, column and word of the program's own, and what differs in some lists."""
    return tomllib.loads(resources.files("retainctl").joinpath(FILE_NAME).read_text(encoding="utf-8"))


def in_hebrew(kind: str, section: Literal["columns", "words"], name: str) -> str:
    """The Hebrew of a column or word *name* in the list of *kind*; empty where it has none."""
    every = headings()
    tables = [every["of"].get(kind, {}), every["feminine_words"] if kind in every["feminine"] else {}, every[section]]
    return next((str(table[name]) for table in tables if name in table), "")


def list_page(
    row_type: type[Row],
    names: Sequence[str],
    cells: Sequence[Sequence[str]],
    notes: Sequence[str],
    *,
    numeric: set[int],
    shop: Shop | None,
    asked: str = "",
    more: bool = False,
) -> str:
    """The HTML page of a list with a column for each of *names*; *asked* is the command that gave it.

    Without a shop it is in English.
    """
    language = shop.settings.language if shop else "en"
    hebrew = language == "he"
    classes = [
        "number" if place in numeric else "text" if any(len(row[place]) > _LONG_TEXT for row in cells) else "word"
        for place in range(len(names))
    ]
    heads = [_heading(row_type, name, hebrew=hebrew) for name in names]
    head = "".join(f'<th class="{one}">{escape(name)}</th>' for one, name in zip(classes, heads, strict=True))
    of_words = columns_of_words(row_type) if hebrew else {}

    def as_said(name: str, text: str) -> str:
        return (name in of_words and in_hebrew(row_type.kind, "words", text)) or text

    lines = [[as_said(name, text) for name, text in zip(names, row, strict=True)] for row in cells]
    body = "".join(f"<tr>{_line(classes, line)}</tr>\n" for line in lines)
    table = f'<div class="wide">\n<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody>\n</table>\n</div>'
    said = "".join(f"<li>{escape(note)}</li>" for note in notes)
    return framed(
        _title(row_type.kind, hebrew=hebrew),
        f'<p class="lead">{_count(len(cells), more=more, hebrew=hebrew)}'
        + (f' <code dir="ltr">{escape(asked)}</code>' if asked else "")
        + f"</p>\n{table}"
        + (f"\n<ul>{said}</ul>" if said else ""),
        language=language,
        direction=direction(language),
        owner=shop.settings.name if shop else "",
        when=day_in_words(shop.clock.today(), language) if shop else "",
        kind="list across" if len(names) > MANY else "list",
    )


def _line(classes: Sequence[str], cells: Sequence[str]) -> str:
    """The cells of one line; what runs from left to right in every language is kept so."""
    return "".join(
        f'<td class="{one}"><bdi{" dir=ltr" if one == "number" else ""}>{escape(text)}</bdi></td>'
        for one, text in zip(classes, cells, strict=True)
    )


def _heading(row_type: type[Row], name: str, *, hebrew: bool) -> str:
    """A column's heading, by its field; one that its rows name, such as a month, keeps its name."""
    if hebrew:
        field = next((one.name for one in fields(row_type) if people.heading(one.name) == name), name)
        return in_hebrew(row_type.kind, "columns", field) or name
    return name.replace("_", " ").capitalize()


def _title(kind: str, *, hebrew: bool) -> str:
    if hebrew and kind in headings()["lists"]:
        return str(headings()["lists"][kind])
    name = "RFM" if kind == "rfm" else kind.replace("_", " ").capitalize()
    return name if kind in _OF_ONE else _of_many(name)


def _of_many(name: str) -> str:
    """An English noun as it is said of many."""
    if name.endswith("y") and name[-2] not in "aeiou":
        return f"{name[:-1]}ies"
    return f"{name}es" if name.endswith(("s", "x", "z", "ch", "sh")) else f"{name}s"


def _count(number: int, *, more: bool, hebrew: bool) -> str:
    if hebrew:
        if more:
            return "השורה הראשונה, ויש עוד" if number == 1 else f"{number:,} השורות הראשונות, ויש עוד"
        return "שורה אחת" if number == 1 else f"{number:,} שורות"
    if more:
        return "The first row; there are more" if number == 1 else f"The first {number:,} rows; there are more"
    return "1 row" if number == 1 else f"{number:,} rows"
