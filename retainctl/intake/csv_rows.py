"""Rows of a separated-values file, strictly after RFC 4180, with the line and byte where each began.

What is wrong with the whole table (a header that does not fit, a quote that never closes) is BadData; what is
wrong with one row holds that row. Nothing is dropped and nothing is guessed in silence.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice, repeat
from operator import attrgetter, itemgetter
from typing import Final, Protocol

from retainctl.errors import BadData, WrongUsage
from retainctl.intake.cells import Cells, Column, Held, Origin, Place, bind
from retainctl.intake.file import LINE_BYTES, InputFile
from retainctl.intake.text import BAD_BYTE, FIELD_LENGTH, TextLines

CHUNK_ROWS: Final = 2_000
_ROWS_AT_ONCE: Final = 250  # what the processor's cache holds
DELIMITERS: Final = ",;\t|"
_STATED_DELIMITER: Final = re.compile(r"sep=([,;\t|])", re.IGNORECASE)  # Excel's
_NOTHING_SAID: Final = f'{DELIMITERS} \r\n"\ufeff'  # of a line before the header
_NUMBER: Final = re.compile(r"\d+\s*", re.ASCII)
_NAMES: Final = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a vertical bar"}
_BARE_QUOTE: Final = 'stray double quote (") inside a cell: double it and quote the cell, or use gershayim, as in צה״ל'


@dataclass(slots=True)
class LineChunk:
    """Rows as their mapped cells; ``starts`` and ``ends`` count lines of the file from nought."""

    lines: TextLines
    rows: list[Cells] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    blank: int = 0

    def origin(self, place: int) -> Origin:
        return self.lines.origin(self.starts[place], self.ends[place])


def read_header(file: InputFile, *, delimiter: str = "") -> tuple[list[str], str]:
    """The names of the columns and the delimiter, which is the one that the header has most of."""
    if delimiter and (len(delimiter) != 1 or delimiter in '"\r\n'):
        raise WrongUsage(f"{delimiter!r} cannot separate columns", hint="Use one mark, such as ; or a tab.")
    text = TextLines(file)
    lines = iter(text)
    line, stated, _ = _first_line(lines, least=file.header_line)
    if line.lstrip()[:1] in ("{", "["):
        return [line.strip()], delimiter or ","  # JSON has none
    found = delimiter or stated or max(DELIMITERS, key=line.count)
    try:
        header = next(csv.reader(chain([line], lines), delimiter=found, strict=True))
    except (csv.Error, StopIteration):
        raise BadData(f"{file.name} has no header row") from None
    if any(map(BAD_BYTE.search, header)):
        raise text.not_text("\n".join(header))
    return [name.strip() for name in header], found


def _first_line(lines: Iterator[str], *, least: int) -> tuple[str, str, int]:
    """The first line from the one of number *least* on that says something, which one it is, and the delimiter that a
    line ``sep=;`` before it names."""
    stated = ""
    for number, line in enumerate(lines, 1):
        if number < least:
            continue
        if found := _STATED_DELIMITER.fullmatch(line.strip()):
            stated = found[1]
        elif line.strip(_NOTHING_SAID):
            return line, stated, number
    return "", stated, 0


class Columned(Protocol):
    """What says which columns are read: a format, or a list of another kind."""

    @property
    def columns(self) -> tuple[Column, ...]: ...


def csv_chunks(file: InputFile, format_: Columned, delimiter: str) -> Iterator[LineChunk]:
    """The rows of a table with a header; BadData where the header is not the format's."""
    csv.field_size_limit(LINE_BYTES)
    lines = TextLines(file, delimiter=delimiter)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    _, _, first = _first_line(iter(TextLines(file)), least=file.header_line)
    header = [name.strip() for name in next(row for row in reader if reader.line_num >= first)]
    pick = _picker(bind(header, format_.columns, file=file), width=len(header))
    if inherited := getattr(format_, "inherited_cells", 0):
        pick = _inheriting(pick, inherited)
    yield from _Chunks(lines, reader, pick, width=len(header), delimiter=delimiter).read()


