"""A query's rows as frozen rows: by the names of their columns, read as their types say.

An ``Instant`` is epoch seconds in the database and ISO 8601 by the shop's clock here; ``Pieces`` are thousandths there,
a day is counted from 1970, and a ``bool`` is 0 or 1. What
is unknown is None where the field allows it, and else the empty text.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Annotated, Any, TypeVar, get_type_hints

from retainctl.clock import Clock, day_of
from retainctl.config import Shop
from retainctl.rows import Row
from retainctl.store.database import execute

R = TypeVar("R", bound=Row)
Instant = Annotated[str, "instant"]
Pieces = Annotated[float, "thousandths"]
MaybeDay = Annotated[str | None, "day"]
MaybePieces = Annotated[float | None, "thousandths"]
MaybeInstant = Annotated[str | None, "instant"]
_Convert = Callable[[Any, Clock], Any]


def select(shop: Shop, row_type: type[R], sql: str, *values: object) -> list[R]:
    """The rows of *sql*, whose columns are called as the fields of *row_type*."""
    found = execute(sql, *values)
    readers = _readers(row_type)  # type: ignore[arg-type]
    fields = [(column[0], readers[column[0]]) for column in found.description]
    return [
        row_type(**{name: read(cell, shop.clock) for (name, read), cell in zip(fields, row, strict=True)})
        for row in found.fetchall()
    ]


@cache
def _readers(row_type: type[Row]) -> dict[str, _Convert]:
    return {name: _reader(hint) for name, hint in get_type_hints(row_type, include_extras=True).items()}


def _reader(hint: Any) -> _Convert:
    if hint == MaybeDay:
        return lambda cell, _clock: None if cell is None else day_of(cell).isoformat()
    if hint in (Pieces, MaybePieces):
        return lambda cell, _clock: None if cell is None else cell // 1000 if cell % 1000 == 0 else cell / 1000
    if hint == Instant:
        return lambda cell, clock: "" if cell is None else clock.iso(cell)
    if hint == MaybeInstant:
        return lambda cell, clock: None if cell is None else clock.iso(cell)
    if hint is str:
        return lambda cell, _clock: "" if cell is None else cell
    if hint in (bool, int):
        return lambda cell, _clock: hint(cell)
    return lambda cell, _clock: cell
