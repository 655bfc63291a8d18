"""Opening the shop: its folder read and checked, its database open."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final, get_args

from retainctl.config import OwnFolder, Shop, read_shop
from retainctl.definitions import all_kinds
from retainctl.errors import Refused
from retainctl.store.backup import database_files
from retainctl.store.opening import open_database
from retainctl.store.read_only import assert_writable
from retainctl.store.transactions import reading


@contextmanager
def opened(
    named: str | None = None,
    *,
    now: str | None = None,
    migrate: bool = False,
    older: bool = False,
    trust_clock: bool = False,
    writes: bool = False,
) -> Iterator[Shop]:
    """The shop called *named* (or found from here), with its database open while the block runs.

    Where the block *writes* in the end, a database that can only be read is told at once.
    """
    shop = read_shop(named, now=now)
    _refuse_another_s(shop.folder)
    if trust_clock:
        shop = replace(shop, clock=replace(shop.clock, trusted=True))
    with open_database(shop.database_url, now=shop.clock.now(), migrate=migrate, older=older), reading():
        if writes:
            assert_writable()
        yield shop


def _refuse_another_s(folder: Path) -> None:
    """Refused, where root works in another user's shop: what it made there that user could not write any more."""
    owner = folder.stat().st_uid
    if os.geteuid() == 0 != owner:
        name = user_name(owner)
        raise Refused(
            f"the shop {folder} belongs to {name}, who could not write what root makes in it",
            hint=f"Run it as that user: sudo -u {name} retainctl …",
        )


def user_name(user: int) -> str:
    """What the user of this number is called on this machine."""
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"#{user}"


_OWN_FILES: Final = frozenset({"retainctl.toml", "club.toml", "jobs.toml"})


def spare(shop: Shop, path: Path) -> None:
    """Refused, where *path* is one of the shop's own files, or would be: no result takes its place."""
    place, folder = path.resolve(), shop.folder.resolve()
    own_folders = {*get_args(OwnFolder), *(kind.folder for kind in all_kinds())}
    inside = place.relative_to(folder).parts if place.is_relative_to(folder) else ()
    if (
        place in database_files()
        or (len(inside) == 1 and (place.name in _OWN_FILES or (place.suffix == ".toml" and place.exists())))
        or (inside and inside[0] in own_folders)
    ):
        raise Refused(f"{path} is one of the shop's own files; not overwritten", hint="Choose another file.")
