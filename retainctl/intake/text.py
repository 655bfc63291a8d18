"""The lines of a file, remembered with the bytes where they stood while rows of them may still be asked for."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from itertools import accumulate, chain
from typing import Final, NamedTuple

from retainctl.errors import BadData
from retainctl.intake.cells import Origin
from retainctl.intake.encodings import better_encoding, differing_cells, likely_encoding
from retainctl.intake.file import Block, InputFile

FIELD_LENGTH: Final = 131_072
BAD_BYTE: Final = re.compile("[\udc80-\udcff]")
_MOJIBAKE: Final = re.compile("[à-ú]{3,}")


class _KeptBlock(NamedTuple):
    """A block of the file, taken apart into lines, while rows of it may still be asked for."""

    first_line: int
    lines: list[str]
    block: Block
    is_odd: bool


class TextLines:
    """The lines of a file for the csv reader, remembered until ``forget``."""

    def __init__(self, file: InputFile, *, delimiter: str = "") -> None:
        self.file = file
        # JSON has none, and its quotes are its own.
        self._quoted = _quoted_cells(delimiter) if delimiter else None
        self._kept: list[_KeptBlock] = []
        self._offsets: dict[int, list[int]] = {}
        self.next_line = 0

    def __iter__(self) -> Iterator[str]:
        return chain.from_iterable(self._blocks())

    def _blocks(self) -> Iterator[list[str]]:
        for block in self.file.blocks():
            # Lines end in \n, \r\n or \r, and in nothing else that Unicode calls a line's end.
            lines = list(io.StringIO(block.text, newline=""))
            odd = (
                block.has_bad_bytes
                or "\0" in block.text
                or max(map(len, lines), default=0) > FIELD_LENGTH
                or self.has_bare_quote(block.text)
            )
            if not self._kept and self.next_line == 0:
                self._look_at_first(block, lines)
            self._kept.append(_KeptBlock(self.next_line, lines, block, odd))
            self.next_line += len(lines)
            yield lines

    def _look_at_first(self, block: Block, lines: list[str]) -> None:
        """Refuse a file that is not in its encoding at all, with a sample of what it may be."""
        may_be_bad = block.has_bad_bytes and not self.file.keeps_bad_bytes
        bad = [line for line in lines if BAD_BYTE.search(line)] if may_be_bad else []
        if bad and (bad[0] is lines[0] or (len(bad) > 1 and len(bad) * 20 > len(lines))):
            raise self.not_text("".join(bad))
        stated = self.file.encoded(block.text) if self.file.encoding != "utf-8" else b""
        if better := better_encoding(stated, self.file.encoding):
            sample = differing_cells(stated, better)
            self.file.notes.append(f"read as {self.file.encoding}, but it may be {better}, in which it reads: {sample}")
        elif _MOJIBAKE.search(block.text):
            self.file.notes.append("some text looks like Hebrew saved as Latin-1; see --encoding")

    def not_text(self, bad: str) -> BadData:
        """That the file is not in its encoding, as *bad* of it shows, and how that reads in the likeliest one."""
        data = self.file.encoded(bad)
        hint = "Specify its encoding with --encoding, or export it again as UTF-8."
        if encoding := likely_encoding(data, but=self.file.encoding):
            sample = differing_cells(data, encoding)
            hint = f"Specify its encoding. With --encoding {encoding} it reads: {sample}"
        return BadData(f"{self.file.name} is not valid {self.file.encoding.upper()}", hint=hint)

    def has_bare_quote(self, text: str) -> bool:
        """Whether a quote stands in *text* that neither opens, closes nor doubles, as RFC 4180 knows them.

        Between two Hebrew letters it is a letter, as in צה"ל.
        """
        if self._quoted is None or '"' not in text:
            return False
        bare = text.count('"') - "".join(self._quoted.findall(text)).count('"')
        return bare > 0 and bare > len(_GERSHAYIM.findall(text))

    def is_odd(self, start: int, end: int) -> bool:
        return any(kept.is_odd for kept in self._of(start, end))

    def any_odd(self) -> bool:
        return any(kept.is_odd for kept in self._kept)

    def text(self, start: int, end: int) -> str:
        return "".join(
            "".join(kept.lines[max(start - kept.first_line, 0) : end - kept.first_line])
            for kept in self._of(start, end)
        )

    def _of(self, start: int, end: int) -> list[_KeptBlock]:
        return [kept for kept in self._kept if kept.first_line < end and start < kept.first_line + len(kept.lines)]

    def origin(self, start: int, end: int) -> Origin:
        kept = next(one for one in self._kept if one.first_line <= start < one.first_line + len(one.lines))
        offsets = self._offsets.get(kept.first_line)
        if offsets is None:
            sizes = (len(self.file.encoded(line)) for line in kept.lines)
            offsets = self._offsets[kept.first_line] = list(accumulate(sizes, initial=kept.block.byte_offset))
        return Origin(start + 1, offsets[start - kept.first_line], self.file.encoded(self.text(start, end)))

    def forget(self, before: int) -> None:
        """Let go of the blocks that end before line *before*."""
        self._kept = [kept for kept in self._kept if kept.first_line + len(kept.lines) > before]
        self._offsets = {line: offsets for line, offsets in self._offsets.items() if line >= before - 1}


_GERSHAYIM: Final = re.compile('(?<=[א-ת])"(?=[א-ת])')


def _quoted_cells(delimiter: str) -> re.Pattern[str]:
    """What finds cells in quotes, from one delimiter or line's end to the next."""
    within = rf"[^{re.escape(delimiter)}\r\n]"
    # The quote stands before the look behind it, because a search is only fast for a pattern's first character.
    return re.compile(rf'"(?<!{within}")[^"]*+(?:""[^"]*+)*+"(?!{within})')
