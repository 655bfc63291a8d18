"""Asking: a survey's invitations are planned, approved by their hash and queued, as campaigns are.

The same consent (for surveys), the same contact budget, quiet hours and outbox. Nobody is invited to a survey twice,
however often it is run: whoever came into its audience since is invited then.
"""

from __future__ import annotations

from collections.abc import Callable

from retainctl.audience.segments import member_ids
from retainctl.config import Shop
from retainctl.errors import BadData
from retainctl.outreach import planning
from retainctl.outreach.outbox.queueing import queue
from retainctl.outreach.planning import Plan
from retainctl.rows import Row
from retainctl.store.transactions import in_one_transaction
from retainctl.voice.surveys import SURVEYS, recipe_of


class Invited(Row, kind="survey_run"):
    """What a run of a survey gave to the outbox."""

    survey: str
    hash: str
    invitations: int


def plan(shop: Shop, name: str, *, dry_run: bool = False, advance: Callable[[int], None] = lambda _: None) -> Plan:
    """Choose who is invited and why everybody else is not; an invitation with faults is BadData."""
    defined = SURVEYS.read(shop, name)
    recipe = recipe_of(shop, defined)
    if found := list(SURVEYS.faults(shop, defined)):
        raise BadData(
            f"the survey {name} is not ready: {found[0].fault}", hint=f"See everything: retainctl surveys check {name}"
        )
    candidates = member_ids(shop, defined.value.audience, refreshed=not dry_run)
    return planning.plan(shop, recipe, candidates, dry_run=dry_run, advance=advance)


@in_one_transaction
def send(shop: Shop, name: str, plan_hash: str) -> Invited:
    """Approve the plan with that hash and give it to the outbox, whole or not at all; ``outbox deliver`` sends it.

    Refused when anything differs from what was planned. A plan that was sent before makes nothing more.
    """
    known = planning.latest("survey", name)
    if known is not None and known.sent_at is not None and known.plan_hash.startswith(plan_hash):
        return Invited(name, known.plan_hash[: planning.SHOWN_HASH], 0)
    mailing = planning.approve(shop, recipe_of(shop, SURVEYS.read(shop, name)), plan_hash)
    made = queue(shop, mailing.id)
    return Invited(name, mailing.plan_hash[: planning.SHOWN_HASH], made)
