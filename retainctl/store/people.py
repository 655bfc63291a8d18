"""Customers, how to reach them, and what they allowed."""

from __future__ import annotations

import peewee

from retainctl.store.database import Table


class Customer(Table):
    first_name = peewee.TextField(null=True)
    last_name = peewee.TextField(null=True)
    language = peewee.TextField(null=True)
    merged_into = peewee.BigIntegerField(null=True)
    created_at = peewee.BigIntegerField()

    class Meta:
        table_name = "customers"


class CustomerKey(Table):
    source = peewee.TextField()
    external_id = peewee.TextField()
    customer_id = peewee.BigIntegerField()

    class Meta:
        table_name = "customer_keys"
        primary_key = peewee.CompositeKey("external_id", "source")


class ContactPoint(Table):
    customer_id = peewee.BigIntegerField()
    kind = peewee.TextField()
    value = peewee.TextField()
    key = peewee.TextField()
    flag = peewee.TextField(default="")
    verified = peewee.BigIntegerField(default=0)
    source = peewee.TextField()
    created_at = peewee.BigIntegerField()

    class Meta:
        table_name = "contact_points"


class CustomerChange(Table):
    customer_id = peewee.BigIntegerField()
    changed_at = peewee.BigIntegerField()
    field = peewee.TextField()
    before = peewee.TextField(null=True)
    after = peewee.TextField(null=True)
    source = peewee.TextField()

    class Meta:
        table_name = "customer_changes"


class CustomerMerge(Table):
    survivor_id = peewee.BigIntegerField()
    merged_id = peewee.BigIntegerField()
    merged_at = peewee.BigIntegerField()
    reason = peewee.TextField()
    undone_at = peewee.BigIntegerField(null=True)

    class Meta:
        table_name = "customer_merges"


class CustomerMergeMove(Table):
    merge_id = peewee.BigIntegerField()
    table_name = peewee.TextField()
    row_key = peewee.TextField()

    class Meta:
        table_name = "customer_merge_moves"
        primary_key = peewee.CompositeKey("merge_id", "table_name", "row_key")


class Consent(Table):
    contact_point_id = peewee.BigIntegerField()
    purpose = peewee.TextField()
    action = peewee.TextField()
    happened_at = peewee.BigIntegerField()
    recorded_at = peewee.BigIntegerField()
    source = peewee.TextField()
    evidence = peewee.TextField()
    wording = peewee.TextField(default="")

    class Meta:
        table_name = "consents"


class Suppression(Table):
    kind = peewee.TextField()
    key = peewee.TextField()
    reason = peewee.TextField()
    suppressed_at = peewee.BigIntegerField()
    evidence = peewee.TextField()

    class Meta:
        table_name = "suppressions"
        primary_key = peewee.CompositeKey("kind", "key", "reason")


class CustomerSummary(Table):
    customer_id = peewee.BigIntegerField()
    currency = peewee.TextField()
    orders = peewee.BigIntegerField()
    gross_minor = peewee.BigIntegerField()
    returns_minor = peewee.BigIntegerField()
    first_order_at = peewee.BigIntegerField(null=True)
    last_order_at = peewee.BigIntegerField(null=True)
    first_order_on = peewee.TextField(null=True)
    last_order_on = peewee.TextField(null=True)
    order_months = peewee.TextField(null=True)

    class Meta:
        table_name = "customer_summaries"
        primary_key = peewee.CompositeKey("customer_id", "currency")
