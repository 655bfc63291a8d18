"""A list of permissions and refusals, address by address, each with its evidence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, cast

from retainctl.config import Shop
from retainctl.errors import BadData
from retainctl.intake.cells import Cells, Column, RowError
from retainctl.intake.decisions import decided_at
from retainctl.intake.import_runs import Imported, ImportOptions, Outcome, Progress
from retainctl.intake.one_file import Fate
from retainctl.intake.sheet import import_list
from retainctl.intake.values import Values, yes_or_no
from retainctl.normalising import clean_name, email_address, is_null, phone_number
from retainctl.shop.consent import Decision, Purpose, record_each
from retainctl.spreadsheets import strip_guard
from retainctl.store import dialect
from retainctl.store.database import rows

SOURCE: Final = "file"
EVIDENCE_LENGTH: Final = 2_000

COLUMNS: Final[tuple[Column, ...]] = (
    Column("email", ("email", "e-mail", "email address", "address", "דוא״ל", "דואל", "אימייל", "מייל")),
    Column("phone", ("phone", "mobile", "phone number", "טלפון", "נייד")),
    Column("purpose", ("purpose", "מטרה")),
    Column("answer", ("action", "answer", "consent", "email marketing consent", "accepts_marketing", "אישור")),
    Column(
        "at", ("at", "happened_at", "date", "consented_at", "optin_time", "email marketing consent timestamp", "תאריך")
    ),
    Column("evidence", ("evidence", "ראיה", "אסמכתא")),
    Column("wording", ("wording", "text", "נוסח")),
)


def import_consent(
    shop: Shop,
    name: str,
    options: ImportOptions,
    *,
    evidence: str = "",
    purpose: Purpose = "marketing",
    progress: Progress = lambda _rows: None,
) -> Outcome[Imported]:
    """Import the decisions in the file called *name*.

    *evidence* and *purpose* are of rows that state none of their own; a row with no evidence at all is quarantined.
    A row without an answer is a permission; one without a date is of now, and overrules no refusal; one with a day
    but no hour overrules no refusal of that day.
    """
    return import_list(
        shop, name, options, lambda _header: ConsentTaker(shop, options, evidence, purpose), progress=progress
    )


class ConsentTaker:
    """Rows to decisions."""

    kind: str = "consent"
    columns = COLUMNS
    one_of: tuple[str, ...] = ("email", "phone")

    def __init__(self, shop: Shop, options: ImportOptions, evidence: str, purpose: Purpose) -> None:
        self.source = options.source or SOURCE
        self.settings = {"evidence": evidence, "purpose": purpose, "country": shop.settings.country}
        self.notes: dict[str, int] = {}
        self.left_out: list[tuple[int, RowError]] = []
        self._shop = shop
        self._evidence = evidence.strip()
        self._purpose = purpose
        self._values = Values(shop.clock, shop_currency=shop.settings.currency)

    def take(self, rows: Sequence[Cells]) -> list[Fate | RowError]:
        """Record the decision of each row."""
        addresses = [self._address(cells) for cells in rows]
        points = _points([one for one in addresses if not isinstance(one, RowError)])
        read: list[Decision | RowError] = [
            address if isinstance(address, RowError) else self._decision(cells, points.get(address))
            for cells, address in zip(rows, addresses, strict=True)
        ]
        answers = iter(record_each(self._shop, [one for one in read if not isinstance(one, RowError)]))
        fates: list[Fate | RowError] = []
        for one in read:
            if isinstance(one, RowError):
                fates.append(one)
                continue
            answer = next(answers)
            if answer == "refused_before":
                sentence = "permissions without a date, of customers who have refused: the refusal holds"
                self.notes[sentence] = self.notes.get(sentence, 0) + 1
            fates.append("new" if answer == "new" else "unchanged")
        return fates

    def _address(self, cells: Cells) -> tuple[str, str] | RowError:
        email, phone = (strip_guard(text.strip()) for text in cells[:2])
        try:
            if not is_null(email):
                return "email", email_address(email).key
            if not is_null(phone):
                return "phone", phone_number(phone, self._shop.settings.country)
        except BadData as error:
            return RowError("email" if not is_null(email) else "phone", "bad_address", str(error))
        return RowError("email", "no_address", "the row has no e-mail and no phone")

    def _decision(self, cells: Cells, point: int | None) -> Decision | RowError:
        _, _, purpose, answer, at, evidence, wording = (strip_guard(text.strip()) for text in cells)
        if point is None:
            return RowError("email", "unknown_address", "no customer has this address: import the customers first")
        purpose = self._purpose if is_null(purpose) else purpose.casefold()
        if purpose not in ("marketing", "survey"):
            return RowError("purpose", "bad_purpose", f"{purpose!r} is neither marketing nor survey")
        try:
            given = True if not answer else yes_or_no(answer)
        except ValueError as error:
            return RowError("answer", "bad_answer", str(error))
        if given is None:
            return RowError("answer", "no_answer", f"{answer!r} says neither yes nor no")
        proof = clean_name(evidence, length=EVIDENCE_LENGTH).value or self._evidence
        if not proof:
            return RowError("evidence", "no_evidence", "the row has no evidence, and --evidence was not given")
        try:
            moment = decided_at(self._values, at, "at", given=given) if not is_null(at) else None
        except RowError as error:
            return error
        return Decision(
            point,
            cast("Purpose", purpose),
            "given" if given else "revoked",
            self.source,
            proof,
            moment,
            clean_name(wording, length=EVIDENCE_LENGTH).value or "",
        )


def _points(addresses: list[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """The contact point at each address that a customer has."""
    found: dict[tuple[str, str], int] = {}
    for kind in ("email", "phone"):
        condition, bound = dialect.one_of(list({key for one, key in addresses if one == kind}))
        for key, point in rows(
            # The index of identities is of these two kinds alone, and SQLite asks to be told so.
            f"SELECT key, id FROM contact_points WHERE kind IN ('email', 'phone') AND kind = ? AND key {condition}",
            kind,
            bound,
        ):
            found[kind, key] = point
    return found
