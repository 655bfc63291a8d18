"""A row in quarantine may be of what came back, which settles no sale that waits under the same number."""

from __future__ import annotations

from retainctl.store.schema import Schema


def up(schema: Schema) -> None:
    """Let a held row say whether it is of what came back; a return that was larger than its order is."""
    schema.create("ALTER TABLE held_rows ADD COLUMN is_back INTEGER NOT NULL DEFAULT 0")
    schema.execute("UPDATE held_rows SET is_back = 1 WHERE code = 'return_larger_than_order'")
