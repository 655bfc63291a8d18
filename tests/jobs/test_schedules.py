"""The crontab and the systemd units say what the table says; cron's line does its work once, and in silence."""

from __future__ import annotations

import json
import os
import pwd
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from retainctl.config import Shop, read_shop, secret
from retainctl.errors import BadConfiguration, WrongUsage
from retainctl.jobs.crontab import crontab
from retainctl.jobs.install_files import schedule_files
from retainctl.jobs.table import Job, read_jobs
from retainctl.jobs.units import calendar, installed_name, units
from tests.conftest import Terminal
from tests.jobs.conftest import WriteJobs

OWN = """
[jobs.weekly]
summary = "Look at the settings."
at = "09:15"
weekdays = ["sunday", "thursday"]
steps = ["config check"]
"""


def lines(text: str) -> list[str]:
    """The crontab's lines that run something."""
    return [line for line in text.splitlines() if re.match(r"[\d*]", line)]


@pytest.mark.parametrize(
    ("summary", "step"), [("Tidy.\\n* * * * * root rm", "doctor"), ("Tidy.", "doctor\\r"), ("\\u202eTidy.", "doctor")]
)
def test_what_becomes_a_line_of_cron_s_is_one_line(
    shop: Shop, write_jobs: WriteJobs, retainctl: Terminal, summary: str, step: str
) -> None:
    write_jobs(f'[jobs.x]\nsummary = "{summary}"\nat = "03:30"\nsteps = ["{step}"]\n')
    for words in (("config", "check"), ("schedules", "show", "--style", "cron")):
        ended = retainctl(*words)
        assert (ended.code, "contains control characters" in ended.stderr) == (78, True)
    odd = replace(shop, folder=shop.folder / "a\nb")
    with pytest.raises(BadConfiguration, match="has control characters in its name"):
        schedule_files(odd, style="systemd", user=None)


def test_the_crontab_has_a_line_for_each_job_and_one_that_makes_up(shop: Shop, write_jobs: WriteJobs) -> None:
    write_jobs(OWN)
    command = f"{sys.executable} -P -m retainctl --shop {shop.folder} jobs run"
    text = crontab(shop, read_jobs(shop), user="shop")
    assert lines(text) == [
        f"*/5 * * * * shop {command} deliver",
        f"30 3 * * * shop {command} nightly",
        f"15 9 * * 0,4 shop {command} weekly",
        f"17 * * * * shop {command} --due",
    ]
    assert text.splitlines()[:6] == [
        "# Written by: retainctl schedules show --style cron --user shop",
        "# Generated file: change the shop's jobs.toml and generate it again.",
        "# Times are in the host's time zone; the shop's is Asia/Jerusalem.",
        "SHELL=/bin/sh",
        "PATH=/usr/local/bin:/usr/bin:/bin",
        "MAILTO=shop",
    ]
    assert text.endswith("\n")
    assert "%" not in text


def test_without_a_user_the_crontab_is_ones_own(shop: Shop) -> None:
    assert lines(crontab(shop, read_jobs(shop)))[1] == (
        f"30 3 * * * {sys.executable} -P -m retainctl --shop {shop.folder} jobs run nightly"
    )


def test_a_percent_sign_has_no_place_in_a_crontab(shop: Shop) -> None:
    with pytest.raises(BadConfiguration, match="cannot contain %"):
        crontab(shop, {"sale": Job(steps=("config check",), summary="The 20% sale.", at="03:30")})


@pytest.mark.parametrize("user", ["shop root", "../x", "a\nb", ""])
def test_a_user_that_is_no_name_is_refused(shop: Shop, user: str) -> None:
    with pytest.raises(WrongUsage, match="is not a valid user name"):
        schedule_files(shop, style="cron", user=user)


