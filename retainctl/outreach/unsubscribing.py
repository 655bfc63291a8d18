"""Unsubscribing with a token, from the link in a message or from the subject of a reply."""

from __future__ import annotations

from retainctl.config import Shop
from retainctl.errors import BadData
from retainctl.outreach import tokens
from retainctl.outreach.rendering import UNSUBSCRIBE
from retainctl.shop import consent
from retainctl.shop.consent_history import ConsentState, list_consent
from retainctl.store.database import rows
from retainctl.store.transactions import in_one_transaction


@in_one_transaction
def unsubscribe(shop: Shop, text: str, *, reason: str) -> list[ConsentState]:
    """Record the refusal that the token in *text* carries, for its address: of advertisements and of surveys alike.

    Who asks to be taken off the list means the list, whichever message they answered. Repeating it changes nothing.
    Returns the customer's consent afterwards; BadData where the token is not valid, or its address is not known any
    more.
    """
    point, _, _mailing = tokens.verify(tokens.found_in(text), UNSUBSCRIBE, shop.clock.now()).partition(".")
    owners = rows("SELECT customer_id FROM contact_points WHERE id = ?", int(point))
    if not owners:
        raise BadData(
            "the token is of an address that is not in this shop's database; nothing was recorded",
            hint="Name the address: retainctl consent revoke ADDRESS --reason TEXT",
        )
    for purpose in consent.PURPOSES:
        consent.revoke(shop, int(point), purpose=purpose, source="unsubscribe", evidence=reason)
    return list_consent(shop, str(owners[0][0]))
