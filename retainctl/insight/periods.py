"""The days that a report is of: all of them, from one to another, or the last so many."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from retainctl.clock import FIRST_DAY, LAST_DAY, Clock, day_number, day_of, month_number
from retainctl.errors import WrongUsage
from retainctl.store.database import rows
from retainctl.wording import day_in_words, days_in_words

_LAST = re.compile(r"([1-9]\d{0,17})([dwmy])", re.ASCII)
_DAYS = {"d": 1, "w": 7, "m": 31, "y": 366}  # at the most


@dataclass(frozen=True, slots=True)
class ReportPeriod:
    """From the *first* day to the *last*, both in it; None is as far as the orders go."""

    first: date | None = None
    last: date | None = None

    @property
    def whole(self) -> bool:
        return self.first is None and self.last is None

    @property
    def days(self) -> tuple[int, int]:
        """The first and the last day as they are kept in the database."""
        return day_number(self.first or FIRST_DAY), day_number(self.last or LAST_DAY)

    def to_its_end(self) -> ReportPeriod:
        """Everything up to the last day."""
        return ReportPeriod(last=self.last)

    def cuts(self, month: int) -> bool:
        """Whether a part of *month* lies outside."""
        begins = self.first is not None and self.first.day > 1 and month_number(self.first) == month
        ends = self.last is not None and month_number(self.last + timedelta(days=1)) == month == month_number(self.last)
        return begins or ends

    def before(self) -> ReportPeriod | None:
        """As many days just before these; None where there is no first day to go back from."""
        if self.first is None or self.last is None:
            return None
        length = self.last - self.first + timedelta(days=1)
        return ReportPeriod(self.first - length, self.first - timedelta(days=1))

    def in_words(self, language: str) -> str:
        """``5 March 2023 – 1 March 2025``, ``until 1 March 2025``; empty where it is of all time."""
        if self.last is None:
            return ""
        if self.first is None:
            return f"{'עד' if language == 'he' else 'until'} {day_in_words(self.last, language)}"
        return days_in_words(self.first, self.last, language)


ALL_TIME = ReportPeriod()


def days_of_orders() -> tuple[date, date] | None:
    """The days of the first and of the last order of a customer; None where there is none."""
    first, last = rows("SELECT MIN(first_order_day), MAX(last_order_day) FROM customer_summaries WHERE orders > 0")[0]
    return None if first is None else (day_of(first), day_of(last))


def first_order_day() -> date | None:
    """The day of the first order of a customer."""
    found = days_of_orders()
    return found[0] if found else None


def read_period(clock: Clock, *, since: str, until: str, last: str) -> ReportPeriod:
    """The period that the options ``--from``, ``--to`` and ``--last`` name; WrongUsage says which cannot be read.

    Without a last day it ends today, where a first day is given; ``--last 90d`` (or ``12w``, ``6m``, ``1y``) are the
    days up to today, with today.
    """
    if last:
        if since or until:
            raise WrongUsage("--last stands alone: give it, or --from and --to")
        return ReportPeriod(_back(clock.today(), last), clock.today())
    first, final = _day(since, "--from"), _day(until, "--to")
    if first is not None and final is None:
        final = clock.today()
    if first is not None and final is not None and first > final:
        raise WrongUsage(f"--from {first} is after {'--to ' if until else 'today, '}{final}")
    return ReportPeriod(first, final)


def _back(today: date, text: str) -> date:
    found = _LAST.fullmatch(text)
    if not found:
        raise WrongUsage(f"--last {text} is not a length of time", hint="Write 90d, 12w, 6m or 1y.")
    number, unit = int(found[1]), found[2]
    if number * _DAYS[unit] > (today - FIRST_DAY).days:
        raise WrongUsage(f"--last {text} is longer than any shop")
    if unit in ("d", "w"):
        return today - timedelta(days=number * _DAYS[unit] - 1)
    year, month = divmod(month_number(today) - number * (12 if unit == "y" else 1), 12)
    start = date(year, month + 1, 1)
    longest = (date(year + (month == 11), (month + 1) % 12 + 1, 1) - start).days
    return start.replace(day=min(today.day, longest)) + timedelta(days=1)


def _day(text: str, option: str) -> date | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise WrongUsage(f"{option} {text} is not a day", hint="Write 2025-03-01.") from None
    if not FIRST_DAY <= day <= LAST_DAY:
        raise WrongUsage(f"{option} {text} is not a plausible day", hint="Write 2025-03-01.")
    return day
