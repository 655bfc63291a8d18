"""The transitions of an outbox row: each a compare-and-set, with its event in the same transaction.

The claim number is the fence. It grows by one with every claim, so that a sender that slept through its lease
changes nothing any more.
"""

from __future__ import annotations

from typing import Literal

from retainctl.store.database import execute

State = Literal[
    "planned", "claimed", "handing", "sent", "deferred", "failed", "unknown", "suppressed", "expired", "cancelled"
]
OPEN: tuple[State, ...] = ("deferred", "planned")
TERMINAL: tuple[State, ...] = ("sent", "failed", "suppressed", "expired", "cancelled")

LEASE_SECONDS = 15 * 60
UNKNOWN_SECONDS = 15 * 60  # before an unknown message is sent again, where its mailing's policy says so
REPLY_LENGTH = 500


def change(
    message_id: int, *, claim_no: int, before: State, after: State, at: int, by: str | None, detail: str = "",
    **columns: object,
) -> bool:  # fmt: skip
    """Move one row from *before* to *after* and set *columns*; False when it is no longer where it was believed to be.

    *by* is who does it. A row that leaves the hands of its sender loses owner and lease, one that comes to its end
    loses its bytes, whose SHA-256 stays. Inside a transaction.
    """
    if "reply" in columns:
        columns["reply"] = str(columns["reply"])[:REPLY_LENGTH]
    if after not in ("claimed", "handing"):
        columns |= {"owner": None, "lease_until": None}
    if after in TERMINAL:
        columns |= {"payload": None, "done_at": at}
    names = "".join(f", {name} = ?" for name in columns)
    changed = execute(
        f"UPDATE outbox SET state = ?{names} WHERE id = ? AND claim_no = ? AND state = ?",
        after, *columns.values(), message_id, claim_no, before,
    )  # fmt: skip
    if changed.rowcount != 1:
        return False
    _write_down(message_id, claim_no=claim_no, before=before, after=after, at=at, by=by, detail=detail)
    return True


def claim(
    message_id: int, *, claim_no: int, before: State, at: int, by: str, lease_until: int, **columns: object
) -> bool:
    """``change`` to claimed, under the next claim number."""
    names = "".join(f", {name} = ?" for name in columns)
    changed = execute(
        "UPDATE outbox SET state = 'claimed', claim_no = claim_no + 1, owner = ?, lease_until = ?"
        f"{names} WHERE id = ? AND claim_no = ? AND state = ?",
        by, lease_until, *columns.values(), message_id, claim_no, before,
    )  # fmt: skip
    if changed.rowcount != 1:
        return False
    _write_down(message_id, claim_no=claim_no + 1, before=before, after="claimed", at=at, by=by, detail="")
    return True


def hand_over(message_id: int, *, claim_no: int, at: int, by: str, lease_now: int) -> bool:
    """``change`` from claimed to handing, while the lease holds; it begins anew, for the answer may take its time."""
    changed = execute(
        "UPDATE outbox SET state = 'handing', handed_at = ?, lease_until = ?"
        " WHERE id = ? AND claim_no = ? AND state = 'claimed' AND lease_until > ?",
        at, lease_now + LEASE_SECONDS, message_id, claim_no, lease_now,
    )  # fmt: skip
    if changed.rowcount != 1:
        return False
    _write_down(message_id, claim_no=claim_no, before="claimed", after="handing", at=at, by=by, detail="")
    return True


def _write_down(
    message_id: int, *, claim_no: int, before: State, after: State, at: int, by: str | None, detail: str
) -> None:
    execute(
        "INSERT INTO outbox_events (outbox_id, at, from_state, to_state, claim_no, owner, detail)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        message_id, at, before, after, claim_no, by, detail[:REPLY_LENGTH],
    )  # fmt: skip
