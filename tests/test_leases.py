"""The names that living processes hold: who was killed is known to be dead."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from retainctl.config import Shop, read_shop
from retainctl.errors import Refused
from retainctl.store.dialect import file_is_the_database, lease_clock
from retainctl.store.leases import held, is_held
from retainctl.store.opening import open_database
from tests.proof.senders import processes

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite:retain.db"])


def hold(folder: Path, told: Connection) -> None:
    """Hold a name in the shop at *folder* and tell it, until one is told to let go."""
    with open_database(read_shop(str(folder)).database_url, now=0):
        with held("sender") as holder:
            told.send(holder.name)
            told.recv()
        told.send("let go")
        told.recv()


@contextmanager
def a_holder(folder: Path) -> Iterator[tuple[str, BaseProcess, Connection]]:
    """The name that another process holds, the process, and what one hears and tells it by."""
    ours, theirs = processes.Pipe()
    process = processes.Process(target=hold, args=(folder, theirs), daemon=True)
    process.start()
    try:
        yield ours.recv(), process, ours
    finally:
        process.kill()
        process.join()


def test_a_name_is_held_until_it_is_let_go(shop: Shop, folder: Path) -> None:
    with a_holder(folder) as (name, _, process):
        assert is_held(name)
        assert is_held(name), "who asks leaves it held"
        process.send("let go")
        process.recv()
        assert not is_held(name)
    assert not is_held("sender-nobody")


@ON_SQLITE  # a server hears of a death a moment later
def test_who_was_killed_is_dead_at_once(shop: Shop, folder: Path) -> None:
    with a_holder(folder) as (name, process, _):
        process.kill()
        process.join()
        assert not is_held(name)
        assert list((folder / "locks").iterdir()) == []


@ON_SQLITE
def test_whoever_begins_clears_away_the_files_of_the_dead_of_their_own_role(shop: Shop, folder: Path) -> None:
    with a_holder(folder) as (name, _, _):
        for dead in ("sender-dead", "sorter-dead"):
            (folder / "locks" / f"{dead}.lock").touch()
        with held("sender") as holder:
            names = {path.stem for path in (folder / "locks").iterdir()}
            assert names == {name, holder.name, "sorter-dead"}
        assert is_held(name)


@ON_SQLITE
def test_no_name_is_held_behind_a_link(shop: Shop, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (folder / "locks").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Refused, match="locks is a symbolic link"), held("sender"):
        pass
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_lease_is_judged_by_the_clock_that_all_its_hosts_share(shop: Shop) -> None:
    told = lease_clock(17)
    assert told == 17 if file_is_the_database() else abs(told - time.time()) < 60


def open_files() -> set[str]:
    return {path.name for path in Path("/proc/self/fd").iterdir()}


@ON_SQLITE
def test_what_was_held_leaves_no_file_open_and_none_behind(shop: Shop, folder: Path) -> None:
    before = open_files()
    with held("sender"):
        assert len(open_files()) == len(before) + 1
    assert len(open_files()) == len(before)
    assert list((folder / "locks").iterdir()) == []
