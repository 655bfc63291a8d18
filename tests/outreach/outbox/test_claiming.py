"""Whether the very address of a message may be written to, asked when it is about to go."""

from __future__ import annotations

import psycopg
import pytest

from retainctl.config import Shop
from retainctl.errors import TryLater
from retainctl.outreach.channels.files import files_channel
from retainctl.outreach.outbox.claiming import Claimer, pause
from retainctl.outreach.outbox.delivering import deliver, foresee
from retainctl.shop import consent
from retainctl.shop.merging import merge, undo
from retainctl.store.database import execute, rows, value
from retainctl.store.dialect import lease_clock
from retainctl.store.transactions import writing
from tests.outreach.outbox.conftest import QueueUp, by_mail, make_customers
from tests.outreach.outbox.test_limits import with_limits
from tests.planting import give, plant_address
from tests.test_locks import held_by_another


def another_address(shop: Shop, customer_id: int, address: str) -> int:
    """One more address of the customer; the id of the contact point."""
    return plant_address(customer_id, address, created_at=shop.clock.now())


def agrees(shop: Shop, point: int) -> None:
    give(shop, point, purpose="marketing", source="till", evidence="form 18")


def ends() -> list[tuple[str, str, str]]:
    return [
        (to, state, reply if state == "suppressed" else "")
        for to, state, reply in rows("SELECT to_address, state, reply FROM outbox ORDER BY id")
    ]


def test_what_is_allowed_at_another_address_later_takes_nothing_from_the_planned_one(
    shop: Shop, queue_up: QueueUp
) -> None:
    (dana,) = make_customers(shop, ["dana@example.com"])
    new = another_address(shop, dana, "new@example.com")
    agrees(shop, new)
    mailing = queue_up(customer_ids=[dana])
    assert rows("SELECT contact_point_id FROM recipients WHERE mailing_id = ?", mailing.id) == [(new,)]

    assert deliver(shop).row.sent == 1
    assert ends() == [("new@example.com", "sent", "")]


def test_an_address_that_refuses_is_not_saved_by_another_that_is_allowed(shop: Shop, queue_up: QueueUp) -> None:
    (dana,) = make_customers(shop, ["dana@example.com"])
    queue_up(customer_ids=[dana])
    other = another_address(shop, dana, "new@example.com")
    consent.suppress("email", "dana@example.com", "hard_bounce", shop.clock.now(), "550 5.1.1")
    agrees(shop, other)

    deliver(shop)
    assert ends() == [("dana@example.com", "suppressed", "suppressed")]


@pytest.mark.parametrize("purpose", ["marketing", "service"])
@pytest.mark.parametrize("survivor", [0, 1])
def test_of_two_recipients_who_become_one_person_exactly_one_gets_it(
    shop: Shop, queue_up: QueueUp, purpose: str, survivor: int
) -> None:
    queue_up(2, purpose=purpose)
    people = [row[0] for row in rows("SELECT id FROM customers ORDER BY id")]
    merge(shop, survivor_id=people[survivor], merged_id=people[1 - survivor], reason="same")

    assert deliver(shop, limit=1).row.sent == 1
    deliver(shop)
    assert ends() == [
        ("person0@example.com", "sent", ""),
        ("person1@example.com", "suppressed", "already_sent"),
    ]


def test_one_who_may_have_got_it_at_another_address_does_not_get_it_again(shop: Shop, queue_up: QueueUp) -> None:
    queue_up(2)
    first, second = (row[0] for row in rows("SELECT id FROM customers ORDER BY id"))
    merge(shop, survivor_id=first, merged_id=second, reason="same")
    found = {}
    for state in ("claimed", "handing", "unknown", "sent", "failed", "suppressed", "expired", "cancelled"):
        execute("UPDATE outbox SET state = ? WHERE customer_id = ?", state, first)
        counts = foresee(shop).row
        found[state] = (counts.sent, counts.suppressed)

    again = dict.fromkeys(("claimed", "handing", "unknown", "sent"), (0, 1))
    assert found == again | dict.fromkeys(("failed", "suppressed", "expired", "cancelled"), (1, 0))


