"""Making the outbox rows of a mailing's recipients."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from typing import Any

from retainctl.config import Shop
from retainctl.outreach.templates import Templates
from retainctl.outreach.tokens import signer
from retainctl.store.database import execute, rows, value
from retainctl.store.dialect import insert_many, rows_locked
from retainctl.store.outreach import Mailing
from retainctl.store.transactions import in_one_transaction

_BATCH = 5_000
_COLUMNS = (
    "mailing_id", "customer_id", "contact_point_id", "channel", "message_key", "message_id", "class", "to_address",
    "state", "next_at", "not_after",
)  # fmt: skip


@in_one_transaction
def queue(shop: Shop, mailing_id: int) -> int:
    """Give every recipient of the mailing its row in the outbox and make it active; returns how many rows were made.

    A mailing that has its rows already is left as it is: 0. Everything or nothing is made, in one transaction.
    Nothing is sent: ``deliver`` does that.
    """
    rows(f"SELECT id FROM mailings WHERE id = ?{rows_locked()}", mailing_id)
    if value("SELECT 1 FROM outbox WHERE mailing_id = ? LIMIT 1", mailing_id):
        return 0
    mailing, made = Mailing.get_by_id(mailing_id), 0
    # The key that was the newest at planning: a database restored from before the queueing makes the same ids again.
    secret = signer(mailing.planned_at).secret
    for recipients in _recipients(mailing_id):
        insert_many("outbox", _COLUMNS, _rows_of(shop, mailing, recipients, secret=secret))
        made += len(recipients)
    execute("UPDATE mailings SET state = 'active', sent_at = ? WHERE id = ?", shop.clock.now(), mailing_id)
    return made


def _recipients(mailing_id: int) -> Iterator[list[tuple[Any, ...]]]:
    """Customer, contact point, address and its key of each recipient, a few thousand at a time."""
    last = 0
    while batch := rows(
        "SELECT r.customer_id, r.contact_point_id, p.value, p.key FROM recipients r"
        " JOIN contact_points p ON p.id = r.contact_point_id"
        " WHERE r.mailing_id = ? AND r.customer_id > ? AND r.excluded = '' ORDER BY r.customer_id LIMIT ?",
        mailing_id,
        last,
        _BATCH,
    ):
        yield batch
        last = batch[-1][0]


def _rows_of(
    shop: Shop, mailing: Mailing, recipients: list[tuple[Any, ...]], *, secret: bytes
) -> Iterator[tuple[Any, ...]]:
    channel, now = shop.settings.mail.channel, shop.clock.now()
    sender = Templates.from_json(mailing.templates).letterhead.from_address
    domain = sender.rpartition("@")[2] or "retainctl.invalid"
    for customer_id, contact_point_id, address, key in recipients:
        message_key = _message_key(mailing, customer_id=customer_id, channel=channel)
        local_id = hmac.digest(secret, f"message-id:{message_key}".encode(), "sha256").hex()[:32]
        yield (
            mailing.id,
            customer_id,
            contact_point_id,
            channel,
            message_key,
            f"<{local_id}@{domain}>",
            mailing.class_,
            _wire_address(address, key=key),
            "planned",
            now,
            mailing.not_after,
        )


def _message_key(mailing: Mailing, *, customer_id: int, channel: str) -> str:
    intent = json.dumps([mailing.program, mailing.name, mailing.id, customer_id, channel])
    return hashlib.sha256(intent.encode()).hexdigest()


def _wire_address(address: str, *, key: str) -> str:
    """*address* with the domain as servers spell it (A-labels), which its key has."""
    return f"{address.rpartition('@')[0]}@{key.rpartition('@')[2]}"
