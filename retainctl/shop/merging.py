"""Two customers who are one person: what one has goes to the other, each moved row written down, and back again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

import peewee

from retainctl.config import Shop
from retainctl.errors import Refused, WrongUsage
from retainctl.facets import Moved, all_facets
from retainctl.rows import Row
from retainctl.shop.identity import ATTRIBUTES
from retainctl.shop.summaries import summarise
from retainctl.store import dialect
from retainctl.store.database import database, execute, execute_many, rows, value
from retainctl.store.select import Instant, MaybeInstant, select
from retainctl.store.transactions import in_one_transaction


class Merge(Row, kind="merge", spare="keys contact_points responses"):
    """A merge, or its undoing, and how many rows it moved."""

    merge_id: int
    survivor_id: int
    merged_id: int
    reason: str
    merged_at: Instant
    undone_at: MaybeInstant
    contact_points: int
    keys: int
    orders: int
    returns: int
    responses: int


@in_one_transaction
def merge(shop: Shop, *, survivor_id: int, merged_id: int, reason: str) -> Merge:
    """Give all that *merged_id* has to *survivor_id*, who is found by the marks of both from now on.

    Names and language that the survivor lacks are taken over. The merged customer's row stays and says where it went.
    """
    _hold_locks()
    if survivor_id == merged_id:
        raise WrongUsage(f"customer {survivor_id} cannot be merged with itself")
    for customer_id in (survivor_id, merged_id):
        _assert_stands_alone(customer_id)
    now = shop.clock.now()
    merge_id = dialect.take_ids("customer_merges", 1)
    execute(
        "INSERT INTO customer_merges (id, survivor_id, merged_id, merged_at, reason) VALUES (?, ?, ?, ?, ?)",
        merge_id,
        survivor_id,
        merged_id,
        now,
        reason,
    )
    for table, key in _followers():
        dialect.insert_many(
            "customer_merge_moves",
            "merge_id table_name row_key",
            [
                (merge_id, table, json.dumps(row, ensure_ascii=False))
                for row in _moved(table, key, to=survivor_id, off=merged_id)
            ],
        )
    for facet in all_facets():
        facet.merged(shop, Moved(merge_id, survivor_id, merged_id))
    execute("UPDATE customers SET merged_into = ? WHERE id = ?", survivor_id, merged_id)
    _take_over(survivor_id, merged_id, source=f"merge {merge_id}", now=now)
    summarise([survivor_id, merged_id])
    return read(shop, merge_id)


def _moved(table: str, key: tuple[str, ...], *, to: int, off: int) -> list[tuple[Any, ...]]:
    """Give all rows of *table* that *off* has to *to*; the keys of those that were moved.

    One that says what a row of *to* says already, where a table has each once, stays where it is.
    """
    found = rows(f"SELECT {', '.join(key)} FROM {table} WHERE customer_id = ?", off)
    try:
        with database.atomic():
            execute(f"UPDATE {table} SET customer_id = ? WHERE customer_id = ?", to, off)
        return found
    except peewee.IntegrityError:
        return [row for row in found if _is_moved(table, key, row, to=to)]


def _is_moved(table: str, key: tuple[str, ...], row: tuple[Any, ...], *, to: int) -> bool:
    condition = " AND ".join(f"{column} = ?" for column in key)
    try:
        with database.atomic():
            execute(f"UPDATE {table} SET customer_id = ? WHERE {condition}", to, *row)
    except peewee.IntegrityError:
        return False
    return True


def _hold_locks() -> None:
    """Nobody else makes customers or books points meanwhile: it moves what they look for and what they book on."""
    for facet in all_facets():
        for name in facet.locks:
            dialect.hold_lock(name)


def _followers() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every table whose rows belong to a customer and follow them, with its primary key."""
    for facet in all_facets():
        yield from facet.moved_by_merge.items()


def _assert_stands_alone(customer_id: int) -> None:
    found = rows("SELECT merged_into FROM customers WHERE id = ?", customer_id)
    if not found:
        raise WrongUsage(f"there is no customer {customer_id}", hint="List them: retainctl customers list")
    if found[0][0] is not None:
        raise Refused(
            f"customer {customer_id} was already merged into customer {found[0][0]}",
            hint=f"Use customer {found[0][0]} instead.",
        )


