"""Running a job: the periods that are due, each step as a process, and a row that says what came of it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from retainctl.config import Shop
from retainctl.errors import DONE, TERMINATED, DoneInPart, TryLater
from retainctl.jobs.locking import only_one
from retainctl.jobs.periods import Period, due_periods, latest_period
from retainctl.jobs.pings import ping
from retainctl.jobs.records import last_done_at
from retainctl.jobs.steps import command_line, run_step
from retainctl.jobs.table import Job, find_job, read_jobs
from retainctl.result import Result
from retainctl.rows import Row
from retainctl.store.database import database, rows
from retainctl.store.runs import begin, finish


class DueStepRow(Row, kind="due_step"):
    """One step that would run."""

    job: str
    period: str
    missed: int
    step: str


class PeriodRow(Row, kind="period"):
    """One period of a job that was run, and how it ended."""

    job: str
    period: str
    exit_code: int


def steps_due(shop: Shop, names: list[str], *, again: bool = False) -> list[DueStepRow]:
    """The steps that would run now, in order; nothing is run."""
    return [
        DueStepRow(name, period.key, period.missed, step)
        for name in names or list(read_jobs(shop))
        for job in [find_job(shop, name)]
        for period in _periods(shop, name, job, again=again)
        for step in job.steps
    ]


def run_job(shop: Shop, name: str, *, again: bool = False) -> Result[PeriodRow]:
    """Run the job *name* for each period that is due, the oldest first, and stop at one that fails.

    Nothing due is nothing done, unless *again* asks for the latest period once more. Another run of the job that is
    under way, here or on another host, is TryLater.
    """
    job = find_job(shop, name)
    done: list[Result[PeriodRow]] = []
    with only_one(shop, name, seconds=job.deadline_seconds + 60):
        for period in _periods(shop, name, job, again=again):
            done.append(_run(shop, name, job, period))
            if done[-1].exit_code not in (DONE, DoneInPart.exit_code):
                break
    return _together(done, code=next((one.code for one in reversed(done) if one.code != DONE), DONE))


def run_due(shop: Shop) -> Result[PeriodRow]:
    """Run every job of which a period is due, in the table's order; one that fails or is held stops no other.

    The exit code is the first failure's, else that of what was done in part or must be tried later.
    """
    done: list[Result[PeriodRow]] = []
    for name in read_jobs(shop):
        if steps_due(shop, [name]):
            try:
                done.append(run_job(shop, name))
            except TryLater:
                done.append(Result(code=TryLater.exit_code))
    mild = (DONE, TryLater.exit_code, DoneInPart.exit_code)
    codes = [one.code for one in done]
    failures = [code for code in codes if code not in mild]
    return _together(done, code=failures[0] if failures else max(codes, key=mild.index, default=DONE))


def _together(done: Sequence[Result[PeriodRow]], *, code: int) -> Result[PeriodRow]:
    """One result of several, which ends with *code*."""
    return Result(
        rows=tuple(row for one in done for row in one.rows),
        attention=tuple(sentence for one in done for sentence in one.attention),
        code=code,
    )


def _periods(shop: Shop, name: str, job: Job, *, again: bool) -> list[Period]:
    due = due_periods(name, job, shop.clock, done_at=last_done_at(shop, name, job))
    return due or ([latest_period(name, job, shop.clock)] if again else [])


def _run(shop: Shop, name: str, job: Job, period: Period) -> Result[PeriodRow]:
    run_id = begin(shop, name, period=period.key, due_at=period.due_at, missed=period.missed)
    warnings = [ping(shop, name, "start")]
    ended = _Steps()

    def keep(*, exit_code: int, error: str) -> None:
        finish(shop, run_id, name, exit_code=exit_code, result=ended.counts, error=error, steps_done=ended.steps_done)

    database.close()  # the steps may take hours; the next query opens it again
    try:
        ended.go(shop, name, job, period)
    except BaseException as error:
        code = getattr(error, "exit_code", 1 if isinstance(error, Exception) else TERMINATED)
        keep(exit_code=code, error=str(error) if isinstance(error, Exception) else "interrupted")
        ping(shop, name, str(code))
        raise
    keep(exit_code=ended.exit_code, error=ended.error)
    # What the next period will do is no failure: quiet hours would raise an alarm every night.
    is_put_off = ended.exit_code == TryLater.exit_code and ended.exit_code in job.done_codes
    warnings.append(ping(shop, name, str(DONE if is_put_off else ended.exit_code)))
    # A job of every few minutes tells what is wrong once, and then doctor does and the nightly job.
    said = [] if job.every_minutes and _is_old_news(name, run_id) else ended.sentences
    return Result(
        rows=(PeriodRow(name, period.key, ended.exit_code),),
        attention=(*filter(None, warnings), *said),
        code=ended.exit_code,
    )


def _is_old_news(name: str, run_id: int) -> bool:
    """Whether the run failed as the one before it did."""
    last = rows(
        "SELECT exit_code, error FROM runs WHERE name = ? AND period IS NOT NULL AND id <= ? ORDER BY id DESC LIMIT 2",
        name,
        run_id,
    )
    return len(set(last)) == 1 < len(last) and last[0][1] != ""


@dataclass(slots=True)
class _Steps:
    """The steps of one run, as far as they came."""

    exit_code: int = DONE
    steps_done: int = 0
    counts: dict[str, Any] = field(default_factory=dict)
    sentences: list[str] = field(default_factory=list)
    told: set[str] = field(default_factory=set)  # by any step: what two of them see is said once
    error: str = ""

    def go(self, shop: Shop, name: str, job: Job, period: Period) -> None:
        """Run each step of *job* in its turn, until one fails or the deadline is there."""
        deadline = time.monotonic() + job.deadline_seconds
        for number, step in enumerate(job.steps, 1):
            words = command_line(shop, step, period)
            ended = run_step(words, folder=shop.folder, seconds=max(0.0, deadline - time.monotonic()))
            if ended.rows:
                self.counts[step] = ended.rows[0] if len(ended.rows) == 1 else {"rows": len(ended.rows)}
            fresh = [sentence for sentence in dict.fromkeys(ended.said) if sentence not in self.told]
            self.told.update(fresh)
            self.sentences += [f"{name}: {step}: {sentence}" for sentence in fresh]
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
