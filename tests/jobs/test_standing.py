"""What needs a person is told by the nightly job once a day and by doctor whenever it is asked, until it is over."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from retainctl.clock import DAY_SECONDS
from retainctl.config import Shop
from retainctl.store.database import execute
from retainctl.store.transactions import writing
from tests.conftest import Ended, Terminal
from tests.outreach.conftest import make_mailing as make_mailing  # noqa: PLC0414 - a fixture
from tests.outreach.outbox.conftest import QueueUp, by_mail
from tests.outreach.outbox.conftest import queue_up as queue_up  # noqa: PLC0414 - a fixture
from tests.small_disk import small_disk
from tests.smtp_sink import Sink

JOBS = """
[jobs.nightly]
summary = "Look, as the program's own does at its end."
at = "03:30"
steps = ["doctor --needs"]

[jobs.deliver]
summary = "Look every few minutes."
every_minutes = 5
steps = ["doctor --needs"]

[jobs.weekly]
summary = "Back up."
at = "08:00"
weekdays = ["saturday"]
steps = ["db backup"]
"""
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite:retain.db"])
Run = Callable[..., Ended]
Over = Callable[[], None]


@pytest.fixture
def folder_with_jobs(folder: Path) -> Path:
    (folder / "jobs.toml").write_text(JOBS, encoding="utf-8")
    return folder


def assert_told_until_it_is_over(run: Run, said: str, *, over: Over) -> None:
    """Two nights and two days with the trouble, which is *said* so, and one of each after it."""
    for day in ("04", "05"):
        nightly, again = (run("jobs", "run", "nightly", now=f"2025-03-{day}T03:{minute}") for minute in (30, 40))
        assert nightly.code, "once a day it is told"
        assert said in nightly.stderr
        assert said not in again.stderr
        looked = run("doctor", now=f"2025-03-{day}T09:00")
        assert looked.code, "and whenever doctor is asked"
        assert said in looked.stdout + looked.stderr
    often = [run("jobs", "run", "deliver", now=f"2025-03-05T10:{minute:02}") for minute in (0, 5, 10)]
    assert [said in one.stderr for one in often] == [True, False, False]
    over()
    assert run("doctor", "--needs", now="2025-03-05T11:00").code == 0
    assert said not in run("doctor", now="2025-03-05T11:00").stdout
    for words, at in (
        (("jobs", "run", "deliver"), "2025-03-06T03:25"),
        (("jobs", "run", "nightly"), "2025-03-06T03:30"),
    ):
        ended = run(*words, now=at)
        assert (ended.code, ended.stdout, ended.stderr) == (0, "", ""), "and by nothing after it"


@pytest.mark.usefixtures("folder_with_jobs")
def test_a_server_that_refuses_all(shop: Shop, retainctl: Terminal, queue_up: QueueUp) -> None:
    with Sink(mail="550 5.1.8 who are you") as sink:
        queue_up(3, using=by_mail(shop, port=sink.port))
        settings = shop.folder / "retainctl.toml"
        here = f'[mail]\nchannel = "mail"\nhost = "127.0.0.1"\nport = {sink.port}\nsecurity = "none"\n'
        settings.write_text(settings.read_text("utf-8").replace("[mail]\n", here), encoding="utf-8")
        assert retainctl("outbox", "deliver").code == 3

    def over() -> None:
        assert retainctl("campaigns", "cancel", "spring").code == 0

    said = "spring is paused (the mail server refuses the sender: 550 5.1.8 who are you)"
    assert_told_until_it_is_over(retainctl, said, over=over)


@ON_SQLITE
@pytest.mark.usefixtures("folder_with_jobs")
def test_a_job_that_was_killed(shop: Shop, retainctl: Terminal) -> None:
    with writing():
        execute(
            "INSERT INTO runs (name, period, due_at, started_at) VALUES ('weekly', 'weekly:1', 0, ?)",
            shop.clock.now() - DAY_SECONDS,
        )

    def over() -> None:
        assert retainctl("jobs", "run", "weekly", "--again", now="2025-03-05T10:59").code == 0

    assert_told_until_it_is_over(retainctl, "the job weekly was interrupted", over=over)


@ON_SQLITE
@pytest.mark.usefixtures("folder_with_jobs")
def test_a_backup_that_is_old(folder: Path, retainctl: Terminal, tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text("external_id,first_name\n1,Dana\n", encoding="utf-8")
    assert retainctl("customers", "import", f"{tmp_path}/c.csv", now="2025-02-25T10:00").code == 0
    assert retainctl("db", "backup", now="2025-02-26T10:00").code == 0

    def over() -> None:
        assert retainctl("db", "backup", now="2025-03-05T10:59").code == 0

    assert_told_until_it_is_over(retainctl, "the newest backup is of 2025-02-26T10:00", over=over)


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)  # SQLite has no roles
@pytest.mark.usefixtures("folder_with_jobs")
def test_a_role_without_rights(shop: Shop, folder: Path, retainctl: Terminal) -> None:
    settings, role = folder / "retainctl.toml", f"nobody_{os.getpid()}"
    text = settings.read_text("utf-8")
    with role_of_nothing(role):
        settings.write_text(text.replace("user=postgres", f"user={role}"), encoding="utf-8")
        said = "permission denied"
        assert_told_until_it_is_over(retainctl, said, over=lambda: void(settings.write_text(text, encoding="utf-8")))


@contextmanager
def role_of_nothing(name: str) -> Iterator[None]:
    with writing():
        execute(f"CREATE ROLE {name} LOGIN")
    try:
        yield
    finally:
        with writing():
            execute(f"DROP ROLE {name}")


def void(_result: object) -> None:
    """A result that says nothing."""


@ON_SQLITE  # the disk of a PostgreSQL server is its own care
def test_a_disk_that_is_nearly_full(folder_with_jobs: Path, tmp_path: Path) -> None:
    with small_disk(tmp_path / "small") as disk:
        shutil.copytree(folder_with_jobs, disk.seen, dirs_exist_ok=True)
        assert disk("db", "adopt").code == 0
        disk.leave_free(700)
        assert_told_until_it_is_over(disk, "the disk is nearly full", over=lambda: disk.leave_free(None))


def test_a_slip_in_the_club_s_file_stops_no_backup(retainctl: Terminal, folder: Path) -> None:
    (folder / "club.toml").write_text("x = [", encoding="utf-8")
    ended = retainctl("jobs", "run", "nightly", now="2025-03-04T03:30")
    assert ended.code == 78
    assert len(list((folder / "backups").glob("*.backup"))) == 1
    assert retainctl("points", "check").code == 78
    assert retainctl("points", "check", "--ledger").code == 0
