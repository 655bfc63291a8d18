"""Comparing the figures of a report with goals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, NamedTuple, get_args, get_origin, get_type_hints

from retainctl.config import Shop
from retainctl.errors import BadData, DoneInPart, WrongUsage, did_you_mean
from retainctl.insight.periods import ALL_TIME, ReportPeriod
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
    shop: Shop,
    name: str = "retention",
    period: ReportPeriod = ALL_TIME,
    *,
    least: Mapping[str, float],
    most: Mapping[str, float],
) -> Result[Goal]:
    """Each metric of the report *name* that *least* or *most* names, row by row, and whether its goal is met.

    An unknown figure meets none; in a report without rows every count is nought, and the rest unknown. Of figures that
    a row has by name, such as a cohort's months, those that have not come yet are left out.
    """
    row_type = report_called(name).row_type
    every, own = report_called(name).rows(shop, period), shop.settings.currency
    found = [row for row in every if getattr(row, "currency", own) == own]
    among_others = f"the orders in {own}" if len(found) < len(every) else ""
    goals = []
    for metric in dict.fromkeys((*least, *most)):
        low, high = least.get(metric), most.get(metric)
        for of, figure in _figures(found, _figure(row_type, found, metric, name=name)):
            met = figure is not None and (low is None or figure >= low) and (high is None or figure <= high)
            goals.append(Goal(metric, figure, low, high, met, of))
    told = _missed(goals, of=among_others)
    trouble = DoneInPart(told, hint=f"See the figures: retainctl reports show {name}") if told else None
    return Result(tuple(goals), trouble=trouble)


class _Measure(NamedTuple):
    """Where a figure stands: in a *field*, or under its *key* in a field of named figures."""

    field: str
    key: str | None
    is_count: bool


def _figure(row_type: type[Row], found: Sequence[Row], metric: str, *, name: str) -> _Measure:
    """Where the figure *metric* of the report *name* stands; WrongUsage where it has none."""
    known: dict[str, _Measure] = {}
    for field, hint in get_type_hints(row_type, include_extras=True).items():
        listed = get_args(hint)[1] if get_origin(hint) is Annotated else ()
        plain = get_args(hint)[0] if listed else hint
        if get_origin(plain) is dict:
            is_count = get_args(plain)[1] is int
            open_names = [metric] if metric.isdecimal() and not listed else []  # a month that may come one day
            keys = listed or [*(key for row in found for key in getattr(row, field)), *open_names]
            known |= {key: _Measure(field, key, is_count) for key in keys}
        elif plain in (int, int | None, float, float | None):
            known[field] = _Measure(field, None, plain is int)
    if metric not in known:
        raise WrongUsage(f"the report {name} has no figure {metric}", hint=did_you_mean(metric, known))
    return known[metric]


def _figures(found: Sequence[Any], place: _Measure) -> list[tuple[str, float | None]]:
    """The figure in each row, with what the row is called where there is more than one."""
    figures: list[tuple[str, float | None]] = []
    for row in found:
        cell = getattr(row, place.field)
        figure = cell if place.key is None else cell.get(place.key)
        if place.key is None or figure is not None:
            called = getattr(row, "name", None) or next((one for one in vars(row).values() if isinstance(one, str)), "")
            figures.append((called if len(found) > 1 else "", figure))
    return figures or [("", 0 if place.is_count and not found else None)]


def _missed(goals: Sequence[Goal], *, of: str) -> str:
    """The goals that were missed, as a sentence; empty when all were met. Those of no row by name are *of* this."""
    told = []
    for goal in goals:
        figure = "unknown" if goal.value is None else _plain(goal.value)
        if not goal.met:
            called = " of ".join(filter(None, (goal.metric, goal.of or of)))
            told.append(f"{called} is {figure}, but must be {_bounds(goal)}")
    return "; ".join(told)


def _bounds(goal: Goal) -> str:
    least = f"at least {_plain(goal.least)}" if goal.least is not None else ""
    most = f"at most {_plain(goal.most)}" if goal.most is not None else ""
    return " and ".join(bound for bound in (least, most) if bound)


def _plain(number: float) -> str:
    return f"{number:.6f}".rstrip("0").rstrip(".")
