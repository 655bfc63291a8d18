"""Headings, labels and definitions in the languages that a shop may speak."""

from __future__ import annotations

from typing import Final

from retainctl.outreach.contact import REASONS
from retainctl.outreach.programs import program_of

# Report -> what it is called, and what each of its figures is, in English and in Hebrew.
TITLES: Final = {
    "retention": ("Customers who come back", "לקוחות שחוזרים"),
    "orders": ("From the first order to the next", "מההזמנה הראשונה והלאה"),
    "cohorts": ("Who began together, and who still buys", "מי התחילו יחד, ומי עדיין קונים"),
    "rfm": ("How lately, how often, how much", "מתי, כמה פעמים, ובכמה"),
    "campaigns": ("What became of each mailing", "מה עלה בגורלו של כל דיוור"),
    "points": ("Points in and out", "נקודות נכנסות ויוצאות"),
}

_ORDER: Final = (
    "An order is a sale: its status says so and it has a line of positive quantity. A customer counts from the first.",
    "הזמנה היא מכירה: כך אומר מצבה, ויש בה שורה שכמותה חיובית. לקוח נספר מהזמנתו הראשונה.",
)
DEFINITIONS: Final = {
    "retention": (
        _ORDER,
        (
            "customers, orders and revenue leave guests out; guest_orders are the orders that name no customer.",
            "הלקוחות, ההזמנות וההכנסות הם ללא אורחים; הזמנות אורחים הן הזמנות שאין בהן לקוח.",
        ),
        (
            "net revenue = gross revenue - returns of customers; average order value = gross revenue / orders.",
            "הכנסות נטו = הכנסות ברוטו פחות החזרות של לקוחות; שווי הזמנה ממוצע = הכנסות ברוטו / הזמנות.",
        ),
        (
            "average purchase frequency = orders / customers; "
            "repeat rate = customers with two orders or more / customers.",
            "תדירות קנייה ממוצעת = הזמנות / לקוחות; שיעור החזרה = לקוחות עם שתי הזמנות או יותר / לקוחות.",
        ),
        (
            "band: new shops are at 5-10%, leading brands above 30%.",
            "רצועה: חנויות חדשות נמצאות ב-5-10%, מותגים מובילים מעל 30%.",
        ),
    ),
    "orders": (
        _ORDER,
        (
            "order_number is the order's place in its customer's life, over all currencies; guests are left out.",
            "מספר ההזמנה הוא מקומה בחיי הלקוח, בכל המטבעות; ללא אורחים.",
        ),
        (
            "went_on_rate = customers who ordered again / customers with that order; "
            "days are counted between calendar days.",
            "שיעור ההמשך = מי שהזמינו שוב / מי שהזמינו הזמנה זו; הימים נספרים בין ימי לוח.",
        ),
    ),
    "cohorts": (
        _ORDER,
        (
            "cohort = the month of a customer's first order on the shop's calendar.",
            "מחזור = חודש ההזמנה הראשונה של הלקוח, לפי לוח השנה של החנות.",
        ),
        (
            "column k = customers of the cohort who ordered in the k-th month after it; empty = after the last order.",
            "עמודה k = לקוחות המחזור שהזמינו בחודש ה-k אחריו; ריק = אחרי ההזמנה האחרונה.",
        ),
    ),
    "rfm": (
        _ORDER,
        (
            "recency = days since the last order's day, frequency = orders, monetary = gross revenue.",
            "עדכניות = ימים מיום ההזמנה האחרונה, תדירות = הזמנות, כסף = הכנסות ברוטו.",
        ),
        (
            "each is ranked and cut in fifths as NTILE(5), 5 the best; ties by external id in byte order.",
            "כל אחת מדורגת ונחלקת לחמישיות כמו NTILE(5), 5 הטובה ביותר; שוויון לפי המזהה החיצוני, בסדר הבתים.",
        ),
        (
            "as of the day after the last order, or of --now.",
            "נכון ליום שאחרי ההזמנה האחרונה, או למועד שצוין.",
        ),
    ),
    "campaigns": (
        (
            "candidates = planned + excluded; planned = sent + waiting + unknown + failed + dropped.",
            "מועמדים = מתוכננים + מושמטים; מתוכננים = נשלחו + ממתינים + לא ידוע + נכשלו + בוטלו.",
        ),
        (
            "unknown: the server's answer was lost, and nobody can tell; dropped: suppressed, expired or cancelled.",
            "לא ידוע: תשובת השרת אבדה; בוטלו: נחסמו, פג תוקפם או בוטלו.",
        ),
    ),
    "points": (
        (
            "A month is that of the booking; issued points are for orders, granted and deducted ones by hand.",
            "החודש הוא חודש הרישום; נקודות שהונפקו הן על הזמנות, שניתנו ונוכו - ביד.",
        ),
        (
            "outstanding = all points that customers have, less what they owe, at the month's end.",
            "יתרה = כל הנקודות שבידי לקוחות, פחות מה שהם חייבים, בסוף החודש.",
        ),
    ),
}

