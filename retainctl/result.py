"""What a piece of work came to, from the engine to the exit code: the command shows it, a run keeps it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from retainctl.errors import DONE, RetainError
from retainctl.rows import Row

R_co = TypeVar("R_co", bound=Row, covariant=True)
Progress = Callable[[int], None]  # is told how much of the work was done since it was last told


@dataclass(frozen=True, slots=True)
class Result(Generic[R_co]):
    """The rows of a piece of work, and what else is to be said of it.

    *attention* are sentences that a person has to read, *notes* those that may interest one at a terminal. *trouble*
    is what the work ends with, beside what was done until then; without one it ends with *code*.
    """

    rows: tuple[R_co, ...] = ()
    notes: tuple[str, ...] = ()
    attention: tuple[str, ...] = ()
    trouble: RetainError | None = None
    code: int = DONE

    @property
    def row(self) -> R_co:
        """The one row that there is."""
        (only,) = self.rows
        return only

    @property
    def exit_code(self) -> int:
        return self.trouble.exit_code if self.trouble else self.code
