"""Opening a database: created on first use, migrated on request, refused untouched when newer than the program."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from importlib.util import find_spec
from pathlib import Path

import peewee

from retainctl.errors import BadConfiguration, Refused, Unavailable
from retainctl.store.database import database, execute, rows
from retainctl.store.dialect import write_ahead
from retainctl.store.installation import adopt
from retainctl.store.migrations import MIGRATIONS, Migration
from retainctl.store.read_only import ReadOnlySqlite, can_be_written, unchanged
from retainctl.store.schema import Schema
from retainctl.store.schema_dialect import check_references, hold_schema, references_at_rest
from retainctl.store.transactions import reading, told, writing
from retainctl.store.waiting import BUSY_SECONDS, PatientSqlite

_PRAGMAS = {
    "synchronous": "full",
    "foreign_keys": 1,
    "trusted_schema": 0,
    "cache_size": -16_000,
}


@contextmanager
def open_database(url: str, *, now: int, migrate: bool = False, older: bool = False) -> Iterator[None]:
    """The database at *url*, open and of the program's own version while the block runs; or *older*, where that will
    do.

    One that is missing or older is made or brought up to date only when *migrate* asks for it: a database that was
    lost must not be mistaken for a new shop's. One that is newer is always refused. BadConfiguration says so and
    nothing is touched.
    """
    os.umask(0o077)
    previous = database.obj
    path = None if url.startswith("postgresql://") else Path(url.removeprefix("sqlite:"))
    opened = _postgres(url) if path is None else _sqlite(path, make=migrate)
    database.initialize(opened)
    try:
        try:
            opened.connect()
        except peewee.DatabaseError as error:
            raise told(error) or Unavailable(f"the database cannot be opened: {error}") from error
        is_read_only = isinstance(opened, ReadOnlySqlite)
        with reading():
            _bring_up_to_date(now=now, migrate=migrate, older=older, is_read_only=is_read_only)
        with unchanged(path) if path and is_read_only else nullcontext():
            yield
    finally:
        opened.close()
        database.initialize(previous)


def _sqlite(path: Path, *, make: bool) -> peewee.Database:
    if not path.parent.is_dir():
        raise BadConfiguration(f"the database folder {path.parent} does not exist")
    if not path.exists() and not make:
        raise _missing(str(path))
    if path.is_symlink() and not path.exists():
        raise Refused(
            f"{path} is a dangling symbolic link; no database was created",
            hint="Remove the link, then: retainctl db migrate",
        )
    if path.exists() and not os.access(path, os.R_OK):
        raise BadConfiguration(f"the database {path} cannot be read", hint="Check its owner and permissions.")
    if path.exists() and not can_be_written(path):
        return ReadOnlySqlite(str(path), pragmas=_PRAGMAS, timeout=BUSY_SECONDS, lock_type="IMMEDIATE", uri=True)
    if not os.access(path.parent, os.W_OK):
        raise BadConfiguration(f"the folder {path.parent} is not writable", hint="Check its owner and permissions.")
    return PatientSqlite(str(path), pragmas=_PRAGMAS, timeout=BUSY_SECONDS, lock_type="IMMEDIATE")


def _postgres(url: str) -> peewee.Database:
    if find_spec("psycopg") is None:
        raise BadConfiguration(
            "the PostgreSQL driver is not installed",
            hint="Install retainctl with its extra, in its source folder: pip install '.[postgres]'",
        )
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    try:
        conninfo_to_dict(url)
    except ProgrammingError:  # its sentence would show a password
        raise BadConfiguration(
            "the database address is not valid",
            hint="Use postgresql://USER:PASSWORD@HOST/NAME, with %2F for / and %40 for @ inside a part.",
        ) from None
    return peewee.PostgresqlDatabase(url, prefer_psycopg3=True)


def _bring_up_to_date(*, now: int, migrate: bool, older: bool, is_read_only: bool) -> None:
    """Make a new database, or apply what an older one is missing, each migration with its record in one transaction."""
    applied = applied_migrations()
    if not applied:
        if not migrate:
            raise _missing("the address in retainctl.toml")
        write_ahead()
        _make(now=now)
        return
    known = {migration.number for migration in MIGRATIONS}
    if newer := sorted(applied - known):
        raise BadConfiguration(
            f"the database is newer than this program: it has migration {newer[-1]}",
            hint="Upgrade retainctl. Nothing was changed.",
        )
    names = {migration.number: migration.name for migration in MIGRATIONS}
    if any(names[number] != name for number, name in rows("SELECT number, name FROM schema_migrations")):
        raise BadConfiguration(
            "the database was made by a build before 0.1.0, whose tables were others",
            hint="Back it up with that build, and import into a new shop. Nothing was changed.",
        )
    missing = [migration for migration in MIGRATIONS if migration.number not in applied]
    if missing and not migrate and not older:
        raise BadConfiguration(
            f"the database is older than this program: {len(missing)} migrations are missing",
            hint="Back it up (retainctl db backup), then run: retainctl db migrate",
        )
    if not is_read_only:
        write_ahead()  # not before: it writes into the file
    for migration in missing if migrate else ():
        _bring_on(migration, now=now)


def _missing(place: str) -> BadConfiguration:
    return BadConfiguration(
        f"there is no database at {place}",
        hint="Restore the last backup, or create an empty database for a new shop: retainctl db migrate",
    )


def _make(*, now: int) -> None:
    """Every migration in one transaction, so that no other process ever sees a half-made database."""
    with _changing_the_schema():
        if applied_migrations():
            return  # another process was quicker
        for migration in MIGRATIONS:
            _apply(migration, now=now)
        adopt()  # a database sends from where it was made


@contextmanager
def _changing_the_schema() -> Iterator[None]:
    """One transaction that is the only one to change the schema. No table can be made anew while what refers to it is
    followed, so references are looked at when the block ends."""
    with references_at_rest(), writing():
        hold_schema()
        yield
        check_references()


def applied_migrations() -> set[int]:
    """The numbers of the migrations that the open database has had."""
    if not database.table_exists("schema_migrations"):
        return set()
    return {row[0] for row in rows("SELECT number FROM schema_migrations")}


def _bring_on(migration: Migration, *, now: int) -> None:
    """Apply *migration* with its record in one transaction, unless another process was quicker."""
    with _changing_the_schema() if migration.transactional else nullcontext():
        if migration.number not in applied_migrations():
            _apply(migration, now=now)


def _apply(migration: Migration, *, now: int) -> None:
    schema = Schema()
    schema.create(_APPLIED)
    migration.up(schema)
    execute(
        "INSERT INTO schema_migrations (number, name, applied_at) VALUES (?, ?, ?)",
        migration.number,
        migration.name,
        now,
    )


_APPLIED = """CREATE TABLE IF NOT EXISTS schema_migrations
    (number INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT"""
