"""The context of a template: what it can show about a customer, as plain values, built for a batch of customers.

All channels and programs share it, so that a mail, a text message and a survey show the same values.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from retainctl import wording
from retainctl.clock import day_number, day_of
from retainctl.club.terms import read_club
from retainctl.config import Shop
from retainctl.facets import Attribute, Viewpoint, all_attributes, joins
from retainctl.money import format_minor, sign_of
from retainctl.outreach.templates import TemplateValue
from retainctl.shop.consent import Contact
from retainctl.store.database import rows
from retainctl.store.dialect import one_of


def example(shop: Shop, *, known: bool, language: str = "") -> dict[str, TemplateValue]:
    """A context with every name that exists, of a customer about whom everything is *known*, or nothing.

    It is in the shop's language unless another is named.
    """
    language = language or shop.settings.language
    place = 1 if language == "he" else 0
    context: dict[str, TemplateValue] = {"currency": _currency(shop)}
    for attribute in all_attributes().values():
        if attribute.example:
            # An unknown customer has bought and spent 0; days, names and categories are missing.
            of_nobody = 0 if attribute.kind in ("number", "money") else None
            cell = attribute.example[place] if known else of_nobody
            context[attribute.name] = (
                cell if attribute.kind == "days_since" else _value(shop, attribute, cell, language)
            )
    context["points_value"] = wording.amount(320, shop.settings.currency) if known else None
    return context | _name(context["first_name"], context["last_name"])


def build(
    shop: Shop, contacts: Mapping[int, Contact], *, names: Collection[str], languages: Collection[str] = ()
) -> dict[int, dict[str, TemplateValue]]:
    """The values of *names* for each of up to 500 customers; None where a value is unknown.

    The full ``name`` is always included, for the To header. Values that are not in *names* are not queried or kept.
    Where the message is there in other *languages* than the shop's, each context says in which its customer reads it.
    """
    own = shop.settings.language
    spoken = {
        one: contact.language if contact.language and contact.language in languages else own
        for one, contact in contacts.items()
    }
    asked = {*names, "points"} if "points_value" in names else names
    attributes = [
        one for one in all_attributes().values() if one.name in asked and one.example and one.name not in _OF_CONTACT
    ]
    known = {customer_id: _name(one.first_name, one.last_name) for customer_id, one in contacts.items()}
    if "currency" in names:
        for context in known.values():
            context["currency"] = _currency(shop)
    for customer_id, *cells in _cells(shop, attributes, list(contacts)) if attributes else ():
        for attribute, cell in zip(attributes, cells, strict=True):
            known[customer_id][attribute.name] = _value(shop, attribute, cell, spoken[customer_id])
    if "points_value" in names:
        terms = read_club(shop).on(shop.clock.today().isoformat())
        for context in known.values():
            worth = terms.value_minor(int(context["points"] or 0), shop.settings.currency)
            context["points_value"] = wording.amount(worth, shop.settings.currency) if worth else None
    if languages:
        for customer_id, context in known.items():
            context["language"] = spoken[customer_id]
    return {
        customer_id: {name: value for name, value in context.items() if name in _ALWAYS or name in names}
        for customer_id, context in known.items()
    }


_ALWAYS = ("name", "language")
_OF_CONTACT = ("first_name", "last_name")  # the plan has already read them


def _name(first: TemplateValue, last: TemplateValue) -> dict[str, TemplateValue]:
    return {
        "name": " ".join(str(part) for part in (first, last) if part) or None,
        "first_name": first or None,
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


def _value(shop: Shop, attribute: Attribute, cell: Any, language: str) -> TemplateValue:
    """The database value *cell*, as people write it in *language*; None stays None."""
    if cell is None:
        return None
    match attribute.kind:
        case "number":
            return int(cell)
        case "money":
            return format_minor(int(cell), shop.settings.currency)
        case "date":
            return wording.day_in_words(day_of(cell), language)
        case "days_since":
            return day_number(shop.clock.today()) - int(cell)
        case "category":
            # The catalogue is in the shop's language: in another, nobody is told of a category.
            return str(cell).rpartition(">")[2].strip() if language == shop.settings.language else None
        case _:
            return str(cell)


def _currency(shop: Shop) -> str:
    return sign_of(shop.settings.currency)
