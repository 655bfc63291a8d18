"""A list that is declared: its columns, how each is read, and the table that keeps a row for each key.

An empty cell says nothing and changes nothing; a key that comes twice in a file counts once, or is a bad row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

from retainctl.config import Shop
from retainctl.intake.cache import Memo
from retainctl.intake.cells import Cells, Column, RowError
from retainctl.intake.import_runs import FileResult, Imported, ImportOptions
from retainctl.intake.one_file import RowOutcome, RowTaker, import_list
from retainctl.intake.values import Values
from retainctl.normalising import clean_name, is_null
from retainctl.result import Progress
from retainctl.spreadsheets import strip_guard
from retainctl.store import dialect
from retainctl.store.database import execute_many, rows

T = TypeVar("T")
KeptCells = dict[str, Any]  # what is kept of a row, by the columns of the table


class GivenCell(NamedTuple):
    """A cell that is read: its text, its column, all cells of its row by their columns, and the file's readers."""

    text: str
    column: str
    row: Mapping[str, str]
    values: Values


@dataclass(frozen=True, slots=True)
class Field:
    """A column: its role, its names in a header, how a cell is read, and what a new row has without it."""

    role: str
    names: tuple[str, ...]
    read: Callable[[GivenCell], object] | None = None  # None: the rule of the list reads it
    new: object = ""
    kept_as: str = ""  # the column of the table; else the role
    required: bool = False  # the file must have it, and every row must fill it
    reads_empty: bool = False  # a cell that says nothing is read too: an empty one, or "null"
    otherwise: tuple[str, ...] = ()  # names that count where the header has none of *names*

    @property
    def kept(self) -> str:
        return self.kept_as or self.role

    @property
    def columns(self) -> tuple[Column, ...]:
        return (Column(self.role, self.names, self.required, self.otherwise),)


@dataclass(frozen=True, slots=True)
class Lookup:
    """Columns that together name a row of another table: its id is kept, and a row that names none is a bad one.

    *find* is handed the cells of some thousand rows, and the source that was stated; it answers for each.
    """

    role: str
    columns: tuple[Column, ...]
    find: Callable[[Shop, str, Sequence[Cells]], Sequence[int | RowError]]

    @property
    def kept(self) -> str:
        return self.role


@dataclass(frozen=True, slots=True)
class Listing:
    """A kind of list: one table, whose rows are told apart by the roles of the *key*; its fields; and a *rule*.

    The rule sees what a row said and what is kept after it, and may correct that or raise RowError.
    """

    kind: str  # a word of the table import_kinds
    table: str
    key: tuple[str, ...]
    fields: tuple[Field | Lookup, ...]
    rule: Callable[[Values, Mapping[str, str], KeptCells], None] = lambda _values, _said, _after: None
    source: str = ""  # of what is imported, where nobody states it; else the kind

    @property
    def columns(self) -> tuple[Column, ...]:
        return columns_of(self.fields)

    def import_file(
        self, shop: Shop, name: str, options: ImportOptions, *, progress: Progress = lambda _rows: None
    ) -> FileResult[Imported]:
        """Import the file called *name* (``-``: the standard input) into the list's table."""
        return import_list(shop, name, options, lambda _f, _h: TableTaker(self, shop, options), progress=progress)


def columns_of(fields: Sequence[Field | Lookup]) -> tuple[Column, ...]:
    """The columns of *fields*, in their order."""
    return tuple(column for one in fields for column in one.columns)


