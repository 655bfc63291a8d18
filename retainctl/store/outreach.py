"""The two tables that are worked with row by row: signing keys and mailings."""

from __future__ import annotations

from typing import Literal, cast

import peewee

from retainctl.store.database import Model

MailingState = Literal["planned", "approved", "active", "paused", "cancelled"]


class SigningKey(Model):
    key_id = peewee.TextField(primary_key=True)
    secret = peewee.BlobField()
    created_at = peewee.BigIntegerField()

    class Meta:
        table_name = "signing_keys"


class Mailing(Model):
    id = peewee.AutoField()
    program = peewee.TextField()
    name = peewee.TextField()
    class_ = peewee.TextField(column_name="class")
    purpose = peewee.TextField()
    state = peewee.TextField()
    definition_id = peewee.IntegerField(null=True)
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

    @property
    def stands(self) -> MailingState:
        """Its state, as one of the words that the table allows."""
        return cast("MailingState", self.state)
