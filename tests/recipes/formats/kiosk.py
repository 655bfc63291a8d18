"""The receipts of a kiosk's till: a row a line, and nobody's name."""

from __future__ import annotations

from retainctl.intake.cells import Cells, Column
from retainctl.intake.csv_rows import csv_chunks
from retainctl.shop.orders_import.documents import GUEST, Article, Document, Line, OrderValues, order_id
from retainctl.shop.orders_import.formats import Format


def add(values: OrderValues, document: Document | None, cells: Cells) -> Document:
    """Book one line of a receipt; the first begins it."""
    receipt, printed, article, pieces, price = cells
    currency = values.currency()
    quantity, unit_price, amount, discount = values.amount(pieces, price, "", currency)
    if document is None:
        ordered_at, _ = values.instant(printed, "Printed")
        document = Document(order_id(receipt, "Receipt"), GUEST, ordered_at, currency)
    document.lines.append(Line(Article(article), quantity, unit_price, amount, discount))
    return document


FORMAT = Format(
    name="kiosk",
    source="kiosk",
    about="The till of a kiosk: Receipt, Printed, Article, Pieces, Price",
    columns=(
        Column("order_id", ("Receipt",), required=True),
        Column("ordered_at", ("Printed",), required=True),
        Column("sku", ("Article",), required=True),
        Column("quantity", ("Pieces",), required=True),
        Column("unit_price", ("Price",), required=True),
    ),
    layout=csv_chunks,
    add=add,
    readings={"dates": "%d.%m.%Y %H:%M"},
)
