"""What an order earns, line by line: pure arithmetic in whole numbers, without a table and without the time.

Each rule gives every line an exact share. The shares of all rules are added, the order is rounded down once, and
its whole points go to the lines by largest remainder: splitting a line never changes what the order earns.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from retainctl.club.terms import Terms, fraction
from retainctl.money import exponent

POINTS_PER_ENTRY = 1_000_000_000


class Line(NamedTuple):
    """A line that sells something, as it was paid for."""

    line_no: int
    amount_minor: int
    category: str


class Purchase(NamedTuple):
    """What the rules see of an order."""

    currency: str
    lines: Sequence[Line]


class Shares(NamedTuple):
    """What one rule gives each line: ``numerators[i] / denominator`` points, none below zero."""

    numerators: list[int]
    denominator: int


Rule = Callable[[Purchase, Terms], Shares]


def spend(purchase: Purchase, terms: Terms) -> Shares:
    """So many points for each whole unit of the order's own currency; nothing in a currency without a rate."""
    currency, lines = purchase
    rate = terms.points_per.get(currency)
    if rate is None or _is_below_minimum(purchase, terms):
        return Shares([0] * len(lines), 1)
    numerator, denominator = _rate_per_minor(rate, currency)
    if not terms.excluded_categories:
        return Shares([amount * numerator if amount > 0 else 0 for _, amount, _ in lines], denominator)
    return Shares(
        [
            amount * numerator if amount > 0 and not _excluded(category, terms.excluded_categories) else 0
            for _, amount, category in lines
        ],
        denominator,
    )


RULES: tuple[Rule, ...] = (spend,)


def earned(purchase: Purchase, terms: Terms, *, rules: Sequence[Rule] = RULES) -> list[int]:
    """The whole points of each line of *purchase*, in the order of its lines."""
    return _apportioned(*_sum([rule(purchase, terms) for rule in rules]))


def taken_back(lines: Sequence[tuple[int, int, int]], returned: Mapping[int | None, int]) -> int:
    """How many of an order's points its returns take back; see taken_back_by_line."""
    return sum([points for _, _, points in taken_back_by_line(lines, returned)])


def taken_back_by_line(
    lines: Sequence[tuple[int, int, int]], returned: Mapping[int | None, int]
) -> list[tuple[int, int, int]]:
    """What came back of each line, and the points that it takes with it: (line_no, amount_minor, points).

    *lines* are (line_no, amount_minor, points); *returned* is the sum that came back of each line, under None what
    names no line, which counts against the lines in their order. Each line gives the rounded-down share of all
    that came back of it, so that any partition of a full return takes back exactly what was earned.
    """
    loose = returned.get(None, 0)
    taken = []
    for line_no, amount, points in lines:
        back = min(returned.get(line_no, 0), amount)
        more = min(loose, amount - back)
        loose -= more
        if back + more > 0:
            taken.append((line_no, back + more, points * (back + more) // amount))
    return taken


def _sum(shares: Sequence[Shares]) -> Shares:
    """The shares of all rules over one denominator."""
    if len(shares) == 1:
        return shares[0]
    denominator = math.lcm(*(share.denominator for share in shares))
    columns = zip(
        *([number * (denominator // share.denominator) for number in share.numerators] for share in shares),
        strict=True,
    )
    return Shares([sum(column) for column in columns], denominator)


def _apportioned(numerators: Sequence[int], denominator: int) -> list[int]:
    """The sum rounded down once, in whole points a line: the largest remainders get one more, earlier lines first."""
    points = [number // denominator for number in numerators]
    left = sum(numerators) // denominator - sum(points)
    if left:
        by_remainder = sorted(range(len(points)), key=lambda place: -(numerators[place] % denominator))
        for place in by_remainder[:left]:
            points[place] += 1
    return points


def _is_below_minimum(purchase: Purchase, terms: Terms) -> bool:
    """Whether the order, as it was placed, comes to less than the terms ask for in its currency."""
    least = _minor(terms.minimum_order.get(purchase.currency, "0"), purchase.currency)
    return least > 0 and sum([amount for _, amount, _ in purchase.lines]) < least


def _excluded(category: str, excluded: Sequence[str]) -> bool:
    """Whether *category*, a path such as ``Kitchen > Coffee``, is one of *excluded* or below it."""
    return any(category == name or category.startswith(f"{name} >") for name in excluded)


@lru_cache(maxsize=256)
def _rate_per_minor(rate: str, currency: str) -> tuple[int, int]:
    exact = fraction(rate) / 10 ** exponent(currency)
    return exact.numerator, exact.denominator


@lru_cache(maxsize=256)
def _minor(amount: str, currency: str) -> int:
    return math.ceil(fraction(amount) * int(10 ** exponent(currency)))
