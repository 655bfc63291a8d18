"""Who bought, as a file says it: each buyer once, under a number, with the addresses that are any."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import Final, NamedTuple

from retainctl.config import Shop
from retainctl.errors import BadData
from retainctl.intake.cache import IdSet, Memo
from retainctl.intake.cells import masked
from retainctl.normalising import EmailAddress, clean_name, email_address, is_null, phone_number
from retainctl.shop.identity import PlainPerson
from retainctl.shop.orders_import.documents import GUEST, Buyer, OrderValues

KNOWN_BUYERS: Final = 200_000


class Flaw(NamedTuple):
    """An e-mail or phone that is none: its column, a stable word for scripts, and a sentence."""

    column: str
    code: str
    message: str


class Buyers:
    """The buyers of one file, each under a number. A bad e-mail or phone is told and left out, never the order."""

    def __init__(self, shop: Shop, source: str, values: OrderValues) -> None:
        self._country = shop.settings.country
        self._source = source
        self._note = values.note
        free = count(1)
        self._numbers: Memo[str, int] = Memo(lambda _cells: next(free), most=KNOWN_BUYERS)
        self._names: Memo[str, str | None] = Memo(self._name)
        self._emails: Memo[str, EmailAddress | Flaw | None] = Memo(_email)
        self._phones: Memo[str, str | Flaw | None] = Memo(self._phone)
        self._told: set[Buyer] = set()
        self._handed_over = IdSet()
        self._fresh: list[tuple[int, PlainPerson]] = []

    def number(self, buyer: Buyer) -> tuple[int, Sequence[Flaw]]:
        """The number of *buyer*, 0 for a guest; and what they give that is no e-mail or phone.

        Flaws are told of each buyer once, however many orders are theirs.
        """
        if buyer == GUEST:
            return 0, ()
        key = "\x1f".join(buyer)  # it takes a third of the memory that the cells take one by one
        number = self._numbers.get(key)
        if number is not None:
            return number, ()
        flaws = [one for one in (self._emails[buyer.email], self._phones[buyer.phone]) if isinstance(one, Flaw)]
        if flaws and buyer in self._told:
            flaws = []
        elif flaws:
            self._told.add(buyer)
        return self._numbers[key], flaws

    def hand_over(self, number: int, buyer: Buyer) -> None:
        """Let the person who *buyer* is be among those that ``take_fresh`` gives, the first time."""
        if number and number not in self._handed_over:
            self._handed_over.add(number)
            self._fresh.append((number, self.person(buyer)))

    def take_fresh(self) -> list[tuple[int, PlainPerson]]:
        """The persons handed over since the last time, by their numbers."""
        fresh, self._fresh = self._fresh, []
        return fresh

    def has_email(self, buyer: Buyer) -> bool:
        return isinstance(self._emails[buyer.email], EmailAddress)

    def person(self, buyer: Buyer) -> PlainPerson:
        """*buyer* as one can be found and kept; an e-mail stands first of the addresses."""
        addresses: list[tuple[object, ...]] = []
        email, phone = self._emails[buyer.email], self._phones[buyer.phone]
        if isinstance(email, EmailAddress):
            addresses.append(("email", *email, False))
            if email.flag:
                self._note(f"email_{email.flag}")
        if isinstance(phone, str):
            addresses.append(("phone", buyer.phone, phone, "", False))
        external_id = buyer.external_id if not is_null(buyer.external_id) else None
        names = self._names[buyer.first_name], self._names[buyer.last_name]
        return self._source, external_id, tuple(addresses), *names, None

    def _phone(self, text: str) -> str | Flaw | None:
        """The number that a cell gives; None where it says nothing."""
        if is_null(text):
            return None
        try:
            return phone_number(text, self._country)
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
