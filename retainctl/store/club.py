"""The ledger of points: accounts, transactions, entries, lots, and what each order was awarded."""

from __future__ import annotations

from typing import Final

import peewee

from retainctl.store.database import Table

LOCK: Final = "ledger"  # whoever books points, or moves accounts, holds it


class Terms(Table):
    version = peewee.BigIntegerField(primary_key=True)
    content = peewee.TextField()
    first_used_at = peewee.BigIntegerField()

    class Meta:
        table_name = "terms"


class Account(Table):
    kind = peewee.TextField()
    customer_id = peewee.BigIntegerField(null=True)
    opened_for = peewee.BigIntegerField(null=True)
    balance = peewee.BigIntegerField(default=0)

    class Meta:
        table_name = "accounts"


class Transaction(Table):
    seq = peewee.BigIntegerField(primary_key=True)
    kind = peewee.TextField()
    source = peewee.TextField()
    account_id = peewee.BigIntegerField()
    points = peewee.BigIntegerField()
    order_id = peewee.BigIntegerField(null=True)
    terms_version = peewee.BigIntegerField()
    effective_at = peewee.BigIntegerField()
    recorded_at = peewee.BigIntegerField()
    hash = peewee.BlobField()

    class Meta:
        table_name = "transactions"


class TransactionReason(Table):
    seq = peewee.BigIntegerField(primary_key=True)
    reason = peewee.TextField()

    class Meta:
        table_name = "transaction_reasons"


class Lot(Table):
    account_id = peewee.BigIntegerField()
    origin = peewee.TextField()
    order_id = peewee.BigIntegerField(null=True)
    terms_version = peewee.BigIntegerField()
    granted = peewee.BigIntegerField()
    remaining = peewee.BigIntegerField()
    consumed = peewee.BigIntegerField(default=0)
    expired = peewee.BigIntegerField(default=0)
    reversed = peewee.BigIntegerField(default=0)
    earned_at = peewee.BigIntegerField()
    active_from = peewee.BigIntegerField()
    expires_at = peewee.BigIntegerField(null=True)

    class Meta:
        table_name = "lots"


class Entry(Table):
    seq = peewee.BigIntegerField()
    entry_no = peewee.BigIntegerField()
    account_id = peewee.BigIntegerField()
    against_id = peewee.BigIntegerField()
    lot_id = peewee.BigIntegerField(null=True)
    points = peewee.BigIntegerField()

    class Meta:
        table_name = "entries"
        primary_key = peewee.CompositeKey("seq", "entry_no")


class Award(Table):
    order_id = peewee.BigIntegerField(primary_key=True)
    account_id = peewee.BigIntegerField()
    order_version = peewee.BigIntegerField()
    terms_version = peewee.BigIntegerField()
    currency = peewee.TextField()
    points = peewee.BigIntegerField()

    class Meta:
        table_name = "awards"


class AwardedLine(Table):
    order_id = peewee.BigIntegerField()
    line_no = peewee.BigIntegerField()
    amount_minor = peewee.BigIntegerField()
    points = peewee.BigIntegerField()
    product_id = peewee.BigIntegerField(null=True)
    category = peewee.TextField()

    class Meta:
        table_name = "awarded_lines"
        primary_key = peewee.CompositeKey("order_id", "line_no")
