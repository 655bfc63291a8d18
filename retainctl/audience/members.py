"""Who is in a segment, who joined and who left, as of its last refresh."""

from __future__ import annotations

from typing import Literal

from retainctl.audience.segments import snapshot_id
from retainctl.config import Shop
from retainctl.rows import Row
from retainctl.store.database import value
from retainctl.store.select import Instant, select


class Member(Row, kind="member"):
    """A customer who is in a segment."""

    customer_id: int
    first_name: str | None
    last_name: str | None
    since: Instant


class Reachable(Row, kind="reachable_member"):
    """A member with their external id and addresses for use in other programs: the first of each kind."""

    customer_id: int
    external_id: str | None
    first_name: str | None
    last_name: str | None
    email: str | None
    phone: str | None
    since: Instant


class Change(Row, kind="change"):
    """A customer who joined or left."""

    at: Instant
    change: Literal["joined", "left"]
    customer_id: int
    first_name: str | None
    last_name: str | None


class Count(Row, kind="segment_count"):
    """How many members a segment has."""

    segment: str
    members: int


def count(shop: Shop, name: str) -> int:
    """How many members the segment *name* has."""
    return int(value("SELECT members FROM segments WHERE id = ?", snapshot_id(shop, name)))


_WHO = """FROM segment_members m JOIN customers c ON c.id = m.customer_id
    WHERE m.segment_id = ? AND m.left_at IS NULL ORDER BY c.id"""


def members(shop: Shop, name: str) -> list[Member]:
    """The members of the segment *name*, in order of their ids."""
    sql = f"SELECT c.id AS customer_id, c.first_name, c.last_name, m.joined_at AS since {_WHO}"
    return select(shop, Member, sql, snapshot_id(shop, name))


def export(shop: Shop, name: str) -> list[Reachable]:
    """The members of the segment *name* with their addresses, in order of their ids."""
    sql = f"""SELECT c.id AS customer_id, c.first_name, c.last_name, m.joined_at AS since,
        (SELECT MIN(k.external_id) FROM customer_keys k WHERE k.customer_id = c.id) AS external_id,
        (SELECT p.value FROM contact_points p WHERE p.customer_id = c.id AND p.kind = 'email'
            ORDER BY p.id LIMIT 1) AS email,
        (SELECT p.key FROM contact_points p WHERE p.customer_id = c.id AND p.kind = 'phone'
            ORDER BY p.id LIMIT 1) AS phone {_WHO}"""
    return select(shop, Reachable, sql, snapshot_id(shop, name))


def changes(shop: Shop, name: str) -> list[Change]:
    """Every customer who ever joined or left the segment *name*, the latest first."""
    sql = """SELECT x.at, x.change, c.id AS customer_id, c.first_name, c.last_name FROM
        (SELECT customer_id, joined_at AS at, 'joined' AS change FROM segment_members WHERE segment_id = ?
         UNION ALL
         SELECT customer_id, left_at, 'left' FROM segment_members WHERE segment_id = ? AND left_at IS NOT NULL) x
        JOIN customers c ON c.id = x.customer_id ORDER BY x.at DESC, c.id, x.change"""
    return select(shop, Change, sql, snapshot_id(shop, name), snapshot_id(shop, name))
