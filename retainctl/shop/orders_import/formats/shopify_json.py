"""Orders as Shopify's Admin API gives them, with their refunds line by line."""

from __future__ import annotations

from retainctl.intake.cells import Cells, Column, RowError, SetAside
from retainctl.intake.json_rows import Record, json_layout, objects_of, parse, text_of
from retainctl.shop.orders_import.documents import (
    Article,
    Buyer,
    Document,
    Line,
    LineKind,
    OrderValues,
    Return,
    check_total,
    fees,
    full_return,
    keep_to_sold,
    money_back,
    order_id,
    spread_discount,
    whole_minor,
)
from retainctl.shop.orders_import.formats import Format

STATUSES = {
    "paid": "paid", "partially_refunded": "paid", "refunded": "refunded", "pending": "pending",
    "authorized": "pending", "partially_paid": "pending", "voided": "voided", "expired": "failed",
}  # fmt: skip

_NOT_PAID = ("failure", "error")  # of a payment back


def key(order: Record) -> str:
    """What the shop calls the order: as in its CSV export, the name."""
    return text_of(order, "name") or text_of(order, "id")


def add(values: OrderValues, document: Document | None, cells: Cells) -> Document:
    """Book one order."""
    assert document is None, "an order is one record"
    name, text = cells
    record = parse(text)
    order = record["order"] if isinstance(record.get("order"), dict) else record
    if text_of(order, "test") == "true":
        raise SetAside("test", "test_order", "a test order")
    order_id(name, "name")
    currency = values.currency(text_of(order, "currency"))
    status = values.status(text_of(order, "financial_status"), "financial_status")
    if text_of(order, "cancelled_at") and status not in ("refunded", "voided"):
        status = "cancelled"
    updated = text_of(order, "updated_at")
    document = Document(
        name,
        _buyer(order),
        values.instant(text_of(order, "created_at"), "created_at")[0],
        currency,
        status,
        tax_minor=values.money(text_of(order, "total_tax"), currency, "total_tax"),
        updated_at=values.instant(updated, "updated_at")[0] if updated else None,
        accepts_marketing=text_of(order, "buyer_accepts_marketing") == "true",
    )
    items = objects_of(order, "line_items")
    document.lines += [_line(values, item, currency) for item in items]
    for shipping in objects_of(order, "shipping_lines"):
        price = text_of(shipping, "discounted_price") or text_of(shipping, "price")
        document.shipping_minor += values.money(price, currency, "shipping_lines")
    _add_fees(values, document, order)
    if items:
        _check_sum(values, document, order)
    else:
        _sum_alone(values, document, order)
    _refunds(values, document, order)
    return document


def _buyer(order: Record) -> Buyer:
    customer = order.get("customer")
    person: Record = customer if isinstance(customer, dict) else {}
    return Buyer(
        text_of(person, "id"),
        text_of(order, "email") or text_of(order, "contact_email") or text_of(person, "email"),
        text_of(order, "phone") or text_of(person, "phone"),
        text_of(person, "first_name") or text_of(order, "billing_address", "first_name"),
        text_of(person, "last_name") or text_of(order, "billing_address", "last_name"),
    )


def _line(values: OrderValues, item: Record, currency: str) -> Line:
    shares = [
        values.money(text_of(share, "amount"), currency, "discount_allocations")
        for share in objects_of(item, "discount_allocations")
    ]
    less = sum(shares) if shares else values.money(text_of(item, "total_discount"), currency, "total_discount")
    pieces, price, amount, _ = values.amount(text_of(item, "quantity"), text_of(item, "price"), "", currency)
    if pieces < 0 or not 0 <= less <= amount:
        raise RowError("line_items", "bad_discount", "a line has an invalid quantity or discount")
    name = text_of(item, "name") or text_of(item, "title")
    sku = text_of(item, "sku") or text_of(item, "variant_id") or name
    kind: LineKind = "gift_card" if text_of(item, "gift_card") == "true" else "sale"
    return Line(Article(sku, name) if sku else None, pieces, price, amount - less, less, kind)


