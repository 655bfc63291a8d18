"""A row of a file before anybody knows what it means: its cells, where it stood, and why it could not be booked.

And the columns of its header: each stands for one of those that are read, and none for another in silence.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Sequence
from typing import Final, Literal, NamedTuple, Protocol

from retainctl.errors import BadData
from retainctl.intake.file import InputFile
from retainctl.normalising import masked, shortened

Cells = tuple[str, ...]
MOST_COLUMNS: Final = 512
WAITS_WITH_ANOTHER: Final = "order_incomplete"  # the code of a good row whose order has a bad one


class Column(NamedTuple):
    """A column that a format reads: its role, and every name by which a header may call it.

    A mapping may say that it is *joined* from several, has the same text in every row, or is not read.
    """

    role: str
    names: tuple[str, ...]
    required: bool = False
    otherwise: tuple[str, ...] = ()  # names that count where the header has none of *names*
    joined: tuple[str, ...] = ()
    constant: str | None = None

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

    The sentence goes to terminals and logs, so e-mail addresses in it are masked, and what is long is cut; the row's
    bytes keep them.
    """

    def __init__(self, column: str, code: str, message: str) -> None:
        super().__init__(masked(shortened(message)))
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

    *document* is the id of what it speaks of, where that could be read; it *is_back* where it is of what came back of
    it.
    """

    disposition: Literal["quarantined", "set_aside", "incomplete"]
    origin: Origin
    column: str
    code: str
    message: str
    document: str = ""
    is_back: bool = False

    @property
    def place(self) -> str:
        """Where it stood, in words: a whole file of JSON may be one line, and a table's first is its header."""
        is_record = self.origin.line == 1 and self.document
        return f"record {masked(self.document)}" if is_record else f"line {self.origin.line}"


Place = int | tuple[int, ...] | str | None  # of a column: one, several to be joined, a text of every row, or none


def bind(header: Sequence[str], columns: Sequence[Column], *, file: InputFile) -> list[Place]:
    """For each of *columns* its place in *header*; BadData for one that must be there and is absent."""
    _refuse_header(header, file)
    bound = [_bound(column, header, file) for column in columns]
    _refuse_two_roles(header, columns, bound, file)
    missing = [column for column, place in zip(columns, bound, strict=True) if column.required and place is None]
    if missing:
        called = [called_in(header, column) for column in missing]
        near = difflib.get_close_matches(called[0], header, n=1, cutoff=0.5)
        raise BadData(
            f"{file.name} has no column {', '.join(called)}",
            hint=f"Its columns: {', '.join(header)}." + (f" Did you mean {near[0]}?" if near else ""),
        )
    used = {one for place in bound for one in (place if isinstance(place, tuple) else (place,))}
    if extra := [name for place, name in enumerate(header) if place not in used and name]:
        file.notes.append(f"columns not read: {', '.join(extra)}")
    return bound


def called_in(header: Sequence[str], column: Column) -> str:
    """How a person calls *column*, which the *header* lacks: by its first name.

    Where a mapping has given the column of its very name to another role, only odd names are left: by the role then.
    """
    is_given_away = len(column.names) != 1 and plain_name(column.role) in {plain_name(name) for name in header}
    return column.role if is_given_away or not column.names else column.names[0]


def _bound(column: Column, header: Sequence[str], file: InputFile) -> Place:
    if column.constant is not None:
        return column.constant
    if column.joined:
        parts = [_place(Column(column.role, (name,)), header, file) for name in column.joined]
        if None in parts:
            name = column.joined[parts.index(None)]
            raise BadData(f"{file.name} has no column {name}", hint=f"Its columns: {', '.join(header)[:300]}.")
        return tuple(part for part in parts if part is not None)
    return _place(column, header, file)


def _place(column: Column, header: Sequence[str], file: InputFile) -> int | None:
    """Where the one column of *header* stands that answers to a name of *column*; BadData where two do.

    Of two that differ by a sign alone the one that is called exactly so is meant: ``Discount``, not ``Discount %``.
    """
    for names in (column.names, column.otherwise):
        plain = {plain_name(name) for name in names}
        found = [place for place, name in enumerate(header) if name and plain_name(name) in plain]
        if len({plain_name(header[place]) for place in found}) == 1:
            found = [place for place in found if header[place] in names] or found
        if len(found) > 1:
            both = " and ".join(header[place] for place in found)
            raise BadData(
                f"{file.name}: {both} could both be {column.role}",
                hint=f'Remove one, or choose one in a mapping file: {column.role} = "{header[found[0]]}" (--mapping).',
            )
        if found:
            return found[0]
    return None


def _refuse_two_roles(
    header: Sequence[str], columns: Sequence[Column], bound: Sequence[Place], file: InputFile
) -> None:
    """BadData where one column of *header* answers to two of *columns*."""
    taken: dict[int, Column] = {}
    for column, place in zip(columns, bound, strict=True):
        if not isinstance(place, int):
            continue
        if place in taken:
            raise BadData(
                f"{file.name}: {header[place]} could be {taken[place].role} or {column.role}",
                hint="Choose one in a mapping file (--mapping).",
            )
        taken[place] = column


def _refuse_header(header: Sequence[str], file: InputFile) -> None:
    if len(header) > MOST_COLUMNS:
        raise BadData(f"{file.name} has {len(header)} columns: this does not look like a table")
    named = [name.casefold() for name in header if name]
    if twice := sorted({name for name in named if named.count(name) > 1}):
        raise BadData(f"{file.name} has two columns called {', '.join(twice)}", hint="Rename or remove one.")


def plain_name(name: str) -> str:
    """A column's name as two of them are compared: without case, spaces and punctuation."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFC", name).casefold()) or name.strip()
