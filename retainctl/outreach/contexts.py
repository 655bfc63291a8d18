"""The context of a template: what it can show about a customer, as plain values, built for a batch of customers.

All channels and programs share it, so that a mail, a text message and a survey show the same values.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

from retainctl.clock import day_number, day_of
from retainctl.config import Shop
from retainctl.facets import Attribute, Viewpoint, all_attributes, joins
from retainctl.money import SIGNS, format_minor
from retainctl.outreach.templates import TemplateValue
from retainctl.shop.consent import Contact
from retainctl.store.database import rows
from retainctl.store.dialect import one_of

# What replaces an unknown first name, in the language of the shop.
NAMELESS = {"he": "לקוח/ה יקר/ה", "en": "dear customer"}

_MONTHS = "January February March April May June July August September October November December".split()


def example(shop: Shop, *, known: bool) -> dict[str, TemplateValue]:
    """A context with every name that exists, of a customer about whom everything is *known*, or nothing."""
    place = 1 if shop.settings.language == "he" else 0
    context: dict[str, TemplateValue] = {"currency": _currency(shop)}
    for attribute in all_attributes().values():
        if attribute.example:
            # An unknown customer has bought and spent 0; days, names and categories are missing.
            of_nobody = 0 if attribute.kind in ("number", "money") else None
            cell = attribute.example[place] if known else of_nobody
            context[attribute.name] = cell if attribute.kind == "days_since" else _value(shop, attribute, cell)
    return context | _name(context["first_name"], context["last_name"], shop)


def build(
    shop: Shop, contacts: Mapping[int, Contact], *, names: Collection[str]
) -> dict[int, dict[str, TemplateValue]]:
    """The values of *names* for each of up to 500 customers; None where a value is unknown.

    The full ``name`` is always included, for the To header. Values that are not in *names* are not queried or kept.
    """
    attributes = [
        one for one in all_attributes().values() if one.name in names and one.example and one.name not in _OF_CONTACT
    ]
    known = {customer_id: _name(one.first_name, one.last_name, shop) for customer_id, one in contacts.items()}
    if "currency" in names:
        for context in known.values():
            context["currency"] = _currency(shop)
    for customer_id, *cells in _cells(shop, attributes, list(contacts)) if attributes else ():
        for attribute, cell in zip(attributes, cells, strict=True):
            known[customer_id][attribute.name] = _value(shop, attribute, cell)
    return {
        customer_id: {name: value for name, value in context.items() if name == "name" or name in names}
        for customer_id, context in known.items()
    }


_OF_CONTACT = ("first_name", "last_name")  # the plan has already read them


def _name(first: TemplateValue, last: TemplateValue, shop: Shop) -> dict[str, TemplateValue]:
    return {
        "name": " ".join(str(part) for part in (first, last) if part) or None,
        "first_name": first or NAMELESS[shop.settings.language],
        "last_name": last or None,
    }


def _cells(shop: Shop, attributes: Sequence[Attribute], ids: Sequence[int]) -> list[tuple[Any, ...]]:
    """The values of *attributes* in the database, one row per customer."""
    question = Viewpoint(shop.clock.now(), shop.clock.today(), shop.settings.currency, customer_ids=ids)
    joined, values = joins((one.source for one in attributes if one.source), question)
    condition, bound_ids = one_of(list(ids))
    return rows(
        f"SELECT c.id, {', '.join(one.sql for one in attributes)} FROM customers c{joined} WHERE c.id {condition}",
        *values,
        bound_ids,
    )


def _value(shop: Shop, attribute: Attribute, cell: Any) -> TemplateValue:
    """The database value *cell*, formatted for the shop's customers; None stays None."""
    if cell is None:
        return None
    match attribute.kind:
        case "number":
            return int(cell)
        case "money":
            return format_minor(int(cell), shop.settings.currency)
        case "date":
            return _day(shop, day_of(cell))
        case "days_since":
            return day_number(shop.clock.today()) - int(cell)
        case "category":
            return str(cell).rpartition(">")[2].strip()
        case _:
            return str(cell)


def _currency(shop: Shop) -> str:
    return SIGNS.get(shop.settings.currency, shop.settings.currency)


def _day(shop: Shop, day: date) -> str:
    """A day, formatted for the shop's customers."""
    if shop.settings.language == "he":
        return f"{day.day}.{day.month}.{day.year}"
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
