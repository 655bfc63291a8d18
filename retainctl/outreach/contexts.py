"""What templates know of a customer: plain values, built for a batch of customers at a time.

One builder for every channel and program, so that a mail, a text message and a survey say the same of a person.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

from retainctl.club.balances import balances
from retainctl.config import Shop
from retainctl.money import format_minor
from retainctl.outreach.templates import Value
from retainctl.shop.consent import Contact
from retainctl.store.database import rows

# What stands for a first name that is not known, in the language of the shop.
NAMELESS = {"he": "לקוח/ה יקר/ה", "en": "dear customer"}

_SYMBOLS = {"ILS": "₪", "USD": "$", "EUR": "€", "GBP": "£"}
_MONTHS = "January February March April May June July August September October November December".split()
_OF_SUMMARIES = {"orders", "spent", "first_order", "last_order", "days_since_order"}


def example(shop: Shop, *, known: bool) -> dict[str, Value]:
    """A context with every name there is: of somebody of whom all is *known*, or of somebody of whom nothing is."""
    hebrew = shop.settings.language == "he"
    always: dict[str, Value] = {"currency": _currency(shop), "points": 320 if known else 0, "orders": 7 if known else 0}
    if not known:
        return always | {
            "first_name": NAMELESS[shop.settings.language],
            "spent": format_minor(0, shop.settings.currency),
            "name": None,
            "last_name": None,
            "first_order": None,
            "last_order": None,
            "days_since_order": None,
            "top_category": None,
        }
    first, last = ("דנה", "לוי") if hebrew else ("Dana", "Levi")
    return always | {
        "name": f"{first} {last}",
        "first_name": first,
        "last_name": last,
        "spent": format_minor(123450, shop.settings.currency),
        "first_order": _day(shop, "2024-01-31"),
        "last_order": _day(shop, "2025-02-03"),
        "days_since_order": 27,
        "top_category": "קפה" if hebrew else "Coffee",
    }


def build(shop: Shop, contacts: Mapping[int, Contact], *, names: Collection[str]) -> dict[int, dict[str, Value]]:
    """The values of *names* for each of up to 500 customers; None where one is not known.

    The full ``name`` is always there, for the mail's own header. What is not in *names* is not asked for, and not kept.
    """
    facts: dict[int, dict[str, Value]] = {
        customer_id: _names(shop, contact) | {"currency": _currency(shop)} for customer_id, contact in contacts.items()
    }
    ids = list(contacts)
    if _OF_SUMMARIES & set(names):
        _add(facts, _summaries(shop, ids), missing=_summary(shop, 0, 0, None, None))
    if "points" in names:
        _add(facts, {one: {"points": points} for one, points in balances(shop, ids).items()}, missing={"points": 0})
    if "top_category" in names:
        _add(facts, _top_categories(ids), missing={"top_category": None})
    return {
        customer_id: {name: value for name, value in known.items() if name == "name" or name in names}
        for customer_id, known in facts.items()
    }


def _names(shop: Shop, contact: Contact) -> dict[str, Value]:
    known = [part for part in (contact.first_name, contact.last_name) if part]
    return {
        "name": " ".join(known) or None,
        "first_name": contact.first_name or NAMELESS[shop.settings.language],
        "last_name": contact.last_name or None,
    }


def _add(
    facts: dict[int, dict[str, Value]], found: Mapping[int, dict[str, Value]], *, missing: dict[str, Value]
) -> None:
    for customer_id, known in facts.items():
        known.update(found.get(customer_id, missing))


def _summaries(shop: Shop, ids: Sequence[int]) -> dict[int, dict[str, Value]]:
    """Orders in all currencies, and what was spent, after returns, in the shop's own."""
    found = rows(
        f"""SELECT customer_id, SUM(orders),
                SUM(CASE WHEN currency = ? THEN gross_minor - returns_minor ELSE 0 END),
                MIN(first_order_on), MAX(last_order_on)
            FROM customer_summaries WHERE customer_id IN ({_marks(ids)}) GROUP BY customer_id""",
        shop.settings.currency,
        *ids,
    )
    return {row[0]: _summary(shop, int(row[1]), int(row[2]), row[3], row[4]) for row in found}


def _summary(shop: Shop, orders: int, spent_minor: int, first: str | None, last: str | None) -> dict[str, Value]:
    return {
        "orders": orders,
        "spent": format_minor(spent_minor, shop.settings.currency),
        "first_order": _day(shop, first) if first else None,
        "last_order": _day(shop, last) if last else None,
        "days_since_order": (shop.clock.today() - date.fromisoformat(last)).days if last else None,
    }


def _top_categories(ids: Sequence[int]) -> dict[int, dict[str, Value]]:
    """The category that each customer bought from in the most orders; the first in the alphabet among equals."""
    found = rows(
        f"""SELECT orders.customer_id, products.category, COUNT(DISTINCT orders.id)
            FROM orders
            JOIN order_lines ON order_lines.order_id = orders.id AND order_lines.kind = 'sale'
            JOIN products ON products.id = order_lines.product_id AND products.category <> ''
            WHERE orders.customer_id IN ({_marks(ids)}) AND orders.is_sale = 1
            GROUP BY orders.customer_id, products.category
            ORDER BY orders.customer_id, COUNT(DISTINCT orders.id) DESC, products.category""",
        *ids,
    )
    top: dict[int, dict[str, Value]] = {}
    for customer_id, category, _ in found:
        top.setdefault(customer_id, {"top_category": category.rpartition(">")[2].strip()})
    return top


def _currency(shop: Shop) -> str:
    return _SYMBOLS.get(shop.settings.currency, shop.settings.currency)


def _day(shop: Shop, day: str) -> str:
    """An ISO day as the shop's customers read it."""
    year, month, number = (int(part) for part in day.split("-"))
    return f"{number}.{month}.{year}" if shop.settings.language == "he" else f"{number} {_MONTHS[month - 1]} {year}"


def _marks(values: Sequence[Any]) -> str:
    return ", ".join("?" * len(values))