def _add_fees(values: OrderValues, document: Document, order: Record) -> None:
    """Duties and other fees, as they were when the order was made."""
    for name in ("original_total_duties_set", "original_total_additional_fees_set"):
        document.lines += fees(values, document.currency, [(text_of(order, name, "shop_money", "amount"), name)])


def _check_sum(values: OrderValues, document: Document, order: Record) -> None:
    """Take off what older answers say of the whole order alone, add the tip, and hold the total against it all."""
    if not any("discount_allocations" in item for item in objects_of(order, "line_items")):
        whole = values.money(text_of(order, "total_discounts"), document.currency, "total_discounts")
        spread_discount(document, whole - sum(line.discount_minor for line in document.lines))
    tip = text_of(order, "total_tip_received")
    if tip_minor := values.money(tip, document.currency, "total_tip_received"):
        document.lines.append(Line(None, 1, tip, tip_minor, kind="tip"))
    document.stated["total"] = text_of(order, "total_price")
    check_total(values, document)


def _sum_alone(values: OrderValues, document: Document, order: Record) -> None:
    """An answer that leaves the items out still says what was bought for how much."""
    subtotal = text_of(order, "subtotal_price")
    amount = values.money(subtotal, document.currency, "subtotal_price")
    document.lines.append(Line(None, 1, subtotal or "0", amount))


def _refunds(values: OrderValues, document: Document, order: Record) -> None:
    places = {text_of(item, "id"): place for place, item in enumerate(objects_of(order, "line_items"), 1)}
    left = {place: (line.quantity, line.amount_minor) for place, line in enumerate(document.lines, 1)}
    for one in objects_of(order, "refunds"):
        at = values.instant(text_of(one, "created_at"), "refunds")[0]
        items, payments = objects_of(one, "refund_line_items"), objects_of(one, "transactions")
        paid = [payment for payment in payments if text_of(payment, "status") not in _NOT_PAID]
        if items and payments and not paid:
            raise RowError("refunds", "failed_refund", "no payment of a refund succeeded: it may stand or not")
        for item in items:
            place = places.get(text_of(item, "line_item_id"))
            pieces = values.whole(text_of(item, "quantity"), "refunds")
            if place is None or not 0 <= pieces <= left[place][0]:
                raise RowError("refunds", "return_larger_than_order", "a refund contains more than was bought")
            line, (quantity, amount) = document.lines[place - 1], left[place]
            share = int(amount * pieces // quantity) if pieces else 0
            if stated := text_of(item, "subtotal"):
                share = values.money(stated, document.currency, "refunds")
            if not 0 <= share <= amount:
                raise RowError("refunds", "return_larger_than_order", "a refund gives back more than was paid")
            left[place] = quantity - pieces, amount - share
            document.returns.append(
                Return(
                    len(document.returns) + 1,
                    line.article,
                    pieces,
                    line.unit_price,
                    share,
                    document.currency,
                    at,
                    document.external_id,
                    place,
                )
            )
        if not items:
            amount = sum(
                values.money(text_of(payment, "amount"), _currency(document, payment), "refunds") for payment in paid
            )
            document.returns.append(money_back(document, amount, at=at))
    if sum(one.amount_minor for one in document.returns) > whole_minor(document):
        raise RowError("refunds", "return_larger_than_order", "the refund is larger than the order")
    keep_to_sold(document)
    if document.status == "refunded" and not document.returns:
        document.returns = full_return(document, at=document.updated_at)


def _currency(document: Document, paid: Record) -> str:
    """The order's currency, in which a payment back must be."""
    if (stated := text_of(paid, "currency")) and stated.upper() != document.currency:
        raise RowError("refunds", "mixed_currency", f"the order is in {document.currency}, its refund in {stated}")
    return document.currency


def recognises(beginning: str) -> bool:
    return beginning.lstrip().startswith(("{", "[")) and "date_created" not in beginning


FORMAT = Format(
    name="shopify-json",
    source="shopify",
    about="orders of Shopify's Admin API: JSON, or JSON lines",
    columns=(Column("order_id", ("name",)), Column("currency", ("currency",))),
    layout=json_layout("order", key),
    add=add,
    one_row_an_order=True,
    recognises=recognises,
    is_table=False,
    readings={"numbers": "1234.56", "statuses": STATUSES},
)
