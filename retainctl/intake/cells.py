"""A row of a file before anybody knows what it means: its cells, where it stood, and why it could not be booked."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple, Protocol

Cells = tuple[str, ...]
# Not what a sentence says of addresses: "the @-sign", "'@'".
_ADDRESS = re.compile(r"""(?!['"]?@(?:-sign|['"]))[^\s<>'"(),;:]*@[^\s<>'"(),;:]*""")


class Column(NamedTuple):
    """A column that a format reads: its role, and every name by which a header may call it."""

    role: str
    names: tuple[str, ...]
    required: bool = False
    otherwise: tuple[str, ...] = ()  # names that count where the header has none of *names*

    @property
    def all_names(self) -> tuple[str, ...]:
        return self.names + self.otherwise


class Chunk(Protocol):
    """Some thousand rows of a file in its order; one document's neighbouring rows stand in one chunk."""

    rows: list[Cells]  # the cells of the format's columns, in their order; the first is the document's id
    held: list[Held]  # rows that could not even be parsed
    blank: int

    def origin(self, place: int) -> Origin:
        """Where the row at *place* of ``rows`` stood."""
        ...


class RowError(Exception):
    """A row that cannot be booked: the column at fault, a stable word for scripts, and a sentence.

    The sentence goes to terminals and logs, so e-mail addresses in it are masked; the row's bytes keep them.
    """

    def __init__(self, column: str, code: str, message: str) -> None:
        super().__init__(masked(message))
        self.column = column
        self.code = code


class SetAside(RowError):
    """A row that is kept with a reason that its format knows: no error."""


class Origin(NamedTuple):
    """Where a row stood in its file, and its bytes."""

    line: int
    byte_offset: int
    raw_bytes: bytes


class Held(NamedTuple):
    """A row that is kept, and why: it was not booked, or (``incomplete``) it was, without one of its cells.

    *document* is the id of what it speaks of, where that could be read.
    """

    disposition: Literal["quarantined", "set_aside", "incomplete"]
    origin: Origin
    column: str
    code: str
    message: str
    document: str = ""


def masked(sentence: str) -> str:
    """*sentence* with whatever looks like an e-mail address as ``d***@e***.com``."""
    return _ADDRESS.sub(_mask, sentence) if "@" in sentence else sentence


def _mask(found: re.Match[str]) -> str:
    name, _, domain = found[0].partition("@")
    _, dot, last = domain.rpartition(".")
    return f"{name[:1]}***@{domain[:1]}***{dot}{last if dot else ''}"
