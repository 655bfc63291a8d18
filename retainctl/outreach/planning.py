"""A plan: who gets a mailing and why everybody else does not, stored so that it can be approved.

Campaigns and surveys plan alike. Every candidate becomes one row: a recipient with the values that the templates need,
or excluded with the first reason that applies. The plan's hash covers the meaning of the file, the templates with the
sender, and the recipients; approval is of that hash. Recipients can still drop out (the claim checks them again), but
none can be added.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from operator import itemgetter
from typing import NamedTuple

from retainctl.config import Shop
from retainctl.definitions import content_of, keep, kind_of
from retainctl.errors import Refused, TryLater
from retainctl.outreach import contexts
from retainctl.outreach.contact import REASONS, Ask, Recipient, verdicts
from retainctl.outreach.programs import Recipe, program_of
from retainctl.outreach.templates import Templates, names_used
from retainctl.rows import Row
from retainctl.shop.consent import BATCH_SIZE, Contact
from retainctl.store.database import execute, rows, value
from retainctl.store.dialect import hold_lock, insert_many, rows_locked, streamed
from retainctl.store.outreach import Mailing
from retainctl.store.transactions import in_one_transaction, writing

SHOWN_HASH = 16  # hexadecimal digits
_WRITTEN_AT_ONCE = 5_000


class Plan(Row, kind="plan"):
    """Who gets a mailing: candidates = recipients + those excluded, by reason; and how many get it in Hebrew, and in
    English."""

    name: str
    hash: str
    candidates: int
    recipients: int
    merged: int
    no_address: int
    not_mailable: int
    suppressed: int
    no_consent: int
    already_sent: int
    budget: int
    he: int
    en: int


def plan(
    shop: Shop,
    recipe: Recipe,
    candidates: Sequence[int],
    *,
    dry_run: bool = False,
    advance: Callable[[int], None] = lambda _: None,
) -> Plan:
    """Plan *recipe* for *candidates* (customer ids, in order), replacing an older plan that was not sent.

    The templates must have been tried (``sandbox``). Each batch is written by itself, and the plan is valid only when
    its hash is written last: an interrupted plan is ignored, and the next one removes it. *advance* gets the number of
    candidates of each step. A dry run counts, and writes nothing.
    """
    mailing_id = None if dry_run else _begin(shop, recipe)
    whole = _digest(recipe)
    names = names_used(recipe.templates)
    counts: Counter[str] = Counter()
    languages: Counter[str] = Counter()
    unwritten: list[_Chosen] = []
    for batch in _batches(candidates):
        chosen = _choose(shop, recipe, batch, names=names)
        for one in chosen:
            counts[one.excluded] += 1
            if not one.excluded:
                languages[one.language] += 1
                whole.update(_who(one.customer_id, one.contact_point_id))
        unwritten += chosen
        if len(unwritten) >= _WRITTEN_AT_ONCE:
            _write(mailing_id, unwritten)
            unwritten = []
        advance(len(batch))
    _write(mailing_id, unwritten)
    if mailing_id is not None:
        _end(recipe, mailing_id, plan_hash=whole.hexdigest())
    return Plan(
        recipe.name,
        whole.hexdigest()[:SHOWN_HASH],
        sum(counts.values()),
        counts[""],
        **{reason: counts[reason] for reason in REASONS},
        he=languages["he"],
        en=languages["en"],
    )


def latest(program: str, name: str) -> Mailing | None:
    """The newest complete plan of *name*, in any state but cancelled."""
    found: Mailing | None = (
        Mailing.select()
        .where(Mailing.program == program, Mailing.name == name, Mailing.state != "cancelled", Mailing.plan_hash != "")
        .order_by(Mailing.id.desc())
        .first()
    )
    return found


def last_run(program: str, name: str) -> int | None:
    """The id of the definition version that *name* was last planned with."""
    found: int | None = value(
        "SELECT definition_id FROM mailings WHERE program = ? AND name = ? ORDER BY id DESC LIMIT 1", program, name
    )
    return found


@in_one_transaction
def approve(shop: Shop, recipe: Recipe, plan_hash: str) -> Mailing:
    """Approve the plan of *recipe* with *plan_hash*, if the file, the templates and the recipients have not changed.

    Refused otherwise. Approving twice changes nothing.
    """
    mailing = latest(recipe.program, recipe.name)
    if mailing is None or mailing.state not in ("planned", "approved"):
        raise Refused(
            f"the {recipe.program} {recipe.name} has no plan waiting for approval",
            hint=f"Make one: {_command(recipe)}",
        )
    if len(plan_hash) < SHOWN_HASH or not mailing.plan_hash.startswith(plan_hash.lower()):
        raise Refused(
            f"the plan of {recipe.name} has the hash {mailing.plan_hash[:SHOWN_HASH]}, not {plan_hash}",
            hint="Review the plan before you approve it.",
        )
    refuse_changes(mailing, recipe)
    if mailing.state == "planned":
        approved = "UPDATE mailings SET state = 'approved', approved_at = ? WHERE id = ? AND state = 'planned'"
        if execute(approved, shop.clock.now(), mailing.id).rowcount != 1:
            raise Refused(
                f"the plan of {recipe.name} was approved or withdrawn meanwhile", hint="Review the newest plan."
            )
        mailing.state = "approved"
    return mailing


def refuse_changes(mailing: Mailing, recipe: Recipe) -> None:
    """Refused where the file, the templates, the sender or the recipients have changed since *mailing* was planned."""
    whole = _digest(recipe)
    recipients = "SELECT customer_id, contact_point_id FROM recipients WHERE mailing_id = ? AND excluded = ''"
    for customer_id, contact_point_id in streamed(f"{recipients} ORDER BY customer_id", mailing.id):
        whole.update(_who(customer_id, contact_point_id))
    if whole.hexdigest() != mailing.plan_hash:
        moved = Templates.from_json(mailing.templates).letterhead != recipe.templates.letterhead
        what = f"the sender or the time zone of the {recipe.program}" if moved else f"the {recipe.program}"
        raise Refused(
            f"{what} {recipe.name} has changed since it was planned",
            hint=f"Plan it again, review it, and approve the new plan: {_command(recipe)}",
        )


def _command(recipe: Recipe) -> str:
    return f"retainctl {program_of(recipe.program).commands} plan {recipe.name}"


@in_one_transaction
def withdraw(program: str, name: str) -> None:
    """End the plans of *name* that were not sent, as if they had not been made."""
    for (old,) in rows(
        "SELECT id FROM mailings WHERE program = ? AND name = ? AND state IN ('planned', 'approved')"
        f" AND sent_at IS NULL ORDER BY id{rows_locked()}",
        program,
        name,
    ):
        execute("UPDATE mailings SET state = 'cancelled' WHERE id = ?", old)
        execute("DELETE FROM recipients WHERE mailing_id = ?", old)


class _Chosen(NamedTuple):
    """A candidate that exists, and the language of the message; without that, a row of the plan."""

    customer_id: int
    contact_point_id: int | None
    excluded: str
    context: str
    language: str = ""


def _batches(candidates: Sequence[int]) -> Iterator[list[int]]:
    """Batches of *candidates*, in order, without duplicates."""
    ids = list(dict.fromkeys(candidates))
    assert ids == sorted(ids), "candidates come in the order of their ids"
    for first in range(0, len(ids), BATCH_SIZE):
        yield ids[first : first + BATCH_SIZE]


def _choose(shop: Shop, recipe: Recipe, batch: list[int], *, names: Collection[str]) -> list[_Chosen]:
    """Each of *batch* that exists, as a recipient or excluded."""
    ask = Ask(recipe.program, recipe.name, recipe.purpose, shop.clock.now())
    found = verdicts(shop, ask, [Recipient(one) for one in batch])
    kept = {person.customer_id: one for person, one in found.items() if isinstance(one, Contact)}
    known = contexts.build(shop, kept, names=names, languages=recipe.templates.translations) if kept else {}
    chosen = []
    for (customer_id, *_), one in sorted(found.items(), key=itemgetter(0)):
        if isinstance(one, Contact):
            context = known[customer_id]
            language = str(context.get("language", shop.settings.language))
            told = json.dumps(context, ensure_ascii=False)
            chosen.append(_Chosen(customer_id, one.contact_point_id, "", told, language))
        else:
            chosen.append(_Chosen(customer_id, None, one.reason, "{}"))
    return chosen


@in_one_transaction
def _begin(shop: Shop, recipe: Recipe) -> int:
    """Create the new plan, without its hash, in the place of older ones of the name that were not sent."""
    hold_lock(f"plan of {recipe.program} {recipe.name}")  # of two at once the later one sees the earlier one's
    withdraw(recipe.program, recipe.name)
    mailing = Mailing.create(
        program=recipe.program,
        name=recipe.name,
        class_="transactional" if recipe.purpose == "service" else "marketing",
        purpose=recipe.purpose,
        state="planned",
        definition_id=keep(kind_of(recipe.program), recipe.defined, now=shop.clock.now()) if recipe.defined else None,
        templates=recipe.templates.to_json(),
        plan_hash="",
        unknown_policy=recipe.unknown_policy,
        planned_at=shop.clock.now(),
        not_after=recipe.not_after,
    )
    return int(mailing.id)


def _write(mailing_id: int | None, chosen: list[_Chosen]) -> None:
    if mailing_id is None:
        return  # a dry run
    with writing():
        insert_many(
            "recipients",
            "mailing_id customer_id contact_point_id excluded context",
            [(mailing_id, *one[:4]) for one in chosen],
        )


def _end(recipe: Recipe, mailing_id: int, *, plan_hash: str) -> None:
    with writing():
        finished = execute(
            "UPDATE mailings SET plan_hash = ? WHERE id = ? AND state = 'planned' AND plan_hash = ''",
            plan_hash,
            mailing_id,
        )
        if finished.rowcount != 1:
            execute("DELETE FROM recipients WHERE mailing_id = ?", mailing_id)
    if finished.rowcount != 1:
        raise TryLater(f"the {recipe.program} {recipe.name} was planned by another process at the same time")


def _digest(recipe: Recipe) -> hashlib._Hash:
    """The hash of *recipe* under its name; the caller adds the recipients."""
    meaning = recipe.defined.hash if recipe.defined else ""
    said = [recipe.program, recipe.name, meaning, content_of(recipe.templates)]
    return hashlib.sha256(json.dumps(said, ensure_ascii=False).encode())


def _who(customer_id: int, contact_point_id: int | None) -> bytes:
    return f"\n{customer_id} {contact_point_id}".encode()
