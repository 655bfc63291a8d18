"""An import that is killed at any moment leaves no trace, and the next one is as if it were the first (B59)."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from retainctl.config import read_shop
from retainctl.shop.orders_import.processes import LARGE_BYTES
from retainctl.store.database import database, rows
from retainctl.store.opening import open_database
from tests.conftest import NOW, MakeShop, Terminal
from tests.shop.orders_import.conftest import HEADER, row

KILLS = 6
SEED = 59
# What an import writes; which installation sends is what two databases may never share.
TABLES = (
    "imports", "held_rows", "customers", "customer_keys", "contact_points", "consents", "products", "orders",
    "order_lines", "order_returns", "order_versions", "customer_summaries",
)  # fmt: skip
# PostgreSQL takes numbers that nobody gives back; what bears them is told apart by the rest. Each shop hashes addresses
# with a secret of its own.
EACH_SHOP_S_OWN = {"id", "customer_id", "contact_point_id", "product_id", "order_id", "import_id", "key_hash"}


def books(folder: Path) -> dict[str, list[str]]:
    """All that imports wrote, without what differs from shop to shop."""
    found: dict[str, list[str]] = {}
    with open_database(read_shop(str(folder), now=NOW).database_url, now=0):
        for table in TABLES:
            names = [column.name for column in database.get_columns(table) if column.name not in EACH_SHOP_S_OWN]
            found[table] = sorted(map(repr, rows(f"SELECT {', '.join(names)} FROM {table}")))
    return found


ORDERS = [HEADER, *(row(str(number), email=f"c{number % 900}@shop.example") for number in range(60_000))]
CUSTOMERS = ["external_id,email,phone", *(f"{n},c{n}@shop.example,05{20_000_000 + n}" for n in range(1, 15_001))]
PRODUCTS = ["sku,name,price", *(f"A{number},Article {number},10.00" for number in range(20_000))]
CONSENT = ["email,answer,evidence", *(f"c{number}@shop.example,yes,form {number}" for number in range(1, 15_001))]


def words(folder: Path, noun: str, path: Path) -> list[str]:
    return [sys.executable, "-m", "retainctl", "--shop", str(folder), "--now", NOW, noun, "import", str(path)]


def file_of(tmp_path: Path, noun: str, lines: list[str]) -> Path:
    path = tmp_path / f"{noun}.csv"
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")
    return path


@pytest.mark.proof
@pytest.mark.parametrize(
    ("noun", "lines", "before"),
    [
        ("orders", ORDERS, None), ("customers", CUSTOMERS, None), ("products", PRODUCTS, None),
        ("consent", CONSENT, CUSTOMERS),
    ],
    ids=["orders", "customers", "products", "consent"],
)  # fmt: skip
def test_an_import_that_was_killed_equals_a_clean_one(
    make_shop: MakeShop, tmp_path: Path, noun: str, lines: list[str], before: list[str] | None
) -> None:
    clean, killed = tmp_path / "clean", make_shop()
    Terminal(clean)("init", str(clean))
    if before is not None:
        for folder in (clean, killed):
            subprocess.run(
                words(folder, "customers", file_of(tmp_path, "customers", before)),
                check=True,
                stdout=subprocess.DEVNULL,
            )
    path = file_of(tmp_path, noun, lines)
    assert noun != "orders" or path.stat().st_size > LARGE_BYTES, "two processes are at work"
    nothing = books(killed)
    started = time.monotonic()
    subprocess.run(words(clean, noun, path), check=True, stdout=subprocess.DEVNULL, cwd="/")
    whole_seconds = time.monotonic() - started
    chance = random.Random(SEED)
    for _ in range(KILLS):
        process = subprocess.Popen(words(killed, noun, path), stdout=subprocess.DEVNULL, cwd="/")
        time.sleep(chance.uniform(0.1, 0.9) * whole_seconds)
        process.kill()
        process.wait()
        assert books(killed) in (nothing, books(clean)), "half of an import is in the books"
    subprocess.run(words(killed, noun, path), check=True, stdout=subprocess.DEVNULL, cwd="/")
    assert books(killed) == books(clean)
