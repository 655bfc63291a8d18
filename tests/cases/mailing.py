"""A campaign as a person makes one: drafted, filled in, planned, approved and queued."""

from __future__ import annotations

from email import message_from_bytes, policy

from retainctl.config import Shop
from retainctl.outreach import mailings
from retainctl.outreach.drafts import CAMPAIGN, write_draft
from retainctl.outreach.planning import Plan


def ready(shop: Shop, name: str, *, audience: str) -> None:
    """A campaign to the segment *audience*, filled in."""
    path = write_draft(shop, name, kind="offer", audience=audience)
    text = path.read_text(encoding="utf-8").replace('why = ""', 'why = "חג"').replace('what = ""', 'what = "קפה"')
    path.write_text(text, encoding="utf-8")


def queued(shop: Shop, name: str) -> Plan:
    """Plan the campaign, approve that plan and put its letters into the outbox."""
    plan = mailings.plan(shop, CAMPAIGN, name)
    mailings.approve(shop, CAMPAIGN, name, plan.hash)
    mailings.send(shop, CAMPAIGN, name)
    return plan


def letters(shop: Shop) -> list[str]:
    """The address on each letter that went out, in order."""
    sent = [message_from_bytes(path.read_bytes(), policy=policy.SMTP) for path in shop.folder.glob("mail/*.eml")]
    return sorted(address.addr_spec for letter in sent for address in letter["To"].addresses)
