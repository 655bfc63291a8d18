"""The table of jobs as systemd units: one template service, and a timer for each job."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from retainctl.config import Shop
from retainctl.errors import TryLater
from retainctl.jobs.table import Job

SERVICE = "retainctl@.service"
# systemd asks a job to end only after the job's own deadline has passed, with the pings and the last step's grace.
MARGIN_SECONDS = 300


def units(shop: Shop, jobs: Mapping[str, Job], *, user: str | None = None) -> dict[str, str]:
    """The text of each unit by the name of its file; the service runs as *user*, else as root."""
    return {SERVICE: _service(shop, jobs, user=user)} | {
        f"retainctl@{name}.timer": _timer(shop, job) for name, job in jobs.items()
    }


def _service(shop: Shop, jobs: Mapping[str, Job], *, user: str | None) -> str:
    words = [sys.executable, "-P", "-m", "retainctl", "--shop", str(shop.folder), "jobs", "run"]
    longest = max(job.deadline_seconds for job in jobs.values())
    who = f"User={user}\n" if user else ""
    return f"""\
# Written by: retainctl schedules show --style systemd
[Unit]
Description=retainctl: the job %i
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
{who}ExecStart={" ".join(_quoted(word) for word in words)} %i
WorkingDirectory={_escaped(str(shop.folder))}
# A oneshot has no time limit of its own. Each job has its deadline; this is the longest, and some more.
TimeoutStartSec={longest + MARGIN_SECONDS}
# Try later (another run holds the job, quiet hours) is no failure.
SuccessExitStatus={TryLater.exit_code}
UMask=0077
NoNewPrivileges=yes
ProtectSystem=strict
ReadWritePaths={_quoted(str(shop.folder))}
PrivateTmp=yes
PrivateDevices=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectControlGroups=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native
"""


def _timer(shop: Shop, job: Job) -> str:
    delay = min(300, job.every_minutes * 6) if job.every_minutes else 300
    return f"""\
# Written by: retainctl schedules show --style systemd
[Unit]
Description=retainctl: {_escaped(job.summary)}

[Timer]
OnCalendar={calendar(job, zone=shop.settings.timezone)}
# A run that was missed while the host was off is made up for.
Persistent=true
RandomizedDelaySec={delay}

[Install]
WantedBy=timers.target
"""


def calendar(job: Job, *, zone: str) -> str:
    """When *job* runs, as ``OnCalendar=`` says it: ``Mon,Sun *-*-* 03:30:00 Asia/Jerusalem``."""
    if job.every_minutes:
        return "*:00" if job.every_minutes == 60 else f"*:0/{job.every_minutes}"
    days = ",".join(day[:3].capitalize() for day in job.weekdays)
    return f"{days} *-*-* {job.at}:00 {zone}".strip()


def _escaped(text: str) -> str:
    """*text* with the marks that systemd would read as its own."""
    return text.replace("\\", "\\\\").replace("%", "%%").replace("\n", " ")


def _quoted(word: str) -> str:
    escaped = _escaped(word).replace("$", "$$").replace('"', '\\"')
    return f'"{escaped}"' if set(" \"';$") & set(word) else escaped
