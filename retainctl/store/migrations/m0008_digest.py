"""The shop's owner gets a digest by mail."""

from __future__ import annotations

from retainctl.store.schema import Schema


def up(schema: Schema) -> None:
    """Let a mailing be a digest."""
    schema.execute("INSERT INTO programs (program) VALUES ('digest')")
