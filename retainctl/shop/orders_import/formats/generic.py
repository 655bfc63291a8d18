"""Any table with a row a line: by the names of its columns, or by a mapping file that states what they mean.

An order's own cells are taken from the first of its rows, with which the others must agree; a row of another currency
does not belong to it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple, cast, get_args

from retainctl.intake.cells import Cells, Column, RowError
from retainctl.intake.csv_rows import csv_chunks
from retainctl.money import to_major
from retainctl.shop.customer_lookup import EMAIL_NAMES, PHONE_NAMES
from retainctl.shop.orders_import.documents import (
    GUEST,
    SALE_STATUSES,
    Article,
    Buyer,
    Document,
    Line,
    LineKind,
    OrderStatus,
    OrderValues,
    Quantity,
    Return,
    lost_to_rounding,
    order_id,
    plain_id,
    unit_price,
    unsigned,
)
from retainctl.shop.orders_import.formats import Format
from retainctl.shop.orders_import.sums import (
    check_total,
    refund,
    return_pieces,
    spread_discount,
)
from retainctl.spreadsheets import strip_guard


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
    name: str
    order_discount: str
    refunded: str
    cancelled_at: str
    zone: str


class LineCells(NamedTuple):
    """The other cells of a row."""

    currency: str
    sku: str
    product: str
    category: str
    quantity: str
    unit_price: str
    discount: str
    line_total: str
    line_subtotal: str
    returned_quantity: str
    type: str
    line_kind: str


# What each role's column may be called.
ROLES: Final = {
    "order_id": ("order_id", "order number", "order", "מספר הזמנה", "הזמנה"),
    "refund_of": ("refund_of", "refunded order", "זיכוי של", "זיכוי עבור"),
    "ordered_at": ("ordered_at", "order date", "created at", "date", "תאריך הזמנה", "תאריך"),
    "email": EMAIL_NAMES,
    "first_name": ("first_name", "שם פרטי"),
    "last_name": ("last_name", "surname", "שם משפחה"),
    "phone": PHONE_NAMES,
    "customer_id": ("customer_id", "customer number", "מספר לקוח"),  # "customer" may be a name
    "status": ("status", "סטטוס", "מצב"),
    "shipping": ("shipping", "משלוח"),
    "tax": ("tax", "vat", "מע״מ", "מעמ"),
    "total": ("total", "order total", "סה״כ", "סהכ"),
    "updated_at": ("updated_at", "עודכן", "תאריך עדכון"),
    "name": ("full name", "customer name", "שם מלא", "שם לקוח"),
    "order_discount": ("order_discount", "הנחת הזמנה"),
    "refunded": ("refunded", "refunded amount", "total refunded", "זוכה"),
    "cancelled_at": ("cancelled_at", "canceled_at", "בוטל בתאריך", "תאריך ביטול", "מועד ביטול"),
    "zone": ("timezone",),
    "currency": ("currency", "מטבע"),
    "sku": ("sku", "product id", "article", "מק״ט", "מקט"),
    "product": ("product", "product name", "item", "מוצר", "שם מוצר"),
    "category": ("category", "קטגוריה"),
    "quantity": ("quantity", "qty", "כמות"),
    "unit_price": ("unit_price", "price", "מחיר", "מחיר יחידה", "מחיר ליחידה"),
    "discount": ("discount", "הנחה"),
    "line_total": ("line_total", "סה״כ שורה", "סהכ שורה"),
    "line_subtotal": ("line_subtotal",),  # of all pieces, before their discount
    "returned_quantity": ("returned_quantity", "כמות שהוחזרה"),  # of its pieces
    "type": ("row_type", "סוג שורה"),
    "line_kind": ("line_kind",),  # a sale, or what is none: as orders are exported
}
_OWN: Final = len(OrderCells._fields)
_OWN_DIGITS: Final = 7  # of a phone
_BUYER: Final = ("customer_id", "email", "phone")
_AMOUNTS: Final = ("unit_price", "line_total", "line_subtotal")
_STATED: Final = ("total", "order_discount", "refunded", "cancelled_at", "zone")
_SUMS: Final = ("total", "order_discount", "refunded")  # of the order, of which two rows say the same
REQUIRED = ("order_id", "ordered_at", "quantity", "unit_price")
STATUSES: Final = {
    **{name: name for name in get_args(OrderStatus)},
    "canceled": "cancelled", "complete": "completed", "delivered": "completed", "void": "voided",
    "ממתין": "pending", "ממתינה": "pending", "בהמתנה": "pending", "ממתין לתשלום": "pending",
    "ממתינה לתשלום": "pending", "לא שולם": "pending", "לא שולמה": "pending", "הוחזר": "refunded",
    "הוחזרה": "refunded", "מבוטל": "cancelled", "מבוטלת": "cancelled",
    "שולם": "paid", "שולמה": "paid", "בטיפול": "processing",
    "נשלח": "shipped", "נשלחה": "shipped", "הושלם": "completed", "הושלמה": "completed", "סופק": "completed",
    "סופקה": "completed", "נמסר": "completed", "נמסרה": "completed", "זוכה": "refunded", "זוכתה": "refunded",
    "בוטל": "cancelled", "בוטלה": "cancelled", "נכשל": "failed", "נכשלה": "failed", "": "completed",
}  # fmt: skip
_TOTAL_WORDS = ("total", "sum", 'סה"כ', "סה״כ", "סהכ", "grand total")


def add(values: OrderValues, document: Document | None, cells: Cells) -> Document:
    """Book one row: a line of an order, or, where it names the order it refunds, a return."""
    own = OrderCells._make(cells[:_OWN])
    if document is None:
        _check_id(own.order_id)
    currency, line, kind, came_back = values.memo(_line)[cells[_OWN:]]
    if document is None:
        document = _begin(values, own, currency)
    elif document.currency != currency:
        raise RowError(
            "currency", "mixed_currency", f"the order is in {document.currency}, but this row is in {currency}"
        )
    is_negative = _is_negative(values, own.total, "total") if line is None else line.quantity < 0
    is_back = bool(own.refund_of) or kind == "refund" or is_negative
    if document.head != own and not is_back:
        if document.lines:
            _join(values, document, own)
        else:  # the first row of the sale, which is what the order is known by
            document = _begin(values, own, currency, returns=document.returns)
    if line is None:
        _add_total(values, document, own, is_refund=is_back)
    elif is_back:
        document.returns.append(_return(values, document, own, line, is_refund=kind == "refund"))
    else:
        document.is_order = True
        document.lines.append(line)
        if came_back:
            document.pieces_back.append((len(document.lines), came_back))
    return document


def _line(values: OrderValues, cells: Cells) -> tuple[str, Line | None, str, Quantity]:
    """The currency of a row, its line (None where it has a total alone), whether it is of a sale or a refund, and how
    many of the line's pieces came back."""
    row = LineCells._make(cells)
    kind = values.row_type(row.type)
    currency = values.currency(row.currency)
    if values.total_alone:
        return currency, None, kind, 0
    if values.negative_is_refund and any(
        _is_negative(values, getattr(row, role), role) for role in (*_AMOUNTS, "quantity")
    ):
        kind = "refund"
    if kind == "refund" and (values.negative_is_refund or _is_negative(values, row.quantity, "quantity")):
        row = row._replace(**{role: unsigned(getattr(row, role)) for role in _AMOUNTS})
    if kind == "refund" or _is_negative(values, row.quantity, "quantity"):
        row = row._replace(discount=values.discount_of_refund(row.discount))
    pieces, price, amount, less = _amount(values, row, currency)
    came_back = values.pieces(row.returned_quantity, "returned_quantity") if row.returned_quantity.strip() else 0
    if came_back and not 0 < came_back <= pieces:
        said = f"{row.returned_quantity} of {row.quantity} pieces cannot have come back"
        raise RowError("returned_quantity", "bad_quantity", said)
    sku, product, category = map(strip_guard, (row.sku, row.product, row.category))
    article = Article(sku or product, product, category) if sku or product else None
    line_kind = row.line_kind or "sale"
    if line_kind not in get_args(LineKind):
        raise RowError("line_kind", "bad_kind", f"{line_kind!r} is not one of {', '.join(get_args(LineKind))}")
    return currency, Line(article, pieces, price, amount, less, cast("LineKind", line_kind)), kind, came_back


