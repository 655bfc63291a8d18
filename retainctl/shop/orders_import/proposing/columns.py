"""Which column is which: what its name suggests where its cells allow it, and what the cells themselves show."""

from __future__ import annotations

import re
from typing import Final

from retainctl.intake.cells import plain_name
from retainctl.money import may_be_written
from retainctl.shop.orders_import.formats.generic import ROLES
from retainctl.shop.orders_import.proposing.dates import are_dates
from retainctl.shop.orders_import.proposing.likely_names import (
    LIKELY_NAMES,
    NO_MONEY_NAMES,
    ORDER_NAMES,
    WITH_TAX_NAMES,
    folded,
    is_price,
    suggests,
)
from retainctl.shop.orders_import.proposing.likely_words import speaks_of_no_sale
from retainctl.shop.orders_import.proposing.more_words import says_more
from retainctl.shop.orders_import.proposing.numbers import MONEY, are_numbers, is_below_zero, is_rate
from retainctl.shop.orders_import.proposing.proposal import Proposal, mostly

_EMAIL: Final = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>]+")
_HOUR: Final = re.compile(r"\d{1,2}[:.h]\d{2}(?:[:.]\d{2})?(?:\s?[AaPp][Mm])?")
_COUNT_NAMES: Final = re.compile(r"^(?:nb|nombre|anzahl|aantal|liczba|number|noitems|noarticles|nounits|qty|qte)")
_DECIMALS: Final = re.compile(r"\d[.,]\d{1,2}(?!\d)")
_MOST_WORDS: Final = 40  # of a status
_MOST_CURRENCIES: Final = 10
# Of these, what two columns may be is asked: the other one would change what is booked.
_ASKED: Final = {
    "unit_price": "the price of a piece", "line_total": "what a line came to", "total": "the total of an order",
    "discount": "the discount", "quantity": "the number of pieces", "email": "the buyer's e-mail",
    "ordered_at": "the day of an order", "refunded": "what came back of an order", "status": "what became of an order",
}  # fmt: skip


_TOLD_BY_NAME: Final = ("quantity", "email", "ordered_at")  # if one has the very name, others are something else
_IS_IT: Final = _ASKED | {
    "unit_price": "the price of one piece, in the shop's own unit of money",
    "line_total": "what a line came to after its discount",
    "discount": "the discount of a whole line, in money",
    "order_discount": "the discount of the whole order, in money",
    "refunded": "the money that came back of the whole order",
    "returned_quantity": "the number of pieces of the line that came back",
}  # fmt: skip


def find_by_name(found: Proposal) -> None:
    """The column of each role that a name suggests; of two the first, unless one has more to say."""
    header = found.table.header
    for role, pattern in LIKELY_NAMES:
        if role in found.places:
            continue
        fitting = [
            place
            for place, name in enumerate(header)
            if place not in found.places.values() and re.search(pattern, folded(name)) and _may_be(found, role, place)
        ]
        if not fitting:
            continue
        best = max(fitting, key=lambda place: (*_worth(found, role, place), -place))
        found.take(role, best, "Its name says so.")
        if len(fitting) > 1:
            others = ", ".join(header[place] for place in fitting if place != best)
            found.columns[role] = header[best], f"Its name says so; it could also be: {others}."
            if role == "order_id":  # what it is told by else would bury that
                found.doubts.append(f"Is an order called by {header[best]} or by {others}? Set order_id.")
            elif role in _ASKED and not (role in _TOLD_BY_NAME and _is_the_very_name(found, role, best)):
                found.doubts.append(f"Is {_ASKED[role]} in {header[best]} or in {others}? Set {role}.")


def ask_names(found: Proposal) -> None:
    """Ask of each column that is read whose name says more than what it is read as, once all else is known."""
    for role, place in found.places.items():
        name = found.table.header[place]
        if says_more(name, role):
            found.doubts.append(
                f"Is {name} {_IS_IT.get(role, role)}, and nothing else? Its name says more. If it is not, set {role} to"
                ' the column that is, or to "".'
            )


def _worth(found: Proposal, role: str, place: int) -> tuple[bool, bool, bool, bool]:
    """What makes one of several columns likelier: cells; the very name, no more than it, and one that says order."""
    name = found.table.header[place]
    is_order = role == "order_id" and bool(ORDER_NAMES.search(folded(name)))
    is_very = _is_the_very_name(found, role, place)
    return bool(found.table.cells(place)), is_very, not says_more(name, role), is_order


def _is_the_very_name(found: Proposal, role: str, place: int) -> bool:
    """Whether a column is called as an import would know it by itself."""
    return plain_name(found.table.header[place]) in map(plain_name, ROLES.get(role, ()))


