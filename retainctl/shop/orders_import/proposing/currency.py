"""The currency of a file's amounts: that of a column, that of the signs beside them, or the shop's own.

A sign that is another currency's than its row is told; nothing is added across currencies.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from retainctl.errors import BadData
from retainctl.money import currency_code
from retainctl.shop.orders_import.proposing.numbers import MONEY, currencies, number, other_numbers, sign_of
from retainctl.shop.orders_import.proposing.proposal import TO_DO, Proposal


def find_signs(found: Proposal, style: str) -> None:
    """State the currency, where a column or the signs of amounts tell it; what they tell in two ways is left to do."""
    places = [found.places[role] for role in MONEY if role in found.places] or other_numbers(found)
    places = [place for place in places if any(map(sign_of, found.table.cells(place)))]
    signs = [_signs(row, places, style) for row in found.table.rows]
    if "currency" in found.places:
        _by_column(found, signs)
        return
    count = Counter(sign for some in signs for sign in some)
    known = {sign: currencies(sign) for sign in count if sign and currencies(sign)}
    own = found.shop.settings.currency
    codes = {own if own in some else some[0] for some in known.values()}
    bare = count[""]
    if len(codes) > 1 or (bare and codes - {own}):
        several = ", ".join(f"{sign or 'none'} ({count[sign]})" for sign in count)
        found.doubts.append(
            f"Amounts are written with several signs; rows by sign: {several}. Nothing is added across currencies: set"
            " currency to that of the rows without another sign, and import the others from a file of their own, or"
            " with a column of currencies."
        )
        found.settings["currency"] = TO_DO, "Left to do: see above."
    elif codes:
        sign = next(iter(known))
        found.settings["currency"] = codes.pop(), f"Amounts are written with {sign}."
    else:
        why = "No cells of a column are currencies, and no amount has the sign of one: the shop's own."
        found.settings["currency"] = own, why


def _signs(row: Sequence[str], places: Sequence[int], style: str) -> set[str]:
    """The signs beside the amounts of a row; "" where an amount that is something has none."""
    return {
        sign_of(row[place]) for place in places if (amount := number(row[place], style)) is not None and amount != 0
    }


def _by_column(found: Proposal, signs: Sequence[set[str]]) -> None:
    """Read the column, or state its one currency where it is written as no import knows it; tell what contradicts."""
    words = set(found.cells("currency"))
    name = found.name("currency")
    if len(words) == 1 and not _is_known(word := words.copy().pop()):
        own = found.shop.settings.currency
        some = currencies(word)
        found.give_up("currency", f"Not read: each of its cells is {word}.")
        found.settings["currency"] = own if own in some else some[0], f"Each cell of {name} is {word}."
        return
    odd = [
        (cell, sign)
        for row, some in zip(found.table.rows, signs, strict=True)
        if (of_row := currencies(cell := found.cell(row, "currency")))
        for sign in some
        if (of_sign := currencies(sign)) and not set(of_row) & set(of_sign)
    ]
    if odd:
        cell, sign = odd[0]
        found.doubts.append(
            f"Amounts with a sign of another currency than {name} says: {len(odd)}, such as {sign} in a row of {cell}."
            " Correct them in the file, or name the column of currencies that is right."
        )


def _is_known(word: str) -> bool:
    try:
        currency_code(word)
    except BadData:
        return False
    return True
