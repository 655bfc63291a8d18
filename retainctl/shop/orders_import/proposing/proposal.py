"""What is proposed so far: each role with its column and the reason, what is left to do, and all of it as a file."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from retainctl import schema
from retainctl.config import Shop
from retainctl.intake.mapping import UNANSWERED
from retainctl.shop.orders_import.proposing.table import Table

FEW_WORDS: Final = 12  # that say what a row or an order is
TO_DO: Final = "TO DO"  # a value that no import takes for one
TableOf = dict[str, tuple[Any, str]]  # of a mapping file: each key with its value, and the sentence that says why


@dataclass(slots=True)
class Proposal:
    """The places of the roles that were found, and what the mapping file is to say."""

    shop: Shop
    table: Table
    places: dict[str, int] = field(default_factory=dict)
    settings: TableOf = field(default_factory=dict)
    columns: TableOf = field(default_factory=dict)
    constants: TableOf = field(default_factory=dict)
    statuses: TableOf = field(default_factory=dict)
    types: TableOf = field(default_factory=dict)
    doubts: list[str] = field(default_factory=list)

    @property
    def free(self) -> list[int]:
        """The columns with a name and with cells that nobody has taken."""
        taken = self.places.values()
        return [
            place
            for place, name in enumerate(self.table.header)
            if name and place not in taken and self.table.cells(place)
        ]

    def take(self, role: str, place: int, why: str) -> None:
        """Give *role* the column at *place*."""
        self.places[role] = place
        self.columns[role] = self.table.header[place], why

    def give_up(self, role: str, why: str = "") -> None:
        """Take its column from *role*, and say *why* it is not to be read."""
        self.places.pop(role, None)
        self.columns.pop(role, None)
        if why:
            self.columns[role] = "", why

    def leave_to_do(self, role: str, doubt: str) -> None:
        """Ask for the column of *role*, without which nothing is imported."""
        self.give_up(role)
        self.columns[role] = TO_DO, "Left to do: see above."
        self.doubts.append(doubt)

    def call(self, role: str, new: str, why: str) -> None:
        """Give the column of *role* to *new* instead."""
        place = self.places[role]
        self.give_up(role)
        self.take(new, place, why)

    def name(self, role: str) -> str:
        """What the column of *role* is called."""
        return self.table.header[self.places[role]]

    def cells(self, role: str) -> list[str]:
        """What stands in the column of *role*; without one, nothing."""
        return self.table.cells(self.places[role]) if role in self.places else []

    def cell(self, row: Sequence[str], role: str) -> str:
        """What *row* has in the column of *role*; without one, nothing."""
        return row[self.places[role]].strip() if role in self.places else ""

    def first(self, *roles: str) -> str:
        """The first of *roles* that has a column; none: ""."""
        return next((role for role in roles if role in self.places), "")


def mostly(cells: Sequence[str], test: Callable[[str], object], *, share: float = 0.9) -> bool:
    """Whether at least that *share* of *cells* pass *test*, and there are any."""
    return bool(cells) and sum(bool(test(text)) for text in cells) >= share * len(cells)


def written(found: Proposal, *, name: str, options: str) -> str:
    """The proposal for the file called *name*, to be read with *options*, as a mapping file: a sentence a line."""
    lines = [
        _said(
            f"A first mapping for {name}, made of the first rows ({len(found.table.rows)}). Look at each line, then:"
        ),
        _said(f"retainctl orders import {name}{options} --mapping THIS_FILE --source NAME --dry-run"),
    ]
    lines += [_said(f"TO DO: {doubt}") for doubt in found.doubts]
    if found.doubts:
        lines += ["", _said("Take this line out when each TO DO is answered: until then nothing is imported.")]
        lines += [f"{UNANSWERED} = true"]
    for key, (value, why) in found.settings.items():
        lines += ["", _said(why), f"{key} = {schema.to_toml(value)}"]
    for title in ("columns", "constants", "statuses", "types"):
        if table_of := getattr(found, title):
            lines += ["", f"[{title}]"]
            for key, (value, why) in table_of.items():
                word = key if re.fullmatch(r"\w+", key, re.ASCII) else schema.to_toml(key)
                lines += [_said(why), f"{word} = {schema.to_toml(value)}"]
    read = {*found.places.values()}
    left = [one for place, one in enumerate(found.table.header) if one and place not in read]
    if left:
        lines += ["", _said("Not read: " + ", ".join(left))]
    return "\n".join(lines) + "\n"


def _said(sentence: str) -> str:
    """*sentence* as a comment; a cell in it may have several lines, and what moves a terminal."""
    return "# " + " ".join("".join(letter if letter.isprintable() else " " for letter in sentence).split())
