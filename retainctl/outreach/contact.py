"""Who may be written to: one ordered list of rules, for the plan, the claim and the dry run alike.

Each rule gets all who passed the rules before it, together, and refuses some with its reason. ``REASONS`` lists the
reasons in both languages. A customer who is planned or claimed has passed all rules; of somebody who is none, a
message's claim asks only whether anything may go to the address at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from retainctl.config import Shop
from retainctl.outreach.limits import over_budget
from retainctl.outreach.repeats import already_sent, written_to
from retainctl.shop.consent import Contact, Use, contacts
from retainctl.store.database import rows
from retainctl.store.dialect import one_of

Reason = Literal["merged", "no_address", "not_mailable", "suppressed", "no_consent", "already_sent", "budget"]

# Why somebody is not written to, with the labels for reports, in the order of the plan's rules.
REASONS: Final[Mapping[Reason, tuple[str, str]]] = {
    "merged": ("Merged into another customer", "אוחדו עם לקוח אחר"),
    "no_address": ("No address", "ללא כתובת"),
    "not_mailable": ("Unusable address", "כתובת לא תקינה"),
    "suppressed": ("Suppressed", "חסומים"),
    "no_consent": ("No consent", "ללא הסכמה"),
    "already_sent": ("Already sent", "כבר קיבלו"),
    "budget": ("Over the contact budget", "מעבר למכסה"),
}


@dataclass(frozen=True, slots=True)
class Ask:
    """The mailing to check for."""

    program: str
    name: str
    purpose: Use
    at: int


class Recipient(NamedTuple):
    """A customer to check and, once planned, the address and the customer id that they were planned with."""

    customer_id: int
    contact_point_id: int | None = None
    chosen_as: int | None = None


class Refusal(NamedTuple):
    """Why somebody is not written to, and until when; None means permanently."""

    reason: Reason
    until: int | None = None


_Contacts = Mapping[Recipient, Contact | None]
_ContactRule = Callable[[Shop, Ask, _Contacts], Mapping[Recipient, Refusal]]


def verdicts(shop: Shop, ask: Ask, people: Sequence[Recipient]) -> dict[Recipient, Contact | Refusal]:
    """The address for each of up to 500 *people*, or the refusal; customers that do not exist are left out."""
    known = contacts(list({one.customer_id for one in people}), purpose=ask.purpose, at=ask.at)
    standing = {one: _contact(known[one.customer_id], one) for one in people if one.customer_id in known}
    found: dict[Recipient, Contact | Refusal] = {}
    for rule in RULES:
        refused = rule(shop, ask, standing) if standing else {}
        found |= refused
        standing = {one: contact for one, contact in standing.items() if one not in refused}
    return found | {one: contact for one, contact in standing.items() if contact is not None}


def _contact(addresses: Sequence[Contact], person: Recipient) -> Contact | None:
    """The first of a customer's *addresses*, or the one that the person was planned with."""
    wanted = person.contact_point_id
    return next((one for one in addresses if wanted in (None, one.contact_point_id)), None)


def _merged(_shop: Shop, _ask: Ask, standing: _Contacts) -> dict[Recipient, Refusal]:
    condition, bound = one_of([one.customer_id for one, contact in standing.items() if contact is None])
    merged = {
        row[0] for row in rows(f"SELECT id FROM customers WHERE merged_into IS NOT NULL AND id {condition}", bound)
    }
    return {one: Refusal("merged") for one in standing if one.customer_id in merged}


def _no_address(_shop: Shop, _ask: Ask, standing: _Contacts) -> dict[Recipient, Refusal]:
    return {one: Refusal("no_address") for one, contact in standing.items() if contact is None}


def _objected(_shop: Shop, _ask: Ask, standing: _Contacts) -> dict[Recipient, Refusal]:
    """``not_mailable``, ``suppressed`` and ``no_consent``: the objections that ``contacts`` gives with an address."""
    return {
        one: Refusal(contact.objection)
        for one, contact in standing.items()
        if contact is not None and contact.objection
    }


def _already_sent(_shop: Shop, ask: Ask, standing: _Contacts) -> dict[Recipient, Refusal]:
    """For a plan, whoever got it or will; for somebody already planned, whoever got it under another customer id."""
    new = [one.customer_id for one in standing if one.chosen_as is None]
    chosen = [one.customer_id for one in standing if one.chosen_as is not None]
    sent = already_sent(ask.program, ask.name, new)
    written = written_to(ask.program, ask.name, chosen)
    return {
        one: Refusal("already_sent")
        for one in standing
        if (one.customer_id in sent if one.chosen_as is None else written.get(one.customer_id, set()) - {one.chosen_as})
    }


def _budget(shop: Shop, ask: Ask, standing: _Contacts) -> dict[Recipient, Refusal]:
    if ask.purpose == "service":
        return {}
    crowded = over_budget(shop, list({one.customer_id for one in standing}), at=ask.at)
    return {one: Refusal("budget", crowded[one.customer_id]) for one in standing if one.customer_id in crowded}


def _once(_shop: Shop, _ask: Ask, standing: _Contacts) -> dict[Recipient, Refusal]:
    """Of two recipients who were merged into one customer since the plan, the second."""
    first: dict[int, Recipient] = {}
    return {one: Refusal("already_sent") for one in standing if first.setdefault(one.customer_id, one) != one}


RULES: Final[tuple[_ContactRule, ...]] = (_merged, _no_address, _objected, _already_sent, _budget, _once)
