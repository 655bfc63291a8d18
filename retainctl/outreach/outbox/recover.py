"""Recovering messages of dead or stopped senders, applying the policies for unknown ones, and ending expired ones."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from retainctl.config import Shop
from retainctl.outreach.outbox import states
from retainctl.outreach.outbox.states import State
from retainctl.shop.clock_check import clock_doubt
from retainctl.store.database import rows
from retainctl.store.dialect import lease_clock
from retainctl.store.leases import is_held
from retainctl.store.transactions import in_one_transaction

_BATCH = 1_000
CANCELLED: Final = "the mailing was cancelled"


def sweep(shop: Shop, *, by: str) -> Counter[State]:
    """Recover messages that their sender left behind; returns how many messages came into each state.

    A claimed message was certainly not handed over: it is planned again. One that was ``handing`` may have been
    accepted: it is unknown, except for a file, which is written again with the same bytes. The unknown ones of a
    mailing follow its policy. Messages of cancelled and of expired mailings end here; the latter wait while the clock
    is in doubt.
    """
    became: Counter[State] = Counter()
    for (owner,) in rows("SELECT DISTINCT owner FROM outbox WHERE owner IS NOT NULL"):
        if owner != by and not is_held(owner):
            became += _take(shop, "o.owner = ?", owner, why="its sender was interrupted", by=by)
    lapsed, now = "o.owner IS NOT NULL AND o.owner <> ? AND o.lease_until <= ?", lease_clock(shop.clock.now())
    became += _take(shop, lapsed, by, now, why="its sender's lease expired", by=by)
    became += _follow_policies(shop, by=by)
    for mailing_id, _ in _open_mailings("m.state = 'cancelled'"):
        became += end(shop, mailing_id, "cancelled", CANCELLED, by=by)
    for mailing_id, not_after in _open_mailings("m.not_after < ? AND m.state <> 'cancelled'", shop.clock.now()):
        if not clock_doubt(shop, since=not_after):
            became += end(shop, mailing_id, "expired", "the mailing has expired (not_after)", by=by)
    return became


@in_one_transaction
def _take(shop: Shop, condition: str, *values: object, why: str, by: str) -> Counter[State]:
    """Take the messages that match *condition* from their sender."""
    became: Counter[State] = Counter()
    now = shop.clock.now()
    found = rows(f"SELECT o.id, o.claim_no, o.state, o.channel FROM outbox o WHERE {condition} ORDER BY o.id", *values)
    for message_id, claim_no, before, channel in found:
        repeatable = before == "claimed" or channel == "files"
        after: State = "planned" if repeatable else "unknown"
        columns: dict[str, object] = {} if repeatable else {"next_at": now + states.UNKNOWN_SECONDS, "reply": why}
        if states.change((message_id, claim_no, before), after, at=now, by=by, detail=why, **columns):
            became[after] += 1
    return became


@in_one_transaction
def _follow_policies(shop: Shop, *, by: str) -> Counter[State]:
    became: Counter[State] = Counter()
    now = shop.clock.now()
    for message_id, claim_no, policy, resends, next_at in rows(
        "SELECT o.id, o.claim_no, m.unknown_policy, o.resends, o.next_at FROM mailings m"
        " JOIN outbox o ON o.mailing_id = m.id AND o.state = 'unknown'"
        " WHERE m.unknown_policy <> 'hold' ORDER BY o.id",
    ):
        if policy == "assume-sent":
            after: State = "sent"
            columns: dict[str, object] = {}
        elif resends == 0 and next_at <= now:
            after, columns = "planned", {"resends": 1}
        else:
            continue
        standing: states.Standing = (message_id, claim_no, "unknown")
        if states.change(standing, after, at=now, by=by, detail=f"the mailing's policy: {policy}", **columns):
            became[after] += 1
    return became


def _open_mailings(condition: str, *values: object) -> list[tuple[Any, ...]]:
    """(id, not_after) of the mailings that match *condition* and have messages still to be sent."""
    return rows(
        f"SELECT m.id, m.not_after FROM mailings m WHERE {condition} AND EXISTS (SELECT 1 FROM outbox o"
        f" WHERE o.mailing_id = m.id AND o.state IN {states.OPEN})",
        *values,
    )


def end(shop: Shop, mailing_id: int, after: State, why: str, *, by: str | None) -> Counter[State]:
    """End the open messages of a mailing, a thousand in a transaction."""
    became: Counter[State] = Counter()
    while ended := _end_some(shop, mailing_id, after, why, by=by):
        became[after] += ended
    return became


@in_one_transaction
def _end_some(shop: Shop, mailing_id: int, after: State, why: str, *, by: str | None) -> int:
    open_messages = rows(
        f"SELECT id, claim_no, state FROM outbox WHERE mailing_id = ? AND state IN {states.OPEN} LIMIT ?",
        mailing_id,
        _BATCH,
    )
    now = shop.clock.now()
    return sum(states.change(one, after, at=now, by=by, detail=why, reply=why) for one in open_messages)
