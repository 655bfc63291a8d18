"""docs/how-to/deploy.md is played as an ordinary user, in folders of that user's own.

What only root may do (a user, systemd) is left out, and the program is linked instead of fetched; `make smoke`
installs it.
"""

from __future__ import annotations

import dataclasses
import os
import pwd
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from retainctl.config import Shop
from retainctl.jobs import access
from tests.conftest import ROOT, Terminal

DOCUMENT = ROOT / "docs" / "how-to" / "deploy.md"


@dataclass
class Machine:
    """Folders that stand for those of a machine, and the user who may write them."""

    root: Path
    user: str
    python: str

    def play(self, script: str) -> subprocess.CompletedProcess[str]:
        for real in ("/opt/", "/srv/", "/etc/", "/usr/local/"):
            script = re.sub(rf"(?<![\w/]){real}", f"{self.root}{real}", script)
        for pattern, instead in (
            (r"sudo -u shop |sudo ", ""),
            (r"(?m)^(systemctl|useradd) .*$", r"echo '\1 is not played'"),
            (r"-o shop -g shop ", ""),
            (r"--user shop", f"--user {self.user}"),
            (r"python3 -m venv", f"{self.python} -m venv --without-pip"),
            (r"(?m)^\S*/pip install .*$", f"{self.root}/link"),
        ):
            script = re.sub(pattern, instead, script)
        become = (
            [shutil.which("runuser") or "", "-u", self.user, "--"] if os.geteuid() == 0 and self.user != "root" else []
        )
        environment = {"PATH": f"{self.root}/usr/local/bin:/usr/bin:/bin", "HOME": str(self.root)}
        return subprocess.run(
            [*become, "/bin/bash", "-eu"], input=script, cwd=self.root, env=environment, text=True, capture_output=True,
            timeout=200, check=False,
        )  # fmt: skip


def may_run(user: str, python: str) -> bool:
    asked = [
        "-c",
        f"import sys; open({str(ROOT / 'README.md')!r}); sys.exit(sys.version_info[:2] != {sys.version_info[:2]})",
    ]
    return (
        subprocess.run(["runuser", "-u", user, "--", python, *asked], capture_output=True, check=False).returncode == 0
    )


@pytest.fixture
def machine() -> Iterator[Machine]:
    root = Path(tempfile.mkdtemp(prefix="retainctl-deploy-", dir="/tmp"))
    try:
        user, python = pwd.getpwuid(os.geteuid()).pw_name, sys.executable
        if os.geteuid() == 0 and shutil.which("runuser") and may_run("nobody", "/usr/bin/python3"):
            user, python = "nobody", "/usr/bin/python3"
        for name in ("etc/systemd/system", "etc/cron.d", "opt", "srv", "usr/local/bin"):
            (root / name).mkdir(parents=True)
        program, libraries = root / "opt/retainctl", sysconfig.get_path("purelib")
        link = root / "link"
        link.write_text(
            f"""#!/bin/sh -eu
            echo 'import site; site.addsitedir("{libraries}")' > $(echo {program}/lib/python3*/site-packages)/x.pth
            printf '#!{program}/bin/python\\nfrom retainctl.cli import main; main()\\n' > {program}/bin/retainctl
            chmod +x {program}/bin/retainctl
            mkdir -p {program}/share/man/man1; cp {ROOT}/docs/man/*.1 {program}/share/man/man1/
            """,
            encoding="utf-8",
        )
        link.chmod(0o755)
        account = pwd.getpwnam(user)
        for path in (root, *root.rglob("*")):
            os.chown(path, account.pw_uid, account.pw_gid)
        yield Machine(root, user, python)
    finally:
        shutil.rmtree(root)


