"""A query's rows as frozen rows: by the names of their columns, read as their types say.

An ``Instant`` is epoch seconds in the database and ISO 8601 by the shop's clock here; ``Pieces`` are thousandths
there, a ``Day`` is counted from 1970, a ``bool`` is 0 or 1, and what is ``Nested`` is JSON. What is unknown is None
where the field allows it, and else the empty text; an unknown whole number or quantity where the field allows none is
a TypeError.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from types import NoneType
from typing import Annotated, Any, TypeVar, get_args, get_type_hints

from retainctl.clock import Clock, day_of
from retainctl.config import Shop
from retainctl.rows import Nested, Row
from retainctl.store.database import execute

R = TypeVar("R", bound=Row)
Instant = Annotated[str, "instant"]
Day = Annotated[str, "day"]
Pieces = Annotated[float, "thousandths"]
MaybeInstant = Instant | None
MaybeDay = Day | None
MaybePieces = Pieces | None
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
    if NoneType in get_args(hint):
        read = _READERS.get(next(one for one in get_args(hint) if one is not NoneType), _as_it_is)
        return lambda cell, clock: None if cell is None else read(cell, clock)
    read = _READERS.get(hint, _as_it_is)
    if hint in _NUMBERS:
        return read
    return lambda cell, clock: "" if cell is None else read(cell, clock)


def _as_it_is(cell: Any, _clock: Clock) -> Any:
    return cell


_NUMBERS = (int, bool, float, Pieces)
_READERS: dict[Any, _Convert] = {
    Instant: lambda cell, clock: clock.iso(cell),
    Day: lambda cell, _clock: day_of(cell).isoformat(),
    Pieces: lambda cell, _clock: cell // 1000 if cell % 1000 == 0 else cell / 1000,
    int: lambda cell, _clock: int(cell),
    bool: lambda cell, _clock: bool(cell),
    Nested: lambda cell, _clock: json.loads(cell),
}
