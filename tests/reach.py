"""Where customers are written to, as tests ask it."""

from __future__ import annotations

from collections.abc import Sequence

from retainctl.shop.consent import AddressKind, Contact, Use, contacts
from retainctl.store.database import value


def contactable(
    customer_ids: Sequence[int], *, kind: AddressKind = "email", purpose: Use, at: int
) -> dict[int, Contact | str]:
    """Where each customer is written to at *at*, or the reason why not."""
    found = contacts(customer_ids, kind=kind, purpose=purpose, at=at)
    return {one: (known[0].objection or known[0]) if known else _unreachable(one) for one, known in found.items()}


def _unreachable(customer_id: int) -> str:
    return "no_address" if value("SELECT merged_into FROM customers WHERE id = ?", customer_id) is None else "merged"
