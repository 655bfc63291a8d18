"""Whether the open database is sound, as far as its own kind can tell."""

from __future__ import annotations

from collections.abc import Iterator

import peewee

from retainctl.errors import BrokenInvariant
from retainctl.store.database import execute, rows, value
from retainctl.store.dialect import file_is_the_database
from retainctl.store.migrations import append_only_tables
from retainctl.store.schema_dialect import append_only_triggers


def check_database() -> str:
    """In words what was checked and is sound; BrokenInvariant with the first fault that was found."""
    try:
        fault = next(_faults_of_file() if file_is_the_database() else _faults_of_server(), None)
    except peewee.DatabaseError as error:
        if not _tells_damage(error):
            raise
        fault = str(error).splitlines()[0]
    if fault:
        raise BrokenInvariant(f"the database is damaged: {fault}", hint="Restore the last backup.")
    if file_is_the_database() or _may_check_indexes():
        return "the database is intact"
    return "all rows and references are intact; to check the indexes too, install the extension amcheck"


def _tells_damage(error: peewee.DatabaseError) -> bool:
    """Whether it is of PostgreSQL's classes for damaged data (XX) and for files that cannot be read (58)."""
    return str(getattr(getattr(error, "orig", None), "sqlstate", None)).startswith(("XX", "58"))


def _faults_of_file() -> Iterator[str]:
    """What SQLite finds wrong with its file and indexes, and references to nothing."""
    yield from (str(row[0]) for row in execute("PRAGMA integrity_check").fetchall() if row[0] != "ok")
    yield from (
        f"{row[0]}: row {row[1]} refers to a missing row of {row[2]}" for row in execute("PRAGMA foreign_key_check")
    )
    yield from _unguarded("SELECT name FROM sqlite_master WHERE type = 'trigger'")


def _faults_of_server() -> Iterator[str]:
    """References to nothing; a row or an index that PostgreSQL cannot read is its own error."""
    for (table,) in rows(
        "SELECT CAST(oid AS regclass) FROM pg_class WHERE relkind = 'r' AND relnamespace = " + _SCHEMA
    ):
        execute(f"SELECT COUNT(CAST(one AS TEXT)) FROM {table} AS one")
    for child, parent, is_set, matches in rows(_REFERENCES):
        if value(
            f"SELECT 1 FROM {child} AS child WHERE {is_set}"
            f" AND NOT EXISTS (SELECT 1 FROM {parent} AS parent WHERE {matches}) LIMIT 1"
        ):
            yield f"{child}: a row refers to a missing row of {parent}"
    if _may_check_indexes():
        execute(
            "SELECT bt_index_check(i.indexrelid, true) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
            " JOIN pg_am m ON m.oid = c.relam WHERE m.amname = 'btree' AND c.relnamespace = " + _SCHEMA
        )
    yield from _unguarded(
        "SELECT tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
        f" WHERE tgenabled <> 'D' AND c.relnamespace = {_SCHEMA}"
    )


def _unguarded(triggers: str) -> Iterator[str]:
    """The append-only tables whose rows could be changed, since a trigger is not among what *triggers* asks for.

    A dump that was read in again by another tool may have lost them.
    """
    there = {name for (name,) in rows(triggers)}
    for table in append_only_tables():
        if missing := sorted(append_only_triggers(table) - there):
            yield f"{table} can be changed, as it has no trigger {missing[0]}"


def _may_check_indexes() -> bool:
    function = "CAST(to_regprocedure('bt_index_check(regclass, boolean)') AS oid)"
    return bool(value(f"SELECT has_function_privilege({function}, 'execute')"))


_SCHEMA = "CAST(current_schema() AS regnamespace)"
# Each foreign key: its two tables, the condition that a row has a reference, and the one that the other row is it.
_REFERENCES = f"""SELECT CAST(c.conrelid AS regclass), CAST(c.confrelid AS regclass),
    string_agg(format('child.%I IS NOT NULL', a.attname), ' AND '),
    string_agg(format('child.%I = parent.%I', a.attname, b.attname), ' AND ')
    FROM pg_constraint c CROSS JOIN unnest(c.conkey, c.confkey) AS k (child, parent)
    JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.child
    JOIN pg_attribute b ON b.attrelid = c.confrelid AND b.attnum = k.parent
    WHERE c.contype = 'f' AND c.connamespace = {_SCHEMA} GROUP BY c.oid, c.conrelid, c.confrelid"""
