"""What each amount is: the price of a piece, what a line or an order came to, a discount, money that came back.

The rows tell, or it is left to do.
"""

from __future__ import annotations

import re
from collections import defaultdict
from decimal import Decimal
from typing import Final

from retainctl.intake.cells import plain_name
from retainctl.shop.orders_import.documents import LINE_ROLES
from retainctl.shop.orders_import.formats.generic import ROLES
from retainctl.shop.orders_import.proposing.dates import are_dates
from retainctl.shop.orders_import.proposing.likely_names import suggests
from retainctl.shop.orders_import.proposing.likely_words import speaks_of_no_sale
from retainctl.shop.orders_import.proposing.numbers import is_rate, number, other_numbers
from retainctl.shop.orders_import.proposing.proposal import Proposal, mostly

_ROUNDING: Final = Decimal("0.011")  # a minor unit of the usual currencies
_SEVERAL: Final = 3  # orders with a discount show whose it is


def find_money(found: Proposal, style: str) -> None:
    """What the columns of amounts are; what the rows do not tell is left to do."""
    if "line_total" not in found.places:
        _total_of_lines(found, style)
    if not found.first("unit_price", "line_total"):
        _without_prices(found)
        return
    if "quantity" not in found.places:
        _pieces(found)
    _whose_discount(found, style)
    if "quantity" in found.places and "unit_price" in found.places:
        if "line_total" in found.places:
            _agree(found, style)
        else:
            _price_or_total(found, style)
    _rates(found)
    _size_of_discounts(found, style)


def _size_of_discounts(found: Proposal, style: str) -> None:
    """How discounts are written, as the rows of sales show; and whether they are any, or a price."""
    role = found.first("discount", "order_discount")
    rows = [row for row in found.table.rows if role and not speaks_of_no_sale(row)]
    discounts = [(row, less) for row in rows if (less := number(found.cell(row, role), style))]
    below = sum(less < 0 for _, less in discounts)
    if discounts and below == len(discounts):
        found.settings["negative_discounts"] = True, f"All discounts are written below zero: {below}."
    elif below > len(discounts) / 2:
        found.doubts.append(
            f"{below} of {len(discounts)} discounts in {found.name(role)} are below zero: set negative_discounts = true"
            " if they are written so, and correct the others in the file."
        )
    if role == "discount" and {"quantity", "unit_price"} <= found.places.keys():
        whole = [
            (abs(less), abs(quantity * price))
            for row, less in discounts
            if (quantity := number(found.cell(row, "quantity"), style)) is not None
            and (price := number(found.cell(row, "unit_price"), style)) is not None
        ]
        if sum(less >= before for less, before in whole) > len(whole) / 2:
            found.doubts.append(
                f"By {found.name(role)} as a discount most of the lines with one come to nothing. Is it a price? Set"
                ' discount = "", and unit_price to what was paid for a piece.'
            )


def _pieces(found: Proposal) -> None:
    """One piece a row, unless a column may have the pieces that nobody has taken: that is left to do."""
    header, cells = found.table.header, found.table.cells
    some = [header[one] for one in other_numbers(found) if _are_pieces(cells(one))]
    some += [name for place, name in enumerate(header) if place in found.free and _has_units(name, cells(place))]
    if some and "unit_price" in found.places:
        found.leave_to_do(
            "quantity",
            f"No column of numbers is called like a quantity; pieces may stand in {', '.join(some)}. Set quantity to"
            f' the one that has the pieces, or to "" with quantity = "1" under [constants].',
        )
    else:
        found.constants["quantity"] = "1", "No column has the pieces."


def _are_pieces(cells: list[str]) -> bool:
    """Whether *cells* are small numbers, whole or of parts as a scale has them, not all of them one."""
    return all(re.fullmatch(r"-?\d{1,3}(?:[.,]\d{1,3})?", cell) for cell in cells) and set(cells) - {"0", "1"} != set()


