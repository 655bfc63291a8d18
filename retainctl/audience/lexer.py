"""Text to tokens, and errors that point at one of them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Final

from retainctl.errors import BadData, did_you_mean

MAX_BYTES = 4096

_TOKEN: Final = re.compile(
    r"""(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2}(?![\w-]))
      | (?P<slashed>[0-9]{1,2}[/.][0-9]{1,2}[/.][0-9]{4}(?![\w-]))
      | (?P<number>-?[0-9]+(?:\.[0-9]+)?(?![\w-]))
      | (?P<text>"(?:[^"]|"")*"|'(?:[^']|'')*')
      | (?P<word>[\w-]+)
      | (?P<sign><=|>=|!=|[=<>(),])""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Token:
    """One token, with its place in the source."""

    kind: str  # date, number, text, word, sign, end
    text: str
    start: int
    end: int

    def is_word(self, *words: str) -> bool:
        return self.kind == "word" and self.text.casefold() in words

    def is_sign(self, *signs: str) -> bool:
        return self.kind == "sign" and self.text in signs


class Tokens:
    """The tokens of an expression, taken one after the other."""

    def __init__(self, text: str) -> None:
        if len(text.encode("utf-8", "replace")) > MAX_BYTES:
            raise BadData(f"the expression is longer than {MAX_BYTES} bytes", hint="Split it into segments.")
        self.source = unicodedata.normalize("NFC", text)
        self.place = 0
        self.tokens: list[Token] = []
        self.tokens = list(self._read())

    @property
    def now(self) -> Token:
        """The next token; the last one has the kind ``end``."""
        return self.tokens[self.place]

    @property
    def before(self) -> Token:
        """The token that was taken last."""
        return self.tokens[self.place - 1]

    def step(self) -> None:
        """Take the next token, whatever it is."""
        self.place += 1

    def take_word(self, *words: str) -> bool:
        """Take the next token if it is one of *words*; whether it was."""
        found = self.now.is_word(*words)
        self.place += found
        return found

    def take_sign(self, sign: str) -> bool:
        """Take the next token if it is *sign*; whether it was."""
        found = self.now.is_sign(sign)
        self.place += found
        return found

    def one_of(self, *words: str) -> str:
        """Take the next token, which must be one of *words*, and return it in lower case."""
        if not self.now.is_word(*words):
            wanted = words[0] if len(words) == 1 else "one of " + ", ".join(words)
            raise self.error(f"expected {wanted}", near=words)
        self.place += 1
        return self.before.text.casefold()

    def error(self, told: str, *, at: Token | None = None, near: Iterable[str] = (), hint: str = "") -> BadData:
        """The error *told*, with a caret under the token; the hint is the closest of the words *near*, or *hint*."""
        token = at or self.now
        line_start = self.source.rfind("\n", 0, token.start) + 1
        line = self.source[line_start:].split("\n", 1)[0]
        caret = " " * (token.start - line_start) + "^"
        return BadData(
            f"{_printable(told)}\n  {_printable(line)}\n  {caret}",
            hint=did_you_mean(token.text.casefold()[:64], near, otherwise=hint),
        )

    def _read(self) -> Iterator[Token]:
        for place, mark in enumerate(self.source):
            if unicodedata.category(mark) in ("Cc", "Cs") and mark not in "\t\r\n":
                raise self.error("unexpected control character", at=Token("sign", mark, place, place + 1))
        place = 0
        while place < len(self.source):
            if self.source[place] in " \t\r\n":
                place += 1
            elif match := _TOKEN.match(self.source, place):
                token = Token(str(match.lastgroup), match[0], place, match.end())
                if token.kind == "slashed":
                    raise self.error(f"{match[0]} is not a valid date", at=token, hint=_with_year_first(match[0]))
                yield token
                place = match.end()
            else:
                mark = self.source[place]
                told = "unclosed quote" if mark in "\"'" else f"unexpected {mark}"
                raise self.error(told, at=Token("sign", mark, place, place + 1))
        yield Token("end", "", len(self.source), len(self.source))


def _with_year_first(text: str) -> str:
    """The hint for *text*, a date such as 01/02/2025: it is ambiguous, so each reading is shown and none assumed."""
    one, other, year = map(int, re.split("[/.]", text))
    readings = []
    for day, month in dict.fromkeys(((one, other), (other, one))):
        with suppress(ValueError):
            readings.append(date(year, month, day).isoformat())
    return "Write it with the year first: " + " or ".join(readings or ["2025-02-01"]) + "."


def _printable(text: str) -> str:
    return "".join(mark if mark.isprintable() else " " for mark in text)
