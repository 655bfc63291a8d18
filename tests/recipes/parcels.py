"""How parcels are followed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal


@dataclass(frozen=True, slots=True)
class Parcels:
    """How parcels are followed, and when a customer is told that one is late."""

    carrier: Annotated[Literal["post", "courier"], "Who carries the parcels."] = "post"
    late_days: Annotated[int, "So many days after it left, a parcel is late; 0 is never."] = 7

    def __post_init__(self) -> None:
        if self.late_days < 0:
            raise ValueError("late_days must not be negative")
