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
        """The first instant of *day* in the shop's zone."""
        return int(datetime(day.year, day.month, day.day, tzinfo=self.zone).timestamp())

    def end_of(self, day: date) -> int:
        """The first instant after *day* in the shop's zone."""
        return self.start_of(day + timedelta(days=1))

    def iso(self, instant: int) -> str:
        """*instant* in ISO 8601 with the shop's offset, as results show it."""
        return self.local(instant).isoformat(timespec="seconds")


def month_of(instant: int) -> int:
    """The month of *instant* in UTC, counted from the year 0: what large tables are divided by."""
    moment = datetime.fromtimestamp(instant, UTC)
    return 12 * moment.year + moment.month - 1


def parse_instant(text: str, zone: ZoneInfo) -> int:
    """``2025-03-01``, ``2025-03-01T09:00`` (the shop's zone) or with an offset, in epoch seconds."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise WrongUsage(f"{text!r} is not a time", hint="Write 2025-03-01 or 2025-03-01T09:00.") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    return int(moment.astimezone(UTC).timestamp())
