"""A list of permissions and refusals, address by address, each with its evidence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, cast

from retainctl.config import Shop
from retainctl.intake.cells import Cells, Column, RowError, SetAside
from retainctl.intake.declared import DeclaredTaker, Field, GivenCell, Lookup, columns_of
from retainctl.intake.import_runs import FileResult, ImportOptions
from retainctl.intake.one_file import RowOutcome, import_list
from retainctl.intake.values import Values, yes_or_no
from retainctl.normalising import clean_name
from retainctl.result import Progress
from retainctl.shop.consent import PURPOSES, Decision, Purpose, record
from retainctl.shop.customer_lookup import EMAIL_NAMES, PHONE_NAMES, address_in, points_at

SOURCE: Final = "file"
EVIDENCE_LENGTH: Final = 2_000


def import_consent(
    shop: Shop,
    name: str,
    options: ImportOptions,
    *,
    evidence: str = "",
    purpose: Purpose = "marketing",
    progress: Progress = lambda _rows: None,
) -> FileResult[Any]:
    """Import the decisions in the file called *name*.

    *evidence* and *purpose* are of rows that state none of their own; a row with no evidence at all is quarantined.
    A row without an answer is a permission; one without a date is of now, and overrules no refusal; one with a day
    but no hour overrules no refusal of that day.
    """
    return import_list(
        shop, name, options, lambda _f, _h: ConsentTaker(shop, options, evidence, purpose), progress=progress
    )


def decided_at(values: Values, text: str, column: str, *, given: bool) -> int:
    """The instant in a cell of *column*; a permission that lies in the future is a RowError.

    Where the cell has a day without an hour, a permission was given as it began and a refusal as it ended: of one
    day's two, nobody knows which came first, and the refusal holds.
    """
    instant, day_only = values.instant(text, column)
    if day_only:
        day = values.clock.day(instant)
        instant = values.clock.start_of(day) if given else values.clock.end_of(day) - 1
    if given and instant > values.clock.now():
        raise RowError(column, "future_date", f"{text!r}: the consent is dated in the future")
    return instant


def _points(shop: Shop, _source: str, asked: Sequence[Cells]) -> list[int | RowError]:
    """The contact point at the address that each of *asked* names."""
    addresses: list[tuple[str, str] | RowError] = []
    for email, phone in asked:
        try:
            found = address_in(shop, email, phone)
            addresses.append(found or RowError("email", "no_address", "the row has neither e-mail nor phone"))
        except RowError as error:
            addresses.append(error)
    points = points_at(one for one in addresses if isinstance(one, tuple))
    unknown = RowError("email", "unknown_address", "no customer has this address; import the customers first")
    return [
        one if isinstance(one, RowError) else points[one].contact_point_id if one in points else unknown
        for one in addresses
    ]


def _purpose(cell: GivenCell) -> str:
    purpose = cell.text.casefold()
    if purpose not in PURPOSES:
        raise RowError(cell.column, "bad_purpose", f"{purpose!r} is not one of {', '.join(PURPOSES)}")
    return purpose


def _answer(cell: GivenCell) -> bool:
    """Whether it is a permission, which a row without an answer is."""
    try:
        given = yes_or_no(cell.text) if cell.text else True
    except ValueError as error:
        raise RowError(cell.column, "bad_answer", str(error)) from None
    if given is None:
        raise SetAside(cell.column, "no_answer", f"{cell.text!r} says that nobody has answered")
    return given


def _at(cell: GivenCell) -> int:
    answer = cell.row["answer"]
    return decided_at(cell.values, cell.text, cell.column, given=not answer or yes_or_no(answer) is True)


def _proof(cell: GivenCell) -> str:
    return clean_name(cell.text, length=EVIDENCE_LENGTH).value or ""


FIELDS: Final = (
    Lookup(
        "contact_point_id",
        (Column("email", EMAIL_NAMES, otherwise=("address",)), Column("phone", PHONE_NAMES)),
        _points,
    ),
    Field("purpose", ("purpose", "מטרה"), _purpose),
    Field(
        "answer",
        ("action", "answer", "consent", "email marketing consent", "accepts_marketing", "אישור"),
        _answer,
        reads_empty=True,
    ),
    Field(
        "at",
        ("at", "happened_at", "date", "consented_at", "optin_time", "email marketing consent timestamp", "תאריך"),
        _at,
    ),
    Field("evidence", ("evidence", "ראיה", "אסמכתא"), _proof),
    Field("wording", ("wording", "text", "נוסח"), _proof),
)


COLUMNS: Final = columns_of(FIELDS)


class ConsentTaker(DeclaredTaker[Decision]):
    """Rows to decisions."""

    kind = "consent"
    one_of = ("email", "phone")

    def __init__(self, shop: Shop, options: ImportOptions, evidence: str, purpose: Purpose) -> None:
        settings = {"evidence": evidence, "purpose": purpose, "country": shop.settings.country}
        super().__init__(FIELDS, shop, options, source=options.source or SOURCE, **settings)
        self._evidence = evidence.strip()
        self._purpose = purpose

    def read(self, cells: Cells) -> Decision:
        given = self.given(self.said(cells))
        proof = given.get("evidence") or self._evidence
        if not proof:
            raise RowError("evidence", "no_evidence", "the row has no evidence, and --evidence was not given")
        return Decision(
            given["contact_point_id"],
            cast("Purpose", given.get("purpose", self._purpose)),
            "given" if given["answer"] else "revoked",
            self.source,
            proof,
            given.get("at"),
            given.get("wording", ""),
        )

    def keep(self, read: list[Decision], *, import_id: int) -> list[RowOutcome | RowError]:  # noqa: ARG002
        """Record the decisions."""
        answers = record(self.shop, read)
        if refused := answers.count("refused_before"):
            self.notes["undated permissions of customers who refused; the refusal stays"] += refused
        return ["new" if answer == "new" else "unchanged" for answer in answers]
