"""Jobs on the two nights of the year on which the clocks change."""

from __future__ import annotations

import pytest

from retainctl.config import Shop
from retainctl.jobs.records import JobRow, list_jobs, list_runs
from retainctl.jobs.running import run_job, steps_due
from tests.cases.conftest import on

JOB = '[jobs.{name}]\nsummary = "x"\nat = "{at}"\nsteps = ["config check"]\ndeadline_seconds = 60\n'


@pytest.fixture
def odd_hours(shop: Shop) -> Shop:
    """A shop with a job at an hour that one day does not have, and one at an hour that another day has twice."""
    text = JOB.format(name="gap", at="02:30") + JOB.format(name="fold", at="01:30")
    (shop.folder / "jobs.toml").write_text(text, encoding="utf-8")
    return shop


def job(shop: Shop, name: str, time: str) -> JobRow:
    (found,) = (row for row in list_jobs(on(shop, time)) if row.job == name)
    return found


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2026-03-26T12:00", "2026-03-26T03:30:00+02:00"),
        ("2026-03-27T12:00", "2026-03-27T03:30:00+03:00"),
        ("2026-10-24T12:00", "2026-10-24T03:30:00+03:00"),
        ("2026-10-25T12:00", "2026-10-25T03:30:00+02:00"),
    ],
)
def test_half_past_three_is_half_past_three_before_and_after_the_change(shop: Shop, now: str, due: str) -> None:
    assert job(shop, "nightly", now).next_due == due


def test_a_job_at_an_hour_that_the_day_leaves_out_is_due_when_the_clocks_have_moved(odd_hours: Shop) -> None:
    assert job(odd_hours, "gap", "2026-03-27T01:59").next_due == "2026-03-26T02:30:00+02:00"
    assert job(odd_hours, "gap", "2026-03-27T03:01").next_due == "2026-03-27T03:00:00+03:00"


def test_a_job_at_an_hour_that_comes_twice_runs_once(odd_hours: Shop) -> None:
    first, second = on(odd_hours, "2026-10-25T01:31+03:00"), on(odd_hours, "2026-10-25T01:31+02:00")
    assert run_job(first, "fold").exit_code == 0
    for later in (second, on(odd_hours, "2026-10-25T02:31")):
        assert steps_due(later, ["fold"]) == []
        assert run_job(later, "fold").rows == ()
    assert [(run.period, run.missed, run.started) for run in list_runs(second, "fold", limit=9)] == [
        ("fold:2026-10-25", 0, "2026-10-25T01:31:00+03:00")
    ]
    row = job(odd_hours, "fold", "2026-10-25T02:31")
    assert (row.schedule, row.state, row.last_run) == ("01:30 daily", "ok", "2026-10-25T01:31:00+03:00")
