"""Shopify's orders_export: a row a line item, where an order's own cells stand in the first of its rows alone."""

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
    order_id,
)
from retainctl.shop.orders_import.formats import Format
from retainctl.shop.orders_import.sums import (
    add_fees,
    check_total,
    refund,
    spread_discount,
    take_off_fees,
    tolerance_minor,
)

STATUSES = {
    "paid": "paid", "partially_refunded": "paid", "refunded": "refunded", "pending": "pending",
    "authorized": "pending", "partially_paid": "pending", "voided": "voided", "expired": "failed",
}  # fmt: skip


def add(values: OrderValues, document: Document | None, cells: Cells) -> Document:
    """Book one line item."""
    cell = FORMAT.by_role(cells)
    made = _begun(values, cell) if document is None else document
    pieces, price, amount, less = values.amount(cell["quantity"], cell["unit_price"], cell["discount"], made.currency)
    if pieces < 0:
        raise RowError("Lineitem quantity", "negative_quantity", f"invalid quantity {cell['quantity']}")
    item, sku = cell["product"], cell["sku"]
    kind = "tip" if item.strip().casefold() == "tip" and not sku else "sale"
    article = Article(sku.lstrip("'") or item, item) if sku or item else None
    made.lines.append(Line(article, pieces, price, amount, less, kind))  # type: ignore[arg-type]
    return made


def _begun(values: OrderValues, cell: Mapping[str, str]) -> Document:
    """An order as the first of its rows says it."""
    if not cell["status"]:
        raise RowError("Financial Status", "no_head", "a line of an order whose first line is missing")
    order_id(cell["order_id"], "Name")
    currency = values.currency(cell["currency"])
    status = values.status(cell["status"], "Financial Status")
    if cell["cancelled_at"] and status != "refunded":
        status = "voided" if status == "voided" else "cancelled"
    first_name, _, last_name = cell["name"].partition(" ")
    document = Document(
        cell["order_id"],
        Buyer("", cell["email"], cell["phone"] or cell["billing_phone"], first_name, last_name),
        values.instant(cell["ordered_at"], "Created at")[0],
        currency,
        status,
        shipping_minor=values.money(cell["shipping"], currency, "Shipping"),
        tax_minor=values.money(cell["tax"], currency, "Taxes"),
        accepts_marketing=cell["accepts_marketing"].strip().casefold() in ("yes", "true"),
        stated={name: cell[name] for name in ("subtotal", "total", "refunded", "cancelled_at", "order_discount")},
    )
    add_fees(values, document, [(cell["duties"], "Duties")])
    return document


def finish(values: OrderValues, document: Document) -> None:
    """Spread the order's discount over its lines, check its sums, and give back what was refunded."""
    subtotal, refunded, at = (document.stated.get(name, "") for name in ("subtotal", "refunded", "cancelled_at"))
    if subtotal.strip():
        less = document.gross_minor - values.money(subtotal, document.currency, "Subtotal")
        most = values.money(document.stated["order_discount"], document.currency, "Discount Amount")
        if not -tolerance_minor(document) <= less <= most + tolerance_minor(document):
            # What was taken out of the order by editing still stands in it, and nobody can tell which line that is.
            raise RowError("Subtotal", "bad_subtotal", f"the subtotal {subtotal} is not the lines less their discount")
        spread_discount(document, less)
    take_off_fees(document)
    check_total(values, document)
    given_back = values.money(refunded, document.currency, "Refunded Amount")
    when = values.instant(at, "Cancelled at")[0] if at else None
    refund(values, document, given_back, at=when, column="Refunded Amount")


FORMAT = Format(
    name="shopify",
    source="shopify",
    about="Shopify's orders_export",
    columns=(
        Column("order_id", ("Name",), required=True),
        Column("email", ("Email",), required=True),
        Column("status", ("Financial Status",), required=True),
        Column("ordered_at", ("Created at",), required=True),
        Column("cancelled_at", ("Cancelled at",)),
        Column("currency", ("Currency",), required=True),
        Column("subtotal", ("Subtotal",)),
        Column("shipping", ("Shipping",)),
        Column("tax", ("Taxes",)),
        Column("total", ("Total",), required=True),
        Column("order_discount", ("Discount Amount",)),
        Column("duties", ("Duties",)),
        Column("refunded", ("Refunded Amount",)),
        Column("accepts_marketing", ("Accepts Marketing",)),
        Column("quantity", ("Lineitem quantity",), required=True),
        Column("product", ("Lineitem name",), required=True),
        Column("unit_price", ("Lineitem price",), required=True),
        Column("sku", ("Lineitem sku",)),
        Column("discount", ("Lineitem discount",)),
        Column("phone", ("Phone",)),
        Column("name", ("Billing Name",)),
        Column("billing_phone", ("Billing Phone",)),
    ),
    layout=csv_chunks,
    add=add,
    finish=finish,
    readings={"numbers": "1234.56", "statuses": STATUSES},
)
