"""What dead and stopped senders left, and answers that come after others have given up waiting for them."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path

import pytest

from retainctl.clock import DAY_SECONDS, Clock
from retainctl.config import Shop, read_shop
from retainctl.outreach.channels import Answer, Letter, Outcome
from retainctl.outreach.channels.files import files_channel
from retainctl.outreach.outbox import recover
from retainctl.outreach.outbox import states as transitions
from retainctl.outreach.outbox.checking import check
from retainctl.outreach.outbox.claiming import Claimer
from retainctl.outreach.outbox.commit_cycle import Turn, record, wait_seconds
from retainctl.outreach.outbox.delivering import deliver
from retainctl.outreach.outbox.recover import sweep
from retainctl.store.database import execute, rows, value
from retainctl.store.dialect import lease_clock
from retainctl.store.transactions import writing
from tests.conftest import NOW
from tests.outreach.outbox.conftest import QueueUp, by_mail, states, take
from tests.outreach.outbox.test_delivering_files import at, later
from tests.proof.senders import sender, write_mail_settings
from tests.smtp_sink import Sink

SENT, DEFERRED, UNKNOWN = Outcome("sent", "ok", 250), Outcome("deferred", "later", 451), Outcome("unknown", "silence")
REFUSED = Outcome("failed", "no such user", 550, "5.1.1", nobody_there=True, sender_at_fault=True)


def in_hand(shop: Shop, message_ids: list[int], *, by: str, handed: bool, claim_no: int = 1, lease: int = 900) -> None:
    """Let a sender called *by* claim the messages, and mark them as being handed over."""
    now = shop.clock.now()
    with writing():
        until = lease_clock(now) + lease
        taken = take(message_ids, claim_no=claim_no - 1, at=now, by=by, lease_until=until)
        assert taken == set(message_ids)
        if handed:
            held = dict.fromkeys(message_ids, claim_no)
            assert transitions.hand_over(held, at=now, by=by, lease_now=lease_clock(now) + lease - 900) == taken


def answered(shop: Shop, message_id: int, outcome: Outcome, *, by: str, claim_no: int = 1) -> None:
    """Write down what a server said to the sender called *by*."""
    mailing_id, name, to = rows("SELECT mailing_id, message_id, to_address FROM outbox WHERE id = ?", message_id)[0]
    letter = Letter(message_id, claim_no, mailing_id, name, "shop@shop.example", to, b"x")
    claimer = Claimer(shop, files_channel(shop.folder / "mail"), channel_name="mail", owner=by)
    record(shop, Turn(answers=[Answer(letter, outcome)]), claimer, [], wanted=0, by=by)


def ids() -> list[int]:
    return [one for (one,) in rows("SELECT id FROM outbox ORDER BY id")]


def test_a_message_is_sent_again_once_and_then_stays_unknown(shop: Shop, queue_up: QueueUp) -> None:
    with Sink() as sink:
        mailed = by_mail(shop, port=sink.port)
        mailing = queue_up(addresses=["end=cut+dana@example.com"], using=mailed, unknown_policy="resend-once")
        ends = [deliver(later(mailed, minutes * 60)) for minutes in (0, 15, 30, 45)]

    assert [(done.row.unknown, done.row.sent) for done in ends] == [(1, 0), (1, 0), (0, 0), (0, 0)]
    assert [bool(done.notes or done.trouble) for done in ends] == [False, True, True, True]
    assert (states(mailing), list(sink.copies().values())) == ({"unknown": 1}, [2])
    check()


def test_of_messages_nobody_knows_each_follows_its_own_mailing(shop: Shop, queue_up: QueueUp) -> None:
    policies = ("resend-once", "assume-sent", "resend-once")
    mailings = [
        queue_up(addresses=[f"dana{place}@example.com", f"noa{place}@example.com"], unknown_policy=policy)
        for place, policy in enumerate(policies)
    ]
    execute("UPDATE outbox SET channel = 'mail'")
    in_hand(shop, ids(), by="sender-dead", handed=True)
    execute("UPDATE outbox SET resends = 1 WHERE mailing_id = ?", mailings[0].id)

    assert sweep(shop, by="sender-new") == {"unknown": 6, "sent": 2}
    assert sweep(later(shop, 899), by="sender-new") == {}
    assert sweep(later(shop, 900), by="sender-new") == {"planned": 2}
    assert [states(one) for one in mailings] == [{"unknown": 2}, {"sent": 2}, {"planned": 2}]
    check()


def test_what_several_dead_senders_left_goes_on_but_for_mails_that_may_have_arrived(
    shop: Shop, queue_up: QueueUp
) -> None:
    mailing = queue_up(6)
    execute("UPDATE outbox SET channel = 'mail' WHERE id > ?", ids()[1])
    for place, handed in ((0, True), (1, False), (2, False), (3, True), (4, True)):
        in_hand(shop, [ids()[place]], by=f"sender-dead-{place}", handed=handed)

    assert sweep(shop, by="sender-new") == {"planned": 3, "unknown": 2}
    assert dict(rows("SELECT id, state FROM outbox")) == dict(
        zip(ids(), ["planned", "planned", "planned", "unknown", "unknown", "planned"], strict=True)
    )
    execute("UPDATE outbox SET channel = 'files' WHERE state = 'planned'")
    assert deliver(shop).row.sent == 4
    assert len(list((shop.folder / "mail").iterdir())) == 4
    assert states(mailing) == {"sent": 4, "unknown": 2}
    check()


def test_a_living_senders_letters_are_its_own_until_its_time_runs_out(
    shop: Shop, folder: Path, queue_up: QueueUp
) -> None:
    with Sink(late_seconds=0.7) as sink:
        write_mail_settings(folder, port=sink.port, connections=1)
        mailed = read_shop(str(folder), now=NOW)
        mailing = queue_up(addresses=[f"end=late+{n}@example.com" for n in range(2)], using=mailed)
        process = sender(folder)
        while "handing" not in states(mailing):
            assert process.exitcode is None
            time.sleep(0.01)
        assert sweep(mailed, by="sender-other") == {}
        assert states(mailing) == {"claimed": 1, "handing": 1}
        execute("UPDATE outbox SET lease_until = 1 WHERE state = 'claimed'")
        assert sweep(mailed, by="sender-other") == {"planned": 1}
        process.join(60)

    assert states(mailing) == {"sent": 2}
    assert max(sink.copies().values()) == 1
    check()


def test_what_a_sender_has_in_its_own_hands_it_does_not_take_from_itself(shop: Shop, queue_up: QueueUp) -> None:
    queue_up(1)
    in_hand(shop, ids(), by="sender-me", handed=False, lease=0)

    assert sweep(shop, by="sender-me") == {}
    assert sweep(shop, by="sender-other") == {"planned": 1}


def test_a_late_answer_settles_what_was_taken_for_unknown(shop: Shop, queue_up: QueueUp) -> None:
    outcomes = [SENT, REFUSED, DEFERRED, UNKNOWN]
    queue_up(len(outcomes))
    execute("UPDATE outbox SET channel = 'mail'")
    in_hand(shop, ids(), by="sender-asleep", handed=True)
    assert sweep(shop, by="sender-other") == {"unknown": len(outcomes)}

    for message_id, outcome in zip(ids(), outcomes, strict=True):
        answered(shop, message_id, outcome, by="sender-asleep")
    assert [state for (state,) in rows("SELECT state FROM outbox ORDER BY id")] == [one.state for one in outcomes]
    assert rows("SELECT key FROM suppressions") == [("person1@example.com",)]
    assert value("SELECT state FROM mailings") == "paused"
    assert value("SELECT COUNT(*) FROM outbox_events WHERE from_state = to_state") == 0
    check()


def test_an_answer_to_an_earlier_claim_changes_nothing(shop: Shop, queue_up: QueueUp) -> None:
    queue_up(1)
    in_hand(shop, ids(), by="sender-asleep", handed=True)
    assert sweep(shop, by="sender-other") == {"planned": 1}
    outcomes = [SENT, REFUSED, DEFERRED, UNKNOWN]
    for outcome in outcomes:
        answered(shop, ids()[0], outcome, by="sender-asleep")
        assert rows("SELECT state, claim_no, owner, attempts FROM outbox") == [("planned", 1, None, 0)]

    in_hand(shop, ids(), by="sender-awake", handed=True, claim_no=2)
    for outcome in outcomes:
        answered(shop, ids()[0], outcome, by="sender-asleep")
        assert rows("SELECT state, claim_no, owner, attempts FROM outbox") == [("handing", 2, "sender-awake", 0)]
    assert value("SELECT COUNT(*) FROM suppressions") == 0
    assert value("SELECT state FROM mailings") == "active"


def test_cancelled_and_late_mailings_end_whole_however_many_messages_they_have(
    shop: Shop, queue_up: QueueUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recover, "_BATCH", 2)
    cancelled = [queue_up(3, addresses=[f"{name}{n}@example.com" for n in range(3)]) for name in ("a", "b")]
    late = [
        queue_up(3, addresses=[f"{name}{n}@example.com" for n in range(3)], not_after=shop.clock.now())
        for name in ("c", "d")
    ]
    for one in cancelled:
        execute("UPDATE mailings SET state = 'cancelled' WHERE id = ?", one.id)

    assert sweep(shop, by="sender-me") == {"cancelled": 6}
    assert sweep(later(shop, 1), by="sender-me") == {"expired": 6}
    assert [states(one) for one in (*cancelled, *late)] == [{"cancelled": 3}] * 2 + [{"expired": 3}] * 2
    check()


def test_what_is_deferred_is_given_up_when_its_time_would_be_over_before_the_next_attempt(
    shop: Shop, queue_up: QueueUp
) -> None:
    now = shop.clock.now()
    with Sink() as sink:
        mailed = by_mail(shop, port=sink.port)
        for place, (minutes, purpose) in enumerate(((11, "marketing"), (19, "marketing"), (0, "service"))):
            queue_up(
                addresses=[f"rcpt=451+{place}@example.com"],
                using=mailed,
                purpose=purpose,
                not_after=now + minutes * 60 if minutes else None,
            )
        deliver(mailed)  # the first wait is between 12 and 18 minutes
        first = rows("SELECT state, attempts FROM outbox ORDER BY id")
        service = ids()[2]
        found = []
        for days in (3, 6):
            on_day = dataclasses.replace(mailed, clock=Clock(shop.clock.zone, now + days * DAY_SECONDS))
            deliver(on_day)
            found.append(value("SELECT state FROM outbox WHERE id = ?", service))

    assert first == [("failed", 1), ("deferred", 1), ("deferred", 1)]
    assert found == ["deferred", "failed"]


def test_what_was_deferred_at_once_does_not_come_back_at_once() -> None:
    first, seventh = ([wait_seconds(one, attempts) for one in range(1_000)] for attempts in (0, 6))

    assert 12 * 60 <= min(first) < 13 * 60 < 17 * 60 < max(first) <= 18 * 60
    assert 17_280 <= min(seventh) < 6 * 3_600 < max(seventh) <= 25_920
    assert len(set(first)) > 100


def test_a_survey_waits_for_the_morning_and_for_the_budget_as_a_campaign_does(shop: Shop, queue_up: QueueUp) -> None:
    campaigns = [queue_up(1)]
    dana = [value("SELECT customer_id FROM outbox")]
    campaigns.append(queue_up(customer_ids=dana, name="summer"))
    assert deliver(shop).row.sent == 2  # two a week is the limit
    survey = queue_up(customer_ids=dana, purpose="survey", program="survey")

    night = deliver(at(shop, "2025-03-02T22:00"))
    assert (night.row.sent, night.row.deferred, night.row.left) == (0, 0, 1)
    assert deliver(shop).row.deferred == 1
    assert states(survey) == {"deferred": 1}
    assert deliver(later(shop, 7 * DAY_SECONDS)).row.sent == 1
