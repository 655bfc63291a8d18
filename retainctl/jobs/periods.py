"""Which periods of a job are due. Pure: a job, a clock and the last period that was done.

A daily job has one period a local day, however often its hour comes on that day: an hour that is doubled counts at
its first coming, one that is left out counts from the moment the clocks were moved. A job of every so many minutes
counts in UTC, where no minute is missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from retainctl.clock import DAY_SECONDS, WEEKDAYS, Clock
from retainctl.jobs.table import Job

CATCH_UP_LIMIT = 31  # periods made up one by one; older ones are passed over
# A run dated further ahead than this was made under a wrong clock, and does not hold up those that follow.
TRUSTED_AHEAD_SECONDS = 2 * DAY_SECONDS


@dataclass(frozen=True, slots=True)
class Period:
    """One period of a job: its name, once and for all, when it became due, and its day in the shop's calendar."""

    key: str
    due_at: int
    day: str
    missed: int = 0  # earlier periods that its run makes up for


def due_periods(name: str, job: Job, clock: Clock, *, done_at: int | None) -> list[Period]:
    """The periods to run now, oldest first; *done_at* is when the last one that was done had become due."""
    latest = latest_period(name, job, clock)
    if done_at is None:
        return [latest]
    if job.every_minutes:
        if latest.due_at == done_at:
            return []
        missed = max(0, (latest.due_at - done_at) // (job.every_minutes * 60) - 1)
        return [Period(latest.key, latest.due_at, latest.day, missed)]
    missed_days: list[Period] = []
    period = latest
    while period.due_at > done_at and len(missed_days) < CATCH_UP_LIMIT:
        missed_days.append(period)
        period = _before(name, job, clock, day=date.fromisoformat(period.day))
    if job.catch_up == "each":
        return missed_days[::-1]
    return [Period(latest.key, latest.due_at, latest.day, len(missed_days) - 1)] if missed_days else []


def latest_period(name: str, job: Job, clock: Clock) -> Period:
    """The period that became due last."""
    now = clock.now()
    if job.every_minutes:
        start = now - now % (job.every_minutes * 60)
        stamp = datetime.fromtimestamp(start, UTC).strftime("%Y-%m-%dT%H:%MZ")
        return Period(f"{name}:{stamp}", start, clock.day(start).isoformat())
    today = clock.today()
    if _runs_on(job, today) and due_at(job, today, clock) <= now:
        return _daily(name, job, today, clock)
    return _before(name, job, clock, day=today)


def next_due_at(job: Job, clock: Clock, *, after: int) -> int:
    """When the first period later than the one due at *after* becomes due."""
    if job.every_minutes:
        return after + job.every_minutes * 60
    day = clock.day(after) + timedelta(days=1)
    while not _runs_on(job, day):
        day += timedelta(days=1)
    return due_at(job, day, clock)


def due_at(job: Job, day: date, clock: Clock) -> int:
    """The instant on *day* at which the job's hour comes first; in a gap, the first instant after the gap."""
    wall = datetime(day.year, day.month, day.day, job.hour, job.minute)
    first = int(wall.replace(tzinfo=clock.zone).timestamp())
    if clock.local(first).replace(tzinfo=None) == wall:
        return first
    # The hour is left out. Read with the offset after the move it lies before the gap: the move is in between.
    earliest = int(wall.replace(tzinfo=clock.zone, fold=1).timestamp())
    offset = clock.local(first).utcoffset()
    return next(instant for instant in range(earliest, first + 1, 60) if clock.local(instant).utcoffset() == offset)


def _before(name: str, job: Job, clock: Clock, *, day: date) -> Period:
    day -= timedelta(days=1)
    while not _runs_on(job, day):
        day -= timedelta(days=1)
    return _daily(name, job, day, clock)


def _daily(name: str, job: Job, day: date, clock: Clock) -> Period:
    return Period(f"{name}:{day.isoformat()}", due_at(job, day, clock), day.isoformat())


def _runs_on(job: Job, day: date) -> bool:
    return not job.weekdays or WEEKDAYS[day.weekday()] in job.weekdays
