"""Refreshing a segment over 1,000,000 customers, against asking SQLite for the ids alone."""

from __future__ import annotations

import sqlite3
import sys
import tempfile
from pathlib import Path

from bench.measure import Run, race, run

CUSTOMERS = 1_000_000
EXPRESSION = "orders >= 5 and last_order before 90 days ago"
NOW = "2025-03-02T10:00"
_BARE = """
import sqlite3, sys
found = sqlite3.connect(sys.argv[1]).execute(
    "SELECT customer_id FROM customer_summaries WHERE orders >= 5 AND last_order_day < 20059").fetchall()
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "shop"
        retainctl: list[str | Path] = [sys.executable, "-m", "retainctl", "--shop", folder, "--now", NOW]
        run([*retainctl, "init", folder, "--currency", "ILS"])
        database = sqlite3.connect(folder / "retain.db", isolation_level=None)
        _fill(database)
        first = run([*retainctl, "segments", "create", "lapsed", EXPRESSION])
        members = database.execute("SELECT members FROM segments").fetchone()[0]

        def one_in_a_hundred_changed() -> Run:
            database.execute("UPDATE customer_summaries SET orders = 10 - orders WHERE customer_id % 100 = 0")
            return run([*retainctl, "segments", "refresh", "lapsed"])

        race(
            "Refreshing a segment",
            {
                "sqlite3, the ids alone": lambda: run([sys.executable, "-c", _BARE, folder / "retain.db"]),
                "nothing changed": lambda: run([*retainctl, "segments", "refresh", "lapsed"]),
                "1 % of the customers changed": one_in_a_hundred_changed,
            },
            rounds=5,
            work=f"{CUSTOMERS:,} customers asked for `{EXPRESSION}`, {members:,} found, start of Python and all."
            f" The first refresh, which writes them all, took {first.wall_seconds:.2f} s and {first.peak_mib:.0f} MiB.",
        )


def _fill(database: sqlite3.Connection) -> None:
    """Customers with 1 to 9 orders, the last of which was up to 399 days ago."""
    database.execute("BEGIN")
    database.execute(
        """WITH RECURSIVE n (id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < ?)
           INSERT INTO customers (id, first_name, language, created_at) SELECT id, 'Name ' || id, 'he', 0 FROM n""",
        (CUSTOMERS,),
    )
    database.execute(
        """INSERT INTO customer_summaries SELECT id, 'ILS', id * 7919 % 9 + 1, id % 100000, 0, 19723,
             20148 - id * 104729 % 400, '24288' FROM customers"""
    )
    database.execute("COMMIT")


if __name__ == "__main__":
    main()
