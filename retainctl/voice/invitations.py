"""Asking: a survey's invitations are planned, approved by their hash and queued, as campaigns are.

The same consent (for surveys), the same contact budget, quiet hours and outbox. Nobody is invited to a survey twice,
however often it is run: whoever came into its audience since is invited then.
"""

from __future__ import annotations

from retainctl.config import Shop
from retainctl.outreach import mailings, planning
from retainctl.rows import Row
from retainctl.store.transactions import in_one_transaction
from retainctl.voice.surveys import SURVEY


class Invited(Row, kind="survey_run"):
    """What a run of a survey gave to the outbox."""

    survey: str
    hash: str
    invitations: int


@in_one_transaction
def invite(shop: Shop, name: str, plan_hash: str) -> Invited:
    """Approve the plan with that hash and give it to the outbox, whole or not at all; ``outbox deliver`` sends it.

    Refused when anything differs from what was planned. A plan that was sent before makes nothing more.
    """
    known = planning.latest("survey", name)
    if known is None or known.sent_at is None or not known.plan_hash.startswith(plan_hash):
        mailings.approve(shop, SURVEY, name, plan_hash)
    sent = mailings.send(shop, SURVEY, name)
    return Invited(name, sent.hash, sent.messages)
