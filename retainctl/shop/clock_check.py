"""What the shop wrote from time to time bears witness that its clock is right."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import pairwise
from typing import Final, NamedTuple

from retainctl.clock import DAY_SECONDS
from retainctl.config import Shop
from retainctl.store.database import rows, value
from retainctl.store.runs import recorded

SILENCE_SECONDS = 40 * DAY_SECONDS
BEHIND_SECONDS: Final = 300  # a clock that is so far behind what was written is wrong
# When this installation wrote last, as its own clock said; what came from outside carries others' times. Each table has
# its numbers, its times, and what sorts it to find the newest: the ledger's times rise with its numbers.
_WRITTEN: Final = {
    "import": ("imports", "id", "imported_at", "imported_at"),
    "points booking": ("transactions", "seq", "recorded_at", "seq"),
    "job run": ("runs", "id", "started_at", "started_at"),
}
_TRUSTED: Final = "clock"  # the runs in which a person said that the clock is right


class Written(NamedTuple):
    """What was written last, and when by the clock of then."""

    what: str
    at: int


def last_written(shop: Shop) -> list[Written]:
    """The newest import, points booking and run, as far as there is one.

    What was written before a person last said that the clock is right, and bears a later time, was written under a
    clock that was ahead, and does not count.
    """
    said = rows("SELECT started_at, result FROM runs WHERE name = ? ORDER BY id DESC LIMIT 1", _TRUSTED)
    trusted_at, marks = (said[0][0], json.loads(said[0][1] or "{}")) if said else (shop.clock.now(), {})
    found = []
    for what, (table, number, column, order) in _WRITTEN.items():
        query = f"SELECT {column} FROM {table} WHERE {number} > ? OR {column} <= ? ORDER BY {order} DESC LIMIT 1"
        if (newest := value(query, marks.get(what, 0), trusted_at)) is not None:
            found.append(Written(what, int(newest)))
    return found


def behind(shop: Shop, written: Iterable[Written]) -> str:
    """That the clock is behind what was *written* under it, in a sentence; nothing when it is not."""
    now = shop.clock.now()
    for what, newest in written:
        if now < newest - BEHIND_SECONDS:
            return f"the clock says {shop.clock.iso(now)}, but the newest {what} is from {shop.clock.iso(newest)}"
    return ""


def trust_clock(shop: Shop) -> None:
    """Keep that a person says the clock is right now."""
    with recorded(shop, _TRUSTED) as run:
        run.kept = {
            what: int(value(f"SELECT COALESCE(MAX({number}), 0) FROM {table}"))
            for what, (table, number, *_) in _WRITTEN.items()
        }


def clock_doubt(shop: Shop, *, since: int) -> str:
    """Why the clock may be wrong, in a sentence; nothing when it is believed.

    *since* is a time that is known to be true, such as the ledger's last. Up to forty days after it the clock is
    believed, and later as long as no forty days went by without an import or a run of a job: a quiet shop whose jobs
    run goes on by itself. A clock that leaps leaves a hole, and what is written beyond the hole, under the same
    clock, does not fill it. Who knows better says so, and the clock is trusted.
    """
    now = shop.clock.now()
    if shop.clock.trusted or now <= since + SILENCE_SECONDS:
        return ""
    witnesses = rows(
        "SELECT imported_at AS written_at FROM imports WHERE imported_at > ? AND imported_at < ?"
        " UNION SELECT started_at FROM runs WHERE started_at > ? AND started_at < ? ORDER BY written_at",
        since,
        now,
        since,
        now,
    )
    for before, after in pairwise((since, *(row[0] for row in witnesses), now)):
        if after > before + SILENCE_SECONDS:
            return (
                f"the clock says {shop.clock.iso(now)}, but nothing was written for more than 40 days after"
                f" {shop.clock.iso(before)}; the clock may be wrong"
            )
    return ""
