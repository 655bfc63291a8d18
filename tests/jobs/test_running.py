"""Running jobs: each step a process of its own, one run at a time, a row that says what came of it, and silence."""

from __future__ import annotations

import dataclasses
import fcntl
import json
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from retainctl.clock import DAY_SECONDS, Clock, parse_instant
from retainctl.config import Shop
from retainctl.errors import BadConfiguration, TryLater, WrongUsage
from retainctl.jobs import running, steps
from retainctl.jobs.locking import only_one
from retainctl.jobs.records import RunRow, is_given_up, last_done_at, list_jobs, list_runs
from retainctl.jobs.running import run_due, run_job, steps_due
from retainctl.jobs.table import find_job, read_jobs
from retainctl.result import Result
from retainctl.store.database import database, execute, rows, value
from retainctl.store.dialect import lease_clock
from retainctl.store.transactions import writing
from tests.conftest import NOW, Terminal
from tests.jobs.conftest import WriteJobs
from tests.outreach.conftest import make_mailing as make_mailing  # noqa: PLC0414 - a fixture
from tests.outreach.outbox.conftest import QueueUp
from tests.outreach.outbox.conftest import queue_up as queue_up  # noqa: PLC0414 - a fixture
from tests.planting import plant

CHECK = """
[jobs.check]
summary = "Look at the settings."
at = "03:30"
steps = ["config check", "config show", "jobs show nightly"]
"""
# Two steps of which the first fails; the second must not be run.
FAILS = """
[jobs.check]
summary = "Ask for what is not there."
at = "03:30"
steps = ["jobs show nobody", "config check"]
"""
# Sixty steps take many seconds, so that there is time to end it in their midst.
LONG = f"""
[jobs.long]
summary = "Take long."
at = "03:30"
deadline_seconds = {{seconds}}
steps = [{", ".join(['"config check"'] * 60)}]
"""


def last_run(shop: Shop, name: str = "check") -> RunRow:
    return list_runs(shop, name, limit=1)[0]


def periods(done: Result[RunRow]) -> list[str]:
    return [row.period for row in done.rows]


def test_a_runs_its_steps_and_leaves_a_row(shop: Shop, write_jobs: WriteJobs) -> None:
    write_jobs(CHECK)
    report = run_job(shop, "check")
    assert (report.exit_code, report.attention, periods(report)) == (0, (), ["check:2025-03-02"])
    run = last_run(shop)
    assert run == RunRow(
        job="check", period="check:2025-03-02", missed=0,
        started="2025-03-02T10:00:00+02:00", ended="2025-03-02T10:00:00+02:00",
        exit_code=0, steps_done=3, counts=run.counts, error="",
    )  # fmt: skip
    assert run.counts["config show"]["rows"] > 20


