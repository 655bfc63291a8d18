"""Mailings, who was chosen, and the outbox."""

from __future__ import annotations

import peewee

from retainctl.store.database import Table


class SigningKey(Table):
    key_id = peewee.TextField(primary_key=True)
    secret = peewee.BlobField()
    created_at = peewee.BigIntegerField()

    class Meta:
        table_name = "signing_keys"


class Mailing(Table):
    id = peewee.AutoField()
    program = peewee.TextField()
    name = peewee.TextField()
    class_ = peewee.TextField(column_name="class")
    purpose = peewee.TextField()
    state = peewee.TextField()
    draft = peewee.TextField()
    templates = peewee.TextField(default="{}")
    plan_hash = peewee.TextField()
    unknown_policy = peewee.TextField(default="hold")
    planned_at = peewee.BigIntegerField()
    approved_at = peewee.BigIntegerField(null=True)
    sent_at = peewee.BigIntegerField(null=True)
    not_after = peewee.BigIntegerField(null=True)
    pause_reason = peewee.TextField(default="")

    class Meta:
        table_name = "mailings"


class Recipient(Table):
    mailing_id = peewee.BigIntegerField()
    customer_id = peewee.BigIntegerField()
    contact_point_id = peewee.BigIntegerField(null=True)
    excluded = peewee.TextField(default="")
    context = peewee.TextField(default="{}")

    class Meta:
        table_name = "recipients"
        primary_key = peewee.CompositeKey("mailing_id", "customer_id")


class Outbox(Table):
    mailing_id = peewee.BigIntegerField()
    customer_id = peewee.BigIntegerField()
    contact_point_id = peewee.BigIntegerField()
    channel = peewee.TextField()
    message_key = peewee.TextField()
    message_id = peewee.TextField()
    class_ = peewee.TextField(column_name="class")
    to_address = peewee.TextField()
    payload_sha256 = peewee.TextField(null=True)
    state = peewee.TextField()
    claim_no = peewee.BigIntegerField(default=0)
    owner = peewee.TextField(null=True)
    lease_until = peewee.BigIntegerField(null=True)
    attempts = peewee.BigIntegerField(default=0)
    resends = peewee.BigIntegerField(default=0)
    next_at = peewee.BigIntegerField()
    not_after = peewee.BigIntegerField(null=True)
    code = peewee.BigIntegerField(null=True)
    enhanced = peewee.TextField(null=True)
    reply = peewee.TextField(null=True)
    handed_at = peewee.BigIntegerField(null=True)
    done_at = peewee.BigIntegerField(null=True)

    class Meta:
        table_name = "outbox"


class Payload(Table):
    outbox_id = peewee.BigIntegerField(primary_key=True)
    bytes = peewee.BlobField()

    class Meta:
        table_name = "payloads"


class OutboxEvent(Table):
    outbox_id = peewee.BigIntegerField()
    at = peewee.BigIntegerField()
    from_state = peewee.TextField()
    to_state = peewee.TextField()
    claim_no = peewee.BigIntegerField()
    owner = peewee.TextField(null=True)
    detail = peewee.TextField(default="")

    class Meta:
        table_name = "outbox_events"