class DeclaredTaker(RowTaker[T]):
    """Reads rows as declared fields say."""

    def __init__(
        self, fields: Sequence[Field | Lookup], shop: Shop, options: ImportOptions, *, source: str, **settings: object
    ) -> None:
        super().__init__(shop, options, columns_of(fields), source=source, **settings)
        self._stated_source = options.source
        self._lookups = [one for one in fields if isinstance(one, Lookup)]
        self._read_as = [(one.role, one.kept, one.read) for one in fields if isinstance(one, Field) and one.read]
        self._required = [one.role for one in fields if isinstance(one, Field) and one.required]
        self._roles = [column.role for column in self.columns]
        read_empty = (one.role for one in fields if isinstance(one, Field) and one.reads_empty)
        self._read_empty = {role: self._roles.index(role) for role in read_empty}
        self._stated: Memo[str, str] = Memo(_stated)
        self._found: dict[tuple[str, Cells], int | RowError] = {}

    def prepare(self, rows: Sequence[Cells]) -> None:
        """Find what the rows name by their columns together."""
        self._found.clear()
        for one in self._lookups:
            places = [self._roles.index(column.role) for column in one.columns]
            asked = list({tuple(self._stated[cells[place]] for place in places) for cells in rows})
            found = one.find(self.shop, self._stated_source, asked)
            self._found |= {(one.role, cells): answer for cells, answer in zip(asked, found, strict=True)}

    def said(self, cells: Cells) -> dict[str, str]:
        """The cells of a row by their roles; empty where one says nothing, unless its reader asks for the very word."""
        stated = self._stated
        said = {role: stated[cell] for role, cell in zip(self._roles, cells, strict=True)}
        for role, place in self._read_empty.items():
            said[role] = strip_guard(cells[place].strip())
        return said

    def given(self, said: Mapping[str, str]) -> KeptCells:
        """What a row says, by the columns of the table that keep it; RowError for a cell that cannot be read."""
        return self.looked_up(said) | self.stated(said)

    def looked_up(self, said: Mapping[str, str]) -> KeptCells:
        """The rows of other tables that a row names; RowError where it names none."""
        given: KeptCells = {}
        for one in self._lookups:
            found = self._found[one.role, tuple(said[column.role] for column in one.columns)]
            if isinstance(found, RowError):
                raise found
            given[one.role] = found
        return given

    def stated(self, said: Mapping[str, str]) -> KeptCells:
        """What a row's own cells say; RowError for one that cannot be read."""
        given: KeptCells = {}
        for role in self._required:
            if not said[role]:
                raise RowError(role, f"no_{role}", f"the row has no {role}")
        for role, kept, read in self._read_as:
            if (cell := said[role]) or role in self._read_empty:
                given[kept] = read(GivenCell(cell, role, said, self.values))
        return given


def _stated(cell: str) -> str:
    """What a cell says, without the spaces and marks around it; empty where it says nothing."""
    text = strip_guard(cell.strip())
    return "" if is_null(text) else text


class _ReadRow(NamedTuple):
    said: dict[str, str]
    given: KeptCells


