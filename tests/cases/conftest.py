"""What the cases have in common: files written where the test is, and a shop at the hour of each step."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from retainctl.clock import Clock, parse_instant
from retainctl.config import Shop
from retainctl.intake.import_runs import FileResult, together
from retainctl.store.database import rows
from tests.reach import contactable

Write = Callable[..., str]
# The columns of a plain file of orders.
ORDERS = "order_id,ordered_at,email,sku,quantity,unit_price,currency,status"


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a file of these lines; where it is."""

    def write(name: str, *lines: str, mark: bool = False) -> str:
        path = tmp_path / name
        path.write_text("\n".join([*lines, ""]), encoding="utf-8-sig" if mark else "utf-8")
        return str(path)

    return write


def on(shop: Shop, time: str) -> Shop:
    """The same shop at another hour."""
    return dataclasses.replace(shop, clock=Clock(shop.clock.zone, parse_instant(time, shop.clock.zone)))


def counts(done: FileResult[Any]) -> tuple[int, int, int, int]:
    """Rows read, new, changed and unchanged."""
    return done.row.rows_read, done.row.rows_new, done.row.rows_changed, done.row.rows_unchanged


def codes(done: FileResult[Any]) -> list[str]:
    """Why the rows that are in quarantine are."""
    return [held.code for held in done.quarantined]


def exit_code(done: FileResult[Any]) -> int:
    """With which code the command ends that brought in this file alone."""
    return together([done], hint="").exit_code


def reached(shop: Shop) -> list[int]:
    """The customers who may be written to now."""
    everybody = [customer_id for (customer_id,) in rows("SELECT id FROM customers ORDER BY id")]
    may = contactable(everybody, purpose="marketing", at=shop.clock.now())
    return [customer_id for customer_id, why in may.items() if not isinstance(why, str)]


def booked() -> list[tuple[str, str, int, int]]:
    """Each order: its number, its state, what it is worth and what of that came back."""
    return rows(
        "SELECT external_id, status, gross_minor, (SELECT COALESCE(SUM(amount_minor), 0) FROM order_returns"
        " WHERE order_id = o.id) FROM orders AS o ORDER BY id"
    )


def instant(text: str) -> int:
    """The second that *text*, which names its offset, is."""
    return int(datetime.fromisoformat(text).timestamp())
