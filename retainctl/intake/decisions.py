"""When a customer decided, as a list says it."""

from __future__ import annotations

from retainctl.intake.cells import RowError
from retainctl.intake.values import Values


def decided_at(values: Values, text: str, column: str, *, given: bool) -> int:
    """The instant in a cell of *column*; a permission that lies in the future is a RowError.

    Where the cell has a day without an hour, a permission was given as it began and a refusal as it ended: of one
    day's two, nobody knows which came first, and the refusal holds.
    """
    instant, day_only = values.instant(text, column)
    if day_only:
        day = values.clock.day(instant)
        instant = values.clock.start_of(day) if given else values.clock.end_of(day) - 1
    if given and instant > values.clock.now():
        raise RowError(column, "future_date", f"{text!r} is in the future, and nobody has agreed yet")
    return instant
