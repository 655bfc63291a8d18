"""The doctor looks at everything, says what it found, and ends with the code of the worst."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from retainctl import doctor
from retainctl.clock import DAY_SECONDS
from retainctl.config import Shop
from retainctl.doctor import _folder, examine
from retainctl.errors import BadConfiguration
from retainctl.store.database import execute
from retainctl.store.transactions import writing
from tests.conftest import NOW, Terminal
from tests.smtp_sink import Sink


def found(retainctl: Terminal, *options: str, now: str | None = None) -> tuple[int, dict[str, tuple[str, str]]]:
    ended = retainctl("doctor", "--format", "json", *options, now=now)
    assert ended.stderr == ""
    rows = json.loads(ended.stdout)["rows"]
    return ended.code, {row["check"]: (row["state"], row["detail"]) for row in rows}


def test_a_new_shop_is_well_and_its_jobs_wait_to_be_run(retainctl: Terminal, folder: Path) -> None:
    code, checks = found(retainctl)
    assert code == 0
    assert checks["config"] == ("ok", str(folder))
    assert checks["database"][0] == "ok"
    assert checks["clock"] == ("ok", "2025-03-02T10:00:00+02:00")
    assert checks["jobs"] == (
        "note", "never run: deliver, nightly, weekly. To schedule them: retainctl schedules show --help",
    )  # fmt: skip


def test_an_installation_that_does_not_send_is_doubted(shop: Shop, retainctl: Terminal) -> None:
    assert found(retainctl)[1]["sending"] == ("ok", "this installation sends")
    with writing():
        execute("DELETE FROM installation")
    assert found(retainctl)[1]["sending"] == (
        "warning", "this installation does not send. To let it send: retainctl db adopt",
    )  # fmt: skip


def test_a_job_that_is_overdue_needs_a_person(retainctl: Terminal, folder: Path) -> None:
    retainctl("jobs", "list")
    (folder / "jobs.toml").write_text(
        '[jobs.deliver]\nsummary = ""\nat = "03:30"\nsteps = ["config check"]\n'
        '[jobs.nightly]\nsummary = ""\nat = "03:30"\nsteps = ["config check"]\n'
    )
    assert retainctl("jobs", "run", "--due").code == 0
    assert found(retainctl, now="2025-03-03T04:00")[1]["jobs"] == ("ok", "deliver due, nightly due, weekly ok")
    assert found(retainctl, now="2025-03-03T10:00") == (
        3, found(retainctl)[1] | {
            "clock": ("ok", "2025-03-03T10:00:00+02:00"),
            "jobs": (
                "warning", "the job deliver is overdue; the job nightly is overdue."
                " See: retainctl jobs show deliver; See: retainctl jobs show nightly",
            ),
        },
    )  # fmt: skip
    assert retainctl("doctor", "--needs", now="2025-03-03T10:00").code == 3, "both say the same"


@pytest.mark.parametrize("database_url", ["sqlite:retain.db"])
def test_a_copy_of_a_shop_is_told_that_it_does_not_send(retainctl: Terminal, folder: Path, tmp_path: Path) -> None:
    assert found(retainctl)[1]["sending"] == ("ok", "this installation sends")
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    code, checks = found(Terminal(copy))
    assert (code, checks["sending"]) == (
        3, ("warning", "this installation does not send. To let it send: retainctl db adopt"),
    )  # fmt: skip


def test_a_clock_behind_what_was_written_is_a_failure(shop: Shop, retainctl: Terminal) -> None:
    with writing():
        execute("INSERT INTO runs (name, period, due_at, started_at) VALUES ('old', 'old:1', 0, ?)", shop.clock.now())
    code, checks = found(retainctl, now="2025-03-02T09:50")
    assert code == 78
    assert checks["clock"] == (
        "failed",
        "the clock says 2025-03-02T09:50:00+02:00, but the newest job run is from 2025-03-02T10:00:00+02:00."
        " Correct the clock, or if it is right now: retainctl doctor --yes-clock",
    )
    assert found(retainctl, now="2036-01-01")[1]["clock"][0] == "note"


@pytest.mark.parametrize("what", ["job run", "import"])
def test_what_a_clock_that_was_ahead_left_is_told_until_a_person_says_that_the_clock_is_right(
    retainctl: Terminal, folder: Path, what: str
) -> None:
    def leave(now: str) -> None:
        """Write something under this clock."""
        (folder / "c.csv").write_text(f"external_id,first_name\n{now[:4]},Dana\n")
        words = (
            ("jobs", "run", "weekly", "--again") if what == "job run" else ("customers", "import", f"{folder}/c.csv")
        )
        assert retainctl(*words, now=now).code == 0

    leave("2031-01-01")
    assert found(retainctl)[1]["clock"][0] == "failed"
    code, checks = found(retainctl, "--yes-clock")
    assert (code, checks["clock"][0]) == (0, "ok")
    assert found(retainctl, now="2025-03-02T10:04")[1]["clock"][0] == "ok"
    assert found(retainctl, now="2025-03-02T09:50")[1]["clock"][0] == "failed", "it was right at 10:00"
    leave("2034-01-01")
    assert found(retainctl)[1]["clock"][0] == "failed", "what was written since then counts"


@pytest.mark.parametrize("database_url", ["sqlite:retain.db"])
@pytest.mark.parametrize(("now", "state"), [("09:54:59", "failed"), ("09:55", "ok"), ("09:59:59", "ok")])
def test_a_clock_may_be_behind_by_five_minutes(shop: Shop, now: str, state: str) -> None:
    with writing():
        execute("INSERT INTO runs (name, started_at, ended_at, exit_code) VALUES ('x', ?, 0, 0)", shop.clock.now())
    checks = examine(str(shop.folder), now=f"2025-03-02T{now}", read_words=lambda _words: None)
    assert [one.state for one in checks if one.check == "clock"] == [state]


def test_a_clock_is_doubted_when_nothing_was_written_for_more_than_forty_days(shop: Shop, retainctl: Terminal) -> None:
    with writing():
        execute("INSERT INTO runs (name, started_at, ended_at, exit_code) VALUES ('x', ?, 0, 0)", shop.clock.now())
    assert found(retainctl, now="2025-04-11T11:00")[1]["clock"][0] == "ok"  # summer time began meanwhile
    assert found(retainctl, now="2025-04-11T11:01")[1]["clock"] == (
        "note", "the newest job run is from 2025-03-02T10:00:00+02:00; is the clock right?",
    )  # fmt: skip


def test_a_job_that_was_killed_needs_a_person(shop: Shop, retainctl: Terminal) -> None:
    killed = "INSERT INTO runs (name, period, due_at, started_at) VALUES (?, ?, 0, ?)"
    with writing():
        for name in ("deliver", "nightly"):
            execute(killed, name, f"{name}:1", shop.clock.now() - DAY_SECONDS)
    code, checks = found(retainctl)
    assert (code, checks["jobs"]) == (
        3, (
            "warning", "the job deliver was interrupted; the job nightly was interrupted."
            " See: retainctl jobs show deliver; See: retainctl jobs show nightly",
        ),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("jobs.toml", '[jobs.nightly]\nsumary = ""\n', "jobs.toml, line 2: unknown setting sumary"),
        ("surveys/spring.toml", 'title = "Spring"\nquestions = []\n', "a survey needs questions"),
        ("segments/loyal.toml", 'expression = "ordres >= 5"\n', "unknown field ordres"),
        ("campaigns/spring.md", "Hello.\n", "does not begin with front matter"),
        ("club.toml", "pionts = 1\n", "unknown setting pionts"),
    ],
)
def test_a_file_that_is_wrong_is_found_by_doctor_and_by_config_check(
    retainctl: Terminal, folder: Path, file: str, text: str, said: str
) -> None:
    (folder / file).parent.mkdir(exist_ok=True)
    (folder / file).write_text(text)
    code, checks = found(retainctl)
    assert code in (65, 78)
    assert checks["config"][0] == "failed"
    assert said in checks["config"][1]
    assert checks["database"][0] == checks["sending"][0] == "ok", "one file that is wrong hides nothing else"
    ended = retainctl("config", "check")
    assert (ended.code, ended.stdout) == (code, "")
    assert said in ended.stderr


def test_the_files_of_a_new_shop_are_in_order(retainctl: Terminal) -> None:
    ended = retainctl("config", "check")
    assert (ended.code, ended.stdout, ended.stderr) == (0, "", "")


def test_a_shop_that_is_not_there_is_a_failure(tmp_path: Path) -> None:
    rows = examine(str(tmp_path), now=NOW, read_words=lambda _: None)
    assert [row.check for row in rows] == ["config", "python"]
    assert (rows[0].state, rows[0].exit_code) == ("failed", 78)


def test_every_file_that_is_wrong_is_told_and_a_state_means_one_code(retainctl: Terminal, folder: Path) -> None:
    for file, text in (("segments/odd.toml", "expression = 'odd'\n"), ("campaigns/odd.md", "Hello.\n"),
                       ("jobs.toml", "[jobs.x]\n")):  # fmt: skip
        (folder / file).parent.mkdir(exist_ok=True)
        (folder / file).write_text(text)
    rows = json.loads(retainctl("doctor", "--format", "json").stdout)["rows"]
    assert [row["state"] for row in rows if row["check"] == "config"] == ["failed"] * 3
    assert sum("jobs.toml" in row["detail"] for row in rows) == 2, "as a file, and where the jobs are looked at"
    for row in rows:
        assert {"ok": row["exit_code"] == 0, "note": row["exit_code"] == 0, "warning": row["exit_code"] == 3,
                "failed": row["exit_code"] > 3}[row["state"]], row  # fmt: skip


def test_a_database_that_is_newer_than_the_program_is_a_failure(shop: Shop, retainctl: Terminal) -> None:
    with writing():
        execute("INSERT INTO schema_migrations (number, name, applied_at) VALUES (999, 'later', 0)")
    code, checks = found(retainctl)
    assert code == 78
    assert checks["database"][0] == "failed"
    assert "newer than this program" in checks["database"][1]


def mail_by(folder: Path, port: int, more: str = "") -> None:
    """Let the shop send by a server on this machine."""
    path = folder / "retainctl.toml"
    words = f'channel = "mail"\nhost = "127.0.0.1"\nport = {port}\nsecurity = "none"\ntimeout_seconds = 3\n{more}'
    path.write_text(path.read_text(encoding="utf-8").replace("[mail]\n", f"[mail]\n{words}"), encoding="utf-8")


def test_a_database_that_is_older_than_the_program_is_a_failure(shop: Shop, retainctl: Terminal) -> None:
    with writing():
        execute("DROP TABLE answers")
        execute("DROP TABLE responses")
        execute("DELETE FROM schema_migrations WHERE name = 'voice'")
    code, checks = found(retainctl)
    assert (code, checks["database"][0]) == (78, "failed")
    assert checks["database"][1].startswith("the database is older than this program: 1 migrations are missing")


def test_the_mail_server_is_asked(folder: Path, retainctl: Terminal) -> None:
    with Sink() as sink:
        mail_by(folder, sink.port)
        code, checks = found(retainctl)
    assert (code, checks["mail"]) == (0, ("ok", f"reached 127.0.0.1:{sink.port}"))
    code, checks = found(retainctl)
    assert (code, checks["mail"][0]) == (69, "failed")


def test_the_mail_server_is_asked_before_the_shop_sends_by_it(folder: Path, retainctl: Terminal) -> None:
    mail_by(folder, 9)
    path = folder / "retainctl.toml"
    path.write_text(path.read_text(encoding="utf-8").replace('channel = "mail"', 'channel = "files"'), encoding="utf-8")
    code, checks = found(retainctl)
    assert (code, checks["mail"][0]) == (69, "failed")


def test_the_password_is_never_shown(folder: Path, retainctl: Terminal) -> None:
    secret = folder / "password"
    secret.write_text("hunter2-probe")
    secret.chmod(0o600)
    with Sink() as sink:
        mail_by(folder, sink.port, 'user = "shop"\npassword = "file:password"\n')
        ended = retainctl("doctor")
    assert "mail" in ended.stdout
    assert "hunter2-probe" not in ended.stdout + ended.stderr
    for mode in (0o640, 0o604):
        secret.chmod(mode)
        assert "is readable by other users" in retainctl("doctor").stdout


def test_an_interpreter_is_doubted_whose_mail_headers_are_not_verified(monkeypatch: pytest.MonkeyPatch) -> None:
    minor, patch = sys.version_info[1:3]
    monkeypatch.setattr(doctor, "MAIL_POLICY", SimpleNamespace(verify_generated_headers=True))
    assert doctor._python() == f"3.{minor}.{patch}"
    monkeypatch.setattr(doctor, "MAIL_POLICY", SimpleNamespace())
    with pytest.raises(doctor.Doubtful, match=f"Python 3.{minor}.{patch} has a known mail header vulnerability"):
        doctor._python()


def test_a_wrong_option_is_not_taken_for_a_wrong_shop(retainctl: Terminal) -> None:
    ended = retainctl("doctor", now="tomorrow")
    assert (ended.code, ended.stdout) == (2, "")
    assert ended.stderr.startswith("retainctl: 'tomorrow' is not a time")


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
@pytest.mark.parametrize("database_url", ["sqlite:retain.db"])
@pytest.mark.parametrize("closed", ["locks", "locks/job-nightly.lock", "points.heads", "retainctl.log"])
def test_what_the_jobs_could_not_write_is_told_by_day(shop: Shop, closed: str) -> None:
    open_to_all = Path(tempfile.mkdtemp(dir="/tmp"))
    try:
        copy = replace(shop, folder=open_to_all)
        (open_to_all / "locks").mkdir()
        for name in ("locks/job-nightly.lock", "points.heads", "retainctl.log"):
            (open_to_all / name).touch()
        for path in (open_to_all, *open_to_all.rglob("*")):
            path.chmod(0o777 if path.is_dir() else 0o666)
        assert found_as_nobody(copy) == "can be written"
        path = open_to_all / closed
        path.chmod(0o555 if path.is_dir() else 0o444)
        with pytest.raises(BadConfiguration, match=f"{closed} cannot be written by nobody, so no job can run"):
            found_as_nobody(copy)
    finally:
        shutil.rmtree(open_to_all)


def found_as_nobody(shop: Shop) -> str:
    os.seteuid(65_534)
    try:
        return _folder(shop)
    finally:
        os.seteuid(0)
