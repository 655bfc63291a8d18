"""Seeing what stands in the outbox."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import ClassVar

from retainctl.config import Shop
from retainctl.errors import WrongUsage
from retainctl.outreach.outbox.states import State
from retainctl.rows import Row
from retainctl.store.database import rows


@dataclass(frozen=True, slots=True)
class MessageRow(Row):
    """One message in the outbox, its address masked."""

    kind: ClassVar[str] = "message"
    id: int
    mailing: str
    customer_id: int
    to: str
    channel: str
    state: str
    attempts: int
    next_at: str
    done_at: str
    reply: str


@dataclass(frozen=True, slots=True)
class MessageDetail(Row):
    """All that is known of one message; *history* has every step with its time, the claim, and what was said."""

    kind: ClassVar[str] = "message_detail"
    id: int
    mailing: str
    customer_id: int
    to: str
    message_id: str
    channel: str
    state: str
    attempts: int
    resends: int
    next_at: str
    not_after: str
    handed_at: str
    done_at: str
    code: int | None
    enhanced: str
    reply: str
    payload_sha256: str
    owner: str
    history: str


def list_messages(shop: Shop, *, state: State | None = None, limit: int | None = None) -> list[MessageRow]:
    """The messages in the outbox, or those in one *state*; the oldest first."""
    found = rows(
        "SELECT o.id, m.program, m.name, o.customer_id, o.to_address, o.channel, o.state, o.attempts, o.next_at,"
        " o.done_at, o.reply FROM outbox o JOIN mailings m ON m.id = o.mailing_id"
        " WHERE CAST(? AS TEXT) IS NULL OR o.state = ? ORDER BY o.id LIMIT ?",
        state, state, 2**62 if limit is None else limit,
    )  # fmt: skip
    return [
        MessageRow(
            id=message_id, mailing=f"{program} {name}", customer_id=customer_id, to=masked(address), channel=channel,
            state=now_in, attempts=attempts, next_at=_due(shop, now_in, next_at), done_at=_iso(shop, done_at),
            reply=reply or "",
        )
        for message_id, program, name, customer_id, address, channel, now_in, attempts, next_at, done_at, reply in found
    ]  # fmt: skip


def show_message(shop: Shop, message_id: int) -> MessageDetail:
    """All about one message; BadData where there is none of that number."""
    found = rows(
        "SELECT m.program, m.name, o.customer_id, o.to_address, o.message_id, o.channel, o.state, o.attempts,"
        " o.resends, o.next_at, o.not_after, o.handed_at, o.done_at, o.code, o.enhanced, o.reply, o.payload_sha256,"
        " o.owner FROM outbox o JOIN mailings m ON m.id = o.mailing_id WHERE o.id = ?",
        message_id,
    )
    if not found:
        raise WrongUsage(f"there is no message {message_id}", hint="List them: retainctl outbox list")
    (
        program, name, customer_id, address, global_id, channel, state, attempts, resends, next_at, not_after,
        handed_at, done_at, code, enhanced, reply, digest, owner,
    ) = found[0]  # fmt: skip
    return MessageDetail(
        id=message_id, mailing=f"{program} {name}", customer_id=customer_id, to=address, message_id=global_id,
        channel=channel, state=state, attempts=attempts, resends=resends, next_at=_due(shop, state, next_at),
        not_after=_iso(shop, not_after), handed_at=_iso(shop, handed_at), done_at=_iso(shop, done_at), code=code,
        enhanced=enhanced or "", reply=reply or "", payload_sha256=digest or "", owner=owner or "",
        history=_history(shop, message_id),
    )  # fmt: skip


def masked(address: str) -> str:
    """*address* as it may stand in a log: first letters, and eight digits by which equal ones are seen to be equal."""
    local, _, domain = address.partition("@")
    digits = hashlib.sha256(address.casefold().encode()).hexdigest()[:8]
    return f"{local[:1]}***@{domain[:1]}***.{domain.rpartition('.')[2]}#{digits}"


def _history(shop: Shop, message_id: int) -> str:
    return "; ".join(
        f"{_iso(shop, at)} {before} to {after} (claim {claim_no}{f', {detail}' if detail else ''})"
        for at, before, after, claim_no, detail in rows(
            "SELECT at, from_state, to_state, claim_no, detail FROM outbox_events WHERE outbox_id = ? ORDER BY id",
            message_id,
        )
    )


def _due(shop: Shop, state: str, next_at: int) -> str:
    return _iso(shop, next_at) if state in ("planned", "deferred") else ""


def _iso(shop: Shop, instant: int | None) -> str:
    return "" if instant is None else shop.clock.iso(instant)
