"""Who somebody is: found by what a shop calls them, then by e-mail, then by phone; made when nobody is found.

A household or a till may share a phone. So it finds nobody for one who brings another e-mail than its customer's, or
another id of the same shop: two who are one can be merged, but strangers made one could never be parted. One who gives
none of the three is a guest and nobody. Marks that point at different customers are told and never settled: the
strongest one counts, and nothing is merged.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple

from retainctl.config import Shop
from retainctl.store import dialect
from retainctl.store.address_hash import address_hasher
from retainctl.store.database import execute_many, rows
from retainctl.store.transactions import in_one_transaction

BATCH_SIZE: Final = 500
_SHARED: Final = ("role", "test", "relay")
LOCK: Final = "customers"  # whoever makes customers holds it, so that two cannot make the same one

Mark = tuple[str, str, str]  # ("key", source, external id), ("email", "", key) or ("phone", "", key)


class Address(NamedTuple):
    """A contact point as a file gives it; *key* is how it is compared (normalising.py)."""

    kind: Literal["email", "phone", "postal"]
    value: str
    key: str
    flag: str = ""
    verified: bool = False


class Person(NamedTuple):
    """What a row says of somebody. None says nothing, and changes nothing."""

    source: str
    external_id: str | None = None
    addresses: tuple[Address, ...] = ()
    first_name: str | None = None
    last_name: str | None = None
    language: str | None = None


# A person as the plain tuple of its fields and of its addresses' fields: what millions of them are handed over as.
PlainPerson = tuple[str, str | None, tuple[tuple[object, ...], ...], str | None, str | None, str | None]


def person_of(plain: PlainPerson) -> Person:
    """*plain* by the names of its fields."""
    new = tuple.__new__  # a third of the time that the classes' own takes
    source, external_id, addresses, *said = plain
    return new(Person, (source, external_id, tuple([new(Address, one) for one in addresses]), *said))


class Found(NamedTuple):
    """Who a person is. *contact_point_ids* are those of their addresses, None where another customer has one."""

    customer_id: int | None
    outcome: Literal["guest", "new", "changed", "unchanged"]
    conflicts: tuple[str, ...] = ()
    contact_point_ids: tuple[int | None, ...] = ()


def marks(person: Person) -> list[Mark]:
    """What *person* can be found by, strongest first.

    Addresses that many share (role, test, relay) stand for somebody only when there is nothing better.
    """
    found: list[Mark] = [("key", person.source, person.external_id)] if person.external_id else []
    emails = [address for address in person.addresses if address.kind == "email"]
    found += [("email", "", address.key) for address in emails if not _is_shared(address)]
    found += [("phone", "", address.key) for address in person.addresses if address.kind == "phone"]
    return found or [("email", "", address.key) for address in emails]


def _is_shared(address: Address) -> bool:
    return address.flag in _SHARED


@in_one_transaction
def find_or_make(
    shop: Shop, persons: Sequence[Person], *, overwrite: bool = True, settled: set[int] | None = None
) -> list[Found]:
    """Who each of *persons* is, in order; who is not known yet is made, and what they say is kept.

    A name or language that differs is taken over, and the change written down, unless *overwrite* is False or the
    customer is among the *settled*: those of whom this import has told already. It adds to them whom it tells of.
    """
    dialect.hold_lock(LOCK)
    told = set() if settled is None else settled
    found: list[Found] = []
    for first in range(0, len(persons), BATCH_SIZE):
        batch = _PersonBatch(shop.clock.now(), overwrite, told)
        batch.read(persons[first : first + BATCH_SIZE])
        found += [batch.admit(person) for person in persons[first : first + BATCH_SIZE]]
        batch.write()
    return found


@dataclass(slots=True)
class _Attributes:
    """A customer's own attributes, as the database has them or will."""

    first_name: str | None = None
    last_name: str | None = None
    language: str | None = None


@dataclass(slots=True)
class _Point:
    id: int
    customer_id: int
    verified: bool


_SPOKEN: Final = {"key": "the id", "email": "the e-mail", "phone": "the phone"}
ATTRIBUTES: Final = ("first_name", "last_name", "language")


