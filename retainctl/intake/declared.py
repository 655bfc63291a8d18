"""A list that is declared: its columns, how each is read, and the table that keeps a row for each key.

An empty cell says nothing and changes nothing; a key that comes twice in a file counts once, or is a bad row.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from retainctl.intake.cells import Cells, Column, RowError
from retainctl.intake.one_file import Fate
from retainctl.intake.values import Values
from retainctl.normalising import clean_name, is_null
from retainctl.spreadsheets import strip_guard
from retainctl.store import dialect
from retainctl.store.database import execute_many, rows

Record = dict[str, Any]
Read = Callable[[Values, str], object]


@dataclass(frozen=True, slots=True)
class Field:
    """A column: its role, its names in a header, how a cell is read, and what a new row has without it."""

    role: str
    names: tuple[str, ...]
    read: Read | None = None  # None: a rule of the list reads it
    new: object = ""
    kept_as: str = ""  # the column of the table; else the role

    @property
    def kept(self) -> str:
        return self.kept_as or self.role


@dataclass(frozen=True, slots=True)
class Listing:
    """A kind of list: one table, one key, its fields, and *rule*, which sees what a row said and what is kept."""

    kind: str
    table: str
    key: str
    fields: tuple[Field, ...]
    rule: Callable[[Values, dict[str, str], Record], None] = lambda _values, _said, _after: None

    @property
    def columns(self) -> tuple[Column, ...]:
        return tuple(Column(one.role, one.names, required=one.role == self.key) for one in self.fields)


class DeclaredTaker:
    """Rows to the rows of a declared list's table."""

    def __init__(self, listing: Listing, values: Values, *, source: str, settings: dict[str, str]) -> None:
        self.kind: str = listing.kind
        self.columns = listing.columns
        self.one_of: tuple[str, ...] = (listing.key,)
        self.source, self.settings = source, settings
        self.notes: dict[str, int] = {}
        self.left_out: list[tuple[int, RowError]] = []
        self._listing, self._values = listing, values
        self._kept = [one.kept for one in listing.fields if one.role != listing.key and one.kept]
        self._new = {one.kept: one.new for one in listing.fields if one.kept in self._kept}
        self._place = [one.role for one in listing.fields].index(listing.key)
        self._seen: dict[str, Cells] = {}

    def take(self, rows: Sequence[Cells]) -> list[Fate | RowError]:
        """Write the row of each key, where it says anything new."""
        keys = [strip_guard(cells[self._place].strip()) for cells in rows]
        known, made, changed = self._known(keys), dict[str, Record](), dict[str, Record]()
        fates: list[Fate | RowError] = []
        for key, cells in zip(keys, rows, strict=True):
            try:
                after = self._after(key, cells, known.get(key, self._new))
            except RowError as error:
                fates.append(error)
                continue
            if key in self._seen:
                fates.append("unchanged" if self._seen[key] == cells else self._twice(key))
                continue
            self._seen[key] = cells
            if key not in known:
                made[key] = after
            elif after != known[key]:
                changed[key] = after
            fates.append("new" if key not in known else "changed" if key in changed else "unchanged")
        self._write(made, changed)
        return fates

    def _after(self, key: str, cells: Cells, before: Record) -> Record:
        said = {
            one.role: "" if is_null(text := strip_guard(cell.strip())) else text
            for one, cell in zip(self._listing.fields, cells, strict=True)
        }
        if not key:
            raise RowError(self._listing.key, f"no_{self._listing.key}", f"the row has no {self._listing.key}")
        after = dict(before)
        for one in self._listing.fields:
            if said[one.role] and one.read and one.role != self._listing.key:
                after[one.kept] = one.read(self._values, said[one.role])
        self._listing.rule(self._values, said, after)
        return after

    def _twice(self, key: str) -> RowError:
        name = self._listing.key
        return RowError(name, "twice", f"{name} {key!r} stands in the file twice, and differs; the first counts")

    def _known(self, keys: list[str]) -> dict[str, Record]:
        condition, bound = dialect.one_of(keys)
        names = ", ".join(self._kept)
        sql = f"SELECT {self._listing.key}, {names} FROM {self._listing.table} WHERE {self._listing.key} {condition}"
        return {key: dict(zip(self._kept, kept, strict=True)) for key, *kept in rows(sql, bound)}

    def _write(self, made: dict[str, Record], changed: dict[str, Record]) -> None:
        table, key = self._listing.table, self._listing.key
        if made:
            first = dialect.take_ids(table, len(made))
            dialect.insert_many(
                table, ("id", key, *self._kept),
                [(number, one, *record.values()) for number, (one, record) in enumerate(made.items(), first)],
            )  # fmt: skip
        execute_many(
            f"UPDATE {table} SET {', '.join(f'{name} = ?' for name in self._kept)} WHERE {key} = ?",
            [(*record.values(), one) for one, record in changed.items()],
        )


def text(_values: Values, cell: str) -> object:
    return clean_name(cell).value or ""


def whole(values: Values, cell: str) -> object:
    return values.whole(cell, "")
