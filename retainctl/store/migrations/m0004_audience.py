"""Segments as they were last refreshed, and who was in them from when to when."""

from __future__ import annotations

from retainctl.store.schema import Schema


def up(schema: Schema) -> None:
    """Made with the database."""
    schema.create(TABLES)


TABLES = """
-- A segment is a file. This is what its last refresh found.
CREATE TABLE segments (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    definition_id INTEGER NOT NULL REFERENCES definitions (id), -- as it was asked
    members INTEGER NOT NULL,
    refreshed_at INTEGER NOT NULL
) STRICT;

-- One row each time that a customer joined; who has not left is a member.
CREATE TABLE segment_members (
    segment_id INTEGER NOT NULL REFERENCES segments (id),
    customer_id INTEGER NOT NULL REFERENCES customers (id),
    joined_at INTEGER NOT NULL,
    left_at INTEGER CHECK (left_at >= joined_at),
    PRIMARY KEY (segment_id, customer_id, joined_at)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX segment_members_now ON segment_members (segment_id, customer_id) WHERE left_at IS NULL;
"""
