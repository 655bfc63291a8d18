"""A list of permissions and refusals, address by address, each with its evidence.

Silence is never a yes: a row is a permission where the file says so, or where none of its columns could be an answer
and who brings it says that everybody in it agreed. A column that forbids is always read, and one that may speak of an
answer and is not known stops the file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple, cast, get_args

from retainctl.config import Shop
from retainctl.errors import BadData, WrongUsage
from retainctl.intake.cells import Cells, Column, RowError, SetAside, plain_name
from retainctl.intake.declared import DeclaredTaker, Field, GivenCell, Lookup, columns_of
from retainctl.intake.file import InputFile
from retainctl.intake.import_runs import FileResult, ImportOptions
from retainctl.intake.mapping import MappingFile
from retainctl.intake.one_file import RowOutcome, import_list
from retainctl.intake.values import Values, yes_or_no
from retainctl.normalising import clean_name
from retainctl.result import Progress
from retainctl.shop.consent import PURPOSES, AddressKind, Decision, Purpose, SuppressionReason, record, suppress
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
    answer: Literal["", "yes"] = "",
    progress: Progress = lambda _rows: None,
) -> FileResult[Any]:
    """Import the decisions in the file called *name*.

    *evidence* and *purpose* are of rows that state none of their own; a permission with no evidence at all is
    quarantined, and a refusal needs none.
    *answer* is that of everybody in a file that has no column for it. A row in which nobody answered is set aside. One
    without a date is of now, and a permission then overrules no refusal; one with a day but no hour overrules no
    refusal of that day. The refusal of somebody who is nobody's customer yet is kept for when they turn up.
    """

    def make_taker(file: InputFile, header: Sequence[str]) -> ConsentTaker:
        taker = ConsentTaker(shop, options, evidence, purpose, answer, file=file.name)
        taker.refuse_silence(header)
        return taker

    return import_list(shop, name, options, make_taker, progress=progress)


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
            found = _address(shop, email, phone)
            addresses.append(found or RowError("email", "no_address", "the row has neither e-mail nor phone"))
        except RowError as error:
            addresses.append(error)
    points = points_at(one for one in addresses if isinstance(one, tuple))
    return [
        one if isinstance(one, RowError) else points[one].contact_point_id if one in points else Stranger()
        for one in addresses
    ]


def _address(shop: Shop, email: str, phone: str) -> tuple[str, str] | None:
    """The address of a row, by kind and key; a column "address" may have phones as well."""
    return address_in(shop, "", email) if _PHONE.fullmatch(email) else address_in(shop, email, phone)


class Stranger(RowError):
    """The address that a row names is no customer's."""

    def __init__(self) -> None:
        super().__init__("email", "unknown_address", "no customer has this address; import the customers first")


_PURPOSES_IN_HEBREW: Final = {
    "דברי פרסומת": "marketing", "פרסומת": "marketing", "דיוור": "marketing", "סקר": "survey", "סקרים": "survey",
}  # fmt: skip


def _purpose(cell: GivenCell) -> str:
    purpose = _PURPOSES_IN_HEBREW.get(cell.text.strip(), cell.text.casefold())
    if purpose not in PURPOSES:
        raise RowError(cell.column, "bad_purpose", f"{purpose!r} is not one of {', '.join(PURPOSES)}")
    return purpose


def _answer(cell: GivenCell) -> bool | None:
    """Whether it is a permission; None where nobody answered."""
    if plain_name(cell.text) == "notmailable":
        raise SetAside(cell.column, "not_mailable", "nobody reads this address, whatever was answered")
    try:
        return yes_or_no(cell.text)
    except ValueError as error:
        raise RowError(cell.column, "bad_answer", str(error)) from None


def _says_no(text: str) -> bool:
    """Whether a cell of any column says no; a number may count something."""
    try:
        return not text.isdigit() and yes_or_no(text) is False
    except ValueError:
        return False


def _forbidden(cell: GivenCell) -> bool | int:
    """Whether the cell of a column that forbids does, and since when where it is a time: whatever else stands in it
    forbids as well."""
    if plain_name(cell.text) in _NOT_FORBIDDEN:
        return False
    try:
        return decided_at(cell.values, cell.text, cell.column, given=False)
    except RowError:
        return True


def _at(cell: GivenCell) -> int:
    answer = cell.row["answer"]
    return decided_at(cell.values, cell.text, cell.column, given=not answer or yes_or_no(answer) is True)


def _proof(cell: GivenCell) -> str:
    return clean_name(cell.text, length=EVIDENCE_LENGTH).value or ""


