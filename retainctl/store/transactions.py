"""Transactions: the write lock first, one retry loop, and database errors told by their remedy."""

from __future__ import annotations

import functools
import gc
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ParamSpec, TypeVar

import peewee

from retainctl.errors import BadConfiguration, DiskTrouble, RetainError, TryLater, Unavailable
from retainctl.store.database import database
from retainctl.store.waiting import sqlite_writer

P = ParamSpec("P")
T = TypeVar("T")

ATTEMPTS = 8
_SERIALIZATION_FAILURES = ("40001", "40P01")


@contextmanager
def writing() -> Iterator[None]:
    """One transaction that holds the write lock from its start; inside another it joins that one.

    A database error leaves as a RetainError with its remedy. After one of them SQLite may have rolled back by
    itself, so that nothing more is written on this connection.
    """
    if database.in_transaction():
        yield
        return
    try:
        with database.atomic():
            yield
    except peewee.DatabaseError as error:
        if getattr(error, "orig", None) is not None and _state(error) in _SERIALIZATION_FAILURES:
            raise
        causes = list(_causes(error))
        # A signal may leave PostgreSQL in the middle of a command: it rolls back when its connection ends.
        if stopped := next((cause for cause in causes if not isinstance(cause, Exception)), None):
            database.close()
            raise stopped from None
        # Where SQLite has rolled back by itself, what is raised is that there is nothing to roll back any more.
        failures = (told(cause) for cause in causes if isinstance(cause, peewee.DatabaseError))
        if remedy := next(filter(None, failures), None):
            database.close()
            raise remedy from error
        raise


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """*error* and what was being handled when it was raised."""
    while error is not None:
        yield error
        error = error.__context__


@contextmanager
def reading() -> Iterator[None]:
    """Database errors of a query, told by their remedy."""
    try:
        yield
    except peewee.DatabaseError as error:
        if remedy := told(error):
            raise remedy from error
        raise


def in_one_transaction(work: Callable[P, T]) -> Callable[P, T]:
    """Run *work* inside ``writing()``; run it again when PostgreSQL could not serialise it (40001, 40P01)."""

    @functools.wraps(work)
    def retried(*arguments: P.args, **named: P.kwargs) -> T:
        if database.in_transaction():
            return work(*arguments, **named)
        for attempt in range(ATTEMPTS):
            try:
                with writing():
                    return work(*arguments, **named)
            except peewee.DatabaseError as error:
                if _state(error) not in _SERIALIZATION_FAILURES:
                    raise
                time.sleep(random.uniform(0, 0.02 * 2**attempt))  # noqa: S311
        raise TryLater("too many concurrent writers", hint="Run the command again.")

    return retried


@contextmanager
def collector_at_rest() -> Iterator[None]:
    """No search for circles among the rows of a large transaction, which have none: it takes up to a quarter of its
    time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def told(error: peewee.DatabaseError) -> RetainError | None:
    """What a person can do about *error*, where it is the world's fault and not the program's."""
    text = str(error).lower()
    if "locked" in text or _state(error) == "55P03":
        holder = "" if _state(error) or database.obj is None else sqlite_writer(Path(database.obj.database))
        return TryLater(
            "another program is writing to the database" + (f": {holder}" if holder else ""),
            hint="Run the command again in a minute.",
        )
    # SQLite has no room for the index of its log: the only one of its input and output errors that is a full disk.
    no_room = getattr(getattr(error, "orig", None), "sqlite_errorname", "") == "SQLITE_IOERR_SHMSIZE"
    if no_room or "disk is full" in text or _state(error) in ("53100", "53200"):
        # It is said of one transaction: what a long command did before stays done.
        return DiskTrouble(
            "the disk is full; the last step was not written", hint="Free some space, then run the command again."
        )
    if "disk i/o error" in text:
        return DiskTrouble(
            "disk I/O error; the last step was not written", hint="Check the disk, then: retainctl db check"
        )
    if _state(error) == "42501":
        refused = text.splitlines()[0]
        return BadConfiguration(
            f"the database's role lacks a right: {refused}",
            hint='As the owner of the tables, grant what docs/how-to/postgresql.md says under "Two roles".',
        )
    if "readonly" in text or "unable to open" in text:
        return BadConfiguration(f"the database cannot be written: {error}", hint="Check its owner and permissions.")
    if "malformed" in text or "not a database" in text:
        return BadConfiguration("the database file is damaged", hint="Restore the last backup.")
    if "connection" in text or "server closed" in text or (_state(error) or "").startswith(("08", "57P")):
        return Unavailable(f"the database does not answer: {error}".strip())
    return None


def _state(error: peewee.DatabaseError) -> str | None:
    state = getattr(getattr(error, "orig", None), "sqlstate", None)
    return str(state) if state else None
