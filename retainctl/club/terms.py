"""The club's terms: ``club.toml``, the versions of the rules and the day from which each holds.

What was booked by a version is booked for good: a version that has entries may not be changed, and new terms are
a new version.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Literal

from retainctl import schema
from retainctl.clock import Clock
from retainctl.config import Shop
from retainctl.definitions import content_of
from retainctl.errors import BadConfiguration, BadData
from retainctl.files import write_text
from retainctl.money import currency_code, exponent
from retainctl.store.database import execute, rows

FILE_NAME = "club.toml"
_FRACTION = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)(?:/(\d{1,9}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Terms:
    """One version of the rules."""

    version: Annotated[int, "The number of this version: 1, then higher for each new one."]
    valid_from: Annotated[date | None, "The first day of this version, such as 2027-01-01; the first has none."] = None
    points_per: Annotated[
        dict[str, str],
        'Points per unit of the order\'s currency: "1", "0.5" or "1/3". The points of an order are rounded down once.',
    ] = field(default_factory=dict)
    minimum_order: Annotated[dict[str, str], "The minimum order total that earns points, by currency."] = field(
        default_factory=dict
    )
    excluded_categories: Annotated[
        tuple[str, ...],
        'Categories that earn no points, with all below them, in any letter case: ["Gift cards", "Kitchen > Coffee"]',
    ] = ()
    pending_days: Annotated[int, "Days from the order until its points can be spent, such as the time for returns."] = 0
    expiry_months: Annotated[
        int,
        "Months from the order until its points expire, at the end of that day. With 0 here and in expiry_days they "
        "never expire.",
    ] = 0
    expiry_days: Annotated[int, "The same in days, instead of expiry_months."] = 0
    redeem_points: Annotated[int, "What points are worth when they are spent: this many points pay redeem_value."] = 100
    redeem_value: Annotated[str, "What redeem_points pay, in the shop's currency, rounded down."] = "1.00"
    clawback: Annotated[
        Literal["debt", "clamp"],
        "When goods are returned and their points were already spent: debt is repaid from the next points, with clamp "
        "the shop bears the loss.",
    ] = "debt"

    def __post_init__(self) -> None:
        for name, table in (("points_per", self.points_per), ("minimum_order", self.minimum_order)):
            for currency, text in table.items():
                if _code(currency) != currency:
                    raise ValueError(f"{name}: the currency {currency} must be written {_code(currency)}")
                fraction(text)
        if self.version < 1:
            raise ValueError("version must be 1 or more")
        if min(self.pending_days, self.expiry_months, self.expiry_days) < 0:
            raise ValueError("pending_days, expiry_months and expiry_days must not be negative")
        if max(self.pending_days, self.expiry_months, self.expiry_days) > 36_500:
            raise ValueError("pending_days, expiry_months and expiry_days must be at most 36500")
        if self.expiry_months and self.expiry_days:
            raise ValueError("set expiry_months or expiry_days, not both")
        if not 1 <= self.redeem_points <= 1_000_000_000:
            raise ValueError("redeem_points must be 1 or more")
        fraction(self.redeem_value)

    def active_from(self, *, at: int, day: date, clock: Clock) -> int:
        """From when points that were earned at *at*, on *day*, may be spent."""
        return clock.start_of(day + timedelta(days=self.pending_days)) if self.pending_days else at

    def expires_at(self, *, day: date, clock: Clock) -> int | None:
        """The end of the last day on which points that were earned on *day* may be spent; None: they never expire."""
        if self.expiry_months:
            return clock.end_of(_months_later(day, self.expiry_months))
        return clock.end_of(day + timedelta(days=self.expiry_days)) if self.expiry_days else None

    def value_minor(self, points: int, currency: str) -> int:
        """What *points* pay, in minor units of the shop's *currency*, rounded down."""
        each = fraction(self.redeem_value) * 10 ** exponent(currency) / self.redeem_points
        return int(points * each)


@dataclass(frozen=True, slots=True)
class Club:
    """What ``club.toml`` says: all versions of the terms, oldest first."""

    terms: Annotated[tuple[Terms, ...], "The versions of the rules, oldest first: [[terms]]."]

    def __post_init__(self) -> None:
        if not self.terms:
            raise ValueError("there are no [[terms]]")
        first, *later = self.terms
        if first.valid_from is not None:
            raise ValueError(f"version {first.version} is the first and must not have valid_from")
        before = first
        for terms in later:
            if terms.valid_from is None:
                raise ValueError(f"version {terms.version} needs valid_from, its first day")
            if terms.version <= before.version or (before.valid_from and terms.valid_from <= before.valid_from):
                raise ValueError(f"version {terms.version} must be later than version {before.version}")
            before = terms

    def on(self, day: str) -> Terms:
        """The terms in force on *day*, an ISO date."""
        for terms in reversed(self.terms):
            if terms.valid_from is None or terms.valid_from.isoformat() <= day:
                return terms
        raise AssertionError("the first version holds from the beginning of time")

    def version(self, number: int) -> Terms:
        return next(terms for terms in self.terms if terms.version == number)


def read_club(shop: Shop) -> Club:
    """The shop's terms; BadConfiguration when a version that points were booked by is not what it was."""
    path = shop.folder / FILE_NAME
    club = schema.read_file(path, Club)
    now = {terms.version: content_of(terms) for terms in club.terms}
    for version, content in rows("SELECT version, content FROM terms ORDER BY version"):
        if now.get(version) != content:
            what = "was changed" if version in now else "is missing"
            raise BadConfiguration(
                f"{path}: version {version} {what}, but points were booked with it",
                hint="Restore it, and add new rules as a new [[terms]] with its own valid_from.",
            )
    return club


def use(terms: Terms, *, at: int) -> None:
    """Keep what *terms* say, because points are about to be booked by them."""
    execute(
        "INSERT INTO terms (version, content, first_used_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        terms.version,
        content_of(terms),
        at,
    )


def write_first_file(folder: Path, *, currency: str) -> Path:
    """Write a first ``club.toml`` for a shop in *currency*, if there is none: a point for each unit, for two years."""
    path = folder / FILE_NAME
    code = currency_code(currency)
    given = {
        **dict.fromkeys(("excluded_categories", "pending_days", "redeem_points", "redeem_value", "clawback")),
        "version": 1,
        "points_per": {code: "1"},
        "minimum_order": {code: "0"},
        "expiry_months": 24,
    }
    text = _HEAD + schema.first_file(Terms, given)
    schema.read_text(text, Club, name=str(path))
    if not path.exists():
        write_text(path, text)
    return path


def fraction(text: str) -> Fraction:
    """``2``, ``0.5`` or ``1/3``, exactly; ValueError for anything else."""
    match = _FRACTION.fullmatch(text)
    if not match or (match[2] and not int(match[2])):
        raise ValueError(f"{text!r} is not a number such as 2, 0.5 or 1/3")
    return Fraction(match[1]) / int(match[2] or 1)


def _code(currency: str) -> str:
    try:
        return currency_code(currency)
    except BadData as error:
        raise ValueError(str(error)) from None


def _months_later(day: date, months: int) -> date:
    """The same day *months* later, or the last of a month that is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    first_of_next = date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)
    return min(date(year, month + 1, 1) + timedelta(days=day.day - 1), first_of_next - timedelta(days=1))


_HEAD = """\
# The club's terms. Never change a version that points were booked with. Add new rules as a new [[terms]] below, with
# the next version and its first day: valid_from = 2027-01-01
[[terms]]
"""
