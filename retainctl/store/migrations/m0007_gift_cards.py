"""A line of an order may be a gift card: money that is sold when it is spent. And lists of points are imported."""

from __future__ import annotations

from retainctl.store.schema import Schema

ORDER_LINES = """
CREATE TABLE order_lines (
    order_id INTEGER NOT NULL REFERENCES orders (id),
    line_no INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('sale', 'shipping', 'fee', 'tip', 'gift_card')),
    product_id INTEGER REFERENCES products (id),
    quantity_thousandths INTEGER NOT NULL CHECK (quantity_thousandths >= 0),   -- 750: three quarters of a kilogram
    unit_price TEXT NOT NULL,                           -- as written
    amount_minor INTEGER NOT NULL,                      -- after its discount
    discount_minor INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (order_id, line_no)
) STRICT, WITHOUT ROWID;
"""


def up(schema: Schema) -> None:
    """Let lines be gift cards, and lists be of points."""
    schema.rebuild("order_lines", ORDER_LINES)
    schema.execute("INSERT INTO import_kinds (kind) VALUES ('points')")
