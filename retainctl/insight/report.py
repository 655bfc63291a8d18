"""What a report is: a small module in ``reports`` whose ``REPORT`` says all there is to know of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from retainctl.config import Shop
from retainctl.insight.labels import SHARED, Label
from retainctl.rows import Row


@dataclass(frozen=True, slots=True)
class Report:
    """One report.

    *labels* are what its columns and the words in its chart are called, where ``labels.SHARED`` does not say it;
    *values* the program's own words in a column, such as a state; *tiles* the figures that stand first on its page.
    """

    title: Label
    row_type: type[Row]
    find: Callable[[Shop], Sequence[Any]]
    chart: Callable[[Sequence[Any], Wording], Markup]
    labels: Mapping[str, Label]
    definitions: tuple[Label, ...]
    values: Mapping[str, Mapping[str, Label]] = field(default_factory=dict)
    tiles: tuple[str, ...] = ()


class Wording:
    """What a report says in one language."""

    def __init__(self, report: Report, language: str) -> None:
        self.rtl = language == "he"
        self._report = report
        self.title = self._said(report.title)
        self.definitions = tuple(map(self._said, report.definitions))

    def __getitem__(self, key: str) -> str:
        """The label *key* of the report, or one that reports share."""
        return self._said(self._report.labels.get(key) or SHARED[key])

    def heading(self, column: str) -> str:
        """What stands above *column*; one whose name comes from the rows, such as a month, is called by its name."""
        return self._said(self._report.labels.get(column) or SHARED.get(column, (column, column)))

    def value(self, column: str, value: str) -> str:
        """A value of *column*, if it is one of the program's own words."""
        return self._said(self._report.values.get(column, {}).get(value, (value, value)))

    def _said(self, label: Label) -> str:
        return label[self.rtl]
