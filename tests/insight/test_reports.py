"""What every report says of itself."""

from __future__ import annotations

import dataclasses
from typing import get_origin, get_type_hints

from click.testing import CliRunner

from commands.reports import show_report
from retainctl.insight.labels import SHARED
from retainctl.insight.reports import Report, all_reports


def columns_without_labels(report: Report) -> list[str]:
    """The columns that lack a label in one of the languages. A column of named numbers is headed by their names."""
    hints = get_type_hints(report.row_type)
    names = [field.name for field in dataclasses.fields(report.row_type) if get_origin(hints[field.name]) is not dict]
    labels = {**SHARED, **report.labels}
    return [name for name in names if not all(labels.get(name, ("", "")))]


def test_every_column_has_its_label_in_both_languages() -> None:
    assert {name: columns_without_labels(report) for name, report in all_reports().items()} == {
        name: [] for name in all_reports()
    }


def test_a_column_without_a_label_is_seen() -> None:
    retention = all_reports()["retention"]
    half = dataclasses.replace(retention, labels={**retention.labels, "band": ("Band", "")})
    assert columns_without_labels(half) == ["band"]


def test_every_report_says_in_both_languages_what_its_figures_mean() -> None:
    for name, report in all_reports().items():
        assert report.definitions, name
        for label in (report.title, *report.definitions, *report.labels.values()):
            assert all(label), name


def test_the_help_names_every_report() -> None:
    """The sentence stands in the command, which imports no engine for its help."""
    shown = " ".join(CliRunner().invoke(show_report, ["--help"]).output.split())
    assert f"Show a report: {', '.join(all_reports())}." in shown