_HEBREW: Final = {
    "customers": "לקוחות", "orders": "הזמנות", "guest_orders": "הזמנות אורחים",
    "gross_revenue_minor": "הכנסות ברוטו", "returns_minor": "החזרות", "net_revenue_minor": "הכנסות נטו",
    "average_order_value_minor": "שווי הזמנה ממוצע", "average_purchase_frequency": "תדירות קנייה ממוצעת",
    "repeat_customers": "לקוחות חוזרים", "repeat_rate": "שיעור החזרה", "band": "רצועה", "currency": "מטבע",
    "first_order": "הזמנה ראשונה", "last_order": "הזמנה אחרונה",
    "order_number": "מספר ההזמנה", "average_value_minor": "שווי ממוצע", "went_on": "המשיכו",
    "went_on_rate": "שיעור ההמשך", "median_days_to_next": "ימים עד הבאה (חציון)",
    "mean_days_to_next": "ימים עד הבאה (ממוצע)",
    "cohort": "מחזור", "months_after": "חודשים אחרי ההזמנה הראשונה",
    "cell": "תא", "recency": "עדכניות", "frequency": "תדירות", "monetary": "כסף", "bars": "עמודות",
    "mailing": "דיוור", "program": "סוג", "name": "שם", "state": "מצב", "planned_at": "תוכנן ב-",
    "candidates": "מועמדים", "planned": "מתוכננים", "sent": "נשלחו", "waiting": "ממתינים", "unknown": "לא ידוע",
    "failed": "נכשלו", "dropped": "בוטלו", "excluded": "הושמטו",
    **{f"excluded_{reason}": words[1] for reason, words in REASONS.items()},
    "month": "חודש", "issued": "הונפקו", "granted": "ניתנו", "redeemed": "מומשו", "expired": "פגו",
    "clawed_back": "הושבו", "deducted": "נוכו", "outstanding": "יתרה", "in_and_out": "נכנסו ויצאו",
    "nothing_yet": "עדיין אין מה להראות.",
}  # fmt: skip

# Where the column's own name is not what a person would say.
_ENGLISH: Final = {
    "months_after": "Months after the first order",
    "in_and_out": "In and out",
    "nothing_yet": "There is nothing to show yet.",
    "went_on_rate": "Share who ordered again",
    "went_on": "Ordered again",
    **{f"excluded_{reason}": words[0] for reason, words in REASONS.items()},
}

_HEBREW_VALUES: Final = {
    "state": {"planned": "תוכנן", "approved": "אושר", "active": "פעיל", "paused": "מושהה", "cancelled": "בוטל"},
}


class Words:
    """The words of one language."""

    def __init__(self, language: str) -> None:
        self.language = language

    def __getitem__(self, key: str) -> str:
        """The heading for the column or label *key*."""
        english = _ENGLISH.get(key) or key.removesuffix("_minor").replace("_", " ").capitalize()
        return _HEBREW.get(key, english) if self.language == "he" else english

    def value(self, column: str, value: str) -> str:
        """A value of one of the program's own words, such as a state."""
        if column == "program":
            return program_of(value).labels[self.language == "he"]
        return _HEBREW_VALUES.get(column, {}).get(value, value) if self.language == "he" else value

    def title(self, report: str) -> str:
        return TITLES[report][self.language == "he"]

    def definitions(self, report: str) -> tuple[str, ...]:
        return tuple(pair[self.language == "he"] for pair in DEFINITIONS[report])
