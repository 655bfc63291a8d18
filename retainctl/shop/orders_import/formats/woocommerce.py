"""WooCommerce orders as WebToffee's plug-in exports them: a row an order, its items in columns line_item_1, 2 …

The refunds of an order stand in one cell, ``refund_items``: ``amount:5.00|reason:Broken|date:2024-05-03 10:00:00``,
separated by semicolons. Their dates are UTC, unlike the order's own. A cell in any other form quarantines its row.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from retainctl.intake.cells import Cells, Column, RowError
from retainctl.intake.csv_rows import LineChunk, csv_chunks, read_header
from retainctl.intake.file import InputFile
from retainctl.shop.orders_import.documents import (
    Article,
    Buyer,
    Document,
    Line,
    OrderValues,
    order_id,
    unit_price,
)
from retainctl.shop.orders_import.formats import Format
from retainctl.shop.orders_import.sums import (
    PaidBack,
    add_fees,
    check_total,
    full_return,
    give_back,
    take_off_fees,
)

STATUSES = {
    "pending": "pending", "on-hold": "pending", "checkout-draft": "pending", "processing": "processing",
    "completed": "completed", "cancelled": "cancelled", "refunded": "refunded", "failed": "failed", "trash": "voided",
}  # fmt: skip
_REFUND = re.compile(r"amount:([^|]*)\|reason:.*\|date:([^|]*)", re.DOTALL)
_PART = re.compile(r"\|(?=(?:name|product_id|sku|quantity|total|sub_total):)")


def chunks(file: InputFile, format_: Format, delimiter: str) -> Iterator[LineChunk]:
    """The rows, with as many columns of items as this file has."""
    header, _ = read_header(file, delimiter=delimiter)
    items = tuple(Column(name, (name,)) for name in header if re.fullmatch(r"line_item_\d+", name))
    return csv_chunks(file, replace(format_, columns=(*format_.columns, *items)), delimiter)


def add(values: OrderValues, document: Document | None, cells: Cells) -> Document:
    """Book one order."""
    assert document is None, "an order is one row"
    cell, items = FORMAT.by_role(cells), cells[len(FORMAT.columns) :]
    order_id(cell["order_id"])
    currency = values.currency(cell["currency"])
    customer = cell["customer_id"].strip()
    document = Document(
        cell["order_id"],
        Buyer(
            "" if customer == "0" else customer,
            cell["email"] or cell["other_email"],
            cell["phone"],
            cell["first_name"],
            cell["last_name"],
        ),
        values.instant(cell["ordered_at"], "order_date")[0],
        currency,
        values.status(cell["status"].removeprefix("wc-")),
        shipping_minor=values.money(cell["shipping"], currency, "shipping_total"),
        tax_minor=values.money(cell["tax"], currency, "tax_total"),
        tax_is_added=True,  # an item's amounts are without it, whatever the prices of the shop are
        stated={name: cell[name] for name in ("total", "refunds")},
    )
    document.lines += [_line(values, item, currency, place) for place, item in enumerate(items, 1) if item.strip()]
    add_fees(values, document, [(cell["fee"], "fee_total")])
    if cell["shipping_tax"].strip():
        document.shipping_tax_minor = values.money(cell["shipping_tax"], currency, "shipping_tax_total")
        of_fees = values.money(cell["fee_tax"], currency, "fee_tax_total")
        document.goods_tax_minor = document.tax_minor - document.shipping_tax_minor - of_fees
    return document


def _line(values: OrderValues, text: str, currency: str, place: int) -> Line:
    column = f"line_item_{place}"
    parts = dict(part.partition(":")[::2] for part in _PART.split(text))
    pieces = values.pieces(parts.get("quantity", ""), column)
    amount = values.money(parts.get("total", ""), currency, column)
    before = values.money(parts.get("sub_total") or parts.get("total", ""), currency, column)
    if pieces < 0 or amount < 0:
        raise RowError(column, "negative_quantity", "an item has a negative amount")
    name = parts.get("name", "")
    sku = parts.get("sku") or parts.get("product_id") or name
    price = unit_price(max(before, amount), currency, pieces)
    return Line(Article(sku, name) if sku else None, pieces, price, amount, max(before - amount, 0))


def finish(values: OrderValues, document: Document) -> None:
    """Check the total; an order that is refunded is a sale and its return, in whole or in part."""
    take_off_fees(document)
    check_total(values, document)
    payments = _payments(values, document)
    give_back(values, document, payments, column="refund_items")
    if document.status == "refunded":
        document.returns = full_return(document, at=payments[-1].at if payments else None)


def _payments(values: OrderValues, document: Document) -> list[PaidBack]:
    """Each refund of the order, as money of the whole of it."""
    cell = document.stated["refunds"].strip()
    payments = []
    for text in re.split(r";(?=amount:)", cell) if cell else ():
        parts = _REFUND.fullmatch(text)
        if parts is None:
            raise RowError("refund_items", "bad_refund", f"{text[:80]!r} is not a refund in the WebToffee format")
        amount = values.money(parts[1], document.currency, "refund_items")
        if amount < 0:
            raise RowError("refund_items", "bad_refund", "a refund has a negative amount")
        payments.append(PaidBack(amount, values.instant(f"{parts[2]}Z", "refund_items")[0]))
    return payments


FORMAT = Format(
    name="woocommerce",
    source="woocommerce",
    about="WooCommerce orders in WebToffee's CSV",
    columns=(
        Column("order_id", ("order_id",), required=True),
        Column("ordered_at", ("order_date",), required=True),
        Column("status", ("status",), required=True),
        Column("shipping", ("shipping_total",)),
        Column("shipping_tax", ("shipping_tax_total",)),
        Column("fee", ("fee_total",)),
        Column("fee_tax", ("fee_tax_total",)),
        Column("tax", ("tax_total",)),
        Column("total", ("order_total",), required=True),
        Column("currency", ("order_currency",), required=True),
        Column("customer_id", ("customer_id",), otherwise=("customer_user",)),
        Column("email", ("billing_email",)),
        Column("other_email", ("customer_email",)),
        Column("phone", ("billing_phone",)),
        Column("first_name", ("billing_first_name",)),
        Column("last_name", ("billing_last_name",)),
        Column("refunds", ("refund_items",)),
    ),
    layout=chunks,
    add=add,
    finish=finish,
    one_row_an_order=True,
    readings={"numbers": "1234.56", "statuses": STATUSES},
)
