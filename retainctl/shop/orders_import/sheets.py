"""The common sheet: a row a line of an order, in columns of known roles.

``generic`` reads it as it is; other formats say which of their columns plays which role. An order's own cells are
taken from the first of its rows, and a row of another currency or status does not belong to it.
"""

from __future__ import annotations

from retainctl.intake.cells import Cells, RowError
from retainctl.intake.values import Values, order_id
from retainctl.shop.orders_import.documents import GUEST, Article, Buyer, Document, Line, Return
from retainctl.shop.orders_import.totals import check_total, full_return

# What each role's column may be called, in the order of the cells that ``add`` takes: first what is the order's own
# and usually the same in all of its rows, then what is the line's.
ROLES: dict[str, tuple[str, ...]] = {
    "order_id": ("order_id", "order number", "order", "מספר הזמנה", "הזמנה"),
    "refund_of": ("refund_of", "refunded order", "זיכוי של"),
    "ordered_at": ("ordered_at", "order date", "created at", "date", "תאריך הזמנה", "תאריך"),
    "email": ("email", "e-mail", "customer email", "דוא״ל", "דואל", "אימייל", "מייל"),
    "first_name": ("first_name", "שם פרטי"),
    "last_name": ("last_name", "surname", "שם משפחה"),
    "phone": ("phone", "mobile", "telephone", "טלפון", "נייד"),
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
_HEAD = 13
REQUIRED = ("order_id", "ordered_at", "quantity", "unit_price")
STATUSES = {
    **{name: name for name in (
        "pending", "paid", "processing", "shipped", "fulfilled", "completed", "refunded", "cancelled", "voided",
        "failed",
    )},
    "canceled": "cancelled", "complete": "completed", "delivered": "completed", "void": "voided",
    "ממתין": "pending", "שולם": "paid", "בטיפול": "processing", "נשלח": "shipped", "הושלם": "completed",
    "זוכה": "refunded", "בוטל": "cancelled", "נכשל": "failed", "": "completed",
}  # fmt: skip
_TOTAL_WORDS = ("total", "sum", 'סה"כ', "סה״כ", "סהכ", "grand total")


def add(values: Values, document: Document | None, cells: Cells) -> Document:
    """Book one row: a line of an order, or, where it names the order it refunds, a return."""
    head = cells[:_HEAD]
    if document is None:
        _check_id(head[0])
    currency, line = values.memo(_line)[cells[_HEAD:]]
    if document is None:
        document = _begin(values, head, currency)
    elif document.currency != currency:
        raise RowError("currency", "mixed_currency", f"the order is in {document.currency}, and this row in {currency}")
    elif document.head != head:
        _join(values, document, head)
    if line.quantity < 0 or head[1]:
        document.returns.append(_return(values, document, head, line))
    else:
        document.is_order = True
        document.lines.append(line)
    return document


def _line(values: Values, cells: Cells) -> tuple[str, Line]:
    currency_cell, sku, product, category, quantity, unit_price, discount = cells
    currency = values.currency(currency_cell)
    pieces, price, amount, less = values.amount(quantity, unit_price, discount, currency)
    article = Article(sku or product, product, category) if sku or product else None
    return currency, Line(article, pieces, price, amount, less)


def _check_id(order: str) -> None:
    if order.strip().casefold() in _TOTAL_WORDS:
        raise RowError("order_id", "no_id", "a row of totals is no order")
    order_id(order)


def _begin(values: Values, head: Cells, currency: str) -> Document:
    """The order, from the first of its rows."""
    (
        order,
        _refund_of,
        ordered_at,
        email,
        first_name,
        last_name,
        phone,
        customer,
        status,
        shipping,
        tax,
        total,
        updated_at,
    ) = head
    instant, day_precision = values.instant(ordered_at)
    return Document(
        order,
        Buyer(customer.strip(), email, phone, first_name, last_name) if customer or email or phone else GUEST,
        instant,
        currency,
        values.status(status),
        day_precision,
        is_order=False,
        shipping_minor=values.money(shipping, currency, "shipping") if shipping else 0,
        tax_minor=values.money(tax, currency, "tax") if tax else 0,
        updated_at=values.instant(updated_at, "updated_at")[0] if updated_at else None,
        stated={"total": total} if total else {},
        head=head,
    )


def _join(values: Values, document: Document, head: Cells) -> None:
    """Take in what another row says of the order: the earliest time counts, and what cannot be is refused."""
    instant, _ = values.instant(head[2])
    values.status(head[8])
    document.ordered_at = min(document.ordered_at, instant)


def _return(values: Values, document: Document, head: Cells, line: Line) -> Return:
    if not head[1] and values.status(head[8]) != "refunded":
        raise RowError("quantity", "negative_quantity", "a negative quantity in a row that refunds nothing")
    return Return(
        len(document.returns) + 1,
        line.article,
        abs(line.quantity),
        line.unit_price,
        line.amount_minor,
        document.currency,
        values.instant(head[2])[0],
        head[1] or head[0],
    )


def finish(values: Values, document: Document) -> None:
    """An order that is refunded is a sale and its return; a total that is stated is the sum of its parts."""
    if document.is_order and document.stated:
        check_total(values, document)
    if document.status == "refunded" and document.is_order and not document.returns:
        document.returns = full_return(document, at=document.updated_at or document.ordered_at)
