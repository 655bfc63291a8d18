"""The mailings of any program, from a finished file to the outbox: plan, approve, send, pause, show. Nothing here
delivers a message."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from retainctl.audience.segments import member_ids
from retainctl.config import Shop
from retainctl.definitions import kind_of
from retainctl.errors import BadData, Refused, WrongUsage
from retainctl.outreach import planning
from retainctl.outreach.direction import as_written
from retainctl.outreach.outbox import recover
from retainctl.outreach.outbox.queueing import queue
from retainctl.outreach.planning import SHOWN_HASH
from retainctl.outreach.programs import CandidateOutcome, Program
from retainctl.outreach.rendering import links_of
from retainctl.outreach.templates import Rendered, Renderer, Templates
from retainctl.outreach.tokens import signer
from retainctl.rows import Row
from retainctl.store.database import execute, rows, value
from retainctl.store.dialect import rows_locked, streamed
from retainctl.store.outreach import Mailing, MailingState
from retainctl.store.transactions import in_one_transaction


class CandidateRow(Row, kind="mailing_candidate"):
    """One candidate of a plan: the outcome, and the reason that a recipient reads."""

    customer: int
    outcome: CandidateOutcome
    reason: str


class Sample(Row, kind="mailing_sample"):
    """The message for one recipient."""

    customer: int
    reason: str
    subject: str
    text: str


class Changed(Row, kind="mailing_state"):
    """The state of a mailing after a command."""

    name: str
    state: MailingState
    hash: str
    messages: int


def plan(
    shop: Shop, program: Program, name: str, *, dry_run: bool = False, advance: Callable[[int], None] = lambda _: None
) -> planning.Plan:
    """Choose the recipients, with a reason for everybody excluded; BadData where the file has faults."""
    recipe = program.recipe(shop, name)
    if recipe.defined and (faults := list(kind_of(program.name).faults(shop, recipe.defined))):
        more = f", and {len(faults) - 1} more" if len(faults) > 1 else ""
        raise BadData(
            f"the {program.name} {name} is not ready: {faults[0].fault}{more}",
            hint=f"See all faults: retainctl {program.commands} check {name}",
        )
    candidates = member_ids(shop, recipe.audience, refreshed=not dry_run)
    return planning.plan(shop, recipe, candidates, dry_run=dry_run, advance=advance)


def approve(shop: Shop, program: Program, name: str, plan_hash: str) -> Changed:
    """Approve the plan with that hash; Refused when anything differs from what was planned."""
    return _changed(planning.approve(shop, program.recipe(shop, name), plan_hash))


@in_one_transaction
def send(shop: Shop, program: Program, name: str, *, dry_run: bool = False) -> Changed:
    """Queue all messages of an approved mailing or none; ``outbox deliver`` sends them.

    Refused when it is not approved, or has changed since. Sending again queues nothing twice.
    """
    mailing = _latest(program, name)
    if mailing.state == "planned":
        raise Refused(
            f"the {program.name} {name} is not approved",
            hint=f"Review it, then: retainctl {program.commands} approve {name} {mailing.plan_hash[:SHOWN_HASH]}",
        )
    if mailing.state != "approved":
        return _changed(mailing)
    planning.refuse_changes(mailing, program.recipe(shop, name))
    if dry_run:
        count = value("SELECT COUNT(*) FROM recipients WHERE mailing_id = ? AND excluded = ''", mailing.id)
        return _changed(mailing, messages=int(count))
    made = queue(shop, mailing.id)
    return _changed(Mailing.get_by_id(mailing.id), messages=made)


def pause(program: Program, name: str, *, reason: str = "by hand") -> Changed:
    """Pause the mailing: nothing more is sent until it is resumed. Pausing twice changes nothing."""
    return _move(program, name, before="active", after="paused", reason=reason)


def resume(program: Program, name: str) -> Changed:
    """Resume a paused mailing."""
    return _move(program, name, before="paused", after="active", reason="")


def cancel(shop: Shop, program: Program, name: str) -> Changed:
    """End for good what was approved or paused: whatever of it still waits is never sent; how many messages that were.

    Refused where nothing is approved or paused. Whoever was not written to may be planned again. Killed on the way, the
    next run of the sender ends the rest.
    """
    newest, ended = _cancel(program, name)
    messages = sum(recover.end(shop, one, "cancelled", recover.CANCELLED, by=None)["cancelled"] for one in ended)
    return _changed(newest, messages=messages)


@in_one_transaction
def _cancel(program: Program, name: str) -> tuple[Mailing, list[int]]:
    """The newest mailing that was cancelled, and the ids of all that were."""
    here = "program = ? AND name = ? AND state IN ('approved', 'paused')"
    found = [
        one for (one,) in rows(f"SELECT id FROM mailings WHERE {here} ORDER BY id{rows_locked()}", program.name, name)
    ]
    if not found:
        mailing = _latest(program, name)
        if mailing.state == "active":
            raise Refused(
                f"the {program.name} {name} is being sent",
                hint=f"Pause it first: retainctl {program.commands} pause {name}",
            )
        raise Refused(
            f"the {program.name} {name} is not approved, so that nothing of it can be sent",
            hint=f"A new plan takes the place of this one: retainctl {program.commands} plan {name}",
        )
    execute(f"UPDATE mailings SET state = 'cancelled' WHERE {here}", program.name, name)
    return Mailing.get_by_id(found[-1]), found


def outcomes(program: Program, name: str) -> list[Any]:
    """The candidates of the latest plan counted by outcome, as rows of the program's own type."""
    mailing = _latest(program, name)
    counts: Counter[str] = Counter()
    for excluded, number in rows(
        "SELECT excluded, COUNT(*) FROM recipients WHERE mailing_id = ? GROUP BY excluded", mailing.id
    ):
        counts[excluded or "planned"] += number
    for state, number in rows("SELECT state, COUNT(*) FROM outbox WHERE mailing_id = ? GROUP BY state", mailing.id):
        counts[state] += number
        counts["planned"] -= number
    plan_hash = mailing.plan_hash[:SHOWN_HASH]
    return [
        program.outcome(name, mailing.state, plan_hash, outcome, number)
        for outcome, number in sorted(counts.items())
        if number
    ]


