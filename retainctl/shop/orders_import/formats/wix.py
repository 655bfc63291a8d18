"""Wix's orders: a row a line item, where an order's own cells are repeated on each; day and time apart, no zone."""

from __future__ import annotations

from collections.abc import Mapping

from retainctl.intake.cells import Cells, Column, RowError
from retainctl.intake.csv_rows import csv_chunks
from retainctl.shop.orders_import.documents import (
    Article,
    Buyer,
    Document,
    Line,
    OrderValues,
    Return,
    order_id,
)
from retainctl.shop.orders_import.formats import Format
from retainctl.shop.orders_import.sums import (
    add_fees,
    check_total,
    full_return,
    refund,
    spread_discount,
    sum_minor,
    take_off_fees,
)

STATUSES = {
    "paid": "paid", "partially refunded": "paid", "refunded": "refunded", "fully refunded": "refunded",
    "unpaid": "pending", "not paid": "pending", "pending": "pending", "partially paid": "pending",
    "canceled": "cancelled", "cancelled": "cancelled", "declined": "failed", "voided": "voided",
}  # fmt: skip


def add(values: OrderValues, document: Document | None, cells: Cells) -> Document:
    """Book one line item."""
    cell = FORMAT.by_role(cells)
    currency = values.currency(cell["currency"])
    pieces, price, amount, _ = values.amount(cell["quantity"], cell["unit_price"], "", currency)
    back = values.pieces(cell["returned"], "Quantity refunded") if cell["returned"].strip() else 0
    if pieces < 0:
        raise RowError("Qty", "negative_quantity", f"invalid quantity {cell['quantity']}")
    if not 0 <= back <= pieces:
        raise RowError("Quantity refunded", "return_larger_than_order", "more was returned than was bought")
    if document is None:
        document = _begun(values, cell, currency)
    name = cell["product"]
    article = Article(cell["sku"] or name, name) if cell["sku"] or name else None
    document.lines.append(Line(article, pieces, price, amount))
    if back:
        number, place = len(document.returns) + 1, len(document.lines)
        at, order = document.ordered_at, document.external_id
        one = Return(number, article, back, price, 0, currency, at, order, place, is_undated=True)
        document.returns.append(one)
    return document


def _begun(values: OrderValues, cell: Mapping[str, str], currency: str) -> Document:
    """An order as each of its rows says it."""
    order_id(cell["order_id"], "Order number")
    first_name, _, last_name = (cell["name"] or cell["recipient"]).partition(" ")
    document = Document(
        cell["order_id"],
        Buyer("", cell["email"], cell["phone"] or cell["recipient_phone"], first_name, last_name),
        values.instant(f"{cell['ordered_at']} {cell['time']}", "Date created")[0],
        currency,
        values.status(cell["status"], "Payment status"),
        shipping_minor=values.money(cell["shipping"], currency, "Shipping rate"),
        tax_minor=values.money(cell["tax"], currency, "Total tax"),
        stated={name: cell[name] for name in ("total", "refunded", "coupon", "gift_card")},
    )
    add_fees(values, document, [(cell["fees"], "Additional fees")])
    return document


def finish(values: OrderValues, document: Document) -> None:
    """Spread a coupon over the lines, check the total, and give back what was refunded.

    What a coupon was worth is said nowhere: it is what the total lacks, where the tax was added to the prices.
    A gift card is a way to pay: the total is what was left after it.
    """
    paid_by_card = values.money(document.stated["gift_card"], document.currency, "Gift card amount")
    total = paid_by_card + values.money(document.stated["total"], document.currency, "Total")
    if document.stated["coupon"].strip():
        if document.tax_minor:
            values.note("coupon_and_tax")
        spread_discount(document, sum_minor(document) - total)
    take_off_fees(document)
    check_total(values, document, paid_minor=paid_by_card)
    if document.status == "refunded":
        document.returns = full_return(document, at=None)
        return
    if document.returns:
        document.returns = [_valued(document, one) for one in document.returns]
        return
    refunded = values.money(document.stated["refunded"], document.currency, "Refunded amount")
    refund(values, document, refunded, at=None, column="Refunded amount")


def _valued(document: Document, one: Return) -> Return:
    """A return with its share of what its line was after the discount."""
    assert one.order_line is not None
    line = document.lines[one.order_line - 1]
    return one._replace(amount_minor=int(line.amount_minor * one.quantity // line.quantity))


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
        Column("gift_card", ("Gift card amount",)),
        Column("fees", ("Additional fees",)),
    ),
    layout=csv_chunks,
    add=add,
    finish=finish,
    readings={"numbers": "1234.56", "statuses": STATUSES, "dates": "%b %d, %Y %I:%M:%S %p"},
)
