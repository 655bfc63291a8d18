"""A plan: every candidate is a recipient or excluded with a reason, and what was approved is what goes."""

from __future__ import annotations

import dataclasses
import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import get_args

import psycopg
import pytest

from retainctl.config import Shop
from retainctl.definitions import Defined, hash_of
from retainctl.errors import Refused, TryLater
from retainctl.outreach import planning
from retainctl.outreach.composing import templates_of
from retainctl.outreach.contact import REASONS
from retainctl.outreach.outbox.states import State
from retainctl.outreach.planning import plan
from retainctl.outreach.programs import Recipe
from retainctl.shop import consent
from retainctl.shop.merging import merge, undo
from retainctl.store.database import execute, rows, value
from retainctl.store.opening import open_database
from retainctl.store.outreach import Mailing
from tests.outreach.people import customer


def said(text: str) -> Defined[str]:
    return Defined("spring", text, text, hash_of(text))


def recipe(shop: Shop, **changes: object) -> Recipe:
    templates = templates_of(
        shop, subject="שלום", reason="קנית {{ orders }} פעמים", body="{{ first_name }}", purpose="marketing"
    )
    made = Recipe(program="campaign", name="spring", purpose="marketing", defined=said("the file"), templates=templates)
    return dataclasses.replace(made, **changes)  # type: ignore[arg-type]


def sent(shop: Shop, mailing_id: int, customer_id: int, state: str = "sent", point: int | None = None) -> None:
    execute("UPDATE mailings SET state = 'active', sent_at = ? WHERE id = ?", shop.clock.now(), mailing_id)
    execute(
        "INSERT INTO outbox (month, mailing_id, customer_id, contact_point_id, channel, message_key, message_id, class,"
        " to_address, state, next_at, handed_at) SELECT 0, ?, ?, id, 'files', ?, ?, 'marketing', value, ?, 0, ?"
        " FROM contact_points WHERE customer_id = ? AND id = COALESCE(?, id)",
        mailing_id, customer_id, f"key {mailing_id} {customer_id}", f"<{mailing_id}.{customer_id}@shop.example>", state,
        shop.clock.now() if state == "sent" else None, customer_id, point,
    )  # fmt: skip


def test_every_candidate_is_a_recipient_or_excluded_with_its_reason(shop: Shop) -> None:
    well, merged = customer(shop), customer(shop)
    execute("UPDATE customers SET merged_into = ? WHERE id = ?", well, merged)
    unreachable = customer(shop, address=None)
    role = customer(shop)
    execute("UPDATE contact_points SET flag = 'role' WHERE customer_id = ?", role)
    suppressed = customer(shop, address="gone@example.com")
    consent.suppress("email", "gone@example.com", "hard_bounce", shop.clock.now(), "550 5.1.1")
    silent = customer(shop, agrees=False)
    candidates = [well, merged, unreachable, role, suppressed, silent]

    made = plan(shop, recipe(shop), candidates)

    assert dataclasses.asdict(made) | {"hash": "…"} == {
        "name": "spring", "hash": "…", "candidates": 6, "recipients": 1, "merged": 1, "no_address": 1,
        "not_mailable": 1, "suppressed": 1, "no_consent": 1, "already_sent": 0, "budget": 0, "he": 1, "en": 0,
    }  # fmt: skip
    assert rows("SELECT customer_id, excluded FROM recipients ORDER BY customer_id") == [
        (well, ""), (merged, "merged"), (unreachable, "no_address"), (role, "not_mailable"),
        (suppressed, "suppressed"), (silent, "no_consent"),
    ]  # fmt: skip
    assert made.candidates == made.recipients + sum(getattr(made, reason) for reason in REASONS)