def test_no_connection_is_held_while_a_step_runs_and_the_lease_outlives_the_deadline(
    shop: Shop, write_jobs: WriteJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_jobs(CHECK)
    closed: list[bool] = []
    left: list[int] = []
    allowed: list[float] = []

    def watched(*words: Any, **options: Any) -> steps.StepEnded:
        allowed.append(options["seconds"])
        closed.append(database.is_closed())
        left.append(value("SELECT lease_until FROM job_leases") - lease_clock(shop.clock.now()))
        database.close()
        return steps.run_step(*words, **options)

    monkeypatch.setattr(running, "run_step", watched)
    run_job(shop, "check")
    assert closed == [True] * 3
    assert all(3600 < seconds <= 3660 for seconds in left)
    assert allowed[0] > allowed[1] > allowed[2], "the steps share the job's deadline"


def test_a_period_that_is_done_is_not_run_again_unless_asked(shop: Shop, write_jobs: WriteJobs) -> None:
    write_jobs(CHECK)
    run_job(shop, "check")
    assert periods(run_job(shop, "check")) == []
    assert periods(run_job(shop, "check", again=True)) == ["check:2025-03-02"]
    assert value("SELECT COUNT(*) FROM runs") == 2


def test_who_asks_for_a_run_has_what_was_missed_made_up_too(shop: Shop, write_jobs: WriteJobs) -> None:
    write_jobs(CHECK.replace('at = "03:30"', 'at = "03:30"\ncatch_up = "each"'))
    done(shop, "check", shop.clock.now() - 2 * DAY_SECONDS)
    assert periods(run_job(shop, "check", again=True)) == ["check:2025-03-01", "check:2025-03-02"]


def test_a_job_stops_at_the_first_step_that_fails_and_stays_due(shop: Shop, write_jobs: WriteJobs) -> None:
    write_jobs(FAILS)
    report = run_job(shop, "check")
    assert report.exit_code == 2
    assert list(report.attention) == [
        "check: jobs show nobody: there is no job nobody",
        "check: jobs show nobody: Use one of: deliver, nightly, weekly, check.",
        "check: stopped at step 1 of 2, jobs show nobody: there is no job nobody (exit code 2)."
        " See: retainctl jobs show check",
    ]
    assert (last_run(shop).steps_done, last_run(shop).exit_code) == (0, 2)
    assert [row.step for row in steps_due(shop, ["check"])] == ["jobs show nobody", "config check"]


def test_a_job_whose_deadline_passes_is_stopped_and_said_so(shop: Shop, write_jobs: WriteJobs) -> None:
    write_jobs(LONG.format(seconds=1))
    report = run_job(shop, "long")
    assert report.exit_code == 1
    assert "the job exceeded its deadline" in report.attention[-1]
    run = last_run(shop, "long")
    assert (run.exit_code, run.error) == (1, "the job exceeded its deadline")
    assert run.steps_done < 60


def test_a_step_that_is_stopped_may_end_what_it_was_doing(shop: Shop, tmp_path: Path) -> None:
    tidy = (
        f"import pathlib, signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: (pathlib.Path('{tmp_path}/done')"
        ".touch(), sys.exit(0))); print('{}', flush=True); time.sleep(60)"
    )
    assert steps.run_step([sys.executable, "-c", tidy], folder=shop.folder, seconds=2).exit_code == 1
    assert (tmp_path / "done").exists()


def test_a_day_that_was_made_up_late_is_not_taken_for_the_days_after_it(shop: Shop, write_jobs: WriteJobs) -> None:
    write_jobs(CHECK)
    yesterday = shop.clock.start_of(shop.clock.today()) - DAY_SECONDS + 12_600
    with writing():
        execute(
            "INSERT INTO runs (name, period, due_at, started_at, ended_at, exit_code) VALUES"
            " ('check', 'check:2025-03-01', ?, ?, ?, 0)",
            yesterday, shop.clock.now() - 60, shop.clock.now() - 30,
        )  # fmt: skip
    assert periods(run_job(shop, "check")) == ["check:2025-03-02"]


def test_a_step_that_will_not_end_is_ended(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "GRACE_SECONDS", 0.2)
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('{}', flush=True); time.sleep(60)"
    ended = steps.run_step([sys.executable, "-c", deaf], folder=shop.folder, seconds=1)
    assert (ended.exit_code, ended.stopped) == (1, "the job exceeded its deadline")


def test_a_step_that_a_signal_ended_has_failed(shop: Shop) -> None:
    ended = steps.run_step([sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"], folder=shop.folder, seconds=30)
    assert (ended.exit_code, ended.stopped) == (1, "killed by signal 9")


def test_a_job_that_another_run_holds_is_for_later(shop: Shop, write_jobs: WriteJobs) -> None:
    write_jobs(CHECK)
    run_job(shop, "check")
    with (shop.folder / "locks" / "job-check.lock").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(TryLater, match="the job check is already running"):
            run_job(shop, "check")


def test_no_two_runs_of_a_job_are_under_way_at_once(shop: Shop) -> None:
    with only_one(shop, "check", seconds=100):
        with pytest.raises(TryLater, match="the job check is already running"), only_one(shop, "check", seconds=100):
            pytest.fail("both hold it")
        with only_one(shop, "other", seconds=100):
            pass


def test_a_job_that_another_host_holds_is_for_later_until_its_lease_has_run_out(
    shop: Shop, write_jobs: WriteJobs
) -> None:
    write_jobs(CHECK)
    with writing():
        execute("INSERT INTO job_leases (job, host, lease_until) VALUES ('check', 'elsewhere', ?)", 2**40)
    with pytest.raises(TryLater, match="already running on elsewhere"):
        run_job(shop, "check")
    with writing():
        execute("UPDATE job_leases SET lease_until = 0")
    assert run_job(shop, "check").exit_code == 0
    assert rows("SELECT * FROM job_leases") == []


def test_a_lease_that_another_host_took_over_is_not_given_back_by_the_first(shop: Shop) -> None:
    now = lease_clock(shop.clock.now())
    with only_one(shop, "check", seconds=100):
        assert 100 <= value("SELECT lease_until FROM job_leases") - now <= 105
        with writing():
            execute("UPDATE job_leases SET host = 'elsewhere', lease_until = ?", now)
    assert rows("SELECT job, host FROM job_leases") == [("check", "elsewhere")]
    with only_one(shop, "check", seconds=100):  # it has run out
        with only_one(shop, "other", seconds=100):
            assert rows("SELECT job FROM job_leases WHERE host <> 'elsewhere' ORDER BY job") == [("check",), ("other",)]
        assert rows("SELECT job FROM job_leases") == [("check",)]
        with writing():
            execute("UPDATE job_leases SET host = 'elsewhere'")
        with only_one(shop, "other", seconds=100):  # what is held elsewhere is another job
            assert value("SELECT COUNT(*) FROM job_leases") == 2


def test_a_job_that_breaks_off_gives_its_lease_back(shop: Shop) -> None:
    with pytest.raises(RuntimeError), only_one(shop, "check", seconds=100):
        raise RuntimeError
    assert rows("SELECT * FROM job_leases") == []


def test_the_lock_is_never_written_through_a_link(shop: Shop, write_jobs: WriteJobs, tmp_path: Path) -> None:
    write_jobs(CHECK)
    victim = tmp_path / "victim"
    victim.write_text("kept")
    (shop.folder / "locks").mkdir()
    (shop.folder / "locks" / "job-check.lock").symlink_to(victim)
    with pytest.raises(BadConfiguration, match="cannot be opened"):
        run_job(shop, "check")
    assert victim.read_text() == "kept"


def test_locks_are_for_their_owner_alone(shop: Shop, write_jobs: WriteJobs) -> None:
    write_jobs(CHECK)
    run_job(shop, "check")
    assert stat.S_IMODE((shop.folder / "locks" / "job-check.lock").stat().st_mode) == 0o600
    assert stat.S_IMODE((shop.folder / "locks").stat().st_mode) == 0o700


def test_all_that_is_due_runs_and_one_that_fails_stops_no_other(shop: Shop, write_jobs: WriteJobs) -> None:
    write_jobs(
        FAILS
        + '[jobs.deliver]\nsummary = ""\nevery_minutes = 5\nsteps = ["config check"]\n'
        + '[jobs.nightly]\nsummary = ""\nat = "03:30"\nsteps = ["config check"]\n'
    )
    report = run_due(shop)
    assert report.exit_code == 2
    assert periods(report) == [
        "nightly:2025-03-02", "check:2025-03-02", "weekly:2025-03-02", "deliver:2025-03-02T08:00Z",
    ]  # fmt: skip
    assert {row.job: row.state for row in list_jobs(shop)} == {
        "deliver": "ok", "nightly": "ok", "weekly": "ok", "check": "failed",
    }  # fmt: skip
    assert periods(run_due(shop)) == ["check:2025-03-02"]


def test_what_was_missed_is_made_up_in_the_order_in_which_it_became_due(shop: Shop, write_jobs: WriteJobs) -> None:
    """What is fetched at three is there before the night's work of half past three awards its points."""
    write_jobs("".join(
        f'[jobs.{name}]\nsummary = "x"\nat = "{at}"\nsteps = ["config check"]\n'
        for name, at in (("late", "05:00"), ("fetch", "03:00"), ("middle", "04:00"))
    ))  # fmt: skip
    night = dataclasses.replace(shop, clock=Clock(shop.clock.zone, parse_instant("2025-03-02T05:30", shop.clock.zone)))
    names = [row.job for row in run_due(night).rows]
    assert [name for name in names if name in ("fetch", "middle", "late", "nightly")] == [
        "fetch", "nightly", "middle", "late"
    ]  # fmt: skip


def test_of_several_failures_the_first_tells_the_exit_code_and_a_mild_one_never_hides_it(
    shop: Shop, write_jobs: WriteJobs
) -> None:
    (shop.folder / "half.csv").write_text("email\naddress\nnoa@example.com\n", encoding="utf-8")
    (shop.folder / "segments").mkdir(exist_ok=True)
    (shop.folder / "segments" / "odd.toml").write_text("expression = 'odd'\n", encoding="utf-8")
    step = {
        0: "outbox check",
        2: "jobs show nobody",
        3: "customers import half.csv --source shop",
        65: "segments refresh",
        75: "outbox check",
    }
    ends = {}
    for codes in ((65, 2), (2, 65), (3, 75), (75, 0)):
        jobs = dict(zip(("deliver", "nightly"), codes, strict=True))
        write_jobs(
            "".join(
                f'[jobs.{name}]\nsummary = ""\nat = "03:30"\nsteps = ["{step[code]}"]\n' for name, code in jobs.items()
            )
        )
        with writing():
            execute("DELETE FROM runs")
            execute("DELETE FROM job_leases")
            for name, code in jobs.items():
                if code == 75:
                    execute("INSERT INTO job_leases (job, host, lease_until) VALUES (?, 'elsewhere', ?)", name, 2**40)
        report = run_due(shop)
        ends[codes] = (report.exit_code, len(periods(report)))
    assert ends == {(65, 2): (65, 3), (2, 65): (2, 3), (3, 75): (3, 2), (75, 0): (75, 2)}, "the weekly one ran too"


def at(shop: Shop, when: str) -> Shop:
    return dataclasses.replace(shop, clock=Clock(shop.clock.zone, parse_instant(when, shop.clock.zone)))


def test_a_job_that_fails_is_tried_three_times_a_day_and_told_once(shop: Shop, write_jobs: WriteJobs) -> None:
    write_jobs(FAILS)
    done(shop, "nightly", shop.clock.now())
    done(shop, "deliver", shop.clock.now())
    told = {}
    for day in ("02", "03"):
        told[day] = [run_due(at(shop, f"2025-03-{day}T{hour:02}:17")) for hour in range(4, 9)]
    for tries in told.values():
        runs = [[row.period for row in one.rows if row.job == "check"] for one in tries]
        assert [len(one) for one in runs] == [1, 1, 1, 0, 0]
        assert [any("stopped at step 1" in said for said in one.attention) for one in tries] == [True] + [False] * 4
        assert [any("stopped at step 1" in said for said in one.notes) for one in tries] == [False, True, True] + [
            False
        ] * 2
    assert told["02"][4].notes[-1] == (
        "the job check failed 3 times and is tried again at 2025-03-03T03:30:00+02:00; to run it now:"
        " retainctl jobs run check"
    )
    late = at(shop, "2025-03-03T08:17")
    assert "check" not in {row.job for row in steps_due(late, [])}
    assert {row.job: (row.state, row.next_due) for row in list_jobs(late)}["check"] == (
        "failed", "2025-03-04T03:30:00+02:00",
    )  # fmt: skip
    assert run_job(at(shop, "2025-03-03T08:18"), "check").attention, "who names it has it run, and is told"
    write_jobs(CHECK)
    assert "check:2025-03-04" in periods(run_due(at(shop, "2025-03-04T04:17")))


def test_runs_that_were_killed_count_as_failed_and_those_put_off_do_not(shop: Shop, write_jobs: WriteJobs) -> None:
    write_jobs(CHECK)
    job = find_job(shop, "check")
    for exit_code, is_failure in ((None, True), (75, False), (3, False), (1, True), (2, True)):
        with writing():
            execute("DELETE FROM runs")
            for number in range(3):
                execute(
                    "INSERT INTO runs (name, period, due_at, started_at, ended_at, exit_code)"
                    " VALUES ('check', ?, 0, ?, ?, ?)",
                    f"check:{number}", shop.clock.now() - number, exit_code and shop.clock.now(), exit_code,
                )  # fmt: skip
        assert is_given_up(shop, "check", job) == is_failure, exit_code


def test_a_job_that_fails_in_another_way_is_told_again(shop: Shop, write_jobs: WriteJobs) -> None:
    write_jobs(FAILS)
    run_due(shop)
    write_jobs(FAILS.replace("nobody", "somebody"))
    assert [said for said in run_due(shop).attention if "there is no job somebody" in said]


def test_who_asks_for_a_job_that_is_done_is_told_how_to_run_it_again(shop: Shop, write_jobs: WriteJobs) -> None:
    (shop.folder / "half.csv").write_text("email\naddress\nnoa@example.com\n", encoding="utf-8")
    write_jobs(CHECK)
    run_job(shop, "check")
    again = "until 2025-03-03T03:30:00+02:00; to run it again: retainctl jobs run check --again"
    assert run_job(shop, "check").notes == (f"the job check is done {again}",)
    write_jobs(CHECK.replace('"config show"', '"customers import half.csv --source shop"'))
    assert run_job(shop, "check", again=True).exit_code == 3
    needs = "(all of it ran, and ended with 3: something needs a person)"
    assert run_job(shop, "check").notes == (f"the job check is done {needs} {again}",)


def test_who_asks_for_a_format_is_shown_what_was_run(retainctl: Terminal, write_jobs: WriteJobs) -> None:
    write_jobs(FAILS)
    ended = retainctl("jobs", "run", "check", "--format", "json")
    [row] = json.loads(ended.stdout)["rows"]
    assert (row["job"], row["exit_code"], row["steps_done"], row["counts"]) == ("check", 2, 0, {})
    assert [json.loads(line)["kind"] for line in ended.stderr.splitlines()] == ["notice"] * 3
    write_jobs(CHECK)
    [row] = json.loads(retainctl("jobs", "run", "check", "--format", "json").stdout)["rows"]
    assert (row["exit_code"], row["error"], row["counts"]["config show"]["rows"] > 20) == (0, None, True)
    assert json.loads(retainctl("jobs", "run", "check", "--format", "json").stdout)["rows"] == []
    assert json.loads(retainctl("jobs", "list", "--format", "json").stdout)["rows"][-1]["steps"] == [
        "config check", "config show", "jobs show nightly",
    ]  # fmt: skip


@pytest.mark.parametrize("option", ["--output out.csv", "--output=out.csv"])
def test_a_step_writes_a_file_in_the_format_of_its_ending(shop: Shop, write_jobs: WriteJobs, option: str) -> None:
    write_jobs(CHECK.replace('"config check", "config show"', f'"customers export {option}"'))
    assert run_job(shop, "check").exit_code == 0
    assert (shop.folder / "out.csv").read_text(encoding="utf-8").startswith("id,source,external_id")


def test_a_file_of_the_shop_is_never_run_in_the_place_of_a_module(shop: Shop, write_jobs: WriteJobs) -> None:
    write_jobs(CHECK)
    (shop.folder / "json.py").write_text("raise SystemExit(9)\n", encoding="utf-8")
    assert run_job(shop, "check").exit_code == 0


def test_missed_days_are_made_up_one_by_one_with_their_own_day(
    folder: Path, retainctl: Terminal, write_jobs: WriteJobs
) -> None:
    write_jobs('[jobs.check]\nsummary = ""\nat = "03:30"\ncatch_up = "each"\nsteps = ["jobs show check-{day}"]\n')
    ended = retainctl("jobs", "run", "check", "--dry-run", now="2025-03-02T10:00")
    assert ended.stdout == "job\tperiod\tmissed\tstep\ncheck\tcheck:2025-03-02\t0\tjobs show check-{day}\n"
    failed = retainctl("jobs", "run", "check", now="2025-03-02T10:00")
    assert failed.code == 2
    assert "there is no job check-2025-03-02" in failed.stderr


def test_a_dry_run_shows_the_steps_that_the_same_words_would_run(
    folder: Path, retainctl: Terminal, write_jobs: WriteJobs
) -> None:
    write_jobs('[jobs.check]\nsummary = ""\nat = "03:30"\nsteps = ["config check", "config show"]\n')
    steps_of_today = [f"check\tcheck:2025-03-02\t0\t{step}" for step in ("config check", "config show")]

    def would_run(*words: str) -> list[str]:
        ended = retainctl("jobs", "run", "check", "--dry-run", *words)
        assert (ended.code, ended.stderr) == (0, "")
        return ended.stdout.splitlines()[1:]

    assert (would_run(), would_run("--again")) == (steps_of_today, steps_of_today)
    assert retainctl("jobs", "run", "check").code == 0
    assert (would_run(), would_run("--again")) == ([], steps_of_today)


def test_the_steps_go_by_the_clock_of_their_run(shop: Shop, write_jobs: WriteJobs) -> None:
    write_jobs(CHECK.replace('"config check", "config show", "jobs show nightly"', '"db backup"'))
    assert run_job(shop, "check").exit_code == 0
    assert Path(last_run(shop).counts["db backup"]["file"]).name == "retain-20250302T100000.backup"


def test_what_was_done_last_counts_and_not_what_was_done_first(shop: Shop, write_jobs: WriteJobs) -> None:
    write_jobs(CHECK)
    for days in (5, 1, 3):
        done(shop, "check", shop.clock.now() - days * DAY_SECONDS)
    job = find_job(shop, "check")
    assert last_done_at(shop, "check", job) == shop.clock.now() - DAY_SECONDS
    write_jobs(CHECK.replace('"config show"', '"jobs show nobody"'))
    assert run_job(shop, "check").exit_code == 2
    assert {row.job: row.state for row in list_jobs(shop)}["check"] == "failed"


def test_a_run_under_a_clock_that_was_ahead_keeps_nothing_from_running(shop: Shop, write_jobs: WriteJobs) -> None:
    write_jobs(CHECK)
    done(shop, "check", shop.clock.now() + 2_000 * DAY_SECONDS)
    assert periods(run_job(shop, "check")) == ["check:2025-03-02"]


def test_two_folders_of_one_shop_on_one_host_do_not_run_a_job_at_once(shop: Shop, write_jobs: WriteJobs) -> None:
    write_jobs(CHECK)
    other = dataclasses.replace(shop, folder=shop.folder.with_name("other"))
    other.folder.mkdir()
    with only_one(other, "check", seconds=60), pytest.raises(TryLater, match="is already running on"):
        run_job(shop, "check")


def test_of_missed_days_none_is_run_after_one_that_fails(shop: Shop, write_jobs: WriteJobs) -> None:
    write_jobs('[jobs.check]\nsummary = ""\nat = "03:30"\ncatch_up = "each"\nsteps = ["jobs show nobody"]\n')
    done(shop, "check", shop.clock.now() - 3 * DAY_SECONDS)
    report = run_job(shop, "check")
    assert (report.exit_code, periods(report)) == (2, ["check:2025-02-28"])
    assert [row.period for row in steps_due(shop, ["check"])] == [
        "check:2025-02-28",
        "check:2025-03-01",
        "check:2025-03-02",
    ]


def test_what_was_done_in_part_is_not_forgotten_when_the_rest_is_good(shop: Shop, write_jobs: WriteJobs) -> None:
    for day in ("2025-03-01", "2025-03-02"):
        line = "address" if day == "2025-03-01" else "dana@example.com"
        (shop.folder / f"{day}.csv").write_text(f"email\n{line}\nnoa@example.com\n", encoding="utf-8")
    write_jobs(
        '[jobs.check]\nsummary = ""\nat = "03:30"\ncatch_up = "each"\n'
        'steps = ["customers import {day}.csv --source shop", "outbox check"]\n'
    )
    done(shop, "check", shop.clock.now() - 2 * DAY_SECONDS)
    report = run_job(shop, "check")
    assert [(run.exit_code, run.steps_done) for run in list_runs(shop, "check", limit=9)] == [(0, 2), (3, 2), (0, 0)]
    assert (report.exit_code, len(periods(report))) == (3, 2)


def done(shop: Shop, name: str, due_at: int) -> None:
    """Leave the row of a period that was done."""
    with writing():
        execute(
            "INSERT INTO runs (name, period, due_at, started_at, ended_at, exit_code) VALUES (?, ?, ?, ?, ?, 0)",
            name,
            f"{name}:{due_at}",
            due_at,
            due_at,
            due_at,
        )


def test_a_run_that_was_killed_is_said_to_be_so_and_run_again(shop: Shop, write_jobs: WriteJobs) -> None:
    write_jobs(CHECK)
    with writing():
        execute(
            "INSERT INTO runs (name, period, due_at, started_at) VALUES ('check', 'check:2025-03-02', ?, ?)",
            shop.clock.now() - 23400, shop.clock.now() - 60,
        )  # fmt: skip
    assert {row.job: row.state for row in list_jobs(shop)}["check"] == "running"
    assert periods(run_job(shop, "check")) == ["check:2025-03-02"]
    assert [(run.exit_code, run.error) for run in list_runs(shop, "check", limit=9)] == [
        (0, ""),
        (1, "did not finish (killed)"),
    ]


@pytest.mark.parametrize("database_url", ["sqlite:retain.db"])
@pytest.mark.parametrize(
    ("now", "ended", "state"),
    [
        ("2025-03-02T04:44:59", False, "running"),
        ("2025-03-02T04:45", False, "interrupted"),
        ("2025-03-03T04:45", True, "due"),
        ("2025-03-03T04:45:01", True, "overdue"),
    ],
)
def test_a_job_has_its_deadline_and_a_quarter_of_an_hour_more(
    shop: Shop, write_jobs: WriteJobs, now: str, ended: bool, state: str
) -> None:
    write_jobs(CHECK)
    began = parse_instant("2025-03-02T03:30", shop.clock.zone)
    plant(
        "runs", name="check", period="check:2025-03-02", due_at=began, started_at=began,
        ended_at=began + 1 if ended else None, exit_code=0 if ended else None,
    )  # fmt: skip
    shop = dataclasses.replace(shop, clock=Clock(shop.clock.zone, parse_instant(now, shop.clock.zone)))
    assert {row.job: row.state for row in list_jobs(shop)}["check"] == state


def test_a_job_that_was_not_run_for_long_is_overdue(folder: Path, retainctl: Terminal, write_jobs: WriteJobs) -> None:
    write_jobs(CHECK)
    retainctl("jobs", "run", "check")
    states = {}
    for now in ("2025-03-02T11:00", "2025-03-03T03:31", "2025-03-03T04:46"):
        found = json.loads(retainctl("jobs", "list", "--format", "json", now=now).stdout)["rows"]
        states[now] = next((row["state"], row["next_due"]) for row in found if row["job"] == "check")
    assert states == {
        "2025-03-02T11:00": ("ok", "2025-03-03T03:30:00+02:00"),
        "2025-03-03T03:31": ("due", "2025-03-03T03:30:00+02:00"),
        "2025-03-03T04:46": ("overdue", "2025-03-03T03:30:00+02:00"),
    }


def test_sigterm_ends_the_job_and_the_next_run_does_it(
    folder: Path, write_jobs: WriteJobs, retainctl: Terminal
) -> None:
    write_jobs(LONG.format(seconds=600))
    retainctl("jobs", "list")  # the shop has been used before
    job = subprocess.Popen(
        [sys.executable, "-m", "retainctl", "--shop", str(folder), "--now", NOW, "jobs", "run", "long"],
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    while json.loads(retainctl("jobs", "list", "--format", "json").stdout)["rows"][-1]["state"] != "running":
        assert job.poll() is None
    job.send_signal(signal.SIGTERM)
    _, stderr = job.communicate(timeout=20)
    assert (job.returncode, stderr) == (143, "")
    [run] = json.loads(retainctl("jobs", "show", "long", "--format", "json").stdout)["rows"]
    assert (run["exit_code"], run["error"]) == (143, "interrupted")
    [due] = json.loads(retainctl("jobs", "run", "--due", "--dry-run", "--format", "json").stdout)["rows"][-60:-59]
    assert due["period"] == "long:2025-03-02"


def test_a_job_that_was_killed_leaves_no_lock_behind(folder: Path, write_jobs: WriteJobs, retainctl: Terminal) -> None:
    write_jobs(LONG.format(seconds=600))
    retainctl("jobs", "list")  # the shop has been used before
    words = [sys.executable, "-m", "retainctl", "--shop", str(folder), "--now", NOW, "jobs", "run", "long"]
    job = subprocess.Popen(words, stderr=subprocess.DEVNULL)
    while json.loads(retainctl("jobs", "list", "--format", "json").stdout)["rows"][-1]["state"] != "running":
        assert job.poll() is None
    job.kill()
    job.wait()
    write_jobs(CHECK.replace("jobs.check", "jobs.long"))
    ended = retainctl("jobs", "run", "long")
    assert (ended.code, ended.stderr) == (0, "")
    runs = json.loads(retainctl("jobs", "show", "long", "--format", "json").stdout)["rows"]
    assert [(run["exit_code"], run["error"]) for run in runs] == [(0, None), (1, "did not finish (killed)")]


def test_the_jobs_of_the_shop_are_added_to_the_programs_own(shop: Shop, write_jobs: WriteJobs) -> None:
    write_jobs('[jobs.nightly]\nsummary = "Less."\nat = "04:00"\nsteps = ["config check"]\n' + CHECK)
    assert list(read_jobs(shop)) == ["deliver", "nightly", "weekly", "check"]
    assert read_jobs(shop)["nightly"].at == "04:00"


@pytest.mark.parametrize("database_url", ["sqlite:retain.db"])  # it is about a file
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('at = "3:30"\nsteps = ["config check"]', "'3:30' is not a time such as 03:30"),
        ('at = "03:30"\nevery_minutes = 5\nsteps = ["config check"]', "either at or every_minutes"),
        ('every_minutes = 7\nsteps = ["config check"]', "every_minutes must divide 60"),
        ('at = "03:30"\nsteps = []', "a job needs at least one step"),
        ('at = "03:30"\nsteps = ["config check"]\ndeadline_seconds = 0', "line 5: deadline_seconds must be 1 or more"),
        ('at = "03:30"\nsteps = ["config check", " "]', "a step is empty"),
        ('at = "03:30"\nsteps = ["--quiet jobs run nightly"]', "line 4: steps: .* runs a job, which no step may"),
        ('every_minutes = 5\nweekdays = ["sunday"]\nsteps = ["config check"]', "weekdays can only be used with at"),
        ('at = "24:00"\nsteps = ["config check"]', "'24:00' is not a time such as 03:30"),
        ('every_minutes = 0\nsteps = ["config check"]', "either at or every_minutes"),
        ('every_minutes = 120\nsteps = ["config check"]', "every_minutes must divide 60"),
        ('steps = ["config check"]', "either at or every_minutes"),
        ('at = "03:30"\nstep = ["config check"]', "unknown setting step"),
    ],
)
def test_a_job_that_cannot_be_is_refused(shop: Shop, write_jobs: WriteJobs, text: str, said: str) -> None:
    write_jobs(f'[jobs.check]\nsummary = ""\n{text}\n')
    with pytest.raises(BadConfiguration, match=said):
        read_jobs(shop)


def test_a_name_that_would_leave_the_folder_is_refused(shop: Shop, write_jobs: WriteJobs) -> None:
    write_jobs('[jobs."../check"]\nsummary = ""\nat = "03:30"\nsteps = ["config check"]\n')
    with pytest.raises(BadConfiguration, match="is not a valid job name"):
        read_jobs(shop)
    with pytest.raises(WrongUsage, match="there is no job"):
        (shop.folder / "jobs.toml").unlink()
        run_job(shop, "../check")


def test_the_command_prints_nothing_when_all_is_well(retainctl: Terminal, write_jobs: WriteJobs) -> None:
    write_jobs(CHECK)
    first, second = retainctl("jobs", "run", "check"), retainctl("jobs", "run", "check")
    assert (first.code, first.stdout, first.stderr) == (0, "", "")
    assert (second.code, second.stdout, second.stderr) == (0, "", "")


def test_what_is_due_is_not_run_again(retainctl: Terminal) -> None:
    assert retainctl("jobs", "run", "--due", "--again").code == 2


def test_a_failure_is_told_on_stderr_with_its_exit_code(retainctl: Terminal, write_jobs: WriteJobs) -> None:
    write_jobs(FAILS)
    ended = retainctl("jobs", "run", "check")
    assert (ended.code, ended.stdout) == (2, "")
    assert ended.stderr.splitlines()[-1].startswith("check: stopped at step 1 of 2")


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("poinst award", "no such command 'poinst'. (Did you mean one of: 'consent', 'init', 'points'?)"),
        ("points awrad", "no such command 'awrad'. Did you mean 'award'?"),
        ("points", "missing command"),
        ("points award --dry", "no such option '--dry'. Did you mean '--dry-run'?"),
        ("points redeem dana", "missing argument 'POINTS'"),
        ("points redeem dana 0 --source x", "invalid value for 'POINTS': 0 is not in the range x>=1"),
        ("surveys run service {day} more", "got unexpected extra arguments (2025-01-01 more)"),
    ],
)
def test_a_step_that_cannot_run_is_told_by_day(
    retainctl: Terminal, write_jobs: WriteJobs, step: str, said: str
) -> None:
    write_jobs(f"[jobs.check]\nsummary = 'Look.'\nat = '03:30'\nsteps = ['config check', {step!r}]\n")
    sentence = f"retainctl: the job check has an invalid step {step!r}: {said}"
    for words in (("config", "check"), ("jobs", "list"), ("jobs", "show", "check"),
                  ("schedules", "show", "--style", "cron")):  # fmt: skip
        ended = retainctl(*words)
        assert (ended.code, ended.stderr.splitlines()[0]) == (78, sentence), words
    assert sentence.removeprefix("retainctl: ") in retainctl("doctor", "--format", "json").stdout.replace('\\"', '"')
    assert retainctl("jobs", "show", "nightly").code == 0, "the other jobs are what they were"


