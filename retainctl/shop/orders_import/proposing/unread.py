"""What is asked of columns that no word is known of: what a language that nobody foresaw calls a fee or a status."""

from __future__ import annotations

from typing import Final

from retainctl.shop.orders_import.proposing.numbers import are_numbers, is_rate
from retainctl.shop.orders_import.proposing.proposal import FEW_WORDS, Proposal

_MOST: Final = 0.9  # of the rows: what more of them have is of every order


def ask_unread(found: Proposal) -> None:
    """Ask of each column that is not read, that no other question names, and that may change what is booked."""
    asked = " ".join(found.doubts)
    told = [(found.table.header[place], _shown(found, place)) for place in found.free]
    if left := [f"{name} ({shown})" for name, shown in told if shown and name not in asked]:
        found.doubts.append(
            "These columns are not read. Does one of them have money of the order (its shipping, a fee, a tip,"
            " what was paid back), say that an order or a row is no sale, or when it was cancelled? Name it"
            f" under [columns] by what it is: {'; '.join(left)}."
        )


def ask_buyer(found: Proposal) -> None:
    """Ask who bought, where no column says it."""
    if not found.first("email", "phone", "customer_id"):
        found.doubts.append(
            "No column says who bought (email, phone or customer_id), so that all orders are guests' and none of them"
            " comes back. If one does, name it under [columns]."
        )


def _shown(found: Proposal, place: int) -> str:
    """What a column has, in a few words, where it may change what is booked; else nothing."""
    name, cells = found.table.header[place], found.table.cells(place)
    rows = len(found.cells("ordered_at")) or len(found.table.rows)
    words = list(dict.fromkeys(cells))
    if is_rate(name, cells):
        return ""
    if are_numbers(cells):
        return f"{cells[0]!r} and other numbers" if set(words) - {"0", "0.00", "0,00"} else ""
    if 1 < len(words) <= FEW_WORDS and found.table.several(place):
        return f"the words {', '.join(words)}"
    return f"{cells[0]!r}, in {len(cells)} of {rows} rows" if len(cells) < _MOST * rows else ""
