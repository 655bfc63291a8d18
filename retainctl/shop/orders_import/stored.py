"""What was in the books before an import, for judging its rows by; and the fingerprints that they are judged by.

An order's rows in sixteen bytes are the sum of its rows' own fingerprints, in whatever order they stand. The salt
stands for how the cells are read: the same cells read in another way are another order.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final, NamedTuple

from retainctl.intake.cells import Cells
from retainctl.shop.identity import PlainPerson
from retainctl.store import dialect
from retainctl.store.database import rows, value

SIZE_BYTES: Final = 16
_MODULUS: Final = 1 << 8 * SIZE_BYTES


class Stored(NamedTuple):
    """An order that is known."""

    order_id: int
    fingerprint: bytes
    import_id: int  # that wrote it last
    customer_id: int | None
    order_day: int
    status: str


class StoredReturn(NamedTuple):
    """Returns that stand alone, and are known."""

    fingerprint: bytes
    import_id: int  # that wrote them last


@dataclass(frozen=True, slots=True)
class Past:
    """What came before an import.

    For one that *is_first* nothing is stored that its rows could be compared with. A file that was *read_before_by*
    an import brings no news of what was told since. Rows out of the quarantine of an import are *appended_to* the
    orders of it or an earlier one, but for the orders of which *whole* has the ids: all of their rows waited. The file
    is known to have *rows_apart* that are of one order.
    """

    is_first: bool = False
    read_before_by: int | None = None
    appended_to: int | None = None
    whole: frozenset[str] = frozenset()
    rows_apart: bool = False


def nothing_stored() -> bool:
    """Whether the books hold no order and no return at all."""
    return value("SELECT 1 FROM orders LIMIT 1") is None and value("SELECT 1 FROM order_returns LIMIT 1") is None


def stored_orders(source: str, keys: list[str], *, but_of: int) -> dict[str, Stored]:
    """The orders with these ids that an import other than *but_of* wrote last."""
    condition, bound = dialect.one_of(keys)
    return {
        key: Stored(order_id, bytes(fingerprint), *others)
        for key, order_id, fingerprint, *others in rows(
            "SELECT external_id, id, content_hash, import_id, customer_id, order_day, status FROM orders"
            f" WHERE source = ? AND external_id {condition} AND import_id <> ?",
            source,
            bound,
            but_of,
        )
    }


def stored_returns(source: str, keys: list[str], *, but_of: int) -> dict[str, StoredReturn]:
    """The returns with these ids that an import other than *but_of* wrote."""
    condition, bound = dialect.one_of(keys)
    return {
        key: StoredReturn(bytes(fingerprint), import_id)
        for key, fingerprint, import_id in rows(
            "SELECT DISTINCT external_id, content_hash, import_id FROM order_returns"
            f" WHERE source = ? AND external_id {condition} AND import_id <> ?",
            source,
            bound,
            but_of,
        )
    }


Back = tuple[int, str]  # what came back: when, and the number of its article, "" of money alone


def told_back(source: str, key: str) -> dict[Back, Counter[tuple[int, int]]]:
    """The thousandths and amounts that came back under the id *key* by now, by when and what they are of."""
    found: defaultdict[Back, Counter[tuple[int, int]]] = defaultdict(Counter)
    for returned_at, sku, thousandths, amount in rows(
        """SELECT r.returned_at, COALESCE(p.sku, ''), SUM(r.quantity_thousandths), SUM(r.amount_minor)
            FROM order_returns AS r LEFT JOIN products AS p ON p.id = r.product_id
            WHERE r.source = ? AND r.external_id = ? GROUP BY r.line_no, r.returned_at, COALESCE(p.sku, '')""",
        source,
        key,
    ):
        found[returned_at, sku][int(thousandths), int(amount)] += 1
    return found


def stored_articles(order_id: int) -> set[str]:
    """The articles of a known order, by their SKUs."""
    query = "SELECT p.sku FROM order_lines AS l JOIN products AS p ON p.id = l.product_id WHERE l.order_id = ?"
    return {sku for (sku,) in rows(query, order_id)}


def is_customer(customer_id: int, person: PlainPerson) -> bool:
    """Whether the *person* may be that customer: one of their ids or addresses is, or they have none."""
    source, external_id, addresses, *_ = person
    names: list[tuple[object, ...]] = [(kind, key) for kind, _value, key, *_ in addresses]
    theirs = rows(
        """SELECT kind, key FROM contact_points WHERE customer_id = ?
            UNION ALL SELECT source, external_id FROM customer_keys WHERE customer_id = ?""",
        customer_id,
        customer_id,
    )
    names += [(source, external_id)] if external_id is not None else []
    return not names or not set(names).isdisjoint(theirs)


def is_stale(order_id: int, updated_at: int | None) -> bool:
    """Whether more is known of the order than what its source said at *updated_at*."""
    if updated_at is None:
        return False
    known = value("SELECT source_updated_at FROM orders WHERE id = ?", order_id)
    return known is not None and updated_at < known


def salt_of(meaning: str) -> int:
    """The salt of cells that are read as *meaning* says."""
    return _number(blake2b(meaning.encode(), digest_size=SIZE_BYTES).digest())


def digests(rows: Iterable[Cells]) -> list[int]:
    """The own fingerprint of each of *rows*."""
    join, number = "\x1f".join, int.from_bytes
    return [
        number(blake2b(join(cells).encode("utf-8", "surrogatepass"), digest_size=SIZE_BYTES).digest(), "little")
        for cells in rows
    ]


def fingerprint(total: int, salt: int) -> bytes:
    """That of rows whose own fingerprints have the sum *total*."""
    return ((total + salt) % _MODULUS).to_bytes(SIZE_BYTES, "little")


def joined(one: bytes, other: bytes, salt: int) -> bytes:
    """That of the rows of both."""
    return fingerprint(_number(one) + _number(other) - 2 * salt, salt)


def _number(stored: bytes) -> int:
    return int.from_bytes(stored, "little")
