"""Letting a restored or copied database send, without what may have been sent already."""

from __future__ import annotations

from retainctl.config import Shop
from retainctl.errors import DoneInPart
from retainctl.outreach.outbox import states
from retainctl.result import Result
from retainctl.rows import Row
from retainctl.store import installation
from retainctl.store.database import execute, rows
from retainctl.store.dialect import rows_locked
from retainctl.store.transactions import in_one_transaction

_WHY = "it waited in a database that was restored or copied, and may have been sent from where that came"


_THIS: Result[Row] = Result(notes=("this installation sends now",))


@in_one_transaction
def adopt(shop: Shop, *, restored: bool = False) -> Result[Row]:
    """From now on this installation sends, and the one that did before does not; what a person is to be told.

    Nobody knows what the other has sent since the backup. So each message that waits is unknown until a person
    settles it, whatever its mailing's policy, and what was approved waits to be approved again. Where this
    installation sends already nothing changes, unless a person says that the database was *restored* all the same.
    """
    if installation.may_send() and not restored:
        return _THIS
    execute("UPDATE mailings SET state = 'planned', approved_at = NULL WHERE state = 'approved'")
    execute("UPDATE mailings SET unknown_policy = 'hold' WHERE state IN ('active', 'paused')")
    held = _hold(at=shop.clock.now())
    installation.adopt()
    if not held:
        return _THIS
    trouble = DoneInPart(
        f"this installation sends now, but not the {held} {'message' if held == 1 else 'messages'} that waited: "
        "whether they were sent since the backup is unknown",
        hint="Enter who refused since then (retainctl consent revoke), then settle them: retainctl outbox resolve",
    )
    return Result(trouble=trouble)


def _hold(*, at: int) -> int:
    """Make every message unknown that is still to go; returns how many there were."""
    waiting = rows(
        "SELECT o.id, o.claim_no, o.state FROM mailings m JOIN outbox o ON o.mailing_id = m.id"
        " WHERE m.state IN ('active', 'paused') AND o.state IN ('planned', 'claimed', 'handing', 'deferred')"
        f" ORDER BY o.id{rows_locked()}"
    )
    for standing in waiting:
        # It was handed over by now, if at all: so it counts towards the contact budget.
        changed = states.change(standing, "unknown", at=at, by=None, detail=_WHY, reply=_WHY, handed_at=at)
        assert changed, "the rows are locked"
    return len(waiting)
