"""A shop on SQLite for tests of what is read, where the database does not matter, and a way to bring a file in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from retainctl.config import Shop, init_folder, read_shop
from retainctl.intake.import_runs import FileResult
from retainctl.shop.orders_import.orders import OrdersImported, import_orders
from retainctl.shop.orders_import.planning import OrderOptions
from retainctl.store.opening import open_database
from tests.conftest import NOW

HEADER = "order_id,ordered_at,email,phone,sku,quantity,unit_price,discount,currency,status"
PIECES = "quantity_thousandths / 1000"
Bring = Callable[..., FileResult[OrdersImported]]


def row(order: str = "1", **cells: str) -> str:
    """A line of an order that is right, but for *cells*."""
    right = {
        "order_id": order, "ordered_at": "2025-01-05T10:00:00+02:00", "email": "dana@shop.example", "phone": "",
        "sku": "MUG", "quantity": "2", "unit_price": "10.00", "discount": "", "currency": "ILS", "status": "paid",
    }  # fmt: skip
    return ",".join((right | cells).values())


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Shop]:
    """A Hebrew shop in shekels on SQLite, its database open and its clock standing still."""
    folder = tmp_path / "books"
    init_folder(folder, name="s", language="he", currency="ILS", timezone="Asia/Jerusalem", country="IL")
    shop = read_shop(str(folder), now=NOW)
    with open_database(shop.database_url, now=shop.clock.now(), migrate=True):
        yield shop


@pytest.fixture
def bring(tmp_path: Path) -> Bring:
    """Import a file of these lines (or bytes) into a shop, by the mapping file ``till.toml`` of this text if any."""

    def bring(
        shop: Shop, *lines: str | bytes, name: str = "orders.csv", mapping: str = "", **options: object
    ) -> FileResult[OrdersImported]:
        path = tmp_path / name
        if mapping:
            options["mapping"] = tmp_path / "till.toml"
            (tmp_path / "till.toml").write_text(f"{mapping}\n", encoding="utf-8")
        parts = [line if isinstance(line, bytes) else f"{line}\n".encode() for line in lines]
        path.write_bytes(b"".join(parts))
        return import_orders(shop, str(path), OrderOptions(**options))  # type: ignore[arg-type]

    return bring


def counts(outcome: FileResult[OrdersImported]) -> tuple[int, ...]:
    """Rows read, new, changed, unchanged, set aside, blank, quarantined."""
    one = outcome.row
    return (
        one.rows_read, one.rows_new, one.rows_changed, one.rows_unchanged, one.rows_set_aside, one.rows_blank,
        one.rows_quarantined,
    )  # fmt: skip


def codes(outcome: FileResult[OrdersImported]) -> list[str]:
    return [held.code for held in outcome.quarantined]
