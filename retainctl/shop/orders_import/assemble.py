"""Rows of one id to the document that they make, its buyer under a number; and ids whose rows are each a document."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Final, NamedTuple

from retainctl.config import Shop
from retainctl.errors import BadData
from retainctl.intake.cache import IdSet, Memo
from retainctl.intake.cells import WAITS_WITH_ANOTHER, Cells, Chunk, Held, Origin, RowError, SetAside
from retainctl.normalising import (
    EmailAddress,
    as_typed,
    email_address,
    is_nobody,
    is_null,
    masked,
    person_name,
    phone_number,
    shortened,
)
from retainctl.shop.identity import PlainPerson
from retainctl.shop.orders_import.documents import GUEST, Buyer, Document, OrderValues, plain_id
from retainctl.shop.orders_import.formats import Format
from retainctl.shop.orders_import.planning import ImportPlan

NAMED_RETURNS: Final = 100_000


class Composing:
    """Makes documents of rows. ``held`` gathers the rows that cannot be booked, until somebody takes them.

    An order one of whose rows is bad waits with all of them: booked short, it would be worth less than it is.
    """

    def __init__(self, plan: ImportPlan, buyers: Buyers) -> None:
        self._format = plan.format
        self._values = plan.values
        self.buyers = buyers
        self._named_returns_left = NAMED_RETURNS
        self.held: list[Held] = []

    def document(self, chunk: Chunk, places: Sequence[int], digests: Sequence[int]) -> Document | None:
        """What the rows at *places* make, or None where one of them is bad; *digests* are the chunk's.

        Rows that their format sets aside are held, and no part of it.
        """
        document, good, returned, is_whole = self._added(chunk, places)
        if document is None:
            return None
        try:
            if not is_whole:
                raise RowError("order_id", WAITS_WITH_ANOTHER, "another row of this order cannot be booked")
            if self._format.finish is not None:
                self._format.finish(self._values, document)
        except RowError as error:
            for place in good:
                self.hold(chunk.origin(place), error, chunk.rows[place])
            return None
        for place in good:
            document.digest += digests[place]
        document.rows = len(good)
        document.buyer_number, flaws = self.buyers.number(document.buyer)
        for flaw in flaws:
            self.held.append(Held("incomplete", chunk.origin(good[0]), *flaw, document.external_id))
        if document.returns:
            returned += good[:1] * (len(document.returns) - len(returned))  # they are the whole order's
            self._note_origins(chunk, returned, document)
        return document

    def _added(self, chunk: Chunk, places: Sequence[int]) -> tuple[Document | None, list[int], list[int], bool]:
        """What the good rows at *places* make, if any is good; the places of those, and of the row of each return; and
        whether none was bad."""
        add, values, rows = self._format.add, self._values, chunk.rows
        document: Document | None = None
        good: list[int] = []
        returned: list[int] = []
        is_whole = True
        for place in places:
            try:
                document = add(values, document, rows[place])
            except RowError as error:
                self.hold(chunk.origin(place), error, rows[place])
                is_whole = is_whole and isinstance(error, SetAside)
            else:
                good.append(place)
                if document.returns:
                    returned += [place] * (len(document.returns) - len(returned))
        return document, good, returned, is_whole

    def hold(self, origin: Origin, error: RowError, cells: Cells) -> None:
        """Keep a row that cannot be booked, and why."""
        self.held.append(
            Held(
                "set_aside" if isinstance(error, SetAside) else "quarantined",
                origin,
                error.column,
                error.code,
                str(error),
                document_id(cells),
                is_back=self._format.is_back(self._values, cells),
            )
        )

    def take(self) -> list[Held]:
        """The rows held since the last time."""
        taken, self.held = self.held, []
        return taken

    def _note_origins(self, chunk: Chunk, places: Sequence[int], document: Document) -> None:
        """Keep where returns stood, at *places* of *chunk*, that may prove larger than the order they name."""
        for number, (one, place) in enumerate(zip(document.returns, places, strict=False)):
            if one.named_order is not None and one.order_line is None and self._named_returns_left:
                document.returns[number] = one._replace(origin=chunk.origin(place))
                self._named_returns_left -= 1


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
        self._emails: Memo[str, EmailAddress | Flaw | None] = Memo(self._email)
        self._own = shop.settings.own_addresses
        self._phones: Memo[str, str | Flaw | None] = Memo(self._phone)
        self._told: set[Buyer] = set()
        self._handed_over = IdSet()
        self._fresh: list[tuple[int, PlainPerson]] = []

    def number(self, buyer: Buyer) -> tuple[int, Sequence[Flaw]]:
        """The number of *buyer*, 0 for a guest; and what they give that is no e-mail or phone.

        Flaws are told of each buyer once, however many orders are theirs.
        """
        if buyer == GUEST or (is_nobody(buyer.external_id) and is_null(buyer.email) and is_null(buyer.phone)):
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
            addresses.append(("phone", as_typed(buyer.phone.strip()), phone, "", False))
        external_id = buyer.external_id if not is_nobody(buyer.external_id) else None
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

    def _email(self, text: str) -> EmailAddress | Flaw | None:
        """The address that a cell gives; None where it says nothing. The shop's own is nobody's."""
        if is_null(text):
            return None
        try:
            email = email_address(text)
        except BadData as error:
            return _flaw("email", error)
        return email._replace(flag="role") if email.key in self._own else email

    def _name(self, text: str) -> str | None:
        name = person_name(text)
        for note in name.notes:
            self._note(f"name_{note}")
        return name.value


def _flaw(column: str, error: BadData) -> Flaw:
    return Flaw(column, f"bad_{column}", masked(shortened(f"{error}; the order was booked without it")))


@dataclass(slots=True)
class Repeated:
    """The rows of one such id; they are a chunk of their own."""

    rows: list[Cells] = field(default_factory=list)
    origins: list[Origin] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    blank: int = 0

    def keep(self, cells: Cells, origin: Origin) -> None:
        self.rows.append(cells)
        self.origins.append(origin)

    def origin(self, place: int) -> Origin:
        return self.origins[place]

    def alone(self, place: int) -> Repeated:
        """The row at *place* alone."""
        return Repeated([self.rows[place]], [self.origins[place]])


def document_id(cells: Cells) -> str:
    """The id of the document that a row is of."""
    return plain_id(cells[0])


def repeated_ids(chunks: Iterable[Chunk]) -> set[str]:
    """The ids that come more than once in *chunks*, where a row is a whole order."""
    seen: set[int] = set()
    repeated: set[str] = set()
    for chunk in chunks:
        for cells in chunk.rows:
            mark = hash(document_id(cells))  # two ids with one hash would only be judged at the file's end
            if mark in seen:
                repeated.add(document_id(cells))
            seen.add(mark)
    return repeated


def scattered_ids(chunks: Iterable[Chunk]) -> set[str]:
    """The ids whose rows stand in more than one of *chunks*."""
    seen: set[int] = set()
    scattered: set[str] = set()
    for chunk in chunks:
        here = set(map(document_id, chunk.rows))
        scattered.update(key for key in here if hash(key) in seen)
        seen.update(map(hash, here))
    return scattered


def gathered(chunks: Iterable[Chunk], wanted: set[str]) -> Iterable[Repeated]:
    """The rows of each id among *wanted*, in the order in which the ids come first."""
    found: dict[str, Repeated] = {}
    for chunk in chunks:
        for place, cells in enumerate(chunk.rows):
            if (key := document_id(cells)) in wanted:
                found.setdefault(key, Repeated()).keep(cells, chunk.origin(place))
    return found.values()


def newest(repeated: Repeated, format_: Format, values: OrderValues) -> int | None:
    """The place of the row that counts: equal rows are one. None where nothing orders rows that differ."""
    if len(set(repeated.rows)) == 1:
        return 0
    updated = []
    for cells in repeated.rows:
        try:
            updated.append(format_.add(values, None, cells).updated_at)
        except RowError:
            return None
    last = max((one for one in updated if one is not None), default=None)
    return updated.index(last) if None not in updated and updated.count(last) == 1 else None
