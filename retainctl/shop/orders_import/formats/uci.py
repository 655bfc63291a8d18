"""The UCI "Online Retail" data: a row a line, times of the shop's own wall clock, and returns that name no order.

An invoice whose number begins with C is a return. A line whose price is written as 0 is no sale: one of negative
quantity is a stock write-off. An invoice whose number begins with A adjusts the books. 0.001 is a price.
"""

from __future__ import annotations

from retainctl.intake.cells import Cells, Column, RowError, SetAside
from retainctl.intake.csv_rows import csv_chunks
from retainctl.shop.orders_import.documents import Article, Buyer, Document, Line, OrderValues, Return, order_id
from retainctl.shop.orders_import.formats import Format


def add(values: OrderValues, document: Document | None, cells: Cells) -> Document:
    """Book one line of an invoice."""
    invoice, stock_code, description, quantity, invoice_date, unit_price, customer, _country = cells
    if document is None:
        order_id(invoice, "InvoiceNo")
    if invoice.startswith("A"):
        raise SetAside("InvoiceNo", "adjustment", "a bookkeeping adjustment, not a sale")
    if values.number(unit_price, "UnitPrice") == 0:
        if values.whole(quantity, "Quantity") < 0:
            raise SetAside("UnitPrice", "stock_write_off", "a stock write-off: a negative quantity without a price")
        raise SetAside("UnitPrice", "no_price", "a line without a price is not a sale")
    currency = values.currency()
    pieces, price, amount, _ = values.amount(quantity, unit_price, "", currency)
    instant, _ = values.instant(invoice_date, "InvoiceDate")
    is_return = invoice.startswith("C")
    if is_return != (pieces < 0):
        raise RowError("Quantity", "negative_quantity", f"the quantity {quantity!r} does not match invoice {invoice}")
    if document is None:
        buyer = Buyer(external_id=customer.strip().removesuffix(".0"))
        document = Document(invoice, buyer, instant, currency, is_order=not is_return)
    document.ordered_at = min(document.ordered_at, instant)
    article = Article(stock_code, description.strip())
    if is_return:
        place = len(document.returns) + 1
        document.returns.append(Return(place, article, -pieces, price, amount, currency, instant))
    else:
        document.lines.append(Line(article, pieces, price, amount))
    return document


FORMAT = Format(
    name="uci-online-retail",
    source="uci-online-retail",
    about="UCI Online Retail: InvoiceNo, StockCode, Description, Quantity, InvoiceDate, UnitPrice, CustomerID, Country",
    columns=(
        Column("order_id", ("InvoiceNo", "Invoice"), required=True),
        Column("sku", ("StockCode",), required=True),
        Column("product", ("Description",)),
        Column("quantity", ("Quantity",), required=True),
        Column("ordered_at", ("InvoiceDate",), required=True),
        Column("unit_price", ("UnitPrice", "Price"), required=True),
        Column("customer_id", ("CustomerID", "Customer ID"), required=True),
        Column("country", ("Country",)),
    ),
    layout=csv_chunks,
    add=add,
    has_return_documents=True,
    readings={"numbers": "1234.56"},
)
