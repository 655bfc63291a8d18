"""A list of customers: who they are, every way to reach them, and what they allowed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from retainctl.config import Shop
from retainctl.errors import BadData
from retainctl.intake.cells import Cells, RowError
from retainctl.intake.import_runs import FileResult, ImportOptions
from retainctl.intake.one_file import Records, RowOutcome, RowTaker, import_list
from retainctl.intake.values import yes_or_no
from retainctl.normalising import (
    NAME_NOTES,
    POSTAL_LENGTH,
    as_typed,
    clean_name,
    email_address,
    external_id,
    is_nobody,
    is_null,
    person_name,
    phone_number,
    postal_key,
)
from retainctl.result import Progress
from retainctl.shop.consent import Decision, record
from retainctl.shop.consent_import import decided_at
from retainctl.shop.customer_columns import COLUMNS, CONTACTS, ENVELOPE, PLACES, POSTAL, POSTAL_PARTS, cells_of
from retainctl.shop.identity import Address, Found, Person, find_or_make
from retainctl.spreadsheets import strip_guard
from retainctl.store import dialect
from retainctl.store.database import rows

MOST_NOTES: Final = 30
# The ids in a list are those of the orders that came from the same shop, so the source must be the same.
SOURCE: Final = "generic"
_SHOPIFY: Final = (
    {"Customer ID", "Accepts Email Marketing", "Accepts SMS Marketing"}, {"verified_email"}, {"email_marketing_consent"}
)  # fmt: skip
_WOOCOMMERCE: Final = ({"billing", "date_created_gmt"},)


class _Said(NamedTuple):
    """What a row says of consent: by which of the person's addresses, and since when where it says so."""

    address: int
    given: bool
    at: int | None


class _ReadCustomer(NamedTuple):
    person: Person
    said: list[_Said]


def import_customers(
    shop: Shop,
    name: str,
    options: ImportOptions,
    *,
    consent_evidence: str = "",
    progress: Progress = lambda _rows: None,
) -> FileResult[Any]:
    """Import the customers in the file called *name*.

    Columns that say who accepts marketing count only with *consent_evidence*: what proves that they were asked.
    """
    return import_list(
        shop,
        name,
        options,
        lambda _file, header: CustomerTaker(shop, options, consent_evidence, header),
        records=Records(ENVELOPE, cells_of),
        progress=progress,
    )


def _usual_source(header: Sequence[str]) -> str:
    """The shop whose columns or keys these are."""
    for source, marks in (("shopify", _SHOPIFY), ("woocommerce", _WOOCOMMERCE)):
        if any(names <= set(header) for names in marks):
            return source
    return SOURCE


