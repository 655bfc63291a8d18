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
    Quantity,
    Return,
    order_id,
)
from retainctl.shop.orders_import.formats import Format
from retainctl.shop.orders_import.sums import (
    PaidBack,
    add_fees,
    check_total,
    full_return,
    give_back,
    shipping_with_tax,
    spread_discount,
    take_off_fees,
)

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
        tax_is_added={"true": False, "false": True}.get(text_of(order, "taxes_included")),
        updated_at=values.instant(updated, "updated_at")[0] if updated else None,
        accepts_marketing=text_of(order, "buyer_accepts_marketing") == "true",
    )
    items = objects_of(order, "line_items")
    document.lines += [_line(values, item, currency) for item in items]
    _add_shipping(values, document, order)
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


def _add_shipping(values: OrderValues, document: Document, order: Record) -> None:
    """What the shipping cost; the tax that is not its own is the goods'."""
    lines = objects_of(order, "shipping_lines")
    for line in lines:
        price = text_of(line, "discounted_price") or text_of(line, "price")
        document.shipping_minor += values.money(price, document.currency, "shipping_lines")
    if any("tax_lines" in line for line in lines):
        taxes = [text_of(tax, "price") for line in lines for tax in objects_of(line, "tax_lines")]
        document.shipping_tax_minor = sum(values.money(tax, document.currency, "shipping_lines") for tax in taxes)
        document.goods_tax_minor = document.tax_minor - document.shipping_tax_minor


def _add_fees(values: OrderValues, document: Document, order: Record) -> None:
    """Duties and other fees, as they were when the order was made."""
    names = ("original_total_duties_set", "original_total_additional_fees_set")
    add_fees(values, document, [(text_of(order, name, "shop_money", "amount"), name) for name in names])


def _check_sum(values: OrderValues, document: Document, order: Record) -> None:
    """Take off what older answers say of the whole order alone, add the tip, and hold the total against it all."""
    if not any("discount_allocations" in item for item in objects_of(order, "line_items")):
        whole = values.money(text_of(order, "total_discounts"), document.currency, "total_discounts")
        spread_discount(document, whole - sum(line.discount_minor for line in document.lines))
    tip = text_of(order, "total_tip_received")
    if tip_minor := values.money(tip, document.currency, "total_tip_received"):
        document.lines.append(Line(None, 1, tip, tip_minor, kind="tip"))
    document.stated["total"] = text_of(order, "total_price")
    take_off_fees(document)
    check_total(values, document)


def _sum_alone(values: OrderValues, document: Document, order: Record) -> None:
    """An answer that leaves the items out still says what was bought for how much."""
    subtotal = text_of(order, "subtotal_price")
    amount = values.money(subtotal, document.currency, "subtotal_price")
    document.lines.append(Line(None, 1, subtotal or "0", amount))


def _refunds(values: OrderValues, document: Document, order: Record) -> None:
    places = {text_of(item, "id"): place for place, item in enumerate(objects_of(order, "line_items"), 1)}
    left = {place: (line.quantity, line.amount_minor) for place, line in enumerate(document.lines, 1)}
    payments = []
    owed = 0  # for articles that were taken out of the order, and are paid back later
    for one in objects_of(order, "refunds"):
        at = values.instant(text_of(one, "created_at"), "refunds")[0]
        items, paid = objects_of(one, "refund_line_items"), _paid(values, document, one)
        for item in items:
            _take_back(values, document, item, places.get(text_of(item, "line_item_id")), left, at)
        besides, more = _adjusted(values, document, one)
        if not items:
            money = max((paid or 0) - besides, 0)
            settled = min(owed, money)
            owed, money = owed - settled, money - settled
        elif paid is None:
            owed, money = owed - min(more, 0), 0
        else:
            money = max(more, 0)
        is_told = "refund_shipping_lines" in one or bool(objects_of(one, "order_adjustments"))
        payments.append(PaidBack(money, at, is_of_goods=is_told))
    give_back(values, document, payments, column="refunds")
    if document.status == "refunded" and not document.returns:
        document.returns = full_return(document, at=document.updated_at)


def _paid(values: OrderValues, document: Document, refund: Record) -> int | None:
    """What a refund paid; None where it has no payment. What is still on its way counts."""
    payments = objects_of(refund, "transactions")
    paid = [payment for payment in payments if text_of(payment, "status") not in _NOT_PAID]
    if objects_of(refund, "refund_line_items") and payments and not paid:
        raise RowError("refunds", "failed_refund", "no payment of a refund succeeded: it may stand or not")
    amounts = [values.money(text_of(one, "amount"), _currency(document, one), "refunds") for one in paid]
    return sum(amounts) if payments else None


def _adjusted(values: OrderValues, document: Document, refund: Record) -> tuple[int, int]:
    """What a refund paid for shipping and duties, with tax; and how much more than its parts it paid, less below zero.

    In its adjustments money that came back stands below zero; newer answers have the shipping in lines of its own.
    """

    def money(text: str) -> int:
        return values.money(text, document.currency, "refunds")

    shipping, more, is_said = 0, 0, False
    for one in objects_of(refund, "order_adjustments"):
        amount = -money(text_of(one, "amount")) - money(text_of(one, "tax_amount"))
        if text_of(one, "kind") == "shipping_refund":
            shipping, is_said = shipping + amount, True
        else:
            more += amount
    if not is_said:
        for one in objects_of(refund, "refund_shipping_lines"):
            shipping += shipping_with_tax(document, money(text_of(one, "subtotal_amount_set", "shop_money", "amount")))
    return shipping + money(text_of(refund, "total_duties_set", "shop_money", "amount")), more


def _take_back(
    values: OrderValues,
    document: Document,
    item: Record,
    place: int | None,
    left: dict[int, tuple[Quantity, int]],
    at: int,
) -> None:
    """Book the return of one article, and keep what is *left* of its line."""
    pieces = values.pieces(text_of(item, "quantity"), "refunds")
    if place is None or not 0 <= pieces <= left[place][0]:
        raise RowError("refunds", "return_larger_than_order", "a refund contains more than was bought")
    line, (quantity, amount) = document.lines[place - 1], left[place]
    share = int(amount * pieces // quantity) if pieces else 0
    if stated := text_of(item, "subtotal"):
        share = values.money(stated, document.currency, "refunds")
    if not 0 <= share <= amount + 1:  # the line may have been rounded
        raise RowError("refunds", "return_larger_than_order", "a refund gives back more than was paid")
    share = min(share, amount)
    left[place] = quantity - pieces, amount - share
    number, order = len(document.returns) + 1, document.external_id
    document.returns.append(
        Return(number, line.article, pieces, line.unit_price, share, document.currency, at, order, place)
    )


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
