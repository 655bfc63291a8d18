"""Who bought: the buyers of some thousand orders, found or made together."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from retainctl.config import Shop
from retainctl.errors import BadData
from retainctl.shop.consent import Decision, record
from retainctl.shop.identity import Address, Person, find_or_make
from retainctl.shop.importing.documents import GUEST, Buyer
from retainctl.shop.importing.values import Remembered
from retainctl.shop.normalising import clean_name, email_address, is_null, phone_number

Note = Callable[[str], None]


class Buyers:
    """Customers by what the file says of them. A bad e-mail or phone is noted and left out, never the order."""

    def __init__(self, shop: Shop, source: str, note: Note) -> None:
        self._shop = shop
        self._source = source
        self._note = note
        self._known: Remembered[Buyer, int | None] = Remembered(self._unknown)
        self._names: Remembered[str, str | None] = Remembered(self._name)

    def ids(self, buyers: Iterable[Buyer]) -> dict[Buyer, int | None]:
        """The customer of each of *buyers*; None for a guest."""
        wanted = dict.fromkeys(buyers)
        found: dict[Buyer, int | None] = {GUEST: None}
        found |= {buyer: self._known[buyer] for buyer in wanted if buyer in self._known}
        fresh = [buyer for buyer in wanted if buyer not in found]
        persons = [self._person(buyer) for buyer in fresh]
        for buyer, one in zip(fresh, find_or_make(self._shop, persons, overwrite=False), strict=True):
            found[buyer] = one.customer_id
            self._known.keep(buyer, one.customer_id)
            for _ in one.conflicts:
                self._note("identity_conflict")
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

    def _unknown(self, buyer: Buyer) -> int | None:
        raise KeyError(buyer)

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
