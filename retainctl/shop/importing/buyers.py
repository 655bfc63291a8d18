"""Who bought: the buyers of some thousand orders, found or made together."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from hashlib import blake2b
from typing import Final, NamedTuple

from retainctl.config import Shop
from retainctl.errors import BadData
from retainctl.shop.consent import Decision, record
from retainctl.shop.identity import Address, Person, find_or_make
from retainctl.shop.importing.documents import GUEST, Buyer, masked
from retainctl.shop.importing.values import Remembered
from retainctl.shop.normalising import EmailAddress, clean_name, email_address, is_null, phone_number

Note = Callable[[str], None]
KNOWN_BUYERS: Final = 200_000


class Flaw(NamedTuple):
    """An e-mail or phone that is none: its column, a stable word for scripts, and a sentence."""

    column: str
    code: str
    message: str


class Buyers:
    """Customers by what the file says of them. A bad e-mail or phone is told and left out, never the order."""

    def __init__(self, shop: Shop, source: str, note: Note) -> None:
        self._shop = shop
        self._source = source
        self._note = note
        self._known: dict[bytes, int | None] = {}
        self._names: Remembered[str, str | None] = Remembered(self._name)
        self._emails: Remembered[str, EmailAddress | Flaw | None] = Remembered(_email)
        self._phones: Remembered[str, str | Flaw | None] = Remembered(self._phone)
        self._told: set[Buyer] = set()

    def ids(self, buyers: Iterable[Buyer]) -> dict[Buyer, int | None]:
        """The customer of each of *buyers*; None for a guest."""
        found: dict[Buyer, int | None] = {GUEST: None}
        fresh: dict[Buyer, bytes] = {}
        for buyer in dict.fromkeys(buyers):
            mark = _mark(buyer)
            if mark in self._known:
                found[buyer] = self._known[mark]
            elif buyer != GUEST:
                fresh[buyer] = mark
        persons = [self._person(buyer) for buyer in fresh]
        for buyer, one in zip(fresh, find_or_make(self._shop, persons, overwrite=False), strict=True):
            found[buyer] = one.customer_id
            for _ in one.conflicts:
                self._note("identity_conflict")
        if len(self._known) > KNOWN_BUYERS:
            self._known.clear()
        self._known |= {mark: found[buyer] for buyer, mark in fresh.items()}
        return found

    def flaws(self, buyer: Buyer) -> list[Flaw]:
        """What *buyer* gives that is no e-mail or phone; each buyer's once, however many orders are theirs."""
        found = [flaw for flaw in (self._emails[buyer.email], self._phones[buyer.phone]) if isinstance(flaw, Flaw)]
        if not found or buyer in self._told:
            return []
        self._told.add(buyer)
        return found

    def consent(self, given: Iterable[tuple[Buyer, int]], *, evidence: str) -> None:
        """Record that buyers allowed marketing by e-mail when they ordered, as *evidence* proves."""
        found = [
            (buyer, at) for buyer, at in dict.fromkeys(given) if isinstance(self._emails[buyer.email], EmailAddress)
        ]
        buyers = list(dict.fromkeys(buyer for buyer, _ in found))
        persons = find_or_make(self._shop, [self._person(buyer) for buyer in buyers], overwrite=False)
        points = {buyer: one.contact_point_ids[0] for buyer, one in zip(buyers, persons, strict=True)}
        record(self._shop, [
            Decision(point, "marketing", "given", self._source, evidence, at)
            for buyer, at in found
            if (point := points[buyer]) is not None
        ])  # fmt: skip

    def _person(self, buyer: Buyer) -> Person:
        addresses = []
        email, phone = self._emails[buyer.email], self._phones[buyer.phone]
        if isinstance(email, EmailAddress):
            addresses.append(Address("email", email.value, email.key, email.flag))
            if email.flag:
                self._note(f"email_{email.flag}")
        if isinstance(phone, str):
            addresses.append(Address("phone", buyer.phone, phone))
        external_id = buyer.external_id if not is_null(buyer.external_id) else None
        return Person(
            self._source, external_id, tuple(addresses), self._names[buyer.first_name], self._names[buyer.last_name]
        )

    def _phone(self, text: str) -> str | Flaw | None:
        """The number that a cell gives; None where it says nothing."""
        if is_null(text):
            return None
        try:
            return phone_number(text, self._shop.settings.country)
        except BadData as error:
            return _flaw("phone", error)

    def _name(self, text: str) -> str | None:
        name = clean_name(text)
        for note in name.notes:
            self._note(f"name_{note}")
        return name.value


def _email(text: str) -> EmailAddress | Flaw | None:
    """The address that a cell gives; None where it says nothing."""
    if is_null(text):
        return None
    try:
        return email_address(text)
    except BadData as error:
        return _flaw("email", error)


def _flaw(column: str, error: BadData) -> Flaw:
    return Flaw(column, f"bad_{column}", masked(f"{error}; the order was booked without it"))


def _mark(buyer: Buyer) -> bytes:
    """What stands for a buyer in memory, where hundreds of thousands of them are remembered."""
    return blake2b("\x1f".join(buyer).encode("utf-8", "surrogatepass"), digest_size=16).digest()
