"""Comparing the figures of a report with goals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, get_type_hints

from retainctl.config import Shop
from retainctl.errors import BadData, DoneInPart, WrongUsage, did_you_mean
from retainctl.insight.reports import report_called
from retainctl.money import parse_decimal
from retainctl.result import Result
from retainctl.rows import Row


class Goal(Row, kind="goal"):
    """A figure in the shop's own currency, its lower and upper bound, and whether it is within them.

    *of* is what its row in the report is called, such as a month, where a report has more than one.
    """

    metric: str
    value: float | None
    least: float | None
    most: float | None
    met: bool
    of: str = ""


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


def check(
    shop: Shop, name: str = "retention", *, least: Mapping[str, float], most: Mapping[str, float]
) -> Result[Goal]:
    """Each metric of the report *name* that *least* or *most* names, row by row, and whether its goal is met.

    An unknown figure meets none; in a report without rows every count is nought, and the rest unknown.
    """
    report = report_called(name)
    hints = get_type_hints(report.row_type)
    found = [
        row for row in report.rows(shop) if getattr(row, "currency", shop.settings.currency) == shop.settings.currency
    ]
    known = [column for column, hint in hints.items() if hint in (int, int | None, float, float | None)]
    named = [
        column
        for column in hints
        if column not in known and any(isinstance(getattr(row, column), dict) for row in found)
    ]
    known += dict.fromkeys(key for row in found for column in named for key in getattr(row, column))
    goals = []
    for metric in dict.fromkeys((*least, *most)):
        if metric not in known:
            raise WrongUsage(f"the report {name} has no figure {metric}", hint=did_you_mean(metric, known))
        low, high = least.get(metric), most.get(metric)
        for of, figure in _figures(found, metric, named) or [("", 0 if hints.get(metric) is int else None)]:
            met = figure is not None and (low is None or figure >= low) and (high is None or figure <= high)
            goals.append(Goal(metric, figure, low, high, met, of))
    told = _missed(goals)
    trouble = DoneInPart(told, hint=f"See the figures: retainctl reports show {name}") if told else None
    return Result(tuple(goals), trouble=trouble)


def _figures(found: Sequence[Any], metric: str, named: Sequence[str]) -> list[tuple[str, float | None]]:
    """The figure *metric* in each row, with what the row is called where there is more than one."""
    figures = []
    for row in found:
        cells = [getattr(row, column) for column in named]
        figure = (
            getattr(row, metric, None) if hasattr(row, metric) else next(one[metric] for one in cells if metric in one)
        )
        called = next((cell for cell in vars(row).values() if isinstance(cell, str)), "")
        figures.append((called if len(found) > 1 else "", figure))
    return figures


def _missed(goals: Sequence[Goal]) -> str:
    """The goals that were missed, as a sentence; empty when all were met."""
    told = []
    for goal in goals:
        figure = "unknown" if goal.value is None else _plain(goal.value)
        if not goal.met:
            told.append(f"{goal.metric}{goal.of and f' of {goal.of}'} is {figure}, but must be {_bounds(goal)}")
    return "; ".join(told)


def _bounds(goal: Goal) -> str:
    least = f"at least {_plain(goal.least)}" if goal.least is not None else ""
    most = f"at most {_plain(goal.most)}" if goal.most is not None else ""
    return " and ".join(bound for bound in (least, most) if bound)


def _plain(number: float) -> str:
    return f"{number:.6f}".rstrip("0").rstrip(".")