def candidates(program: Program, name: str) -> Iterator[CandidateRow]:
    """Every candidate of the latest plan with the outcome; recipients with the reason that they read."""
    mailing = _latest(program, name)
    renderer = Renderer(Templates.from_json(mailing.templates))
    for customer_id, excluded, state, context in streamed(
        """SELECT r.customer_id, r.excluded, o.state, r.context
           FROM recipients r LEFT JOIN outbox o ON o.mailing_id = r.mailing_id AND o.customer_id = r.customer_id
           WHERE r.mailing_id = ? ORDER BY r.customer_id""",
        mailing.id,
    ):
        reason = "" if excluded else as_written(renderer.reason(json.loads(context)))
        yield CandidateRow(customer_id, excluded or state or "planned", reason)


def samples(program: Program, name: str, count: int) -> list[Sample]:
    """The messages for the first *count* recipients of the latest plan."""
    return [
        Sample(customer_id, rendered.reason, rendered.subject, rendered.text)
        for customer_id, rendered in _rendered(program, name, count)
    ]


def picture(program: Program, name: str, number: int) -> str:
    """The HTML of the message for the recipient *number* of the latest plan, as it will come."""
    found = list(_rendered(program, name, number))
    if len(found) < number:
        raise WrongUsage(f"the plan of {name} has {len(found)} recipients, and no recipient {number}")
    return found[-1][1].html


def _rendered(program: Program, name: str, count: int) -> Iterator[tuple[int, Rendered]]:
    mailing = _latest(program, name)
    templates = Templates.from_json(mailing.templates)
    renderer, signs = Renderer(templates), signer(mailing.planned_at)
    for customer_id, contact_point_id, context in rows(
        "SELECT customer_id, contact_point_id, context FROM recipients"
        " WHERE mailing_id = ? AND excluded = '' ORDER BY customer_id LIMIT ?",
        mailing.id,
        count,
    ):
        links = links_of(templates.letterhead, mailing, contact_point_id, customer_id, signs)
        yield customer_id, renderer.render({**json.loads(context), **links})


def proof(found: Sequence[Sample]) -> str:
    """Messages as text for a person to read, one below the other."""
    return "\n\n".join(f"{one.customer}: {one.subject}\n\n{one.text.strip()}" for one in found) + "\n"


def _latest(program: Program, name: str) -> Mailing:
    mailing = planning.latest(program.name, name)
    if mailing is None:
        raise WrongUsage(
            f"the {program.name} {name} has no plan", hint=f"Make one: retainctl {program.commands} plan {name}"
        )
    return mailing


def _changed(mailing: Mailing, *, messages: int = 0) -> Changed:
    return Changed(mailing.name, mailing.stands, mailing.plan_hash[:SHOWN_HASH], messages)


@in_one_transaction
def _move(program: Program, name: str, *, before: str, after: str, reason: str) -> Changed:
    """Pause or resume every mailing of *name* that was sent, even while a newer plan waits; returns the newest."""
    under_way = (Mailing.program == program.name) & (Mailing.name == name) & Mailing.state.in_(["active", "paused"])
    mailing = Mailing.select().where(under_way).order_by(Mailing.id.desc()).first()
    if mailing is None:
        if not Mailing.select().where((Mailing.program == program.name) & (Mailing.name == name)).exists():
            raise WrongUsage(
                f"no {program.name} {name} was planned", hint=f"List them: retainctl {program.commands} list"
            )
        raise Refused(
            f"the {program.name} {name} is not active", hint=f"Show its state: retainctl {program.commands} show {name}"
        )
    move = "UPDATE mailings SET state = ?, pause_reason = ? WHERE program = ? AND name = ? AND state = ?"
    execute(move, after, reason, program.name, name, before)
    return _changed(Mailing.get_by_id(mailing.id))
