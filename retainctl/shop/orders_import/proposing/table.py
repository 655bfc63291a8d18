"""The beginning of a file as a table: where its header stands, and the rows at its end that are none."""

from __future__ import annotations

import csv
import re
from collections import Counter
from dataclasses import dataclass
from itertools import islice
from statistics import median
from typing import Final

from retainctl.errors import BadData
from retainctl.intake.csv_rows import DELIMITERS
from retainctl.intake.file import InputFile
from retainctl.intake.text import TextLines
from retainctl.shop.orders_import.proposing.likely_words import TOTAL_WORDS

ROWS: Final = 500  # that are looked at
_HEADER_LINES: Final = 20
_FEW: Final = 3  # a row of totals has a third of a usual row's cells at most
_NOTHING: Final = frozenset({"", "-", "--", "---", "–", "—", "n/a", "null", "none"})


@dataclass(slots=True)
class Table:
    """The beginning of a file as a table, without the rows that begin with one of ``footers``."""

    header_line: int
    header: list[str]
    rows: list[list[str]]
    footers: list[str]

    def cells(self, place: int) -> list[str]:
        """What stands in a column; cells that say nothing are left out."""
        return [text for row in self.rows if (text := row[place].strip()).lower() not in _NOTHING]

    def several(self, place: int) -> bool:
        """Whether a column has some words, each of which comes again."""
        cells = self.cells(place)
        return bool(cells) and len(set(cells)) <= max(len(cells) // 2, 1)


def read_table(file: InputFile) -> Table:
    """The table at the beginning of *file*; BadData where there is none."""
    lines = list(islice(TextLines(file), ROWS + _HEADER_LINES))
    if lines and lines[0].lstrip()[:1] in ("{", "["):
        raise BadData(f"{file.name} is JSON, which needs no mapping", hint="Import it: retainctl orders import FILE")
    delimiter = max(DELIMITERS, key=lambda mark: sum(line.count(mark) for line in lines[:_HEADER_LINES]))
    rows = list(csv.reader(lines, delimiter=delimiter))
    width = Counter(len(row) for row in rows if len(row) > 1).most_common(1)
    if not width:
        raise BadData(f"{file.name} does not look like a table with several columns")
    at = next(number for number, row in enumerate(rows) if len(row) == width[0][0] and any(map(str.strip, row)))
    header = [cell.strip() for cell in rows[at]]
    line = sum(1 + sum(cell.count("\n") for cell in row) for row in rows[:at]) + 1
    following = [row for row in rows[at + 1 :] if any(map(str.strip, row))]
    footers = _footers(header, following, is_whole=len(lines) < ROWS + _HEADER_LINES)
    body = [row for row in following if len(row) == len(header) and not row[0].startswith(tuple(footers))]
    return Table(line, header, body, footers)


def _footers(header: list[str], rows: list[list[str]], *, is_whole: bool) -> list[str]:
    """With what those of *rows* begin that are none: totals, a header that comes again, words below the table.

    With what begins a row that may be one as well, nothing is left out.
    """
    usual = median([sum(map(bool, row)) for row in rows]) if rows else 0
    last = max((place for place, row in enumerate(rows) if len(row) == len(header)), default=-1)
    found: dict[str, list[int]] = {}
    for place, row in enumerate(rows):
        beginning = ""
        if [cell.strip() for cell in row] == header:
            beginning = row[0]
        elif (total := TOTAL_WORDS.match(row[0])) and sum(map(bool, row)) * _FEW <= usual:
            beginning = total[0]
        elif is_whole and place > last and sum(map(bool, row)) == 1 and (words := row[0].split()):
            beginning = "" if re.search(r"\d", words[0]) else words[0]  # a number may be an order's, cut off
        if beginning.strip() and not beginning.startswith("#"):
            found.setdefault(beginning, []).append(place)
    return [
        beginning
        for beginning, places in found.items()
        if all(place in places for place, row in enumerate(rows) if row[0].startswith(beginning))
    ]
