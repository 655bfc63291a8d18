"""Unsubscribing with a token, from the link in a message or from the subject of a reply."""

from __future__ import annotations

from retainctl.config import Shop
from retainctl.outreach import tokens
from retainctl.outreach.rendering import UNSUBSCRIBE
from retainctl.shop import consent
from retainctl.shop.consent_history import ConsentState, list_consent
from retainctl.store.database import rows
from retainctl.store.transactions import in_one_transaction


@in_one_transaction
def unsubscribe(shop: Shop, text: str, *, reason: str) -> list[ConsentState]:
    """Record the refusal that the token in *text* carries: for its address and for the purpose of its message.

    Repeating it changes nothing. Returns the customer's consent afterwards; BadData where the token is not valid.
    """
    point, _, mailing = tokens.verify(tokens.found_in(text), UNSUBSCRIBE, shop.clock.now()).partition(".")
    ((purpose, customer_id),) = rows(
        "SELECT mailings.purpose, contact_points.customer_id FROM mailings, contact_points"
        " WHERE mailings.id = ? AND contact_points.id = ?",
        int(mailing),
        int(point),
    )
    consent.revoke(shop, int(point), purpose=purpose, source="unsubscribe", evidence=reason)
    return list_consent(shop, str(customer_id))
