"""The formats that orders may come in. Each is one small module here with a ``FORMAT``; the folder is the list.

Its ``FORMAT`` says how rows of its files become documents. The engine names none of them: a module that is added is
known, and one that is deleted is missed by nothing.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from retainctl.intake.cells import Cells, Chunk, Column
from retainctl.intake.file import InputFile
from retainctl.shop.orders_import.documents import Document, OrderValues

Layout = Callable[[InputFile, "Format", str], Iterator[Chunk]]
# Add one row to the document its id stands for (None: it is the first); RowError or SetAside leaves it as it was.
Add = Callable[[OrderValues, Document | None, Cells], Document]
# Look at a document whose rows are all there; RowError quarantines every one of them.
Finish = Callable[[OrderValues, Document], None]


@dataclass(frozen=True, slots=True)
class Format:
    """How one kind of export is read. ``readings`` are the options of ``OrderValues`` that it states."""

    name: str
    source: str
    about: str
    columns: tuple[Column, ...]
    layout: Layout
    add: Add
    finish: Finish | None = None
    one_row_an_order: bool = False
    has_return_documents: bool = False
    is_back: Callable[[OrderValues, Cells], bool] = lambda _values, _cells: False  # whether a row is of what came back
    recognises: Callable[[str], bool] | None = None  # by the file's beginning, where it has no header
    readings: Mapping[str, Any] = field(default_factory=dict)
    mapping: str = ""  # the text of the ready mapping that it is read by
    is_table: bool = True  # it begins with a row of the columns' names
    order_cells: int = 0  # how many of its columns, the first ones, are the order's own
    inherited_cells: int = 0  # how many of them a further row takes from the one before it where they are empty

    def by_role(self, cells: Cells) -> dict[str, str]:
        """*cells* by the roles of the columns; those of further columns are left out."""
        return {column.role: cell for column, cell in zip(self.columns, cells, strict=False)}


def all_formats() -> dict[str, Format]:
    """Every format by its name, in the order of their names."""
    found = [importlib.import_module(f"{__name__}.{module.name}").FORMAT for module in pkgutil.iter_modules(__path__)]
    return {format_.name: format_ for format_ in sorted(found, key=lambda one: one.name)}