def test_steps_that_can_run_are_as_the_program_has_them_or_name_files_that_will_come(
    retainctl: Terminal, write_jobs: WriteJobs
) -> None:
    write_jobs(
        "[jobs.check]\nsummary = 'Look.'\nat = '03:30'\n"
        "steps = ['doctor', '--quiet orders import incoming/{day}.csv --source web', 'points expire --dry-run']\n"
    )
    ended = retainctl("config", "check")
    assert (ended.code, ended.stdout, ended.stderr) == (0, "", "")


@pytest.mark.parametrize(("when", "state"), [("every_minutes = 5", "ok"), ('at = "03:30"', "due")])
def test_what_is_put_off_is_the_next_periods_of_a_frequent_job_and_still_due_of_a_daily_one(
    retainctl: Terminal, write_jobs: WriteJobs, queue_up: QueueUp, when: str, state: str
) -> None:
    queue_up(1)  # and it is quiet hours
    write_jobs(f'[jobs.send]\nsummary = ""\n{when}\nsteps = ["outbox deliver"]\n')
    ended = retainctl("jobs", "run", "send", now="2025-03-02T23:00")
    assert (ended.code, ended.stdout, ended.stderr) == (75, "", "")
    found = json.loads(retainctl("jobs", "list", "--format", "json", now="2025-03-02T23:01").stdout)["rows"]
    assert next(row["state"] for row in found if row["job"] == "send") == state


