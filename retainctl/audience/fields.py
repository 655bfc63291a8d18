"""The catalogue of the segment language: every field that an expression may name, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

FieldKind = Literal["number", "money", "date", "text", "contact"]


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that is known of a customer.

    *sql* is NULL where it is not known. *table* is what it reads beside ``customers``: ``s`` for the customer's
    summary, ``a`` for the club's points. A contact field is a set: it is asked of any of the customer's contact points.
    """

    name: str
    kind: FieldKind
    meaning: str
    sql: str
    table: Literal["", "s", "a"] = ""


FIELDS: Final = {
    field.name: field
    for field in (
        Field("orders", "number", "how many orders", "COALESCE(s.orders, 0)", "s"),
        Field("spent", "money", "bought less returned", "COALESCE(s.gross_minor - s.returns_minor, 0)", "s"),
        Field("returned", "money", "the worth of what came back", "COALESCE(s.returns_minor, 0)", "s"),
        Field("average_order", "money", "bought by order", "(s.gross_minor * 1.0 / NULLIF(s.money_orders, 0))", "s"),
        Field("first_order", "date", "the day of the first order", "s.first_order_on", "s"),
        Field("last_order", "date", "the day of the last order", "s.last_order_on", "s"),
        Field("points", "number", "what may be spent now", "COALESCE(a.points, 0)", "a"),
        Field("first_name", "text", "as the shop writes it", "c.first_name"),
        Field("last_name", "text", "as the shop writes it", "c.last_name"),
        Field("language", "text", "he or en", "c.language"),
        Field("email", "contact", "an e-mail address", "email"),
        Field("phone", "contact", "a phone number", "phone"),
        Field("email_domain", "contact", "what follows the @", "email"),
    )
}
