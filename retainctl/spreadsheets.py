"""Whole lists as files: as JSON, and as CSV for spreadsheets.

A cell that they would take for a formula (CWE-1236) has a ``'`` before it, which says "this is text"; a number needs
none.

Guarding and stripping undo each other exactly, so that an export that was looked at can be imported again.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Sequence
from typing import BinaryIO, Final, Literal

ListForm = Literal["csv", "json", "jsonl"]

# Full-width forms too. A cell that begins with ' before one of them is guarded as well, or stripping would change it.
_FORMULA: Final = re.compile(r"'*[=+\-@\t\r\0＝＋－＠]")
_NUMBER: Final = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_GUARDED: Final = re.compile(r"''*[=+\-@\t\r\0＝＋－＠]")

BYTE_ORDER_MARK: Final = "\ufeff"  # by which a spreadsheet knows that a CSV is UTF-8


def guard_formula(text: str) -> str:
    """*text* with a leading ``'`` where a spreadsheet would take it for a formula."""
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def strip_guard(text: str) -> str:
    """*text* without the ``'`` that ``guard_formula`` put before it."""
    return text[1:] if text.startswith("'") and _GUARDED.match(text) else text


def write_list(
    file: BinaryIO,
    header: Sequence[str],
    lines: Iterable[Sequence[object]],
    *,
    kind: str,
    form: ListForm,
    for_excel: bool,
) -> int:
    """Write *lines* under their *header* to *file* in *form*; how many there are. In JSON the list is of that *kind*,
    its keys are those of the header, and an empty cell is null."""
    if form == "csv":
        return write_csv(file, header, lines, for_excel=for_excel)
    written = 0
    if form == "json":
        file.write(f'{{"kind": "{kind}", "version": 1, "rows": ['.encode())
    for line in lines:
        record = {name: None if cell == "" else cell for name, cell in zip(header, line, strict=True)}
        text = json.dumps(record, ensure_ascii=False, default=str)
        file.write((text + "\n" if form == "jsonl" else ("," if written else "") + f"\n{text}").encode())
        written += 1
    if form == "json":
        file.write(b"\n]}\n" if written else b"]}\n")
    return written


def write_csv(file: BinaryIO, header: Sequence[str], lines: Iterable[Sequence[object]], *, for_excel: bool) -> int:
    """Write *lines* under their *header* to *file* as UTF-8; how many there are, the header not counted.

    No text in them runs as a formula. *for_excel* begins with the mark by which Excel knows UTF-8, and ends lines as
    it does. The importers take off the guard and the mark again.
    """
    text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=False)
    if for_excel:
        text.write(BYTE_ORDER_MARK)
    writer = csv.writer(text, lineterminator="\r\n" if for_excel else "\n")
    writer.writerow(header)
    written = 0
    for line in lines:
        writer.writerow([guard_formula(cell) if isinstance(cell, str) else cell for cell in line])
        written += 1
    text.detach()  # what is written so far is handed on
    return written