def _amount(values: OrderValues, row: LineCells, currency: str) -> tuple[Quantity, str, int, int]:
    """Pieces, the price of each, what they come to after their discount, and the discount.

    A total is what was paid for the line, after its discount; a subtotal is before it. A price beside them must agree.
    """
    if row.unit_price or not (row.line_total or row.line_subtotal):
        pieces, price, amount, less = values.amount(row.quantity, row.unit_price, row.discount, currency)
    else:
        column = "line_subtotal" if row.line_subtotal else "line_total"
        pieces, less = values.pieces_and_discount(row.quantity, row.discount, currency)
        paid = values.money(getattr(row, column), currency, column)
        before = paid if row.line_subtotal else paid + less
        if paid < 0:
            raise RowError(
                column, "negative_price", f"{getattr(row, column)} is below zero, in a row that is no refund"
            )
        if before < less:
            raise RowError("discount", "bad_discount", f"the discount {row.discount!r} is larger than the line amount")
        price, amount = unit_price(before, currency, pieces), before - less
    for column, stated in (("line_total", amount), ("line_subtotal", amount + less)):
        text = getattr(row, column)
        if text and abs(values.money(text, currency, column) - stated) > 1 + lost_to_rounding(pieces, currency):
            raise RowError(
                column, f"bad_{column}", f"{text} is not {row.quantity} at {row.unit_price or price}, with its discount"
            )
    return pieces, price, values.money(row.line_total, currency, "line_total") if row.line_total else amount, less


