"""What the shop wrote from time to time bears witness that its clock is right."""

from __future__ import annotations

from itertools import pairwise

from retainctl.clock import DAY_SECONDS
from retainctl.config import Shop
from retainctl.store.database import rows

SILENCE_SECONDS = 40 * DAY_SECONDS


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
