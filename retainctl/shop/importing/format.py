"""What a format is: a small module in ``formats`` whose ``FORMAT`` says how rows of its files become documents."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from retainctl.shop.importing.documents import Document, Held, Origin
from retainctl.shop.importing.files import InputFile
from retainctl.shop.importing.values import Values

Cells = tuple[str, ...]


class Column(NamedTuple):
    """A column that a format reads: its role, and every name by which a header may call it."""

    role: str
    names: tuple[str, ...]
    required: bool = False


class Chunk(Protocol):
    """Some thousand rows of a file in its order; one order's neighbouring rows stand in one chunk."""

    rows: list[Cells]  # the cells of the format's columns, in their order; the first is the document's id
    held: list[Held]  # rows that could not even be taken apart
    blank: int

    def origin(self, place: int) -> Origin:
        """Where the row at *place* of ``rows`` stood."""
        ...


Layout = Callable[[InputFile, "Format", str], Iterator[Chunk]]
# Add one row to the document its id stands for (None: it is the first); RowError or SetAside leaves it as it was.
Add = Callable[[Values, Document | None, Cells], Document]
# Look at a document whose rows are all there; RowError quarantines every one of them.
Finish = Callable[[Values, Document], None]


@dataclass(frozen=True, slots=True)
class Format:
    """How one kind of export is read. ``readings`` are the options of ``Values`` that it states."""

    name: str
    source: str
    about: str
    columns: tuple[Column, ...]
    layout: Layout
    add: Add
    finish: Finish | None = None
    one_row_an_order: bool = False
    has_return_documents: bool = False
    recognises: Callable[[str], bool] | None = None  # by the file's beginning, where it has no header
    readings: Mapping[str, Any] = field(default_factory=dict)
    is_table: bool = True  # it begins with a row of the columns' names

    def names_of(self, role: str) -> tuple[str, ...]:
        return next((column.names for column in self.columns if column.role == role), ())
