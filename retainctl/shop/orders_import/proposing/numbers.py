"""How a file writes its numbers: each style is tried on the cells, without their signs of a currency.

What a column of numbers cannot say by itself is left to do, whatever the others say: a scale and the program beside it
write in two ways.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from retainctl.clock import Clock
from retainctl.errors import BadData
from retainctl.intake.cells import RowError
from retainctl.intake.values import NUMBER_STYLES, Values
from retainctl.money import exponent
from retainctl.shop.orders_import.proposing.likely_names import RATE_NAMES
from retainctl.shop.orders_import.proposing.proposal import TO_DO, Proposal, mostly

MONEY: Final = ("unit_price", "line_total", "total", "shipping", "tax", "discount", "order_discount", "refunded")
_MOST_DECIMALS: Final = 9
_NO_AMOUNTS: Final = ("ordered_at", "time", "order_id", "phone", "sku", "refund_of", "customer_id")
_THREE_DECIMALS: Final = re.compile(r"[.,]\d{3}(?!\d)")  # which an import takes for thousands, if nothing says more
_NO_SIGN: Final = re.compile(r"[\d\s.,'’()+\-−\u200e\u200f]+")


def sign_of(text: str) -> str:
    """What stands beside the digits of *text*."""
    return _NO_SIGN.sub("", text) if re.search(r"\d", text) else ""


def number(text: str, style: str) -> Decimal | None:
    """*text* as a number of that *style*; None where it is none."""
    try:
        return _READERS[style](text)
    except (BadData, RowError):
        return None


def is_number(text: str) -> bool:
    """Whether *text* is a number in some style."""
    return any(number(text, style) is not None for style in NUMBER_STYLES)


def is_below_zero(text: str) -> bool:
    """Whether *text* is a number below zero in some style."""
    return any(found is not None and found < 0 for found in (number(text, style) for style in NUMBER_STYLES))


def are_numbers(cells: Sequence[str]) -> bool:
    """Whether *cells* are those of a column of numbers."""
    return mostly(cells, is_number)


def is_rate(name: str, cells: Sequence[str]) -> bool:
    """Whether a column has percentages, which are no money: its name says so, or its cells."""
    return bool(RATE_NAMES.search(name)) or mostly(cells, lambda text: text.endswith("%"), share=0.5)


def other_numbers(found: Proposal) -> list[int]:
    """The columns of numbers that nobody has taken, and that may be money."""
    names = found.table.header
    cells = {place: found.table.cells(place) for place in found.free}
    return [place for place, some in cells.items() if are_numbers(some) and not is_rate(names[place], some)]


def find_style(found: Proposal) -> str:
    """The first style in which all that look like amounts can be read; one that says otherwise is told beside it.

    Money has no more decimals than the shop's currency, if that leaves a style: ``1,234`` is a total of a thousand. The
    price of a piece may have more, and a column of ``1,234`` alone is left to do.
    """
    most = exponent(found.shop.settings.currency)
    but = [found.places[one] for one in _NO_AMOUNTS if one in found.places]
    money = {found.places[one] for one in MONEY if one in found.places and one != "unit_price"}
    amounts = [
        (text, most if place in money else _MOST_DECIMALS)
        for place in range(len(found.table.header))
        if place not in but and are_numbers(found.table.cells(place))
        for text in found.table.cells(place)
        if re.search(r"[.,' \u00a0\u202f]\d", text) and is_number(text)
    ]
    readings = _readings(amounts) or _readings([(text, _MOST_DECIMALS) for text, _ in amounts])
    first, *others = list(readings) or ["1234.56"]
    if others:
        text, _ = next(one for place, one in enumerate(amounts) if len({some[place] for some in readings.values()}) > 1)
        both = " and ".join([first, *others])
        found.doubts.append(f"The numbers fit {both}, as {text!r}: set numbers to the right one.")
        found.settings["numbers"] = TO_DO, "Left to do: see above."
    elif not _is_doubtful(found, first) and (
        first != "1234.56" or any(map(_THREE_DECIMALS.search, found.cells("quantity")))
    ):
        found.settings["numbers"] = first, f"All amounts can be read as {first}."
    return first


def _is_doubtful(found: Proposal, style: str) -> bool:
    """Whether each quantity with a mark is thousands by *style*, and a part by another one: that is left to do."""
    thousands = NUMBER_STYLES[style][0] or " "
    marked = [text for text in found.cells("quantity") if re.search(r"[.,]\d", text)]
    read = _readings([(text, _MOST_DECIMALS) for text in marked])
    if not any(thousands in text for text in marked) or style not in read or len(read) == 1:
        return False
    name, other = found.name("quantity"), next(one for one in read if one != style)
    found.doubts.append(
        f"The money is written as {style}, by which {marked[0]!r} of {name} is {number(marked[0], style):f} pieces; as"
        f" {other} it is {number(marked[0], other):f}. If the former is right set numbers to {style}; if the latter is,"
        f" write {name} and the money alike in the file: numbers holds for both."
    )
    found.settings["numbers"] = TO_DO, "Left to do: see above."
    return True


def _readings(amounts: Sequence[tuple[str, int]]) -> dict[str, tuple[Decimal, ...]]:
    """Each style by which every one of *amounts* can be read, with at most its decimals, and what they come to; of
    styles that come to the same the first."""
    fitting: dict[tuple[Decimal, ...], str] = {}
    for style in NUMBER_STYLES:
        read = [number(text, style) for text, _ in amounts]
        whole = [one for one in read if one is not None]
        if len(whole) == len(amounts) and all(
            one == round(one, most) for one, (_, most) in zip(whole, amounts, strict=True)
        ):
            fitting.setdefault(tuple(whole), style)
    return {style: whole for whole, style in fitting.items()}


def _reader(style: str) -> Callable[[str], Decimal]:
    values = Values(Clock(ZoneInfo("UTC"), 0), shop_currency="ILS", numbers=style)
    return lambda text: values.number(text, "")


_READERS: Final = {style: _reader(style) for style in NUMBER_STYLES}