def _may_be(found: Proposal, role: str, place: int) -> bool:
    """Whether the cells of a column, and the rest of its name, allow what the name suggests."""
    name, cells = found.table.header[place], found.table.cells(place)
    if role in ("quantity", "returned_quantity"):
        return are_numbers(cells) and not is_rate(name, cells)
    if role in MONEY:
        is_taxed = role == "tax" and (WITH_TAX_NAMES.search(folded(name)) or is_price(name))
        another = NO_MONEY_NAMES.search(folded(name)) or is_taxed
        is_flag = set(cells) <= {"0", "1"} and speaks_of_no_sale([name])
        # A price after its discount is a price; any other column of discounts or refunds is no sum of an order.
        speaks_of_less = suggests(name, "discount") or suggests(name, "refunded")
        is_of_less = role in ("discount", "order_discount", "refunded")
        is_another = another or is_flag or (speaks_of_less and is_of_less == is_price(name) and role != "shipping")
        return are_numbers(cells) and not is_rate(name, cells) and not is_another
    if role in ("cancelled_at", "updated_at"):
        return not cells or are_dates(found.shop, cells)
    if role in ("sku", "product"):
        is_amount = are_numbers(cells) and mostly(cells, _DECIMALS.search)
        return not is_amount and not _COUNT_NAMES.search(folded(name))
    if role in ("name", "first_name", "last_name"):
        return not are_numbers(cells)
    if role == "time":
        return mostly(cells, _HOUR.fullmatch)
    if role == "email":
        return not cells or mostly(cells, lambda text: "@" in text, share=0.5)
    if role == "currency":
        return not cells or mostly(cells, may_be_written)
    if role == "status":
        return not are_numbers(cells) and len(set(cells)) <= _MOST_WORDS
    return True


def name_articles(found: Proposal) -> None:
    """Let a column called like a name be the articles', where it goes with them and not with who bought."""
    buyer = found.first("customer_id", "email", "phone")
    if not {"name", "sku"} <= found.places.keys() or "product" in found.places or not buyer:
        return
    pairs = [(found.cell(row, "name"), found.cell(row, "sku"), found.cell(row, buyer)) for row in found.table.rows]
    names, skus, buyers = ({pair[one] for pair in pairs} for one in range(3))
    of_articles, of_buyers = {(name, sku) for name, sku, _ in pairs}, {(name, who) for name, _, who in pairs}
    if len(of_articles) == len(skus) and len(of_buyers) > len(buyers) and len(names) > 1:
        found.call("name", "product", "Each article has one name, and one buyer has several.")


def find_email(found: Proposal) -> None:
    """The column whose cells are e-mail addresses."""
    if "email" not in found.places:
        place = next((one for one in found.free if mostly(found.table.cells(one), _EMAIL.fullmatch)), None)
        if place is not None:
            found.take("email", place, "Its cells are e-mail addresses.")


def find_currency(found: Proposal) -> None:
    """The column whose cells are currencies, each of them."""
    if "currency" in found.places:
        return
    for place in found.free:
        words = set(found.table.cells(place))
        if len(words) <= _MOST_CURRENCIES and all(map(may_be_written, words)):
            said = ", ".join(sorted(words))
            found.take("currency", place, f"Its cells are currencies: {said}.")
            if len(words) == 1 and found.shop.settings.currency not in may_be_written(said):
                found.doubts.append(
                    f"Is {found.name('currency')} the currency? Each of its cells is {said}, which is not the shop's"
                    ' own. Else set currency = "" under [columns].'
                )
            return


def find_order_id(found: Proposal) -> None:
    """The column of ids that differ from order to order: by its name, or else, as a question, by its cells."""
    if "order_id" in found.places:
        cells = found.cells("order_id")
        found.columns["order_id"] = found.name("order_id"), f"{len(set(cells))} of {len(cells)} cells differ."
        return
    for place in found.free:
        cells = found.table.cells(place)
        name = found.table.header[place]
        if _are_ids(found, place):
            found.take("order_id", place, f"{len(set(cells))} of {len(cells)} cells differ.")
            found.doubts.append(
                f"No name says which column is order_id. {name} may be: {len(set(cells))} of its {len(cells)} cells"
                f" differ, such as {cells[0]!r}. If it is not, set order_id to another."
            )
            return


def _are_ids(found: Proposal, place: int) -> bool:
    """Whether a column tells the orders apart: it differs from row to row, or comes again with one moment alone."""
    cells = found.table.cells(place)
    if not mostly(cells, lambda text: re.search(r"\d", text)) or is_rate(found.table.header[place], cells):
        return False
    if mostly(cells, lambda text: re.search(r"\d[.,]\d", text) or _EMAIL.fullmatch(text), share=0.2):
        return False
    if (
        mostly(cells, _HOUR.fullmatch)
        or are_dates(found.shop, cells)
        or not found.cells("ordered_at")
        or len(cells) < len(found.cells("ordered_at"))
    ):
        return False
    moments: dict[str, set[str]] = {}
    for row in found.table.rows:
        moments.setdefault(row[place].strip(), set()).add(found.cell(row, "ordered_at"))
    alone = sum(len(some) == 1 for some in moments.values())
    return alone >= 0.9 * len(moments) and len(moments) >= len(set(found.cells("ordered_at")))


def find_refunds(found: Proposal) -> None:
    """The column in which some rows name the order of another row: what they give back."""
    if {"refund_of", "order_id"} & found.places.keys() != {"order_id"}:
        return
    ids = set(found.cells("order_id"))
    for place in found.free:
        cells = found.table.cells(place)
        named = [row for row in found.table.rows if row[place].strip() in ids]
        is_other = all(row[place].strip() != found.cell(row, "order_id") and _is_no_sale(row) for row in named)
        if named and len(cells) < len(found.table.rows) / 2 and len(named) >= 0.8 * len(cells) and is_other:
            found.take("refund_of", place, f"Its cells are ids of other orders: {len(named)} of {len(cells)}.")
            return


def _is_no_sale(row: list[str]) -> bool:
    """Whether a row has a word of money that came back, or an amount below nought."""
    return speaks_of_no_sale(row) or any(map(is_below_zero, row))
