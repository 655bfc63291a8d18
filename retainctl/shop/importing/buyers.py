"""Who bought: the buyers of some thousand orders, found or made together."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from hashlib import blake2b
from typing import Final

from retainctl.config import Shop
from retainctl.errors import BadData
from retainctl.shop.consent import Decision, record
from retainctl.shop.identity import Address, Person, find_or_make
from retainctl.shop.importing.documents import GUEST, Buyer
from retainctl.shop.importing.values import Remembered
from retainctl.shop.normalising import clean_name, email_address, is_null, phone_number

Note = Callable[[str], None]
KNOWN_BUYERS: Final = 200_000


class Buyers:
    """Customers by what the file says of them. A bad e-mail or phone is noted and left out, never the order."""

    def __init__(self, shop: Shop, source: str, note: Note) -> None:
        self._shop = shop
        self._source = source
        self._note = note
        self._known: dict[bytes, int | None] = {}
        self._names: Remembered[str, str | None] = Remembered(self._name)

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

    def consent(self, buyers: Iterable[Buyer], *, evidence: str) -> None:
        """Record that *buyers* allowed marketing by e-mail, as *evidence* proves."""
        persons = [self._person(buyer) for buyer in dict.fromkeys(buyers) if buyer.email]
        decisions = [
            Decision(point, "marketing", "given", self._source, evidence)
            for found in find_or_make(self._shop, persons, overwrite=False)
            for point in found.contact_point_ids[:1]
            if point is not None
        ]
        record(self._shop, decisions)

    def _person(self, buyer: Buyer) -> Person:
        addresses = []
        if buyer.email and not is_null(buyer.email):
            try:
                email = email_address(buyer.email)
                addresses.append(Address("email", email.value, email.key, email.flag))
                if email.flag:
                    self._note(f"email_{email.flag}")
            except BadData:
                self._note("bad_email")
        if buyer.phone and not is_null(buyer.phone):
            try:
                addresses.append(Address("phone", buyer.phone, phone_number(buyer.phone, self._shop.settings.country)))
            except BadData:
                self._note("bad_phone")
        external_id = buyer.external_id if not is_null(buyer.external_id) else None
        return Person(
            self._source, external_id, tuple(addresses), self._names[buyer.first_name], self._names[buyer.last_name]
        )

    def _name(self, text: str) -> str | None:
        name = clean_name(text)
        for note in name.notes:
            self._note(f"name_{note}")
        return name.value


def _mark(buyer: Buyer) -> bytes:
    """What stands for a buyer in memory, where hundreds of thousands of them are remembered."""
    return blake2b("\x1f".join(buyer).encode("utf-8", "surrogatepass"), digest_size=16).digest()
