"""Whether the user who is to run the jobs can: told where the files for cron or systemd are made, not at night."""

from __future__ import annotations

import os
import pwd
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import retainctl
from retainctl.config import Shop


def doubts(shop: Shop, *, style: str, user: str | None) -> Iterator[str]:
    """Each reason why the jobs of *shop* may not run as *user*; without one, cron's user is whoever installs them."""
    settings = shop.settings
    for reference in (settings.database.removeprefix("postgresql://"), settings.mail.password):
        if reference.startswith("env:"):
            instead = "file:PATH" if style == "cron" else "file:PATH or credential:NAME"
            yield f"retainctl.toml reads {reference}, which {style} does not hand to the jobs: use {instead}"
    if user is None:
        if style == "systemd":
            yield "no --user is given: the jobs will run as root. Name the shop's own user: --user NAME"
        return
    try:
        account = pwd.getpwnam(user)
    except KeyError:
        yield f"there is no user {user} on this machine: create it before the jobs are installed"
        return
    if account.pw_uid == 0:
        return
    for path in (Path(sys.executable), Path(retainctl.__file__)):
        if closed := _closed_to(account, path):
            yield (
                f"{user} cannot run {path}, because {closed} is closed to that user. Install it where everybody"
                " can read it, such as /opt: retainctl help deploy"
            )
            break
    owner = shop.folder.stat().st_uid
    if owner != account.pw_uid:
        yield f"{shop.folder} does not belong to {user}, who must be able to write it: chown -R {user}: {shop.folder}"


def _closed_to(account: pwd.struct_passwd, path: Path) -> Path | None:
    """The first of *path*, what it links to, and the folders above them, that *account* may not read or pass."""
    groups = set(os.getgrouplist(account.pw_name, account.pw_gid))
    for file in dict.fromkeys((path.absolute(), path.resolve())):
        for part in (*reversed(file.parents), file):
            found = part.stat()
            shift = 6 if found.st_uid == account.pw_uid else 3 if found.st_gid in groups else 0
            asked = stat.S_IXOTH if part.is_dir() else stat.S_IROTH
            if not (found.st_mode >> shift) & asked:
                return part
    return None
