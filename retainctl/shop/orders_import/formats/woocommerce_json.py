"""Orders as WooCommerce's REST API gives them. Its ``date_created_gmt`` is UTC, its ``date_created`` the shop's."""

from __future__ import annotations

from retainctl.intake.cells import Cells, Column, RowError, SetAside
from retainctl.intake.json_rows import Record, json_layout, objects_of, parse, text_of
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


def key(order: Record) -> str:
    """What the shop calls the order."""
    return text_of(order, "id")


def add(values: OrderValues, document: Document | None, cells: Cells) -> Document:
    """Book one order."""
    assert document is None, "an order is one record"
    number, text = cells
    order = parse(text)
    if any(text_of(one, "key") == "_wcpay_mode" and text_of(one, "value") == "test" for one in _marks(order)):
        raise SetAside("meta_data", "test_order", "a test order")
    order_id(number, "id")
    currency = values.currency(text_of(order, "currency"))
    updated = _instant(values, order, "date_modified")
    ordered = _instant(values, order, "date_created")
    if ordered is None:
        raise RowError("date_created", "bad_date", "the order has no date")
    document = Document(
        number,
        _buyer(order),
        ordered,
        currency,
        values.status(text_of(order, "status")),
        tax_minor=values.money(text_of(order, "total_tax"), currency, "total_tax"),
        tax_is_added=True,  # an item's amounts are without it, whatever the prices of the shop are
        shipping_minor=values.money(text_of(order, "shipping_total"), currency, "shipping_total"),
        updated_at=updated,
        stated={"total": text_of(order, "total")},
    )
    document.lines += [_line(values, item, currency) for item in objects_of(order, "line_items")]
    fees = objects_of(order, "fee_lines")
    add_fees(values, document, [(text_of(fee, "total"), "fee_lines") for fee in fees])
    if shipping_tax := text_of(order, "shipping_tax"):
        document.shipping_tax_minor = values.money(shipping_tax, currency, "shipping_tax")
        of_fees = sum(values.money(text_of(fee, "total_tax"), currency, "fee_lines") for fee in fees)
        document.goods_tax_minor = document.tax_minor - document.shipping_tax_minor - of_fees
    take_off_fees(document)
    check_total(values, document)
    _refunds(values, document, order)
    return document


def _marks(order: Record) -> list[Record]:
    return list(objects_of(order, "meta_data"))


def _instant(values: OrderValues, order: Record, name: str) -> int | None:
    universal, local = text_of(order, f"{name}_gmt"), text_of(order, name)
    if universal:
        return values.instant(f"{universal}Z", f"{name}_gmt")[0]
    return values.instant(local, name)[0] if local else None


def _buyer(order: Record) -> Buyer:
    customer = text_of(order, "customer_id")
    return Buyer(
        "" if customer == "0" else customer,
        text_of(order, "billing", "email"),
        text_of(order, "billing", "phone"),
        text_of(order, "billing", "first_name"),
        text_of(order, "billing", "last_name"),
    )


def _line(values: OrderValues, item: Record, currency: str) -> Line:
    pieces = values.pieces(text_of(item, "quantity"), "line_items")
    amount = values.money(text_of(item, "total"), currency, "line_items")
    before = values.money(text_of(item, "subtotal") or text_of(item, "total"), currency, "line_items")
    if pieces < 0 or amount < 0:
        raise RowError("line_items", "negative_quantity", "an item has a negative amount")
    name = text_of(item, "name")
    sku = text_of(item, "sku") or text_of(item, "product_id") or name
    price = unit_price(max(before, amount), currency, pieces)
    return Line(Article(sku, name) if sku else None, pieces, price, amount, max(before - amount, 0))


def _refunds(values: OrderValues, document: Document, order: Record) -> None:
    payments = [
        PaidBack(-values.money(text_of(one, "total"), document.currency, "refunds"), document.updated_at)
        for one in objects_of(order, "refunds")
    ]
    if any(one.amount_minor < 0 for one in payments):
        raise RowError("refunds", "negative_refund", "a refund that is no money back: its total is above zero")
    give_back(values, document, payments, column="refunds")
    if document.status == "refunded":
        document.returns = full_return(document, at=document.updated_at)


def recognises(beginning: str) -> bool:
    return beginning.lstrip().startswith(("{", "[")) and "date_created" in beginning


FORMAT = Format(
    name="woocommerce-json",
    source="woocommerce",
    about="orders of WooCommerce's REST API: JSON, or JSON lines",
    columns=(Column("order_id", ("id",)), Column("currency", ("currency",))),
    layout=json_layout("order", key),
    add=add,
    one_row_an_order=True,
    recognises=recognises,
    is_table=False,
    readings={"numbers": "1234.56", "statuses": STATUSES},
)