def test_of_several_reasons_the_first_in_their_order_is_told(shop: Shop) -> None:
    dana, other = customer(shop, address="dana@example.com"), customer(shop)
    (point,) = rows("SELECT id FROM contact_points WHERE customer_id = ?", dana)[0]

    def told() -> str:
        made = plan(shop, recipe(shop), [dana], dry_run=True)
        return next(reason for reason in REASONS if getattr(made, reason))

    found = []
    for name in ("summer", "autumn", "spring"):
        plan(shop, recipe(shop, name=name), [dana])
        mailing = planning.latest("campaign", name)
        assert mailing is not None
        sent(shop, mailing.id, dana)
        found.append(plan(shop, recipe(shop), [dana], dry_run=True))
    assert [(one.budget, one.already_sent) for one in found] == [(0, 0), (1, 0), (0, 1)]
    consent.revoke(shop, point, purpose="marketing", source="reply", evidence="her mail")
    assert told() == "no_consent"
    consent.suppress("email", "dana@example.com", "hard_bounce", shop.clock.now(), "550 5.1.1")
    assert told() == "suppressed"
    execute("UPDATE contact_points SET flag = 'role' WHERE id = ?", point)
    assert told() == "not_mailable"
    execute("UPDATE contact_points SET customer_id = ? WHERE id = ?", other, point)
    assert told() == "no_address"
    execute("UPDATE customers SET merged_into = ? WHERE id = ?", other, dana)
    assert told() == "merged"


def test_a_recipient_keeps_what_the_templates_will_see_and_no_more(shop: Shop) -> None:
    plan(shop, recipe(shop), [customer(shop)])

    context = json.loads(value("SELECT context FROM recipients"))
    assert context == {"name": "דנה לוי", "first_name": "דנה", "orders": 0}


def test_nobody_gets_one_campaign_twice_but_what_failed_may_be_tried_again(shop: Shop) -> None:
    got_it, did_not, new = customer(shop), customer(shop), customer(shop)
    plan(shop, recipe(shop), [got_it, did_not])
    mailing = planning.latest("campaign", "spring")
    assert mailing is not None
    sent(shop, mailing.id, got_it)
    sent(shop, mailing.id, did_not, state="failed")

    again = plan(shop, recipe(shop), [got_it, did_not, new])
    assert (again.recipients, again.already_sent) == (2, 1)
    assert plan(shop, recipe(shop, name="summer"), [got_it]).recipients == 1
    assert plan(shop, recipe(shop, program="survey"), [got_it]).recipients == 1


def test_who_waits_for_a_campaign_or_may_have_got_it_is_in_no_second_plan_of_it(shop: Shop) -> None:
    dana = customer(shop)
    plan(shop, recipe(shop), [dana])
    mailing = planning.latest("campaign", "spring")
    assert mailing is not None
    sent(shop, mailing.id, dana)
    found = {}
    for state in get_args(State):
        execute("UPDATE outbox SET state = ?", state)
        found[state] = plan(shop, recipe(shop), [dana], dry_run=True).recipients

    assert {state for state, recipients in found.items() if recipients} == {
        "failed",
        "suppressed",
        "expired",
        "cancelled",
    }


def test_who_has_had_enough_is_left_out_but_a_service_message_still_comes(shop: Shop) -> None:
    tired = customer(shop)
    for name in ("one", "two"):
        plan(shop, recipe(shop, name=name), [tired])
        mailing = planning.latest("campaign", name)
        assert mailing is not None
        sent(shop, mailing.id, tired)

    assert plan(shop, recipe(shop), [tired]).budget == 1
    assert plan(shop, recipe(shop, purpose="service"), [tired]).recipients == 1


def test_what_was_sent_before_a_merge_counts_for_both_and_an_undone_one_counts_no_more(shop: Shop) -> None:
    first, second, third = customer(shop), customer(shop), customer(shop)
    for name in ("spring", "summer"):
        plan(shop, recipe(shop, name=name), [third])
        mailing = planning.latest("campaign", name)
        assert mailing is not None
        sent(shop, mailing.id, third)

    inner = merge(shop, survivor_id=second, merged_id=third, reason="same")
    outer = merge(shop, survivor_id=first, merged_id=second, reason="same")
    assert plan(shop, recipe(shop), [first], dry_run=True).already_sent == 1
    assert plan(shop, recipe(shop, name="autumn"), [first], dry_run=True).budget == 1

    undo(shop, outer.merge_id)
    assert plan(shop, recipe(shop), [first, second], dry_run=True).already_sent == 1
    undo(shop, inner.merge_id)
    assert plan(shop, recipe(shop), [first, second, third], dry_run=True).already_sent == 1
    assert plan(shop, recipe(shop, name="autumn"), [first, second, third], dry_run=True).budget == 1


