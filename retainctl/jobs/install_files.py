"""The files that let cron or systemd run the jobs."""

from __future__ import annotations

import re
from pathlib import Path

from retainctl.config import Shop
from retainctl.errors import BadConfiguration, WrongUsage
from retainctl.files import write_text
from retainctl.jobs.crontab import crontab
from retainctl.jobs.table import read_jobs
from retainctl.jobs.units import installed_name, units
from retainctl.rows import Row


class ScheduleFile(Row, kind="schedule_file"):
    """A file that lets cron or systemd run the jobs: what it is called where it is put, and its text."""

    name: str
    text: str


def schedule_files(shop: Shop, *, style: str, user: str | None) -> dict[str, str]:
    """The text of each file by its name: one crontab, or the systemd units."""
    if user is not None and not re.fullmatch(r"[a-z_][a-z0-9_-]{0,31}", user, re.ASCII):
        raise WrongUsage(f"{user!r} is not a valid user name")
    if not str(shop.folder).isprintable():  # it stands in lines that cron and systemd read
        raise BadConfiguration(f"the shop's folder {str(shop.folder)!r} has control characters in its name")
    jobs = read_jobs(shop)
    return {installed_name(shop): crontab(shop, jobs, user=user)} if style == "cron" else units(shop, jobs, user=user)


def write_files(files: dict[str, str], folder: Path) -> None:
    """Write each of *files* into *folder*, whole or not at all; everybody may read them, for they hold no secret."""
    for name, text in files.items():
        write_text(folder / name, text)
        (folder / name).chmod(0o644)


def left_over(shop: Shop, files: dict[str, str], folder: Path) -> list[str]:
    """The timers of *shop* in *folder* that none of *files* is: of jobs that are gone, and would fail from now on."""
    return sorted({one.name for one in folder.glob(f"{installed_name(shop)}@*.timer")} - files.keys())
