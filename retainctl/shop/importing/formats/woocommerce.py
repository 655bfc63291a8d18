"""WooCommerce orders as WebToffee's plug-in exports them: a row an order, its items in columns line_item_1, 2 …"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from retainctl.shop.importing.documents import Article, Buyer, Document, Line, RowError
from retainctl.shop.importing.files import InputFile
from retainctl.shop.importing.format import Cells, Column, Format
from retainctl.shop.importing.sums import check_total, full_return
from retainctl.shop.importing.tables import LineChunk, csv_chunks, read_header
from retainctl.shop.importing.values import Values, order_id

STATUSES = {
    "pending": "pending", "on-hold": "pending", "checkout-draft": "pending", "processing": "processing",
    "completed": "completed", "cancelled": "cancelled", "refunded": "refunded", "failed": "failed", "trash": "voided",
}  # fmt: skip
_PART = re.compile(r"\|(?=(?:name|product_id|sku|quantity|total|sub_total):)")


def chunks(file: InputFile, format_: Format, delimiter: str) -> Iterator[LineChunk]:
    """The rows, with as many columns of items as this file has."""
    header, _ = read_header(file, delimiter=delimiter)
    items = tuple(Column(name, (name,)) for name in header if re.fullmatch(r"line_item_\d+", name))
    return csv_chunks(file, replace(format_, columns=(*format_.columns, *items)), delimiter)


def add(values: Values, document: Document | None, cells: Cells) -> Document:
    """Book one order."""
    (
        number, ordered_at, status, shipping, fee, tax, total, currency_cell, customer, email, other_email, phone,
        first_name, last_name, *items,
    ) = cells  # fmt: skip
    assert document is None, "an order is one row"
    order_id(number)
    currency = values.currency(currency_cell)
    customer = "" if customer.strip() == "0" else customer.strip()
    document = Document(
        number, Buyer(customer, email or other_email, phone, first_name, last_name),
        values.instant(ordered_at, "order_date")[0], currency, values.status(status.removeprefix("wc-")),
        shipping_minor=values.money(shipping, currency, "shipping_total"),
        tax_minor=values.money(tax, currency, "tax_total"), stated={"total": total},
    )  # fmt: skip
    document.lines += [_line(values, item, currency, place) for place, item in enumerate(items, 1) if item.strip()]
    if fees := values.money(fee, currency, "fee_total"):
        document.lines.append(Line(None, 1, fee, fees, kind="fee"))
    return document


def _line(values: Values, text: str, currency: str, place: int) -> Line:
    column = f"line_item_{place}"
    parts = dict(part.partition(":")[::2] for part in _PART.split(text))
    pieces = values.quantity(parts.get("quantity", ""), column)
    amount = values.money(parts.get("total", ""), currency, column)
    before = values.money(parts.get("sub_total") or parts.get("total", ""), currency, column)
    if pieces < 0 or amount < 0:
        raise RowError(column, "negative_quantity", "an item is below nought")
    name = parts.get("name", "")
    sku = parts.get("sku") or parts.get("product_id") or name
    price = unit_price(values, parts.get("sub_total") or parts.get("total", ""), pieces, column)
    return Line(Article(sku, name) if sku else None, pieces, price, amount, max(before - amount, 0))


def unit_price(values: Values, amount: str, pieces: int, column: str) -> str:
    """The price of one piece, in major units, as exactly as a price is kept."""
    if not pieces:
        return amount
    price = (values.number(amount, column) / pieces).quantize(values.number("0.0001", column)).normalize()
    return f"{price:f}"


def finish(values: Values, document: Document) -> None:
    """Check the total; an order that is refunded is a sale and its return."""
    check_total(values, document)
    if document.status == "refunded":
        document.returns = full_return(document, at=document.ordered_at)


FORMAT = Format(
    name="woocommerce",
    source="woocommerce",
    about="WooCommerce orders in WebToffee's CSV",
    columns=(
        Column("order_id", ("order_id",), required=True),
        Column("ordered_at", ("order_date",), required=True),
        Column("status", ("status",), required=True),
        Column("shipping", ("shipping_total",)),
        Column("fee", ("fee_total",)),
        Column("tax", ("tax_total",)),
        Column("total", ("order_total",), required=True),
        Column("currency", ("order_currency",), required=True),
        Column("customer_id", ("customer_id", "customer_user")),
        Column("email", ("billing_email",)),
        Column("other_email", ("customer_email",)),
        Column("phone", ("billing_phone",)),
        Column("first_name", ("billing_first_name",)),
        Column("last_name", ("billing_last_name",)),
    ),
    layout=chunks,
    add=add,
    finish=finish,
    one_row_an_order=True,
    readings={"statuses": STATUSES},
)
