"""Orders that are gifts, and a language more that customers may read."""

from __future__ import annotations

from retainctl.store.schema import Schema


def up(schema: Schema) -> None:
    """Of what was ordered before, nobody said that it was a gift."""
    schema.create(TABLES)


TABLES = """
INSERT INTO languages (language) VALUES ('ar');

ALTER TABLE orders ADD COLUMN is_gift INTEGER NOT NULL DEFAULT 0 CHECK (is_gift IN (0, 1));
"""
