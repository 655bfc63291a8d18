"""Segments and their members."""

from __future__ import annotations

import peewee

from retainctl.store.database import Table


class Segment(Table):
    name = peewee.TextField()
    expression = peewee.TextField()
    members = peewee.BigIntegerField()
    refreshed_at = peewee.BigIntegerField()

    class Meta:
        table_name = "segments"


class SegmentMember(Table):
    segment_id = peewee.BigIntegerField()
    customer_id = peewee.BigIntegerField()
    joined_at = peewee.BigIntegerField()
    left_at = peewee.BigIntegerField(null=True)

    class Meta:
        table_name = "segment_members"
        primary_key = peewee.CompositeKey("segment_id", "customer_id", "joined_at")
