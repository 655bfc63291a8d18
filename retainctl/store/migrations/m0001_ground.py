"""What everything stands on: locks, the installation, runs, definitions, and the imports that were committed."""

from __future__ import annotations

from retainctl.store.schema import Schema


def up(schema: Schema) -> None:
    """Made with the database."""
    schema.create(TABLES)
    schema.append_only("definitions", erased={"text": "NULL"})
    schema.execute("INSERT INTO secrets (name, secret) VALUES ('addresses', ?)", schema.random_bytes(32))


TABLES = """
-- One row names each lock that a PostgreSQL writer may wait for.
CREATE TABLE locks (name TEXT NOT NULL PRIMARY KEY) STRICT;

-- What this database knows of itself: which installation may send.
CREATE TABLE installation (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) STRICT;

-- Keys that never change and never leave the database: by 'addresses' an address is told without being kept.
CREATE TABLE secrets (
    name TEXT NOT NULL PRIMARY KEY,
    secret BLOB NOT NULL CHECK (length(secret) >= 32)
) STRICT;

-- One row a run, of a job or of a command by hand. One that was killed has no end; the next of its name says so.
CREATE TABLE runs (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,                     -- the job, or the command: nightly, points award
    period TEXT,                            -- what a job's run was for: nightly:2026-11-21
    due_at INTEGER,                         -- when that period became due
    missed INTEGER NOT NULL DEFAULT 0,      -- earlier periods that it made up for
    started_at INTEGER NOT NULL,
    ended_at INTEGER,
    exit_code INTEGER,
    steps_done INTEGER NOT NULL DEFAULT 0,
    result TEXT NOT NULL DEFAULT '{}',      -- JSON: each step's result row
    error TEXT NOT NULL DEFAULT '',
    CHECK ((period IS NULL) = (due_at IS NULL))
) STRICT;
CREATE INDEX runs_name ON runs (name, due_at);

-- Which host runs a job, and until when it may be believed: flock holds on one host only.
CREATE TABLE job_leases (
    job TEXT NOT NULL PRIMARY KEY,
    host TEXT NOT NULL,
    lease_until INTEGER NOT NULL
) STRICT;

-- Each file that defined something which ran, word for word, once for each of its meanings.
CREATE TABLE definitions (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,                     -- campaign, survey, segment, ...
    name TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    hash TEXT NOT NULL CHECK (length(hash) = 64),   -- of the meaning: a comment changes nothing
    text TEXT,                              -- none: erased
    first_used_at INTEGER NOT NULL,
    UNIQUE (kind, name, version),
    UNIQUE (kind, name, hash)
) STRICT;

-- What is imported. Words that others will add to are rows, so that a new one is an INSERT on both databases.
CREATE TABLE import_kinds (kind TEXT NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID;
INSERT INTO import_kinds (kind) VALUES ('orders'), ('customers'), ('products'), ('consent'), ('answers');

-- Each import that was committed: a file is known by its hash, source, format and options.
CREATE TABLE imports (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL REFERENCES import_kinds (kind),
    file_name TEXT NOT NULL,
    sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
    source TEXT NOT NULL,
    format TEXT NOT NULL,
    options TEXT NOT NULL,                  -- JSON: mapping, encoding, delimiter, currency as they were used
    imported_at INTEGER NOT NULL,
    rows_read INTEGER NOT NULL DEFAULT 0,
    rows_new INTEGER NOT NULL DEFAULT 0,
    rows_changed INTEGER NOT NULL DEFAULT 0,
    rows_unchanged INTEGER NOT NULL DEFAULT 0,
    rows_set_aside INTEGER NOT NULL DEFAULT 0,
    rows_blank INTEGER NOT NULL DEFAULT 0,
    rows_quarantined INTEGER NOT NULL DEFAULT 0,
    notes TEXT NOT NULL DEFAULT '[]',       -- JSON: every guess that was made, in words
    CHECK (rows_read = rows_new + rows_changed + rows_unchanged + rows_set_aside + rows_blank + rows_quarantined)
) STRICT;
CREATE INDEX imports_of_a_file ON imports (sha256, source, format);

-- Rows that were read and not booked, as they stood in the file.
CREATE TABLE held_rows (
    id INTEGER PRIMARY KEY,
    import_id INTEGER NOT NULL REFERENCES imports (id),
    disposition TEXT NOT NULL CHECK (disposition IN ('quarantined', 'set_aside', 'incomplete')),
    line INTEGER NOT NULL,
    byte_offset INTEGER NOT NULL,
    document TEXT NOT NULL,                 -- the order, customer or article it speaks of, where that can be read
    column_name TEXT NOT NULL,
    code TEXT NOT NULL,                     -- a stable word for scripts: bad_number, stock_write_off
    message TEXT NOT NULL,
    raw_bytes BLOB NOT NULL,
    resolved_at INTEGER                     -- when a retry booked it, or a person dismissed it
) STRICT;
CREATE INDEX held_rows_open ON held_rows (import_id, disposition, resolved_at);
"""
