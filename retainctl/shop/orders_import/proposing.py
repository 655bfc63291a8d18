"""A first mapping for a file of orders that nobody knows: what each column seems to be, with the reason beside it.

What the rows themselves show is stated; what only a name suggests is said to be that, and what neither tells is left
to do. Nothing is imported.
"""

from __future__ import annotations

import csv
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice
from typing import Any, Final
from zoneinfo import ZoneInfo

from retainctl import schema
from retainctl.clock import Clock
from retainctl.config import Shop
from retainctl.errors import BadData
from retainctl.intake.cells import RowError, plain_name
from retainctl.intake.csv_rows import DELIMITERS
from retainctl.intake.file import InputFile, input_file
from retainctl.intake.text import TextLines
from retainctl.intake.values import NUMBER_STYLES, Values
from retainctl.money import currency_code, exponent
from retainctl.shop.orders_import.documents import LINE_ROLES
from retainctl.shop.orders_import.formats import Format
from retainctl.shop.orders_import.formats.generic import ROLES, STATUSES
from retainctl.shop.orders_import.known import find_format, mapped_format
from retainctl.shop.orders_import.likely_names import LIKELY_NAMES

ROWS: Final = 500  # that are looked at
_HEADER_LINES: Final = 20
_ENCODINGS: Final = ("utf-8", "cp1255", "cp1252")
_DATE_FORMS: Final = (
    "iso", "%Y-%m-%d %H:%M:%S", "%d/%m/%Y", "%m/%d/%Y", "%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M", "%d/%m/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M:%S", "%d.%m.%Y", "%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M:%S", "%d-%m-%Y", "%d-%m-%Y %H:%M", "%Y/%m/%d",
    "%Y/%m/%d %H:%M:%S", "%d/%m/%y", "%m/%d/%y", "%d.%m.%y", "%b %d, %Y", "%d %b %Y", "%B %d, %Y", "%d %B %Y",
    "%b %d, %Y %I:%M:%S %p", "%m/%d/%Y %I:%M %p", "%Y-%m-%dT%H:%M:%S", "%Y%m%d", "epoch", "excel",
)  # fmt: skip
_MONEY: Final = ("unit_price", "line_total", "total", "shipping", "tax", "discount", "refunded")
_MOST_DECIMALS: Final = 9
_NO_AMOUNTS: Final = ("ordered_at", "time", "order_id", "phone", "sku")
_EMAIL: Final = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>]+")
_CURRENCY: Final = re.compile(r"[₪$€£]|\b[A-Z]{3}\b")


@dataclass(slots=True)
class _Table:
    """The beginning of a file as a table."""

    header_line: int
    delimiter: str
    header: list[str]
    rows: list[list[str]]

    def cells(self, place: int) -> list[str]:
        """What stands in a column, empty cells left out."""
        return [text for row in self.rows if (text := row[place].strip())]


@dataclass(slots=True)
class _Proposal:
    """Each role with its column's name, and the sentence that says why."""

    columns: dict[str, tuple[str, str]] = field(default_factory=dict)
    settings: dict[str, tuple[Any, str]] = field(default_factory=dict)
    constants: dict[str, tuple[str, str]] = field(default_factory=dict)
    statuses: dict[str, tuple[str, str]] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)  # columns that mean nothing to us
    doubts: list[str] = field(default_factory=list)


def propose_mapping(shop: Shop, name: str, *, encoding: str = "") -> str:
    """The text of a mapping file for the orders in the file called *name*; BadData where it is no table.

    Where its format is known that is said, with the ready mapping if there is one.
    """
    with input_file(name, encoding=encoding or _encoding(name)) as file:
        table = _table(file)
        known = find_format(file, table.header)
        if known is not None and known != mapped_format():
            return _known(known, file)
        proposal = _proposal(shop, table, file)
        return _written(proposal, file, table)


