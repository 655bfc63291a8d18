"""The row that each run leaves, and what the rows say of each job."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from retainctl.config import Shop
from retainctl.errors import DoneInPart, TryLater
from retainctl.jobs.periods import TRUSTED_AHEAD_SECONDS, due_periods, latest_period, next_due_at
from retainctl.jobs.table import Job, find_job, read_jobs
from retainctl.rows import Nested, Row
from retainctl.store.database import rows, value
from retainctl.store.dialect import one_of
from retainctl.store.select import Instant, MaybeInstant, select

LATE_SECONDS = 900  # a job is overdue when its deadline has passed and this too
TRIES: Final = 3  # of a job that fails, from the hour at which it became due until it becomes due again


JobState = Literal["never", "running", "ok", "due", "overdue", "failed", "interrupted"]


class JobRow(Row, kind="job", spare="steps last_exit_code"):
    """One job: when it runs, how it stands, and what it does."""

    job: str
    schedule: str
    state: JobState
    last_run: str | None
    last_exit_code: int | None
    next_due: str
    steps: tuple[str, ...]


class RunRow(Row, kind="job_run", spare="counts missed steps_done"):
    """One run of a job: for which period, when, and what came of it."""

    job: str
    period: str
    missed: int
    started: Instant
    ended: MaybeInstant
    exit_code: int | None
    steps_done: int
    counts: Nested
    error: str


def list_jobs(shop: Shop) -> list[JobRow]:
    """Every job of the table with its state: never, running, ok, due, overdue, failed or interrupted."""
    return [_job_row(shop, name, job) for name, job in read_jobs(shop).items()]


def list_runs(shop: Shop, name: str, *, limit: int) -> list[RunRow]:
    """The last *limit* runs of the job *name*, the newest first."""
    find_job(shop, name)
    return select(shop, RunRow, f"{_RUNS} WHERE name = ? AND period IS NOT NULL ORDER BY id DESC LIMIT ?", name, limit)


def find_run(shop: Shop, run_id: int) -> RunRow:
    """The run with this id."""
    return select(shop, RunRow, f"{_RUNS} WHERE id = ?", run_id)[0]


_RUNS: Final = """SELECT name AS job, period, missed, started_at AS started, ended_at AS ended, exit_code, steps_done,
    result AS counts, error FROM runs"""


def is_given_up(shop: Shop, name: str, job: Job) -> bool:
    """Whether the job *name* has failed so often since it last became due that only its next period tries again.

    What must be tried later passes by itself, and is no failure.
    """
    condition, codes = one_of([*job.done_codes, TryLater.exit_code])
    failed = value(
        "SELECT COUNT(*) FROM runs WHERE name = ? AND period IS NOT NULL AND started_at BETWEEN ? AND ?"
        f" AND NOT (COALESCE(exit_code, 1) {condition})",
        name,
        latest_period(name, job, shop.clock).due_at,
        shop.clock.now(),
        codes,
    )
    return int(failed) >= TRIES


def why_not_due(shop: Shop, name: str, job: Job) -> str:
    """Why nothing of the job *name* is due, in a sentence with the command that runs it all the same."""
    row = _job_row(shop, name, job)
    code = DoneInPart.exit_code
    needs = f" (all of it ran, and ended with {code}: something needs a person)" if row.last_exit_code == code else ""
    return f"the job {name} is done{needs} until {row.next_due}; to run it again: retainctl jobs run {name} --again"


def last_done_at(shop: Shop, name: str, job: Job) -> int | None:
    """When the last period of *job* that was done had become due."""
    condition, codes = one_of(list(job.done_codes))
    query = f"SELECT MAX(due_at) FROM runs WHERE name = ? AND exit_code {condition} AND due_at <= ?"
    found = value(query, name, codes, shop.clock.now() + TRUSTED_AHEAD_SECONDS)
    return None if found is None else int(found)


class _Last(NamedTuple):
    """The last run of a job, as far as there was one."""

    started_at: int | None = None
    ended_at: int | None = None
    exit_code: int | None = None


def _job_row(shop: Shop, name: str, job: Job) -> JobRow:
    query = "SELECT started_at, ended_at, exit_code FROM runs WHERE name = ? AND period IS NOT NULL"
    found = rows(f"{query} ORDER BY id DESC LIMIT 1", name)
    last = _Last(*found[0]) if found else _Last()
    done_at = last_done_at(shop, name, job)
    due = due_periods(name, job, shop.clock, done_at=done_at)
    is_tried = due and not is_given_up(shop, name, job)
    latest_at = max(done_at or 0, latest_period(name, job, shop.clock).due_at)
    return JobRow(
        job=name,
        schedule=job.schedule,
        state=_state(shop, job, last, done_at=done_at, is_due=bool(due)),
        last_run=None if last.started_at is None else shop.clock.iso(last.started_at),
        last_exit_code=last.exit_code,
        next_due=shop.clock.iso(due[0].due_at if is_tried else next_due_at(job, shop.clock, after=latest_at)),
        steps=job.steps,
    )


def _state(shop: Shop, job: Job, last: _Last, *, done_at: int | None, is_due: bool) -> JobState:
    in_time = shop.clock.now() - job.deadline_seconds - LATE_SECONDS
    if last.started_at is None:
        return "never"
    if last.ended_at is None:
        return "running" if in_time < last.started_at else "interrupted"
    if last.exit_code not in (*job.done_codes, TryLater.exit_code):
        return "failed"
    if not is_due:
        return "ok"
    owed_at = last.started_at if done_at is None else next_due_at(job, shop.clock, after=done_at)
    return "overdue" if in_time > owed_at else "due"
