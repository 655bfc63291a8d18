"""Rows put straight into the tables, where a test needs what no command would leave there."""

from __future__ import annotations

from retainctl.store.database import value


def plant(table: str, **columns: object) -> int:
    """One row of *table*; its id, or whatever its first column is."""
    marks = ", ".join("?" * len(columns))
    sql = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks}) ON CONFLICT DO NOTHING RETURNING *"
    return value(sql, *columns.values())  # type: ignore[no-any-return]
