"""The ledger of the club's points: accounts, transactions, entries and lots; what each order was awarded."""

from __future__ import annotations

from retainctl.store.schema import Schema


def up(schema: Schema) -> None:
    """Made with the database."""
    schema.create(TABLES)
    schema.append_only("transactions")
    schema.append_only("entries")
    schema.append_only("terms")
    schema.append_only("transaction_reasons", erased={"reason": "NULL"})


TABLES = """
-- The versions of the club's terms that points were booked by, word for word.
CREATE TABLE terms (
    version INTEGER NOT NULL PRIMARY KEY CHECK (version > 0),
    content TEXT NOT NULL,                  -- JSON
    first_used_at INTEGER NOT NULL
) STRICT;

-- What is counted, each in a ledger of its own: points, and what is added to them later, such as store credit.
CREATE TABLE units (unit TEXT NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID;
INSERT INTO units (unit) VALUES ('points');

-- Four of them are the shop's own books, one of each in every unit; the others are a customer's.
CREATE TABLE account_kinds (kind TEXT NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID;
INSERT INTO account_kinds (kind) VALUES
    ('issuance'), ('redemption'), ('expiry'), ('adjustment'), ('customer'), ('debt');

-- Each customer's account was opened for one customer, and stays theirs through every merge: customer_id says who has
-- it now, the survivor, and goes back when the merge is undone. What was taken back and is not there is owed on an
-- account of its own, so that no customer's is below zero.
CREATE TABLE accounts (
    id INTEGER NOT NULL PRIMARY KEY,
    unit TEXT NOT NULL DEFAULT 'points' REFERENCES units (unit),
    kind TEXT NOT NULL REFERENCES account_kinds (kind),
    customer_id INTEGER REFERENCES customers (id),
    opened_for INTEGER REFERENCES customers (id),
    balance INTEGER NOT NULL DEFAULT 0,     -- the sum of its entries, kept in their transaction
    UNIQUE (opened_for, kind, unit),
    CHECK (kind NOT IN ('customer', 'debt') OR customer_id IS NOT NULL),
    CHECK (kind NOT IN ('issuance', 'redemption', 'expiry', 'adjustment') OR customer_id IS NULL),
    CHECK ((customer_id IS NULL) = (opened_for IS NULL)),
    CHECK (kind <> 'customer' OR balance BETWEEN 0 AND 1000000000000),
    CHECK (kind <> 'debt' OR balance BETWEEN -1000000000000 AND 0)
) STRICT;
CREATE INDEX accounts_customer ON accounts (customer_id, kind);
CREATE UNIQUE INDEX accounts_of_the_shop ON accounts (unit, kind) WHERE opened_for IS NULL;
INSERT INTO accounts (id, kind) VALUES (1, 'issuance'), (2, 'redemption'), (3, 'expiry'), (4, 'adjustment');

CREATE TABLE transaction_kinds (kind TEXT NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID;
INSERT INTO transaction_kinds (kind) VALUES
    ('award'), ('clawback'), ('redemption'), ('grant'), ('deduction'), ('expiry'), ('repayment');

-- One row an event, numbered without gaps. Its hash covers the row, its entries and the hash before it; no
-- personal data is in it, so that the chain holds when a person is erased.
CREATE TABLE transactions (
    seq INTEGER NOT NULL PRIMARY KEY CHECK (seq > 0),
    kind TEXT NOT NULL REFERENCES transaction_kinds (kind),
    source TEXT NOT NULL UNIQUE,            -- program/kind/what caused it, without the version of the terms
    account_id INTEGER NOT NULL REFERENCES accounts (id),
    points INTEGER NOT NULL CHECK (points BETWEEN 1 AND 1000000000),    -- as asked for
    order_id INTEGER REFERENCES orders (id),
    terms_version INTEGER NOT NULL REFERENCES terms (version),
    effective_at INTEGER NOT NULL,          -- when it is to count from, such as the day of the order
    recorded_at INTEGER NOT NULL,           -- when it was booked; never decreases
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    CHECK (effective_at <= recorded_at)
) STRICT;

-- Why, in words. Outside the hash, because a person may have written a name into it.
CREATE TABLE transaction_reasons (
    seq INTEGER NOT NULL PRIMARY KEY REFERENCES transactions (seq),
    reason TEXT                             -- none: erased
) STRICT;

CREATE TABLE lot_origins (origin TEXT NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID;
INSERT INTO lot_origins (origin) VALUES ('earned'), ('goodwill');

-- Points given at one time, which expire at one time. They are spent by (expires_at, earned_at, id), none last.
CREATE TABLE lots (
    id INTEGER NOT NULL PRIMARY KEY,
    account_id INTEGER NOT NULL REFERENCES accounts (id),
    origin TEXT NOT NULL REFERENCES lot_origins (origin),
    order_id INTEGER REFERENCES orders (id),
    terms_version INTEGER NOT NULL REFERENCES terms (version),  -- it lives by these to its end
    granted INTEGER NOT NULL CHECK (granted BETWEEN 1 AND 1000000000),
    remaining INTEGER NOT NULL CHECK (remaining >= 0),
    consumed INTEGER NOT NULL DEFAULT 0 CHECK (consumed >= 0),
    expired INTEGER NOT NULL DEFAULT 0 CHECK (expired >= 0),
    reversed INTEGER NOT NULL DEFAULT 0 CHECK (reversed >= 0),
    earned_at INTEGER NOT NULL,
    active_from INTEGER NOT NULL,           -- may be spent from then on
    expires_at INTEGER,                     -- may be spent before then; none: for ever
    CHECK (granted = remaining + consumed + expired + reversed),
    CHECK ((origin = 'earned') = (order_id IS NOT NULL))
) STRICT;
CREATE INDEX lots_open ON lots (account_id, expires_at) WHERE remaining > 0;
CREATE INDEX lots_order ON lots (order_id) WHERE order_id IS NOT NULL;

-- Points moved: *points* onto account_id (below zero: off it), and as many off against_id. So each entry, and with
-- it each transaction and the whole ledger, sums to zero. The month in which it was booked stands in the key, so that
-- the table can be divided by it.
CREATE TABLE entries (
    seq INTEGER NOT NULL REFERENCES transactions (seq),
    entry_no INTEGER NOT NULL,
    month INTEGER NOT NULL,                 -- 12 * year + month - 1, in UTC
    account_id INTEGER NOT NULL REFERENCES accounts (id),
    against_id INTEGER NOT NULL REFERENCES accounts (id),
    lot_id INTEGER REFERENCES lots (id),    -- none: owed, or borne by the shop
    points INTEGER NOT NULL CHECK (points <> 0 AND points BETWEEN -1000000000 AND 1000000000),
    PRIMARY KEY (seq, entry_no, month),
    CHECK (account_id <> against_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX entries_account ON entries (account_id, seq);

-- Each order that was looked at, in the version that was looked at: what it has earned, less what was taken back.
CREATE TABLE awards (
    order_id INTEGER NOT NULL PRIMARY KEY REFERENCES orders (id),
    account_id INTEGER NOT NULL REFERENCES accounts (id),
    order_version INTEGER NOT NULL,
    terms_version INTEGER NOT NULL REFERENCES terms (version),
    currency TEXT NOT NULL,
    points INTEGER NOT NULL CHECK (points >= 0)
) STRICT;

-- What each line of it earned, so that returning the line takes back exactly that; and what the rules read of it, so
-- that it is judged anew when that has changed, and not when the catalogue has.
CREATE TABLE awarded_lines (
    order_id INTEGER NOT NULL REFERENCES awards (order_id),
    line_no INTEGER NOT NULL,
    amount_minor INTEGER NOT NULL,
    points INTEGER NOT NULL CHECK (points >= 0),
    product_id INTEGER,
    category TEXT NOT NULL,
    PRIMARY KEY (order_id, line_no)
) STRICT, WITHOUT ROWID;
"""
