"""The table of jobs: ``schedules/jobs.toml``, and what a shop adds to it or replaces in its own ``jobs.toml``."""

from __future__ import annotations

import itertools
import re
import shlex
from dataclasses import dataclass, field
from importlib import resources
from typing import Annotated, Literal

from retainctl import schema
from retainctl.clock import Weekday
from retainctl.config import Shop
from retainctl.errors import DONE, DoneInPart, TryLater, WrongUsage

FILE_NAME = "jobs.toml"


@dataclass(frozen=True, slots=True)
class Job:
    """What runs and when: daily ``at`` an hour of the shop's (on *weekdays*, or all), or every so many minutes."""

    steps: Annotated[
        tuple[str, ...],
        "Commands that run one after another until one fails, without the word retainctl. {day} is the day of the "
        "period that the run is for.",
    ]
    summary: Annotated[str, "What the job does, in a sentence."]
    at: Annotated[
        str, "The time at which it runs, in the shop's time zone, such as 03:30; instead of every_minutes."
    ] = ""
    weekdays: Annotated[tuple[Weekday, ...], "The days on which it runs at that time; empty means every day."] = ()
    every_minutes: Annotated[int, "The minutes between two runs, which must divide 60; instead of at."] = 0
    deadline_seconds: Annotated[int, "The seconds after which it is stopped."] = 3600
    catch_up: Annotated[
        Literal["once", "each"], "Catch up on missed periods with one run, or with one run each, oldest first."
    ] = "once"

    def __post_init__(self) -> None:
        if bool(self.at) == bool(self.every_minutes):
            raise ValueError("a job needs either at or every_minutes")
        if self.at and not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", self.at, re.ASCII):
            raise ValueError(f"at: {self.at!r} is not a time such as 03:30")
        if self.every_minutes and not (1 <= self.every_minutes <= 60 and 60 % self.every_minutes == 0):
            raise ValueError("every_minutes must divide 60, such as 5 or 15")
        if self.weekdays and self.every_minutes:
            raise ValueError("weekdays can only be used with at, not with every_minutes")
        if not self.steps:
            raise ValueError("steps: a job needs at least one step")
        if self.deadline_seconds < 1:
            raise ValueError("deadline_seconds must be 1 or more")
        for step in self.steps:
            words = shlex.split(step)
            if not words:
                raise ValueError("steps: a step is empty")
            if ("jobs", "run") in itertools.pairwise(words):  # two could run each other for ever
                raise ValueError(f"steps: {step!r} runs a job, which no step may; write that job's steps instead")
        for key, text in (("summary", self.summary), *(("steps", step) for step in self.steps)):
            if not text.isprintable():  # it becomes a line that cron or systemd reads
                raise ValueError(f"{key}: {text!r} contains control characters; it must be one line")

    @property
    def done_codes(self) -> tuple[int, ...]:
        """The exit codes with which a period is done.

        What a job of every so many minutes puts off (quiet hours, a locked database) is the next period's; a daily
        job is not done until it did its work.
        """
        done = (DONE, DoneInPart.exit_code)
        return (*done, TryLater.exit_code) if self.every_minutes else done

    @property
    def hour(self) -> int:
        return int(self.at[:2])

    @property
    def minute(self) -> int:
        return int(self.at[3:])

    @property
    def schedule(self) -> str:
        """When it runs, in words."""
        if self.every_minutes:
            return f"every {self.every_minutes} minutes"
        return f"{self.at} {', '.join(self.weekdays) or 'daily'}"


@dataclass(frozen=True, slots=True)
class JobsFile:
    """The form of ``jobs.toml``."""

    jobs: Annotated[dict[str, Job], "The jobs by their names: [jobs.NAME]."] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in self.jobs:
            if not re.fullmatch(r"[a-z0-9_-]{1,64}", name, re.ASCII):
                raise ValueError(f"{name!r} is not a valid job name; use a-z, 0-9, - and _")


def read_jobs(shop: Shop) -> dict[str, Job]:
    """Every job of *shop* by its name: the program's own first, each replaced by the shop's of the same name."""
    text = resources.files("retainctl.schedules").joinpath(FILE_NAME).read_text(encoding="utf-8")
    jobs = schema.read_text(text, JobsFile, name=FILE_NAME).jobs
    own = shop.folder / FILE_NAME
    if not own.exists():
        return jobs
    return jobs | schema.read_file(own, JobsFile).jobs


def find_job(shop: Shop, name: str) -> Job:
    """The job called *name*."""
    jobs = read_jobs(shop)
    if name not in jobs:
        raise WrongUsage(f"there is no job {name}", hint="Use one of: " + ", ".join(jobs) + ".")
    return jobs[name]
