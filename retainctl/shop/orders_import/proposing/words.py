"""What the words of a file mean: what became of an order, what a row is, and words that are not read at all.

A word that is known is proposed with its meaning, which stands beside it for a person to see. One that is not has no
meaning in the mapping, and nothing is imported until it is filled in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from retainctl import schema
from retainctl.intake.cells import plain_name
from retainctl.shop.orders_import.formats.generic import REQUIRED, ROLES, STATUSES
from retainctl.shop.orders_import.proposing.likely_names import KIND_NAMES, folded
from retainctl.shop.orders_import.proposing.likely_words import (
    LIKELY_STATUSES,
    LIKELY_TYPES,
    PARTLY_REFUNDED,
    is_delivery,
    says_no_sale,
)
from retainctl.shop.orders_import.proposing.numbers import MONEY, are_numbers, is_rate, number
from retainctl.shop.orders_import.proposing.proposal import FEW_WORDS, TO_DO, Proposal

_SAID_ANYWAY: Final = ("email", "phone", *REQUIRED)
_REFUSED: Final = ("currency", "status")  # by an import, which takes a column so called for it


def find_statuses(found: Proposal) -> None:
    """What each word of the statuses means that an import does not know by itself."""
    unknown = []
    for word, count in Counter(found.cells("status")).most_common():
        meaning = LIKELY_STATUSES.get(folded(word))
        if word.casefold() in STATUSES:
            continue
        if folded(word) in PARTLY_REFUNDED and "refunded" in found.places:
            found.statuses[word] = "completed", f"Rows: {count}; what came back stands in {found.name('refunded')}."
        elif meaning:
            found.statuses[word] = meaning, f"Rows: {count}; the word says so."
        else:
            found.statuses[word] = TO_DO, f"Rows: {count}; say what it means."
            unknown.append(word)
    if unknown:
        meanings = "completed, cancelled, refunded, pending, left_out and the like"
        found.doubts.append(f"Say under [statuses] what these words mean ({meanings}): {', '.join(unknown)}.")


def find_types(found: Proposal, style: str) -> None:
    """The column that says what each row is, and whether money below nought is what came back."""
    for place in found.free:
        words = Counter(found.table.cells(place))
        is_kind = KIND_NAMES.search(folded(found.table.header[place])) and 1 < len(words) <= FEW_WORDS
        if is_kind and any(folded(word) in LIKELY_TYPES for word in words):
            found.take("type", place, "Its name says so, and its words are known.")
            _types(found, words)
            break
    _negative(found, style)


def _types(found: Proposal, words: Counter[str]) -> None:
    unknown = []
    for word, count in words.most_common():
        if meaning := LIKELY_TYPES.get(folded(word)):
            found.types[word] = meaning, f"Rows: {count}; the word says so."
        else:
            found.types[word] = TO_DO, f"Rows: {count}; say what it means."
            unknown.append(word)
    if unknown:
        found.doubts.append(f"Say under [types] what these words mean (sale, refund, left_out): {', '.join(unknown)}.")


def _negative(found: Proposal, style: str) -> None:
    """Whether amounts below nought are money that came back, as the row itself says; else it is left to do."""
    rows = [row for row in found.table.rows if _below_zero(found, row, style)]
    meanings = [found.types.get(found.cell(row, "type"), ("", ""))[0] for row in rows]
    rows = [row for row, meaning in zip(rows, meanings, strict=True) if meaning != "left_out"]
    meanings = [meaning for meaning in meanings if meaning != "left_out"]
    if not rows:
        return
    role = _below_zero(found, rows[0], style)
    name, text = found.name(role), found.cell(rows[0], role)
    if all(meaning == "refund" for meaning in meanings):
        why = f"Each row with a negative {name} is of a type that is a refund."
        found.settings["negative_amounts"] = "refund", why
    elif all(found.cell(row, "refund_of") for row in rows):
        why = f"Each row with a negative {name} names the order that it gives back."
        found.settings["negative_amounts"] = "refund", why
    elif "sale" in meanings:
        row = rows[meanings.index("sale")]
        role = _below_zero(found, row, style)
        name = found.name(role)
        article = found.cell(row, found.first("product", "sku") or "order_id")
        found.doubts.append(
            f"Rows of sales with a negative {name}: {meanings.count('sale')}, such as {found.cell(row, role)!r}"
            f" ({article}). A discount that is a row of its own cannot be read as it stands: take it off the lines of"
            " its order in the file, or that order waits."
        )
    else:
        found.doubts.append(
            f'Rows with a negative {name}: {len(rows)}, such as {text!r}. Set negative_amounts = "refund" if each of'
            " them is money that came back."
        )


def _below_zero(found: Proposal, row: Sequence[str], style: str) -> str:
    """Which of a row's money and its quantity is below nought; none: ""."""
    roles = (found.first("line_total", "unit_price", "total"), "quantity")
    return next((one for one in roles if (number(found.cell(row, one), style) or 0) < 0), "")