def _take_over(survivor_id: int, merged_id: int, *, source: str, now: int) -> None:
    """Fill what the survivor does not say of themselves."""
    (own,) = rows(f"SELECT {', '.join(ATTRIBUTES)} FROM customers WHERE id = ?", survivor_id)
    (other,) = rows(f"SELECT {', '.join(ATTRIBUTES)} FROM customers WHERE id = ?", merged_id)
    for name, before, after in zip(ATTRIBUTES, own, other, strict=True):
        if before is None and after is not None:
            _change(survivor_id, name, before, after, source=source, now=now)


def _change(customer_id: int, name: str, before: str | None, after: str | None, *, source: str, now: int) -> None:
    execute(f"UPDATE customers SET {name} = ? WHERE id = ?", after, customer_id)
    execute(
        "INSERT INTO customer_changes (customer_id, changed_at, field, before, after, source)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        customer_id,
        now,
        name,
        before,
        after,
        source,
    )


@in_one_transaction
def undo(shop: Shop, merge_id: int) -> Merge:
    """Give back what the merge moved, and what has come back of the orders among it.

    What came to the survivor since then stays theirs; points are parted by what each has done (``club.unmerge``).
    """
    _hold_locks()
    found = rows("SELECT survivor_id, merged_id, undone_at FROM customer_merges WHERE id = ?", merge_id)
    if not found:
        raise WrongUsage(
            f"there is no merge {merge_id}", hint="See a customer's merges: retainctl customers show CUSTOMER"
        )
    survivor_id, merged_id, undone_at = found[0]
    if undone_at is not None:
        raise Refused(f"merge {merge_id} was already undone")
    later = value("SELECT id FROM customer_merges WHERE merged_id = ? AND undone_at IS NULL", survivor_id)
    if later is not None:
        raise Refused(
            f"customer {survivor_id} has since been merged into another customer",
            hint=f"Undo that merge first: retainctl customers merge --undo {later}",
        )
    for table, key in _followers():
        moved = rows("SELECT row_key FROM customer_merge_moves WHERE merge_id = ? AND table_name = ?", merge_id, table)
        condition = " AND ".join(f"{column} = ?" for column in key)
        execute_many(
            f"UPDATE {table} SET customer_id = ? WHERE customer_id = ? AND {condition}",
            [(merged_id, survivor_id, *json.loads(row_key)) for (row_key,) in moved],
        )
    execute("UPDATE customers SET merged_into = NULL WHERE id = ?", merged_id)
    execute(_RETURNS_BACK, merged_id, survivor_id, merged_id)
    _give_back(survivor_id, merge_id, now=shop.clock.now())
    execute("UPDATE customer_merges SET undone_at = ? WHERE id = ?", shop.clock.now(), merge_id)
    summarise([survivor_id, merged_id])
    for facet in all_facets():
        facet.parted(shop, Moved(merge_id, survivor_id, merged_id))
    return read(shop, merge_id)


_RETURNS_BACK: Final = """
    UPDATE order_returns SET customer_id = ?
    WHERE customer_id = ? AND order_id IN (SELECT id FROM orders WHERE customer_id = ?)
"""


def _give_back(survivor_id: int, merge_id: int, *, now: int) -> None:
    """Empty what the merge had filled, where nobody has changed it since."""
    for name, after in rows(
        "SELECT field, after FROM customer_changes WHERE customer_id = ? AND source = ?",
        survivor_id,
        f"merge {merge_id}",
    ):
        if value(f"SELECT {name} FROM customers WHERE id = ?", survivor_id) == after:
            _change(survivor_id, name, after, None, source=f"merge {merge_id} undone", now=now)


def read(shop: Shop, merge_id: int) -> Merge:
    """The merge with that number."""
    moved = "(SELECT COUNT(*) FROM customer_merge_moves WHERE merge_id = m.id AND table_name = '{}') AS {}"
    counts = ", ".join(moved.format(table, name) for table, name in _COUNTED.items())
    sql = f"""SELECT m.id AS merge_id, m.survivor_id, m.merged_id, m.reason, m.merged_at, m.undone_at, {counts}
        FROM customer_merges AS m WHERE m.id = ?"""
    (found,) = select(shop, Merge, sql, merge_id)
    return found


_COUNTED: Final = {
    "contact_points": "contact_points",
    "customer_keys": "keys",
    "orders": "orders",
    "order_returns": "returns",
    "responses": "responses",
}