def test_there_is_a_timer_for_each_job_and_one_service(shop: Shop, write_jobs: WriteJobs) -> None:
    write_jobs(OWN)
    files = units(shop, read_jobs(shop), user="shop")
    name = installed_name(shop)
    assert list(files) == [
        f"{name}@.service", f"{name}-failed@.service",
        f"{name}@deliver.timer", f"{name}@nightly.timer", f"{name}@weekly.timer",
    ]  # fmt: skip
    service = files[f"{name}@.service"].splitlines()
    assert f"ExecStart={sys.executable} -P -m retainctl --shop {shop.folder} jobs run %i" in service
    for line in ("Type=oneshot", "User=shop", "SuccessExitStatus=75", "TimeoutStartSec=11100", "NoNewPrivileges=yes"):
        assert line in service
    assert f"ReadWritePaths={shop.folder}" in service
    assert f"OnFailure={name}-failed@%i.service" in service
    assert f'systemctl status "{name}@%i"' in files[f"{name}-failed@.service"]
    timers = [text for file, text in files.items() if file.endswith(".timer")]
    calendars = [re.findall("OnCalendar=(.*)", text) for text in timers]
    assert calendars == [["*:0/5"], ["*-*-* 03:30:00 Asia/Jerusalem"], ["Sun,Thu *-*-* 09:15:00 Asia/Jerusalem"]]
    assert all("Persistent=true" in text for text in timers)
    delays = [re.findall("RandomizedDelaySec=(.*)", text) for text in timers]
    assert delays == [["30"], ["300"], ["300"]], "a tenth of the time between two runs"
    assert "UMask=0077" in service, "what a job writes holds people's names"


def test_systemd_runs_the_jobs_as_the_user_who_was_named(shop: Shop) -> None:
    name = installed_name(shop)
    files = schedule_files(shop, style="systemd", user="shop")
    assert "User=shop" in files[f"{name}@.service"].splitlines()
    assert "User=" not in schedule_files(shop, style="systemd", user=None)[f"{name}@.service"]


def test_a_percent_sign_means_nothing_to_systemd(shop: Shop) -> None:
    sale = Job(steps=("config check",), summary="The 20% sale.", at="03:30")
    named = replace(shop, folder=Path("/srv/20%n"))
    service, _, timer = units(named, {"sale": sale}).values()
    assert "WorkingDirectory=/srv/20%%n" in service.splitlines()
    assert "ReadWritePaths=/srv/20%%n" in service.splitlines()
    assert "Description=retainctl: The 20%% sale." in timer.splitlines()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("/srv/myshop", "/srv/other"),
        ("/srv/my-shop", "/srv/my/shop"),
        ("/srv/a b", "/srv/a.b"),
        ("/srv/קפה", "/srv/יין"),
    ],
)
def test_the_files_of_two_shops_on_one_machine_are_two(shop: Shop, one: str, other: str) -> None:
    names = [installed_name(replace(shop, folder=Path(folder))) for folder in (one, other)]
    assert names[0] != names[1]
    assert all(re.fullmatch("retainctl-[A-Za-z0-9_-]+", name) for name in names), "cron takes no other letters"
    assert installed_name(replace(shop, folder=Path("/srv/myshop"))) == "retainctl-srv-myshop"


