"""What the rows of one order have in common: whether they are one order at all, and what further rows leave empty."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from retainctl import schema
from retainctl.shop.orders_import.proposing.likely_words import speaks_of_no_sale
from retainctl.shop.orders_import.proposing.proposal import Proposal

_MANY: Final = 3  # a third of the orders
_FEW_PLACES: Final = 20  # tills, or branches


def look_at_orders(found: Proposal) -> None:
    """Ask whether ids begin again, and whether rows without the cells of an order belong to the one above."""
    if "order_id" in found.places and "ordered_at" in found.places:
        _ids_that_begin_again(found)
    _further_rows(found)
    _words_that_differ(found)
    _sums_that_differ(found)


def _words_that_differ(found: Proposal) -> None:
    """Ask of a status that differs within an order: it is of its lines, and such an order waits."""
    if differ := _orders_that_differ(found, "status", found.table.rows):
        found.doubts.append(
            f"{found.name('status')} differs within an order: {differ}. Where only one line of it is a sale, or came"
            " back, the order waits. To leave single lines out, name the column as type instead, and say under [types]"
            " which words are left_out; one that came back is a refund there only if it has a row of its own."
        )


def _sums_that_differ(found: Proposal) -> None:
    """Ask of sums of the order that differ within one: they are of its lines, and such an order waits."""
    sales = [row for row in found.table.rows if not speaks_of_no_sale(row)]
    for role in ("refunded", "order_discount"):
        if differ := _orders_that_differ(found, role, sales):
            found.doubts.append(
                f"{found.name(role)} differs within an order: {differ}. It is of the lines, and an order has one"
                f' {role}: such orders wait. Sum it up in the file, or set {role} = "" and lose it.'
            )


def _orders_that_differ(found: Proposal, role: str, rows: Sequence[Sequence[str]]) -> int:
    """How many orders have several texts in the column of *role*, among *rows*."""
    texts: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows:
        if (order := found.cell(row, "order_id")) and (text := found.cell(row, role)):
            texts[order].add(text)
    return sum(len(some) > 1 for some in texts.values())


def _place_of_sale(found: Proposal) -> str:
    """The column of few words that tells apart what one number on one day does not: a branch or a till."""
    receipts = [(found.cell(row, "order_id"), found.cell(row, "ordered_at")) for row in found.table.rows]
    for place in found.free:
        places = [row[place].strip() for row in found.table.rows]
        if 1 < len(set(places)) <= _FEW_PLACES and len(set(zip(receipts, places, strict=True))) > len(set(receipts)):
            return found.table.header[place]
    return ""


def _ids_that_begin_again(found: Proposal) -> None:
    """Rows of one id with several buyers, or in many orders several moments, are hardly one order."""
    moments: defaultdict[str, set[str]] = defaultdict(set)
    buyers: defaultdict[str, set[str]] = defaultdict(set)
    buyer = found.first("customer_id", "email", "phone", "name")
    for row in found.table.rows:
        if speaks_of_no_sale(row):
            continue  # what came back has a day of its own
        if (order := found.cell(row, "order_id")) and (moment := found.cell(row, "ordered_at")):
            moments[order].add(moment + " " + found.cell(row, "time"))
            if buyer and (who := found.cell(row, buyer)):
                buyers[order].add(who)
    mixed = sum(len(some) > 1 for some in buyers.values())
    apart = sum(len(some) > 1 for some in moments.values())
    if mixed or apart * _MANY > len(moments):
        name, day = found.name("order_id"), found.name("ordered_at")
        said = f"{mixed} with several buyers" if mixed else f"{apart} at several moments"
        several = sum(map(len, moments.values()))
        joined = [*filter(None, [_place_of_sale(found)]), day, name]
        doubt = (
            f"Rows with one {name} are one order: {len(moments)} orders at {several} moments, {said}. If its numbers"
            f" begin again, join it with what tells them apart, such as order_id = {schema.to_toml(joined)}, with"
            f' the branch or the till where each counts for itself; else set order_id = "{name}".'
        )
        if mixed * _MANY > len(moments):
            found.leave_to_do("order_id", doubt)
        else:
            found.doubts.append(doubt)


def _further_rows(found: Proposal) -> None:
    """Whether the further rows of an order leave its own cells empty."""
    alone = sum(not found.cell(row, "ordered_at") for row in found.table.rows) if "ordered_at" in found.places else 0
    if alone and alone < len(found.table.rows):
        found.doubts.append(
            f"Rows that leave the cells of their order empty: {alone}. Set inherit = true if each of them is a further"
            " row of the order above it, and none is a row of totals, which skip_rows leaves out by what it begins"
            " with."
        )
