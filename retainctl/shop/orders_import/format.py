"""What a format is: a small module in ``formats`` whose ``FORMAT`` says how rows of its files become documents."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from retainctl.intake.cells import Cells, Chunk, Column
from retainctl.intake.file import InputFile
from retainctl.intake.values import Values
from retainctl.shop.orders_import.documents import Document

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
