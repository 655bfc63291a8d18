"""Which periods of a job are due: once a local day, whatever the clocks do, and what was missed is made up."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from retainctl.clock import Clock, parse_instant
from retainctl.jobs.periods import due_at, due_periods, latest_period, next_due_at
from retainctl.jobs.table import Job

JERUSALEM = ZoneInfo("Asia/Jerusalem")
NIGHTLY = Job(steps=("config check",), summary="", at="03:30")
OFTEN = Job(steps=("config check",), summary="", every_minutes=5)


def at(text: str) -> Clock:
    return Clock(JERUSALEM, parse_instant(text, JERUSALEM))


def instant(text: str) -> int:
    return parse_instant(text, JERUSALEM)


def keys(job: Job, now: str, *, done: str | None) -> list[str]:
    clock = at(now)
    return [period.key for period in due_periods("job", job, clock, done_at=instant(done) if done else None)]


def test_a_job_that_never_ran_is_due_for_its_latest_period() -> None:
    assert keys(NIGHTLY, "2025-03-02T10:00", done=None) == ["job:2025-03-02"]
    assert keys(NIGHTLY, "2025-03-02T03:29", done=None) == ["job:2025-03-01"]


def test_a_period_that_is_done_is_not_due_again() -> None:
    assert keys(NIGHTLY, "2025-03-02T23:59", done="2025-03-02T03:30") == []
    assert keys(NIGHTLY, "2025-03-03T03:29", done="2025-03-02T03:30") == []
    assert keys(NIGHTLY, "2025-03-03T03:30", done="2025-03-02T03:30") == ["job:2025-03-03"]


def test_missed_periods_are_made_up_by_one_run_or_by_one_each() -> None:
    [period] = due_periods("job", NIGHTLY, at("2025-03-05T04:00"), done_at=instant("2025-03-01T03:30"))
    assert (period.key, period.missed) == ("job:2025-03-05", 3)

    each = Job(steps=("config check",), summary="", at="03:30", catch_up="each")
    assert keys(each, "2025-03-05T04:00", done="2025-03-02T03:30") == [
        "job:2025-03-03", "job:2025-03-04", "job:2025-03-05",
    ]  # fmt: skip


def test_no_more_than_a_month_is_made_up() -> None:
    each = Job(steps=("config check",), summary="", at="03:30", catch_up="each")
    made_up = keys(each, "2025-03-05T04:00", done="2024-01-01T03:30")
    assert (len(made_up), made_up[0], made_up[-1]) == (31, "job:2025-02-03", "job:2025-03-05")


def test_a_weekly_job_has_one_period_a_week() -> None:
    sundays = Job(steps=("config check",), summary="", at="09:00", weekdays=("sunday",))
    assert keys(sundays, "2025-03-08T12:00", done="2025-03-02T09:00") == []
    assert keys(sundays, "2025-03-09T09:00", done="2025-03-02T09:00") == ["job:2025-03-09"]
    assert next_due_at(sundays, at("2025-03-03T00:00"), after=instant("2025-03-02T09:00")) == instant(
        "2025-03-09T09:00"
    )


def test_a_job_of_every_so_many_minutes_is_due_again_that_many_minutes_later() -> None:
    assert next_due_at(OFTEN, at("2025-03-03T00:01"), after=instant("2025-03-03T00:00")) == instant("2025-03-03T00:05")


def test_an_hour_that_is_left_out_counts_from_the_moment_the_clocks_move() -> None:
    left_out = Job(steps=("config check",), summary="", at="02:30")
    moved = instant("2027-03-26T03:00+03:00")
    assert due_at(left_out, date(2027, 3, 26), at("2027-03-26")) == moved
    done = "2027-03-25T02:30"
    assert keys(left_out, "2027-03-26T01:59", done=done) == []
    assert keys(left_out, "2027-03-26T03:00", done=done) == ["job:2027-03-26"]
    assert keys(left_out, "2027-03-27T02:29", done="2027-03-26T03:00") == []


def test_an_hour_that_comes_twice_counts_once() -> None:
    doubled = Job(steps=("config check",), summary="", at="01:30")
    first, second = "2026-10-25T01:30+03:00", "2026-10-25T01:30+02:00"
    assert keys(doubled, first, done="2026-10-24T01:30") == ["job:2026-10-25"]
    assert keys(doubled, second, done=first) == []
    assert keys(doubled, "2026-10-26T01:30", done=first) == ["job:2026-10-26"]


@pytest.mark.parametrize("zone", ["Asia/Jerusalem", "Europe/London", "America/New_York", "Australia/Lord_Howe"])
@pytest.mark.parametrize("hour", ["00:00", "01:30", "02:30"])
def test_every_local_day_of_a_year_has_one_period(zone: str, hour: str) -> None:
    job = Job(steps=("config check",), summary="", at=hour)
    here = ZoneInfo(zone)
    start = parse_instant("2025-12-31T12:00", here)
    done = due_at(job, date(2025, 12, 31), Clock(here))
    days = []
    for half_hour in range(365 * 48):
        clock = Clock(here, start + half_hour * 1800)
        for period in due_periods("job", job, clock, done_at=done):
            days.append(period.day)
            done = period.due_at
    assert days == [date.fromordinal(date(2026, 1, 1).toordinal() + number).isoformat() for number in range(365)]


def test_a_clock_that_is_set_back_repeats_no_day() -> None:
    assert keys(NIGHTLY, "2025-03-01T12:00", done="2025-03-02T03:30") == []


def test_a_job_of_every_five_minutes_is_due_once_in_each_five() -> None:
    assert keys(OFTEN, "2025-03-02T10:07", done=None) == ["job:2025-03-02T08:05Z"]
    assert keys(OFTEN, "2025-03-02T10:09", done="2025-03-02T10:05") == []
    assert keys(OFTEN, "2025-03-02T10:10", done="2025-03-02T10:05") == ["job:2025-03-02T08:10Z"]
    [period] = due_periods("job", OFTEN, at("2025-03-02T11:00"), done_at=instant("2025-03-02T10:05"))
    assert period.missed == 10


def test_a_job_of_every_five_minutes_goes_on_when_the_clock_is_set_back() -> None:
    assert keys(OFTEN, "2025-03-01T10:07", done="2025-03-02T10:05") == ["job:2025-03-01T08:05Z"]
    first, second = at("2026-10-25T01:30+03:00"), at("2026-10-25T01:30+02:00")
    assert latest_period("job", OFTEN, first).key != latest_period("job", OFTEN, second).key
