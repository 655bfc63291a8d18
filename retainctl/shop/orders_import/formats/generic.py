"""Any table with a row a line: by the names of its columns, or by a mapping file that states what they mean.

An order's own cells are taken from the first of its rows; a row of another currency does not belong to it.
"""

from __future__ import annotations

from typing import Final, NamedTuple, get_args

from retainctl.intake.cells import Cells, Column, RowError
from retainctl.intake.csv_rows import csv_chunks
from retainctl.shop.customer_lookup import EMAIL_NAMES, PHONE_NAMES
from retainctl.shop.orders_import.documents import (
    GUEST,
    Article,
    Buyer,
    Document,
    Line,
    OrderStatus,
    OrderValues,
    Return,
    check_total,
    full_return,
    order_id,
)
from retainctl.shop.orders_import.formats import Format


class OrderCells(NamedTuple):
    """The first cells of a row: what is the order's own, and usually the same in all of its rows."""

    order_id: str
    refund_of: str
    ordered_at: str
    email: str
    first_name: str
    last_name: str
    phone: str
    customer_id: str
    status: str
    shipping: str
    tax: str
    total: str
    updated_at: str


class LineCells(NamedTuple):
    """The other cells of a row."""

    currency: str
    sku: str
    product: str
    category: str
    quantity: str
    unit_price: str
    discount: str


# What each role's column may be called.
ROLES: Final = {
    "order_id": ("order_id", "order number", "order", "מספר הזמנה", "הזמנה"),
    "refund_of": ("refund_of", "refunded order", "זיכוי של"),
    "ordered_at": ("ordered_at", "order date", "created at", "date", "תאריך הזמנה", "תאריך"),
    "email": EMAIL_NAMES,
    "first_name": ("first_name", "שם פרטי"),
    "last_name": ("last_name", "surname", "שם משפחה"),
    "phone": PHONE_NAMES,
    "customer_id": ("customer_id", "customer", "מספר לקוח", "לקוח"),
    "status": ("status", "סטטוס", "מצב"),
    "shipping": ("shipping", "משלוח"),
    "tax": ("tax", "vat", "מע״מ", "מעמ"),
    "total": ("total", "order total", "סה״כ", "סהכ"),
    "updated_at": ("updated_at", "עודכן"),
    "currency": ("currency", "מטבע"),
    "sku": ("sku", "product id", "article", "מק״ט", "מקט"),
    "product": ("product", "product name", "item", "מוצר", "שם מוצר"),
    "category": ("category", "קטגוריה"),
    "quantity": ("quantity", "qty", "כמות"),
    "unit_price": ("unit_price", "price", "מחיר", "מחיר יחידה"),
    "discount": ("discount", "הנחה"),
}
_OWN: Final = len(OrderCells._fields)
REQUIRED = ("order_id", "ordered_at", "quantity", "unit_price")
STATUSES: Final = {
    **{name: name for name in get_args(OrderStatus)},
    "canceled": "cancelled", "complete": "completed", "delivered": "completed", "void": "voided",
    "ממתין": "pending", "שולם": "paid", "בטיפול": "processing", "נשלח": "shipped", "הושלם": "completed",
    "זוכה": "refunded", "בוטל": "cancelled", "נכשל": "failed", "": "completed",
}  # fmt: skip
_TOTAL_WORDS = ("total", "sum", 'סה"כ', "סה״כ", "סהכ", "grand total")


def add(values: OrderValues, document: Document | None, cells: Cells) -> Document:
    """Book one row: a line of an order, or, where it names the order it refunds, a return."""
    own = OrderCells._make(cells[:_OWN])
    if document is None:
        _check_id(own.order_id)
    currency, line = values.memo(_line)[cells[_OWN:]]
    if document is None:
        document = _begin(values, own, currency)
    elif document.currency != currency:
        raise RowError(
            "currency", "mixed_currency", f"the order is in {document.currency}, but this row is in {currency}"
        )
    elif document.head != own:
        _join(values, document, own)
    if line.quantity < 0 or own.refund_of:
        document.returns.append(_return(values, document, own, line))
    else:
        document.is_order = True
        document.lines.append(line)
    return document


def _line(values: OrderValues, cells: Cells) -> tuple[str, Line]:
    row = LineCells._make(cells)
    currency = values.currency(row.currency)
    pieces, price, amount, less = values.amount(row.quantity, row.unit_price, row.discount, currency)
    article = Article(row.sku or row.product, row.product, row.category) if row.sku or row.product else None
    return currency, Line(article, pieces, price, amount, less)


def _check_id(order: str) -> None:
    if order.strip().casefold() in _TOTAL_WORDS:
        raise RowError("order_id", "no_id", "a row of totals, not an order")
    order_id(order)


def _begin(values: OrderValues, own: OrderCells, currency: str) -> Document:
    """The order, from the first of its rows."""
    instant, day_precision = values.instant(own.ordered_at, "ordered_at")
    known = own.customer_id or own.email or own.phone
    return Document(
        own.order_id,
        Buyer(own.customer_id.strip(), own.email, own.phone, own.first_name, own.last_name) if known else GUEST,
        instant,
        currency,
        values.status(own.status),
        day_precision,
        is_order=False,
        shipping_minor=values.money(own.shipping, currency, "shipping") if own.shipping else 0,
        tax_minor=values.money(own.tax, currency, "tax") if own.tax else 0,
        updated_at=values.instant(own.updated_at, "updated_at")[0] if own.updated_at else None,
        stated={"total": own.total} if own.total else {},
        head=own,
    )


def _join(values: OrderValues, document: Document, own: OrderCells) -> None:
    """Take in what another row says of the order: the earliest time counts, and what cannot be is refused."""
    instant, _ = values.instant(own.ordered_at, "ordered_at")
    values.status(own.status)
    document.ordered_at = min(document.ordered_at, instant)


def _return(values: OrderValues, document: Document, own: OrderCells, line: Line) -> Return:
    if not own.refund_of and values.status(own.status) != "refunded":
        raise RowError("quantity", "negative_quantity", "a negative quantity in a row that is not a refund")
    return Return(
        len(document.returns) + 1,
        line.article,
        abs(line.quantity),
        line.unit_price,
        line.amount_minor,
        document.currency,
        values.instant(own.ordered_at, "ordered_at")[0],
        own.refund_of or own.order_id,
    )


def finish(values: OrderValues, document: Document) -> None:
    """An order that is refunded is a sale and its return; a total that is stated is the sum of its parts."""
    if document.is_order and document.stated:
        check_total(values, document)
    if document.status == "refunded" and document.is_order and not document.returns:
        document.returns = full_return(document, at=document.updated_at)


FORMAT = Format(
    name="generic",
    source="generic",
    about="any table with one row per order line; --mapping names its columns",
    columns=tuple(Column(role, ROLES[role], role in REQUIRED) for role in (*OrderCells._fields, *LineCells._fields)),
    layout=csv_chunks,
    add=add,
    finish=finish,
    has_return_documents=True,
    readings={"statuses": STATUSES},
)
