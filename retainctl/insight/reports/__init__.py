"""The reports. Each is one module here, with the report's name and a ``REPORT``; the folder is the list.

Its ``REPORT`` holds everything about it: its rows, their headings and definitions in both languages, and the story that
its page tells. Nothing else needs to be registered.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any

from retainctl.config import Shop
from retainctl.errors import WrongUsage, did_you_mean
from retainctl.insight.labels import SHARED, Label
from retainctl.insight.periods import ALL_TIME, ReportPeriod, first_order_day
from retainctl.insight.story import Story, Telling
from retainctl.rows import Row


@dataclass(frozen=True, slots=True)
class Report:
    """One report.

    *find* gives its rows for a period, and *tell* what its page says of them. *labels* name its columns beyond those in
    ``labels.SHARED``; *values* translate the program's own words in a column, such as a state; *methods* are other ways
    to find the rows, by their names. *begins* gives the first day of which it can know anything. A report that
    *is_of_a_day* shows how all that came before stands at the end of a period, whenever that began. One that *compares*
    sets figures of a period beside those of the period before. *first_step* is the command that brings its first
    figures.
    """

    title: Label
    row_type: type[Row]
    find: Callable[[Shop, ReportPeriod], Sequence[Any]]
    tell: Callable[[Telling], Story]
    labels: Mapping[str, Label]
    definitions: tuple[Label, ...]
    values: Mapping[str, Callable[[str], Label]] = field(default_factory=dict)
    methods: Mapping[str, Callable[[Shop, ReportPeriod], Sequence[Any]]] = field(default_factory=dict)
    begins: Callable[[Shop], date | None] = field(default=lambda _shop: first_order_day())
    is_of_a_day: bool = False
    compares: bool = False
    first_step: str = "orders import FILE"

    def rows(self, shop: Shop, period: ReportPeriod = ALL_TIME, *, method: str = "") -> Sequence[Any]:
        """Its rows for *period*, found by another *method* where one is named; WrongUsage where it has none such."""
        period = self.days(period)
        if not method:
            return self.find(shop, period)
        if method not in self.methods:
            known = ", ".join(self.methods)
            raise WrongUsage(f"this report knows no method {method}", hint=f"It knows: {known}." if known else "")
        return self.methods[method](shop, period)

    def days(self, period: ReportPeriod) -> ReportPeriod:
        """The days of which it is, where *period* is asked for."""
        return period.to_its_end() if self.is_of_a_day else period

    def telling(self, shop: Shop, rows: Sequence[Any], period: ReportPeriod = ALL_TIME) -> Telling:
        """What its story is told from: *rows* of *period*, and those of the period before, where all of it is known."""
        before, begins = period.before() if self.compares else None, self.begins(shop)
        if before is None or before.first is None or begins is None or before.first < begins:
            return Telling(shop, period, rows)
        return Telling(shop, period, rows, self.find(shop, before), before)


class Wording:
    """The texts of a report in one language."""

    def __init__(self, report: Report, language: str) -> None:
        self.language, self.rtl = language, language == "he"
        self._report = report
        self.title = self._said(report.title)
        self.definitions = tuple(map(self._said, report.definitions))

    def __getitem__(self, key: str) -> str:
        """The label *key* of the report, or the shared one."""
        return self._said(self._report.labels.get(key) or SHARED[key])

    def heading(self, column: str) -> str:
        """The heading of *column*; a column that is named by the rows, such as a month, has its name as heading."""
        return self._said(self._report.labels.get(column) or SHARED.get(column, (column, column)))

    def value(self, column: str, value: str) -> str:
        """A value of *column*, translated where it is one of the program's own words."""
        found = self._report.values.get(column)
        return self._said(found(value)) if found else value

    def _said(self, label: Label) -> str:
        return label[self.rtl]


def own_currency(shop: Shop, rows: Sequence[Any]) -> Any:
    """The row in the shop's own currency, or the first where there is none in it."""
    return next((row for row in rows if row.currency == shop.settings.currency), rows[0])


def own_first(shop: Shop) -> Callable[[str], tuple[bool, str]]:
    """The key that sorts currencies by their names, the shop's own before the others."""
    return lambda currency: (currency != shop.settings.currency, currency)


class ReportRow(Row, kind="report"):
    """One of the reports."""

    report: str
    title: str
    columns: tuple[str, ...]


# The order in which an owner reads them; others follow by their names.
_READ_FIRST = ("retention", "orders", "cohorts", "rfm", "campaigns", "points")


def as_read(reports: Mapping[str, Report]) -> dict[str, Report]:
    """*reports* in the order in which an owner reads them."""
    return {name: reports[name] for name in dict.fromkeys((*_READ_FIRST, *reports)) if name in reports}


def all_reports() -> dict[str, Report]:
    """Every report by its name, in the order of their names."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return {name: importlib.import_module(f"{__name__}.{name}").REPORT for name in names}


def report_called(name: str) -> Report:
    """The report *name*; where there is none, WrongUsage suggests the closest name."""
    reports = all_reports()
    if name not in reports:
        raise WrongUsage(f"unknown report {name}", hint=did_you_mean(name, reports))
    return reports[name]


def list_reports(shop: Shop) -> list[ReportRow]:
    """Every report with its title in the shop's language."""
    return [
        ReportRow(
            report=name,
            title=Wording(report, shop.settings.language).title,
            columns=tuple(field.name for field in fields(report.row_type)),
        )
        for name, report in all_reports().items()
    ]
