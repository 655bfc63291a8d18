"""Setting the outcome of messages whose delivery is unknown, by what a person found out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from retainctl.config import Shop
from retainctl.errors import DoneInPart, Refused, WrongUsage
from retainctl.outreach.outbox import states
from retainctl.outreach.outbox.states import State
from retainctl.rows import Row
from retainctl.store.database import rows, value
from retainctl.store.dialect import rows_locked
from retainctl.store.transactions import in_one_transaction

Resolution = Literal["sent", "failed", "resend"]

_LIST = "retainctl outbox list --state unknown"


class Resolved(Row, kind="resolution"):
    """How many messages were resolved, and as what."""

    resolved: int
    resolution: Resolution


@in_one_transaction
def resolve(shop: Shop, message_ids: Sequence[int], *, resolution: Resolution, reason: str) -> Resolved:
    """Set the outcome of unknown messages: of all or none. *reason* is kept with each of them.

    ``resend`` sends the same bytes with the same Message-ID again; a message that had no bytes yet gets them then.
    Refused where a message is not unknown.
    """
    if not reason.strip():
        raise WrongUsage("a resolution needs a reason", hint="Say how you know: --reason TEXT")
    after: State = "planned" if resolution == "resend" else resolution
    for message_id in dict.fromkeys(message_ids):
        claim_no, resends = _unknown(message_id)
        columns = {"resends": resends + 1, "next_at": shop.clock.now()} if resolution == "resend" else {}
        standing: states.Standing = (message_id, claim_no, "unknown")
        told = f"by hand: {reason}"
        changed = states.change(standing, after, at=shop.clock.now(), by=None, detail=told, **columns)
        assert changed, "the row is locked"
    return Resolved(len(dict.fromkeys(message_ids)), resolution)


def _unknown(message_id: int) -> tuple[int, int]:
    found = rows(f"SELECT state, claim_no, resends FROM outbox WHERE id = ?{rows_locked()}", message_id)
    if not found:
        raise WrongUsage(f"there is no message {message_id}", hint=f"List them: {_LIST}")
    state, claim_no, resends = found[0]
    if state != "unknown":
        raise Refused(
            f"message {message_id} is {state}, not unknown; nothing was changed",
            hint=f"List unknown messages: {_LIST}",
        )
    return claim_no, resends


def count_unresolved() -> int:
    """How many messages wait for ``resolve``, without those that their mailing's policy decides."""
    return int(
        value(
            "SELECT COUNT(*) FROM mailings m JOIN outbox o ON o.mailing_id = m.id AND o.state = 'unknown'"
            " WHERE m.unknown_policy = 'hold' OR (m.unknown_policy = 'resend-once' AND o.resends > 0)"
        )
    )


def unresolved() -> DoneInPart | None:
    """The trouble to report while messages wait for ``resolve``; None where there are none."""
    count = count_unresolved()
    return trouble_of(count) if count else None


def trouble_of(count: int) -> DoneInPart:
    """That so many messages wait for ``resolve``."""
    return DoneInPart(
        f"the delivery of {count} {'message' if count == 1 else 'messages'} is unknown",
        hint=f"See them: {_LIST}, then: retainctl outbox resolve",
    )
