"""One run of a job at a time: the kernel's lock on this host, and a lease in the database over several hosts.

The kernel drops its lock with the process, however that ends. A lease that a dead run left is taken over at once by
its own host, which holds the kernel's lock and so knows that nobody else runs, and by another when it has run out.
"""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from retainctl.config import Shop
from retainctl.errors import BadConfiguration, TryLater
from retainctl.store.database import execute, rows
from retainctl.store.dialect import hold_lock, lease_clock
from retainctl.store.transactions import in_one_transaction


@contextmanager
def only_one(shop: Shop, name: str, *, seconds: int) -> Iterator[None]:
    """Hold the job *name* while the block runs, for *seconds* at most; TryLater when another run holds it."""
    host = f"{socket.gethostname()}:{shop.folder}"
    with _flocked(shop, name):
        _take_lease(name, host=host, now=shop.clock.now(), seconds=seconds)
        try:
            yield
        finally:
            _give_back(name, host=host)


@contextmanager
def _flocked(shop: Shop, name: str) -> Iterator[None]:
    folder = shop.own("locks")
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        inside = os.open(folder, os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            handle = os.open(f"job-{name}.lock", flags, 0o600, dir_fd=inside)
        finally:
            os.close(inside)
    except OSError as error:
        raise BadConfiguration(
            f"the lock file {folder}/job-{name}.lock cannot be opened: {error.strerror}",
            hint="It must be a regular file in a folder owned by the shop's user.",
        ) from None
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise TryLater(f"the job {name} is already running") from None
        yield
    finally:
        os.close(handle)


@in_one_transaction
def _take_lease(name: str, *, host: str, now: int, seconds: int) -> None:
    hold_lock(f"job:{name}")
    now = lease_clock(now)
    held = rows("SELECT host, lease_until FROM job_leases WHERE job = ?", name)
    if held and held[0][0] != host and held[0][1] > now:
        raise TryLater(f"the job {name} is already running on {held[0][0]}")
    take = """INSERT INTO job_leases (job, host, lease_until) VALUES (?, ?, ?)
        ON CONFLICT (job) DO UPDATE SET host = excluded.host, lease_until = excluded.lease_until"""
    execute(take, name, host, now + seconds)


@in_one_transaction
def _give_back(name: str, *, host: str) -> None:
    execute("DELETE FROM job_leases WHERE job = ? AND host = ?", name, host)
