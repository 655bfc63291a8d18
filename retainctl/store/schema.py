"""What a migration may do to the schema of the open database, the same on SQLite and PostgreSQL."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from retainctl.store import schema_dialect as dialect
from retainctl.store.database import database, execute
from retainctl.store.dialect import file_is_the_database


class Schema:
    """The schema of the open database, in the hands of a migration. SQL is written for SQLite."""

    random_bytes = staticmethod(secrets.token_bytes)

    def create(self, script: str) -> None:
        """Run the statements of *script*: tables, their indexes, and the words that they begin with."""
        for statement in dialect.schema_statements(script):
            execute(statement)

    def execute(self, sql: str, *values: object) -> None:
        """Run one statement that both databases read alike, with ``?`` for each value."""
        execute(sql, *values)

    def sql(self, *, sqlite: str, postgres: str) -> None:
        """Run the one of the two statements that the open database reads."""
        execute(sqlite if file_is_the_database() else postgres)

    def append_only(self, table: str, *, erased: Mapping[str, str] | None = None) -> None:
        """Let rows of *table* be added and never changed or removed.

        *erased* are the columns that hold a person's words, and the SQL literal that each may become, and nothing
        else: ``NULL`` or ``'erased'``. So a person can be erased, and history cannot be rewritten.
        """
        for statement in dialect.append_only_statements(table, erased or {}):
            database.execute_sql(statement)

    def rebuild(self, table: str, script: str, *, columns: Mapping[str, str] | None = None) -> None:
        """Make *table* anew by the CREATE TABLE of *script*, with its rows.

        Each column takes what the one of its name held, or the SQL that *columns* has for it. What refers to the
        table, its other indexes, its triggers and who may use it stay as they are; an index or a trigger of a column
        that goes must be dropped before.
        """
        before = f"{table}_before"
        kept = dialect.take_apart(table)
        execute(f"ALTER TABLE {table} RENAME TO {before}")
        self.create(script)
        old = {column.name for column in database.get_columns(before)}
        moved = {column.name: column.name for column in database.get_columns(table) if column.name in old}
        moved |= columns or {}
        execute(f"INSERT INTO {table} ({', '.join(moved)}) SELECT {', '.join(moved.values())} FROM {before}")
        dialect.put_together(table, kept, before=before)
