"""Running a job: the periods that are due, each step as a process, and a row that says what came of it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from retainctl.config import Shop
from retainctl.errors import DONE, TERMINATED, DoneInPart, TryLater
from retainctl.jobs.locking import only_one
from retainctl.jobs.news import forget, is_news
from retainctl.jobs.periods import Period, due_periods, latest_period, next_due_at
from retainctl.jobs.pings import ping
from retainctl.jobs.records import TRIES, RunRow, find_run, is_given_up, last_done_at, why_not_due
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


def steps_due(shop: Shop, names: list[str], *, again: bool = False) -> list[DueStepRow]:
    """The steps of the jobs called *names* that would run now, or of all that ``run_due`` would run; none is run."""
    jobs = {name: find_job(shop, name) for name in names} or {
        name: job for name, job in read_jobs(shop).items() if not is_given_up(shop, name, job)
    }
    return [
        DueStepRow(name, period.key, period.missed, step)
        for name, job in jobs.items()
        for period in _periods(shop, name, job, again=again)
        for step in job.steps
    ]


def run_job(shop: Shop, name: str, *, again: bool = False, quietly: bool = False) -> Result[RunRow]:
    """Run the job *name* for each period that is due, the oldest first, and stop at one that fails.

    Nothing due is nothing done, unless *again* asks for the latest period once more. Another run of the job that is
    under way, here or on another host, is TryLater. *quietly*, what fails as it failed before is a note.
    """
    job = find_job(shop, name)
    done: list[Result[RunRow]] = []
    with only_one(shop, name, seconds=job.deadline_seconds + 60):
        for period in _periods(shop, name, job, again=again):
            done.append(_run(shop, name, job, period, quietly=quietly))
            if done[-1].exit_code not in (DONE, DoneInPart.exit_code):
                break
    if not done:
        return Result(notes=(why_not_due(shop, name, job),))
    return _together(done, code=next((one.code for one in reversed(done) if one.code != DONE), DONE))


def run_due(shop: Shop) -> Result[RunRow]:
    """Run every job of which a period is due, as they became due; one that fails or is held stops no other.

    A job that fails is tried three times, and then when it becomes due again. What fails as it failed before is told
    once, and a note after that. The exit code is the first failure's, else that of what was done in part or must be
    tried later.
    """
    done: list[Result[RunRow]] = []
    jobs = read_jobs(shop)
    due_at = {name: _periods(shop, name, job, again=True)[0].due_at for name, job in jobs.items()}
    for name, job in sorted(jobs.items(), key=lambda one: due_at[one[0]]):
        if not steps_due(shop, [name]):
            done.append(Result(notes=(why_not_due(shop, name, job),)))
        elif is_given_up(shop, name, job):
            done.append(Result(notes=(_given_up(shop, name, job),)))
        else:
            try:
                done.append(run_job(shop, name, quietly=True))
            except TryLater:
                done.append(Result(code=TryLater.exit_code))
    mild = (DONE, TryLater.exit_code, DoneInPart.exit_code)
    codes = [one.code for one in done]
    failures = [code for code in codes if code not in mild]
    return _together(done, code=failures[0] if failures else max(codes, key=mild.index, default=DONE))


def _given_up(shop: Shop, name: str, job: Job) -> str:
    again_at = shop.clock.iso(next_due_at(job, shop.clock, after=latest_period(name, job, shop.clock).due_at))
    failed = f"the job {name} failed {TRIES} times and is tried again at {again_at}"
    return f"{failed}; to run it now: retainctl jobs run {name}"


def _together(done: Sequence[Result[RunRow]], *, code: int) -> Result[RunRow]:
    """One result of several, which ends with *code*."""
    return Result(
        rows=tuple(row for one in done for row in one.rows),
        attention=tuple(sentence for one in done for sentence in one.attention),
        notes=tuple(sentence for one in done for sentence in one.notes),
        code=code,
    )


def _periods(shop: Shop, name: str, job: Job, *, again: bool) -> list[Period]:
    due = due_periods(name, job, shop.clock, done_at=last_done_at(shop, name, job))
    return due or ([latest_period(name, job, shop.clock)] if again else [])


def _run(shop: Shop, name: str, job: Job, period: Period, *, quietly: bool) -> Result[RunRow]:
    run_id = begin(shop, name, period=period.key, due_at=period.due_at, missed=period.missed)
    unheard = {ping(shop, name, "start")}
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
    unheard.add(ping(shop, name, str(DONE if is_put_off else ended.exit_code)))
    warnings = _warnings(shop, name, "; ".join(sorted(filter(None, unheard))))
    # A job of every few minutes tells what is wrong once, and then doctor does and the nightly job; one of a day tells
    # it once for each day.
    since = 0 if job.every_minutes else latest_period(name, job, shop.clock).due_at
    is_old = (quietly or job.every_minutes) and _is_old_news(name, run_id, since=since)
    said = tuple(ended.sentences)
    return Result(
        rows=(find_run(shop, run_id),),
        attention=(*warnings, *(() if is_old else said)),
        notes=said if is_old else (),
        code=ended.exit_code,
    )


def _warnings(shop: Shop, name: str, unheard: str) -> tuple[str, ...]:
    """That the health check did not hear of the run, once a day; nothing where *unheard* says that it did."""
    if not unheard:
        forget(shop.folder, f"health check of {name}")
    elif is_news(shop.folder, f"health check of {name}", unheard, now=shop.clock.now()):
        return (unheard,)
    return ()


def _is_old_news(name: str, run_id: int, *, since: int) -> bool:
    """Whether the run failed as the one before it did, *since* then."""
    last = rows(
        "SELECT exit_code, error FROM runs WHERE name = ? AND period IS NOT NULL AND id <= ? AND started_at >= ?"
        " ORDER BY id DESC LIMIT 2",
        name,
        run_id,
        since,
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
                if ended.exit_code == DoneInPart.exit_code:  # what needs a person is told until it is over
                    self.error = "; ".join(filter(None, [self.error, *ended.said]))
                continue
            self.exit_code = ended.exit_code
            self.error = ended.stopped or (ended.said[0] if ended.said else f"exit code {ended.exit_code}")
            self.sentences.append(
                f"{name}: stopped at step {number} of {len(job.steps)}, {step}: {self.error}"
                f" (exit code {ended.exit_code}). See: retainctl jobs show {name}"
            )
            return