class TableTaker(DeclaredTaker[_ReadRow]):
    """Rows to the rows of a declared list's table."""

    def __init__(self, listing: Listing, shop: Shop, options: ImportOptions) -> None:
        super().__init__(listing.fields, shop, options, source=options.source or listing.source or listing.kind)
        self.kind = listing.kind
        of_role = {one.role: one for one in listing.fields}
        self._listing = listing
        self._key = [of_role[role].kept for role in listing.key]
        self.one_of = tuple(column.role for role in listing.key[:1] for column in of_role[role].columns)
        self._new = {one.kept: getattr(one, "new", None) for one in listing.fields if one.kept not in self._key}
        self._seen: dict[tuple[Any, ...], int] = {}

    def read(self, cells: Cells) -> _ReadRow:
        said = self.said(cells)
        given = self.given(said)
        if missing := next((name for name in self._key if given.get(name) in (None, "")), None):
            raise RowError(missing, f"no_{missing}", f"the row has no {missing}")
        return _ReadRow(said, given)

    def keep(self, read: list[_ReadRow], *, import_id: int) -> list[RowOutcome | RowError]:  # noqa: ARG002
        """Write the row of each key, where it says anything new."""
        keys = [tuple(one.given[name] for name in self._key) for one in read]
        known = self._known(keys)
        made: list[KeptCells] = []
        changed: list[tuple[int, KeptCells]] = []
        outcomes: list[RowOutcome | RowError] = []
        for key, one in zip(keys, read, strict=True):
            row_id, before = known.get(key, (0, self._new))
            after = before | {name: value for name, value in one.given.items() if name not in self._key}
            try:
                self._listing.rule(self.values, one.said, after)
                if (outcome := self._again(key, one)) is None:
                    outcome = "new" if not row_id else "changed" if after != before else "unchanged"
                    if not row_id:
                        made.append(dict(zip(self._key, key, strict=True)) | after)
                    elif outcome == "changed":
                        changed.append((row_id, after))
                outcomes.append(outcome)
            except RowError as error:
                outcomes.append(error)
        self._write(made, changed)
        return outcomes

    def _again(self, key: tuple[Any, ...], one: _ReadRow) -> RowOutcome | None:
        """What becomes of a row whose key came before in the file; None where it did not."""
        content = hash(tuple(one.said.values()))
        if key not in self._seen:
            self._seen[key] = content
            return None
        if self._seen[key] != content:
            names = " and ".join(f"{role} {part!r}" for role, part in zip(self._listing.key, key, strict=True))
            raise RowError(
                self._listing.key[0], "twice", f"{names} appears twice with different values; the first counts"
            )
        return "unchanged"

    def _known(self, keys: Sequence[tuple[Any, ...]]) -> dict[tuple[Any, ...], tuple[int, KeptCells]]:
        """The rows of the table with these keys: the id of each, and what it keeps."""
        if not keys:
            return {}
        width = len(self._key)
        # Each part of the key narrows the search: a table may hold a year of what a file has one day of.
        conditions, bound = zip(*(dialect.one_of(list(set(parts))) for parts in zip(*keys, strict=True)), strict=True)
        where = " AND ".join(f"{name} {condition}" for name, condition in zip(self._key, conditions, strict=True))
        sql = f"SELECT id, {', '.join([*self._key, *self._new])} FROM {self._listing.table} WHERE {where}"
        return {
            tuple(cells[:width]): (row_id, dict(zip(self._new, cells[width:], strict=True)))
            for row_id, *cells in rows(sql, *bound)
        }

    def _write(self, made: Sequence[KeptCells], changed: Sequence[tuple[int, KeptCells]]) -> None:
        table = self._listing.table
        if made:
            numbered = enumerate(made, dialect.take_ids(table, len(made)))
            cells = [(number, *record.values()) for number, record in numbered]
            dialect.insert_many(table, ("id", *self._key, *self._new), cells)
        if changed:
            names = ", ".join(f"{name} = ?" for name in self._new)
            sql = f"UPDATE {table} SET {names} WHERE id = ?"
            execute_many(sql, [(*record.values(), row_id) for row_id, record in changed])


def exact(cell: GivenCell) -> str:
    """The text as it stands."""
    return cell.text


def text(cell: GivenCell) -> str:
    """The text without control and direction marks."""
    return clean_name(cell.text).value or ""


def whole(cell: GivenCell) -> int:
    """A whole number."""
    return cell.values.counted(cell.text, cell.column)


def day(cell: GivenCell) -> int:
    """A day on the shop's own calendar, as it is counted from 1970."""
    return cell.values.day(instant(cell))


def instant(cell: GivenCell) -> int:
    """A moment; a day alone is its noon."""
    return cell.values.instant(cell.text, cell.column)[0]


def currency(cell: GivenCell) -> str:
    """A currency; where its field ``reads_empty``, one that the row leaves out is the usual one."""
    return cell.values.currency("" if is_null(cell.text) else cell.text)


def price(cell: GivenCell) -> int:
    """An amount in minor units of the row's currency, which is not negative."""
    code = cell.row.get("currency", "")
    minor = cell.values.money(cell.text, cell.values.currency("" if is_null(code) else code), cell.column)
    if minor < 0:
        raise RowError(cell.column, "negative_price", f"{cell.text!r} is negative")
    return minor