def _known(format_: Format, file: InputFile) -> str:
    """That *file* needs no mapping, and the ready one by which it is read, to be changed where it must be."""
    lines = [f"# {file.name} is known as {format_.name} ({format_.about}), and needs no mapping:"]
    encoding = f" --encoding {file.encoding}" if file.encoding != "utf-8" else ""
    lines.append(f"# retainctl orders import {file.name}{encoding}")
    if format_.mapping:
        lines.append(
            f"# This is how it is read. Change a copy, and import with --from {format_.name} --mapping THIS_FILE."
        )
    return "\n".join(lines) + "\n\n" * bool(format_.mapping) + (format_.mapping or "\n")


def _encoding(name: str) -> str:
    """The first usual encoding in which the beginning of the file is text."""
    with input_file(name) as file:
        if file.byte_order_mark:
            return ""
        start = file.beginning_bytes(200_000)
    for encoding in _ENCODINGS:
        with suppress(UnicodeDecodeError):
            start[: start.rfind(b"\n") + 1 or None].decode(encoding)
            return encoding
    return ""


def _table(file: InputFile) -> _Table:
    lines = list(islice(TextLines(file), ROWS + _HEADER_LINES))
    if lines and lines[0].lstrip()[:1] in ("{", "["):
        raise BadData(f"{file.name} is JSON, which needs no mapping", hint="Import it: retainctl orders import FILE")
    delimiter = max(DELIMITERS, key=lambda mark: sum(line.count(mark) for line in lines[:_HEADER_LINES]))
    rows = list(csv.reader(lines, delimiter=delimiter))
    width = Counter(len(row) for row in rows if len(row) > 1).most_common(1)
    if not width:
        raise BadData(f"{file.name} does not look like a table with several columns")
    at = next(
        number for number, row in enumerate(rows) if len(row) == width[0][0] and any(cell.strip() for cell in row)
    )
    header = [cell.strip() for cell in rows[at]]
    line = sum(1 + sum(cell.count("\n") for cell in row) for row in rows[:at]) + 1
    body = [row for row in rows[at + 1 :] if len(row) == len(header) and any(cell.strip() for cell in row)]
    return _Table(line, delimiter, header, body)


def _proposal(shop: Shop, table: _Table, file: InputFile) -> _Proposal:
    found = _Proposal()
    if file.encoding != "utf-8":
        found.doubts.append(f"The file is {file.encoding}: import it with --encoding {file.encoding}.")
    if table.header_line > 1:
        found.settings["header_line"] = table.header_line, f"The columns are named on line {table.header_line}."
    taken = _by_name(table, found)
    _by_content(table, found, taken)
    _dates(shop, table, found, taken)
    style = _numbers(shop, table, found, taken)
    _prices(shop, table, found, taken, style)
    _statuses(table, found, taken)
    _further_rows(table, found, taken)
    _currency(shop, table, found, taken)
    for role in ("order_id", "ordered_at"):
        if role not in found.columns:
            found.doubts.append(f"No column looks like {role}: name it under [columns].")
    found.left = [name for place, name in enumerate(table.header) if name and place not in taken.values()]
    return found


def _by_name(table: _Table, found: _Proposal) -> dict[str, int]:
    """The place of each role that a name suggests; of two the first, unless one has more to say."""
    taken: dict[str, int] = {}
    for role, pattern in LIKELY_NAMES:
        if role in taken:
            continue
        fitting = [
            place
            for place, name in enumerate(table.header)
            if place not in taken.values() and re.search(pattern, plain_name(name))
        ]
        if role in _MONEY or role == "quantity":
            fitting = [place for place in fitting if _are(table.cells(place), _is_number)]
        if fitting:
            best = max(fitting, key=lambda place: (len(table.cells(place)) > 0, -place))
            taken[role] = best
            found.columns[role] = table.header[best], "Its name says so."
            if len(fitting) > 1:
                others = ", ".join(table.header[place] for place in fitting if place != best)
                found.columns[role] = table.header[best], f"Its name says so; it could also be: {others}."
                if role == "order_id":  # what it is told by else would bury that
                    found.doubts.append(f"Is an order called by {table.header[best]} or by {others}? Set order_id.")
    return taken


