"""Time: UTC epoch seconds inside, the shop's own zone at the edge.

Every function that needs the time is handed a Clock; nothing else asks the system for it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from retainctl.errors import WrongUsage

DAY_SECONDS = 86_400
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)  # in the order of date.weekday()
_EPOCH = date(1970, 1, 1).toordinal()
FIRST_DAY, LAST_DAY = date(1971, 1, 1), date(2100, 12, 31)  # of what a shop may have to do with


@dataclass(frozen=True, slots=True)
class Clock:
    """The time in the shop's zone; *fixed* stands still (``--now``, tests); *trusted* is right, be it far ahead."""

    zone: ZoneInfo
    fixed: int | None = None
    trusted: bool = False

    def now(self) -> int:
        """Now, in UTC epoch seconds."""
        return int(time.time()) if self.fixed is None else self.fixed

    def local(self, instant: int) -> datetime:
        """*instant* as the shop's wall clock shows it."""
        return datetime.fromtimestamp(instant, self.zone)

    def day(self, instant: int) -> date:
        """The shop's calendar day at *instant*."""
        return self.local(instant).date()

    def today(self) -> date:
        return self.day(self.now())

    def start_of(self, day: date) -> int:
        """The first instant of *day* in the shop's zone; of a day that no shop has seen or will, the nearest."""
        day = min(max(day, FIRST_DAY), LAST_DAY)
        return int(datetime(day.year, day.month, day.day, tzinfo=self.zone).timestamp())

    def end_of(self, day: date) -> int:
        """The first instant after *day* in the shop's zone."""
        return self.start_of(min(day, LAST_DAY - timedelta(days=1)) + timedelta(days=1))

    def iso(self, instant: int) -> str:
        """*instant* in ISO 8601 with the shop's offset, as results show it."""
        return self.local(instant).isoformat(timespec="seconds")


def month_of(instant: int) -> int:
    """The month of *instant* in UTC, as ``month_number`` counts: what large tables are divided by."""
    return month_number(datetime.fromtimestamp(instant, UTC).date())


def day_number(day: date) -> int:
    """Days since 1970: how a calendar day is kept, so that every database counts and compares it alike."""
    return day.toordinal() - _EPOCH


def day_of(number: int) -> date:
    """The calendar day that is kept as *number*."""
    return date.fromordinal(number + _EPOCH)


def month_number(day: date) -> int:
    """Months since the year 0: 12 * year + month - 1."""
    return 12 * day.year + day.month - 1


def month_text(number: int) -> str:
    """``2025-03``, of a month that is kept as *number*."""
    return f"{number // 12:04}-{number % 12 + 1:02}"


def parse_instant(text: str, zone: ZoneInfo) -> int:
    """``2025-03-01``, ``2025-03-01T09:00`` (the shop's zone) or with an offset, in epoch seconds."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise WrongUsage(f"{text!r} is not a time", hint="Write 2025-03-01 or 2025-03-01T09:00.") from None
    if not FIRST_DAY <= moment.date() < LAST_DAY:
        raise WrongUsage(f"{text!r} is not a plausible time", hint="Write 2025-03-01 or 2025-03-01T09:00.")
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    return int(moment.astimezone(UTC).timestamp())
