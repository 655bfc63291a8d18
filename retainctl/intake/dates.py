"""A file's dates and times, as instants; and an instant's day on the shop's own calendar."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from retainctl.clock import DAY_SECONDS, Clock
from retainctl.intake.cache import Memo
from retainctl.intake.cells import RowError

NOON: Final = 12
_SERIAL: Final = re.compile(r"\d{5}(?:\.\d+)?|\d{10}|\d{13}", re.ASCII)
_ISO: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:\s?(?:Z|[+-]\d{2}:?\d{2}|UTC))?)?", re.ASCII
)
_FULL: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-]\d\d:\d\d)", re.ASCII)
_EXCEL_BEGINS: Final = datetime(1899, 12, 30)
_EPOCH: Final = "1970-01-01T00:00:00+00:00"
_LONGEST: Final = 100
_EARLIEST_YEAR: Final = 1971
_EARLIEST: Final = 31_536_000  # 1971-01-01


class Instants:
    """Reads dates in the forms that are stated; *zone* is the source's wall clock.

    A form is ``iso``, ``epoch``, ``excel`` (days since the end of 1899, with their fraction) or strptime's.
    """

    def __init__(
        self, clock: Clock, *, zone: ZoneInfo, dates: str | Sequence[str], note: Callable[[str], None]
    ) -> None:
        self.zone = zone
        self._shop_zone = clock.zone
        self._forms = (dates,) if isinstance(dates, str) else tuple(dates)
        self._note = note
        self._latest = clock.now() + DAY_SECONDS
        self._last: tuple[str | None, tuple[int, bool]] = (None, (0, False))
        # The same days, minutes, seconds and offsets come again and again. An instant is the sum of its parts.
        self._parts = [_part(0, 10), _part(10, 16), _part(16, 19), _part(19, 25)]
        self._offsets: Memo[int, int | None] = Memo(self._offset_of_a_day)

    def read(self, text: str) -> tuple[int, bool]:
        """Epoch seconds, and whether only a day was given (then it is the day's noon); else RowError."""
        if text == self._last[0]:
            return self._last[1]  # the rows of one document stand together
        found = self._read(text)
        self._last = text, found
        return found

    def day(self, instant: int) -> int:
        """The day on the shop's own calendar, in days since 1970."""
        offset = self._offsets[instant // DAY_SECONDS]
        if offset is None:
            offset = self._offset(instant)
        return (instant + offset) // DAY_SECONDS

    def _read(self, text: str) -> tuple[int, bool]:
        if self._forms == ("iso",) and len(text) >= 20:
            days, minutes, seconds, offsets = self._parts
            try:
                instant = days[text[:10]] + minutes[text[10:16]] + seconds[text[16:19]] + offsets[text[19:]]
            except ValueError:
                instant = 0
            if _EARLIEST <= instant <= self._latest:
                return instant, False
        if len(text) > _LONGEST:
            raise RowError("", "bad_date", f"{text!r} is not a date")
        moment, day_only = self._moment(text.replace("\u00a0", " ").replace("\u202f", " ").strip())
        if day_only:
            moment = moment.replace(hour=NOON)
        if not _EARLIEST_YEAR <= moment.year <= 2100:
            raise RowError("", "bad_date", f"{text!r} is not a plausible date")
        if moment.tzinfo is None:
            moment = self._placed(moment)
        instant = int(moment.timestamp())
        if instant > self._latest:
            raise RowError("", "future_date", f"{text!r} is in the future")
        return instant, day_only

    def _moment(self, text: str) -> tuple[datetime, bool]:
        """What *text* says by the one of the stated forms that fits it; RowError where none does, or two differ."""
        if len(self._forms) == 1:
            return _read_as(self._forms[0], text)
        found: list[tuple[datetime, bool]] = []
        for form in self._forms:
            with suppress(RowError):
                found.append(_read_as(form, text))
        if not found:
            raise RowError("", "bad_date", f"{text!r} does not match any of the stated date formats")
        if any(moment.replace(tzinfo=None) != found[0][0].replace(tzinfo=None) for moment, _ in found):
            raise RowError("", "bad_date", f"{text!r} is another date by each of the stated formats")
        return found[0]

    def _placed(self, moment: datetime) -> datetime:
        """*moment* of the source's wall clock, as an instant; an hour that did not exist is moved forward."""
        first = moment.replace(tzinfo=self.zone, fold=0)
        second = first.replace(fold=1)
        before, after = first.utcoffset() or timedelta(), second.utcoffset() or timedelta()
        if before != after:
            self._note("clock_change_gap" if before < after else "clock_change_fold")
        return first

    def _offset_of_a_day(self, day: int) -> int | None:
        """The offset that holds all of a day of UTC; None on one when the clocks are changed."""
        first, last = self._offset(day * DAY_SECONDS), self._offset((day + 1) * DAY_SECONDS - 1)
        return first if first == last else None

    def _offset(self, instant: int) -> int:
        offset = datetime.fromtimestamp(instant, self._shop_zone).utcoffset()
        assert offset is not None
        return int(offset.total_seconds())


def _read_as(form: str, text: str) -> tuple[datetime, bool]:
    """What *text* says by *form*, and whether only a day was given."""
    if form == "iso":
        if not _ISO.fullmatch(text):
            code = "undeclared_serial_date" if _SERIAL.fullmatch(text) else "bad_date"
            raise RowError("", code, f"{text!r} is not an ISO 8601 date")
        plain = text.replace(" UTC", "Z").replace(" +", "+").replace(" -", "-")
        return _made(text, lambda: datetime.fromisoformat(plain)), len(text) == 10
    if form == "epoch":
        if not re.fullmatch(r"\d{9,10}", text, re.ASCII):
            raise RowError("", "bad_date", f"{text!r} is not epoch seconds")
        return datetime.fromtimestamp(int(text), UTC), False
    if form == "excel":
        if not re.fullmatch(r"\d{4,5}(?:\.\d+)?", text, re.ASCII):
            raise RowError("", "bad_date", f"{text!r} is not a day of Excel's")
        seconds = round(Decimal(text) * DAY_SECONDS)
        return _EXCEL_BEGINS + timedelta(seconds=seconds), "." not in text
    return _made(text, lambda: datetime.strptime(text, form)), not re.search(r"%[HIMSXcsT]", form)


def _part(start: int, end: int) -> Memo[str, int]:
    """What the characters from *start* to *end* of a full instant add to it, in seconds; ValueError for others."""

    def seconds(text: str) -> int:
        full = _EPOCH[:start] + text + _EPOCH[end:]
        if not _FULL.fullmatch(full):
            raise ValueError
        return int(datetime.fromisoformat(full).timestamp())

    return Memo(seconds)


def _made(text: str, make: Callable[[], datetime]) -> datetime:
    if any(letter.isnumeric() and not letter.isascii() for letter in text):
        raise RowError("", "bad_date", f"{text!r} is not a date")
    try:
        return make()
    except ValueError:
        raise RowError("", "bad_date", f"{text!r} does not match the stated date format") from None
