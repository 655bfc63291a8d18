"""Ids that come more than once where a row is a whole order: all of their rows are judged together, at the end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from retainctl.intake.cells import Cells, Chunk, Held, Origin, RowError
from retainctl.shop.orders_import.documents import OrderValues
from retainctl.shop.orders_import.formats import Format


@dataclass(slots=True)
class Repeated:
    """The rows of one such id; they are a chunk of their own."""

    rows: list[Cells] = field(default_factory=list)
    origins: list[Origin] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    blank: int = 0

    def keep(self, cells: Cells, origin: Origin) -> None:
        self.rows.append(cells)
        self.origins.append(origin)

    def origin(self, place: int) -> Origin:
        return self.origins[place]

    def alone(self, place: int) -> Repeated:
        """The row at *place* alone."""
        return Repeated([self.rows[place]], [self.origins[place]])


def repeated_ids(chunks: Iterable[Chunk]) -> set[str]:
    """The ids that come more than once in *chunks*, where a row is a whole order."""
    seen: set[int] = set()
    repeated: set[str] = set()
    for chunk in chunks:
        for cells in chunk.rows:
            mark = hash(cells[0])  # two ids with one hash would only be judged at the file's end
            if mark in seen:
                repeated.add(cells[0])
            seen.add(mark)
    return repeated


def newest(repeated: Repeated, format_: Format, values: OrderValues) -> int | None:
    """The place of the row that counts: equal rows are one. None where nothing orders rows that differ."""
    if len(set(repeated.rows)) == 1:
        return 0
    updated = []
    for cells in repeated.rows:
        try:
            updated.append(format_.add(values, None, cells).updated_at)
        except RowError:
            return None
    last = max((one for one in updated if one is not None), default=None)
    return updated.index(last) if None not in updated and updated.count(last) == 1 else None
