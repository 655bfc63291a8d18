"""Customers who came to one of the shop's places."""

from __future__ import annotations

from retainctl.store.schema import Schema


def up(schema: Schema) -> None:
    """Made with the database."""
    schema.create(TABLES)


TABLES = """
INSERT INTO import_kinds (kind) VALUES ('visits');

CREATE TABLE visits (
    id INTEGER PRIMARY KEY,
    customer_id INTEGER NOT NULL REFERENCES customers (id),
    visited_on INTEGER NOT NULL,            -- days since 1970
    place TEXT NOT NULL,
    minutes INTEGER,                        -- none: not measured
    UNIQUE (customer_id, visited_on, place)
) STRICT;
"""