def test_secrets_that_systemd_keeps_are_handed_to_the_service(
    folder: Path, retainctl: Terminal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = folder / "retainctl.toml"
    text = settings.read_text(encoding="utf-8")
    asked = 'host = "127.0.0.1"\nuser = "shop"\npassword = "credential:mail"\nsecurity = "none"\n'
    settings.write_text(text.replace("[mail]\n", f"[mail]\n{asked}"), encoding="utf-8")
    service = units(read_shop(str(folder)), read_jobs(read_shop(str(folder))))
    assert sum(text.count("LoadCredential=mail:/etc/credstore/mail\n") for text in service.values()) == 1

    its_own = replace(read_shop(str(folder)).settings, database="postgresql://credential:database")
    stored = units(replace(read_shop(str(folder)), settings=its_own), read_jobs(read_shop(str(folder))))
    assert sum(text.count("LoadCredential=database:/etc/credstore/database\n") for text in stored.values()) == 1

    [found] = [
        row for row in json.loads(retainctl("doctor", "--format", "json").stdout)["rows"] if row["check"] == "mail"
    ]
    assert found["state"] == "note"
    assert found["detail"].startswith(
        "the login to 127.0.0.1:465 is not checked: the credential mail is only available to processes started"
    )
    (tmp_path / "mail").write_text("open sesame\n", encoding="utf-8")
    (tmp_path / "mail").chmod(0o400)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert secret("credential:mail", folder) == "open sesame"


def test_systemd_reads_the_units(shop: Shop, write_jobs: WriteJobs, tmp_path: Path) -> None:
    if not shutil.which("systemd-analyze"):
        pytest.skip("there is no systemd-analyze")
    write_jobs(OWN)
    jobs = read_jobs(shop)
    unit = installed_name(shop)
    for name, text in units(shop, jobs, user="root").items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    for name in jobs:
        for service in (unit, f"{unit}-failed"):
            (tmp_path / f"{service}@{name}.service").symlink_to(tmp_path / f"{service}@.service")
        verified = subprocess.run(
            ["systemd-analyze", "verify", "--man=no",
             f"{tmp_path}/{unit}@{name}.timer", f"{tmp_path}/{unit}-failed@{name}.service"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        about_ours = [line for line in verified.stderr.splitlines() if "retainctl" in line]
        assert (verified.returncode, about_ours) == (0, [])
        words = calendar(jobs[name], zone="Asia/Jerusalem")
        subprocess.run(["systemd-analyze", "calendar", words], check=True, stdout=subprocess.DEVNULL)


def test_the_files_can_be_written_where_they_belong(shop: Shop, retainctl: Terminal, tmp_path: Path) -> None:
    target, me = tmp_path / "units", pwd.getpwuid(os.geteuid()).pw_name
    target.mkdir()
    for style in ("cron", "systemd"):
        ended = retainctl("schedules", "show", "--style", style, "--user", me, "--output", str(target))
        assert (ended.code, ended.stdout, ended.stderr) == (0, "", "")
    name = installed_name(shop)
    assert sorted(path.name for path in target.iterdir()) == [
        name, f"{name}-failed@.service", f"{name}@.service", f"{name}@deliver.timer", f"{name}@nightly.timer",
        f"{name}@weekly.timer",
    ]  # fmt: skip
    assert (target / name).read_text() == retainctl("schedules", "show", "--style", "cron", "--user", me).stdout


def test_crons_line_does_the_nightly_job_once_though_it_is_started_twice_at_once(
    folder: Path, retainctl: Terminal
) -> None:
    retainctl("jobs", "list")  # the shop has been used before
    text = retainctl("schedules", "show", "--style", "cron").stdout
    [line] = [line for line in lines(text) if line.endswith("nightly")]
    variables = dict(re.findall(r"^([A-Z]+)=(.*)$", text, re.MULTILINE))
    command = line.split(maxsplit=5)[5]
    environment = {"PATH": variables["PATH"], "HOME": "/", "SHELL": variables["SHELL"]}
    words = ["env", "-i", *[f"{name}={value}" for name, value in environment.items()], "/bin/sh", "-c", command]
    runs = [subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd="/") for _ in range(2)]
    ends = [(*run.communicate(timeout=200), run.returncode) for run in runs]
    assert [(stdout, stderr) for stdout, stderr, _ in ends] == [(b"", b""), (b"", b"")], shlex.join(words)
    assert sorted(code for _, _, code in ends) in ([0, 0], [0, 75])
    [row] = json.loads(retainctl("jobs", "show", "nightly", "--format", "json").stdout)["rows"]
    assert (row["exit_code"], row["error"]) == (0, None)


@pytest.mark.parametrize("database_url", ["sqlite:retain.db"])  # it is about a file
@pytest.mark.parametrize(
    ("when", "said"),
    [
        ("every_minutes = 60", "*:00"), ("every_minutes = 30", "*:0/30"), ("every_minutes = 5", "*:0/5"),
        ('at = "03:30"', "*-*-* 03:30:00 Asia/Jerusalem"),
        ('at = "03:30"\nweekdays = ["sunday", "monday"]', "Sun,Mon *-*-* 03:30:00 Asia/Jerusalem"),
    ],
)  # fmt: skip
def test_when_a_job_runs_is_said_in_systemds_words(shop: Shop, write_jobs: WriteJobs, when: str, said: str) -> None:
    write_jobs(f'[jobs.x]\nsummary = "X."\nsteps = ["config check"]\n{when}\n')
    assert calendar(read_jobs(shop)["x"], zone="Asia/Jerusalem") == said