def test_a_survey_and_a_campaign_of_one_name_are_two(shop: Shop, queue_up: QueueUp) -> None:
    first, second = make_customers(shop, ["dana@example.com", "noa@example.com"])
    queue_up(customer_ids=[first])
    assert deliver(shop).row.sent == 1
    queue_up(customer_ids=[second], purpose="survey", program="survey")
    merge(shop, survivor_id=first, merged_id=second, reason="same")

    assert deliver(shop).row.sent == 1


def test_where_the_first_of_two_who_became_one_may_not_be_written_to_the_second_gets_it(
    shop: Shop, queue_up: QueueUp
) -> None:
    queue_up(2)
    first, second = (row[0] for row in rows("SELECT id FROM customers ORDER BY id"))
    merge(shop, survivor_id=first, merged_id=second, reason="same")
    consent.suppress("email", "person0@example.com", "hard_bounce", shop.clock.now(), "550 5.1.1")

    deliver(shop)
    assert ends() == [
        ("person0@example.com", "suppressed", "suppressed"),
        ("person1@example.com", "sent", ""),
    ]


def test_the_budget_is_that_of_whoever_has_the_address_now(shop: Shop, queue_up: QueueUp) -> None:
    tight = with_limits(shop, marketing_per_week=1)
    first, second = make_customers(shop, ["dana@example.com", "noa@example.com"])
    queue_up(customer_ids=[first], using=tight)
    assert deliver(tight).row.sent == 1
    queue_up(customer_ids=[second], using=tight, name="summer")
    merge(shop, survivor_id=first, merged_id=second, reason="same")

    assert deliver(tight).row.deferred == 1


def test_an_address_that_went_back_to_another_person_is_not_written_to(shop: Shop, queue_up: QueueUp) -> None:
    first, second = make_customers(shop, ["dana@example.com", "noa@example.com"])
    done = merge(shop, survivor_id=first, merged_id=second, reason="same")
    agrees(shop, rows("SELECT id FROM contact_points WHERE value = 'noa@example.com'")[0][0])
    queue_up(customer_ids=[first])
    undo(shop, done.merge_id)

    deliver(shop)
    assert ends()[0][1:] == ("suppressed", "address_changed")


def test_a_service_message_goes_to_an_address_that_allowed_no_advertisement(shop: Shop, queue_up: QueueUp) -> None:
    (dana,) = make_customers(shop, ["dana@example.com"])
    another_address(shop, dana, "new@example.com")
    queue_up(customer_ids=[dana], purpose="service")

    assert deliver(shop).row.sent == 1
    assert ends() == [("new@example.com", "sent", "")]


def test_the_daily_cap_counts_since_midnight_what_is_in_hand_what_was_sent_and_what_may_have_arrived(
    shop: Shop, queue_up: QueueUp
) -> None:
    capped = by_mail(shop, port=25, daily_cap=6)
    mailing = queue_up(11, using=capped)
    midnight, now = shop.clock.start_of(shop.clock.today()), shop.clock.now()
    rest = [
        ("mail", "sent", midnight, None),
        ("mail", "handing", now, "sender-1"),
        ("mail", "unknown", now, None),
        ("mail", "claimed", None, "sender-1"),
        ("mail", "sent", midnight - 1, None),
        ("mail", "failed", now, None),
        ("files", "sent", now, None),
        ("files", "claimed", None, "sender-1"),
    ]
    for (message_id,), given in zip(rows("SELECT id FROM outbox ORDER BY id"), rest, strict=False):
        execute("UPDATE outbox SET channel = ?, state = ?, handed_at = ?, owner = ? WHERE id = ?", *given, message_id)
    claimer = Claimer(capped, files_channel(shop.folder / "mail"), channel_name="mail", owner="sender-2")

    with writing():
        assert [len(claimer.claim([mailing.id], wanted=wanted).letters) for wanted in (1, 9, 9)] == [1, 1, 0]


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)  # SQLite has one writer at a time
def test_senders_count_the_daily_cap_one_after_the_other(shop: Shop, queue_up: QueueUp) -> None:
    capped = by_mail(shop, port=25, daily_cap=6)
    mailing = queue_up(1, using=capped)
    claimer = Claimer(capped, files_channel(shop.folder / "mail"), channel_name="mail", owner="sender-1")
    with held_by_another(shop, "daily_cap"), pytest.raises(TryLater), writing():
        claimer.claim([mailing.id], wanted=1)
    with writing():
        assert len(claimer.claim([mailing.id], wanted=1).letters) == 1