def test_who_was_written_to_while_merged_is_not_written_to_again_after_the_undoing(shop: Shop) -> None:
    survivor, merged = customer(shop, agrees=False), customer(shop)
    done = merge(shop, survivor_id=survivor, merged_id=merged, reason="same")
    plan(shop, recipe(shop), [survivor])
    mailing = planning.latest("campaign", "spring")
    assert mailing is not None
    sent(shop, mailing.id, survivor, point=value("SELECT contact_point_id FROM recipients"))

    undo(shop, done.merge_id)
    assert plan(shop, recipe(shop), [merged], dry_run=True).already_sent == 1


def test_a_service_message_needs_no_consent_and_respects_suppression(shop: Shop) -> None:
    silent, gone = customer(shop, agrees=False), customer(shop, address="gone@example.com")
    consent.suppress("email", "gone@example.com", "hard_bounce", shop.clock.now(), "550 5.1.1")

    made = plan(shop, recipe(shop, purpose="service"), [silent, gone])
    assert (made.recipients, made.suppressed) == (1, 1)
    assert value("SELECT class FROM mailings") == "transactional"


def test_a_dry_run_counts_the_same_and_writes_nothing(shop: Shop) -> None:
    people = [customer(shop), customer(shop, agrees=False)]
    dry = plan(shop, recipe(shop), people, dry_run=True)

    assert value("SELECT COUNT(*) FROM mailings") == 0
    assert dry == plan(shop, recipe(shop), people)


def test_planning_again_takes_the_old_plans_place(shop: Shop) -> None:
    first, second = customer(shop), customer(shop)
    old = plan(shop, recipe(shop), [first])
    new = plan(shop, recipe(shop), [first, second])

    assert rows("SELECT state FROM mailings ORDER BY id") == [("cancelled",), ("planned",)]
    assert value("SELECT COUNT(*) FROM recipients") == 2
    with pytest.raises(Refused, match=f"has the hash {new.hash}, not {old.hash}"):
        planning.approve(shop, recipe(shop), old.hash)


def test_planning_again_takes_back_what_was_approved(shop: Shop) -> None:
    first, second = customer(shop), customer(shop)
    planning.approve(shop, recipe(shop), plan(shop, recipe(shop), [first]).hash)
    plan(shop, recipe(shop, name="summer"), [first])
    new = plan(shop, recipe(shop), [second])

    assert rows("SELECT name, state FROM mailings ORDER BY id") == [
        ("spring", "cancelled"),
        ("summer", "planned"),
        ("spring", "planned"),
    ]
    assert rows("SELECT m.name, r.customer_id FROM recipients r JOIN mailings m ON m.id = r.mailing_id ORDER BY 1") == [
        ("spring", second),
        ("summer", first),
    ]
    assert planning.approve(shop, recipe(shop), new.hash).state == "approved"


def test_a_plan_that_was_interrupted_is_nothing(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "_WRITTEN_AT_ONCE", 1)
    people = [customer(shop) for _ in range(3)]

    class Killed(BaseException):
        pass

    def kill(_: int) -> None:
        raise Killed

    with pytest.raises(Killed):
        plan(shop, recipe(shop), people, advance=kill)
    assert planning.latest("campaign", "spring") is None
    assert value("SELECT COUNT(*) FROM recipients") == 3

    plan(shop, recipe(shop), people)
    assert rows("SELECT state FROM mailings ORDER BY id") == [("cancelled",), ("planned",)]
    assert value("SELECT COUNT(*) FROM recipients") == 3


def test_of_two_plans_at_once_the_later_one_counts(shop: Shop) -> None:
    people = [customer(shop)]

    def another(_: int) -> None:
        plan(shop, recipe(shop), people)

    with pytest.raises(TryLater, match="was planned by another process at the same time"):
        plan(shop, recipe(shop), people, advance=another)
    assert rows("SELECT state FROM mailings ORDER BY id") == [("cancelled",), ("planned",)]
    assert value("SELECT COUNT(*) FROM recipients") == 1


def test_what_was_planned_is_approved_by_its_hash(shop: Shop) -> None:
    made = plan(shop, recipe(shop), [customer(shop)])

    assert planning.approve(shop, recipe(shop), made.hash).state == "approved"
    assert planning.approve(shop, recipe(shop), made.hash).state == "approved"
    assert value("SELECT approved_at FROM mailings") == shop.clock.now()


