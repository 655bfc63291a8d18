"""The columns that a list of customers may have, and the cells of them that a record has which comes as JSON.

Records are Shopify's and WooCommerce's own, and any object whose keys are the columns' names.
"""

from __future__ import annotations

from typing import Any, Final

from retainctl.intake.cells import Cells, Column, plain_name
from retainctl.intake.json_rows import Record, text_of
from retainctl.shop.customer_lookup import EMAIL_NAMES, PHONE_NAMES
from retainctl.shop.exporting import MOST_ADDRESSES, column

_FIRST: Final = {
    "email": EMAIL_NAMES,
    "phone": PHONE_NAMES,
    "postal": ("postal", "address", "postal address", "כתובת"),
}
_SECOND_PHONE: Final = ("default address phone",)


def _numbered(kind: str, number: int) -> list[Column]:
    """The columns of a customer's address of that kind and number."""
    role = column(kind, number)
    others = _FIRST[kind] if number == 1 else _SECOND_PHONE if (kind, number) == ("phone", 2) else ()
    found = [Column(role, (role, *others))]
    return found if kind == "postal" else [*found, Column(f"{role}_verified", (f"{role}_verified",))]


POSTAL_PARTS: Final = ("company", "address1", "address2", "city", "province_code", "zip", "country_code")
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


ENVELOPE: Final = "customer"
_ROLES: Final = {plain_name(name): one.role for one in COLUMNS for name in one.names}
_SHOPIFY_ADDRESS: Final = {
    "company": "company", "address1": "address1", "address2": "address2", "city": "city",
    "province_code": "province_code", "zip": "zip", "country_code": "country_code",
}  # fmt: skip
_WOOCOMMERCE_ADDRESS: Final = {
    "company": "company", "address1": "address_1", "address2": "address_2", "city": "city", "province_code": "state",
    "zip": "postcode", "country_code": "country",
}  # fmt: skip


def cells_of(record: Record) -> Cells:
    """The cells of a customer's *record*, as a row of a table would have them."""
    customer = record[ENVELOPE] if isinstance(record.get(ENVELOPE), dict) else record
    said = {role: text for key, role in _named(customer) if (text := text_of(customer, key))}
    said.setdefault("external_id", text_of(customer, "id"))
    for kind in ("email", "phone", "postal"):
        _add_list(said, kind, customer.get(f"{kind}s"))
    if isinstance(customer.get("billing"), dict):
        _add_woocommerce(said, customer)
    elif "verified_email" in customer or "email_marketing_consent" in customer:
        _add_shopify(said, customer)
    cells = [""] * len(COLUMNS)
    for role, text in said.items():
        cells[PLACES[role]] = text
    return tuple(cells)


def _named(customer: Record) -> list[tuple[str, str]]:
    """The keys that are columns' names, with their roles."""
    return [(key, role) for key in customer if (role := _ROLES.get(plain_name(key)))]


def _add_list(said: dict[str, str], kind: str, found: Any) -> None:
    """Add the texts in a list such as ``emails``."""
    if isinstance(found, list):
        texts = [text for text in found if isinstance(text, str)]
        for number, text in enumerate(texts[:MOST_ADDRESSES], 1):
            said[column(kind, number)] = text


def _add_shopify(said: dict[str, str], customer: Record) -> None:
    said["email_verified"] = text_of(customer, "verified_email")
    said["phone_2"] = text_of(customer, "default_address", "phone")
    said |= {role: text_of(customer, "default_address", key) for role, key in _SHOPIFY_ADDRESS.items()}
    for consent, role, at in (
        ("email_marketing_consent", "accepts_email", "consented_at"),
        ("sms_marketing_consent", "accepts_sms", "sms_consented_at"),
    ):
        if isinstance(customer.get(consent), dict):
            said[role] = text_of(customer, consent, "state")
            said[at] = text_of(customer, consent, "consent_updated_at")


def _add_woocommerce(said: dict[str, str], customer: Record) -> None:
    said["email_2"] = text_of(customer, "billing", "email")
    said["phone"] = text_of(customer, "billing", "phone")
    said |= {role: text_of(customer, "billing", key) for role, key in _WOOCOMMERCE_ADDRESS.items()}
