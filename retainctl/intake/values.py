"""Cells to values, by our own grammar: numbers, money, instants, currencies, yes and no.

What a format could mean in two ways is stated (``numbers``, ``dates``) and never guessed. The same texts come
again and again in an export, so each reader remembers what it made of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from decimal import Decimal
from functools import partial
from typing import Any, Final, Self, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from retainctl.clock import Clock
from retainctl.errors import BadData
from retainctl.intake.cache import Memo
from retainctl.intake.cells import Cells, RowError
from retainctl.intake.dates import Instants
from retainctl.money import NUMBER, currency_code, exponent, may_be_written
from retainctl.normalising import shortened

V = TypeVar("V")

# How a number may be written: its thousands mark, its decimal mark.
NUMBER_STYLES: Final = {
    "1234.56": ("", "."),
    "1,234.56": (",", "."),
    "1234,56": ("", ","),
    "1.234,56": (".", ","),
    "1 234,56": (" ", ","),
    "1'234.56": ("'", "."),
}
_GROUPED: Final = re.compile(r"-?\d{1,3}(?:,\d{3})+(?:\.\d+)?|-?\d{1,3}(?:\.\d{3})+(?:,\d+)?|-?\d+,\d+", re.ASCII)
_STATE_NUMBERS: Final = 'set the number format in a mapping file: numbers = "1,234.56" or "1.234,56"'
# Of a whole number: it can only be grouped, it may be grouped, it has a part that is no thousand.
_SHOWS_GROUPS: Final = re.compile(r"-?[1-9]\d{0,2}(?:(?:,\d{3}){2,}|,(?!000)\d{3})(?:\.0+)?", re.ASCII)
_MAY_BE_GROUPS: Final = re.compile(r"-?[1-9]\d{0,2}(?:,\d{3})+(?:\.0+)?", re.ASCII)
_DOTTED: Final = re.compile(r"-?[1-9]\d{0,2}(?:\.\d{3}){2,}", re.ASCII)
_PARTS: Final = re.compile(r"-?[\d,]*\d[.,](?:\d{1,2}|\d{4,})", re.ASCII)
_BEGINS_GROUPS: Final = re.compile(r"[1-9]\d{0,2}", re.ASCII)  # no thousands begin with nought
_THREE_DECIMALS: Final = re.compile(r"-?[1-9]\d{0,2}\.\d{3}", re.ASCII)  # or as many thousands
# A currency's mark before an amount, between it and its sign, or behind it.
_MARK_BEFORE: Final = re.compile(r"(?P<sign>-?)\s*(?P<mark>[^\d\s().,'-]{1,4}\.?)\s*(?P<amount>[-(\d].*)")
_MARK_AFTER: Final = re.compile(r"(?P<sign>)(?P<amount>.*[\d)-])\s*(?P<mark>[^\d\s().,'-]{1,4}\.?)")
_AS_TYPED: Final = str.maketrans(
    {"\u200e": None, "\u200f": None, "\u00a0": " ", "\u202f": " ", "\u2212": "-", "\u2019": "'"}
)

_THOUSANDTHS: Final = 3  # decimals
_LONGEST_NUMBER: Final = 64
# More than any shop has, and far less than a database can hold or add up.
MOST_PIECES: Final = 1_000_000_000
MOST_MINOR: Final = 1_000_000_000_000

# Their letters are folded, and a space or a hyphen in them is an underscore.
_YES: Final = frozenset(
    "yes y true 1 on subscribed given granted opted_in opt_in optin confirmed accepted"
    " כן מאשר מאשרת אישר אישרה אישרתי מסכים מסכימה הסכים הסכימה הסכמתי מעוניין מעוניינת v ✓ ✔".split()
)
_NO: Final = frozenset(
    "no n false 0 off unsubscribed unsubscribe opted_out opt_out optout revoked withdrawn refused declined denied"
    " rejected blocked blocklisted blacklisted bounced hard_bounce hard_bounced cleaned complained complaint spam"
    " suppressed never stop nope no_thanks no_thank_you unsub removed nein non dnc"
    " do_not_contact do_not_email do_not_mail"
    " לא מסרב מסרבת סירב סירבה הסר הסיר הסירה הוסר הוסרה הסרה חסום חסומה ביטל ביטלה"
    " לא_רוצה לא_מסכים לא_מסכימה לא_הסכמתי לא_הסכים לא_הסכימה לא_מעוניין לא_מעוניינת לא_תודה"
    " לא_מאשר לא_מאשרת לא_מאושר לא_רשום לא_רשומה".split()
)
# They say that nobody asked, or that nobody answered, which is neither.
_UNKNOWN: Final = frozenset(
    {"", "never_subscribed", "not_subscribed", "non_subscribed", "never_asked", "not_asked", "pending", "unconfirmed"}
    | {"unknown", "null", "none", "_", "n/a", "לא_נשאל", "לא_נשאלה", "לא_ידוע"}
)


class Values:
    """The readers of one file's cells.

    Each raises RowError with the name of the column at fault. ``notes`` gathers, by code, how often a value had
    to be understood in a way that a person should know of.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        shop_currency: str,
        stated_currency: str = "",
        currency_column: bool = True,
        numbers: str = "",
        dates: str | Sequence[str] = "iso",
        zone: ZoneInfo | None = None,
    ) -> None:
        self.clock = clock
        self.zone = zone or clock.zone
        self._instants = Instants(clock, zone=self.zone, dates=dates, note=self.note)
        self._utc = Instants(clock, zone=ZoneInfo("UTC"), dates=dates, note=self.note)
        self.utc_columns: Set[str] = frozenset()  # those whose times are UTC where they state no zone
        self._dates = dates
        self._zones: Memo[str, Instants] = Memo(self._in_zone)
        self.day = self._instants.day
        self.stated_currency = stated_currency
        # A format without a currency column takes the shop's; a missing cell of one that has it does not.
        self._usual_currency = stated_currency or ("" if currency_column else shop_currency)
        self.notes: dict[str, int] = {}
        self._is_stated = bool(numbers)  # else as we write them, where that can be read in one way
        self._thousands, self._decimal = NUMBER_STYLES[numbers or "1234.56"]
        self._groups_whole_numbers = False
        self._numbers: Memo[str, Decimal] = Memo(self._number)
        self._moneys: Memo[tuple[str, str], int] = Memo(self._money)
        self._currencies: Memo[str, str] = Memo(self._currency)
        self._made: dict[Callable[..., Any], Memo[Any, Any]] = {}

    def note(self, code: str) -> None:
        self.notes[code] = self.notes.get(code, 0) + 1

    # --- numbers -------------------------------------------------------------------------------------------------

    def number(self, text: str, column: str) -> Decimal:
        """An exact number, written as the source's number format says."""
        try:
            return self._numbers[text]
        except AmbiguousNumber:
            raise
        except BadData as error:
            raise RowError(column, "bad_number", str(error)) from None

    def _number(self, text: str) -> Decimal:
        plain = text.strip()
        if len(plain) > _LONGEST_NUMBER:
            raise BadData(f"{shortened(plain)!r} is not a number")
        if not NUMBER.fullmatch(plain) or (self._decimal != "." and "." in plain):
            plain = self._plain(plain)
        if not NUMBER.fullmatch(plain):
            raise BadData(f"{text!r} is not a number")
        return Decimal(plain)

    def _plain(self, text: str) -> str:
        """A number with its marks as ``-1234.56``, where its format is stated."""
        plain = _marked(text)[0]
        if not self._thousands and self._decimal == ".":
            if _GROUPED.fullmatch(plain):
                raise _ambiguous(text)
            return plain
        whole, decimal, rest = plain.partition(self._decimal)
        if self._thousands:
            groups = whole.lstrip("-").split(self._thousands)
            is_grouped = _BEGINS_GROUPS.fullmatch(groups[0]) and all(len(group) == 3 for group in groups[1:])
            if len(groups) > 1 and not is_grouped:
                return ""
            whole = whole.replace(self._thousands, "")
        if self._decimal != "." and "." in whole:
            return ""
        return f"{whole}.{rest}" if decimal else whole

    def money(self, text: str, currency: str, column: str) -> int:
        """An amount in minor units; one with more decimals than the currency has is a RowError."""
        try:
            return self._moneys[text, currency]
        except AmbiguousNumber:
            raise
        except BadData as error:
            raise RowError(column, "bad_number", str(error)) from None
        except RowError as error:
            raise RowError(column, error.code, str(error)) from None

    def _money(self, key: tuple[str, str]) -> int:
        text, currency = key
        if not text.strip():
            return 0
        self.check_mark(text, currency)
        self.check_decimals(text, currency)
        scaled = self._numbers[text].scaleb(exponent(currency))
        whole = int(scaled)
        if whole != scaled:
            raise RowError("", "too_fine", f"{text!r} has more decimals than {currency} allows")
        if abs(whole) > MOST_MINOR:
            raise RowError("", "too_large", f"{text!r} is more than {MOST_MINOR:,} of the smallest unit of {currency}")
        return whole

    def check_mark(self, text: str, currency: str, column: str = "") -> None:
        """RowError where an amount is written with the mark of another currency than its own."""
        mark = "" if NUMBER.fullmatch(text) else _marked(text)[1]
        if mark and currency not in may_be_written(mark):
            raise RowError(column, "other_currency", f"{text!r} is not in {currency}, as its row is")

    def check_decimals(self, text: str, currency: str = "") -> None:
        """AmbiguousNumber where the three decimals of *text* may be thousands, and nobody says how the file writes.

        Of a *currency* of thousandths they are its own.
        """
        if not self._is_stated and exponent(currency) != _THOUSANDTHS and _THREE_DECIMALS.fullmatch(text.strip()):
            raise _ambiguous(text)

    def whole(self, text: str, column: str) -> int:
        """A whole number, which may be negative."""
        value = self.number(text, column)
        if abs(value) > MOST_PIECES:
            raise RowError(column, "too_large", f"{text!r} is more than {MOST_PIECES:,}")
        if value != int(value):
            raise RowError(column, "bad_quantity", f"{text!r} is not a whole number")
        return int(value)

    def look_at(self, texts: Iterable[str]) -> None:
        """Learn how the whole numbers *texts* of a list are grouped, where one of them shows it and none forbids it."""
        commas = [text for text in texts if "," in text]
        if any(_SHOWS_GROUPS.fullmatch(text) for text in commas) and all(map(_MAY_BE_GROUPS.fullmatch, commas)):
            self._groups_whole_numbers = True

    def counted(self, text: str, column: str) -> int:
        """A whole number of a list: its marks may stand between groups of three, where it can be read in one way.

        ``1,200`` is one whole number and no other; ``10,000`` may be ten with its decimals, where nothing shows how the
        file writes. Such a cell is a RowError.
        """
        plain = text.strip()
        if (self._thousands, self._decimal) == ("", ".") and re.fullmatch(r"-?\d{1,3}(?:\.000)+", plain, re.ASCII):
            raise RowError(column, "ambiguous_number", f"{text!r} is ambiguous: {_STATE_NUMBERS}")
        try:
            return self.whole(text, column)
        except AmbiguousNumber as error:
            if _SHOWS_GROUPS.fullmatch(plain) or (self._groups_whole_numbers and _MAY_BE_GROUPS.fullmatch(plain)):
                return self.whole(plain.replace(",", ""), column)
            if _DOTTED.fullmatch(plain):
                return self.whole(plain.replace(".", ""), column)
            if _PARTS.fullmatch(plain):
                raise RowError(column, "bad_quantity", f"{text!r} is not a whole number") from None
            raise RowError(column, "ambiguous_number", f"{error}: {_STATE_NUMBERS}") from None

    def memo(self, make: Callable[[Self, Cells], V]) -> Mapping[Cells, V]:
        """What *make* makes of a row's cells with these readers, each once: the same ones come again and again."""
        if make not in self._made:
            self._made[make] = Memo(partial(make, self))
        return self._made[make]

    # --- words ---------------------------------------------------------------------------------------------------

    def currency(self, text: str = "") -> str:
        """The ISO code of a cell; where the format has no such column, the shop's own."""
        return self._currencies[text]

    def _currency(self, text: str) -> str:
        if not text.strip():
            if self._usual_currency:
                return self._usual_currency
            raise RowError("currency", "no_currency", "the currency is missing (set it with --currency)")
        try:
            return currency_code(text)
        except BadData as error:
            raise RowError("currency", "bad_currency", str(error)) from None

    # --- instants ------------------------------------------------------------------------------------------------

    def instant(self, text: str, column: str) -> tuple[int, bool]:
        """Epoch seconds, and whether only a day was given (then it is the day's noon)."""
        try:
            return (self._utc if column in self.utc_columns else self._instants).read(text)
        except RowError as error:
            raise RowError(column, error.code, str(error)) from None

    def instant_in(self, zone: str, text: str, column: str) -> tuple[int, bool]:
        """``instant`` by the wall clock of the IANA *zone* that a row names; where it names none, as stated."""
        if not zone.strip():
            return self.instant(text, column)
        try:
            return self._zones[zone.strip()].read(text)
        except RowError as error:
            raise RowError(column, error.code, str(error)) from None

    def _in_zone(self, name: str) -> Instants:
        try:
            zone = ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            raise RowError("zone", "bad_zone", f"{name!r} is not an IANA time zone such as Asia/Jerusalem") from None
        return Instants(self.clock, zone=zone, dates=self._dates, note=self.note)


