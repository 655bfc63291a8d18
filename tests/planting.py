"""Rows put straight into the tables, where a test needs what no command would leave there."""

from __future__ import annotations

from datetime import date

from retainctl.clock import day_number, month_number
from retainctl.config import Shop
from retainctl.shop import consent
from retainctl.store.address_hash import address_hasher
from retainctl.store.database import value


def plant(table: str, **columns: object) -> int:
    """One row of *table*; its id, or whatever its first column is."""
    marks = ", ".join("?" * len(columns))
    sql = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks}) ON CONFLICT DO NOTHING RETURNING *"
    return value(sql, *columns.values())  # type: ignore[no-any-return]


def plant_address(customer_id: int, key: str, *, kind: str = "email", value: str = "", **columns: object) -> int:
    """An address of a customer, as an import would leave it; its id."""
    given = {"source": "till", "created_at": 0} | columns
    key_hash = address_hasher()(kind, key)
    return plant(
        "contact_points", customer_id=customer_id, kind=kind, value=value or key, key=key, key_hash=key_hash, **given
    )


def on_day(day: str) -> tuple[int, int]:
    """``order_day`` and ``order_month`` of an ISO day."""
    return day_number(date.fromisoformat(day)), month_number(date.fromisoformat(day))


def give(
    shop: Shop,
    contact_point_id: int,
    *,
    purpose: consent.Purpose,
    source: str,
    evidence: str,
    happened_at: int | None = None,
    wording: str = "",
) -> bool:
    """Record that permission was given (now, unless *happened_at* says when); False when that was known already."""
    happened = shop.clock.now() if happened_at is None else happened_at
    decision = consent.Decision(contact_point_id, purpose, "given", source, evidence, happened, wording)
    return consent.record(shop, [decision]) == ["new"]
