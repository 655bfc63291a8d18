"""Keeping the shop's database: backups, and its check."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Final

from retainctl.config import Shop
from retainctl.files import replaced
from retainctl.rows import Row
from retainctl.store.backup import copy_database
from retainctl.store.integrity import check_database

_NAME: Final = "retain-%Y%m%dT%H%M%S.backup"  # in the shop's zone
_NAMED: Final = "retain-*T*.backup"


class Backup(Row, kind="backup"):
    """A backup that was made: checked, on the disk, and not allowed to send until it is adopted."""

    file: str
    bytes: int
    removed: int


def back_up(shop: Shop, path: Path | None = None, *, keep: int | None = None) -> Backup:
    """Copy the database to *path*, else to the shop's backups folder by a name that says when.

    Of the backups in that folder whose names say when, the newest *keep* stay, and the last of each of as many days,
    so that many of one day push out no other day's; without it all do.
    """
    moment = shop.clock.local(shop.clock.now())
    target = path or shop.folder / "backups" / f"{moment:{_NAME}}"
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with replaced(target) as unfinished:
        copy_database(unfinished)
    # What was just made is never removed, even beside one that a clock which was ahead has dated later.
    others = sorted((one for one in target.parent.glob(_NAMED) if one != target), reverse=True)
    newest = [target] * target.match(_NAMED) + others
    last_of_days: dict[str, Path] = {}
    for one in newest:
        last_of_days.setdefault(_day_of(one), one)
    old = set(others) - {*newest[:keep], *list(last_of_days.values())[:keep]} if keep else set()
    for one in old:
        one.unlink()
    return Backup(file=str(target), bytes=target.stat().st_size, removed=len(old))


def _day_of(path: Path) -> str:
    """The day that the name of a backup says."""
    return path.name.partition("T")[0]


def newest_made_at(shop: Shop) -> int | None:
    """When the newest backup in the shop's backups folder was made: as its name says, else as its file does."""
    made = [_made_at(shop, one) for one in (shop.folder / "backups").glob("*.backup")]
    return max((at for at in made if at <= shop.clock.now() + 60), default=None)


def _made_at(shop: Shop, path: Path) -> int:
    try:
        moment = datetime.strptime(path.name, _NAME).replace(tzinfo=shop.clock.zone)
    except ValueError:
        return int(path.stat().st_mtime)
    return int(moment.timestamp())


def check(_shop: Shop) -> str:
    """In words what was checked and is sound; BrokenInvariant with the first fault that was found."""
    return check_database()
