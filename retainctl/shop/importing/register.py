"""The imports that were committed: what each file was, how many rows it had, and which of them were held."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from retainctl.config import Shop
from retainctl.errors import BadData
from retainctl.shop.importing.documents import Held
from retainctl.shop.importing.files import InputFile
from retainctl.store import dialect
from retainctl.store.database import execute, execute_many, rows, value

MOST_QUARANTINED: Final = 1_000
MOST_QUARANTINED_SHARE: Final = 0.05
LOCK: Final = "import"  # one import at a time

ImportKind = Literal["orders", "customers", "products", "consent", "answers"]


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

    def assert_complete(self) -> None:
        found = self.new + self.changed + self.unchanged + self.set_aside + self.blank + self.quarantined
        assert self.read == found, f"{self.read} rows were read and {found} accounted for"


@dataclass(frozen=True, slots=True)
class Asked:
    """What is imported and how it is read: an equal one of the same file brings nothing new."""

    kind: ImportKind
    source: str
    format: str
    settings: str  # JSON


def known_imports(file: InputFile, asked: Asked) -> list[int]:
    """The earlier imports of this very file, read in the same way."""
    return [
        row[0]
        for row in rows(
            "SELECT id FROM imports WHERE kind = ? AND sha256 = ? AND source = ? AND format = ?"
            " AND options = ? ORDER BY id",
            asked.kind, file.sha256, asked.source, asked.format, asked.settings,
        )
    ]  # fmt: skip


def has_open_quarantine(import_id: int) -> bool:
    """Whether rows of that import still wait in quarantine."""
    return bool(value(
        "SELECT COUNT(*) FROM held_rows WHERE import_id = ? AND disposition = 'quarantined' AND resolved_at IS NULL",
        import_id,
    ))  # fmt: skip


def begin(shop: Shop, file: InputFile, asked: Asked) -> int:
    """The number of a new import; in the transaction that ``end`` closes."""
    import_id = dialect.take_ids("imports", 1)
    execute(
        "INSERT INTO imports (id, kind, file_name, sha256, source, format, options, imported_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        import_id, asked.kind, Path(file.name).name, file.sha256, asked.source, asked.format, asked.settings,
        shop.clock.now(),
    )  # fmt: skip
    return import_id


def check_limit(counts: Counts, file: InputFile, *, strict: bool, held: Sequence[Held], ended: bool) -> None:
    """BadData where more is wrong with the rows than an honest file has wrong; one bad row never is."""
    if not counts.quarantined:
        return
    first = next(one for one in held if one.disposition == "quarantined")
    place = f"The first: line {first.origin.line}, {first.message}."
    if strict:
        raise BadData(f"{file.name} has a bad row, and nothing was written", hint=place)
    share = counts.quarantined / max(counts.read, 1)
    if counts.quarantined > MOST_QUARANTINED or (ended and counts.quarantined > 1 and share > MOST_QUARANTINED_SHARE):
        raise BadData(
            f"{file.name}: {counts.quarantined} of {counts.read} rows are bad; this is the wrong file, or the wrong "
            "format, and nothing was written",
            hint=place,
        )


def keep_held(import_id: int, held: Sequence[Held], *, resolved: Sequence[int], now: int) -> None:
    """Keep rows that were not booked, or not wholly, each of them once; *resolved* are earlier imports of the file.

    A row may come again in every nightly export. In quarantine its newest reason counts, and the older row is
    resolved; one that was set aside, or booked without a cell, is kept as it is.
    """
    bad = [one for one in held if one.disposition == "quarantined"]
    again = {one.origin.raw_bytes for one in bad}
    earlier = [
        (now, held_id)
        for held_id, raw, _, earlier_import in _known_rows(import_id, "h.disposition = 'quarantined'")
        if raw in again or earlier_import in resolved
    ]
    execute_many("UPDATE held_rows SET resolved_at = ? WHERE id = ?", earlier)
    others = [one for one in held if one.disposition != "quarantined"]
    known = Counter(
        (raw, code) for _, raw, code, _ in (_known_rows(import_id, "h.disposition <> 'quarantined'") if others else ())
    )
    kept = []
    for one in others:
        if known[one.origin.raw_bytes, one.code]:
            known[one.origin.raw_bytes, one.code] -= 1
        else:
            kept.append(one)
    dialect.insert_many(
        "held_rows",
        ("import_id", "disposition", "line", "byte_offset", "column_name", "code", "message", "raw_bytes"),
        [
            (import_id, one.disposition, one.origin.line, one.origin.byte_offset, one.column, one.code, one.message,
             one.origin.raw_bytes)
            for one in kept + bad
        ],
    )  # fmt: skip


def _known_rows(import_id: int, condition: str) -> list[tuple[int, bytes, str, int]]:
    """The rows that imports of the same kind, source and format hold: id, bytes, code, and whose they are.

    What was quarantined and is resolved is no longer held.
    """
    return [
        (held_id, bytes(raw), code, holder)
        for held_id, raw, code, holder in rows(
            f"""SELECT h.id, h.raw_bytes, h.code, h.import_id FROM held_rows AS h
                JOIN imports AS i ON i.id = h.import_id
                JOIN imports AS own ON own.kind = i.kind AND own.source = i.source AND own.format = i.format
                WHERE own.id = ? AND {condition} AND (h.disposition <> 'quarantined' OR h.resolved_at IS NULL)""",
            import_id,
        )
    ]


def end(import_id: int, counts: Counts, notes: Sequence[str]) -> None:
    """Write down what became of the rows, and every guess in words."""
    execute(
        "UPDATE imports SET rows_read = ?, rows_new = ?, rows_changed = ?, rows_unchanged = ?, rows_set_aside = ?,"
        " rows_blank = ?, rows_quarantined = ?, notes = ? WHERE id = ?",
        counts.read, counts.new, counts.changed, counts.unchanged, counts.set_aside, counts.blank,
        counts.quarantined, json.dumps(list(notes), ensure_ascii=False), import_id,
    )  # fmt: skip
