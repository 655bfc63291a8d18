"""What the club knows of a customer: their points. The accounts follow a merge, and go back with its undoing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from retainctl.club.accounts import UNIT
from retainctl.club.balances import available_points
from retainctl.club.unmerge import give_back
from retainctl.config import Shop
from retainctl.facets import Attribute, Facet, Fact, Joined, Moved, Viewpoint
from retainctl.store.club import LOCK
from retainctl.store.database import execute, rows


def _available(asked: Viewpoint) -> tuple[str, Sequence[object]]:
    return available_points(at=asked.now, customer_ids=asked.customer_ids)


def _now(_shop: Shop, customer_id: int) -> Iterator[Fact]:
    for kind, balance in rows(
        "SELECT kind, SUM(balance) FROM accounts WHERE unit = ? AND customer_id = ? GROUP BY kind ORDER BY kind",
        UNIT,
        customer_id,
    ):
        yield Fact("points", "balance" if kind == "customer" else "owed", str(int(balance)))


def _merged(_shop: Shop, moved: Moved) -> None:
    """Accounts know by themselves whom they were opened for, so that no row of the merge need say it."""
    execute("UPDATE accounts SET customer_id = ? WHERE customer_id = ?", moved.survivor_id, moved.merged_id)


FACET: Final = Facet(
    attributes=(
        Attribute(
            "points",
            "number",
            ("points available to spend", "נקודות שאפשר לממש עכשיו"),
            "COALESCE(a.points, 0)",
            Joined("a", _available),
            (320, 320),
        ),
    ),
    now=_now,
    locks=(LOCK,),
    merged=_merged,
    parted=give_back,
)
