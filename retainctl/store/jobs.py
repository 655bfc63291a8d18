"""What the jobs did, and which host runs one."""

from __future__ import annotations

import peewee

from retainctl.store.database import Table


class JobRun(Table):
    job = peewee.TextField()
    period = peewee.TextField()
    due_at = peewee.BigIntegerField()
    missed = peewee.BigIntegerField(default=0)
    started_at = peewee.BigIntegerField()
    ended_at = peewee.BigIntegerField(null=True)
    exit_code = peewee.BigIntegerField(null=True)
    steps_done = peewee.BigIntegerField(default=0)
    counts = peewee.TextField(default="{}")
    error = peewee.TextField(default="")

    class Meta:
        table_name = "job_runs"


class JobLease(Table):
    job = peewee.TextField(primary_key=True)
    host = peewee.TextField()
    lease_until = peewee.BigIntegerField()

    class Meta:
        table_name = "job_leases"