class AmbiguousNumber(BadData):
    """A number whose format must be stated before the file can be read."""


def _ambiguous(text: str) -> AmbiguousNumber:
    return AmbiguousNumber(f"{text!r} is ambiguous", hint=f"{_STATE_NUMBERS[0].upper()}{_STATE_NUMBERS[1:]}.")


def _marked(text: str) -> tuple[str, str]:
    """An amount without its currency's mark and with its sign first; and the mark, empty where there is none.

    ``(38.50)``, ``($38.50)`` and ``38.50-`` are below zero.
    """
    plain = text.translate(_AS_TYPED).strip()
    inner, mark = _unmarked(plain)
    if inner.startswith("(") and inner.endswith(")"):
        inner, within = _unmarked(inner[1:-1].strip())
        return f"-{inner}", mark or within
    if inner.endswith("-") and len(inner) > 1:
        inner, before = _unmarked(inner[:-1].strip())
        return f"-{inner}", mark or before
    return inner, mark


def _unmarked(text: str) -> tuple[str, str]:
    """*text* without the mark of a currency before or behind it, and the mark; its sign stays."""
    for pattern in (_MARK_BEFORE, _MARK_AFTER):
        found = pattern.fullmatch(text)
        if found and may_be_written(found["mark"]):
            return f"{found['sign'] or ''}{found['amount']}", found["mark"]
    return text, ""


def yes_or_no(text: str) -> bool | None:
    """True for yes, False for no, None where nothing was said; ValueError for any other word."""
    word = re.sub(r"[\s-]+", "_", text.strip().casefold())
    if word in _YES:
        return True
    if word in _NO:
        return False
    if word in _UNKNOWN:
        return None
    raise ValueError(f"{text!r} is neither yes nor no")
