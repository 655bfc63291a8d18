"""Refusals that come back with a token: by the link of a message, or as the subject of an answer to it."""

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
    """Record the refusal that the token in *text* stands for: of its address, for what its message was sent for.

    Once is as good as often. Shows what holds for the customer then; a token of somebody else's making is BadData.
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
