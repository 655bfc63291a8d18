"""Customers and how to reach them, consent, the catalogue, orders and returns."""

from __future__ import annotations

from retainctl.store.schema import Schema


def up(schema: Schema) -> None:
    """Made with the database."""
    schema.create(TABLES)
    schema.append_only("customer_changes", erased={"before": "NULL", "after": "NULL"})
    schema.append_only("consents", erased={"evidence": "'erased'"})
    schema.append_only("suppressions", erased={"key": "NULL", "evidence": "'erased'"})
    schema.append_only("order_versions", erased={"content": "NULL"})


TABLES = """
-- What a customer is written to in.
CREATE TABLE languages (language TEXT NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID;
INSERT INTO languages (language) VALUES ('he'), ('en');

CREATE TABLE customers (
    id INTEGER PRIMARY KEY,
    first_name TEXT,
    last_name TEXT,
    language TEXT REFERENCES languages (language),
    merged_into INTEGER REFERENCES customers (id),
    created_at INTEGER NOT NULL,
    CHECK (merged_into <> id)
) STRICT;
CREATE INDEX customers_merged ON customers (merged_into);

-- What a shop calls a customer. One customer may have several, one of each shop.
CREATE TABLE customer_keys (
    source TEXT NOT NULL,
    external_id TEXT NOT NULL,
    customer_id INTEGER NOT NULL REFERENCES customers (id),
    PRIMARY KEY (external_id, source)       -- the id first: a thousand are looked up at once, all of one source
) STRICT, WITHOUT ROWID;
CREATE INDEX customer_keys_customer ON customer_keys (customer_id);

CREATE TABLE contact_kinds (kind TEXT NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID;
INSERT INTO contact_kinds (kind) VALUES ('email'), ('phone'), ('postal');

-- What is odd about an address; '' is nothing.
CREATE TABLE contact_flags (flag TEXT NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID;
INSERT INTO contact_flags (flag) VALUES (''), ('role'), ('test'), ('relay'), ('needs_smtputf8');

CREATE TABLE contact_points (
    id INTEGER PRIMARY KEY,
    customer_id INTEGER NOT NULL REFERENCES customers (id),
    kind TEXT NOT NULL REFERENCES contact_kinds (kind),
    value TEXT NOT NULL,                    -- as given
    key TEXT NOT NULL,                      -- as compared: e-mail case-folded with an A-label domain, phone in E.164
    key_hash BLOB NOT NULL CHECK (length(key_hash) = 16),   -- of the kind and the key, by the secret 'addresses'
    flag TEXT NOT NULL DEFAULT '' REFERENCES contact_flags (flag),
    verified INTEGER NOT NULL DEFAULT 0 CHECK (verified IN (0, 1)),
    source TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
-- An e-mail or a phone belongs to one customer; a postal address may house several. The key stands first, because a
-- thousand are looked up at once, all of one kind.
CREATE UNIQUE INDEX contact_points_identity ON contact_points (key, kind) WHERE kind IN ('email', 'phone');
CREATE INDEX contact_points_customer ON contact_points (customer_id);

CREATE TABLE customer_changes (
    id INTEGER PRIMARY KEY,
    customer_id INTEGER NOT NULL REFERENCES customers (id),
    changed_at INTEGER NOT NULL,
    field TEXT NOT NULL,
    before TEXT,
    after TEXT,
    source TEXT NOT NULL
) STRICT;
CREATE INDEX customer_changes_customer ON customer_changes (customer_id);

-- A merge is reversible: each row that it moved is written down.
CREATE TABLE customer_merges (
    id INTEGER PRIMARY KEY,
    survivor_id INTEGER NOT NULL REFERENCES customers (id),
    merged_id INTEGER NOT NULL REFERENCES customers (id),
    merged_at INTEGER NOT NULL,
    reason TEXT NOT NULL,
    undone_at INTEGER,
    CHECK (survivor_id <> merged_id)
) STRICT;
CREATE TABLE customer_merge_moves (
    merge_id INTEGER NOT NULL REFERENCES customer_merges (id),
    table_name TEXT NOT NULL,
    row_key TEXT NOT NULL,                  -- JSON: the moved row's primary key
    PRIMARY KEY (merge_id, table_name, row_key)
) STRICT, WITHOUT ROWID;

-- What a message is for. A service message needs no permission.
CREATE TABLE purposes (purpose TEXT NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID;
INSERT INTO purposes (purpose) VALUES ('marketing'), ('survey'), ('service');

-- Permission to write, given or taken back, of one contact point. The latest row counts; no row means no.
CREATE TABLE consents (
    id INTEGER PRIMARY KEY,
    contact_point_id INTEGER NOT NULL REFERENCES contact_points (id),
    purpose TEXT NOT NULL REFERENCES purposes (purpose) CHECK (purpose <> 'service'),
    action TEXT NOT NULL CHECK (action IN ('given', 'revoked')),
    happened_at INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    source TEXT NOT NULL,
    evidence TEXT NOT NULL CHECK (length(trim(evidence)) > 0),
    wording TEXT NOT NULL DEFAULT ''        -- what the customer agreed to, or its version
) STRICT;
CREATE INDEX consents_contact_point ON consents (contact_point_id, purpose, happened_at);

-- Why an address gets nothing more: for good, or until a later permission (unsubscribed, by_hand).
CREATE TABLE suppression_reasons (reason TEXT NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID;
INSERT INTO suppression_reasons (reason) VALUES ('hard_bounce'), ('complaint'), ('unsubscribed'), ('by_hand');

-- Addresses that get nothing more, whoever has them. The hash alone decides, so that it holds when a person is erased.
CREATE TABLE suppressions (
    kind TEXT NOT NULL REFERENCES contact_kinds (kind),
    key_hash BLOB NOT NULL CHECK (length(key_hash) = 16),
    reason TEXT NOT NULL REFERENCES suppression_reasons (reason),
    key TEXT,                               -- none: erased
    suppressed_at INTEGER NOT NULL,
    evidence TEXT NOT NULL,
    PRIMARY KEY (kind, key_hash, reason)
) STRICT, WITHOUT ROWID;

CREATE TABLE products (
    id INTEGER PRIMARY KEY,
    sku TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL DEFAULT '',
    category TEXT NOT NULL DEFAULT '',      -- a path: Kitchen > Coffee
    brand TEXT NOT NULL DEFAULT '',
    currency TEXT,
    price_minor INTEGER,
    member_price_minor INTEGER,
    cost_minor INTEGER,
    stock INTEGER,
    image_url TEXT NOT NULL DEFAULT '',
    active INTEGER NOT NULL DEFAULT 1 CHECK (active IN (0, 1)),
    CHECK (member_price_minor IS NULL OR price_minor IS NULL OR member_price_minor <= price_minor)
) STRICT;
CREATE INDEX products_category ON products (category);

CREATE TABLE orders (
    id INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    external_id TEXT NOT NULL,
    customer_id INTEGER REFERENCES customers (id),      -- none: a guest's
    ordered_at INTEGER NOT NULL,
    order_day INTEGER NOT NULL,                         -- on the shop's own calendar, in days since 1970
    order_month INTEGER NOT NULL,                       -- of that day: 12 * year + month - 1
    day_precision INTEGER NOT NULL DEFAULT 0 CHECK (day_precision IN (0, 1)),
    status TEXT NOT NULL CHECK (status IN
        ('pending', 'paid', 'processing', 'shipped', 'fulfilled', 'completed', 'refunded',
        'cancelled', 'voided', 'failed')),
    is_sale INTEGER NOT NULL CHECK (is_sale IN (0, 1)),
    currency TEXT NOT NULL CHECK (length(currency) = 3),
    gross_minor INTEGER NOT NULL,                       -- the sum of its sale lines, after discounts
    discount_minor INTEGER NOT NULL DEFAULT 0,
    tax_minor INTEGER NOT NULL DEFAULT 0,
    shipping_minor INTEGER NOT NULL DEFAULT 0,
    version INTEGER NOT NULL DEFAULT 1,
    content_hash BLOB NOT NULL,                         -- of the cells it was read from
    source_updated_at INTEGER,
    import_id INTEGER NOT NULL REFERENCES imports (id), -- the last that wrote it
    UNIQUE (source, external_id)
) STRICT;
CREATE INDEX orders_customer ON orders (customer_id, ordered_at);

CREATE TABLE order_lines (
    order_id INTEGER NOT NULL REFERENCES orders (id),
    line_no INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('sale', 'shipping', 'fee', 'tip')),
    product_id INTEGER REFERENCES products (id),
    quantity_thousandths INTEGER NOT NULL CHECK (quantity_thousandths >= 0),   -- 750: three quarters of a kilogram
    unit_price TEXT NOT NULL,                           -- as written
    amount_minor INTEGER NOT NULL,                      -- after its discount
    discount_minor INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (order_id, line_no)
) STRICT, WITHOUT ROWID;
CREATE INDEX order_lines_product ON order_lines (product_id, order_id);

-- What an order was before its source changed it.
CREATE TABLE order_versions (
    order_id INTEGER NOT NULL REFERENCES orders (id),
    version INTEGER NOT NULL,
    replaced_at INTEGER NOT NULL,
    import_id INTEGER NOT NULL REFERENCES imports (id),
    content TEXT,                                       -- JSON: the order and its lines; none: erased
    PRIMARY KEY (order_id, version)
) STRICT, WITHOUT ROWID;

-- Refunds and cancellations: events of an order and its line. One that takes from several lines has several
-- parts; one whose sale is not known (yet) has no order and waits.
CREATE TABLE order_returns (
    id INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    external_id TEXT NOT NULL,
    line_no INTEGER NOT NULL,
    part_no INTEGER NOT NULL DEFAULT 0,
    customer_id INTEGER REFERENCES customers (id),
    named_order TEXT,                                   -- the order it names, where it names one
    order_id INTEGER,
    order_line_no INTEGER,
    product_id INTEGER REFERENCES products (id),
    unit_price TEXT NOT NULL DEFAULT '',
    quantity_thousandths INTEGER NOT NULL CHECK (quantity_thousandths >= 0),
    amount_minor INTEGER NOT NULL CHECK (amount_minor >= 0),
    currency TEXT NOT NULL CHECK (length(currency) = 3),
    returned_at INTEGER NOT NULL,
    return_day INTEGER NOT NULL,                        -- on the shop's own calendar, in days since 1970
    content_hash BLOB NOT NULL,
    import_id INTEGER NOT NULL REFERENCES imports (id),
    UNIQUE (source, external_id, line_no, part_no),
    FOREIGN KEY (order_id) REFERENCES orders (id),
    FOREIGN KEY (order_id, order_line_no) REFERENCES order_lines (order_id, line_no)
) STRICT;
CREATE INDEX order_returns_order ON order_returns (order_id, order_line_no);
CREATE INDEX order_returns_customer ON order_returns (customer_id);
CREATE INDEX order_returns_waiting ON order_returns (source, named_order) WHERE order_id IS NULL;

-- One row a customer and currency, kept in the transaction of whatever changes an order or a return.
CREATE TABLE customer_summaries (
    customer_id INTEGER NOT NULL REFERENCES customers (id),
    currency TEXT NOT NULL,
    orders INTEGER NOT NULL,
    gross_minor INTEGER NOT NULL,
    returns_minor INTEGER NOT NULL,
    first_order_day INTEGER,
    last_order_day INTEGER,
    order_months TEXT,                                  -- 24288,24290: each month with an order once
    PRIMARY KEY (customer_id, currency)
) STRICT, WITHOUT ROWID;
"""
