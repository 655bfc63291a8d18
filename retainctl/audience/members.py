"""Who is in a segment, who joined and who left, as of its last refresh."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from retainctl.audience.definitions import read_definition
from retainctl.audience.segments import snapshot_id
from retainctl.config import Shop
from retainctl.rows import Row
from retainctl.store.database import execute, value


@dataclass(frozen=True, slots=True)
class Member(Row):
    """A customer who is in a segment."""

    kind: ClassVar[str] = "member"
    customer_id: int
    first_name: str | None
    last_name: str | None
    since: str


@dataclass(frozen=True, slots=True)
class Reachable(Row):
    """A member, as other programs know and reach them: the first of each kind."""

    kind: ClassVar[str] = "member"
    customer_id: int
    external_id: str | None
    first_name: str | None
    last_name: str | None
    email: str | None
    phone: str | None
    since: str


@dataclass(frozen=True, slots=True)
class Change(Row):
    """A customer who joined or left."""

    kind: ClassVar[str] = "change"
    at: str
    change: Literal["joined", "left"]
    customer_id: int
    first_name: str | None
    last_name: str | None


def count(shop: Shop, name: str) -> int:
    """How many members the segment called *name* has."""
    read_definition(shop, name)
    return int(value("SELECT members FROM segments WHERE id = ?", snapshot_id(name)))


def members(shop: Shop, name: str) -> list[Member]:
    """The members of the segment called *name*, in order of their ids."""
    read_definition(shop, name)
    found = execute(
        """SELECT c.id, c.first_name, c.last_name, m.joined_at FROM segment_members m
           JOIN customers c ON c.id = m.customer_id
           WHERE m.segment_id = ? AND m.left_at IS NULL ORDER BY c.id""",
        snapshot_id(name),
    )
    return [Member(row[0], row[1], row[2], shop.clock.iso(row[3])) for row in found]


def export(shop: Shop, name: str) -> list[Reachable]:
    """The members of the segment called *name* with their addresses, in order of their ids."""
    read_definition(shop, name)
    found = execute(
        """SELECT c.id, (SELECT MIN(k.external_id) FROM customer_keys k WHERE k.customer_id = c.id),
               c.first_name, c.last_name,
               (SELECT p.value FROM contact_points p WHERE p.customer_id = c.id AND p.kind = 'email'
                ORDER BY p.id LIMIT 1),
               (SELECT p.key FROM contact_points p WHERE p.customer_id = c.id AND p.kind = 'phone'
                ORDER BY p.id LIMIT 1),
               m.joined_at
           FROM segment_members m JOIN customers c ON c.id = m.customer_id
           WHERE m.segment_id = ? AND m.left_at IS NULL ORDER BY c.id""",
        snapshot_id(name),
    )
    return [Reachable(row[0], row[1], row[2], row[3], row[4], row[5], shop.clock.iso(row[6])) for row in found]


def changes(shop: Shop, name: str) -> list[Change]:
    """Everybody who ever joined or left the segment called *name*, the latest first."""
    read_definition(shop, name)
    found = execute(
        """SELECT x.at, x.change, c.id, c.first_name, c.last_name FROM
           (SELECT customer_id, joined_at AS at, 'joined' AS change FROM segment_members WHERE segment_id = ?
            UNION ALL
            SELECT customer_id, left_at, 'left' FROM segment_members WHERE segment_id = ? AND left_at IS NOT NULL) x
           JOIN customers c ON c.id = x.customer_id ORDER BY x.at DESC, c.id, x.change""",
        snapshot_id(name), snapshot_id(name),
    )  # fmt: skip
    return [Change(shop.clock.iso(row[0]), *row[1:]) for row in found]
