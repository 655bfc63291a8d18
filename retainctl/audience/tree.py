"""What an expression says: one frozen dataclass per construct."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from retainctl.facets import Attribute
from retainctl.shop.consent import Purpose

Operator = Literal["=", "<", "<=", ">", ">="]
Unit = Literal["day", "week", "month", "year"]
What = Literal["anything", "category", "product", "brand"]


@dataclass(frozen=True, slots=True)
class Ago:
    """A day counted back from the day on which the expression is evaluated."""

    count: int
    unit: Unit

    def day(self, today: date) -> date:
        """The day itself; one month before the 31st is the last day of a shorter month."""
        if self.unit in ("day", "week"):
            return today - timedelta(days=self.count * (7 if self.unit == "week" else 1))
        months = today.year * 12 + today.month - 1 - self.count * (12 if self.unit == "year" else 1)
        year, month = months // 12, months % 12 + 1
        return date(year, month, min(today.day, calendar.monthrange(year, month)[1]))


Value = int | str | date | Ago  # money in minor units


@dataclass(frozen=True, slots=True)
class Comparison:
    """``orders >= 5``"""

    field: Attribute
    operator: Operator
    value: Value


@dataclass(frozen=True, slots=True)
class Between:
    """``spent between 100 and 200``, both ends included"""

    field: Attribute
    low: Value
    high: Value


@dataclass(frozen=True, slots=True)
class OneOf:
    """``language in (he, en)``"""

    field: Attribute
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """``email is known``"""

    field: Attribute


@dataclass(frozen=True, slots=True)
class Bought:
    """``bought category "Coffee" at least 2 times since 90 days ago``: in at least that many orders"""

    what: What
    name: str
    times: int
    since: date | Ago | None


@dataclass(frozen=True, slots=True)
class Consented:
    """``consented marketing``: at least one e-mail address has consent now."""

    purpose: Purpose


@dataclass(frozen=True, slots=True)
class InSegment:
    """``in segment loyal``: by that segment's expression now, not by its last refresh"""

    name: str


@dataclass(frozen=True, slots=True)
class Not:
    part: Tree


@dataclass(frozen=True, slots=True)
class Every:
    """``a and b``; *sources* are the parts as they were written."""

    parts: tuple[Tree, ...]
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """``a or b``"""

    parts: tuple[Tree, ...]


Tree = Comparison | Between | OneOf | Known | Bought | Consented | InSegment | Not | Every | Either
