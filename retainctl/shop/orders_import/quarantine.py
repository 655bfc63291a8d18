"""Rows in quarantine: listed, shown, tried again, and dismissed.

Those of every import are listed. Rows of orders alone are tried again: a list is corrected and imported anew.
"""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from retainctl.config import Shop
from retainctl.errors import WrongUsage
from retainctl.intake.cells import Held
from retainctl.intake.file import InputFile, input_file
from retainctl.intake.import_runs import LOCK
from retainctl.intake.outcome import Outcome
from retainctl.rows import Row
from retainctl.shop.orders_import.formats import format_named
from retainctl.shop.orders_import.mapping import mapping_text
from retainctl.shop.orders_import.orders import book
from retainctl.shop.orders_import.planning import plan_with
from retainctl.shop.orders_import.results import Options, OrdersImported
from retainctl.shop.orders_import.stored import Past
from retainctl.store import dialect
from retainctl.store.database import execute, execute_many, rows
from retainctl.store.transactions import in_one_transaction


class Quarantined(Row, kind="quarantined_row"):
    """One row that could not be booked, or not with all of its cells, and why. ``rows_of`` is what was imported."""

    id: int
    rows_of: str
    file: str
    line: int
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


_OPEN = "h.disposition <> 'set_aside' AND h.resolved_at IS NULL"
_TO_RETRY = "h.disposition = 'quarantined' AND h.resolved_at IS NULL AND i.kind = 'orders'"


def list_quarantined(_shop: Shop) -> list[Quarantined]:
    """Every row that waits in quarantine, oldest first."""
    return [
        Quarantined(*row)
        for row in rows(
            f"""SELECT h.id, i.kind, i.file_name, h.line, h.byte_offset, h.column_name, h.code, h.message
                FROM held_rows AS h JOIN imports AS i ON i.id = h.import_id WHERE {_OPEN} ORDER BY h.id"""
        )
    ]


def show_held(shop: Shop, held_id: int) -> RawRow:
    """One row that was quarantined or set aside."""
    found = rows(
        """SELECT i.file_name, h.line, h.disposition, h.code, h.message, h.resolved_at, h.raw_bytes, i.options
            FROM held_rows AS h JOIN imports AS i ON i.id = h.import_id WHERE h.id = ?""",
        held_id,
    )
    if not found:
        raise WrongUsage(f"no row {held_id} is held", hint="List them: retainctl orders quarantine list")
    file, line, disposition, code, message, resolved_at, raw, options = found[0]
    text = bytes(raw).decode(json.loads(options).get("encoding", "utf-8"), "backslashreplace").rstrip("\r\n")
    resolved = "" if resolved_at is None else shop.clock.iso(resolved_at)
    return RawRow(held_id, file, line, disposition, code, message, resolved, text)


@in_one_transaction
def dismiss(shop: Shop, ids: Sequence[int]) -> list[RawRow]:
    """Take the rows *ids* out of quarantine as they are: somebody has looked, and nothing more is to be done."""
    condition, bound = dialect.one_of(list(ids))
    found = {row[0] for row in rows(f"SELECT h.id FROM held_rows AS h WHERE h.id {condition} AND {_OPEN}", bound)}
    if missing := set(ids) - found:
        raise WrongUsage(
            f"no row {min(missing)} waits in quarantine", hint="List them: retainctl orders quarantine list"
        )
    execute_many(
        "UPDATE held_rows SET resolved_at = ? WHERE id = ?", [(shop.clock.now(), one) for one in sorted(found)]
    )
    return [show_held(shop, one) for one in sorted(found)]


@dataclass(frozen=True, slots=True)
class _Batch:
    """Rows of one import that are tried again together."""

    import_id: int
    file_name: str
    source: str
    format: str
    asked: dict[str, Any]
    ids: list[int]
    raw: list[bytes]


def retry(shop: Shop, ids: Sequence[int], options: Options) -> list[Outcome[OrdersImported]]:
    """Try the rows *ids* (none: all that are open) again, read as then but for what *options* say otherwise.

    A row that can be booked now is added to its order; one that cannot stays, with its newest reason.
    """
    return [_retry(shop, batch, options) for batch in _batches(ids)]


