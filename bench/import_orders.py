"""``retainctl orders import`` of a table of order lines, against loading the same file into one flat table.

    python -m bench.import_orders [ORDERS.csv] [--postgres]

ORDERS.csv has the columns of the format ``generic``, and beside it stands ORDERS.delta.csv, whose orders come later;
without it a million lines are made up.
The floor parses the file and stores its text as it is: no types, keys, index or check. The import parses, normalises
and fingerprints every line, finds or makes customers and products, writes orders, lines and returns into the checked
schema, and makes the customers' summaries. ``--again`` parses, fingerprints and compares every line, and writes none.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from bench.measure import Run, race, run
from bench.orders_file import COLUMNS, write_orders

ROUNDS = 3
LINES = 1_000_000


def main(path: Path | None, *, postgres: bool) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if path is None:
            path = folder / "orders.csv"
            write_orders(path, LINES)
        delta = path.with_name(f"{path.stem}.delta.csv")
        with path.open("rb") as file:
            lines = sum(1 for _ in file) - 1
        (_race_on_postgres if postgres else _race_on_sqlite)(folder, path, delta, lines)


def _race_on_sqlite(folder: Path, path: Path, delta: Path, lines: int) -> None:
    _retainctl(folder / "empty", "init", str(folder / "empty"))
    race(
        "Importing orders into SQLite",
        {
            "sqlite3 .import into one flat table": lambda: _flat(folder / "flat.db", path),
            "retainctl orders import": lambda: _first(folder, path),
            "the same with --again": lambda: _retainctl(folder / "shop", "orders", "import", str(path), "--again"),
            "a delta of 1 %": lambda: _retainctl(folder / "shop", "orders", "import", str(delta)),
        },
        rounds=ROUNDS,
        work=f"{lines:,} lines: parsed and stored as text; parsed, checked and written; parsed and compared; new ones.",
    )


def _first(folder: Path, path: Path) -> Run:
    shutil.rmtree(folder / "shop", ignore_errors=True)
    shutil.copytree(folder / "empty", folder / "shop")
    return _retainctl(folder / "shop", "orders", "import", str(path))


def _flat(database: Path, path: Path) -> Run:
    database.unlink(missing_ok=True)
    return run(["sqlite3", database, ".mode csv", f".import {path} flat"])


def _race_on_postgres(folder: Path, path: Path, delta: Path, lines: int) -> None:
    from tests.conftest import postgres_cluster

    with postgres_cluster(durable=True) as address:
        shop = folder / "shop"
        _retainctl(shop, "init", str(shop))
        settings = (shop / "retainctl.toml").read_text(encoding="utf-8")
        url = address.format(name="shop")
        (shop / "retainctl.toml").write_text(settings.replace("sqlite:retain.db", url), encoding="utf-8")
        race(
            "Importing orders into PostgreSQL",
            {
                "COPY into one flat table": lambda: _copy(address, path),
                "retainctl orders import": lambda: _first_on_postgres(address, shop, path),
                "the same with --again": lambda: _retainctl(shop, "orders", "import", str(path), "--again"),
                "a delta of 1 %": lambda: _retainctl(shop, "orders", "import", str(delta)),
            },
            rounds=1,
            work=f"{lines:,} lines, fsync on.",
        )


def _copy(address: str, path: Path) -> Run:
    url = address.format(name="postgres")
    columns = ", ".join(f"{name} text" for name in COLUMNS)
    script = f"DROP TABLE IF EXISTS flat; CREATE TABLE flat ({columns})"
    run(["psql", "-q", url, "-c", script])
    return run(["psql", "-q", url, "-c", rf"\copy flat FROM '{path}' (FORMAT csv, HEADER)"])


def _first_on_postgres(address: str, shop: Path, path: Path) -> Run:
    url = address.format(name="postgres")
    run(["psql", "-q", url, "-c", "DROP DATABASE IF EXISTS shop", "-c", "CREATE DATABASE shop"])
    _retainctl(shop, "db", "migrate")
    return _retainctl(shop, "orders", "import", str(path))


def _retainctl(shop: Path, *words: str) -> Run:
    return run([sys.executable, "-m", "retainctl", "--shop", shop, *words])


if __name__ == "__main__":
    named = [word for word in sys.argv[1:] if word != "--postgres"]
    main(Path(named[0]).resolve() if named else None, postgres="--postgres" in sys.argv)
