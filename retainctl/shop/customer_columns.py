"""The columns that a list of customers may have: their roles, and what a header may call them."""

from __future__ import annotations

from typing import Final

from retainctl.intake.cells import Column
from retainctl.shop.exporting import MOST_ADDRESSES, column

_FIRST: Final = {
    "email": ("email", "e-mail", "email address", "mail", "דוא״ל", "דואל", "אימייל", "מייל"),
    "phone": ("phone", "mobile", "phone number", "telephone", "טלפון", "נייד", "טלפון נייד"),
    "postal": ("postal", "address", "postal address", "כתובת"),
}
_SECOND_PHONE: Final = ("default address phone",)


def _numbered(kind: str, number: int) -> list[Column]:
    """The columns of a customer's address of that kind and number."""
    role = column(kind, number)
    others = _FIRST[kind] if number == 1 else _SECOND_PHONE if (kind, number) == ("phone", 2) else ()
    found = [Column(role, (role, *others))]
    return found if kind == "postal" else [*found, Column(f"{role}_verified", (f"{role}_verified",))]


POSTAL_PARTS: Final = ("company", "address1", "address2", "city", "province code", "zip", "country code")
COLUMNS: Final[tuple[Column, ...]] = (
    Column("external_id", ("external_id", "customer id", "customer number", "member number", "מספר לקוח", "מספר חבר")),
    Column("source", ("source", "מקור")),
    Column("first_name", ("first_name", "given name", "שם פרטי")),
    Column("last_name", ("last_name", "surname", "family name", "שם משפחה")),
    Column("language", ("language", "locale", "שפה")),
    Column("accepts_email", (
        "accepts_marketing", "accepts email marketing", "email marketing consent", "marketing consent", "אישור דיוור",
    )),
    Column("accepts_sms", ("accepts_sms", "accepts sms marketing", "sms marketing consent")),
    Column("consented_at", ("consented_at", "consent date", "email marketing consent timestamp", "תאריך אישור")),
    Column("sms_consented_at", ("sms_consented_at", "sms marketing consent timestamp")),
    *(one for kind in _FIRST for number in range(1, MOST_ADDRESSES + 1) for one in _numbered(kind, number)),
    *(Column(part, (part, f"default address {part}")) for part in POSTAL_PARTS),
)  # fmt: skip
PLACES: Final = {one.role: place for place, one in enumerate(COLUMNS)}
# Kind, role, place, and the place of the column that says whether it is verified.
CONTACTS: Final = tuple(
    (kind, role, PLACES[role], PLACES[f"{role}_verified"])
    for kind in ("email", "phone")
    for number in range(1, MOST_ADDRESSES + 1)
    for role in (column(kind, number),)
)
POSTAL: Final = tuple(PLACES[column("postal", number)] for number in range(1, MOST_ADDRESSES + 1))