def _by_content(table: _Table, found: _Proposal, taken: dict[str, int]) -> None:
    """What the cells themselves show: e-mail addresses, and ids that differ from order to order."""
    free = [place for place in range(len(table.header)) if place not in taken.values() and table.cells(place)]
    if "email" not in taken:
        place = next((one for one in free if _are(table.cells(one), _EMAIL.fullmatch)), None)
        if place is not None:
            taken["email"] = place
            found.columns["email"] = table.header[place], "Its cells are e-mail addresses."
    if "order_id" in taken:
        cells = table.cells(taken["order_id"])
        found.columns["order_id"] = table.header[taken["order_id"]], f"{len(set(cells))} of {len(cells)} cells differ."


def _dates(shop: Shop, table: _Table, found: _Proposal, taken: dict[str, int]) -> None:
    if "ordered_at" not in taken:
        for place in range(len(table.header)):
            if place not in taken.values() and _forms(shop, table.cells(place)[:50]):
                taken["ordered_at"] = place
                found.columns["ordered_at"] = table.header[place], "Its cells are dates."
                break
        else:
            return
    cells = table.cells(taken["ordered_at"])
    name = table.header[taken["ordered_at"]]
    if "time" in taken:
        times = [row[taken["time"]].strip() for row in table.rows if row[taken["ordered_at"]].strip()]
        cells = [f"{day} {time}" for day, time in zip(cells, times, strict=False)]
        joined = [name, table.header[taken["time"]]]
        found.columns["ordered_at"] = joined, "The day and the hour stand in two columns."  # type: ignore[assignment]
        del found.columns["time"]
    forms = _forms(shop, cells)
    if not forms:
        found.doubts.append(f"The dates such as {cells[0] if cells else ''!r} are in no usual form: set dates.")
    elif forms[0] != "iso":
        if len(forms) > 1:
            both = " and ".join(forms[:2])
            found.doubts.append(f"{both} fit all dates, as {cells[0]!r}: set dates to the right one.")
        else:
            found.settings["dates"] = forms[0], f"All of them fit, as {cells[0]!r}."


def _forms(shop: Shop, cells: Sequence[str]) -> list[str]:
    """The forms of dates by which every one of *cells* can be read."""
    fitting = []
    for form in _DATE_FORMS:
        values = Values(shop.clock, shop_currency=shop.settings.currency, dates=form)
        if cells and all(_reads(values, text) for text in cells):
            fitting.append(form)
    return fitting


def _numbers(shop: Shop, table: _Table, found: _Proposal, taken: dict[str, int]) -> str:
    """The first style in which all that look like amounts can be read; one that says otherwise is told beside it.

    Money has no more decimals than the shop's currency, if that leaves a style: ``1,234`` is a total of a thousand. The
    price of a piece may have more, and a column of ``1,234`` alone is left to do.
    """
    but = [taken[one] for one in _NO_AMOUNTS if one in taken]
    money = {taken[one] for one in _MONEY if one in taken and one != "unit_price"}
    amounts = [
        (text, exponent(shop.settings.currency) if place in money else _MOST_DECIMALS)
        for place in range(len(table.header))
        if place not in but and _are(table.cells(place), _is_number)
        for text in table.cells(place)
        if re.search(r"[.,' \u00a0]\d", text)
    ]
    readings = _readings(amounts) or _readings([(text, _MOST_DECIMALS) for text, _ in amounts])
    first, *others = list(readings) or ["1234.56"]
    if others:
        text, _ = next(one for place, one in enumerate(amounts) if len({some[place] for some in readings.values()}) > 1)
        both = " and ".join([first, *others])
        found.doubts.append(f"The numbers fit {both}, as {text!r}: set numbers to the right one.")
    elif first != "1234.56":
        found.settings["numbers"] = first, f"All amounts can be read as {first}."
    return first


