"""What competitors ask for our articles."""

from __future__ import annotations

from retainctl.store.schema import Schema


def up(schema: Schema) -> None:
    """Made with the database."""
    schema.create(TABLES)


TABLES = """
INSERT INTO import_kinds (kind) VALUES ('competitor_prices');

-- A competitor's price of one article, as it was seen on a day.
CREATE TABLE competitor_prices (
    id INTEGER PRIMARY KEY,
    sku TEXT NOT NULL,                      -- ours
    competitor TEXT NOT NULL,
    seen_on INTEGER NOT NULL,               -- days since 1970
    currency TEXT NOT NULL CHECK (length(currency) = 3),
    price_minor INTEGER NOT NULL CHECK (price_minor >= 0),
    UNIQUE (sku, competitor, seen_on)
) STRICT;
"""
