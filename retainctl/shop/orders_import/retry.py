"""Rows of orders in quarantine, tried again. A list is corrected in its file, and imported again."""

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
from retainctl.intake.import_runs import LOCK, FileResult
from retainctl.intake.mapping import mapping_text
from retainctl.intake.quarantine import LIST_THEM
from retainctl.shop.orders_import.known import format_named
from retainctl.shop.orders_import.orders import OrdersImported, book
from retainctl.shop.orders_import.planning import OrderOptions, plan_with
from retainctl.shop.orders_import.stored import Past
from retainctl.store import dialect
from retainctl.store.database import execute, rows
from retainctl.store.transactions import in_one_transaction

_TO_RETRY = "h.disposition = 'quarantined' AND h.resolved_at IS NULL AND i.kind = 'orders'"


@dataclass(frozen=True, slots=True)
class _RetriedRows:
    """Rows of one import that are tried again together."""

    import_id: int
    file_name: str
    source: str
    format: str
    asked: dict[str, Any]
    ids: list[int]
    raw: list[bytes]
    documents: list[str]


def retry(shop: Shop, ids: Sequence[int], options: OrderOptions) -> list[FileResult[OrdersImported]]:
    """Try the rows *ids* (none: all that are open) again, read as then but for what *options* say otherwise.

    The other rows that wait with one of the same order are tried with it. A row that can be booked now is added to its
    order; one that cannot stays, with its newest reason.
    """
    mapping_text(options.mapping)  # one that is not there is told although nothing waits
    return [_retry(shop, waiting, options) for waiting in _by_import(ids)]


def _by_import(ids: Sequence[int]) -> list[_RetriedRows]:
    found: dict[int, _RetriedRows] = {}
    waiting_rows = rows(
        f"""SELECT i.id, h.id, h.document, h.raw_bytes, i.file_name, i.source, i.format, i.options
            FROM held_rows AS h JOIN imports AS i ON i.id = h.import_id WHERE {_TO_RETRY}
            ORDER BY i.id, h.byte_offset, h.id"""
    )
    together = {
        (import_id, document) for import_id, held_id, document, *_ in waiting_rows if document and held_id in ids
    }
    for import_id, held_id, document, raw, file, source, format_, asked in waiting_rows:
        if not ids or held_id in ids or (import_id, document) in together:
            waiting = found.setdefault(
                import_id, _RetriedRows(import_id, file, source, format_, json.loads(asked), [], [], [])
            )
            waiting.ids.append(held_id)
            waiting.raw.append(bytes(raw))
            waiting.documents.append(document)
    if missing := set(ids) - {held_id for waiting in found.values() for held_id in waiting.ids}:
        raise WrongUsage(f"row {min(missing)} is not a row of orders waiting in quarantine", hint=LIST_THEM)
    return list(found.values())


@in_one_transaction
def _retry(shop: Shop, waiting: _RetriedRows, options: OrderOptions) -> FileResult[OrdersImported]:
    dialect.hold_lock(LOCK)
    asked = waiting.asked
    options = replace(
        options,
        format=waiting.format,
        source=waiting.source,
        encoding=options.encoding or asked["encoding"],
        delimiter=asked["delimiter"],
        currency=options.currency or asked["currency"],
        consent_evidence=asked["consent_evidence"],
    )
    mapping = mapping_text(options.mapping) if options.mapping else asked["mapping"]
    with _as_file(waiting, encoding=options.encoding) as (file, places):
        plan = plan_with(shop, file, options, mapping=mapping, mapping_name=str(options.mapping or "the mapping"))
        past = Past(appended_to=waiting.import_id, whole=frozenset(waiting.documents) - {""}, rows_apart=True)
        if format_named(waiting.format).one_row_an_order:
            past = Past()
        result, _, held = book(shop, plan, past, limited=False)
    assert result.row.rows_read == len(waiting.ids), "each row in quarantine is one row again"
    still = {places[one.origin.byte_offset]: one for one in held if one.disposition != "set_aside"}
    _settle(waiting, still, now=shop.clock.now())
    return replace(result, rows=(replace(result.row, file=waiting.file_name, outcome="retried"),))


@contextmanager
def _as_file(waiting: _RetriedRows, *, encoding: str) -> Iterator[tuple[InputFile, dict[int, int]]]:
    """The rows as a file of their own, and which of them begins at which byte."""
    with tempfile.NamedTemporaryFile(prefix="retainctl-retry-", suffix=".rows") as spool:  # 0600
        if header := waiting.asked["header"]:
            text = io.StringIO()
            csv.writer(text, delimiter=waiting.asked["delimiter"], lineterminator="\n").writerow(header)
            spool.write(text.getvalue().encode(encoding))
        places = {}
        for held_id, raw in zip(waiting.ids, waiting.raw, strict=True):
            places[spool.tell()] = held_id
            spool.write(_line(raw, encoding, is_table=bool(header)))
        spool.flush()
        with input_file(spool.name, encoding=encoding) as file:
            file.is_json_lines = not header
            file.name = f"quarantine of {Path(waiting.file_name).name}"
            yield file, places


def _line(raw: bytes, encoding: str, *, is_table: bool) -> bytes:
    """One row with a line's end; what is no table's holds no line's end that means anything."""
    end, carriage = "\n".encode(encoding), "\r".encode(encoding)
    if is_table:
        return raw if raw.endswith((end, carriage)) else raw + end
    space = " ".encode(encoding)
    return raw.replace(end, space).replace(carriage, space) + end


def _settle(waiting: _RetriedRows, still: dict[int, Held], *, now: int) -> None:
    for held_id in waiting.ids:
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