def _is_negative(values: OrderValues, text: str, column: str) -> bool:
    return bool(text.strip()) and values.number(text, column) < 0


def _add_total(values: OrderValues, document: Document, own: OrderCells, *, is_refund: bool) -> None:
    """Book a row of an order of which only the total is known: one line, without its shipping, or its return.

    Further rows may say the same total again.
    """
    if document.lines and not own.total:
        return
    if not own.total:
        raise RowError("total", "no_total", "the row has no total, and nothing else says what was bought")
    total = values.money(own.total, document.currency, "total")
    if total < 0 and not values.negative_is_refund:
        raise RowError("total", "negative_price", f"the total {own.total!r} is negative")
    if is_refund:
        back = Line(None, 0, "", abs(total))
        document.returns.append(_return(values, document, own, back, is_refund=True))
    elif not document.lines:
        document.is_order = True
        document.stated["total"] = own.total
        document.lines.append(_total_alone(document, own.total, total))


def _total_alone(document: Document, text: str, total: int) -> Line:
    """What was bought, in one line: the *total*, which is written *text*, without the shipping."""
    if total < document.shipping_minor:
        raise RowError("total", "negative_price", f"the total {text!r} is less than the shipping")
    amount = total - document.shipping_minor
    return Line(None, 1, to_major(amount, document.currency), amount)


def _check_id(order: str) -> None:
    if order.strip().casefold() in _TOTAL_WORDS:
        raise RowError("order_id", "no_id", "a row of totals, not an order")
    order_id(order)


def _begin(values: OrderValues, own: OrderCells, currency: str, *, returns: Sequence[Return] = ()) -> Document:
    """The order, from the first of its rows; or of its sale, where *returns* stand above it."""
    instant, day_precision = values.instant_in(own.zone, own.ordered_at, "ordered_at")
    known = own.customer_id or own.email or own.phone
    first_name, last_name = strip_guard(own.first_name), strip_guard(own.last_name)
    if own.name and not (first_name or last_name):
        first_name, _, last_name = strip_guard(own.name.strip()).partition(" ")
    status = values.status(own.status)
    if own.cancelled_at and status in SALE_STATUSES and status != "refunded":
        status = "cancelled"
    return Document(
        plain_id(own.order_id),
        Buyer(
            strip_guard(own.customer_id.strip()), strip_guard(own.email), strip_guard(own.phone), first_name, last_name
        )
        if known
        else GUEST,
        instant,
        currency,
        status,
        day_precision,
        returns=list(returns),
        is_order=False,
        shipping_minor=values.money(own.shipping, currency, "shipping") if own.shipping else 0,
        tax_minor=values.money(own.tax, currency, "tax") if own.tax else 0,
        updated_at=values.instant_in(own.zone, own.updated_at, "updated_at")[0] if own.updated_at else None,
        stated={name: text for name in _STATED if (text := getattr(own, name))},
        head=own,
        says_status=bool(own.status.strip() or own.cancelled_at),
    )


