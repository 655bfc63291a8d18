"""The transitions of an outbox row: each a compare-and-set, with its event in the same transaction.

The transitions of every message are made for many rows in one statement, which returns the rows that it changed.

The claim number is a fencing token: it grows by one with every claim, so that a sender whose lease has expired cannot
change anything.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Literal

from retainctl.outreach.channels import Answer
from retainctl.outreach.templates import TemplateValue
from retainctl.store.database import execute, rows
from retainctl.store.dialect import one_of

State = Literal[
    "planned", "claimed", "handing", "sent", "deferred", "failed", "unknown", "suppressed", "expired", "cancelled"
]
OPEN: tuple[State, ...] = ("deferred", "planned")
WRITTEN_TO: tuple[State, ...] = ("claimed", "handing", "sent", "unknown")  # it went, or may have gone, or goes now
TERMINAL: tuple[State, ...] = ("sent", "failed", "suppressed", "expired", "cancelled")

LEASE_SECONDS = 15 * 60
UNKNOWN_SECONDS = 15 * 60  # before an unknown message is resent, if its mailing's policy says so
REPLY_LENGTH = 500


# The expected state of a row: its id, its claim number, its state.
Standing = tuple[int, int, State]


def change(standing: Standing, after: State, *, at: int, by: str | None, detail: str = "", **columns: object) -> bool:
    """Move one row to *after* and set *columns*; False when it is no longer in the expected state.

    *by* is the sender who does it. A row that leaves its sender loses owner and lease; one that reaches a final state
    loses its bytes, but keeps their SHA-256. Inside a transaction.
    """
    if "reply" in columns:
        columns["reply"] = str(columns["reply"])[:REPLY_LENGTH]
    if after not in ("claimed", "handing"):
        columns |= {"owner": None, "lease_until": None}
    if after in TERMINAL:
        columns |= {"done_at": at}
    names = "".join(f", {name} = ?" for name in columns)
    query = f"UPDATE outbox SET state = ?{names} WHERE id = ? AND claim_no = ? AND state = ?"
    if execute(query, after, *columns.values(), *standing).rowcount != 1:
        return False
    message_id, claim_no, before = standing
    if after in TERMINAL:
        execute("DELETE FROM payloads WHERE outbox_id = ?", message_id)
    _write_down([(message_id, at, before, after, claim_no, by, detail[:REPLY_LENGTH])])
    return True


@dataclass(frozen=True, slots=True)
class Candidate:
    """A row that is due, as it was read, with what its message is made of.

    A recipient who is not a customer has no ids, and gets service messages only.
    """

    id: int
    claim_no: int
    state: State
    customer_id: int | None
    contact_point_id: int | None
    to_address: str
    message_id: str
    not_after: int | None = None
    payload: bytes | None = None  # of an earlier claim
    context: Mapping[str, TemplateValue] = field(default_factory=dict)  # where there are no bytes yet


def claim(taken: Sequence[tuple[Candidate, bytes]], *, at: int, by: str, lease_until: int) -> set[int]:
    """Move rows to claimed, each with its next claim number and its bytes; returns the ids of those that changed."""
    changed = _changed(
        ("id", "claim_no", "state", "digest"),
        [(one.id, one.claim_no, one.state, hashlib.sha256(payload).hexdigest()) for one, payload in taken],
        "state = 'claimed', claim_no = outbox.claim_no + 1, owner = ?, lease_until = ?, payload_sha256 = given.digest",
        (by, lease_until),
        "outbox.state = given.state",
    )
    if fresh := [(one.id, payload) for one, payload in taken if one.id in changed and one.payload is None]:
        execute(f"INSERT INTO payloads (outbox_id, bytes) {_values(fresh)}", *chain.from_iterable(fresh))
    _write_down([(one.id, at, one.state, "claimed", one.claim_no + 1, by, "") for one, _ in taken if one.id in changed])
    return changed


def hand_over(held: Mapping[int, int], *, at: int, by: str, lease_now: int) -> set[int]:
    """Move rows, by id and claim number, from claimed to handing if their lease is valid; returns the ids that changed.

    The lease is renewed, because the answer may take a while.
    """
    changed = _changed(
        ("id", "claim_no"),
        list(held.items()),
        "state = 'handing', handed_at = ?, lease_until = ?",
        (at, lease_now + LEASE_SECONDS),
        "outbox.state = 'claimed' AND outbox.lease_until > ?",
        (lease_now,),
    )
    _write_down([(one, at, "claimed", "handing", held[one], by, "") for one in held if one in changed])
    return changed


def mark_sent(answers: Sequence[Answer], *, at: int, by: str) -> set[int]:
    """Move rows from handing to sent, with the server's answer; returns the ids of those that changed.

    ``change`` handles the others.
    """
    given = [
        (one.letter.id, one.letter.claim_no, one.outcome.code, one.outcome.enhanced, one.outcome.detail[:REPLY_LENGTH])
        for one in answers
    ]
    changed = _changed(
        ("id", "claim_no", "code", "enhanced", "reply"),
        given,
        "state = 'sent', owner = NULL, lease_until = NULL, done_at = ?, code = CAST(given.code AS BIGINT),"
        " enhanced = given.enhanced, reply = given.reply",
        (at,),
        "outbox.state = 'handing'",
    )
    if changed:
        condition, ids = one_of(list(changed))
        execute(f"DELETE FROM payloads WHERE outbox_id {condition}", ids)
    _write_down(
        [
            (message_id, at, "handing", "sent", claim_no, by, reply)
            for message_id, claim_no, _, _, reply in given
            if message_id in changed
        ]
    )
    return changed


def _changed(
    names: Sequence[str],
    given: Sequence[Sequence[object]],
    settings: str,
    set_to: Sequence[object],
    condition: str,
    bound: Sequence[object] = (),
) -> set[int]:
    """Compare and set many rows in one statement, each with its own of the *given*; returns the ids that changed."""
    if not given:
        return set()
    changed = rows(
        f"WITH given ({', '.join(names)}) AS ({_values(given)}) UPDATE outbox SET {settings} FROM given"
        f" WHERE outbox.id = given.id AND outbox.claim_no = given.claim_no AND {condition} RETURNING outbox.id",
        *chain.from_iterable(given),
        *set_to,
        *bound,
    )
    return {message_id for (message_id,) in changed}


def _write_down(events: Sequence[Sequence[object]]) -> None:
    """Add the events of messages, each with the month of its message."""
    if events:
        columns = "outbox_id, at, from_state, to_state, claim_no, owner, detail"
        execute(
            f"WITH given ({columns}) AS ({_values(events)}) INSERT INTO outbox_events (month, {columns})"
            " SELECT outbox.month, given.* FROM given JOIN outbox ON outbox.id = given.outbox_id",
            *chain.from_iterable(events),
        )


def _values(given: Sequence[Sequence[object]]) -> str:
    marks = f"({', '.join('?' * len(given[0]))})"
    return f"VALUES {', '.join([marks] * len(given))}"
