"""Running a job: the periods that are due, each step as a process, and a row that says what came of it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from retainctl.config import Shop
from retainctl.errors import DONE, TERMINATED, DoneInPart, TryLater
from retainctl.jobs.locking import only_one
from retainctl.jobs.periods import Period, due_periods, latest_period
from retainctl.jobs.pings import ping
from retainctl.jobs.records import begin, finish, last_done_at
from retainctl.jobs.steps import command_line, run_step
from retainctl.jobs.table import Job, find_job, read_jobs
from retainctl.rows import Row
from retainctl.store.database import database


class DueStepRow(Row, kind="due_step"):
    """One step that would run."""

    job: str
    period: str
    missed: int
    step: str


@dataclass(slots=True)
class Report:
    """What came of a run: its exit code, and the sentences that a person should read."""

    exit_code: int = DONE
    sentences: list[str] = field(default_factory=list)
    periods: list[str] = field(default_factory=list)


def steps_due(shop: Shop, names: list[str], *, again: bool = False) -> list[DueStepRow]:
    """The steps that would run now, in order; nothing is run."""
    return [
        DueStepRow(name, period.key, period.missed, step)
        for name in names or list(read_jobs(shop))
        for job in [find_job(shop, name)]
        for period in _periods(shop, name, job, again=again)
        for step in job.steps
    ]


def run_job(shop: Shop, name: str, *, again: bool = False) -> Report:
    """Run the job *name* for each period that is due, the oldest first, and stop at one that fails.

    Nothing due is nothing done, unless *again* asks for the latest period once more. Another run of the job that is
    under way, here or on another host, is TryLater.
    """
    job = find_job(shop, name)
    report = Report()
    with only_one(shop, name, seconds=job.deadline_seconds + 60):
        for period in _periods(shop, name, job, again=again):
            _run(shop, name, job, period, report)
            if report.exit_code not in (DONE, DoneInPart.exit_code):
                break
    return report


def run_due(shop: Shop) -> Report:
    """Run every job of which a period is due, in the table's order; one that fails or is held stops no other.

    The exit code is the first failure's, else that of what was done in part or must be tried later.
    """
    whole = Report()
    codes = []
    for name in read_jobs(shop):
        if not steps_due(shop, [name]):
            continue
        try:
            report = run_job(shop, name)
        except TryLater:
            codes.append(TryLater.exit_code)
            continue
        codes.append(report.exit_code)
        whole.sentences += report.sentences
        whole.periods += report.periods
    mild = (DONE, TryLater.exit_code, DoneInPart.exit_code)
    failures = [code for code in codes if code not in mild]
    whole.exit_code = failures[0] if failures else max(codes, key=mild.index, default=DONE)
    return whole


def _periods(shop: Shop, name: str, job: Job, *, again: bool) -> list[Period]:
    due = due_periods(name, job, shop.clock, done_at=last_done_at(shop, name, job))
    return due or ([latest_period(name, job, shop.clock)] if again else [])


def _run(shop: Shop, name: str, job: Job, period: Period, report: Report) -> None:
    run_id = begin(shop, name, period)
    warnings = [ping(shop, name, "start")]
    ended = _Run()
    database.close()  # the steps may take hours; the next query opens it again
    try:
        ended.go(shop, name, job, period)
    except BaseException:
        finish(
            shop,
            name,
            run_id,
            exit_code=TERMINATED,
            steps_done=ended.steps_done,
            counts=ended.counts,
            error="it was stopped",
        )
        raise
    finish(
        shop,
        name,
        run_id,
        exit_code=ended.exit_code,
        steps_done=ended.steps_done,
        counts=ended.counts,
        error=ended.error,
    )
    # What the next period will do is no failure: quiet hours would raise an alarm every night.
    is_put_off = ended.exit_code == TryLater.exit_code and ended.exit_code in job.done_codes
    warnings.append(ping(shop, name, str(DONE if is_put_off else ended.exit_code)))
    report.sentences += [warning for warning in warnings if warning] + ended.sentences
    report.periods.append(period.key)
    if ended.exit_code != DONE:
        report.exit_code = ended.exit_code


@dataclass(slots=True)
class _Run:
    """The steps of one run, as far as they came."""

    exit_code: int = DONE
    steps_done: int = 0
    counts: dict[str, Any] = field(default_factory=dict)
    sentences: list[str] = field(default_factory=list)
    error: str = ""

    def go(self, shop: Shop, name: str, job: Job, period: Period) -> None:
        """Run each step of *job* in its turn, until one fails or the deadline is there."""
        deadline = time.monotonic() + job.deadline_seconds
        for number, step in enumerate(job.steps, 1):
            words = command_line(shop, step, period)
            ended = run_step(words, folder=shop.folder, seconds=max(0.0, deadline - time.monotonic()))
            if ended.rows:
                self.counts[step] = ended.rows[0] if len(ended.rows) == 1 else {"rows": len(ended.rows)}
            self.sentences += [f"{name}: {step}: {sentence}" for sentence in ended.said]
            if ended.exit_code in (DONE, DoneInPart.exit_code):
                self.steps_done = number
                self.exit_code = max(self.exit_code, ended.exit_code)
                continue
            self.exit_code = ended.exit_code
            self.error = ended.stopped or (ended.said[0] if ended.said else f"exit code {ended.exit_code}")
            self.sentences.append(
                f"{name}: stopped at step {number} of {len(job.steps)}, {step}: {self.error}"
                f" (exit code {ended.exit_code}). See: retainctl jobs show {name}"
            )
            return
