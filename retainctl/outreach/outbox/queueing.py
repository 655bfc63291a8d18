"""Creating the outbox rows for a mailing's recipients."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from retainctl.clock import month_of
from retainctl.config import Shop
from retainctl.errors import Refused
from retainctl.outreach.outbox.states import Candidate
from retainctl.outreach.rendering import Press
from retainctl.outreach.templates import Templates, TemplateValue
from retainctl.outreach.tokens import signer
from retainctl.store.database import execute, rows, value
from retainctl.store.dialect import insert_many, rows_locked
from retainctl.store.outreach import Mailing
from retainctl.store.transactions import in_one_transaction

_BATCH = 5_000


class _Message(NamedTuple):
    """A new row of the outbox."""

    month: int
    mailing_id: int
    customer_id: int | None
    contact_point_id: int | None
    channel: str
    message_key: str
    message_id: str
    class_: str
    to_address: str
    state: str
    next_at: int
    not_after: int | None


_COLUMNS = tuple(name.rstrip("_") for name in _Message._fields)


@in_one_transaction
def queue(shop: Shop, mailing_id: int) -> int:
    """Create the outbox row of every recipient, and make the mailing active; returns how many rows were created.

    All rows are created in one transaction or none; 0 where the mailing already has its rows. Nothing is sent:
    ``deliver`` does that.
    """
    ((state,),) = rows(f"SELECT state FROM mailings WHERE id = ?{rows_locked()}", mailing_id)
    if state == "cancelled":  # since it was read
        raise Refused("it was cancelled; nothing was queued")
    if value("SELECT 1 FROM outbox WHERE mailing_id = ? LIMIT 1", mailing_id):
        return 0
    mailing, made = Mailing.get_by_id(mailing_id), 0
    new = _maker(shop, mailing)
    for recipients in _recipients(mailing_id):
        messages = (new(_wire_address(address, key=key), one, one, point) for one, point, address, key in recipients)
        insert_many("outbox", _COLUMNS, messages)
        made += len(recipients)
    execute("UPDATE mailings SET state = 'active', sent_at = ? WHERE id = ?", shop.clock.now(), mailing_id)
    return made


@in_one_transaction
def queue_for(shop: Shop, mailing_id: int, *, who: str, to_address: str, context: Mapping[str, TemplateValue]) -> bool:
    """Queue the mailing's message for somebody who is not a customer: the shop's owner, or a stranger who wrote to it.

    *who* identifies them within this mailing: a second call returns False and changes nothing. The mailing must be of
    service messages, because only customers have consent. The message's bytes are fixed at once.
    """
    mailing = Mailing.get_by_id(mailing_id)
    assert mailing.purpose == "service", "only a customer can have consent for other messages"
    message = _maker(shop, mailing)(to_address, who)
    marks = ", ".join("?" * len(_COLUMNS))
    made = value(
        f"INSERT INTO outbox ({', '.join(_COLUMNS)}) VALUES ({marks}) ON CONFLICT DO NOTHING RETURNING id", *message
    )
    if made is None:
        return False
    addressee = Candidate(made, 0, "planned", None, None, to_address, message.message_id, context=context)
    payload = Press(mailing).message(addressee, at=shop.clock.now())
    execute("INSERT INTO payloads (outbox_id, bytes) VALUES (?, ?)", made, payload)
    return True


def _recipients(mailing_id: int) -> Iterator[list[tuple[Any, ...]]]:
    """Customer, contact point, address and its key of each recipient, a few thousand at a time."""
    query = """SELECT r.customer_id, r.contact_point_id, p.value, p.key FROM recipients r
        JOIN contact_points p ON p.id = r.contact_point_id
        WHERE r.mailing_id = ? AND r.customer_id > ? AND r.excluded = '' ORDER BY r.customer_id LIMIT ?"""
    last = 0
    while batch := rows(query, mailing_id, last, _BATCH):
        yield batch
        last = batch[-1][0]


def _maker(shop: Shop, mailing: Mailing) -> Callable[..., _Message]:
    """A function that makes the mailing's rows, each for an address and its owner: a customer by their id."""
    channel, now, month = shop.settings.mail.channel, shop.clock.now(), month_of(mailing.planned_at)
    sender = Templates.from_json(mailing.templates).letterhead.from_address
    domain = sender.rpartition("@")[2] or "retainctl.invalid"
    # The newest key at planning, so that a database restored from before the queueing makes the same ids again.
    secret = signer(mailing.planned_at).secret

    def new(
        to_address: str, who: int | str, customer_id: int | None = None, contact_point_id: int | None = None
    ) -> _Message:
        intent = json.dumps([mailing.program, mailing.name, mailing.id, 0, channel, who])  # 0 is the step
        message_key = hashlib.sha256(intent.encode()).hexdigest()
        local_id = hmac.digest(secret, f"message-id:{message_key}".encode(), "sha256").hex()[:32]
        return _Message(
            month,
            mailing.id,
            customer_id,
            contact_point_id,
            channel,
            message_key,
            f"<{local_id}@{domain}>",
            mailing.class_,
            to_address,
            "planned",
            now,
            mailing.not_after,
        )

    return new


def _wire_address(address: str, *, key: str) -> str:
    """*address* with its domain in ASCII (A-labels), as in its key."""
    return f"{address.rpartition('@')[0]}@{key.rpartition('@')[2]}"
