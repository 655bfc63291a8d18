"""Records of a JSON file: one object, a list of them (bare or in an envelope), or JSON lines.

Numbers stay the text that they were written as. A key that comes twice, NaN, and nesting deeper than a record
ever has quarantine theirs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final

from retainctl.errors import BadData
from retainctl.intake.cells import Cells, Held, Origin, RowError
from retainctl.intake.csv_rows import CHUNK_ROWS
from retainctl.intake.file import LINE_BYTES, InputFile
from retainctl.intake.text import TextLines

DEEPEST: Final = 20
Record = Mapping[str, Any]
_SPACE: Final = re.compile(r"[\s,]*")


@dataclass(slots=True)
class RecordChunk:
    """Some records: the id and the text of each."""

    rows: list[Cells] = field(default_factory=list)
    origins: list[Origin] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    blank: int = 0

    def origin(self, place: int) -> Origin:
        return self.origins[place]


def json_layout(
    envelope: str, key: Callable[[Record], str]
) -> Callable[[InputFile, object, str], Iterator[RecordChunk]]:
    """The layout of files whose records are called *envelope* (its plural for a list) and have the id *key*."""
    return lambda file, _format, _delimiter: json_chunks(file, envelope, key)


def json_chunks(file: InputFile, envelope: str, key: Callable[[Record], str]) -> Iterator[RecordChunk]:
    """The records of *file*: of each its id and its text."""
    chunk = RecordChunk()
    for text, origin in _records(file, envelope):
        if not text.strip():
            chunk.blank += 1
            continue
        try:
            record = parse(text)
            chunk.rows.append((key(record.get(envelope, record)), text))
            chunk.origins.append(origin)
        except RowError as error:
            chunk.held.append(Held("quarantined", origin, error.column, error.code, str(error)))
        if len(chunk.rows) >= CHUNK_ROWS:
            yield chunk
            chunk = RecordChunk()
    yield chunk


def is_json(file: InputFile) -> bool:
    """Whether *file* begins as JSON does, and no table of ours."""
    return next(iter(TextLines(file)), "").lstrip().startswith(("{", "["))


def parse(text: str) -> Record:
    """The object that *text* is, its numbers as text; RowError says why there is none."""
    try:
        record = json.loads(text, object_pairs_hook=_object, parse_constant=_constant, parse_float=str, parse_int=str)
    except RecursionError:
        raise RowError("", "too_deep", "the record is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise RowError("", "bad_json", f"the record is not valid JSON: {error}") from None
    if not isinstance(record, dict):
        raise RowError("", "bad_json", "the record is not an object")
    if _depth(record) > DEEPEST:
        raise RowError("", "too_deep", "the record is nested too deeply")
    return record


def text_of(record: Record, *path: str) -> str:
    """The text at *path* in *record*; empty where there is nothing."""
    value: Any = record
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else ""


def objects_of(record: Record, name: str) -> list[dict[str, Any]]:
    """The objects in the list called *name*."""
    found = record.get(name)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise RowError(twice[:80], "duplicate_key", f"duplicate key {twice[:80]!r}")
    return made


def _constant(name: str) -> Any:
    raise RowError("", "bad_number", f"{name} is not a number")


def _depth(value: Any) -> int:
    deepest, level = 0, [value]
    while level:
        deepest += 1
        if deepest > DEEPEST:
            break
        level = [
            inner
            for one in level
            if isinstance(one, (dict, list))
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
    return deepest


def _records(file: InputFile, envelope: str) -> Iterator[tuple[str, Origin]]:
    lines = TextLines(file)
    stream = iter(lines)
    begun = [next(stream, ""), next(stream, "")]  # of two lines one may be a bad record
    if file.is_json_lines or any(_is_record(line, envelope) for line in begun):
        for number, line in enumerate(chain(begun if begun[1] else begun[:1], stream)):
            yield line, lines.origin(number, number + 1)
            if number % 1000 == 0:
                lines.forget(number)
        return
    yield from _elements(file, _pieces(lines, chain(begun, stream)), envelope)


def _pieces(lines: TextLines, stream: Iterator[str]) -> Iterator[str]:
    """The text of *lines* in pieces that are as long as a record may be, or longer."""
    piece, length = [], 0
    for line in stream:
        piece.append(line)
        length += len(line)
        if length >= LINE_BYTES:
            lines.forget(lines.next_line)
            yield "".join(piece)
            piece, length = [], 0
    yield "".join(piece)


def _is_record(line: str, envelope: str) -> bool:
    """Whether a line is a whole record, and so the first of JSON lines."""
    if not line.lstrip().startswith("{"):
        return False
    try:
        found = json.loads(line, parse_int=str)
    except (ValueError, RecursionError):
        return False
    return not isinstance(found.get(f"{envelope}s"), list)


def _elements(file: InputFile, pieces: Iterator[str], envelope: str) -> Iterator[tuple[str, Origin]]:
    """The objects of a list, each with its own text; an object alone is the only one.

    *pieces* are looked at one after the other: at no time is more of the file in memory than a record and what may
    follow on it.
    """
    text = next(pieces) + next(pieces, "")
    start = re.compile(rf'\s*\{{\s*"{envelope}s"\s*:\s*\[|\s*\[').match(text)
    if start is None:
        if next(pieces, ""):
            raise BadData(f"{file.name} is a single record of more than 1 MB", hint="Put each record on its own line.")
        yield text, Origin(1, len(file.byte_order_mark), file.encoded(text))
        return
    decoder = json.JSONDecoder(parse_int=str, strict=False)
    place = start.end()
    offset, counted, line = len(file.byte_order_mark), 0, 1
    while True:
        space = _SPACE.match(text, place)
        place = space.end() if space else place
        passed = text[counted:place]
        offset += len(file.encoded(passed))
        line += passed.count("\n")
        counted = place
        if len(text) - place < LINE_BYTES and (more := next(pieces, "")):
            text, place, counted = text[place:] + more, 0, 0
            continue
        if place >= len(text):
            raise BadData(f"{file.name} ends in the middle of its list", hint="It may be truncated. Export it again.")
        if text[place] == "]":
            return
        try:
            _, end = decoder.raw_decode(text, place)
        except (ValueError, RecursionError) as error:
            too_long = ", or one of its records is longer than 1 MB" if next(pieces, "") else ""
            raise BadData(f"{file.name} is not valid JSON{too_long}: {error}") from None
        yield text[place:end], Origin(line, offset, file.encoded(text[place:end]))
        place = end
