"""The currency of a file's amounts: that of a column, that of the signs beside them, or the shop's own.

A sign that is another currency's than its row is told; nothing is added across currencies.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from retainctl import schema
from retainctl.money import may_be_written
from retainctl.shop.orders_import.proposing.more_words import marks_in
from retainctl.shop.orders_import.proposing.numbers import MONEY, number, other_numbers, sign_of
from retainctl.shop.orders_import.proposing.proposal import TO_DO, Proposal


def find_signs(found: Proposal, style: str) -> None:
    """State the currency, where a column or the signs of amounts tell it; what they tell in two ways is left to do."""
    places = [found.places[role] for role in MONEY if role in found.places] or other_numbers(found)
    places = [place for place in places if any(map(sign_of, found.table.cells(place)))]
    signs = [_signs(row, places, style) for row in found.table.rows]
    if "currency" in found.places:
        _by_column(found, signs)
        _names_against_column(found)
        return
    count = Counter(sign for some in signs for sign in some)
    known = {sign: may_be_written(sign) for sign in count if sign and may_be_written(sign)}
    own = found.shop.settings.currency
    if not known and (named := _in_names(found)):
        _by_names(found, named)
        return
    codes = _codes(own, known)
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
        if len(known[sign]) > 1 and own not in known[sign]:
            found.doubts.append(
                f"Amounts are written with {sign}, which is {' or '.join(known[sign][:4])}: set currency to the one."
            )
        found.settings["currency"] = codes.pop(), f"Amounts are written with {sign}."
    else:
        why = "No cells of a column are currencies, and no amount has the sign of one: the shop's own."
        found.settings["currency"] = own, why


def _codes(own: str, marks: dict[str, Sequence[str]]) -> set[str]:
    """The currencies that *marks* say: the shop's *own* where one may be it, else the usual one."""
    return {own if own in some else some[0] for some in marks.values()}


def _in_names(found: Proposal) -> dict[str, Sequence[str]]:
    """The marks of currencies in the names of the columns of money, with what each may mean."""
    names = [found.name(role) for role in MONEY if role in found.places]
    return {mark: may_be_written(mark) for name in names for mark in marks_in(name)}


def _by_names(found: Proposal, named: dict[str, Sequence[str]]) -> None:
    """State the currency that the names of the columns of money say; what they say in two ways is left to do."""
    codes = _codes(found.shop.settings.currency, named)
    if len(codes) == 1:
        found.settings["currency"] = codes.pop(), f"The names of columns say so: {', '.join(named)}."
    else:
        said = ", ".join(named)
        found.doubts.append(
            f"The names of columns say several currencies, {said}: set currency, and one of them alone."
        )
        found.settings["currency"] = TO_DO, "Left to do: see above."


def _signs(row: Sequence[str], places: Sequence[int], style: str) -> set[str]:
    """The signs beside the amounts of a row; "" where an amount that is something has none."""
    return {
        sign_of(row[place]) for place in places if (amount := number(row[place], style)) is not None and amount != 0
    }


def _names_against_column(found: Proposal) -> None:
    """Ask where the name of a column of money says one currency, and the column of currencies has others."""
    column = {code for cell in found.cells("currency") for code in may_be_written(cell)}
    for mark, codes in _in_names(found).items():
        if column - set(codes):
            found.doubts.append(
                f"A column of money is called {mark}, and {found.name('currency')} has {', '.join(sorted(column))}. If"
                f' all amounts are {mark}, set currency = "" under [columns] and currency = {schema.to_toml(codes[0])}.'
            )


def _by_column(found: Proposal, signs: Sequence[set[str]]) -> None:
    """Tell where the sign of an amount is another currency's than the column says."""
    name = found.name("currency")
    odd = [
        (cell, sign)
        for row, some in zip(found.table.rows, signs, strict=True)
        if (of_row := may_be_written(cell := found.cell(row, "currency")))
        for sign in some
        if (of_sign := may_be_written(sign)) and not set(of_row) & set(of_sign)
    ]
    if odd:
        cell, sign = odd[0]
        found.doubts.append(
            f"Amounts with a sign of another currency than {name} says: {len(odd)}, such as {sign} in a row of {cell}."
            " Correct them in the file, or name the column of currencies that is right."
        )