def _batches(ids: Sequence[int]) -> list[_Batch]:
    found: dict[int, _Batch] = {}
    for import_id, held_id, raw, file, source, format_, asked in rows(
        f"""SELECT i.id, h.id, h.raw_bytes, i.file_name, i.source, i.format, i.options
            FROM held_rows AS h JOIN imports AS i ON i.id = h.import_id WHERE {_TO_RETRY} ORDER BY h.id"""
    ):
        if not ids or held_id in ids:
            batch = found.setdefault(import_id, _Batch(import_id, file, source, format_, json.loads(asked), [], []))
            batch.ids.append(held_id)
            batch.raw.append(bytes(raw))
    if missing := set(ids) - {held_id for batch in found.values() for held_id in batch.ids}:
        raise WrongUsage(
            f"no row {min(missing)} of orders waits to be booked", hint="List them: retainctl orders quarantine list"
        )
    return list(found.values())


@in_one_transaction
def _retry(shop: Shop, batch: _Batch, options: Options) -> Outcome[OrdersImported]:
    dialect.hold_lock(LOCK)
    asked = batch.asked
    options = replace(
        options,
        format=batch.format,
        source=batch.source,
        encoding=options.encoding or asked["encoding"],
        delimiter=asked["delimiter"],
        currency=options.currency or asked["currency"],
        consent_evidence=asked["consent_evidence"],
    )
    mapping = mapping_text(options.mapping) if options.mapping else asked["mapping"]
    with _as_file(batch, encoding=options.encoding) as (file, places):
        plan = plan_with(shop, file, options, mapping=mapping, mapping_name=str(options.mapping or "the mapping"))
        is_part = not format_named(batch.format).one_row_an_order
        outcome, _, held = book(shop, plan, Past(appended_to=batch.import_id if is_part else None), limited=False)
    assert outcome.row.rows_read == len(batch.ids), "each row in quarantine is one row again"
    still = {places[one.origin.byte_offset]: one for one in held if one.disposition != "set_aside"}
    _settle(batch, still, now=shop.clock.now())
    return replace(outcome, row=replace(outcome.row, file=batch.file_name, outcome="retried"))


@contextmanager
def _as_file(batch: _Batch, *, encoding: str) -> Iterator[tuple[InputFile, dict[int, int]]]:
    """The rows as a file of their own, and which of them begins at which byte."""
    with tempfile.NamedTemporaryFile(prefix="retainctl-retry-", suffix=".rows") as spool:  # 0600
        if header := batch.asked["header"]:
            text = io.StringIO()
            csv.writer(text, delimiter=batch.asked["delimiter"], lineterminator="\n").writerow(header)
            spool.write(text.getvalue().encode(encoding))
        places = {}
        for held_id, raw in zip(batch.ids, batch.raw, strict=True):
            places[spool.tell()] = held_id
            spool.write(_line(raw, encoding, is_table=bool(header)))
        spool.flush()
        with input_file(spool.name, encoding=encoding) as file:
            file.is_json_lines = not header
            file.name = f"quarantine of {Path(batch.file_name).name}"
            yield file, places


def _line(raw: bytes, encoding: str, *, is_table: bool) -> bytes:
    """One row with a line's end; what is no table's holds no line's end that means anything."""
    end, carriage = "\n".encode(encoding), "\r".encode(encoding)
    if is_table:
        return raw if raw.endswith((end, carriage)) else raw + end
    space = " ".encode(encoding)
    return raw.replace(end, space).replace(carriage, space) + end


def _settle(batch: _Batch, still: dict[int, Held], *, now: int) -> None:
    for held_id in batch.ids:
        one = still.get(held_id)
        if one is None:
            execute("UPDATE held_rows SET resolved_at = ? WHERE id = ?", now, held_id)
        else:
            execute(
                "UPDATE held_rows SET disposition = ?, column_name = ?, code = ?, message = ? WHERE id = ?",
                one.disposition,
                one.column,
                one.code,
                one.message,
                held_id,
            )
