"""Lots: points given at one time, which expire at one time."""

from __future__ import annotations

from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Final, Literal

from retainctl.store.database import rows

Part = Literal["consumed", "expired", "reversed"]


@dataclass(slots=True)
class Lot:
    """Points given at one time, and what became of them."""

    id: int
    account_id: int
    order_id: int | None
    terms_version: int
    granted: int
    remaining: int
    consumed: int
    expired: int
    reversed: int
    earned_at: int
    active_from: int
    expires_at: int | None
    before: int = 0  # what remained of it in the database
    changed: bool = False

    def queue(self) -> tuple[bool, int, int, int]:
        """Where it stands in the order of spending: first to expire first, then first earned."""
        return (self.expires_at is None, self.expires_at or 0, self.earned_at, self.id)

    def lives(self, now: int) -> bool:
        return self.expires_at is None or now < self.expires_at

    def take(self, points: int, part: Part) -> None:
        self.remaining -= points
        setattr(self, part, getattr(self, part) + points)
        self.changed = True

    def reverse_expired(self, points: int) -> None:
        self.expired -= points
        self.reversed += points
        self.changed = True


COLUMNS: Final = tuple(field.name for field in fields(Lot))[:-2]  # of the database, but for how it was given
cells: Final = attrgetter(*COLUMNS)


def read_lots(condition: str, *values: object) -> list[Lot]:
    """The lots of the database for which *condition* holds."""
    return [Lot(*row) for row in rows(f"SELECT {', '.join(COLUMNS)}, remaining FROM lots WHERE {condition}", *values)]
