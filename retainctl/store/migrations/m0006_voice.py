"""What customers answered."""

from __future__ import annotations

from retainctl.store.schema import Schema


def up(schema: Schema) -> None:
    """Made with the database."""
    schema.create(TABLES)


TABLES = """
-- One row a person who answered a survey: a customer where that is known, else whatever the source calls them.
CREATE TABLE responses (
    id INTEGER PRIMARY KEY,
    survey TEXT NOT NULL,
    respondent TEXT NOT NULL,               -- the source's own name of who answered
    customer_id INTEGER REFERENCES customers (id),
    answered_at INTEGER,
    version INTEGER NOT NULL DEFAULT 1,     -- one more each time that the source changed an answer
    content_hash BLOB NOT NULL,             -- of the answers as they were read
    import_id INTEGER NOT NULL REFERENCES imports (id), -- the last that wrote it
    UNIQUE (survey, respondent)
) STRICT;
CREATE INDEX responses_customer ON responses (customer_id);

-- A question that was not answered has no row.
CREATE TABLE answers (
    response_id INTEGER NOT NULL REFERENCES responses (id),
    question TEXT NOT NULL,
    score INTEGER,
    words TEXT,
    replaced INTEGER NOT NULL DEFAULT 0 CHECK (replaced IN (0, 1)), -- bytes that were no text stand as U+FFFD
    PRIMARY KEY (response_id, question),
    CHECK ((score IS NULL) <> (words IS NULL))
) STRICT, WITHOUT ROWID;
"""
