"""The SQL that differs between SQLite and PostgreSQL. No other module asks which of the two is open."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import Any

import peewee

from retainctl.errors import TryLater
from retainctl.store.database import database, driver_errors, execute, execute_many, is_postgres, placed
from retainctl.store.waiting import tell_waiting


def hold_lock(name: str) -> None:
    """Inside a transaction: wait for the lock called *name*, and hold it until the transaction ends.

    SQLite's writers hold the one write lock already. A row that exists is locked on PostgreSQL: locking rows
    that a query does not find would lock nothing.
    """
    if is_postgres():
        execute("INSERT INTO locks (name) VALUES (?) ON CONFLICT DO NOTHING", name)
        locked = "SELECT name FROM locks WHERE name = ? FOR UPDATE"
        if not execute(f"{locked} SKIP LOCKED", name).fetchall():
            tell_waiting(_postgres_writer())
            execute(locked, name)


def _postgres_writer() -> str:
    """The session that holds a row of the table of locks and came first, in words; or empty."""
    found = execute(
        """SELECT a.pid, COALESCE(a.client_hostname, HOST(a.client_addr), 'this machine'), a.usename
            FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
            WHERE l.relation = CAST('locks' AS regclass) AND l.mode = 'RowShareLock' AND l.granted
            AND l.pid <> pg_backend_pid() ORDER BY a.xact_start LIMIT 1"""
    ).fetchone()
    return f"the database's process {found[0]} (of {found[2]}, from {found[1]})" if found else ""


def write_ahead() -> None:
    """Let SQLite's readers and its writer go on beside each other. The file remembers it; PostgreSQL always does so."""
    if not is_postgres():
        execute("PRAGMA journal_mode = wal")


