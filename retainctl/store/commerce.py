"""The catalogue, orders with their lines and returns, and the imports that brought them."""

from __future__ import annotations

import peewee

from retainctl.store.database import Table


class Import(Table):
    kind = peewee.TextField()
    file_name = peewee.TextField()
    sha256 = peewee.TextField()
    source = peewee.TextField()
    format = peewee.TextField()
    options = peewee.TextField()
    imported_at = peewee.BigIntegerField()
    rows_read = peewee.BigIntegerField(default=0)
    rows_new = peewee.BigIntegerField(default=0)
    rows_changed = peewee.BigIntegerField(default=0)
    rows_unchanged = peewee.BigIntegerField(default=0)
    rows_set_aside = peewee.BigIntegerField(default=0)
    rows_blank = peewee.BigIntegerField(default=0)
    rows_quarantined = peewee.BigIntegerField(default=0)
    notes = peewee.TextField(default="[]")

    class Meta:
        table_name = "imports"


class HeldRow(Table):
    import_id = peewee.BigIntegerField()
    disposition = peewee.TextField()
    line = peewee.BigIntegerField()
    byte_offset = peewee.BigIntegerField()
    document = peewee.TextField()
    column_name = peewee.TextField()
    code = peewee.TextField()
    message = peewee.TextField()
    raw_bytes = peewee.BlobField()
    resolved_at = peewee.BigIntegerField(null=True)

    class Meta:
        table_name = "held_rows"


class Product(Table):
    sku = peewee.TextField()
    name = peewee.TextField(default="")
    category = peewee.TextField(default="")
    brand = peewee.TextField(default="")
    currency = peewee.TextField(null=True)
    price_minor = peewee.BigIntegerField(null=True)
    member_price_minor = peewee.BigIntegerField(null=True)
    cost_minor = peewee.BigIntegerField(null=True)
    stock = peewee.BigIntegerField(null=True)
    image_url = peewee.TextField(default="")
    active = peewee.BigIntegerField(default=1)

    class Meta:
        table_name = "products"


class Order(Table):
    source = peewee.TextField()
    external_id = peewee.TextField()
    customer_id = peewee.BigIntegerField(null=True)
    ordered_at = peewee.BigIntegerField()
    ordered_on = peewee.TextField()
    day_precision = peewee.BigIntegerField(default=0)
    status = peewee.TextField()
    is_sale = peewee.BigIntegerField()
    currency = peewee.TextField()
    gross_minor = peewee.BigIntegerField()
    discount_minor = peewee.BigIntegerField(default=0)
    tax_minor = peewee.BigIntegerField(default=0)
    shipping_minor = peewee.BigIntegerField(default=0)
    version = peewee.BigIntegerField(default=1)
    content_hash = peewee.BlobField()
    source_updated_at = peewee.BigIntegerField(null=True)
    import_id = peewee.BigIntegerField()

    class Meta:
        table_name = "orders"


class OrderLine(Table):
    order_id = peewee.BigIntegerField()
    line_no = peewee.BigIntegerField()
    kind = peewee.TextField()
    product_id = peewee.BigIntegerField(null=True)
    quantity = peewee.BigIntegerField()
    unit_price = peewee.TextField()
    amount_minor = peewee.BigIntegerField()
    discount_minor = peewee.BigIntegerField(default=0)

    class Meta:
        table_name = "order_lines"
        primary_key = peewee.CompositeKey("order_id", "line_no")


class OrderVersion(Table):
    order_id = peewee.BigIntegerField()
    version = peewee.BigIntegerField()
    replaced_at = peewee.BigIntegerField()
    import_id = peewee.BigIntegerField()
    content = peewee.TextField()

    class Meta:
        table_name = "order_versions"
        primary_key = peewee.CompositeKey("order_id", "version")


class OrderReturn(Table):
    source = peewee.TextField()
    external_id = peewee.TextField()
    line_no = peewee.BigIntegerField()
    part_no = peewee.BigIntegerField(default=0)
    customer_id = peewee.BigIntegerField(null=True)
    named_order = peewee.TextField(null=True)
    order_id = peewee.BigIntegerField(null=True)
    order_line_no = peewee.BigIntegerField(null=True)
    product_id = peewee.BigIntegerField(null=True)
    unit_price = peewee.TextField(default="")
    quantity = peewee.BigIntegerField()
    amount_minor = peewee.BigIntegerField()
    currency = peewee.TextField()
    returned_at = peewee.BigIntegerField()
    returned_on = peewee.TextField()
    content_hash = peewee.BlobField()
    import_id = peewee.BigIntegerField()

    class Meta:
        table_name = "order_returns"
