"""The base of the frozen rows that the engine returns.

A row's fields are the columns of every listing and the keys of its JSON; ``kind`` names it there. Instants are
ISO 8601 strings with offset, money is an integer ``…_minor`` beside ``currency``, rates are fractions of one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import UnionType
from typing import Annotated, Any, ClassVar, Literal, Union, dataclass_transform, get_args, get_origin, get_type_hints

Nested = Mapping[str, Any]  # a field whose JSON is an object of its own; a table has it as text
OwnWord = Annotated[str, "word"]  # one of an open list of the program's own, as a Literal is of a closed one


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
@dataclass(frozen=True)
class Row:
    """One line of a result; a class that derives from it is a frozen dataclass."""

    kind: ClassVar[str] = "row"
    spare: ClassVar[tuple[str, ...]] = ()  # the columns that a narrow terminal does without first, by their headings

    def __init_subclass__(cls, *, kind: str = "", kw_only: bool = False, spare: str = "") -> None:
        cls.kind = kind or cls.kind
        cls.spare = tuple(spare.split()) or cls.spare
        dataclass(frozen=True, kw_only=kw_only)(cls)


def columns_of_words(row_type: type[Row]) -> Mapping[str, tuple[str, ...]]:
    """The fields that hold the program's own words, which people read in their language; each with those it may hold,
    as far as its type says."""
    hints = get_type_hints(row_type, include_extras=True)
    found = {one.name: _words(hints[one.name]) for one in fields(row_type)}
    return {name: words for name, words in found.items() if words is not None}


def _words(hint: Any) -> tuple[str, ...] | None:
    """The words of a type; none of an open list, and None where it holds no words."""
    if hint is bool:
        return "yes", "no"
    if hint == OwnWord:
        return ()
    if get_origin(hint) is Literal:
        return tuple(word for word in get_args(hint) if word)
    if get_origin(hint) in (Union, UnionType):
        parts = [words for part in get_args(hint) if (words := _words(part)) is not None]
        return tuple(word for words in parts for word in words) if parts else None
    return None


class Text(Row, kind="text"):
    """A command's result that is a text, such as a file as it stands; all of it is in one row."""

    text: str


class Done(Row, kind="done"):
    """What a command was asked for is done, and there is nothing to say; it has no rows."""