def test_what_is_claimed_is_its_sender_s_for_a_quarter_of_an_hour(shop: Shop, queue_up: QueueUp) -> None:
    mailing = queue_up(1)
    claimer = Claimer(shop, files_channel(shop.folder / "mail"), channel_name="files", owner="sender-1")
    with writing():
        claimer.claim([mailing.id], wanted=1)
        assert value("SELECT lease_until FROM outbox") - lease_clock(shop.clock.now()) in range(890, 901)


@pytest.mark.parametrize("state", ["paused", "cancelled"])
def test_a_mailing_that_a_person_stopped_meanwhile_gives_nothing_and_stays_as_they_left_it(
    shop: Shop, queue_up: QueueUp, state: str
) -> None:
    mailing = queue_up(2)
    execute("UPDATE mailings SET state = ?, pause_reason = 'by hand'", state)
    claimer = Claimer(shop, files_channel(shop.folder / "mail"), channel_name="files", owner="sender-1")

    with writing():
        assert claimer.claim([mailing.id], wanted=2).letters == []
        pause(mailing.id, "the server refuses the sender")
    assert rows("SELECT state, pause_reason FROM mailings") == [(state, "by hand")]
    assert value("SELECT SUM(claim_no) FROM outbox") == 0


def test_service_messages_go_before_advertisements_that_are_older(shop: Shop, queue_up: QueueUp) -> None:
    queue_up(addresses=["offer@example.com"])
    queue_up(addresses=["receipt@example.com"], purpose="service")

    assert deliver(shop, limit=1).row.sent == 1
    assert [(to, state) for to, state, _ in ends()] == [
        ("offer@example.com", "planned"),
        ("receipt@example.com", "sent"),
    ]


def test_what_is_due_tomorrow_is_not_taken_with_what_is_due_now(shop: Shop, queue_up: QueueUp) -> None:
    queue_up(2)
    waits = "UPDATE outbox SET state = ?, next_at = ? WHERE to_address = 'person1@example.com'"
    for state in ("planned", "deferred"):
        execute(waits, state, shop.clock.now() + 1)
        assert foresee(shop).row.sent == 1

    done = deliver(shop).row
    assert (done.sent, done.left) == (1, 1)
    assert [state for _, state, _ in ends()] == ["sent", "deferred"]


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)  # SQLite has one writer at a time
def test_what_another_sender_has_in_hand_is_passed_over_and_not_waited_for(shop: Shop, queue_up: QueueUp) -> None:
    mailing = queue_up(6)
    (channel,) = {channel for (channel,) in rows("SELECT channel FROM outbox")}
    claimer = Claimer(shop, files_channel(shop.folder / "mail"), channel_name=channel, owner="sender-2")
    with psycopg.connect(shop.settings.database) as other, writing():
        execute("SET LOCAL lock_timeout = '2s'")
        theirs = other.execute("SELECT id FROM outbox ORDER BY id LIMIT 3 FOR UPDATE").fetchall()
        claimed = claimer.claim([mailing.id], wanted=9)
    assert len(claimed.letters) == 3
    ours = rows("SELECT id FROM outbox WHERE owner = 'sender-2'")
    assert not set(ours) & set(theirs)