def _readings(amounts: Sequence[tuple[str, int]]) -> dict[str, tuple[Decimal, ...]]:
    """Each style by which every one of *amounts* can be read, with at most its decimals, and what they come to; of
    styles that come to the same the first."""
    fitting: dict[tuple[Decimal, ...], str] = {}
    for style in NUMBER_STYLES:
        read = [_parsed(text, style) for text, _ in amounts]
        whole = [one for one in read if one is not None]
        if len(whole) == len(amounts) and all(
            one == round(one, most) for one, (_, most) in zip(whole, amounts, strict=True)
        ):
            fitting.setdefault(tuple(whole), style)
    return {style: whole for whole, style in fitting.items()}


def _prices(shop: Shop, table: _Table, found: _Proposal, taken: dict[str, int], style: str) -> None:
    """What the column of amounts is: the price of a piece, a line's total or an order's. The rows tell."""
    if not {"unit_price", "line_total"} & taken.keys():
        _total_of_lines(table, found, taken)
    if not {"unit_price", "line_total"} & taken.keys():
        _without_prices(shop, table, found, taken)
    elif "quantity" not in taken:
        found.constants["quantity"] = "1", "No column has the pieces."
    elif "line_total" not in taken:
        each, whole, articles = _growth(table, taken, "unit_price", style)
        name = table.header[taken["unit_price"]]
        if whole > each:
            _call(found, taken, "unit_price", "line_total")
            found.columns["line_total"] = name, f"It grows with the quantity, for {whole} of {articles} articles."
        elif articles:
            why = f"It is the same whatever the quantity, for {each} of {articles} articles."
            found.columns["unit_price"] = name, why
        else:
            found.doubts.append(f"Is {name} the price of one piece? Else call it line_total.")


def _total_of_lines(table: _Table, found: _Proposal, taken: dict[str, int]) -> None:
    """Take the order's total for its lines' where the rows of an order differ in it."""
    if "total" in taken and "order_id" in taken:
        totals: defaultdict[str, set[str]] = defaultdict(set)
        for row in table.rows:
            totals[row[taken["order_id"]].strip()].add(row[taken["total"]].strip())
        if several := sum(len(one) > 1 for one in totals.values()):
            _call(found, taken, "total", "line_total")
            found.columns["line_total"] = table.header[taken["line_total"]], f"It differs within an order: {several}."


def _without_prices(shop: Shop, table: _Table, found: _Proposal, taken: dict[str, int]) -> None:
    """Leave to do which column has the money, where no name says it; an order without prices is its total alone."""
    if "total" not in taken:
        role = "unit_price" if {"sku", "product"} & taken.keys() and "quantity" in taken else "total"
        others = ", ".join(
            table.header[place]
            for place in _other_numbers(table, taken)
            if table.header[place] and not _forms(shop, table.cells(place)[:50])
        )
        which = f" Columns of numbers: {others}." if others else ""
        found.doubts.append(f"No column looks like {role}: name it under [columns].{which}")
        if role == "unit_price":
            return
    names = {plain_name(name) for name in table.header}
    for role in (*LINE_ROLES, "line_total"):
        if taken.pop(role, None) is not None or not names.isdisjoint(map(plain_name, ROLES[role])):
            found.columns[role] = "", "Not read: no column has prices, and an order is one line of its total."


def _other_numbers(table: _Table, taken: dict[str, int]) -> list[int]:
    """The columns of numbers that nobody has taken."""
    free = [place for place in range(len(table.header)) if place not in taken.values()]
    return [place for place in free if _are(table.cells(place), _is_number)]


def _growth(table: _Table, taken: dict[str, int], role: str, style: str) -> tuple[int, int, int]:
    """For how many articles an amount stays the same whatever the quantity, and grows with it; of how many."""
    prices: defaultdict[str, dict[Decimal, set[Decimal]]] = defaultdict(dict)
    article = taken.get("sku", taken.get("product"))
    for row in table.rows:
        quantity, price = (_parsed(row[taken[one]].strip(), style) for one in ("quantity", role))
        if article is not None and quantity and price is not None:
            prices[row[article].strip()].setdefault(quantity, set()).add(price)
    several = [one for one in prices.values() if len(one) > 1]
    each = sum(len(set.union(*one.values())) == 1 for one in several)
    whole = sum(len({price / quantity for quantity, some in one.items() for price in some}) == 1 for one in several)
    return each, whole, len(several)


