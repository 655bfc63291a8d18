"""A bounce may be taken back; and by an address that nobody has a person may refuse at all of theirs."""

from __future__ import annotations

from retainctl.store.schema import Schema

# The same address may be refused again after it was reinstated.
SUPPRESSIONS = """
CREATE TABLE suppressions (
    kind TEXT NOT NULL REFERENCES contact_kinds (kind),
    key_hash BLOB NOT NULL CHECK (length(key_hash) = 16),
    reason TEXT NOT NULL REFERENCES suppression_reasons (reason),
    key TEXT,                               -- none: erased
    suppressed_at INTEGER NOT NULL,
    evidence TEXT NOT NULL,
    PRIMARY KEY (kind, key_hash, reason, suppressed_at)
) STRICT, WITHOUT ROWID;
"""

# From when on an address that bounced is held to work again.
REINSTATEMENTS = """
CREATE TABLE reinstatements (
    kind TEXT NOT NULL REFERENCES contact_kinds (kind),
    key_hash BLOB NOT NULL CHECK (length(key_hash) = 16),
    reinstated_at INTEGER NOT NULL,
    key TEXT,                               -- none: erased
    evidence TEXT NOT NULL,
    PRIMARY KEY (kind, key_hash, reinstated_at)
) STRICT, WITHOUT ROWID;
"""


def up(schema: Schema) -> None:
    """Let a bounce be taken back and happen again, and a refusal be of a person whom nobody knows yet."""
    schema.execute("INSERT INTO suppression_reasons (reason) VALUES ('person')")
    schema.rebuild("suppressions", SUPPRESSIONS)
    schema.create(REINSTATEMENTS)
    schema.append_only("reinstatements", erased={"key": "NULL", "evidence": "'erased'"})
