"""Delivering to files, the default: each recipient once, and what was true at planning is asked again."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path

import psycopg
import pytest

from retainctl.clock import DAY_SECONDS, Clock, parse_instant
from retainctl.config import Shop
from retainctl.errors import BrokenInvariant, DoneInPart, Refused, TryLater
from retainctl.normalising import email_address
from retainctl.outreach.channels import Answer, Letter, Outcome
from retainctl.outreach.outbox import queueing
from retainctl.outreach.outbox import states as transitions
from retainctl.outreach.outbox.checking import check
from retainctl.outreach.outbox.delivering import Delivery, deliver, foresee
from retainctl.outreach.outbox.listing import list_messages
from retainctl.outreach.outbox.queueing import queue
from retainctl.outreach.outbox.resolve import resolve
from retainctl.shop import consent
from retainctl.shop.customers import show_customer
from retainctl.store import installation
from retainctl.store.database import execute, rows, value
from retainctl.store.dialect import file_is_the_database
from retainctl.store.leases import held
from retainctl.store.transactions import writing
from tests.outreach.conftest import MakeMailing
from tests.outreach.outbox.conftest import QueueUp, choose, make_customers, states
from tests.outreach.outbox.test_limits import with_limits
from tests.outreach.people import customer
from tests.planting import give, plant_address


def at(shop: Shop, text: str) -> Shop:
    """*shop* at another hour."""
    return dataclasses.replace(shop, clock=Clock(shop.clock.zone, parse_instant(text, shop.clock.zone)))


def later(shop: Shop, seconds: int) -> Shop:
    return dataclasses.replace(shop, clock=Clock(shop.clock.zone, shop.clock.now() + seconds))


def test_each_recipient_gets_one_file(shop: Shop, queue_up: QueueUp) -> None:
    mailing = queue_up(250)

    done = deliver(shop)

    assert done.trouble is None
    assert done.row == Delivery(sent=250, deferred=0, failed=0, unknown=0, suppressed=0, expired=0, cancelled=0, left=0)
    assert states(mailing) == {"sent": 250}
    assert {hashlib.sha256(path.read_bytes()).hexdigest() for path in (shop.folder / "mail").iterdir()} == {
        digest for (digest,) in rows("SELECT payload_sha256 FROM outbox")
    }
    check()
    assert deliver(shop).row.sent == 0
    assert len(list((shop.folder / "mail").iterdir())) == 250


def test_a_message_is_dated_when_it_goes_and_not_when_it_was_planned(shop: Shop, queue_up: QueueUp) -> None:
    queue_up(1)

    assert deliver(later(shop, DAY_SECONDS)).row.sent == 1
    (path,) = (shop.folder / "mail").iterdir()
    assert b"\r\nDate: Mon, 03 Mar 2025 10:00:00 +0200\r\n" in path.read_bytes()


def test_a_second_queueing_makes_no_second_row(shop: Shop, make_mailing: MakeMailing) -> None:
    mailing = make_mailing()
    choose(mailing, make_customers(shop, ["dana@example.com", "noa@example.com"]))

    assert [queue(shop, mailing.id), queue(shop, mailing.id)] == [2, 0]
    assert (deliver(shop).row.sent, queue(shop, mailing.id)) == (2, 0)


def test_a_mailing_of_more_than_one_batch_is_queued_to_everybody(
    shop: Shop, make_mailing: MakeMailing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queueing, "_BATCH", 2)
    mailing = make_mailing()
    customer_ids = make_customers(shop, [f"p{number}@example.com" for number in range(7)])
    with writing():
        for number in range(20):  # so that an address has another number than its customer
            plant_address(customer_ids[0], f"other{number}@example.com")
    customer_ids += make_customers(shop, [f"q{number}@example.com" for number in range(4)])
    choose(mailing, customer_ids)
    assert queue(shop, mailing.id) == 11
    assert rows("SELECT COUNT(DISTINCT customer_id) FROM outbox") == [(11,)]


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_who_queues_a_mailing_waits_for_another_who_does(shop: Shop, make_mailing: MakeMailing) -> None:
    mailing = make_mailing()
    choose(mailing, make_customers(shop, ["dana@example.com"]))
    with psycopg.connect(shop.settings.database) as other:
        other.execute("SELECT id FROM mailings WHERE id = %s FOR UPDATE", [mailing.id])
        execute("SET lock_timeout = '200ms'")
        with pytest.raises(TryLater, match="another program is writing to the database"):
            queue(shop, mailing.id)
    assert queue(shop, mailing.id) == 1


def test_who_was_left_out_of_the_plan_has_no_row_although_their_address_is_known(
    shop: Shop, make_mailing: MakeMailing
) -> None:
    mailing = make_mailing()
    first, second = make_customers(shop, ["dana@example.com", "noa@example.com"])
    choose(mailing, [first, second])
    execute("UPDATE recipients SET excluded = 'no_consent' WHERE customer_id = ?", first)

    assert queue(shop, mailing.id) == 1
    assert rows("SELECT customer_id FROM outbox") == [(second,)]


@pytest.mark.parametrize(("domain", "wire"), [("bücher.example", "xn--bcher-kva.example"),
    ("דוגמה.co.il", "xn--6dbbec0c.co.il"), ("Shop.Example", "shop.example")])  # fmt: skip
def test_a_domain_goes_on_the_wire_as_servers_spell_it_and_the_name_before_it_as_it_was_given(
    shop: Shop, queue_up: QueueUp, domain: str, wire: str
) -> None:
    dana = customer(shop, address=None)
    given = email_address(f"Dana@{domain}")
    give(
        shop, plant_address(dana, given.key, value=given.value), purpose="marketing", source="till", evidence="form 17"
    )

    queue_up(customer_ids=[dana])
    assert value("SELECT to_address FROM outbox") == f"Dana@{wire}"


def test_a_message_keeps_the_time_limit_of_its_mailing(shop: Shop, make_mailing: MakeMailing) -> None:
    for limit in (None, shop.clock.now() + 60):
        mailing = make_mailing()
        mailing.not_after = limit
        mailing.save()
        choose(mailing, make_customers(shop, [f"person{mailing.id}@example.com"]))
        queue(shop, mailing.id)
        assert value("SELECT not_after FROM outbox WHERE mailing_id = ?", mailing.id) == limit


def test_the_ids_of_a_mailing_are_the_same_in_a_restored_database(shop: Shop, make_mailing: MakeMailing) -> None:
    mailing = make_mailing()
    choose(mailing, make_customers(shop, ["dana@example.com", "noa@example.com"]))
    queue(shop, mailing.id)
    kept = "SELECT message_key, message_id, month FROM outbox ORDER BY id"
    first = rows(kept)
    with writing():
        execute("DELETE FROM outbox")
    queue(later(shop, 400 * DAY_SECONDS), mailing.id)

    assert rows(kept) == first
    assert all("dana" not in message_id for _, message_id, _ in first)


def test_only_the_installation_that_owns_the_database_sends(shop: Shop, queue_up: QueueUp) -> None:
    queue_up(1)
    with writing():
        installation.forget_sender()

    with pytest.raises(Refused, match="restored or copied"):
        deliver(shop)


def test_who_refused_since_the_plan_gets_nothing(shop: Shop, queue_up: QueueUp) -> None:
    mailing = queue_up(4)
    points = [point for (point,) in rows("SELECT contact_point_id FROM outbox ORDER BY id")]
    consent.revoke(shop, points[0], purpose="marketing", source="reply", evidence="his mail")
    consent.suppress("email", "person1@example.com", "complaint", shop.clock.now(), "report")
    with writing():
        execute("UPDATE contact_points SET flag = 'test' WHERE id = ?", points[2])

    assert deliver(shop).row.suppressed == 3

    assert [row[0] for row in rows("SELECT state FROM outbox ORDER BY id")] == [
        "suppressed", "suppressed", "suppressed", "sent",
    ]  # fmt: skip
    assert [row[0] for row in rows("SELECT reply FROM outbox WHERE state = 'suppressed' ORDER BY id")] == [
        "no_consent", "suppressed", "not_mailable",
    ]  # fmt: skip
    assert states(mailing) == {"suppressed": 3, "sent": 1}
    check()


def test_a_message_ends_when_it_is_sent_or_dropped(shop: Shop, queue_up: QueueUp) -> None:
    queue_up(2)
    point = value("SELECT MIN(contact_point_id) FROM outbox")
    consent.revoke(shop, point, purpose="marketing", source="reply", evidence="his mail")
    deliver(later(shop, 60))

    assert rows("SELECT state, done_at FROM outbox ORDER BY id") == [
        ("suppressed", shop.clock.now() + 60),
        ("sent", shop.clock.now() + 60),
    ]


def test_a_customers_history_has_what_went_and_what_was_held_back(shop: Shop, queue_up: QueueUp) -> None:
    queue_up(addresses=["dana@example.com", "gone@example.com"])
    consent.suppress("email", "gone@example.com", "complaint", 0, "called")
    deliver(shop)

    people = [one for (one,) in rows("SELECT id FROM customers ORDER BY id")]
    told = [
        [(fact.what, fact.detail) for fact in show_customer(shop, one) if fact.about == "campaign"] for one in people
    ]
    assert told == [[("spring", "sent, dana@example.com")], [("spring", "suppressed, gone@example.com")]]


def test_a_service_message_asks_for_no_consent_and_for_no_hour(shop: Shop, queue_up: QueueUp) -> None:
    queue_up(2, purpose="service")
    (point,) = rows("SELECT contact_point_id FROM outbox ORDER BY id")[0]
    consent.revoke(shop, point, purpose="marketing", source="reply", evidence="his mail")

    assert deliver(at(shop, "2025-03-02T23:00")).row.sent == 2


def test_what_does_not_fit_the_budget_waits_for_its_next_slot(shop: Shop, queue_up: QueueUp) -> None:
    tight = with_limits(shop, marketing_per_week=1)
    queue_up(2)
    customer_ids = [one for (one,) in rows("SELECT id FROM customers ORDER BY id")]
    second = queue_up(customer_ids=customer_ids)
    done = deliver(tight)
    assert (done.row.sent, done.row.deferred, done.row.left) == (2, 2, 2)
    told = {(one.state, one.next_at) for one in list_messages(shop)}
    assert told == {("sent", ""), ("deferred", "2025-03-09T10:00:00+02:00")}

    assert deliver(later(tight, 7 * DAY_SECONDS - 60)).row.sent == 0
    assert deliver(later(tight, 7 * DAY_SECONDS)).row.sent == 2
    assert states(second) == {"sent": 2}
    check()


def test_a_file_is_called_by_its_number_and_by_what_no_other_database_calls_it(shop: Shop, queue_up: QueueUp) -> None:
    """After a restore the numbers begin again, and older files are still there."""
    queue_up(2)
    deliver(shop)
    called = [
        f"{number:07}-{''.join(filter(str.isalnum, message_id))[:8]}.eml"
        for number, message_id in rows("SELECT id, message_id FROM outbox ORDER BY id")
    ]
    assert sorted(path.name for path in (shop.folder / "mail").iterdir()) == called
    assert len({name.partition("-")[2] for name in called}) == 2


def test_what_is_tried_again_was_handed_over_when_it_was_tried_last(shop: Shop, queue_up: QueueUp) -> None:
    queue_up(1)
    with writing():
        execute("UPDATE outbox SET state = 'deferred', handed_at = 1")
    assert deliver(later(shop, 60)).row.sent == 1
    assert value("SELECT handed_at FROM outbox") == shop.clock.now() + 60


def test_the_oldest_messages_are_listed_first_and_as_many_as_are_asked_for(shop: Shop, queue_up: QueueUp) -> None:
    queue_up(3)
    with writing():
        execute("UPDATE outbox SET state = 'failed' WHERE id = (SELECT MAX(id) FROM outbox)")
    first, second, third = (one for (one,) in rows("SELECT id FROM outbox ORDER BY id"))
    assert [one.id for one in list_messages(shop)] == [first, second, third]
    assert [one.id for one in list_messages(shop, limit=2)] == [first, second]
    assert [one.id for one in list_messages(shop, state="planned")] == [first, second]
    assert [one.id for one in list_messages(shop, state="failed", limit=1)] == [third]


def test_quiet_hours_hold_everything_until_the_morning(shop: Shop, queue_up: QueueUp) -> None:
    mailing = queue_up(2)

    done = deliver(at(shop, "2025-03-02T22:00"))

    assert isinstance(done.trouble, TryLater)
    assert str(done.trouble) == "nothing was sent: quiet hours until 2025-03-03T08:00:00+02:00"
    assert done.row.left == 2
    assert states(mailing) == {"planned": 2}
    assert deliver(at(shop, "2025-03-03T08:00")).row.sent == 2


def test_a_run_that_sent_something_has_nothing_to_try_later(shop: Shop, queue_up: QueueUp) -> None:
    queue_up(1)
    queue_up(addresses=["dana@example.com"], purpose="service")

    done = deliver(at(shop, "2025-03-02T22:00"))
    assert (done.row.sent, done.row.left, done.exit_code) == (1, 1, 0)


def test_a_paused_mailing_waits_and_a_cancelled_one_ends(shop: Shop, queue_up: QueueUp) -> None:
    paused, cancelled = queue_up(2), queue_up(addresses=["a@example.com"])
    paused.state, cancelled.state = "paused", "cancelled"
    paused.save()
    cancelled.save()

    done = deliver(shop)

    assert (done.row.sent, done.row.cancelled, done.row.left) == (0, 1, 2)
    assert (states(paused), states(cancelled)) == ({"planned": 2}, {"cancelled": 1})
    check()


def test_what_comes_too_late_expires(shop: Shop, queue_up: QueueUp) -> None:
    mailing = queue_up(2, not_after=shop.clock.now() + 60)

    assert deliver(later(shop, 61)).row.expired == 2
    assert states(mailing) == {"expired": 2}
    check()


def test_what_comes_in_its_last_second_goes(shop: Shop, queue_up: QueueUp) -> None:
    mailing = queue_up(2, not_after=shop.clock.now())

    assert deliver(later(shop, 0)).row.sent == 2
    assert states(mailing) == {"sent": 2}


def test_under_a_clock_that_is_years_ahead_a_mailing_waits_and_goes_at_the_right_time(
    shop: Shop, queue_up: QueueUp
) -> None:
    mailing = queue_up(2, not_after=shop.clock.now() + 3_600)
    years_ahead = later(shop, 3_650 * DAY_SECONDS)

    for run in (foresee, deliver):
        done = run(years_ahead)
        assert (done.row.expired, done.row.left) == (0, 2)
        assert isinstance(done.trouble, TryLater)
        assert "nothing was written for more than 40 days after" in str(done.trouble)
    assert states(mailing) == {"planned": 2}
    assert deliver(later(shop, 60)).row.sent == 2
    check()


def test_a_trusted_clock_ends_what_came_too_late_after_a_long_pause(shop: Shop, queue_up: QueueUp) -> None:
    mailing = queue_up(2, not_after=shop.clock.now() + 3_600)
    years_ahead = later(shop, 3_650 * DAY_SECONDS)
    trusting = dataclasses.replace(years_ahead, clock=dataclasses.replace(years_ahead.clock, trusted=True))

    assert deliver(trusting).row.expired == 2
    assert states(mailing) == {"expired": 2}


def test_a_limit_is_held(shop: Shop, queue_up: QueueUp) -> None:
    queue_up(7)

    assert [deliver(shop, limit=3).row.sent for _ in range(3)] == [3, 3, 1]


def test_a_dry_run_says_what_would_happen_and_writes_nothing(shop: Shop, queue_up: QueueUp) -> None:
    queue_up(5)
    consent.suppress("email", "person1@example.com", "complaint", shop.clock.now(), "report")

    done = foresee(shop)

    assert (done.row.sent, done.row.suppressed, done.row.left) == (4, 1, 5)
    queue_up(addresses=["noa@example.com", "ron@example.com"])
    assert [foresee(shop, limit=limit).row.sent for limit in (1, 6, 7)] == [1, 5, 6]
    assert isinstance(foresee(at(shop, "2025-03-02T22:00")).trouble, TryLater)
    assert value("SELECT COUNT(*) FROM outbox_events") == 0
    assert not (shop.folder / "mail").exists()


def test_a_message_that_cannot_be_written_fails_alone(shop: Shop, queue_up: QueueUp) -> None:
    queue_up(3)
    with writing():
        execute("UPDATE recipients SET context = '{}' WHERE customer_id = (SELECT MIN(customer_id) FROM recipients)")

    done = deliver(shop)

    assert (done.row.sent, done.row.failed) == (2, 1)
    assert "cannot be created" in str(value("SELECT reply FROM outbox WHERE state = 'failed'"))


def test_a_message_that_grows_too_long_fails_and_pauses_its_mailing_alone(
    shop: Shop, queue_up: QueueUp, make_mailing: MakeMailing
) -> None:
    other = make_mailing(body="{{ first_name }}" * 2_000)
    customer_ids = make_customers(shop, ["dana@example.com", "noa@example.com"])
    choose(other, customer_ids)
    queue(shop, other.id)
    well = queue_up(3)
    with writing():
        execute(
            "UPDATE recipients SET context = ? WHERE mailing_id = ? AND customer_id = ?",
            '{"first_name": "' + "x" * 101 + '", "orders": 1}', other.id, customer_ids[0],
        )  # fmt: skip

    done = deliver(shop)

    assert (states(other), states(well)) == ({"failed": 1, "planned": 1}, {"sent": 3})
    assert "is longer than 200,000 characters" in str(value("SELECT reply FROM outbox WHERE state = 'failed'"))
    assert value("SELECT state FROM mailings WHERE id = ?", other.id) == "paused"
    assert isinstance(done.trouble, DoneInPart)
    assert str(done.trouble).startswith("campaign spring is paused: the message for customer ")
    check()


def test_a_file_that_stands_there_already_is_the_letter_or_another_one(shop: Shop, queue_up: QueueUp) -> None:
    queue_up(2)
    deliver(shop)
    written = sorted((shop.folder / "mail").iterdir())
    written[1].write_bytes(b"another\r\n")
    with writing():  # as a run leaves it that dies between writing and its mark
        execute("UPDATE outbox SET state = 'planned', done_at = NULL")

    done = deliver(shop)

    assert (done.row.sent, done.row.failed) == (1, 1)
    assert written[1].read_bytes() == b"another\r\n"


def test_a_link_in_the_place_of_a_file_is_not_written_through(shop: Shop, queue_up: QueueUp) -> None:
    queue_up(1)
    deliver(shop)
    (path,) = (shop.folder / "mail").iterdir()
    victim = shop.folder / "victim"
    victim.write_text("mine")
    path.unlink()
    path.symlink_to(victim)
    with writing():
        execute("UPDATE outbox SET state = 'planned', done_at = NULL")

    assert isinstance(deliver(shop).trouble, Refused)
    assert victim.read_text() == "mine"
    assert value("SELECT state FROM outbox") == "deferred"


def test_a_row_that_moved_on_is_left_alone(shop: Shop, queue_up: QueueUp) -> None:
    queue_up(1)
    (message_id,) = rows("SELECT id FROM outbox")[0]
    now = shop.clock.now()
    with writing():
        due = transitions.Candidate(message_id, 0, "planned", 1, 1, "dana@example.com", "<x@shop.example>")
        assert transitions.claim([(due, b"x")], at=now, by="a", lease_until=now + 10) == {message_id}
        assert not transitions.claim([(due, b"x")], at=now, by="b", lease_until=now + 10)
        assert not transitions.hand_over({message_id: 0}, at=now, by="a", lease_now=now)  # an older claim
        assert not transitions.hand_over({message_id: 1}, at=now, by="a", lease_now=now + 10)  # lapsed
        assert transitions.hand_over({message_id: 1}, at=now, by="a", lease_now=now + 9) == {message_id}
        assert value("SELECT lease_until FROM outbox WHERE id = ?", message_id) == now + 9 + 15 * 60
        older, receipt = (
            Answer(Letter(message_id, claim_no, 1, "", "", "", b""), Outcome("sent", "ok", code))
            for claim_no, code in ((0, 250), (1, None))
        )
        assert transitions.mark_sent([older], at=now, by="a") == set()
        assert transitions.mark_sent([receipt], at=now, by="a") == {message_id}
        assert transitions.mark_sent([receipt], at=now, by="a") == set()
    check()


def test_the_check_names_what_is_broken(shop: Shop, queue_up: QueueUp) -> None:
    queue_up(2)
    deliver(shop)
    check()
    (message_id,) = rows("SELECT MIN(id) FROM outbox")[0]
    with writing():
        execute("UPDATE outbox SET state = 'failed' WHERE id = ?", message_id)

    with pytest.raises(BrokenInvariant, match=f"message {message_id} is failed, but its last event made it sent"):
        check()


def test_unknown_messages_follow_their_mailings_policy(shop: Shop, queue_up: QueueUp) -> None:
    policies = ("hold", "resend-once", "assume-sent")
    mailings = [queue_up(addresses=[f"{policy}@example.com"], unknown_policy=policy) for policy in policies]
    now = shop.clock.now()
    with writing():
        execute("UPDATE outbox SET channel = 'mail'")
        for (message_id,) in rows("SELECT id FROM outbox"):
            due = transitions.Candidate(message_id, 0, "planned", 1, 1, "dana@example.com", "<x@shop.example>")
            transitions.claim([(due, b"x")], at=now, by="dead", lease_until=now + 900)
            transitions.hand_over({message_id: 1}, at=now, by="dead", lease_now=now)

    done = deliver(shop)

    assert isinstance(done.trouble, DoneInPart)
    assert [states(mailing) for mailing in mailings] == [{"unknown": 1}, {"unknown": 1}, {"sent": 1}]
    with writing():
        execute("UPDATE outbox SET channel = 'files'")
    waiting = deliver(later(shop, 899))
    assert waiting.row.sent == 0
    # Of an earlier run's it is told for as long as nobody settled it, but for what a policy settles by itself.
    assert (waiting.trouble, waiting.notes) == (None, ("the delivery of 1 message is unknown",))
    assert deliver(later(shop, 900)).row.sent == 1
    assert [states(mailing) for mailing in mailings] == [{"unknown": 1}, {"sent": 1}, {"sent": 1}]
    assert value("SELECT resends FROM outbox WHERE mailing_id = ?", mailings[1].id) == 1
    check()
    held = value("SELECT id FROM outbox WHERE state = 'unknown'")
    resolve(shop, [held], resolution="sent", reason="she answered")
    assert deliver(shop).notes == ()


def test_no_mail_is_written_through_a_link(shop: Shop, queue_up: QueueUp, tmp_path: Path) -> None:
    mailing = queue_up(2)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (shop.folder / "mail").symlink_to(elsewhere)

    with pytest.raises(Refused, match="mail is not a regular folder"):
        deliver(shop)

    assert list(elsewhere.iterdir()) == []
    assert states(mailing) == {"planned": 2}


def test_the_file_of_a_killed_sender_is_cleared_away_and_a_living_ones_is_not(shop: Shop, queue_up: QueueUp) -> None:
    if not file_is_the_database():
        pytest.skip("on PostgreSQL the server forgets a killed sender by itself")
    locks = shop.folder / "locks"
    with held("sender") as living:
        (locks / "sender-host-17-0a1b2c3d.lock").touch()
        deliver(shop)
        assert [path.stem for path in locks.iterdir()] == [living.name]
    assert list(locks.iterdir()) == []