def _has_units(name: str, cells: list[str]) -> bool:
    """Whether a column is called like a quantity, and its cells are no numbers alone: ``2 pcs``."""
    return suggests(name, "quantity") and mostly(cells, re.compile(r"\d").search)


def _total_of_lines(found: Proposal, style: str) -> None:
    """Take the order's total for its lines' where the rows of its sale differ in it."""
    if {"total", "order_id"} <= found.places.keys():
        totals: defaultdict[str, set[Decimal]] = defaultdict(set)
        for row in found.table.rows:
            total = number(found.cell(row, "total"), style)
            if total is not None and total >= 0 and not speaks_of_no_sale(row):
                totals[found.cell(row, "order_id")].add(total)
        if several := sum(len(one) > 1 for order, one in totals.items() if order):
            found.call("total", "line_total", f"It differs within an order: {several}.")


def _without_prices(found: Proposal) -> None:
    """Leave to do which column has the money, where no name says it; an order without prices is its total alone."""
    if "total" not in found.places:
        role = "unit_price" if found.first("sku", "product") and "quantity" in found.places else "total"
        header, cells = found.table.header, found.table.cells
        others = ", ".join(header[one] for one in other_numbers(found) if not are_dates(found.shop, cells(one)))
        which = f" Columns of numbers: {others}." if others else ""
        found.doubts.append(f"No column looks like {role}: name it under [columns].{which}")
        if role == "unit_price":
            return
    if "discount" in found.places:
        found.give_up("discount", "Not read: an order is one line of its total, which is less its discount.")
    names = {plain_name(name) for name in found.table.header}
    for role in (*LINE_ROLES, "line_total"):
        if role in found.places or not names.isdisjoint(map(plain_name, ROLES[role])):
            found.give_up(role, "Not read: no column has prices, and an order is one line of its total.")


def _whose_discount(found: Proposal, style: str) -> None:
    """Whether a discount is a line's or its order's, where the rows of an order tell."""
    if not {"discount", "order_id"} <= found.places.keys():
        return
    orders: list[list[str]] = []
    for row in found.table.rows:
        if orders and _continues(found, row, before=orders[-1][0]):
            orders[-1].append(found.cell(row, "discount"))
        else:
            orders.append([found.cell(row, "order_id"), found.cell(row, "discount")])
    several = [cells for _, *cells in orders if len(cells) > 1 and any(number(cell, style) for cell in cells)]
    first = sum(bool(number(cells[0], style)) and not any(cells[1:]) for cells in several)
    same = sum(len(set(cells)) == 1 for cells in several)
    name = found.name("discount")
    if several and first == len(several) >= _SEVERAL:
        found.call("discount", "order_discount", f"Only the first row of an order has it: {first} of {len(several)}.")
    elif several and len(several) in (first, same):
        found.doubts.append(f"Is {name} of a line or of its order? Else call it order_discount.")


def _continues(found: Proposal, row: list[str], *, before: str) -> bool:
    return found.cell(row, "order_id") in ("", before)


def _agree(found: Proposal, style: str) -> None:
    """Compare what a line came to with its pieces, price and discount; where it differs say which is not read."""
    odd: list[list[str]] = []
    before = 0
    parsed = 0
    for row in found.table.rows:
        amounts = [number(found.cell(row, role), style) for role in ("quantity", "unit_price", "line_total")]
        quantity, price, total = amounts
        if quantity is None or price is None or total is None:
            continue
        parsed += 1
        less = number(found.cell(row, "discount"), style) or Decimal()
        whole = abs(quantity * price)
        if abs(whole - abs(less) - abs(total)) > _ROUNDING:
            odd.append(row)
            before += abs(whole - abs(total)) <= _ROUNDING
    if not odd:
        return
    price_name, total_name = found.name("unit_price"), found.name("line_total")
    rates = [place for place in found.free if is_rate(found.table.header[place], found.table.cells(place))]
    rate = next((place for place in rates if all(_is_less(found, row, place, style) for row in odd)), None)
    if rate is not None:
        name = found.table.header[rate]
        found.give_up("unit_price", f"Not read: {name} is taken off it, and {total_name} is less that in each row.")
    elif before == len(odd):
        found.give_up("line_total", f"Not read: {total_name} is before the discount, in each row with one.")
    else:
        text = found.cell(odd[0], "line_total")
        found.doubts.append(
            f"{total_name} is not {found.name('quantity')} times {price_name} less the discount, in {len(odd)} of"
            f' {parsed} rows, such as {text!r}. Which one is what was paid? Leave the other out, as unit_price = "".'
        )


