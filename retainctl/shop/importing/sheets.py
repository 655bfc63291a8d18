"""The common sheet: a row a line of an order, in columns of known roles.

``generic`` reads it as it is; other formats say which of their columns plays which role. An order's own cells are
taken from the first of its rows, and a row of another currency or status does not belong to it.
"""

from __future__ import annotations

from retainctl.shop.importing.documents import GUEST, Article, Buyer, Document, Line, Return, RowError
from retainctl.shop.importing.format import Cells
from retainctl.shop.importing.sums import check_total, full_return
from retainctl.shop.importing.values import Values, order_id

# The order of the cells that ``add`` takes, and what each role's column may be called.
ROLES: dict[str, tuple[str, ...]] = {
    "order_id": ("order_id", "order number", "order", "מספר הזמנה", "הזמנה"),
    "ordered_at": ("ordered_at", "order date", "created at", "date", "תאריך הזמנה", "תאריך"),
    "email": ("email", "e-mail", "customer email", "דוא״ל", "דואל", "אימייל", "מייל"),
    "first_name": ("first_name", "שם פרטי"),
    "last_name": ("last_name", "surname", "שם משפחה"),
    "phone": ("phone", "mobile", "telephone", "טלפון", "נייד"),
    "sku": ("sku", "product id", "article", "מק״ט", "מקט"),
    "product": ("product", "product name", "item", "מוצר", "שם מוצר"),
    "category": ("category", "קטגוריה"),
    "quantity": ("quantity", "qty", "כמות"),
    "unit_price": ("unit_price", "price", "מחיר", "מחיר יחידה"),
    "discount": ("discount", "הנחה"),
    "currency": ("currency", "מטבע"),
    "status": ("status", "סטטוס", "מצב"),
    "customer_id": ("customer_id", "customer", "מספר לקוח", "לקוח"),
    "refund_of": ("refund_of", "refunded order", "זיכוי של"),
    "shipping": ("shipping", "משלוח"),
    "tax": ("tax", "vat", "מע״מ", "מעמ"),
    "total": ("total", "order total", "סה״כ", "סהכ"),
    "updated_at": ("updated_at", "עודכן"),
}
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
    (
        order, ordered_at, email, first_name, last_name, phone, sku, product, category, quantity, unit_price,
        discount, currency_cell, status_cell, customer, refund_of, shipping, tax, total, updated_at,
    ) = cells  # fmt: skip
    if document is None:
        if order.strip().casefold() in _TOTAL_WORDS:
            raise RowError("order_id", "no_id", "a row of totals is no order")
        order_id(order)
    currency = values.currency(currency_cell)
    pieces, price, amount, less = values.amount(quantity, unit_price, discount, currency)
    instant, day_precision = values.instant(ordered_at)
    status = values.status(status_cell)
    if pieces < 0 and not refund_of and status != "refunded":
        raise RowError("quantity", "negative_quantity", f"a quantity of {quantity} in a row that refunds nothing")
    if document is None:
        document = Document(
            order,
            Buyer(customer.strip(), email, phone, first_name, last_name) if customer or email or phone else GUEST,
            instant, currency, status, day_precision, is_order=False,
            shipping_minor=values.money(shipping, currency, "shipping") if shipping else 0,
            tax_minor=values.money(tax, currency, "tax") if tax else 0,
            updated_at=values.instant(updated_at, "updated_at")[0] if updated_at else None,
            stated={"total": total} if total else {},
        )  # fmt: skip
    elif document.currency != currency:
        raise RowError("currency", "mixed_currency", f"the order is in {document.currency}, and this row in {currency}")
    elif instant < document.ordered_at:
        document.ordered_at = instant
    article = Article(sku or product, product, category) if sku or product else None
    if refund_of or pieces < 0:
        document.returns.append(
            Return(
                len(document.returns) + 1, article, abs(pieces), price, amount, currency, instant, refund_of or order
            )
        )
    else:
        document.is_order = True
        document.lines.append(Line(article, pieces, price, amount, less))
    return document


def finish(values: Values, document: Document) -> None:
    """An order that is refunded is a sale and its return; a total that is stated is the sum of its parts."""
    if document.is_order:
        check_total(values, document)
    if document.status == "refunded" and document.is_order and not document.returns:
        document.returns = full_return(document, at=document.updated_at or document.ordered_at)