# What a column is called in which the answer stands.
ANSWER_NAMES: Final = (
    "action", "answer", "consent", "status", "state", "subscribed", "subscription status", "subscription", "opted_in",
    "opt_in", "email marketing consent", "accepts_marketing", "accepts email marketing", "marketing consent",
    "email_status", "אישור", "אישור דיוור", "הסכמה", "סטטוס",
)  # fmt: skip
# Columns in which whatever stands but a "no" says that nothing may be sent: a time, a word, a tick.
FORBIDDING: Final = {
    "unsubscribed": (
        "unsubscribed", "unsubscribed_at", "unsub_time", "unsubscribe date", "unsubscribe", "opted_out", "opted_out_at",
        "opt_out", "optout", "revoked_at", "הוסר", "הסרה", "תאריך הסרה",
    ),
    "blocked": (
        "blocked", "blocklisted", "blacklisted", "suppressed", "email suppressions", "suppressions", "do_not_contact",
        "do_not_email", "do not mail", "dnc", "חסום",
    ),
    "bounced": ("bounced", "bounced_at", "bounce date"),
    "cleaned": ("hard_bounced", "clean_time", "cleaned", "cleaned_at"),
    "complained": ("complained", "complained_at", "spam"),
}  # fmt: skip
# What a row says of the address itself, whoever has it: that nothing arrives there, or that its owner complained.
_BY_ROLE: Final[dict[str, SuppressionReason]] = {"cleaned": "hard_bounce", "complained": "complaint"}
_BY_WORD: Final = re.compile(r"(?P<hard_bounce>hardbounced?|cleaned)|(?P<complaint>(?:spam)?complain(?:t|ed)|spam)")
_PHONE: Final = re.compile(r"\+?\d[\d\s().-]*", re.ASCII)
_NOT_FORBIDDEN: Final = frozenset({"no", "n", "false", "0", "off", "none", "לא"})
# A column that may speak of an answer: where it is not among those above, nobody can know what it says.
_MAY_ANSWER: Final = re.compile(
    r"unsub|subscri|opt.?(?:in|out)\b|consent|accepts|agree|permi|block|black|suppress|bounce|clean|complain|spam"
    r"|do.?not|dnc|newsletter|status|state\b|הסר|הסכמ|דיוור|מאשר|אישור|סטטוס|חסו|סירב"
)

_REMARKS: Final = ("unsubcampaign", "unsubreason", "cleancampaign", "suppressionreason")  # beside a time that forbids
_OF_PHONES: Final = ("sms", "acceptssms", "whatsapp")  # no answer for an e-mail address


FIELDS: Final[tuple[Field | Lookup, ...]] = (
    Lookup(
        "contact_point_id",
        (Column("email", EMAIL_NAMES, otherwise=("address",)), Column("phone", PHONE_NAMES)),
        _points,
    ),
    Field("purpose", ("purpose", "מטרה"), _purpose),
    Field("answer", ANSWER_NAMES, _answer, reads_empty=True),
    *(Field(role, names, _forbidden) for role, names in FORBIDDING.items()),
    Field(
        "at",
        (
            "at",
            "happened_at",
            "date",
            "since",
            "consented_at",
            "optin_time",
            "email marketing consent timestamp",
            "תאריך",
        ),
        _at,
    ),
    Field("source", ("source", "מקור"), _proof),
    Field("evidence", ("evidence", "ראיה", "אסמכתא", "אסמכתה"), _proof),
    Field("wording", ("wording", "text", "נוסח"), _proof),
)


COLUMNS: Final = columns_of(FIELDS)


class _Suppression(NamedTuple):
    """What is said of an address itself, and the refusal of somebody who is nobody's customer yet."""

    kind: str
    key: str
    reason: SuppressionReason
    at: int | None
    evidence: str


def _suppressed_for(said: Mapping[str, str], stated: Mapping[str, object]) -> SuppressionReason | None:
    """Why nothing more is to go to the address, where a row says that of the address itself."""
    if plain_name(said["answer"]) == "suppressed" and said["source"] in get_args(SuppressionReason):
        return cast("SuppressionReason", said["source"])  # as an export has it
    for role in ("answer", *FORBIDDING):
        if role in _BY_ROLE and stated.get(role):
            return _BY_ROLE[role]
        if word := _BY_WORD.fullmatch(plain_name(said[role])):
            return cast("SuppressionReason", word.lastgroup)
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentMapping(MappingFile):
    """A mapping that may also say what the words of the column of answers mean: yes, no, or "" for no answer."""

    answers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        MappingFile.__post_init__(self)
        for word, meaning in self.answers.items():
            if meaning not in ("yes", "no", ""):
                raise ValueError(f'the answer {word!r} is {meaning!r}: use "yes", "no" or ""')
            if meaning == "yes" and _says_no(word):
                raise ValueError(f"the answer {word!r} says no, and is never a yes")
        if len(self.by_word) < len(self.answers):
            raise ValueError("one answer is named twice; capitals, spaces and marks do not count")

    @property
    def by_word(self) -> dict[str, str]:
        return {plain_name(word): meaning for word, meaning in self.answers.items()}


