"""A health check hears of each run; whether it hears changes nothing."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from retainctl.config import Shop, read_shop
from retainctl.jobs.records import list_runs
from retainctl.jobs.running import run_job
from tests.conftest import NOW, Terminal
from tests.jobs.conftest import WriteJobs
from tests.outreach.conftest import make_mailing as make_mailing  # noqa: PLC0414 - a fixture
from tests.outreach.outbox.conftest import QueueUp
from tests.outreach.outbox.conftest import queue_up as queue_up  # noqa: PLC0414 - a fixture

CHECK = '[jobs.check]\nsummary = ""\nat = "03:30"\nsteps = ["{step}"]\n'


class HealthCheck:
    """A health check on the loopback that keeps what it is told."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.answers = 200
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.heard.append(self.path)
                self.send_response(outer.answers)
                self.end_headers()

            def log_message(self, *_words: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def health_check() -> Iterator[HealthCheck]:
    check = HealthCheck()
    yield check
    check.server.shutdown()
    check.server.server_close()


def tell(folder: Path, url: str) -> None:
    """Set ping_url, which stands before the tables."""
    path = folder / "retainctl.toml"
    path.write_text(f'ping_url = "{url}"\n' + path.read_text(encoding="utf-8"), encoding="utf-8")


def test_it_hears_of_the_start_and_the_exit_code(
    folder: Path, retainctl: Terminal, write_jobs: WriteJobs, health_check: HealthCheck
) -> None:
    tell(folder, f"{health_check.url}/key/")
    write_jobs(CHECK.format(step="config check"))
    assert retainctl("jobs", "run", "check").code == 0
    assert health_check.heard == ["/key/start", "/key/0"]

    retainctl("jobs", "run", "check")  # nothing is due, and nothing is told
    assert len(health_check.heard) == 2

    write_jobs(CHECK.format(step="jobs show nobody"))
    assert retainctl("jobs", "run", "check", "--again").code == 2
    assert health_check.heard[2:] == ["/key/start", "/key/2"]

    (folder / "half.csv").write_text("email\naddress\nnoa@example.com\n", encoding="utf-8")
    write_jobs(CHECK.format(step="customers import half.csv --source shop"))
    assert retainctl("jobs", "run", "check", "--again").code == 3
    assert health_check.heard[4:] == ["/key/start", "/key/3"]


@pytest.mark.parametrize(("when", "told"), [("every_minutes = 5", "/0"), ('at = "03:30"', "/75")])
def test_what_a_frequent_job_puts_off_is_no_failure_and_what_a_daily_one_puts_off_is(
    folder: Path, retainctl: Terminal, write_jobs: WriteJobs, health_check: HealthCheck, queue_up: QueueUp, when: str,
    told: str,
) -> None:  # fmt: skip
    tell(folder, health_check.url)
    queue_up(1)
    write_jobs(f'[jobs.send]\nsummary = ""\n{when}\nsteps = ["outbox deliver"]\n')
    assert retainctl("jobs", "run", "send", now="2025-03-02T23:00").code == 75, "these are quiet hours"
    assert health_check.heard == ["/start", told]


def test_each_job_may_have_a_check_of_its_own(
    folder: Path, retainctl: Terminal, write_jobs: WriteJobs, health_check: HealthCheck
) -> None:
    tell(folder, health_check.url + "/key/{job}")
    write_jobs(CHECK.format(step="config check"))
    retainctl("jobs", "run", "check")
    assert health_check.heard == ["/key/check/start", "/key/check/0"]


@pytest.mark.parametrize("status", [404, 503])
def test_one_that_does_not_hear_is_a_warning_and_no_failure(
    folder: Path, retainctl: Terminal, write_jobs: WriteJobs, health_check: HealthCheck, status: int
) -> None:
    health_check.answers = status
    tell(folder, health_check.url)
    write_jobs(CHECK.format(step="config check"))
    ended = retainctl("jobs", "run", "check")
    assert (ended.code, ended.stdout) == (0, "")
    told = f"the health check of the job check was not reached: HTTP status {status}\n"
    assert ended.stderr == told
    assert health_check.heard == ["/start"] * 3 + ["/0"] * 3
    assert retainctl("jobs", "run", "check", "--again", now="2025-03-02T10:05").stderr == "", "it is told once a day"
    assert retainctl("jobs", "run", "check", "--again", now="2025-03-03T10:00").stderr == told
    health_check.answers = 200
    assert retainctl("jobs", "run", "check", "--again", now="2025-03-03T10:05").stderr == ""
    health_check.answers = status
    assert retainctl("jobs", "run", "check", "--again", now="2025-03-03T10:10").stderr == told, "it was over"


def test_one_that_is_not_there_is_a_warning_and_no_failure(
    folder: Path, retainctl: Terminal, write_jobs: WriteJobs
) -> None:
    tell(folder, "http://127.0.0.1:9/ping")
    write_jobs(CHECK.format(step="config check"))
    ended = retainctl("jobs", "run", "check")
    assert ended.code == 0
    assert "Connection refused" in ended.stderr


def test_what_fails_outside_of_a_step_is_told_and_kept_with_its_reason(
    folder: Path, shop: Shop, write_jobs: WriteJobs, health_check: HealthCheck, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when the interpreter has gone with an upgrade that was half done."""
    tell(folder, health_check.url)
    write_jobs(CHECK.format(step="config check"))
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(FileNotFoundError):
        run_job(read_shop(str(folder), now=NOW), "check")
    assert health_check.heard == ["/start", "/1"]
    [run] = list_runs(shop, "check", limit=5)
    assert (run.exit_code, "No such file or directory: '/nowhere/python'" in run.error) == (1, True)
