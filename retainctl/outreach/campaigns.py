"""Campaigns from draft to outbox: check, plan, approve, send, pause. Nothing here sends a message by itself."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from retainctl.audience.segments import member_ids
from retainctl.config import Shop
from retainctl.definitions import Fault
from retainctl.errors import BadData, Refused, RetainError, WrongUsage
from retainctl.outreach import drafts, planning
from retainctl.outreach.drafts import CAMPAIGNS
from retainctl.outreach.outbox.queueing import queue
from retainctl.outreach.rendering import links_of
from retainctl.outreach.samples import CampaignKind
from retainctl.outreach.templates import Renderer, Templates
from retainctl.outreach.tokens import signer
from retainctl.rows import Row
from retainctl.store.database import execute, rows, value
from retainctl.store.outreach import Mailing
from retainctl.store.transactions import in_one_transaction


class CampaignRow(Row, kind="campaign"):
    """One campaign; its state is ``draft`` before the first plan, then planned, approved, active or paused;
    ``faulty`` where its file cannot be read."""

    name: str
    type: str
    audience: str
    state: str
    hash: str
    planned_at: str | None
    recipients: int


class Outcome(Row, kind="campaign_outcome"):
    """How many of a plan's candidates came to what: sent, waiting, or left out for a reason. They add up."""

    campaign: str
    state: str
    hash: str
    outcome: str
    customers: int


class Candidate(Row, kind="campaign_candidate"):
    """One candidate of a plan: what became of them, and a recipient's own reason."""

    customer: int
    outcome: str
    reason: str


class Sample(Row, kind="campaign_sample"):
    """What one recipient will read."""

    customer: int
    reason: str
    subject: str
    text: str


class Changed(Row, kind="campaign_state"):
    """What a command made of a campaign."""

    name: str
    state: str
    hash: str
    messages: int


def draft(shop: Shop, name: str, *, kind: CampaignKind, audience: str) -> Path:
    """Write a new campaign's file, and say where it is."""
    return drafts.write_draft(shop, name, kind=kind, audience=audience)


def check(shop: Shop, name: str) -> list[Fault]:
    """Everything that keeps the campaign from being planned."""
    return list(CAMPAIGNS.faults(shop, CAMPAIGNS.read(shop, name)))


def plan(
    shop: Shop, name: str, *, dry_run: bool = False, advance: Callable[[int], None] = lambda _: None
) -> planning.Plan:
    """Choose who gets the campaign and why everybody else does not; a draft with faults is BadData."""
    defined = CAMPAIGNS.read(shop, name)
    if faults := list(CAMPAIGNS.faults(shop, defined)):
        more = f", and {len(faults) - 1} more" if len(faults) > 1 else ""
        raise BadData(
            f"the campaign {name} is not ready: {faults[0].fault}{more}",
            hint=f"See everything: retainctl campaigns check {name}",
        )
    candidates = member_ids(shop, defined.value.front.audience, refreshed=not dry_run)
    return planning.plan(shop, drafts.recipe_of(shop, defined), candidates, dry_run=dry_run, advance=advance)


def approve(shop: Shop, name: str, plan_hash: str) -> Changed:
    """Approve the plan with that hash; Refused when anything differs from what was planned."""
    recipe = drafts.recipe_of(shop, CAMPAIGNS.read(shop, name))
    return _changed(planning.approve(shop, recipe, plan_hash))


@in_one_transaction
def send(shop: Shop, name: str, *, dry_run: bool = False) -> Changed:
    """Give an approved campaign to the outbox, whole or not at all; ``outbox deliver`` sends it.

    Refused when it is not approved, or has changed since. Sending again makes no second row for anybody.
    """
    mailing = _latest(name)
    if mailing.state == "planned":
        raise Refused(
            f"the campaign {name} is not approved",
            hint=f"Look at it, then: retainctl campaigns approve {name} {mailing.plan_hash[: planning.SHOWN_HASH]}",
        )
    if mailing.state != "approved":
        return _changed(mailing)
    planning.refuse_changes(mailing, drafts.recipe_of(shop, CAMPAIGNS.read(shop, name)))
    if dry_run:
        return _changed(mailing, messages=_recipients(mailing))
    made = queue(shop, mailing.id)
    return _changed(Mailing.get_by_id(mailing.id), messages=made)


def pause(name: str, *, reason: str = "by hand") -> Changed:
    """Let nothing more of the campaign go out until it is resumed; pausing twice changes nothing."""
    return _move(name, before="active", after="paused", reason=reason)


def resume(name: str) -> Changed:
    """Let a paused campaign go on."""
    return _move(name, before="paused", after="active", reason="")


