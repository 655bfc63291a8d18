"""The table of jobs in cron's words.

Cron starts a line at its hour and asks no more: it makes up for nothing that was missed, and knows only the host's
zone. The last line therefore asks each hour what is due, in the shop's zone and since the last success.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping

from retainctl.clock import WEEKDAYS
from retainctl.config import Shop
from retainctl.errors import BadConfiguration
from retainctl.jobs.table import Job

CATCH_UP = "17 * * * *"


def crontab(shop: Shop, jobs: Mapping[str, Job], *, user: str | None = None) -> str:
    """The crontab of *jobs*; with *user*, as a file of ``/etc/cron.d``, which names who runs each line."""
    who = f" {user}" if user else ""
    entries = [(f"{job.summary} Deadline: {job.deadline_seconds} s.", _when(job), name) for name, job in jobs.items()]
    entries.append(("Catches up on missed runs, and runs what is due in the shop's time zone.", CATCH_UP, "--due"))
    lines = [
        f"# Written by: retainctl schedules show --style cron{f' --user {user}' if user else ''}",
        "# Generated file: change the shop's jobs.toml and generate it again.",
        f"# Times are in the host's time zone; the shop's is {shop.settings.timezone}.",
        "SHELL=/bin/sh",
        "PATH=/usr/local/bin:/usr/bin:/bin",
        f"MAILTO={user or 'root'}",
        "",
    ]
    for summary, when, name in entries:
        lines += [f"# {summary}", f"{when}{who} {_command(shop, name)}"]
    text = "\n".join(lines) + "\n"
    if "%" in text:
        raise BadConfiguration(
            "a crontab cannot contain %, which cron reads as a newline",
            hint="Remove it from the folder name and the job summaries, or use --style systemd.",
        )
    return text


def _when(job: Job) -> str:
    """The five fields of *job*: minute, hour, day of the month, month, day of the week."""
    if job.every_minutes:
        return "0 * * * *" if job.every_minutes == 60 else f"*/{job.every_minutes} * * * *"
    days = ",".join(str((WEEKDAYS.index(day) + 1) % 7) for day in job.weekdays) or "*"
    return f"{job.minute} {job.hour} * * {days}"


def _command(shop: Shop, name: str) -> str:
    words = [sys.executable, "-P", "-m", "retainctl", "--shop", str(shop.folder), "jobs", "run", name]
    return shlex.join(words)
