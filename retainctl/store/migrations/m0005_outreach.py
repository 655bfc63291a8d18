"""Mailings (campaigns and survey invitations), who was chosen, and the outbox."""

from __future__ import annotations

from retainctl.store.schema import Schema


def up(schema: Schema) -> None:
    """Made with the database."""
    schema.create(TABLES)
    schema.append_only("outbox_events")


TABLES = """
-- The keys that sign links and addresses. Old ones verify as long as their links may be in somebody's inbox.
CREATE TABLE signing_keys (
    key_id TEXT NOT NULL PRIMARY KEY,
    secret BLOB NOT NULL CHECK (length(secret) >= 32),
    created_at INTEGER NOT NULL
) STRICT;

-- What sends: a plan of any of these goes the same way.
CREATE TABLE programs (program TEXT NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID;
INSERT INTO programs (program) VALUES ('campaign'), ('survey');

CREATE TABLE channels (channel TEXT NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID;
INSERT INTO channels (channel) VALUES ('files'), ('mail');

-- One plan of a campaign or a survey: by which file, who gets it, and whether that was approved.
CREATE TABLE mailings (
    id INTEGER PRIMARY KEY,
    program TEXT NOT NULL REFERENCES programs (program),
    name TEXT NOT NULL,
    class TEXT NOT NULL CHECK (class IN ('marketing', 'transactional')),
    purpose TEXT NOT NULL REFERENCES purposes (purpose),
    state TEXT NOT NULL CHECK (state IN ('planned', 'approved', 'active', 'paused', 'cancelled')),
    definition_id INTEGER REFERENCES definitions (id), -- the file as it was planned; none of a program without files
    templates TEXT NOT NULL DEFAULT '{}',   -- JSON: each template that it uses, as it was
    plan_hash TEXT NOT NULL,                -- of what the file means, the templates and who
    unknown_policy TEXT NOT NULL DEFAULT 'hold' CHECK (unknown_policy IN ('hold', 'resend-once', 'assume-sent')),
    planned_at INTEGER NOT NULL,
    approved_at INTEGER,
    sent_at INTEGER,                        -- when its rows went to the outbox
    not_after INTEGER,
    pause_reason TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX mailings_name ON mailings (program, name);

-- Every candidate of a plan: a recipient, or excluded with the first reason that applied.
CREATE TABLE recipients (
    mailing_id INTEGER NOT NULL REFERENCES mailings (id),
    customer_id INTEGER NOT NULL REFERENCES customers (id),
    contact_point_id INTEGER REFERENCES contact_points (id),
    excluded TEXT NOT NULL DEFAULT '',      -- '' for a recipient, else no_consent, suppressed, budget, ...
    context TEXT NOT NULL DEFAULT '{}',     -- JSON: the plain values that the templates see
    PRIMARY KEY (mailing_id, customer_id)
) STRICT, WITHOUT ROWID;

-- One row an intent. Progress is the row's own state and nothing else. Who gets it may be no customer: the owner,
-- or a stranger whose mail is acknowledged. The month in which its mailing was planned stands in its unique keys and in
-- its events, so that the tables can be divided by it.
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY,
    month INTEGER NOT NULL,                 -- 12 * year + month - 1, in UTC
    mailing_id INTEGER NOT NULL REFERENCES mailings (id),
    customer_id INTEGER REFERENCES customers (id),
    contact_point_id INTEGER REFERENCES contact_points (id),
    step INTEGER NOT NULL DEFAULT 0,        -- of a mailing that has several
    channel TEXT NOT NULL REFERENCES channels (channel),
    message_key TEXT NOT NULL,              -- sha256 of program, name, mailing, step, channel and who gets it
    message_id TEXT NOT NULL,               -- made before the first attempt, the same on every attempt
    class TEXT NOT NULL CHECK (class IN ('marketing', 'transactional')),
    to_address TEXT NOT NULL,
    payload_sha256 TEXT,                    -- of its frozen bytes
    state TEXT NOT NULL CHECK (state IN ('planned', 'claimed', 'handing', 'sent', 'deferred', 'failed', 'unknown',
        'suppressed', 'expired', 'cancelled')),
    claim_no INTEGER NOT NULL DEFAULT 0,    -- the fencing number: one more at each claim
    owner TEXT,
    lease_until INTEGER,
    attempts INTEGER NOT NULL DEFAULT 0,
    resends INTEGER NOT NULL DEFAULT 0,
    next_at INTEGER NOT NULL,
    not_after INTEGER,
    code INTEGER,
    enhanced TEXT,
    reply TEXT,
    handed_at INTEGER,
    done_at INTEGER,
    UNIQUE (mailing_id, customer_id, step, channel, month),
    UNIQUE (message_key, month),
    UNIQUE (message_id, month),
    CHECK ((customer_id IS NULL) = (contact_point_id IS NULL))
) STRICT;
CREATE INDEX outbox_due ON outbox (mailing_id, state, next_at, id);
CREATE INDEX outbox_contact_point ON outbox (contact_point_id);
CREATE INDEX outbox_handed ON outbox (handed_at);
-- What is in the hands of a sender: a few rows of a million, and every run looks for those of dead ones first.
CREATE INDEX outbox_in_hand ON outbox (owner) WHERE owner IS NOT NULL;

-- The frozen bytes of a message, from its first claim to its end. They stand apart, so that a change of state does not
-- write them anew.
CREATE TABLE payloads (
    outbox_id INTEGER NOT NULL PRIMARY KEY REFERENCES outbox (id),
    bytes BLOB NOT NULL
) STRICT;

CREATE TABLE outbox_events (
    id INTEGER PRIMARY KEY,
    outbox_id INTEGER NOT NULL REFERENCES outbox (id),
    month INTEGER NOT NULL,
    at INTEGER NOT NULL,
    from_state TEXT NOT NULL,
    to_state TEXT NOT NULL,
    claim_no INTEGER NOT NULL,
    owner TEXT,
    detail TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX outbox_events_message ON outbox_events (outbox_id);
"""
