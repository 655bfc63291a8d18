"""Scores with their 95 % confidence intervals: arithmetic on plain values.

NPS, in points from -100 to 100: the share of promoters (9 and 10) minus the share of detractors (0 to 6). Its interval
is the adjusted Wald one (Agresti and Coull's way; Rocks, The American Statistician, 2016): as if three more had
answered, three quarters of one a promoter and three quarters a detractor, so that it holds for few answers and happy
shops too. The standard error is that of the difference of two shares of a sample, sqrt((p + d - (p - d)^2) / n).

CSAT is the share of answers in the two highest points of the scale, CES the share in its three highest. Both have
Wilson's interval, which is valid for few answers and near 0 and 1; so have the shares of a choice question.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt

Z_95 = 1.959963984540054
PROMOTERS_FROM, PASSIVES_FROM = 9, 7
_MORE_ANSWERS, _MORE_OF_EACH = 3, 0.75  # of the adjusted interval
FAVOURABLE_POINTS = {"csat": 2, "ces": 3}


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with its 95 % confidence interval; None where the answers do not determine it."""

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Nps:
    """How many would recommend the shop, how many would not, and the score in points."""

    promoters: int
    passives: int
    detractors: int
    score: Interval


def nps(counts: Mapping[int, int]) -> Nps:
    """The net promoter score of *counts*, how many gave each answer from 0 to 10."""
    promoters = sum(count for answer, count in counts.items() if answer >= PROMOTERS_FROM)
    detractors = sum(count for answer, count in counts.items() if answer < PASSIVES_FROM)
    passives = sum(counts.values()) - promoters - detractors
    return Nps(promoters, passives, detractors, net_promoters(promoters, passives, detractors))


def net_promoters(promoters: int, passives: int, detractors: int) -> Interval:
    """The score in points, with its interval."""
    answers = promoters + passives + detractors
    if not answers:
        return Interval(None, None, None)
    more = answers + _MORE_ANSWERS
    pro, contra = (promoters + _MORE_OF_EACH) / more, (detractors + _MORE_OF_EACH) / more
    middle = pro - contra
    reach = Z_95 * sqrt((pro + contra - middle**2) / more)
    score = (promoters - detractors) / answers
    low, high = min(score, middle - reach), max(score, middle + reach)  # of one or two answers it may not hold its own
    return Interval(100 * score, 100 * max(-1.0, low), 100 * min(1.0, high))


def favourable(kind: str, counts: Mapping[int, int], *, highest: int) -> int:
    """How many of *counts* gave one of the answers that count as favourable on a scale that ends at *highest*."""
    return sum(count for answer, count in counts.items() if answer > highest - FAVOURABLE_POINTS[kind])


def share(part: int, whole: int) -> Interval:
    """*part* of *whole* as a fraction of one, with Wilson's interval."""
    if not whole:
        return Interval(None, None, None)
    fraction = part / whole
    weight = Z_95**2 / whole
    middle = (fraction + weight / 2) / (1 + weight)
    reach = Z_95 * sqrt(fraction * (1 - fraction) / whole + weight / (4 * whole)) / (1 + weight)
    return Interval(fraction, max(0.0, middle - reach), min(1.0, middle + reach))


def mean(counts: Mapping[int, int]) -> float | None:
    """The mean answer."""
    answers = sum(counts.values())
    return sum(answer * count for answer, count in counts.items()) / answers if answers else None
