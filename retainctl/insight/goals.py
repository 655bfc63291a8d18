"""Comparing the shop's figures with goals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import get_type_hints

from retainctl.config import Shop
from retainctl.errors import BadData, DoneInPart, WrongUsage, did_you_mean
from retainctl.insight.reports.retention import Retention, retention
from retainctl.money import parse_decimal
from retainctl.result import Result
from retainctl.rows import Row


class Goal(Row, kind="goal"):
    """A figure in the shop's own currency, its lower and upper bound, and whether it is within them."""

    metric: str
    value: float | None
    least: float | None
    most: float | None
    met: bool


def read_goals(written: Sequence[str]) -> dict[str, float]:
    """Parse goals written as ``repeat_rate=0.25``."""
    goals = {}
    for text in written:
        name, sign, number = text.partition("=")
        try:
            if not sign or name in goals:
                raise ValueError
            goals[name] = float(parse_decimal(number))
        except (ValueError, BadData):
            raise WrongUsage(
                f"{text!r} is not a valid goal", hint="Write each metric once, with its number: repeat_rate=0.25"
            ) from None
    return goals


def check(shop: Shop, *, least: Mapping[str, float], most: Mapping[str, float]) -> Result[Goal]:
    """Each metric that *least* or *most* names, and whether its goal is met; an unknown figure meets none."""
    names = list(dict.fromkeys((*least, *most)))
    known = [name for name, hint in get_type_hints(Retention).items() if hint in (int, int | None, float | None)]
    for name in names:
        if name not in known:
            raise WrongUsage(f"unknown metric {name}", hint=did_you_mean(name, known))
    found = {row.currency: row for row in retention(shop)}.get(shop.settings.currency)
    goals = []
    for name in names:
        figure = getattr(found, name) if found else None
        low, high = least.get(name), most.get(name)
        met = figure is not None and (low is None or figure >= low) and (high is None or figure <= high)
        goals.append(Goal(name, figure, low, high, met))
    told = _missed(goals)
    trouble = DoneInPart(told, hint="See the figures: retainctl reports show retention") if told else None
    return Result(tuple(goals), trouble=trouble)


def _missed(goals: Sequence[Goal]) -> str:
    """The goals that were missed, as a sentence; empty when all were met."""
    return "; ".join(
        f"{goal.metric} is {'unknown' if goal.value is None else _plain(goal.value)}, but must be {_bounds(goal)}"
        for goal in goals
        if not goal.met
    )


def _bounds(goal: Goal) -> str:
    least = f"at least {_plain(goal.least)}" if goal.least is not None else ""
    most = f"at most {_plain(goal.most)}" if goal.most is not None else ""
    return " and ".join(bound for bound in (least, most) if bound)


def _plain(number: float) -> str:
    return f"{number:.6f}".rstrip("0").rstrip(".")
