"""What a page says: a finding, what it is compared with, a few figures, and pictures that each show one thing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from markupsafe import Markup

from retainctl.config import Shop
from retainctl.insight.periods import ReportPeriod
from retainctl.wording import percent

Swatch = Literal["", "second", "third", "bad", "quiet", "faint"]  # as the style sheet has them; the first is the accent


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure at the top, with what stands beneath it: of how many, or how it has changed."""

    name: str
    shown: str
    beneath: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """One picture under what it shows. *key* has its colours with their meaning, *note* what else must be known."""

    title: str
    chart: Markup
    key: Sequence[tuple[Swatch, str]] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Story:
    """A page's finding, the sentence beneath it, its figures and its sections."""

    finding: str
    lead: str = ""
    figures: Sequence[Figure] = ()
    sections: Sequence[Section] = ()
    note: str = ""  # what must be known of the figures, which it stands beneath


@dataclass(frozen=True, slots=True)
class Telling:
    """What a report tells its story from: its rows, and those *before*, of the period *then*.

    Where there is no such period, or not all of it is known, nothing is compared.
    """

    shop: Shop
    period: ReportPeriod
    rows: Sequence[Any]
    before: Sequence[Any] = field(default=())
    then: ReportPeriod | None = None
    says_against_what: bool = True  # False where it is said once for all figures

    @property
    def language(self) -> str:
        return self.shop.settings.language

    @property
    def rtl(self) -> bool:
        return self.language == "he"

    @property
    def today(self) -> date:
        """The day as of which it is told: the last of the period, but none that has yet to come."""
        today = self.shop.clock.today()
        return min(self.period.last or today, today)

    def say(self, english: str, hebrew: str) -> str:
        """The one of the two sentences that is in the shop's language."""
        return hebrew if self.rtl else english

    def many(self, number: int, english: tuple[str, str], hebrew: tuple[str, str]) -> str:
        """What is said of *number*: of one, or of so many, in which ``{}`` stands for it."""
        one, more = self.say(english[0], hebrew[0]), self.say(english[1], hebrew[1])
        return one if number == 1 else more.format(f"{number:,}")

    def changed(self, now: float | None, then: float | None) -> str:
        """How a count or an amount has changed since the period before; empty where that cannot be said."""
        if now is None or not then:
            return ""
        change = (now - then) / abs(then)
        sign = "▲" if change > 0 else "▼"
        return self._against(f"{sign} {percent(abs(change))}" if change else "")

    def moved(self, now: float | None, then: float | None) -> str:
        """How a share has moved since the period before, in points of a per cent."""
        if now is None or then is None:
            return ""
        points = round(100 * (now - then))
        moved = self.many(
            abs(points), ("1 percentage point", "{} percentage points"), ("נקודת אחוז אחת", "{} נקודות אחוז")
        )
        sign = "▲" if points > 0 else "▼"
        return self._against(f"{sign} {moved}" if points else "")

    def _against(self, change: str) -> str:
        """*change*, or that there is none, and against what."""
        if not self.says_against_what:
            return change or self.say("unchanged", "ללא שינוי")
        if not change:
            return self.say("as in the period before", "ללא שינוי לעומת התקופה הקודמת")
        return f"{change} {self.say('against the period before', 'לעומת התקופה הקודמת')}"


FEW = 10  # people, below whom a share says more of each of them than of all


def share_of(part: int, people: int) -> float | None:
    """The share that *part* are of *people*, as it is told as a finding; None where they are too few for one."""
    return part / people if people >= FEW else None


def too_early(customers: int, telling: Telling) -> str:
    """What is said in the place of a share while the *customers* are few, or have had little time."""
    return telling.many(
        customers,
        (
            "1 customer; it is too early to say whether they come back",
            "{} customers; it is too early to say how many come back",
        ),
        ("לקוח אחד; מוקדם לומר אם יחזור", "{} לקוחות; מוקדם לומר כמה יחזרו"),
    )


def customers_of(share: float, telling: Telling) -> str:
    """A share of the customers as it is said: ``two of three customers``; where no fraction is near, in per cent."""
    near = min(_FRACTIONS, key=lambda one: abs(one[0] - share))
    if abs(near[0] - share) <= 0.02:
        return telling.say(near[1], near[2])
    return telling.say(f"{percent(share)} of customers", f"{percent(share)} מהלקוחות")


_FRACTIONS = (
    (1 / 10, "a tenth of the customers", "עשירית מהלקוחות"),
    (1 / 5, "a fifth of the customers", "חמישית מהלקוחות"),
    (1 / 4, "a quarter of the customers", "רבע מהלקוחות"),
    (1 / 3, "a third of the customers", "שליש מהלקוחות"),
    (2 / 5, "two of five customers", "שניים מכל חמישה לקוחות"),
    (1 / 2, "half of the customers", "מחצית מהלקוחות"),
    (3 / 5, "three of five customers", "שלושה מכל חמישה לקוחות"),
    (2 / 3, "two of three customers", "שניים מכל שלושה לקוחות"),
    (3 / 4, "three of four customers", "שלושה מכל ארבעה לקוחות"),
    (4 / 5, "four of five customers", "ארבעה מכל חמישה לקוחות"),
    (9 / 10, "nine of ten customers", "תשעה מכל עשרה לקוחות"),
)
