"""How a file writes its dates: each usual form is tried on the cells."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import product
from typing import Final

from retainctl.config import Shop
from retainctl.intake.cells import RowError
from retainctl.intake.values import Values
from retainctl.shop.orders_import.proposing.likely_names import is_universal
from retainctl.shop.orders_import.proposing.proposal import Proposal, mostly

_DAYS: Final = (
    "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%Y-%m-%d", "%Y.%m.%d", "%d/%m/%y",
    "%m/%d/%y", "%d.%m.%y", "%d-%m-%y", "%y/%m/%d", "%y-%m-%d", "%y.%m.%d", "%b %d, %Y", "%d %b %Y", "%B %d, %Y",
    "%d %B %Y",
)  # fmt: skip
_HOURS: Final = (
    "", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p", ", %H:%M", ", %H:%M:%S", ", %I:%M %p", ", %I:%M:%S %p",
    "T%H:%M:%S", " %H.%M", " à %Hh%M", " à %H:%M", " às %H:%M", " um %H:%M", " o %H:%M",
)  # fmt: skip
_FORMS: Final = ("iso", *(day + hour for hour, day in product(_HOURS, _DAYS)), "%Y%m%d", "epoch", "excel")
_LOOKS_LIKE_A_DATE: Final = re.compile(r"(?:\d{1,2}|\d{4})([./-])\d{1,2}\1(?:\d{4}|\d{1,2})(?!\d)")
_SOME: Final = 50  # cells tell whether a column has dates
_NEARLY_ALL: Final = 0.8


def are_dates(shop: Shop, cells: Sequence[str]) -> bool:
    """Whether the first of *cells* are dates of one form."""
    return bool(_forms(shop, cells[:_SOME]))


def find_dates(found: Proposal) -> None:
    """The column of an order's date, and how it is written; what fits two forms is left to do."""
    if "ordered_at" not in found.places:
        columns = {place: found.table.cells(place) for place in found.free}
        place = next((one for one, cells in columns.items() if are_dates(found.shop, cells)), None)
        if place is None:
            place = next((one for one, cells in columns.items() if mostly(cells, _LOOKS_LIKE_A_DATE.match)), None)
        if place is None:
            return
        found.take("ordered_at", place, "Its cells are dates.")
    cells = found.cells("ordered_at")
    name = found.name("ordered_at")
    if is_universal(name):
        found.settings["timezone"] = "UTC", f"{name} says so."
    if "time" in found.places:
        rows = [row for row in found.table.rows if found.cell(row, "ordered_at")]
        cells = [f"{found.cell(row, 'ordered_at')} {found.cell(row, 'time')}".strip() for row in rows]
        found.columns["ordered_at"] = [name, found.name("time")], "The day and the hour stand in two columns."
        del found.columns["time"]
    forms = _forms(found.shop, cells)
    if not forms:
        _leave_to_do(found, name, cells)
    elif len(forms) > 1 and forms[0] != "iso":
        both = " and ".join(forms[:2])
        found.doubts.append(f"{both} fit all dates, as {cells[0]!r}: set dates to the right one.")
    elif forms[0] != "iso":
        found.settings["dates"] = forms[0], f"All of them fit, as {cells[0]!r}."


def _leave_to_do(found: Proposal, name: str, cells: Sequence[str]) -> None:
    """Say which cells fit no form: a few of them where most fit one."""
    for form in _FORMS:
        values = _values(found.shop, form)
        odd = [text for text in cells if not _reads(values, text)]
        if len(cells) - len(odd) >= _NEARLY_ALL * len(cells) and cells:
            found.doubts.append(
                f"{len(odd)} of {len(cells)} cells of {name} are no date as {form}, which the others are, such as"
                f" {odd[0]!r}: set dates, with several forms if need be, and skip_rows for rows that are no orders."
            )
            if form != "iso":
                found.settings["dates"] = form, "Most of them fit."
            return
    found.doubts.append(f"The dates such as {cells[0] if cells else ''!r} are in no usual form: set dates.")


def _forms(shop: Shop, cells: Sequence[str]) -> list[str]:
    """The forms of dates by which every one of *cells* can be read."""
    if not _have_digits(cells):
        return []
    fitting = []
    for form in _FORMS:
        values = _values(shop, form)
        if all(_reads(values, text) for text in cells):
            fitting.append(form)
    short = {form: len({_short_year(form, text) for text in cells}) for form in fitting if "%y" in form}
    return [form for form in fitting if short.get(form, 0) == min(short.values(), default=0) or form not in short]


def _short_year(form: str, text: str) -> str:
    """The year of *text*, of two digits, by *form*: of two forms the one by which there are fewer years is right."""
    parts = re.findall(r"\d+", text)
    return str(parts[re.findall(r"%[dmyHIMS]", form).index("%y")])


def _have_digits(cells: Sequence[str]) -> bool:
    """Whether each of *cells* has some digits, as all dates do."""
    return bool(cells) and all(re.search(r"\d\d", text) for text in cells)


def _values(shop: Shop, form: str) -> Values:
    return Values(shop.clock, shop_currency=shop.settings.currency, dates=form)


def _reads(values: Values, text: str) -> bool:
    """Whether *text* is a date, were it one that is still to come."""
    try:
        values.instant(text, "")
    except RowError as error:
        return error.code == "future_date"
    return True
