"""Cohorts, RFM and rates over 2,500,000 orders, start to end, against DuckDB on a file of its own."""

from __future__ import annotations

import csv
import random
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from importlib.util import find_spec
from pathlib import Path

from bench.measure import race, run
from retainctl.clock import month_of

CUSTOMERS = 600_000
DAYS = 1095
BEGIN = date(2022, 1, 1)

_DUCKDB = """
import duckdb, sys
db = duckdb.connect(sys.argv[1])
db.execute("SELECT COUNT(*), SUM(n), SUM(g), COUNT(*) FILTER (n > 1) FROM"
           " (SELECT COUNT(*) n, SUM(gross_minor) g FROM orders GROUP BY customer_id)").fetchall()
db.execute("SELECT r, f, m, COUNT(*) FROM"
           " (SELECT NTILE(5) OVER (ORDER BY l, name) r, NTILE(5) OVER (ORDER BY n, name) f,"
           " NTILE(5) OVER (ORDER BY g, name) m"
           " FROM (SELECT customer_id, MIN(name) name, MAX(order_day) l, COUNT(*) n, SUM(gross_minor) g"
           " FROM orders GROUP BY customer_id)) GROUP BY ALL").fetchall()
db.execute("WITH m AS (SELECT DISTINCT customer_id, order_month AS month FROM orders), f AS (SELECT"
           " customer_id, MIN(month) AS first FROM m GROUP BY customer_id)"
           " SELECT first, month, COUNT(*) FROM m JOIN f USING (customer_id) GROUP BY ALL").fetchall()
"""
_OURS = """
import sys
from retainctl.insight.reports import all_reports
from retainctl.shop.opening import opened
with opened(sys.argv[1]) as shop:
    for name in sys.argv[2:]:
        all_reports()[name].rows(shop)
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "shop"
        run([sys.executable, "-m", "retainctl", "init", folder, "--currency", "ILS"])
        # In processes of their own: the memory of this one would be counted to each that it starts.
        _in_child("fill", folder / "retain.db")
        with sqlite3.connect(folder / "retain.db") as database:
            orders = database.execute("SELECT COUNT(*) FROM orders").fetchone()[0]
        ours: list[str | Path] = [sys.executable, "-c", _OURS, folder]
        variants = {
            "retainctl": lambda: run([*ours, "retention", "rfm", "cohorts"]),
            "of which retention": lambda: run([*ours, "retention"]),
            "of which rfm": lambda: run([*ours, "rfm"]),
            "of which cohorts": lambda: run([*ours, "cohorts"]),
            "and orders by their number": lambda: run([*ours, "orders"]),
        }
        if find_spec("duckdb"):
            native = Path(temporary) / "native.duckdb"
            _in_child("copy_to_duckdb", folder / "retain.db", native)
            variants = {"DuckDB, its own file": lambda: run([sys.executable, "-c", _DUCKDB, native])} | variants
        race(
            "Figures over all orders",
            variants,
            rounds=3,
            work=f"{orders:,} orders of {CUSTOMERS:,} customers: repeat rate and revenue, RFM by NTILE(5) with ties by"
            " name, cohorts by month.",
        )


def _in_child(function: str, *paths: Path) -> None:
    said = f"import sys; from pathlib import Path; from bench.figures import {function} as work"
    run([sys.executable, "-c", f"{said}; work(*map(Path, sys.argv[1:]))", *paths], folder=Path(__file__).parent.parent)


def fill(path: Path) -> None:
    """Orders as they come in: by time, each customer's now and then."""
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA synchronous = off")
    orders = sorted(_orders())
    database.execute("BEGIN")
    database.execute(
        "INSERT INTO imports (id, kind, file_name, sha256, source, format, options, imported_at)"
        " VALUES (1, 'orders', '', ?, 'shop', 'generic', '{}', 0)",
        ("0" * 64,),
    )
    everybody = range(1, CUSTOMERS + 1)
    database.executemany("INSERT INTO customers (id, created_at) VALUES (?, 0)", ((one,) for one in everybody))
    database.executemany(
        "INSERT INTO customer_keys VALUES ('shop', ?, ?)", ((f"C{one * 7919 % CUSTOMERS}", one) for one in everybody)
    )
    midnight = int(datetime(2022, 1, 1, tzinfo=UTC).timestamp())
    database.executemany(
        "INSERT INTO orders (source, external_id, customer_id, ordered_at, order_day, order_month, status,"
        " is_sale, currency, gross_minor, content_hash, import_id)"
        " VALUES ('shop', ?, ?, ?, ?, ?, 'paid', 1, 'ILS', ?, zeroblob(16), 1)",
        (
            (
                f"O{number}",
                customer,
                midnight + int(at * 86_400),
                midnight // 86_400 + int(at),
                month_of(midnight + int(at) * 86_400),
                100 + number % 99_900,
            )
            for number, (at, customer) in enumerate(orders)
        ),
    )
    database.execute(
        "INSERT INTO customer_summaries SELECT customer_id, 'ILS', COUNT(*), SUM(gross_minor), 0, MIN(order_day),"
        " MAX(order_day), group_concat(DISTINCT order_month) FROM orders GROUP BY customer_id"
    )
    database.execute("COMMIT")
    database.close()


def _orders() -> Iterator[tuple[float, int]]:
    """The moment of each order, in days, and its customer: they buy at their own pace until they stop."""
    dice = random.Random(20240607)  # the same shop every time
    for customer in range(1, CUSTOMERS + 1):
        stops, pace, at = dice.betavariate(1, 2.5), dice.gammavariate(0.9, 0.03) + 1e-4, dice.random() * DAYS
        while at < DAYS:
            yield at, customer
            if dice.random() < stops:
                break
            at += dice.expovariate(pace)


def copy_to_duckdb(path: Path, native: Path) -> None:
    """All that the figures need, in one table of DuckDB's own."""
    import duckdb

    table = native.with_suffix(".csv")
    with table.open("w", encoding="utf-8", newline="") as file, sqlite3.connect(path) as database:
        writer = csv.writer(file)
        writer.writerow(("customer_id", "order_day", "order_month", "gross_minor", "name"))
        writer.writerows(
            database.execute(
                "SELECT o.customer_id, o.order_day, o.order_month, o.gross_minor, k.external_id FROM orders o"
                " JOIN customer_keys k ON k.customer_id = o.customer_id ORDER BY o.id"
            )
        )
    duckdb.connect(str(native)).execute(f"CREATE TABLE orders AS SELECT * FROM '{table}'").close()


if __name__ == "__main__":
    main()