def insert_many(table: str, columns: str | Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Add *rows* to *table* in the fastest way that checks them: COPY on PostgreSQL, else many in one statement.

    *columns* are names, or one text with spaces between them. Where *rows* is a generator it must query nothing: during
    a COPY the connection answers no questions.
    """
    columns = columns.split() if isinstance(columns, str) else columns
    names = ", ".join(columns)
    if is_postgres():
        left = iter(rows)
        if (first := next(left, None)) is None:
            return  # a COPY of nothing takes as long as one of some rows
        with driver_errors(), database.cursor().copy(f"COPY {table} ({names}) FROM STDIN") as copy:
            for row in chain([first], left):
                copy.write_row(row)
    else:
        marks = f"({', '.join('?' * len(columns))})"
        count = _VALUES_PER_STATEMENT // len(columns)
        rest: list[Sequence[object]] = []
        insert = f"INSERT INTO {table} ({names}) VALUES "
        execute_many(insert + ", ".join([marks] * count), _together(rows, count, rest))
        execute_many(insert + marks, rest)


_VALUES_PER_STATEMENT = 3_000  # a fifth less time than for each row by itself, and no more beyond


def _together(rows: Iterable[Sequence[object]], count: int, rest: list[Sequence[object]]) -> Iterator[list[object]]:
    """The values of *count* rows at a time; the rows of the end that are fewer go to *rest*."""
    left = iter(rows)
    while len(some := list(islice(left, count))) == count:
        yield list(chain.from_iterable(some))
    rest += some


def add_many(table: str, column: str, amounts: Mapping[int, int]) -> None:
    """Add to *column* of each row of *table* that *amounts* names by its id."""
    if is_postgres():
        execute(
            f"UPDATE {table} SET {column} = {column} + added.amount"
            " FROM unnest(CAST(? AS bigint[]), CAST(? AS bigint[])) AS added (id, amount)"
            f" WHERE {table}.id = added.id",
            list(amounts),
            list(amounts.values()),
        )
    else:
        execute_many(
            f"UPDATE {table} SET {column} = {column} + ? WHERE id = ?",
            [(amount, row_id) for row_id, amount in amounts.items()],
        )


def set_many(table: str, key: str, columns: Sequence[str], rows: Sequence[Sequence[int]]) -> None:
    """Set the whole-number *columns* of each row of *table* whose *key* stands first in one of *rows*."""
    if not rows:
        return
    if is_postgres():
        names = ", ".join(columns)
        settings = ", ".join(f"{column} = given.{column}" for column in columns)
        arrays = ", ".join(["CAST(? AS bigint[])"] * (len(columns) + 1))
        execute(
            f"UPDATE {table} SET {settings} FROM unnest({arrays}) AS given ({key}, {names})"
            f" WHERE {table}.{key} = given.{key}",
            *[list(values) for values in zip(*rows, strict=True)],
        )
    else:
        settings = ", ".join(f"{column} = ?" for column in columns)
        execute_many(f"UPDATE {table} SET {settings} WHERE {key} = ?", [(*row[1:], row[0]) for row in rows])


def note_growth(table: str, *, rows_added: int) -> None:
    """Let PostgreSQL look at *table* again where this transaction has made much of it.

    It plans by what it last knew, and would read all of a table that it takes for empty, time after time.
    """
    if is_postgres():
        known = execute("SELECT reltuples FROM pg_class WHERE oid = CAST(? AS regclass)", table).fetchone()[0]
        if rows_added * 10 > known:
            execute(f"ANALYZE {table}")


@contextmanager
def filled_at_once(*tables: str, others_may_wait: bool) -> Iterator[None]:
    """Inside a transaction whose block fills *tables*, all of them empty: make their indexes when they are filled.

    Sorted at once they take half of the time. What must be unique is held all along. PostgreSQL checks the references
    at the end too; nobody else can read the tables, nor those that they refer to, until the transaction ends. So it
    does all this only where *others_may_wait*.
    """
    later: list[tuple[str, str]] = []
    if others_may_wait or not is_postgres():
        later = [one for table in tables for one in (_postgres_later if is_postgres() else _sqlite_later)(table)]
    for drop, _ in later:
        execute(drop)
    yield
    for _, make in later:
        execute(make)


def _sqlite_later(table: str) -> list[tuple[str, str]]:
    """What drops and what makes each index of *table* that may hold equal rows."""
    return [
        (f"DROP INDEX {name}", statement)
        for name, statement in execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql LIKE 'CREATE INDEX%'",
            table,
        ).fetchall()
    ]


def _postgres_later(table: str) -> list[tuple[str, str]]:
    """What drops and what makes each such index of *table*, and each reference; nothing for who owns it not."""
    query = "SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = CAST(? AS regclass)"
    if not execute(query, table).fetchone()[0]:
        return []
    indexes = execute(
        "SELECT indexname, indexdef FROM pg_indexes"
        " WHERE schemaname = current_schema() AND tablename = ? AND indexdef LIKE 'CREATE INDEX%'",
        table,
    ).fetchall()
    references = execute(
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE conrelid = CAST(? AS regclass) AND contype = 'f'",
        table,
    ).fetchall()
    return [(f"DROP INDEX {name}", statement) for name, statement in indexes] + [
        (f"ALTER TABLE {table} DROP CONSTRAINT {name}", f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
        for name, definition in references
    ]


def take_ids(table: str, count: int) -> int:
    """The first of *count* free ids of *table*, which are the caller's from now on.

    Inside a writing transaction that holds the table's lock (SQLite: any writer does).
    """
    if is_postgres():
        last = execute(
            "SELECT setval(numbers, nextval(numbers) + ? - 1) FROM (SELECT pg_get_serial_sequence(?, 'id') AS numbers)"
            " AS owned",
            count,
            table,
        ).fetchone()[0]
        return int(last) - count + 1
    return int(execute(f"SELECT COALESCE(MAX(id), 0) FROM {table}").fetchone()[0]) + 1


def each_once(expression: str) -> str:
    """An aggregate: the values of *expression*, a text without commas, each once, with commas between; or NULL."""
    return f"string_agg(DISTINCT {expression}, ',')" if is_postgres() else f"group_concat(DISTINCT {expression})"


def whole_in_json(column: str, *path: str) -> str:
    """The whole number at the end of *path* in *column*, which holds JSON; or NULL."""
    if is_postgres():
        return f"CAST(CAST({column} AS jsonb) #>> '{{{','.join(path)}}}' AS bigint)"
    return f"json_extract({column}, '$.{'.'.join(path)}')"


def one_of(many: list[str] | list[int]) -> tuple[str, object]:
    """The condition that a column holds one of *many*, of any number, and the one value that it binds."""
    if is_postgres():
        return "= ANY(?)", many
    return "IN (SELECT value FROM json_each(?))", json.dumps(many)


def skip_locked(table: str) -> str:
    """The end of a SELECT that claims rows of *table* (by its name in the query) no other process is claiming."""
    return f" FOR UPDATE OF {table} SKIP LOCKED" if is_postgres() else ""


def rows_locked() -> str:
    """The end of a SELECT whose rows are to be changed in this transaction."""
    return " FOR UPDATE" if is_postgres() else ""


MACHINE_ID = Path("/etc/machine-id")


def database_identity() -> str:
    """What a copy of the open database does not share with it: the machine and the file, or the cluster and the number
    of the database in it, which many machines use."""
    if is_postgres():
        row = execute(
            "SELECT system_identifier, (SELECT oid FROM pg_database WHERE datname = current_database())"
            " FROM pg_control_system()"
        ).fetchone()
        return f"postgresql {row[0]} {row[1]}"
    machine = MACHINE_ID.read_text(encoding="ascii").strip() if MACHINE_ID.exists() else ""
    return f"sqlite {machine} {Path(database.obj.database).stat().st_ino}"


def file_is_the_database() -> bool:
    """Whether the open database is one file of ours, or lives in a server."""
    return not is_postgres()


def lease_clock(now: int) -> int:
    """The time by which leases are judged: the server's own where hosts share one, else *now*."""
    if is_postgres():
        return int(execute("SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) AS BIGINT)").fetchone()[0])
    return now


@contextmanager
def only_reading(*, seconds: float) -> Iterator[None]:
    """The block's queries write nothing and end within *seconds*, each by itself; else TryLater says so."""
    try:
        with _postgres_reading(seconds) if is_postgres() else _sqlite_reading(seconds):
            yield
    except peewee.DatabaseError as error:
        if "interrupted" in str(error) or getattr(getattr(error, "orig", None), "sqlstate", "") == "57014":
            raise TryLater(
                f"the query was stopped after {seconds:g} seconds",
                hint="Ask for less, or try again when the machine is idle.",
            ) from error
        raise


@contextmanager
def _sqlite_reading(seconds: float) -> Iterator[None]:
    connection = database.connection()
    deadline = time.monotonic() + seconds
    connection.execute("PRAGMA query_only = 1")
    connection.set_progress_handler(lambda: time.monotonic() > deadline, 50_000)
    try:
        yield
    finally:
        connection.set_progress_handler(None, 0)
        connection.execute("PRAGMA query_only = 0")


@contextmanager
def _postgres_reading(seconds: float) -> Iterator[None]:
    milliseconds = max(1, round(seconds * 1000))
    if database.in_transaction():
        execute(f"SET LOCAL statement_timeout = {milliseconds}")
        yield
        execute("SET LOCAL statement_timeout TO DEFAULT")
        return
    with database.atomic():
        execute("SET TRANSACTION READ ONLY")
        execute(f"SET LOCAL statement_timeout = {milliseconds}")
        yield


def take_session_lock(name: str) -> bool:
    """On PostgreSQL: take the lock called *name* for as long as this connection lives; False when another has it."""
    return bool(execute("SELECT pg_try_advisory_lock(hashtextextended(?, 0))", name).fetchone()[0])


def leave_session_lock(name: str) -> None:
    execute("SELECT pg_advisory_unlock(hashtextextended(?, 0))", name)


def streamed(sql: str, *values: object) -> Iterator[tuple[Any, ...]]:
    """The rows of a query as they are asked for, however many: at no time are all of them in memory.

    SQLite hands them out by itself. PostgreSQL's driver would fetch them all first: there a cursor of the server's
    does it, in a transaction that lasts as long.
    """
    return _from_server(sql, values) if is_postgres() else execute(sql, *values)


def _from_server(sql: str, values: Sequence[object]) -> Iterator[tuple[Any, ...]]:
    with database.atomic(), database.connection().cursor(name="streamed") as cursor:
        cursor.itersize = 10_000
        cursor.execute(placed(sql), values)
        yield from cursor


def without_password(address: str) -> tuple[str, str]:
    """A PostgreSQL address for a command line, which others may read, and the password that stood in it."""
    from psycopg.conninfo import conninfo_to_dict, make_conninfo

    parts = conninfo_to_dict(address)
    password = str(parts.pop("password", ""))
    return make_conninfo("", **parts), password
