"""What became of one imported file: told alike for orders, lists and answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from retainctl.intake.cells import Held
from retainctl.rows import Row

Progress = Callable[[int], None]


class Imported(Row, kind="import"):
    """What became of one file. Rows read = new + changed + unchanged + set aside + blank + quarantined.

    ``outcome`` is ``imported``, ``already imported`` or ``dry run``; *notes* say what was guessed or noticed.
    """

    file: str
    source: str
    outcome: str
    rows_read: int = 0
    rows_new: int = 0
    rows_changed: int = 0
    rows_unchanged: int = 0
    rows_set_aside: int = 0
    rows_blank: int = 0
    rows_quarantined: int = 0
    notes: tuple[str, ...] = field(default=(), kw_only=True)


R = TypeVar("R", bound=Imported)


@dataclass(frozen=True, slots=True)
class Outcome(Generic[R]):
    """The result of one file, what was guessed or noticed on the way, and the rows that need a look.

    They are those that were not booked, and those that were without a cell that is bad; *attention* is what else
    needs a look, in sentences.
    """

    row: R
    notes: tuple[str, ...] = ()
    quarantined: tuple[Held, ...] = ()
    attention: tuple[str, ...] = ()


class DryRun(Exception):
    """Carries the outcome out of a transaction that is to leave nothing."""

    def __init__(self, outcome: Outcome[Any]) -> None:
        self.outcome = outcome