@dataclass(slots=True)
class _PersonBatch:
    """Some hundred persons at once: read what is known of all of them, decide in memory, write it together."""

    now: int
    overwrite: bool
    settled: set[int]
    next_customer: int = 0
    next_point: int = 0
    owners: dict[Mark, int] = field(default_factory=dict)
    with_email: set[int] = field(default_factory=set)
    with_id: set[tuple[str, int]] = field(default_factory=set)  # the source, and the customer whom it calls something
    points: dict[tuple[str, str, int], _Point] = field(default_factory=dict)
    known: dict[int, _Attributes] = field(default_factory=dict)
    made: set[int] = field(default_factory=set)
    new_keys: list[tuple[str, str, int]] = field(default_factory=list)
    new_points: list[tuple[object, ...]] = field(default_factory=list)
    newly_verified: list[tuple[int]] = field(default_factory=list)
    changed: set[int] = field(default_factory=set)
    hash_of: Callable[[str, str], bytes] = field(default_factory=address_hasher)
    changes: list[tuple[object, ...]] = field(default_factory=list)

    def read(self, persons: Sequence[Person]) -> None:
        """Read everything that *persons* could be found by."""
        self.next_customer = dialect.take_ids("customers", len(persons))
        self.next_point = dialect.take_ids("contact_points", sum(len(person.addresses) for person in persons) or 1)
        for source in {person.source for person in persons}:
            ids = {person.external_id for person in persons if person.external_id and person.source == source}
            for external_id, customer_id in _where_one_of(
                "SELECT external_id, customer_id FROM customer_keys WHERE source = ? AND external_id", ids, source
            ):
                self.owners["key", source, external_id] = customer_id
        self._read_points(persons)
        self._read_other_marks()
        owned = set(self.owners.values())
        for customer_id, first, last, language in _where_one_of(
            "SELECT id, first_name, last_name, language FROM customers WHERE id", owned
        ):
            self.known[customer_id] = _Attributes(first, last, language)
        postal = {address.key for person in persons for address in person.addresses if address.kind == "postal"}
        if postal:
            for point, customer_id, key, verified in _where_one_of(
                "SELECT id, customer_id, key, verified FROM contact_points WHERE kind = 'postal' AND customer_id",
                owned,
            ):
                self.points["postal", key, customer_id] = _Point(point, customer_id, bool(verified))

    def _read_points(self, persons: Sequence[Person]) -> None:
        for kind in ("email", "phone"):
            keys = {address.key for person in persons for address in person.addresses if address.kind == kind}
            for point, customer_id, key, verified in _where_one_of(
                # The index of identities is of these two kinds alone, and SQLite asks to be told so.
                "SELECT id, customer_id, key, verified FROM contact_points"
                " WHERE kind IN ('email', 'phone') AND kind = ? AND key",
                keys,
                kind,
            ):
                self.owners[kind, "", key] = customer_id
                self.points[kind, key, 0] = _Point(point, customer_id, bool(verified))

    def _read_other_marks(self) -> None:
        """Which of those whom a phone may find have an e-mail, and which shops call them something."""
        called = {customer_id for mark, customer_id in self.owners.items() if mark[0] == "phone"}
        sql = f"SELECT customer_id FROM contact_points WHERE kind = 'email' AND flag NOT IN {_SHARED} AND customer_id"
        self.with_email.update(customer_id for (customer_id,) in _where_one_of(sql, called))
        self.with_id.update(
            (source, customer_id)
            for source, customer_id in _where_one_of(
                "SELECT source, customer_id FROM customer_keys WHERE customer_id", called
            )
        )

    def admit(self, person: Person) -> Found:
        """Who *person* is, and what is new about them, in memory."""
        own = marks(person)
        if not own:
            return Found(None, "guest")
        owners = [(mark, self.owners[mark]) for mark in own if mark in self.owners]
        finding = [(mark, one) for mark, one in owners if mark[0] != "phone" or not self._is_another(person, one)]
        customer_id = finding[0][1] if finding else self._make()
        conflicts: tuple[str, ...] = ()
        if others := [(mark, one) for mark, one in owners if one != customer_id]:
            decided = (
                f"{_SPOKEN[finding[0][0][0]]} belongs to customer {customer_id}"
                if finding
                else "this is a new customer"
            )
            conflicts = tuple(f"{decided}, {_SPOKEN[mark[0]]} belongs to customer {other}" for mark, other in others)
        is_new = self._name_key(person, customer_id)
        point_ids = []
        for address in person.addresses:
            point, added = self._keep(address, customer_id, source=person.source)
            point_ids.append(point)
            is_new = is_new or added
        is_new = self._keep_attributes(person, customer_id) or is_new
        outcome: Literal["new", "changed", "unchanged"] = "changed" if is_new else "unchanged"
        return Found(customer_id, outcome if finding else "new", conflicts, tuple(point_ids))

    def _is_another(self, person: Person, customer_id: int) -> bool:
        """Whether *person*, whose phone is the customer's, has what only somebody else can have."""
        if person.external_id and (person.source, customer_id) in self.with_id:
            return True
        return customer_id in self.with_email and any(mark[0] == "email" for mark in marks(person))

    def _make(self) -> int:
        customer_id = self.next_customer
        self.next_customer += 1
        self.made.add(customer_id)
        self.known[customer_id] = _Attributes()
        return customer_id

    def _name_key(self, person: Person, customer_id: int) -> bool:
        if not person.external_id:
            return False
        mark = ("key", person.source, person.external_id)
        if mark in self.owners:
            return False
        self.owners[mark] = customer_id
        self.with_id.add((person.source, customer_id))
        self.new_keys.append((person.source, person.external_id, customer_id))
        return True

    def _keep(self, address: Address, customer_id: int, *, source: str) -> tuple[int | None, bool]:
        """The id of the customer's contact point (None: another's), and whether it says something new."""
        place = (address.kind, address.key, customer_id if address.kind == "postal" else 0)
        point = self.points.get(place)
        if point is None:
            point = self.points[place] = _Point(self.next_point, customer_id, address.verified)
            self.next_point += 1
            self.owners.setdefault((address.kind, "", address.key), customer_id)
            if address.kind == "email" and not _is_shared(address):
                self.with_email.add(customer_id)
            self.new_points.append(
                (
                    point.id,
                    customer_id,
                    address.kind,
                    address.value,
                    address.key,
                    self.hash_of(address.kind, address.key),
                    address.flag,
                    int(address.verified),
                    source,
                    self.now,
                )
            )
            return point.id, True
        if point.customer_id != customer_id:
            return None, False
        if address.verified and not point.verified:
            point.verified = True
            self.newly_verified.append((point.id,))
            self.changes.append((customer_id, self.now, f"verified {address.kind}", None, address.key, source))
            return point.id, True
        return point.id, False

    def _keep_attributes(self, person: Person, customer_id: int) -> bool:
        known = self.known[customer_id]
        fills_only = not self.overwrite or customer_id in self.settled
        is_changed = False
        for name in ATTRIBUTES:
            before, after = getattr(known, name), getattr(person, name)
            if after is None or after == before or (fills_only and before is not None):
                continue
            setattr(known, name, after)
            is_changed = True
            if customer_id not in self.made:
                self.changed.add(customer_id)
                self.changes.append((customer_id, self.now, name, before, after, person.source))
        self.settled.add(customer_id)
        return is_changed

    def write(self) -> None:
        """Write what was decided."""
        dialect.insert_many(
            "customers",
            ("id", *ATTRIBUTES, "created_at"),
            [(one, *self._attributes(one), self.now) for one in sorted(self.made)],
        )
        dialect.insert_many("customer_keys", "source external_id customer_id", self.new_keys)
        dialect.insert_many(
            "contact_points",
            "id customer_id kind value key key_hash flag verified source created_at",
            self.new_points,
        )
        execute_many("UPDATE contact_points SET verified = 1 WHERE id = ?", self.newly_verified)
        execute_many(
            "UPDATE customers SET first_name = ?, last_name = ?, language = ? WHERE id = ?",
            [(*self._attributes(one), one) for one in sorted(self.changed)],
        )
        dialect.insert_many("customer_changes", "customer_id changed_at field before after source", self.changes)

    def _attributes(self, customer_id: int) -> tuple[object, ...]:
        known = self.known[customer_id]
        return known.first_name, known.last_name, known.language


def _where_one_of(sql: str, values: Collection[Any], *before: object) -> list[tuple[Any, ...]]:
    """The rows of *sql*, which ends in a column's name, where that column holds one of *values*."""
    if not values:
        return []
    condition, bound = dialect.one_of(list(values))
    return rows(f"{sql} {condition}", *before, bound)