def list_campaigns(shop: Shop) -> list[CampaignRow]:
    """Every campaign that has a file."""
    return [_row(shop, name) for name in CAMPAIGNS.names(shop.folder)]


def outcomes(name: str) -> list[Outcome]:
    """What became of each candidate of the campaign's latest plan, counted."""
    mailing = _latest(name)
    counts: Counter[str] = Counter()
    for excluded, number in rows(
        "SELECT excluded, COUNT(*) FROM recipients WHERE mailing_id = ? GROUP BY excluded", mailing.id
    ):
        counts[excluded or "planned"] += number
    for state, number in rows("SELECT state, COUNT(*) FROM outbox WHERE mailing_id = ? GROUP BY state", mailing.id):
        counts[state] += number
        counts["planned"] -= number
    plan_hash = mailing.plan_hash[: planning.SHOWN_HASH]
    return [
        Outcome(name, mailing.state, plan_hash, outcome, number) for outcome, number in sorted(counts.items()) if number
    ]


def candidates(name: str) -> Iterator[Candidate]:
    """Every candidate of the latest plan, with what became of them; recipients with the reason they are given."""
    mailing = _latest(name)
    renderer = Renderer(Templates.from_json(mailing.templates))
    after = 0
    while batch := rows(
        """SELECT r.customer_id, r.excluded, o.state, r.context
           FROM recipients r LEFT JOIN outbox o ON o.mailing_id = r.mailing_id AND o.customer_id = r.customer_id
           WHERE r.mailing_id = ? AND r.customer_id > ? ORDER BY r.customer_id LIMIT 500""",
        mailing.id,
        after,
    ):
        for customer_id, excluded, state, context in batch:
            reason = "" if excluded else renderer.reason(json.loads(context))
            yield Candidate(customer_id, excluded or state or "planned", reason)
        after = batch[-1][0]


def samples(name: str, count: int) -> list[Sample]:
    """What the first *count* recipients of the latest plan will read."""
    mailing = _latest(name)
    templates = Templates.from_json(mailing.templates)
    renderer, signs = Renderer(templates), signer(mailing.planned_at)
    found = []
    for customer_id, contact_point_id, context in rows(
        "SELECT customer_id, contact_point_id, context FROM recipients"
        " WHERE mailing_id = ? AND excluded = '' ORDER BY customer_id LIMIT ?",
        mailing.id,
        count,
    ):
        links = links_of(templates.letterhead, mailing, contact_point_id, customer_id, signs)
        rendered = renderer.render({**json.loads(context), **links})
        found.append(Sample(customer_id, rendered.reason, rendered.subject, rendered.text))
    return found


def proof(found: Sequence[Sample]) -> str:
    """Messages as a person reads them, one under the other."""
    return "\n\n".join(f"{one.customer}: {one.subject}\n\n{one.text.strip()}" for one in found) + "\n"


def _latest(name: str) -> Mailing:
    mailing = planning.latest("campaign", name)
    if mailing is None:
        raise WrongUsage(f"the campaign {name} has no plan", hint=f"Make one: retainctl campaigns plan {name}")
    return mailing


def _changed(mailing: Mailing, *, messages: int = 0) -> Changed:
    return Changed(mailing.name, mailing.state, mailing.plan_hash[: planning.SHOWN_HASH], messages)


@in_one_transaction
def _move(name: str, *, before: str, after: str, reason: str) -> Changed:
    """Move the campaign that is under way, even where a newer plan waits for its approval."""
    under_way = (Mailing.program == "campaign") & (Mailing.name == name) & Mailing.state.in_(["active", "paused"])
    mailing = Mailing.select().where(under_way).order_by(Mailing.id.desc()).first()
    if mailing is None:
        raise Refused(f"the campaign {name} is not under way", hint=f"See its state: retainctl campaigns show {name}")
    if mailing.state == before:
        execute("UPDATE mailings SET state = ?, pause_reason = ? WHERE id = ?", after, reason, mailing.id)
        mailing.state = after
    return _changed(mailing)


def _row(shop: Shop, name: str) -> CampaignRow:
    try:
        front = CAMPAIGNS.read(shop, name).value.front
    except RetainError:
        return CampaignRow(name, "", "", "faulty", "", None, 0)
    mailing = planning.latest("campaign", name)
    if mailing is None:
        return CampaignRow(name, front.kind, front.audience, "draft", "", None, 0)
    return CampaignRow(
        name,
        front.kind,
        front.audience,
        mailing.state,
        mailing.plan_hash[: planning.SHOWN_HASH],
        shop.clock.iso(mailing.planned_at),
        _recipients(mailing),
    )


def _recipients(mailing: Mailing) -> int:
    return int(value("SELECT COUNT(*) FROM recipients WHERE mailing_id = ? AND excluded = ''", mailing.id))
