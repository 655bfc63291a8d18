"""The imports that were committed: what each file was, how many rows it had, and which of them were held."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, NamedTuple

from retainctl.config import Shop
from retainctl.errors import BadData
from retainctl.intake.cells import Held
from retainctl.intake.file import InputFile
from retainctl.store import dialect
from retainctl.store.database import execute, execute_many, rows

MOST_QUARANTINED: Final = 1_000
MOST_QUARANTINED_SHARE: Final = 0.05
LOCK: Final = "import"  # one import at a time

ImportKind = Literal["orders", "customers", "products", "consent", "answers", "prices"]


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
            asked.kind,
            file.sha256,
            asked.source,
            asked.format,
            asked.settings,
        )
    ]


def brings_nothing(import_id: int) -> bool:
    """Whether the file of that import has nothing more to bring.

    While rows of it wait in quarantine it may be read once more, but not over what its source has told since.
    """
    waiting, later = rows(
        """SELECT COUNT(DISTINCT h.id), COUNT(DISTINCT later.id) FROM imports AS this
           LEFT JOIN held_rows AS h
               ON h.import_id = this.id AND h.disposition = 'quarantined' AND h.resolved_at IS NULL
           LEFT JOIN imports AS later
               ON later.kind = this.kind AND later.source = this.source AND later.id > this.id
           WHERE this.id = ?""",
        import_id,
    )[0]
    return not waiting or bool(later)


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


def waiting_documents(import_id: int) -> set[str]:
    """What the open rows speak of that earlier imports of the same kind, source and format hold."""
    return {one.document for one in _known_rows(import_id) if one.is_open and one.document}


def keep_held(
    import_id: int, held: Sequence[Held], *, resolved: Sequence[int], told: Collection[str], now: int
) -> None:
    """Keep rows that were not booked, or not wholly, each of them once; *resolved* are earlier imports of the file.

    A row may come again in every nightly export. In quarantine its newest reason counts, and the older row is
    resolved; one that was set aside, or booked without a cell, is kept as it is. What earlier imports hold of
    documents that were *told* anew, or are held anew, is resolved as well.
    """
    bad = [one for one in held if one.disposition == "quarantined"]
    others = [one for one in held if one.disposition != "quarantined"]
    bad_again = {one.origin.raw_bytes for one in bad}
    others_again = {(one.origin.raw_bytes, one.code) for one in others}
    told_anew = {*told, *(one.document for one in bad)} - {""}
    known = _known_rows(import_id)
    settled = [
        one.id
        for one in known
        if one.is_open
        and (
            (one.document in told_anew and (one.raw_bytes, one.code) not in others_again)
            or (one.is_quarantined and (one.raw_bytes in bad_again or one.import_id in resolved))
        )
    ]
    execute_many("UPDATE held_rows SET resolved_at = ? WHERE id = ?", [(now, one) for one in settled])
    before = Counter((one.raw_bytes, one.code) for one in known if not one.is_quarantined)
    kept = []
    for one in others:
        if before[one.origin.raw_bytes, one.code]:
            before[one.origin.raw_bytes, one.code] -= 1
        else:
            kept.append(one)
    dialect.insert_many(
        "held_rows",
        ("import_id", "disposition", "line", "byte_offset", "document", "column_name", "code", "message", "raw_bytes"),
        [
            (
                import_id,
                one.disposition,
                one.origin.line,
                one.origin.byte_offset,
                one.document,
                one.column,
                one.code,
                one.message,
                one.origin.raw_bytes,
            )
            for one in kept + bad
        ],
    )


class _Known(NamedTuple):
    """A row that an earlier import holds."""

    id: int
    import_id: int
    raw_bytes: bytes
    document: str
    code: str
    is_quarantined: bool
    is_open: bool


def _known_rows(import_id: int) -> list[_Known]:
    """The rows that imports of the same kind, source and format hold; what was quarantined and is resolved is not."""
    return [
        _Known(
            held_id,
            holder,
            bytes(raw),
            document,
            code,
            disposition == "quarantined",
            resolved_at is None and disposition != "set_aside",
        )
        for held_id, holder, raw, document, code, disposition, resolved_at in rows(
            """SELECT h.id, h.import_id, h.raw_bytes, h.document, h.code, h.disposition, h.resolved_at
               FROM held_rows AS h JOIN imports AS i ON i.id = h.import_id
               JOIN imports AS own ON own.kind = i.kind AND own.source = i.source AND own.format = i.format
               WHERE own.id = ? AND (h.disposition <> 'quarantined' OR h.resolved_at IS NULL)""",
            import_id,
        )
    ]


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