def _call(found: _Proposal, taken: dict[str, int], old: str, new: str) -> None:
    """Give the column of the role *old* the role *new*."""
    taken[new] = taken.pop(old)
    found.columns[new] = found.columns.pop(old)


def _statuses(table: _Table, found: _Proposal, taken: dict[str, int]) -> None:
    if "status" not in taken:
        return
    for word, count in Counter(table.cells(taken["status"])).most_common():
        if word.strip().casefold() not in STATUSES:
            found.statuses[word] = "completed", f"Rows: {count}; say what it means."


def _further_rows(table: _Table, found: _Proposal, taken: dict[str, int]) -> None:
    """Whether the further rows of an order leave its own cells empty."""
    if "ordered_at" in taken and ("sku" in taken or "product" in taken):
        alone = sum(not row[taken["ordered_at"]].strip() for row in table.rows)
        if alone:
            found.doubts.append(
                f"Rows that leave the cells of their order empty: {alone}. Set inherit = true if each of them is a"
                " further row of the order above it, and none is a row of totals."
            )


def _currency(shop: Shop, table: _Table, found: _Proposal, taken: dict[str, int]) -> None:
    if "currency" in taken:
        return
    marks = Counter(
        mark
        for place in [taken[role] for role in _MONEY if role in taken] or _other_numbers(table, taken)
        for text in table.cells(place)
        for mark in _CURRENCY.findall(text)
    )
    for mark, _ in marks.most_common(1):
        with suppress(BadData):
            found.settings["currency"] = currency_code(mark), f"Amounts are written with {mark}."
            return
    found.settings["currency"] = shop.settings.currency, "No column has it: the shop's own."


def _are(cells: Sequence[str], test: Callable[[str], object], *, share: float = 0.9) -> bool:
    """Whether at least that *share* of *cells* pass *test*, and there are any."""
    return bool(cells) and sum(bool(test(text)) for text in cells) >= share * len(cells)


def _is_number(text: str) -> bool:
    return any(_parsed(text, style) is not None for style in NUMBER_STYLES)


def _parsed(text: str, style: str) -> Decimal | None:
    values = _READERS[style]
    try:
        return values(text)
    except (BadData, RowError):
        return None


def _reads(values: Values, text: str) -> bool:
    """Whether *text* is a date, were it one that is still to come."""
    try:
        values.instant(text, "")
    except RowError as error:
        return error.code == "future_date"
    return True


def _reader(style: str) -> Callable[[str], Decimal]:

    values = Values(Clock(ZoneInfo("UTC"), 0), shop_currency="ILS", numbers=style)
    return lambda text: values.number(text, "")


_READERS: Final = {style: _reader(style) for style in NUMBER_STYLES}


def _written(found: _Proposal, file: InputFile, table: _Table) -> str:
    """The proposal as a mapping file, a sentence above each line."""
    lines = [f"# A first mapping for {file.name}, made of the first rows ({len(table.rows)}). Look at each line, then:"]
    lines.append(f"# retainctl orders import {file.name} --mapping THIS_FILE --source NAME --dry-run")
    lines += [f"# TO DO: {doubt}" for doubt in found.doubts]
    for name, (value, why) in found.settings.items():
        lines += ["", f"# {why}", f"{name} = {schema.to_toml(value)}"]
    for title, table_of in (("columns", found.columns), ("constants", found.constants), ("statuses", found.statuses)):
        if table_of:
            lines += ["", f"[{title}]"]
            for name, (value, why) in table_of.items():
                key = name if re.fullmatch(r"\w+", name, re.ASCII) else schema.to_toml(name)
                lines += [f"# {why}", f"{key} = {schema.to_toml(value)}"]
    if found.left:
        lines += ["", "# Not read: " + ", ".join(found.left)]
    return "\n".join(lines) + "\n"