def _picker(bound: Sequence[Place], *, width: int) -> Callable[[list[str]], Cells]:
    """What takes the cells of the bound columns out of a row; a column that is absent gives empty cells."""
    if all(isinstance(place, int) for place in bound) and len(bound) > 1:
        return itemgetter(*(place for place in bound if isinstance(place, int)))
    if any(isinstance(place, tuple | str) for place in bound):
        return lambda row: tuple(_cell(row, place) for place in bound)
    places = [place if isinstance(place, int) else width for place in bound]
    take: Callable[[list[str]], Cells] = itemgetter(*places) if len(places) > 1 else lambda row: (row[places[0]],)

    def pick(row: list[str]) -> Cells:
        row.append("")
        return take(row)

    return pick


def _inheriting(pick: Callable[[list[str]], Cells], many: int) -> Callable[[list[str]], Cells]:
    """*pick*, where a row of the document before it takes what it leaves empty of the first *many* cells from there."""
    before: Cells = ()

    def picked(row: list[str]) -> Cells:
        nonlocal before
        cells = pick(row)
        if before and (not cells[0].strip() or cells[0] == before[0]):
            cells = tuple(cell or last for cell, last in zip(cells[:many], before, strict=False)) + cells[many:]
        before = cells
        return cells

    return picked


def _cell(row: list[str], place: Place) -> str:
    """What a row has at *place*; the parts of a joined column stand with a space between them."""
    if isinstance(place, int):
        return row[place]
    if isinstance(place, tuple):
        return " ".join(part for one in place if (part := row[one].strip()))
    return place or ""


