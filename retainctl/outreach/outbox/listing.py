"""Listing the messages in the outbox."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Final

from retainctl.config import Shop
from retainctl.errors import WrongUsage
from retainctl.outreach.outbox.states import OPEN, State
from retainctl.rows import Nested, OwnWord, Row
from retainctl.store.database import rows
from retainctl.store.select import Instant, select


class MessageRow(Row, kind="message", spare="reply channel"):
    """One message in the outbox, its address masked."""

    id: int
    mailing: str
    customer_id: int | None
    to: str
    channel: OwnWord
    state: State
    attempts: int
    next_at: Instant
    done_at: Instant
    reply: str


class MessageDetail(Row, kind="message_detail"):
    """All about one message; *history* has every transition with its time, claim number and detail."""

    id: int
    mailing: str
    customer_id: int | None
    to: str
    message_id: str
    channel: OwnWord
    state: State
    attempts: int
    resends: int
    next_at: Instant
    not_after: Instant
    handed_at: Instant
    done_at: Instant
    code: int | None
    enhanced: str
    reply: str
    payload_sha256: str
    owner: str
    history: tuple[Nested, ...] = ()


# The outbox counts the tries that a server put off; the one that settled a message is counted for people too.
_LAST_TRY: Final = """CASE WHEN o.state IN ('sent', 'unknown') OR (o.state = 'failed'
    AND SUBSTR(o.reply, 1, 8) <> 'gave up:') THEN 1 ELSE 0 END"""
_SHORT: Final = f"""o.id, m.program || ' ' || m.name AS mailing, o.customer_id, o.to_address AS "to", o.channel,
    o.state, o.attempts + {_LAST_TRY} AS attempts, CASE WHEN o.state IN {OPEN} THEN o.next_at END AS next_at,
    o.done_at, o.reply"""
_MORE: Final = "o.message_id, o.resends, o.not_after, o.handed_at, o.code, o.enhanced, o.payload_sha256, o.owner"
_FROM: Final = "FROM outbox o JOIN mailings m ON m.id = o.mailing_id"


def list_messages(shop: Shop, *, state: State | None = None, limit: int | None = None) -> list[MessageRow]:
    """The messages in the outbox, or those in one *state*; the oldest first."""
    query = f"SELECT {_SHORT} {_FROM} WHERE CAST(? AS TEXT) IS NULL OR o.state = ? ORDER BY o.id LIMIT ?"
    found = select(shop, MessageRow, query, state, state, 2**62 if limit is None else limit)
    return [replace(one, to=recognisable(one.to)) for one in found]


def show_message(shop: Shop, message_id: int) -> MessageDetail:
    """All about one message; WrongUsage where there is none with that id."""
    found = select(shop, MessageDetail, f"SELECT {_SHORT}, {_MORE} {_FROM} WHERE o.id = ?", message_id)
    if not found:
        raise WrongUsage(f"there is no message {message_id}", hint="List them: retainctl outbox list")
    return replace(found[0], history=_history(shop, message_id))


def recognisable(address: str) -> str:
    """*address* masked for a log: first letters, and eight digits of its hash by which to recognise equal ones."""
    local, _, domain = address.partition("@")
    digits = hashlib.sha256(address.casefold().encode()).hexdigest()[:8]
    return f"{local[:1]}***@{domain[:1]}***.{domain.rpartition('.')[2]}#{digits}"


def _history(shop: Shop, message_id: int) -> tuple[Nested, ...]:
    return tuple(
        {"at": shop.clock.iso(at), "from": before, "to": after, "claim": claim_no, "detail": detail or None}
        for at, before, after, claim_no, detail in rows(
            "SELECT at, from_state, to_state, claim_no, detail FROM outbox_events WHERE outbox_id = ? ORDER BY id",
            message_id,
        )
    )
