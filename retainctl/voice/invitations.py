"""Invitations to a survey: planned, approved by their hash and queued, like campaigns.

Consent (for surveys), the contact budget, quiet hours and the outbox apply as usual. Nobody is invited to a survey
twice: a later run invites only those who joined its audience since.
"""

from __future__ import annotations

from retainctl.config import Shop
from retainctl.outreach import mailings, planning
from retainctl.rows import Row
from retainctl.store.transactions import in_one_transaction
from retainctl.voice.surveys import SURVEY


class Invited(Row, kind="survey_run"):
    """The invitations that a run of a survey queued."""

    survey: str
    hash: str
    invitations: int


def nobody(name: str, plan_hash: str) -> Invited:
    """What a run comes to whose plan has no recipients: nothing, and the plan is ended."""
    planning.withdraw("survey", name)
    return Invited(name, plan_hash, 0)


@in_one_transaction
def invite(shop: Shop, name: str, plan_hash: str) -> Invited:
    """Approve the plan with that hash and queue all of it or nothing; ``outbox deliver`` sends it.

    Refused when anything has changed since it was planned. A plan that was queued before is not queued again.
    """
    known = planning.latest("survey", name)
    if known is None or known.sent_at is None or not known.plan_hash.startswith(plan_hash):
        mailings.approve(shop, SURVEY, name, plan_hash)
    sent = mailings.send(shop, SURVEY, name)
    return Invited(name, sent.hash, sent.messages)