class _Chunks:
    """Gathers rows into chunks that do not part a document's neighbouring rows."""

    def __init__(
        self,
        lines: TextLines,
        reader: Iterator[list[str]],
        pick: Callable[[list[str]], Cells],
        *,
        width: int,
        delimiter: str,
    ) -> None:
        self._lines = lines
        self._delimiter = delimiter
        self._reader = reader
        self._pick = pick
        self._width = width
        self._before = reader.line_num  # type: ignore[attr-defined]
        # Each row with the line that it ends on: the reader has moved there when its number is asked for.
        self._numbered = zip(reader, map(attrgetter("line_num"), repeat(reader)), strict=False)

    def read(self) -> Iterator[LineChunk]:
        chunk = LineChunk(self._lines)
        while True:
            try:
                following = self._fill(chunk)
            except csv.Error as error:
                self._hold_untaken(chunk, error)
                continue
            if self._lines.any_odd():
                self._hold_odd(chunk)
            yield chunk
            if following is None:
                break
            chunk = following
            self._lines.forget(chunk.starts[0])
        last = self._lines.next_line
        if not self._lines.text(last - 1, last).endswith(("\n", "\r")):
            self._lines.file.notes.append("the last line has no line break; the file may be truncated")

    def _fill(self, chunk: LineChunk) -> LineChunk | None:
        """Add rows to *chunk* until it is full; the chunk that the next row begins, or None at the end."""
        rows = chunk.rows
        while len(rows) < CHUNK_ROWS and self._take_many(chunk):
            pass
        for row, after in self._numbered:
            self._take(chunk, row, after)
            if len(rows) > CHUNK_ROWS and (rows[-1][0] != rows[-2][0] or len(rows) > 4 * CHUNK_ROWS):
                return LineChunk(self._lines, [rows.pop()], [chunk.starts.pop()], [chunk.ends.pop()])
        return None

    def _take_many(self, chunk: LineChunk) -> bool:
        """Add some rows to *chunk*: all at once where each of them is whole, else one by one. False at the end."""
        taken: list[tuple[list[str], int]] = []
        try:
            taken.extend(islice(self._numbered, _ROWS_AT_ONCE))
        finally:  # rows before one that cannot be parsed are as good as others
            if taken:
                self._add(chunk, taken)
        return bool(taken)

    def _add(self, chunk: LineChunk, taken: list[tuple[list[str], int]]) -> None:
        rows, ends = zip(*taken, strict=True)
        if set(map(len, rows)) == {self._width} and all(map(any, rows)) and not self._lines.file.skipped_rows:
            chunk.rows += map(self._pick, rows)
            chunk.starts += (self._before, *ends[:-1])
            chunk.ends += ends
            self._before = ends[-1]
            return
        for row, after in taken:
            self._take(chunk, row, after)

    def _take(self, chunk: LineChunk, row: list[str], after: int) -> None:
        before, self._before = self._before, after
        if len(row) != self._width and not self._fits(chunk, row, before, after):
            return
        if not any(map(str.strip, row)) or self._is_skipped(row):
            chunk.blank += 1
            return
        chunk.rows.append(self._pick(row))
        chunk.starts.append(before)
        chunk.ends.append(after)

    def _fits(self, chunk: LineChunk, row: list[str], before: int, after: int) -> bool:
        """Whether a row of another width can be read after all: commas at its end say nothing."""
        if not any(map(str.strip, row)) or self._is_skipped(row):
            chunk.blank += 1
            return False
        if len(row) > self._width and not any(row[self._width :]):
            del row[self._width :]
            return True
        word = "short" if len(row) < self._width else "long"
        chunk.held.append(
            self._quarantined(before, after, f"too_{word}", f"the row has {len(row)} cells, not {self._width}")
        )
        return False

    def _is_skipped(self, row: list[str]) -> bool:
        """Whether *row* begins with what the file's footers begin with: a text, or (``#``) any number and a text."""
        skipped = self._lines.file.skipped_rows
        if not skipped or row[0].startswith(skipped):
            return bool(skipped)
        found = _NUMBER.match(text := " ".join(row[:2]))
        counted = tuple(one[1:].lstrip() for one in skipped if one.startswith("#"))
        return found is not None and text[found.end() :].startswith(counted)

    def _hold_untaken(self, chunk: LineChunk, error: csv.Error) -> None:
        before, after = self._before, self._reader.line_num  # type: ignore[attr-defined]
        self._before = after
        if after - before > 1 or "unexpected end of data" in str(error):
            opened = before + 1 + _unclosed_quote(self._lines.text(before, after))
            raise BadData(
                f"unclosed quote starting on line {opened} of {self._lines.file.name}",
                hint="Close it, or double it if it is part of the text.",
            ) from None
        chunk.held.append(self._quarantined(before, after, "bad_quotes", f"the row cannot be parsed: {error}"))

    def _hold_odd(self, chunk: LineChunk) -> None:
        """Take out of *chunk* the rows that hold what no text should."""
        kept: list[int] = []
        for place, (start, end) in enumerate(zip(chunk.starts, chunk.ends, strict=True)):
            if self._lines.is_odd(start, end) and (found := self._oddity(self._lines.text(start, end))):
                chunk.held.append(self._quarantined(start, end, *found))
            else:
                kept.append(place)
        if len(kept) < len(chunk.rows):
            chunk.rows = [chunk.rows[place] for place in kept]
            chunk.starts, chunk.ends = [chunk.starts[p] for p in kept], [chunk.ends[p] for p in kept]

    def _oddity(self, text: str) -> tuple[str, str] | None:
        if BAD_BYTE.search(text) and not self._lines.file.keeps_bad_bytes:
            return "bad_bytes", f"the row is not valid {self._lines.file.encoding.upper()} (see --encoding)"
        if "\0" in text:
            return "nul_byte", "the row contains NUL bytes"
        if len(text) > FIELD_LENGTH and max(map(len, self._read_of(text))) > FIELD_LENGTH:
            return "too_big", "a cell is larger than 128 KB"
        if self._lines.has_bare_quote(text):
            return "bad_quotes", _BARE_QUOTE
        return None

    def _read_of(self, text: str) -> Cells:
        """The cells of a row that are read; a large one in another column harms nobody."""
        cells = next(csv.reader(io.StringIO(text, newline=""), delimiter=self._delimiter))
        return self._pick(cells) if len(cells) == self._width else tuple(cells)

    def _quarantined(self, start: int, end: int, code: str, message: str) -> Held:
        return Held("quarantined", self._lines.origin(start, end), "", code, message)


def _unclosed_quote(text: str) -> int:
    """How many lines into *text* the quote opens that closes on no line of its own."""
    opened: int | None = None
    for quote in re.finditer('"', text):
        if opened is None:
            opened = quote.start()
        elif "\n" in text[opened : quote.start()]:
            break
        else:
            opened = None
    return text.count("\n", 0, opened or 0)


def describe_delimiter(delimiter: str) -> str:
    return _NAMES.get(delimiter, repr(delimiter))
