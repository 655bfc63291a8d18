"""Letting a restored or copied database send, except for messages that may have been sent already."""

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

_WHY = "queued in a database that was restored or copied; the original may have sent it"


_THIS: Result[Row] = Result(notes=("this installation sends now",))


@in_one_transaction
def adopt(shop: Shop, *, restored: bool = False) -> Result[Row]:
    """Make this installation the one that sends, instead of the previous one.

    What the other has sent since the backup is unknown. So every queued message becomes unknown until a person sets
    its outcome, whatever its mailing's policy, and approved plans must be approved again. If this installation already
    sends, nothing changes, unless the caller says that the database was *restored* anyway.
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
        f"this installation sends now, except for {held} queued {'message' if held == 1 else 'messages'} "
        "that may have been sent since the backup",
        hint="Enter refusals since then (retainctl consent revoke), then set the outcomes: retainctl outbox resolve",
    )
    return Result(trouble=trouble)


def _hold(*, at: int) -> int:
    """Make every message that is not finished unknown; returns how many there were."""
    waiting = rows(
        "SELECT o.id, o.claim_no, o.state FROM mailings m JOIN outbox o ON o.mailing_id = m.id"
        " WHERE m.state IN ('active', 'paused') AND o.state IN ('planned', 'claimed', 'handing', 'deferred')"
        f" ORDER BY o.id{rows_locked()}"
    )
    for standing in waiting:
        # If it was sent at all, that was before now: so it counts towards the contact budget.
        changed = states.change(standing, "unknown", at=at, by=None, detail=_WHY, reply=_WHY, handed_at=at)
        assert changed, "the rows are locked"
    return len(waiting)
