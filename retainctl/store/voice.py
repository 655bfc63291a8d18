"""What customers answered."""

from __future__ import annotations

import peewee

from retainctl.store.database import Table


class Response(Table):
    survey = peewee.TextField()
    respondent = peewee.TextField()
    customer_id = peewee.BigIntegerField(null=True)
    answered_at = peewee.BigIntegerField(null=True)
    version = peewee.BigIntegerField(default=1)
    content_hash = peewee.BlobField()
    import_id = peewee.BigIntegerField()

    class Meta:
        table_name = "responses"


class Answer(Table):
    response_id = peewee.BigIntegerField()
    question = peewee.TextField()
    score = peewee.BigIntegerField(null=True)
    words = peewee.TextField(null=True)
    replaced = peewee.BigIntegerField(default=0)

    class Meta:
        table_name = "answers"
        primary_key = peewee.CompositeKey("response_id", "question")
