"""Runs of imports: what is asked of one, what became of its file, and the row that tells of it from then on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

from retainctl.config import Shop
from retainctl.errors import BadData, DoneInPart
from retainctl.intake.cells import WAITS_WITH_ANOTHER, Held
from retainctl.intake.file import InputFile
from retainctl.result import Result
from retainctl.rows import Row
from retainctl.store import dialect
from retainctl.store.database import execute, rows

MOST_QUARANTINED: Final = 1_000
MOST_QUARANTINED_SHARE: Final = 0.05
MOST_TOLD: Final = 10  # sentences of rows, and rows of which the same is said; the others are counted
LOCK: Final = "import"  # one import at a time


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """How a file is to be read and what is to be done with it, as the command line says it."""

    source: str = ""
    mapping: Path | None = None
    encoding: str = ""
    delimiter: str = ""
    currency: str = ""
    numbers: str = ""
    again: bool = False
    dry_run: bool = False
    strict: bool = False


@dataclass(slots=True)
class Counts:
    """What became of the rows of one file."""

    read: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    set_aside: int = 0
    blank: int = 0
    quarantined: int = 0

    def add(self, other: Counts) -> None:
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def told(self) -> dict[str, Any]:
        """The counts by the fields of ``Imported``."""
        return {f"rows_{name}": getattr(self, name) for name in self.__slots__}

    def assert_complete(self) -> None:
        found = self.new + self.changed + self.unchanged + self.set_aside + self.blank + self.quarantined
        assert self.read == found, f"{self.read} rows were read and {found} accounted for"


@dataclass(frozen=True, slots=True)
class Asked:
    """What is imported and how it is read: an equal one of the same file brings nothing new."""

    kind: str  # of what is imported: a word of the table import_kinds
    source: str
    format: str
    settings: str  # JSON


ImportOutcome = Literal["imported", "already imported", "dry run", "retried"]


class Imported(Row, kind="import"):
    """What became of one file. Rows read = new + changed + unchanged + set aside + blank + quarantined.

    ``outcome`` is ``imported``, ``already imported`` or ``dry run``; *notes* say what was guessed or noticed.
    """

    file: str
    source: str
    outcome: ImportOutcome
    rows_read: int = 0
    rows_new: int = 0
    rows_changed: int = 0
    rows_unchanged: int = 0
    rows_set_aside: int = 0
    rows_blank: int = 0
    rows_quarantined: int = 0
    notes: tuple[str, ...] = field(default=(), kw_only=True)


R = TypeVar("R", bound=Imported)


@dataclass(frozen=True, slots=True)
class FileResult(Result[R]):
    """The result of one file; its *notes* say what was guessed or noticed on the way.

    *quarantined* are the rows that were not booked, and those that were without a cell that is bad.
    """

    quarantined: tuple[Held, ...] = ()


def together(files: Sequence[FileResult[Any]], *, hint: str) -> Result[Imported]:
    """One result of several files: which of their rows, and what else, needs a look."""
    bad = sum(len(one.quarantined) for one in files)
    alike = [(one.row.file, group) for one in files for group in _alike(one.quarantined)]
    told = [
        f"{file}, {_places(group)}, {group[0].column or 'row'}: {group[0].message} ({group[0].code})"
        for file, group in alike[:MOST_TOLD]
    ]
    if left := sum(len(group) for _, group in alike[MOST_TOLD:]):
        told.append(f"and {left} more")
    odd = [sentence for one in files for sentence in one.attention]
    trouble = next((one.trouble for one in files if one.trouble), None)
    if bad:
        rows_are = "1 row is" if bad == 1 else f"{bad} rows are"
        trouble = DoneInPart(f"{rows_are} in quarantine", hint=hint)
    rows = tuple(replace(one.row, notes=one.notes) for one in files)
    return Result(rows, attention=(*told, *odd[:MOST_TOLD]), trouble=trouble)


def _alike(held: Sequence[Held]) -> list[list[Held]]:
    """*held* in the order of their coming, those together of which the very same is said."""
    groups: dict[tuple[str, str, str], list[Held]] = {}
    for one in held:
        groups.setdefault((one.column, one.code, one.message), []).append(one)
    return list(groups.values())


def _places(group: Sequence[Held]) -> str:
    """Where they stand in their file, and how many they are where they are many."""
    told = ", ".join(one.place for one in group[:MOST_TOLD])
    return f"{told} and {len(group) - MOST_TOLD} more" if len(group) > MOST_TOLD else told


class DryRun(Exception):
    """Carries the result out of a transaction that is to leave nothing."""

    def __init__(self, result: FileResult[Any]) -> None:
        self.result = result


def known_imports(file: InputFile, asked: Asked) -> list[int]:
    """The earlier imports of this very file, read in the same way."""
    return [
        row[0]
        for row in rows(
            "SELECT id FROM imports WHERE kind = ? AND sha256 = ? AND source = ? AND format = ?"
            " AND options = ? ORDER BY id",
            asked.kind,
            file.sha256,
            asked.source,
            asked.format,
            asked.settings,
        )
    ]


def brings_nothing(import_id: int) -> bool:
    """Whether the file of that import has nothing more to bring.

    While rows of it wait in quarantine it may be read once more, but not over what its source has told since. Where
    that changed anything, the file may be an older state that has come back, and is read.
    """
    waiting, later, changed = rows(
        """SELECT COUNT(DISTINCT h.id), COUNT(DISTINCT later.id), COALESCE(MAX(later.rows_changed), 0)
           FROM imports AS this
           LEFT JOIN held_rows AS h
               ON h.import_id = this.id AND h.disposition = 'quarantined' AND h.resolved_at IS NULL
           LEFT JOIN imports AS later
               ON later.kind = this.kind AND later.source = this.source AND later.id > this.id
           WHERE this.id = ?""",
        import_id,
    )[0]
    return not changed and (not waiting or bool(later))


def begin(shop: Shop, file: InputFile, asked: Asked) -> int:
    """The number of a new import; in the transaction that ``end`` closes."""
    import_id = dialect.take_ids("imports", 1)
    execute(
        "INSERT INTO imports (id, kind, file_name, sha256, source, format, options, imported_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        import_id,
        asked.kind,
        Path(file.name).name,
        file.sha256,
        asked.source,
        asked.format,
        asked.settings,
        shop.clock.now(),
    )
    return import_id


def check_limit(counts: Counts, file: InputFile, *, strict: bool, held: Sequence[Held], ended: bool) -> None:
    """BadData where more is wrong with the rows than an honest file has wrong; one bad row or order never is.

    A good row that only waits with a bad one of its order is none.
    """
    if not counts.quarantined:
        return
    bad = [one for one in held if one.disposition == "quarantined" and one.code != WAITS_WITH_ANOTHER]
    alike = _alike(bad)
    told = [f"{_places(group)}: {group[0].message}" for group in alike[:MOST_TOLD]]
    if left := sum(map(len, alike[MOST_TOLD:])):
        told.append(f"and {left} more")
    place = f"Bad rows: {'; '.join(told)}."
    if strict:
        raise BadData(f"{file.name} has a bad row; nothing was written", hint=place)
    share = len(bad) / max(counts.read, 1)
    several = len({one.document or one.origin for one in bad}) > 1
    if len(bad) > MOST_QUARANTINED or (ended and several and share > MOST_QUARANTINED_SHARE):
        raise BadData(
            f"{file.name}: {len(bad)} of {counts.read} rows are bad, so it is the wrong file or the "
            "wrong format; nothing was written",
            hint=place,
        )


def end(import_id: int, counts: Counts, notes: Sequence[str]) -> None:
    """Write down what became of the rows, and every guess in words."""
    execute(
        "UPDATE imports SET rows_read = ?, rows_new = ?, rows_changed = ?, rows_unchanged = ?, rows_set_aside = ?,"
        " rows_blank = ?, rows_quarantined = ?, notes = ? WHERE id = ?",
        counts.read,
        counts.new,
        counts.changed,
        counts.unchanged,
        counts.set_aside,
        counts.blank,
        counts.quarantined,
        json.dumps(list(notes), ensure_ascii=False),
        import_id,
    )