def _is_less(found: Proposal, row: list[str], rate: int, style: str) -> bool:
    """Whether a line came to its pieces and price less the percentage at *rate*."""
    percent = number(row[rate].replace("%", ""), style) or number(row[rate].replace("%", ""), "1234.56") or Decimal()
    quantity, price, total = (
        number(found.cell(row, role), style) or Decimal() for role in ("quantity", "unit_price", "line_total")
    )
    return abs(abs(quantity * price) * (100 - percent) / 100 - abs(total)) <= _ROUNDING


def _price_or_total(found: Proposal, style: str) -> None:
    """Whether an amount is of one piece or of all, as it grows with the quantity or not."""
    each, whole, articles = _growth(found, style)
    name = found.name("unit_price")
    if whole > each:
        found.call("unit_price", "line_total", f"It grows with the quantity, for {whole} of {articles} articles.")
    elif articles:
        why = f"It is the same whatever the quantity, for {each} of {articles} articles."
        found.columns["unit_price"] = name, why
    else:
        found.doubts.append(f"Is {name} the price of one piece? Else call it line_total.")


def _growth(found: Proposal, style: str) -> tuple[int, int, int]:
    """For how many articles an amount stays the same whatever the quantity, and grows with it; of how many."""
    prices: defaultdict[str, dict[Decimal, set[Decimal]]] = defaultdict(dict)
    article = found.first("sku", "product")
    for row in found.table.rows:
        quantity, price = (number(found.cell(row, one), style) for one in ("quantity", "unit_price"))
        if article and quantity and price is not None:
            prices[found.cell(row, article)].setdefault(quantity, set()).add(price)
    several = [one for one in prices.values() if len(one) > 1]
    each = sum(len(set.union(*one.values())) == 1 for one in several)
    whole = sum(len({price / quantity for quantity, some in one.items() for price in some}) == 1 for one in several)
    return each, whole, len(several)


def ask_discount_of_total(found: Proposal) -> None:
    """Leave to do whether what a line came to is less its discount already: nothing beside it proves that."""
    if "line_total" not in found.places or "unit_price" in found.places or "discount" not in found.places:
        return
    total, discount = found.name("line_total"), found.name("discount")
    before = f'take line_total out and set unit_price = "{total}", discount = "{discount}"'
    if "quantity" in found.places:
        before += ', quantity = "", and quantity = "1" under [constants]: it is the price of all of them'
    found.leave_to_do(
        "line_total",
        f'Is {total} less {discount} already? If it is, set line_total = "{total}" and discount = ""; if it is before'
        f" it, {before}.",
    )
    found.give_up("discount", "Left to do: see above.")


def _rates(found: Proposal) -> None:
    """Leave to do what a line came to where a percentage is taken off its price: that is no discount in money."""
    if "line_total" in found.places or "unit_price" not in found.places:
        return
    for place in found.free:
        name, cells = found.table.header[place], found.table.cells(place)
        if suggests(name, "discount") and is_rate(name, cells):
            price = found.name("unit_price")
            found.leave_to_do(
                "unit_price",
                f"{name} is a percentage, and no discount in money: by {price} alone each line would be too high. Name"
                " the column of what a line came to after it as line_total; where there is none, write the discounts"
                f' in money into the file, and set unit_price = "{price}".',
            )
            return
