"""A first mapping for a file of orders that nobody knows: what each column seems to be, with the reason beside it.

What the rows themselves show is stated; what only a name suggests is said to be that, and what neither tells is left
to do. Nothing is imported.

``table``      the beginning of the file: its header, its rows, and rows of totals that are none
``proposal``   what is proposed so far, and how it is written
``columns``    which column is which, by name and by cells; ``likely_names`` and ``more_words`` in several languages
``dates`` ``numbers`` ``currency``   how the file writes them
``money``      what each amount is; ``orders`` what the rows of one order have in common
``words``      statuses, types, and what is not read; ``likely_words`` in several languages
``unread``     what is asked of columns that no word is known of
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from retainctl.config import Shop
from retainctl.intake.encodings import differing_cells, likely_encoding
from retainctl.intake.file import InputFile, input_file
from retainctl.shop.orders_import.formats import Format
from retainctl.shop.orders_import.known import find_format, mapped_format
from retainctl.shop.orders_import.proposing.columns import (
    ask_names,
    find_by_name,
    find_currency,
    find_email,
    find_order_id,
    find_refunds,
    name_articles,
)
from retainctl.shop.orders_import.proposing.currency import find_signs
from retainctl.shop.orders_import.proposing.dates import find_dates
from retainctl.shop.orders_import.proposing.money import ask_discount_of_total, find_money
from retainctl.shop.orders_import.proposing.numbers import find_style
from retainctl.shop.orders_import.proposing.orders import look_at_orders
from retainctl.shop.orders_import.proposing.proposal import Proposal, written
from retainctl.shop.orders_import.proposing.table import Table, read_table
from retainctl.shop.orders_import.proposing.unread import ask_buyer, ask_unread
from retainctl.shop.orders_import.proposing.words import find_statuses, find_types, find_unread

_LOOKED_AT: Final = 200_000  # bytes, for the encoding
_SAMPLES: Final = ("name", "last_name", "first_name", "product")  # by which a person sees that letters are right


def propose_mapping(shop: Shop, name: str, *, encoding: str = "") -> str:
    """The text of a mapping file for the orders in the file called *name*; BadData where it is no table.

    Where its format is known that is said, with the ready mapping if there is one.
    """
    with input_file(name, encoding=encoding) as given:
        start = b"" if encoding else _beginning(given)
        likely = likely_encoding(start) or given.encoding
        file = replace(given, encoding=likely) if start else given
        table = read_table(file)
        known = find_format(file, table.header)
        if known is not None and known != mapped_format():
            return _known(known, file)
        found = Proposal(shop, table)
        _propose(found)
        if start and file.encoding != "utf-8":
            words = "\n".join(cell for role in _SAMPLES for cell in found.cells(role)).encode(file.encoding, "replace")
            sample = differing_cells(words, file.encoding) or differing_cells(start, file.encoding)
            found.doubts.insert(
                0,
                f"The file may be {file.encoding}: import it with --encoding {file.encoding} if its letters are right"
                f" so: {sample}",
            )
        return written(found, name=file.name, options=_option(file))


def _beginning(file: InputFile) -> bytes:
    """The first whole lines of *file*, to tell its encoding by; none where a mark at its beginning says it."""
    start = b"" if file.byte_order_mark else file.beginning_bytes(_LOOKED_AT)
    return start[: start.rfind(b"\n") + 1 or None]


def _option(file: InputFile) -> str:
    """What an import of *file* must be told of its encoding."""
    return "" if file.byte_order_mark or file.encoding == "utf-8" else f" --encoding {file.encoding}"


def _known(format_: Format, file: InputFile) -> str:
    """That *file* needs no mapping, and the ready one by which it is read, to be changed where it must be."""
    lines = [f"# {file.name} is known as {format_.name} ({format_.about}), and needs no mapping:"]
    lines.append(f"# retainctl orders import {file.name}{_option(file)}")
    if format_.mapping:
        lines.append(
            f"# This is how it is read. Change a copy, and import with --from {format_.name} --mapping THIS_FILE."
        )
    return "\n".join(lines) + "\n\n" * bool(format_.mapping) + (format_.mapping or "\n")


def _propose(found: Proposal) -> None:
    """Look at the table, first at what later questions need."""
    _rows(found)
    find_by_name(found)
    name_articles(found)
    find_email(found)
    find_dates(found)
    find_currency(found)
    find_order_id(found)
    find_refunds(found)
    style = find_style(found)
    find_money(found, style)
    find_statuses(found)
    find_types(found, style)
    ask_discount_of_total(found)
    find_signs(found, style)
    look_at_orders(found)
    find_unread(found)
    ask_names(found)
    ask_buyer(found)
    ask_unread(found)
    for role in ("order_id", "ordered_at"):
        if role not in found.columns:
            found.doubts.append(f"No column looks like {role}: name it under [columns].")


def _rows(found: Proposal) -> None:
    """Where the table begins, and the rows that are none."""
    table: Table = found.table
    if table.header_line > 1:
        found.settings["header_line"] = table.header_line, f"The columns are named on line {table.header_line}."
    if table.footers:
        found.settings["skip_rows"] = table.footers, "Rows that begin so are no orders."