class CustomerTaker(RowTaker[_ReadCustomer]):
    """Rows to customers."""

    kind = "customers"
    one_of = ("external_id", "email", "phone")

    def __init__(self, shop: Shop, options: ImportOptions, consent_evidence: str, header: Sequence[str]) -> None:
        source = options.source or _usual_source(header)
        settings = {"country": shop.settings.country, "consent_evidence": consent_evidence}
        super().__init__(shop, options, COLUMNS, source=source, **settings)
        self._evidence = consent_evidence.strip()
        self._settled: set[int] = set()

    def read(self, cells: Cells) -> _ReadCustomer:
        bad: list[RowError] = []
        addresses = self._addresses(cells, bad)
        known_as = self._external_id(cells)
        if bad and not addresses and not known_as:
            raise bad[0]
        person = Person(
            _text(cells, "source") or self.source,
            known_as,
            (*addresses, *self._postal(cells)),
            self._name(cells, "first_name"),
            self._name(cells, "last_name"),
            self._language(cells),
        )
        self.left_out = [RowError(one.column, one.code, f"{one}; the customer was kept without it") for one in bad]
        return _ReadCustomer(person, self._consents(cells, addresses))

    def keep(self, read: list[_ReadCustomer], *, import_id: int) -> list[RowOutcome | RowError]:  # noqa: ARG002
        """Find or make the customer of each row, and record what it says of consent."""
        found = find_or_make(self.shop, [one.person for one in read], settled=self._settled)
        consented = self._record(read, found)
        for conflict in (conflict for one in found for conflict in one.conflicts):
            if len(self.notes) < MOST_NOTES:
                self.note(f"nobody was merged, please check: {conflict}")
            self.note("rows whose id, e-mail or phone belong to different customers; nobody was merged")
        nobody = RowError("", "nobody", "the row has no id, e-mail or phone")
        return [
            nobody
            if one.outcome == "guest"
            else "changed"
            if one.outcome == "unchanged" and place in consented
            else one.outcome
            for place, one in enumerate(found)
        ]

    def _external_id(self, cells: Cells) -> str | None:
        text = _text(cells, "external_id")
        if text.startswith("'") and text[1:].isdigit():
            text = text[1:]  # Shopify's mark for "this is text"
        if is_nobody(text):
            return None
        try:
            return external_id(text)
        except BadData as error:
            raise RowError("external_id", "damaged_id", str(error)) from None

    def _name(self, cells: Cells, role: str) -> str | None:
        name = person_name(_text(cells, role))
        for note in name.notes:
            self.note(NAME_NOTES[note])
        return name.value

    def _language(self, cells: Cells) -> str | None:
        text = _text(cells, "language")
        if is_null(text):
            return None
        language = language_code(text)
        if language is None:
            self.note("unsupported languages, ignored")
        return language

    def _addresses(self, cells: Cells, bad: list[RowError]) -> list[Address]:
        """Every address of the row; those that are none are added to *bad*."""
        found: dict[tuple[str, str], Address] = {}
        for kind, role, place, verified_place in CONTACTS:
            text = cells[place]
            if not text or is_null(text):
                continue
            verified = cells[verified_place]
            try:
                address = self._address(
                    kind, strip_guard(text), verified=bool(verified) and yes_or_no_in(verified, role) is True
                )
            except BadData as error:
                bad.append(RowError(role, f"bad_{kind}", str(error)))
                continue
            found.setdefault((kind, address.key), address)
        return list(found.values())

    def _address(self, kind: str, text: str, *, verified: bool) -> Address:
        if kind == "phone":
            return Address(
                "phone", as_typed(text.strip()), phone_number(text, self.shop.settings.country), "", verified
            )
        email = email_address(text)
        if email.key in self.shop.settings.own_addresses:
            email = email._replace(flag="role")
        if email.flag:
            self.note(f"{email.flag.replace('needs_smtputf8', 'non-ASCII')} e-mails, kept but not mailed")
        return Address("email", email.value, email.key, email.flag, verified)

    @staticmethod
    def _postal(cells: Cells) -> list[Address]:
        whole = [strip_guard(cells[place].strip()) for place in POSTAL if cells[place]]
        whole.append(", ".join(part for role in POSTAL_PARTS if (part := _text(cells, role)) and not is_null(part)))
        found: dict[str, Address] = {}
        for text in whole:
            if text and (address := clean_name(text, length=POSTAL_LENGTH).value) and postal_key(address):
                found.setdefault(postal_key(address), Address("postal", address, postal_key(address)))
        return list(found.values())

    def _consents(self, cells: Cells, addresses: list[Address]) -> list[_Said]:
        said = []
        for kind, role, since in (
            ("email", "accepts_email", "consented_at"),
            ("phone", "accepts_sms", "sms_consented_at"),
        ):
            answer = yes_or_no_in(cells[PLACES[role]], role) if cells[PLACES[role]] else None
            place = next((place for place, one in enumerate(addresses) if one.kind == kind), None)
            if answer is None or place is None:
                continue
            if answer and not self._evidence:
                self.note("rows with marketing consent, ignored without --consent-evidence")
                continue
            when = _text(cells, since)
            said.append(_Said(place, answer, decided_at(self.values, when, since, given=answer) if when else None))
        return said

    def _record(self, read: Sequence[_ReadCustomer], found: Sequence[Found]) -> set[int]:
        """Record what the rows say of consent; the places of the rows by which something new is known."""
        told = [
            (place, point, said)
            for place, (one, who) in enumerate(zip(read, found, strict=True))
            for said in one.said
            if who.contact_point_ids and (point := who.contact_point_ids[said.address]) is not None
        ]
        kept = self._counting(told)
        answers = record(
            self.shop,
            [
                Decision(
                    point,
                    "marketing",
                    "given" if said.given else "revoked",
                    self.source,
                    self._evidence or "the customers' file says no",
                    said.at,
                )
                for _, point, said in kept
            ],
        )
        for answer in answers:
            if answer == "refused_before":
                self.note("undated permissions of customers who refused; the refusal stays")
        return {place for (place, _, _), answer in zip(kept, answers, strict=True) if answer == "new"}

    def _counting(self, told: list[tuple[int, int, _Said]]) -> list[tuple[int, int, _Said]]:
        """What counts of what was *told* of each point: a "no" without a date may mean "never asked", so that it takes
        back only what the same source had given. Where another had, that is said."""
        condition, bound = dialect.one_of([point for _, point, said in told if not said.given and said.at is None])
        givers = {
            point: source if action == "given" else ""
            for point, action, source in rows(
                "SELECT contact_point_id, action, source FROM consents"
                f" WHERE purpose = 'marketing' AND contact_point_id {condition} ORDER BY happened_at, action, id",
                bound,
            )
        }
        kept = []
        for place, point, said in told:
            giver = givers.get(point, "")
            if said.given or said.at or giver == self.source:
                kept.append((place, point, said))
            elif giver:
                self.note(
                    f"undated refusals of customers who gave consent by {giver}; the consent stays until it is revoked"
                )
        return kept


def _text(cells: Cells, role: str) -> str:
    text = cells[PLACES[role]]
    return strip_guard(text.strip()) if text else ""


def yes_or_no_in(text: str, role: str) -> bool | None:
    """What the cell of the column *role* says; RowError for a word that is neither yes nor no."""
    try:
        return yes_or_no(text)
    except ValueError as error:
        raise RowError(role, "bad_answer", str(error)) from None


_HEBREW: Final = re.compile(r"(?:he|iw|heb)(?:[-_].*)?|hebrew|עברית", re.IGNORECASE)
_ENGLISH: Final = re.compile(r"(?:en|eng)(?:[-_].*)?|english|אנגלית", re.IGNORECASE)


def language_code(text: str) -> str | None:
    """``he`` or ``en``, None for a language that the shop does not write in."""
    word = text.strip()
    if _HEBREW.fullmatch(word):
        return "he"
    return "en" if _ENGLISH.fullmatch(word) else None
