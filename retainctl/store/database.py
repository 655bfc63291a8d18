"""The open database, and the base of every table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import peewee

database = peewee.DatabaseProxy()


class Model(peewee.Model):
    """A table of the open database. The schema stands in the migrations; a class only names its columns."""

    class Meta:
        database = database


def is_postgres() -> bool:
    return isinstance(database.obj, peewee.PostgresqlDatabase)


def execute(sql: str, *values: object) -> Any:
    """Run one statement that both databases read alike, with ``?`` for each value; returns the cursor."""
    return database.execute_sql(placed(sql), values)


def rows(sql: str, *values: object) -> list[tuple[Any, ...]]:
    """All rows of a query with ``?`` for each value."""
    return list(execute(sql, *values).fetchall())


def value(sql: str, *values: object) -> Any:
    """The first column of the first row, or None."""
    row = execute(sql, *values).fetchone()
    return row[0] if row else None


def execute_many(sql: str, many: Iterable[Sequence[object]]) -> None:
    """Run one statement for each of *many* rows of values, with ``?`` for each value."""
    cursor = database.cursor()
    with driver_errors():
        cursor.executemany(placed(sql), many)


@contextmanager
def driver_errors() -> Iterator[None]:
    """The driver's own errors of a cursor that is used directly, as the peewee errors that everything else raises."""
    with peewee.__exception_wrapper__:  # type: ignore[attr-defined]  # its stubs leave it out
        yield


def placed(sql: str) -> str:
    """*sql* with the marks for values as this database's driver writes them."""
    return sql.replace("%", "%%").replace("?", "%s") if is_postgres() else sql
