"""Texts that several reports share, in English and in Hebrew."""

from __future__ import annotations

from typing import Final

Label = tuple[str, str]  # in English and in Hebrew

SHARED: Final[dict[str, Label]] = {
    "customers": ("Customers", "לקוחות"),
    "orders": ("Orders", "הזמנות"),
    "currency": ("Currency", "מטבע"),
    "nothing_yet": (
        "There is nothing to show yet: the first orders, mailings and points will fill this page.",
        "עדיין אין נתונים להצגה: הדף יתמלא עם ההזמנות, הדיוורים והנקודות הראשונים.",
    ),
    "begin_with": ("Begin with:", "כך מתחילים:"),
    "nothing_then": ("Nothing happened on these days.", "אין נתונים לימים האלה."),
}

WHAT_AN_ORDER_IS: Final[Label] = (
    "An order counts if its status is that of a sale and a line has a positive quantity. "
    "A customer counts from the first order on.",
    "הזמנה נספרת אם לפי הסטטוס שלה היא מכירה ויש בה לפחות פריט אחד. לקוח נספר מההזמנה הראשונה שלו.",
)