class ConsentTaker(DeclaredTaker[Decision | _Suppression]):
    """Rows to decisions."""

    kind = "consent"
    one_of = ("email", "phone")
    mapping_file = ConsentMapping

    def __init__(
        self,
        shop: Shop,
        options: ImportOptions,
        evidence: str,
        purpose: Purpose,
        answer: Literal["", "yes"],
        *,
        file: str,
    ) -> None:
        settings = {"evidence": evidence, "purpose": purpose, "answer": answer, "country": shop.settings.country}
        super().__init__(FIELDS, shop, options, source=options.source or SOURCE, **settings)
        self._evidence = evidence.strip()
        self._purpose = purpose
        self._all_agreed = answer == "yes"
        self._file = file
        self._others: tuple[str, ...] = ()
        assert isinstance(self.mapping, ConsentMapping)
        self._words = self.mapping.by_word

    def said(self, cells: Cells) -> dict[str, str]:
        """The cells of a row by their roles; a word of the mapping's own is the answer that it means."""
        said = super().said(cells)
        return said | {"answer": self._words.get(plain_name(said["answer"]), said["answer"])} if self._words else said

    def refuse_silence(self, header: Sequence[str]) -> None:
        """BadData where the columns of *header* leave open who agreed."""
        file = self._file
        present = {plain_name(name): name for name in header if name}
        known = {plain_name(name): one.role for one in self.columns for name in one.all_names}
        forbids = any(known.get(plain) in FORBIDDING for plain in present)
        aside = _OF_PHONES + (_REMARKS if forbids else ())
        unknown = [
            name
            for plain, name in present.items()
            if plain not in known and _MAY_ANSWER.search(plain) and not plain.startswith(aside)
        ]
        if unknown:
            raise BadData(
                f"{file}: the column {unknown[0]} may say who agreed and who did not, and nobody knows how to read it",
                hint='Name it in a mapping file, such as answer = "…" or unsubscribed = "…", or remove it.',
            )
        fixed = any(one.role == "answer" and one.constant is not None for one in self.columns)
        has_answer = fixed or any(known.get(plain) == "answer" for plain in present)
        if has_answer and self._all_agreed:
            raise WrongUsage(f"{file} says itself who agreed", hint="Leave out --answer.")
        if not (has_answer or forbids or self._all_agreed):
            raise BadData(
                f"{file} does not say who agreed",
                hint=f"If everybody in it did, add: --answer yes. Its columns: {', '.join(header)[:300]}.",
            )
        if self._all_agreed:  # then no other column may say that somebody did not
            self._others = tuple(name for plain, name in present.items() if plain not in known)
            self.columns += tuple(Column(name, (name,)) for name in self._others)
            self._roles += self._others

    def _refuse_contradiction(self, said: Mapping[str, str]) -> None:
        """BadData where everybody agreed, it is said, and a cell of a column that is not read says no."""
        for column in self._others:
            if _says_no(said[column]):
                raise BadData(
                    f"{self._file}: somebody did not agree: the column {column} says {said[column]!r}",
                    hint=f'Name it in a mapping file, such as answer = "{column}", and leave out --answer.',
                )

    def read(self, cells: Cells) -> Decision | _Suppression:
        said = self.said(cells)
        self._refuse_contradiction(said)
        stated = self.stated(said)
        forbidden = [found for role in FORBIDDING if (found := stated.get(role))]
        answer = stated["answer"] if said["answer"] or not self._all_agreed else True
        if answer is None and not forbidden:
            raise SetAside("answer", "no_answer", "nobody has answered")
        at = stated.get("at")
        if forbidden:
            # The time beside it may be that of an earlier permission.
            at = max((one for one in forbidden if one is not True), default=at if answer is False else None)
        given = bool(answer) and not forbidden
        proof = stated.get("evidence") or self._evidence or ("" if given else f"the file {self._file}")
        if not proof:
            raise RowError("evidence", "no_evidence", "the row has no evidence, and --evidence was not given")
        reason = _suppressed_for(said, stated)
        if not reason:
            try:
                return Decision(
                    self.looked_up(said)["contact_point_id"],
                    cast("Purpose", stated.get("purpose", self._purpose)),
                    "given" if given else "revoked",
                    stated.get("source") or self.source,
                    proof,
                    at,
                    stated.get("wording", ""),
                )
            except Stranger:
                if given:
                    raise
        if (address := _address(self.shop, said["email"], said["phone"])) is None:
            raise RowError("email", "no_address", "the row has neither e-mail nor phone")
        return _Suppression(*address, reason or "by_hand", at, proof)

    def keep(self, read: list[Decision | _Suppression], *, import_id: int) -> list[RowOutcome | RowError]:  # noqa: ARG002
        """Record the decisions."""
        answers = iter(record(self.shop, [one for one in read if isinstance(one, Decision)]))
        outcomes: list[RowOutcome | RowError] = []
        for one in read:
            if isinstance(one, Decision):
                answer = next(answers)
                if answer == "refused_before":
                    self.note("undated permissions of customers who refused; the refusal stays")
                outcomes.append("new" if answer == "new" else "unchanged")
            else:
                kind: AddressKind = "email" if one.kind == "email" else "phone"
                at, is_dated = (self.shop.clock.now(), False) if one.at is None else (one.at, True)
                is_new = suppress(kind, one.key, one.reason, at, one.evidence, is_dated=is_dated)
                outcomes.append("new" if is_new else "unchanged")
        return outcomes