def test_another_hash_is_refused(shop: Shop) -> None:
    plan(shop, recipe(shop), [customer(shop)])

    for plan_hash in ("", "0", "f" * 16):
        with pytest.raises(Refused, match="has the hash"):
            planning.approve(shop, recipe(shop), plan_hash)
    assert value("SELECT state FROM mailings") == "planned"


def test_a_changed_file_template_or_sender_is_refused(shop: Shop) -> None:
    whole = recipe(shop)
    made = plan(shop, whole, [customer(shop)])
    sender = dataclasses.replace(shop.settings.sender, postal_address="elsewhere")
    moved = dataclasses.replace(shop, settings=dataclasses.replace(shop.settings, sender=sender))

    for changed in (
        recipe(shop, defined=said("the file, changed")),
        recipe(moved),
        recipe(shop, templates=dataclasses.replace(whole.templates, frame_html="<p>other</p>")),
    ):
        with pytest.raises(Refused, match="has changed since it was planned"):
            planning.approve(shop, changed, made.hash)


def test_somebody_put_in_by_hand_after_the_plan_is_noticed(shop: Shop) -> None:
    made = plan(shop, recipe(shop), [customer(shop)])
    late = customer(shop)
    execute(
        "INSERT INTO recipients (mailing_id, customer_id, contact_point_id) SELECT (SELECT id FROM mailings), ?, id"
        " FROM contact_points WHERE customer_id = ?",
        late, late,
    )  # fmt: skip

    with pytest.raises(Refused, match="has changed since it was planned"):
        planning.approve(shop, recipe(shop), made.hash)


def test_a_campaign_without_a_plan_cannot_be_approved(shop: Shop) -> None:
    with pytest.raises(Refused, match="no plan waiting for approval") as refused:
        planning.approve(shop, recipe(shop), "f" * 16)
    assert refused.value.hint == "Make one: retainctl campaigns plan spring"


def test_batches_leave_nobody_out(shop: Shop) -> None:
    people = [customer(shop, agrees=number % 7 > 0) for number in range(1203)]
    steps: list[int] = []

    made = plan(shop, recipe(shop), people, advance=steps.append)
    assert steps == [500, 500, 203]
    assert (made.candidates, made.recipients, made.no_consent) == (1203, 1031, 172)
    assert value("SELECT COUNT(*) FROM recipients") == 1203
    assert Mailing.get().plan_hash.startswith(made.hash)


@pytest.mark.parametrize(
    ("purpose", "class_"), [("marketing", "marketing"), ("survey", "marketing"), ("service", "transactional")]
)
def test_a_mailing_keeps_what_its_recipe_says(shop: Shop, purpose: str, class_: str) -> None:
    until = shop.clock.now() + 3_600
    plan(shop, recipe(shop, purpose=purpose, not_after=until, unknown_policy="resend-once", audience="everybody"), [])
    kept = "program, name, purpose, class, not_after, unknown_policy, state, planned_at"
    assert rows(f"SELECT {kept} FROM mailings") == [
        ("campaign", "spring", purpose, class_, until, "resend-once", "planned", shop.clock.now())
    ]


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)  # SQLite has one writer at a time
def test_a_plan_that_is_being_sent_is_not_taken_apart_by_a_new_one(shop: Shop) -> None:
    """The new plan waits for the sending, and then finds nothing to withdraw."""
    customer(shop)
    old = plan(shop, recipe(shop), [1])
    with ThreadPoolExecutor() as threads, psycopg.connect(shop.settings.database) as sending:
        sending.execute("UPDATE mailings SET state = 'active', sent_at = 1 WHERE id = 1")

        def plan_anew() -> None:
            with open_database(shop.settings.database, now=shop.clock.now()):
                planning.withdraw("campaign", "spring")

        waiting = threads.submit(plan_anew)
        blocked = (
            "SELECT COUNT(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        deadline = time.monotonic() + 60
        while not value(blocked):
            assert time.monotonic() < deadline
        sending.commit()
        waiting.result()
    assert rows("SELECT state FROM mailings") == [("active",)]
    assert value("SELECT COUNT(*) FROM recipients") == old.recipients == 1
