"""The reports. Each is one small module here with a ``REPORT``, called as its file is; the folder is the list."""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import fields

from retainctl.config import Shop
from retainctl.errors import WrongUsage, did_you_mean
from retainctl.insight.report import Report, Wording
from retainctl.rows import Row


class ReportRow(Row, kind="report"):
    """A report that there is."""

    report: str
    title: str
    columns: str


def all_reports() -> dict[str, Report]:
    """Every report by its name, in the order of their names."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return {name: importlib.import_module(f"{__name__}.{name}").REPORT for name in names}


def report_called(name: str) -> Report:
    """The report called *name*; WrongUsage names the nearest when there is none."""
    reports = all_reports()
    if name not in reports:
        raise WrongUsage(f"no report is called {name}", hint=did_you_mean(name, reports))
    return reports[name]


def list_reports(shop: Shop) -> list[ReportRow]:
    """Every report with its title in the shop's language."""
    return [
        ReportRow(
            report=name,
            title=Wording(report, shop.settings.language).title,
            columns=", ".join(field.name for field in fields(report.row_type)),
        )
        for name, report in all_reports().items()
    ]
