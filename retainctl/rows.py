"""The base of the frozen rows that the engine returns.

A row's fields are the columns of every listing and the keys of its JSON; ``kind`` names it there. Instants are
ISO 8601 strings with offset, money is an integer ``…_minor`` beside ``currency``, rates are fractions of one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, dataclass_transform

Nested = Mapping[str, Any]  # a field whose JSON is an object of its own; a table has it as text


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


class Text(Row, kind="text"):
    """A command's result that is a text, such as a file as it stands; all of it is in one row."""

    text: str


class Done(Row, kind="done"):
    """What a command was asked for is done, and there is nothing to say; it has no rows."""