def test_the_page_is_played_from_the_installation_to_the_removal(machine: Machine) -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    before, removal = text.split("## Remove")
    blocks = [re.findall(r"(?m)^```sh\n((?:.*\n)*?)^```$", part) for part in (before, removal)]
    assert (len(blocks[0]), len(blocks[1])) == (6, 1)

    ended = machine.play("cd /srv\n".join(blocks[0]))
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr == "", "a shop that is installed as the page says has nothing to be told"
    units = sorted(path.name for path in (machine.root / "etc/systemd/system").iterdir())
    (unit,) = (name.removesuffix("-failed@.service") for name in units if name.endswith("-failed@.service"))
    assert units == [
        f"{unit}-failed@.service", f"{unit}@.service", f"{unit}@deliver.timer", f"{unit}@nightly.timer",
        f"{unit}@weekly.timer",
    ]  # fmt: skip
    service = (machine.root / "etc/systemd/system" / f"{unit}@.service").read_text(encoding="utf-8")
    assert f"\nUser={machine.user}\n" in service
    assert (
        f"\nExecStart={machine.root}/opt/retainctl/bin/python -P -m retainctl --shop {machine.root}/srv/myshop "
        in service
    )
    assert ((machine.root / "etc/cron.d" / unit).stat().st_mode & 0o777) == 0o644
    assert len(list((machine.root / "srv/myshop/backups").iterdir())) == 1
    assert (machine.root / "usr/local/share/man/man1/retainctl-orders.1").is_file()

    ended = machine.play(blocks[1][0].replace("retainctl-srv-myshop", unit))
    assert ended.returncode == 0, ended.stderr
    left = {path.relative_to(machine.root).parts[0] for path in machine.root.rglob("*") if path.is_file()}
    assert left == {"srv", "link"}, "the shop stays"


def test_what_will_not_run_is_told_where_the_files_are_made(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    assert list(access.doubts(shop, style="cron", user=None)) == []
    assert list(access.doubts(shop, style="cron", user=pwd.getpwuid(os.geteuid()).pw_name)) == []
    (as_root,) = access.doubts(shop, style="systemd", user=None)
    assert as_root.startswith("no --user is given: the jobs will run as root")
    (unknown,) = access.doubts(shop, style="systemd", user="nosuchuser")
    assert unknown.startswith("there is no user nosuchuser on this machine")

    closed = shop.folder / "closed"
    closed.mkdir(mode=0o700)
    (closed / "python").touch(mode=0o755)
    monkeypatch.setattr(sys, "executable", str(closed / "python"))
    told = list(access.doubts(shop, style="cron", user="nobody"))
    assert told[0].startswith(f"nobody cannot run {sys.executable}, because ")
    assert "is closed to that user" in told[0]
    assert (
        told[-1]
        == f"{shop.folder} does not belong to nobody, who must be able to write it: chown -R nobody: {shop.folder}"
    )


def test_a_secret_of_the_environment_is_not_there_for_the_jobs(shop: Shop) -> None:
    mail = dataclasses.replace(shop.settings.mail, password="env:MAIL_SECRET")
    by_variable = dataclasses.replace(shop, settings=dataclasses.replace(shop.settings, mail=mail))
    told = "retainctl.toml reads env:MAIL_SECRET, which cron does not hand to the jobs: use file:PATH"
    assert list(access.doubts(by_variable, style="cron", user=None)) == [told]
    settings = dataclasses.replace(shop.settings, database="postgresql://env:ADDRESS")
    by_variable = dataclasses.replace(shop, settings=settings)
    told = "retainctl.toml reads env:ADDRESS, which systemd does not hand to the jobs: use file:PATH or credential:NAME"
    assert next(access.doubts(by_variable, style="systemd", user=None)) == told


@pytest.mark.parametrize("database_url", ["sqlite:retain.db"])
def test_a_timer_of_a_job_that_is_gone_is_told(retainctl: Terminal, folder: Path, tmp_path: Path) -> None:
    words = ("schedules", "show", "--style", "systemd", "--user", pwd.getpwuid(os.geteuid()).pw_name)
    jobs = folder / "jobs.toml"
    jobs.write_text('[jobs.fetch]\nsummary = "Fetch."\nat = "02:00"\nsteps = ["config check"]\n')
    output = tmp_path / "units"
    output.mkdir()
    (output / "retainctl-other@fetch.timer").touch()
    assert retainctl(*words, "--output", str(output)).code == 0
    jobs.unlink()
    told = retainctl(*words, "--output", str(output))
    (gone,) = [one.name for one in output.glob("*@fetch.timer") if "other" not in one.name]
    assert (told.code, f"{gone} in {output}: that job is gone" in told.stderr) == (3, True)
    assert f"systemctl disable --now {gone}; rm {gone}" in told.stderr
    (output / gone).unlink()
    assert retainctl(*words, "--output", str(output)).code == 0
