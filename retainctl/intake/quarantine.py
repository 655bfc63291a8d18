"""Rows of files that were not booked, or not wholly: kept with their bytes, listed, shown and dismissed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import starmap
from typing import Final, NamedTuple

from retainctl.config import Shop
from retainctl.errors import WrongUsage
from retainctl.intake.cells import Held
from retainctl.normalising import masked
from retainctl.rows import Row
from retainctl.store import dialect
from retainctl.store.database import execute_many, rows
from retainctl.store.transactions import in_one_transaction

LARGER: Final = "return_larger_than_order"  # the code of a row that waits for an order that holds what it returns
OPEN: Final = "h.disposition <> 'set_aside' AND h.resolved_at IS NULL"
LIST_THEM: Final = "List them: retainctl orders quarantine list"


class Quarantined(Row, kind="quarantined_row", spare="byte_offset document"):
    """One row that could not be booked, or not with all of its cells, and why.

    ``rows_of`` is what was imported, ``document`` the id of what the row speaks of.
    """

    id: int
    rows_of: str
    file: str
    line: int
    document: str
    byte_offset: int
    column: str
    code: str
    message: str


class RawRow(Row, kind="raw_row"):
    """One row that was not booked, as it stood in its file; bytes that are no text are shown as ``\\x…``."""

    id: int
    file: str
    line: int
    disposition: str
    code: str
    message: str
    resolved_at: str
    text: str


def list_quarantined(_shop: Shop) -> list[Quarantined]:
    """Every row that waits in quarantine, oldest first."""
    query = f"""SELECT h.id, i.kind, i.file_name, h.line, h.document, h.byte_offset, h.column_name, h.code, h.message
        FROM held_rows AS h JOIN imports AS i ON i.id = h.import_id WHERE {OPEN} ORDER BY h.id"""
    found = [Quarantined(*row) for row in rows(query)]
    return [replace(one, document=masked(one.document)) for one in found]


def show_held(shop: Shop, held_id: int) -> RawRow:
    """One row that was quarantined or set aside."""
    found = rows(
        """SELECT i.file_name, h.line, h.disposition, h.code, h.message, h.resolved_at, h.raw_bytes, i.options
            FROM held_rows AS h JOIN imports AS i ON i.id = h.import_id WHERE h.id = ?""",
        held_id,
    )
    if not found:
        raise WrongUsage(f"there is no row {held_id} in quarantine", hint=LIST_THEM)
    file, line, disposition, code, message, resolved_at, raw, options = found[0]
    text = bytes(raw).decode(json.loads(options).get("encoding", "utf-8"), "backslashreplace").rstrip("\r\n")
    resolved = "" if resolved_at is None else shop.clock.iso(resolved_at)
    return RawRow(held_id, file, line, disposition, code, message, resolved, text)


@in_one_transaction
def dismiss(shop: Shop, ids: Sequence[int]) -> list[RawRow]:
    """Take the rows *ids* out of quarantine as they are: somebody has looked, and nothing more is to be done."""
    condition, bound = dialect.one_of(list(ids))
    found = {row[0] for row in rows(f"SELECT h.id FROM held_rows AS h WHERE h.id {condition} AND {OPEN}", bound)}
    if missing := set(ids) - found:
        raise WrongUsage(f"row {min(missing)} is not waiting in quarantine", hint=LIST_THEM)
    execute_many(
        "UPDATE held_rows SET resolved_at = ? WHERE id = ?", [(shop.clock.now(), one) for one in sorted(found)]
    )
    return [show_held(shop, one) for one in sorted(found)]


def waiting_documents(import_id: int) -> set[str]:
    """What the open rows speak of that earlier imports of the same kind, source and format hold."""
    return {one.document for one in _known_rows(import_id) if one.is_open and one.document}


def keep_held(
    import_id: int,
    held: Sequence[Held],
    *,
    resolved: Sequence[int],
    told: Collection[str],
    now: int,
    told_back: Collection[str] = (),
) -> None:
    """Keep rows that were not booked, or not wholly, each of them once; *resolved* are earlier imports of the file.

    A row may come again in every nightly export. In quarantine its newest reason counts, and the older row is
    resolved; one that was set aside, or booked without a cell, is kept as it is. What earlier imports hold of
    documents that were *told* anew, or are held anew, is resolved as well; rows of what came back, where that is
    *told_back* or held anew.
    """
    bad = [one for one in held if one.disposition == "quarantined"]
    others = [one for one in held if one.disposition != "quarantined"]
    bad_again = {one.origin.raw_bytes for one in bad}
    others_again = {(one.origin.raw_bytes, one.code) for one in others}
    told_anew = {*told, *(one.document for one in bad if not one.is_back)} - {""}
    back_anew = {*told_back, *(one.document for one in bad if one.is_back)} - {""}
    known = _known_rows(import_id)
    settled = [
        one.id
        for one in known
        if one.is_open
        and (
            (
                one.document in (back_anew if one.is_back else told_anew)
                and (one.raw_bytes, one.code) not in others_again
            )
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
        "import_id disposition line byte_offset document column_name code message raw_bytes is_back",
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
                int(one.is_back),
            )
            for one in kept + bad
        ],
    )


class _Earlier(NamedTuple):
    """A row that an earlier import holds."""

    id: int
    import_id: int
    raw_bytes: bytes
    document: str
    code: str
    is_back: bool
    is_quarantined: bool
    is_open: bool


def _known_rows(import_id: int) -> list[_Earlier]:
    """The rows that imports of the same kind, source and format hold; what was quarantined and is resolved is not."""
    query = f"""SELECT h.id, h.import_id, h.raw_bytes, h.document, h.code, h.is_back,
            h.disposition = 'quarantined', {OPEN}
        FROM held_rows AS h JOIN imports AS i ON i.id = h.import_id
        JOIN imports AS own ON own.kind = i.kind AND own.source = i.source AND own.format = i.format
        WHERE own.id = ? AND (h.disposition <> 'quarantined' OR h.resolved_at IS NULL)"""
    return list(starmap(_Earlier, rows(query, import_id)))
