"""Eight zones on the square of recency and frequency, each with its names and the segment that holds it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from retainctl.insight.labels import Label

_ORDERS = {1: (1, 1), 2: (2, 2), 3: (3, 4), 4: (5, 9), 5: (10, None)}  # from how many orders to how many, by score


@dataclass(frozen=True, slots=True)
class Zone:
    """A part of the square: *parts* are scores of recency, from and to, and of frequency, from and to."""

    name: str
    labels: Label
    parts: tuple[tuple[int, int, int, int], ...]

    def holds(self, recency: int, frequency: int) -> bool:
        return any(low <= recency <= high and few <= frequency <= many for low, high, few, many in self.parts)

    def command(self, since: Callable[[int], date | None]) -> str:
        """The command that keeps the zone as a segment; *since* gives the first day of a score of recency."""
        parts = [_asked(part, since) for part in self.parts]
        asked = parts[0] if len(parts) == 1 else " or ".join(f"({part})" for part in parts)
        return f"retainctl segments create {self.name.replace('_', '-')} '{asked}'"


def _asked(part: tuple[int, int, int, int], since: Callable[[int], date | None]) -> str:
    low, high, few, many = part
    least, most = _ORDERS[few][0], _ORDERS[many][1]
    asked = [
        f"orders >= {least}"
        if most is None
        else f"orders = {least}"
        if least == most
        else f"orders between {least} and {most}"
    ]
    if low > 1 and (first := since(low)):
        asked.append(f"last_order since {first}")
    if high < 5 and (after := since(high + 1)):
        asked.append(f"last_order before {after}")
    return " and ".join(asked)


ZONES: Final[Mapping[str, Zone]] = {
    zone.name: zone
    for zone in (
        Zone("champions", ("Champions", "אלופים"), ((4, 5, 4, 5),)),
        Zone("loyal", ("Loyal", "נאמנים"), ((4, 5, 3, 3), (3, 3, 3, 5))),
        Zone("promising", ("Promising", "מבטיחים"), ((4, 5, 2, 2), (3, 3, 1, 2))),
        Zone("new", ("New", "חדשים"), ((4, 5, 1, 1),)),
        Zone("at_risk", ("At risk", "בסיכון"), ((2, 2, 3, 4), (1, 1, 3, 3))),
        Zone("cannot_lose", ("Cannot lose", "אסור לאבד"), ((2, 2, 5, 5), (1, 1, 4, 5))),
        Zone("asleep", ("Asleep", "רדומים"), ((2, 2, 1, 2),)),
        Zone("lost", ("Lost", "אבודים"), ((1, 1, 1, 2),)),
    )
}


def zone_of(recency: int, frequency: int) -> Zone:
    """The zone of two scores from 1 to 5; every pair is in exactly one."""
    return next(zone for zone in ZONES.values() if zone.holds(recency, frequency))
