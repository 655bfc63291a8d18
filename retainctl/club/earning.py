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
from retainctl.normalising import category_steps

POINTS_PER_ENTRY = 1_000_000_000


class EarningLine(NamedTuple):
    """A line that sells something, as it was paid for; the rules look at the category, not at the product."""

    line_no: int
    amount_minor: int
    category: str
    product_id: int | None = None


class EarningOrder(NamedTuple):
    """What the rules see of an order."""

    currency: str
    lines: Sequence[EarningLine]


class Shares(NamedTuple):
    """What one rule gives each line: ``numerators[i] / denominator`` points, none below zero."""

    numerators: list[int]
    denominator: int


Rule = Callable[[EarningOrder, Terms], Shares]


def spend(purchase: EarningOrder, terms: Terms) -> Shares:
    """So many points for each whole unit of the order's own currency; nothing in a currency without a rate."""
    currency, lines = purchase
    rate = terms.points_per.get(currency)
    if rate is None:
        return Shares([0] * len(lines), 1)
    numerator, denominator, least = _in_minor(rate, terms.minimum_order.get(currency, "0"), currency)
    if least and sum([amount for _, amount, _, _ in lines]) < least:
        return Shares([0] * len(lines), 1)
    excluded = terms.excluded_categories
    return Shares(
        [
            amount * numerator if amount > 0 and not (excluded and _excluded(category, excluded)) else 0
            for _, amount, category, _ in lines
        ],
        denominator,
    )


RULES: tuple[Rule, ...] = (spend,)


def earned(purchase: EarningOrder, terms: Terms, *, rules: Sequence[Rule] = RULES) -> list[int]:
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
        remainders = [number % denominator for number in numerators]
        by_remainder = sorted(range(len(points)), key=remainders.__getitem__, reverse=True)
        for place in by_remainder[:left]:
            points[place] += 1
    return points


@lru_cache(maxsize=4096)
def _excluded(category: str, excluded: tuple[str, ...]) -> bool:
    """Whether *category*, a path such as ``Kitchen > Coffee``, is one of *excluded* or below it."""
    path = category_steps(category)
    return any(path[: len(steps)] == steps for steps in map(category_steps, excluded) if steps)


@lru_cache(maxsize=256)
def _in_minor(rate: str, minimum_order: str, currency: str) -> tuple[int, int, int]:
    """The points for a minor unit, as a fraction's two parts, and the least order in minor units."""
    units = 10 ** exponent(currency)
    exact = fraction(rate) / units
    return exact.numerator, exact.denominator, math.ceil(fraction(minimum_order) * units)
