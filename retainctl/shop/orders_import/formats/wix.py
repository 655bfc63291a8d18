"""Wix's orders: a row a line item, where an order's own cells are repeated on each; day and time apart, no zone."""

from __future__ import annotations

from retainctl.intake.cells import Cells, Column, RowError
from retainctl.intake.csv_rows import csv_chunks
from retainctl.shop.orders_import.documents import (
    Article,
    Buyer,
    Document,
    Line,
    OrderValues,
    Return,
    check_total,
    full_return,
    order_id,
    refund,
    spread_discount,
)
from retainctl.shop.orders_import.formats import Format

STATUSES = {
    "paid": "paid", "partially refunded": "paid", "refunded": "refunded", "fully refunded": "refunded",
    "unpaid": "pending", "not paid": "pending", "pending": "pending", "partially paid": "pending",
    "canceled": "cancelled", "cancelled": "cancelled", "declined": "failed", "voided": "voided",
}  # fmt: skip


def add(values: OrderValues, document: Document | None, cells: Cells) -> Document:
    """Book one line item."""
    (
        number,
        day,
        time,
        email,
        item,
        sku,
        quantity,
        returned,
        price,
        name,
        phone,
        recipient,
        recipient_phone,
        status,
        coupon,
        shipping,
        tax,
        total,
        currency_cell,
        refunded,
    ) = cells
    currency = values.currency(currency_cell)
    pieces, price, amount, _ = values.amount(quantity, price, "", currency)
    back = values.whole(returned, "Quantity refunded") if returned.strip() else 0
    if pieces < 0:
        raise RowError("Qty", "negative_quantity", f"invalid quantity {quantity}")
    if not 0 <= back <= pieces:
        raise RowError("Quantity refunded", "return_larger_than_order", "more was returned than was bought")
    if document is None:
        order_id(number, "Order number")
        first_name, _, last_name = (name or recipient).partition(" ")
        document = Document(
            number,
            Buyer("", email, phone or recipient_phone, first_name, last_name),
            values.instant(f"{day} {time}", "Date created")[0],
            currency,
            values.status(status, "Payment status"),
            shipping_minor=values.money(shipping, currency, "Shipping rate"),
            tax_minor=values.money(tax, currency, "Total tax"),
            stated={"total": total, "refunded": refunded, "coupon": coupon},
        )
    article = Article(sku or item, item) if sku or item else None
    document.lines.append(Line(article, pieces, price, amount))
    if back:
        document.returns.append(
            Return(
                len(document.returns) + 1,
                article,
                back,
                price,
                0,
                currency,
                document.ordered_at,
                number,
                len(document.lines),
            )
        )
    return document


def finish(values: OrderValues, document: Document) -> None:
    """Spread a coupon over the lines, check the total, and give back what was refunded."""
    total = values.money(document.stated["total"], document.currency, "Total")
    if document.stated["coupon"].strip():
        spread_discount(document, document.gross_minor + document.shipping_minor + document.tax_minor - total)
    check_total(values, document)
    if document.status == "refunded":
        document.returns = full_return(document, at=document.ordered_at)
        return
    if document.returns:
        document.returns = [_valued(document, one) for one in document.returns]
        return
    refunded = values.money(document.stated["refunded"], document.currency, "Refunded amount")
    refund(document, refunded, at=document.ordered_at, column="Refunded amount")


def _valued(document: Document, one: Return) -> Return:
    """A return with its share of what its line was after the discount."""
    assert one.order_line is not None
    line = document.lines[one.order_line - 1]
    return one._replace(amount_minor=line.amount_minor * one.quantity // line.quantity)


FORMAT = Format(
    name="wix",
    source="wix",
    about="Wix's orders export",
    columns=(
        Column("order_id", ("Order number",), required=True),
        Column("ordered_at", ("Date created",), required=True),
        Column("time", ("Time",), required=True),
        Column("email", ("Contact email",), required=True),
        Column("product", ("Item",), required=True),
        Column("sku", ("SKU",)),
        Column("quantity", ("Qty",), required=True),
        Column("returned", ("Quantity refunded",)),
        Column("unit_price", ("Price",), required=True),
        Column("name", ("Billing name",)),
        Column("phone", ("Billing phone",)),
        Column("recipient", ("Recipient name",)),
        Column("recipient_phone", ("Recipient phone",)),
        Column("status", ("Payment status",), required=True),
        Column("coupon", ("Coupon code",)),
        Column("shipping", ("Shipping rate",)),
        Column("tax", ("Total tax",)),
        Column("total", ("Total",), required=True),
        Column("currency", ("Currency",), required=True),
        Column("refunded", ("Refunded amount",)),
    ),
    layout=csv_chunks,
    add=add,
    finish=finish,
    readings={"statuses": STATUSES, "dates": "%b %d, %Y %I:%M:%S %p"},
)
