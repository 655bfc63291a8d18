"""The table of jobs as systemd units: a timer for each job, the service that they start, and one that tells failures.

A unit's name says which shop it is of, so that several live on one machine.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from hashlib import sha256

from retainctl.config import Shop
from retainctl.errors import TryLater
from retainctl.jobs.table import Job

# systemd asks a job to end only after the job's own deadline has passed, with the pings and the last step's grace.
MARGIN_SECONDS = 300


def units(shop: Shop, jobs: Mapping[str, Job], *, user: str | None = None) -> dict[str, str]:
    """The text of each unit by the name of its file; the service runs as *user*, else as root."""
    unit = installed_name(shop)
    return {
        f"{unit}@.service": _service(shop, unit, jobs, user=user),
        f"{unit}-failed@.service": _failed(unit, user=user),
    } | {f"{unit}@{name}.timer": _timer(shop, job) for name, job in jobs.items()}


def installed_name(shop: Shop) -> str:
    """What the files of *shop* are called among those of other shops: ``retainctl-srv-myshop``.

    Where the folder's path has other letters than a-z, digits and _, a mark made of it keeps it apart.
    """
    path = str(shop.folder)
    plain = re.sub("[^A-Za-z0-9_]+", "-", path).strip("-")
    mark = "" if re.fullmatch("[A-Za-z0-9_/]+", path) else f"-{sha256(path.encode()).hexdigest()[:6]}"
    return f"retainctl-{plain}{mark}"


def _service(shop: Shop, unit: str, jobs: Mapping[str, Job], *, user: str | None) -> str:
    words = [sys.executable, "-P", "-m", "retainctl", "--shop", str(shop.folder), "jobs", "run"]
    longest = max(job.deadline_seconds for job in jobs.values())
    who = f"User={user}\n" if user else ""
    return f"""\
# Written by: retainctl schedules show --style systemd
[Unit]
Description=retainctl: the job %i
Wants=network-online.target
After=network-online.target
OnFailure={unit}-failed@%i.service

[Service]
Type=oneshot
{who}{_credentials(shop)}ExecStart={" ".join(_quoted(word) for word in words)} %i
WorkingDirectory={_escaped(str(shop.folder))}
# A oneshot has no time limit by default. This is the longest deadline of a job, and a margin.
TimeoutStartSec={longest + MARGIN_SECONDS}
# "Try again later" (the job is already running, quiet hours) is not a failure.
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


def _credentials(shop: Shop) -> str:
    """The lines that hand over the secrets that the shop asks of systemd; their files are root's own."""
    asked = (shop.settings.mail.password, shop.settings.database.removeprefix("postgresql://"))
    names = [one.removeprefix("credential:") for one in asked if one.startswith("credential:")]
    return "".join(f"LoadCredential={name}:/etc/credstore/{name}\n" for name in names)


def _failed(unit: str, *, user: str | None) -> str:
    to = user or "root"
    told = f'echo To: {to}; echo "Subject: retainctl: the job %i failed on %H"; echo; systemctl status "{unit}@%i"'
    return f"""\
# Written by: retainctl schedules show --style systemd
[Unit]
Description=retainctl: notify {to} that the job %i failed
# Like cron, it sends mail where sendmail is installed; the journal always has the failure.
ConditionFileIsExecutable=/usr/sbin/sendmail

[Service]
Type=oneshot
ExecStart=/bin/sh -c '{{ {told}; }} | /usr/sbin/sendmail -t'
"""


def _timer(shop: Shop, job: Job) -> str:
    delay = min(300, job.every_minutes * 6) if job.every_minutes else 300
    return f"""\
# Written by: retainctl schedules show --style systemd
[Unit]
Description=retainctl: {_escaped(job.summary)}

[Timer]
OnCalendar={calendar(job, zone=shop.settings.timezone)}
# Catch up on runs that were missed while the host was off.
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
