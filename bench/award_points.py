"""``retainctl points award`` for half a million orders, against a bare executemany of the very rows that it writes.

The orders are put into the tables by this script: two lines each, one order in twenty with a return, a customer for
every five orders. Two floors: the rows into the same tables, with their keys and checks, and into plain tables without
any. Each is handed its rows ready in memory, in one transaction; the award reads the orders, applies the rules, hashes
the chain and commits twenty thousand orders at a time.
"""

from __future__ import annotations

import random
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.measure import Run, race, run

ORDERS = 500_000
ROUNDS = 3
NOW = "2025-06-01"
_START = 1_672_531_200  # 2023-01-01
_TABLES = ("terms", "accounts", "transactions", "lots", "entries", "awards", "awarded_lines")
_PRAGMAS = "PRAGMA journal_mode = wal; PRAGMA synchronous = full; PRAGMA foreign_keys = 1; PRAGMA cache_size = -16000;"


def main(orders: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _retainctl(folder / "shop", "init", str(folder / "shop"), "--currency", "GBP", "--timezone", "Europe/London")
        _fill(folder / "shop" / "retain.db", orders)
        shutil.copytree(folder / "shop", folder / "awarded")
        run([sys.executable, "-m", "retainctl", "--shop", folder / "awarded", "--now", NOW, "points", "award"])
        awarded = folder / "awarded" / "retain.db"
        race(
            "Awarding points",
            {
                "executemany of the same rows into the same tables": lambda: _floor(folder, awarded, "same"),
                "executemany of the same rows into plain tables": lambda: _floor(folder, awarded, "plain"),
                "retainctl points award": lambda: _award(folder),
                "retainctl points award again": lambda: _on(awarded, "award"),
                "retainctl points check": lambda: _on(awarded, "check"),
            },
            rounds=ROUNDS,
            work=f"{orders:,} orders with two lines each, SQLite; {_count(awarded):,} rows written.",
        )


def _award(folder: Path) -> Run:
    shutil.rmtree(folder / "trial", ignore_errors=True)
    shutil.copytree(folder / "shop", folder / "trial")
    return run([sys.executable, "-m", "retainctl", "--shop", folder / "trial", "--now", NOW, "points", "award"])


def _on(awarded: Path, verb: str) -> Run:
    return run([sys.executable, "-m", "retainctl", "--shop", awarded.parent, "--now", NOW, "points", verb])


def _floor(folder: Path, awarded: Path, tables: str) -> Run:
    """The time that the insertion took, in a process of its own which read the rows before."""
    target = folder / "floor.db"
    for path in folder.glob("floor.db*"):
        path.unlink()
    if tables == "same":
        shutil.copy(folder / "shop" / "retain.db", target)
    said = subprocess.run(
        [sys.executable, "-m", "bench.award_points", "floor", str(awarded), str(target), tables],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    return Run(float(said[0]), float(said[1]), float(said[2]))


def insert(awarded: str, target: str, tables: str) -> None:
    """Insert the rows of *awarded* into *target*, and print wall and CPU seconds and the peak of memory."""
    source = sqlite3.connect(awarded)
    rows = {table: source.execute(f"SELECT * FROM {table}").fetchall() for table in _TABLES}
    rows["accounts"] = [row for row in rows["accounts"] if row[0] > 4] if tables == "same" else rows["accounts"]
    connection = sqlite3.connect(target, isolation_level=None)
    connection.executescript(_PRAGMAS)
    if tables == "plain":
        for table, some in rows.items():
            connection.execute(f"CREATE TABLE {table} ({', '.join(f'c{n}' for n in range(len(some[0])))})")
    wall, cpu = time.perf_counter(), time.process_time()
    connection.execute("BEGIN IMMEDIATE")
    for table, some in rows.items():
        connection.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(some[0]))})", some)
    connection.execute("COMMIT")
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(wall, cpu, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def _fill(path: Path, orders: int) -> None:
    """Put *orders* orders into a new database, as an import leaves them."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executescript("PRAGMA synchronous = off; PRAGMA foreign_keys = 0")
    connection.execute("BEGIN")
    connection.execute(
        "INSERT INTO imports (id, kind, file_name, sha256, source, format, options, imported_at)"
        " VALUES (1, 'orders', 'bench', ?, 'web', 'generic', '{}', 0)",
        ("0" * 64,),
    )
    customers = orders // 5
    connection.executemany(
        "INSERT INTO customers (id, created_at) VALUES (?, 0)", ((one,) for one in range(1, customers + 1))
    )
    connection.executemany(
        "INSERT INTO products (id, sku, category) VALUES (?, ?, ?)",
        ((one, f"P{one}", f"Category {one % 40}") for one in range(1, 4001)),
    )
    dice = random.Random(7)
    for start in range(1, orders + 1, 50_000):
        part = range(start, min(start + 50_000, orders + 1))
        connection.executemany(
            "INSERT INTO orders (id, source, external_id, customer_id, ordered_at, order_day, order_month, status,"
            " is_sale, currency, gross_minor, version, content_hash, import_id)"
            " VALUES (?, 'web', ?, ?, ?, ?, 0, 'paid', 1, 'GBP', 0, 1, ?, 1)",
            _orders(part, customers, orders, dice),
        )
        connection.executemany(
            "INSERT INTO order_lines (order_id, line_no, kind, product_id, quantity_thousandths, unit_price,"
            " amount_minor) VALUES (?, ?, 'sale', ?, 1000, '', ?)",
            ((one, line_no, dice.randrange(1, 4001), dice.randrange(100, 9_999)) for one in part for line_no in (1, 2)),
        )
        connection.executemany(
            "INSERT INTO order_returns (source, external_id, line_no, order_id, order_line_no, quantity_thousandths,"
            " amount_minor, currency, returned_at, return_day, content_hash, import_id)"
            " VALUES ('web', ?, 1, ?, 1, 1000, 500, 'GBP', ?, 0, ?, 1)",
            ((f"R{one}", one, _START, b"") for one in part if one % 20 == 0),
        )
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def _orders(part: range, customers: int, orders: int, dice: random.Random) -> Iterator[tuple[object, ...]]:
    for one in part:
        at = _START + one * 31_536_000 * 2 // orders
        day = at // 86_400
        yield one, f"W{one}", dice.randrange(1, customers + 1), at, day, b"12345678901234567890123456789012"


def _count(path: Path) -> int:
    connection = sqlite3.connect(path)
    return sum(connection.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0] for table in _TABLES)


def _retainctl(shop: Path, *words: str) -> None:
    subprocess.run([sys.executable, "-m", "retainctl", *words], check=True, capture_output=True)
    assert (shop / "retain.db").exists()


if __name__ == "__main__":
    if sys.argv[1:2] == ["floor"]:
        insert(*sys.argv[2:])
    else:
        main(int(sys.argv[1]) if sys.argv[1:] else ORDERS)