def _join(values: OrderValues, document: Document, own: OrderCells) -> None:
    """Take in what another row says of the order: the earliest time counts.

    Two rows of one number that name different buyers, say different sums of the order, or only one of which is a sale
    or came back, are of two orders, or one of them is wrong: RowError; so are those of different days that name no
    buyer. What comes back does so on a day of its own.
    """
    instant, _ = values.instant_in(own.zone, own.ordered_at, "ordered_at")
    status = values.status(own.status)
    head = OrderCells(*document.head)
    buyers = [(role, getattr(head, role).strip(), getattr(own, role).strip()) for role in _BUYER]
    for role, first, other in buyers:
        if first and other and _compared(role, first) != _compared(role, other):
            raise _mixed(role, first, other)
    if _is_worth(status) != _is_worth(values.status(head.status)):
        raise _mixed("status", head.status, own.status)
    if bool(own.cancelled_at) != bool(head.cancelled_at):
        raise _mixed("cancelled_at", head.cancelled_at, own.cancelled_at)
    for role in _SUMS:
        _agree(values, document, role, getattr(own, role))
    is_named = any(first and other for _, first, other in buyers)
    if not is_named and values.day(instant) != values.day(document.ordered_at):
        raise _mixed("ordered_at", head.ordered_at, own.ordered_at)
    document.ordered_at = min(document.ordered_at, instant)


def _agree(values: OrderValues, document: Document, role: str, text: str) -> None:
    """Hold what another row says of a sum of the order to what was said; where nothing was, it is what is said."""
    said = document.stated.get(role)
    if said is None and text:
        document.stated[role] = text
    elif said and text and said != text and values.number(said, role) != values.number(text, role):
        raise _mixed(role, said, text)


def _is_worth(status: str) -> str:
    """What an order of that *status* counts as: a sale, one that came back, or none."""
    return status if status == "refunded" else "sale" if status in SALE_STATUSES else ""


def _mixed(role: str, first: str, other: str) -> RowError:
    return RowError(role, "mixed_order", f"another row of the order says {first!r}, this one {other!r}")


def _compared(role: str, text: str) -> str:
    """What names a buyer, as two of it are compared: of a phone the digits behind its country or area."""
    return re.sub(r"\D", "", text)[-_OWN_DIGITS:] if role == "phone" else text.casefold()


def _return(values: OrderValues, document: Document, own: OrderCells, line: Line, *, is_refund: bool) -> Return:
    if not (is_refund or own.refund_of) and values.status(own.status) != "refunded":
        raise RowError("quantity", "negative_quantity", "a negative quantity in a row that is not a refund")
    return Return(
        len(document.returns) + 1,
        line.article,
        -line.quantity if line.quantity < 0 else line.quantity,
        line.unit_price if line.quantity else "",  # money alone came back
        line.amount_minor,
        document.currency,
        values.instant_in(own.zone, own.ordered_at, "ordered_at")[0],
        plain_id(own.refund_of or own.order_id),
    )


def is_back(values: OrderValues, cells: Cells) -> bool:
    """Whether a row is of what came back, as far as one that may be bad can tell."""
    own, row = OrderCells._make(cells[:_OWN]), LineCells._make(cells[_OWN:])
    try:
        kind = values.row_type(row.type)
    except RowError:
        kind = ""
    amounts = [row.quantity, own.total if values.total_alone else ""]
    amounts += [getattr(row, role) for role in _AMOUNTS] if values.negative_is_refund else []
    return bool(own.refund_of) or kind == "refund" or any(text != unsigned(text) for text in amounts)


def finish(values: OrderValues, document: Document) -> None:
    """An order that is refunded is a sale and its return; a total that is stated is the sum of its parts."""
    stated = document.stated
    if document.is_order and "order_discount" in stated:
        less = values.discount(stated["order_discount"], document.currency, "order_discount")
        if less > document.gross_minor:
            said = stated["order_discount"]
            raise RowError("order_discount", "bad_discount", f"the discount {said!r} is larger than the order")
        spread_discount(document, less)
    if document.is_order and "total" in stated:
        check_total(values, document)
    back = abs(values.money(stated["refunded"], document.currency, "refunded")) if "refunded" in stated else 0
    if document.pieces_back and not document.returns:  # else its rows say it again
        return_pieces(document, paid_back_minor=back)
    if document.is_order and not document.returns and (back or document.status == "refunded"):
        cancelled = stated.get("cancelled_at")
        at = (
            values.instant_in(stated.get("zone", ""), cancelled, "cancelled_at")[0]
            if cancelled
            else document.updated_at
        )
        refund(values, document, back, at=at, column="refunded")


FORMAT = Format(
    name="generic",
    source="generic",
    about="any table with one row per order line; --mapping names its columns",
    columns=tuple(Column(role, ROLES[role], role in REQUIRED) for role in (*OrderCells._fields, *LineCells._fields)),
    layout=csv_chunks,
    add=add,
    finish=finish,
    has_return_documents=True,
    is_back=is_back,
    readings={"statuses": STATUSES},
    order_cells=_OWN + 1,  # its currency, the first cell of a line, is the order's too
)