@pytest.mark.parametrize(
    ("line", "sentences"),
    [
        ('{"kind": "error", "message": "no file", "hint": "Make one."}', ["no file", "Make one."]),
        ('{"kind": "error", "message": "no file", "hint": ""}', ["no file"]),
        ('{"kind": "person", "rows": []}', ['{"kind": "person", "rows": []}']),
        ("[1, 2]", ["[1, 2]"]),
        ("no JSON", ["no JSON"]),
        ("  ", []),
    ],
)
def test_what_a_step_said_is_kept_in_words(line: str, sentences: list[str]) -> None:
    assert steps._sentences([line]) == sentences


BROKEN = '[jobs.check]\nsummary = ""\nevery_minutes = 5\nsteps = ["jobs run nightly"]\n'


def test_what_stops_a_job_before_it_begins_is_told_once_a_day_until_it_is_over(
    folder: Path, retainctl: Terminal, write_jobs: WriteJobs
) -> None:
    write_jobs(BROKEN)
    told = [retainctl("jobs", "run", "check") for _ in range(3)]
    assert [one.code for one in told] == [78, 78, 78]
    assert [one.stderr.count("runs a job, which no step may") for one in told] == [1, 0, 0]
    assert "runs a job" in retainctl("jobs", "run", "nightly").stderr, "another job's is told for itself"
    assert "runs a job" in retainctl("--format", "json", "jobs", "run", "check").stderr, "a program asked for it"
    kept = folder / "locks" / "told.json"
    kept.write_text(kept.read_text().replace('"at": ', '"at": -'), encoding="utf-8")
    assert "runs a job" in retainctl("jobs", "run", "check").stderr, "that was long ago"
    write_jobs(CHECK)
    assert retainctl("jobs", "run", "check").code == 0
    write_jobs(BROKEN)
    assert "runs a job" in retainctl("jobs", "run", "check").stderr, "it was over, and came again"
    (folder / "retainctl.toml").write_text("name = \n", encoding="utf-8")
    assert [bool(retainctl("jobs", "run", "check").stderr) for _ in range(2)] == [True, False]


def test_what_stops_all_that_is_due_is_told_again_when_it_was_over_and_came_back(
    shop: Shop, retainctl: Terminal, write_jobs: WriteJobs
) -> None:
    for name in ("deliver", "nightly", "weekly"):
        done(shop, name, shop.clock.now())
    for _ in range(2):
        write_jobs(BROKEN)
        told = [retainctl("jobs", "run", "--due") for _ in range(2)]
        assert [(one.code, "runs a job" in one.stderr) for one in told] == [(78, True), (78, False)]
        write_jobs(CHECK)
        assert retainctl("jobs", "run", "--due").code == 0


def test_where_nothing_can_be_kept_what_stops_a_job_is_told_each_time(tmp_path: Path, write_jobs: WriteJobs) -> None:
    lost = Terminal(tmp_path)
    assert [bool(lost("jobs", "run", "check").stderr) for _ in range(2)] == [True, True]