def find_unread(found: Proposal) -> None:
    """Ask of the columns that are not read: words that speak of no sale, delivery among the goods, odd amounts."""
    for place in found.free:
        name, words = found.table.header[place], list(dict.fromkeys(found.table.cells(place)))
        speaking = [word for word in words if says_no_sale(word)]
        if says_no_sale(name) and (not are_numbers(words) or set(words) <= {"0", "1"}):
            speaking = speaking or words
        elif says_no_sale(name) and not is_rate(name, words):
            found.doubts.append(
                f"{name} is not read, and its name speaks of what came back. If it is money of the whole order name it"
                " as refunded, if it is pieces of the line as returned_quantity."
            )
        if speaking and len(words) <= FEW_WORDS and found.table.several(place):
            found.doubts.append(
                f"{name} is not read, and has words such as {speaking[0]}. If it says what a row or an order is, name"
                f" it under [columns] as type or status, and say under [types] (sale, refund, left_out) or [statuses]"
                f" what each word means: {', '.join(words)}."
            )
    _delivery(found)
    _taken_by_name(found)


def _delivery(found: Proposal) -> None:
    """Ask of rows whose article is the delivery of others: they would count as goods."""
    article = found.first("product", "sku")
    rows = [row for row in found.table.rows if article and is_delivery(found.cell(row, article))]
    if not rows or len(rows) == len(found.table.rows):
        return
    text = (
        f"Rows of {found.name(article)} that are delivery: {len(rows)}, such as {found.cell(rows[0], article)!r}. They"
        " would count as goods."
    )
    others = [row for row in found.table.rows if row not in rows]
    for place in found.free:
        here = {row[place].strip() for row in rows}
        elsewhere = {row[place].strip() for row in others}
        if len(here) == 1 and not here & elsewhere and len(elsewhere) <= FEW_WORDS and "" not in here | elsewhere:
            types = dict.fromkeys(sorted(elsewhere), "sale") | {here.pop(): "left_out"}
            said = ", ".join(f'"{word}" = "{meaning}"' for word, meaning in types.items())
            instead = f" instead of {found.name('type')}, if nothing else needs that" if "type" in found.places else ""
            found.doubts.append(
                f"{text} To leave them out, set type = {schema.to_toml(found.table.header[place])}{instead}, and under"
                f" [types] {said}."
            )
            return
    found.doubts.append(f"{text} To leave them out, name as type a column that tells them apart.")


def _taken_by_name(found: Proposal) -> None:
    """Say of each column that an import would take for its name, and that cannot be read so, that it is not read."""
    for place in found.free:
        name, cells = found.table.header[place], found.table.cells(place)
        for role, names in ROLES.items():
            if role in found.columns or role in found.constants or plain_name(name) not in map(plain_name, names):
                continue
            if role in _REFUSED:
                found.doubts.append(f"{name} cannot be read as {role}: it has cells such as {cells[0]!r}.")
            if role in (*_REFUSED, *_SAID_ANYWAY):
                continue
            found.columns[role] = "", f"Not read, though its name says so: {name} has cells such as {cells[0]!r}."
            if role in MONEY and not is_rate(name, cells):
                found.doubts.append(f"{name} is not read, as cells such as {cells[0]!r} are no amounts of money.")
