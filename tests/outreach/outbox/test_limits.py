"""The contact budget and the quiet hours."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from retainctl.clock import DAY_SECONDS, parse_instant
from retainctl.config import Shop
from retainctl.errors import BadConfiguration
from retainctl.outreach.limits import over_budget, quiet
from retainctl.outreach.outbox.delivering import deliver
from retainctl.shop.merging import merge, undo
from retainctl.store.database import execute, rows
from retainctl.store.transactions import writing
from tests.outreach.outbox.conftest import QueueUp, make_customers

NOON = "2025-03-02T12:00"  # a Sunday


def with_limits(shop: Shop, **limits: Any) -> Shop:
    changed = dataclasses.replace(shop.settings.limits, **limits)
    return dataclasses.replace(shop, settings=dataclasses.replace(shop.settings, limits=changed))


def instant(shop: Shop, text: str) -> int:
    return parse_instant(text, shop.clock.zone)


@pytest.mark.parametrize(
    ("at", "until"),
    [
        ("2025-03-02T12:00", None),
        ("2025-03-02T20:59:59", None),
        ("2025-03-02T21:00", "2025-03-03T08:00"),
        ("2025-03-03T00:30", "2025-03-03T08:00"),
        ("2025-03-03T08:00", None),
        ("2025-03-07T21:30", "2025-03-09T08:00"),  # Friday night, and Saturday is quiet
        ("2025-03-08T12:00", "2025-03-09T08:00"),
        ("2025-03-27T23:00", "2025-03-28T08:00"),  # summer time begins in this night
        ("2025-10-25T23:00", "2025-10-26T08:00"),  # and ends in this one
    ],
)
def test_quiet_hours_end_in_the_morning_of_the_next_loud_day(shop: Shop, at: str, until: str | None) -> None:
    sabbath = with_limits(shop, quiet_days=("saturday",))

    assert quiet(sabbath, instant(shop, at)) == (instant(shop, until) if until else None)


def test_quiet_hours_may_lie_within_a_day(shop: Shop) -> None:
    siesta = with_limits(shop, quiet_from="13:00", quiet_until="16:00")

    for hour in ("13:00", "14:00", "15:59"):
        assert quiet(siesta, instant(shop, f"2025-03-02T{hour}")) == instant(shop, "2025-03-02T16:00")
    assert quiet(siesta, instant(shop, "2025-03-02T23:00")) is None


def test_equal_hours_are_no_quiet_hours(shop: Shop) -> None:
    assert quiet(with_limits(shop, quiet_from="00:00", quiet_until="00:00"), instant(shop, NOON)) is None


def test_a_week_of_quiet_days_is_refused(shop: Shop) -> None:
    week = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

    with pytest.raises(BadConfiguration, match="every day is quiet"):
        quiet(with_limits(shop, quiet_days=week), instant(shop, NOON))


def test_the_budget_counts_campaigns_and_surveys_and_no_service_messages(shop: Shop, queue_up: QueueUp) -> None:
    queue_up(1)
    (customer_id,) = rows("SELECT id FROM customers")[0]
    queue_up(customer_ids=[customer_id], purpose="survey")
    queue_up(customer_ids=[customer_id], purpose="service")
    now = shop.clock.now()
    assert over_budget(shop, [customer_id], at=now) == {}  # a plan counts nothing

    assert deliver(shop).row.sent == 3  # the service message goes first, and takes no room

    assert over_budget(shop, [customer_id], at=now) == {customer_id: now + 7 * DAY_SECONDS}
    assert over_budget(shop, [customer_id], at=now + 7 * DAY_SECONDS) == {}
    assert over_budget(with_limits(shop, marketing_per_week=3), [customer_id], at=now) == {}
    assert over_budget(with_limits(shop, marketing_per_week=0, marketing_per_month=0), [customer_id], at=now) == {}
    monthly = with_limits(shop, marketing_per_week=0, marketing_per_month=2)
    assert over_budget(monthly, [customer_id], at=now + 29 * DAY_SECONDS) == {customer_id: now + 30 * DAY_SECONDS}


def test_what_is_on_its_way_counts_and_what_failed_does_not(shop: Shop, queue_up: QueueUp) -> None:
    queue_up(1)
    (customer_id,) = rows("SELECT id FROM customers")[0]
    now, tight = shop.clock.now(), with_limits(shop, marketing_per_week=1)
    for state, counted in (("claimed", True), ("handing", True), ("unknown", True), ("failed", False)):
        with writing():
            execute("UPDATE outbox SET state = ?, handed_at = ?", state, None if state == "claimed" else now)
        assert (customer_id in over_budget(tight, [customer_id], at=now)) == counted, state


def test_what_was_handed_over_long_ago_and_is_on_its_way_again_counts_as_of_now(shop: Shop, queue_up: QueueUp) -> None:
    queue_up(1)
    (customer_id,) = rows("SELECT id FROM customers")[0]
    now, tight = shop.clock.now(), with_limits(shop, marketing_per_week=1)
    with writing():
        execute("UPDATE outbox SET state = 'claimed', handed_at = ?", now - 40 * DAY_SECONDS)

    assert over_budget(tight, [customer_id], at=now) == {customer_id: now + 7 * DAY_SECONDS}


def test_each_customer_has_room_again_when_the_oldest_of_as_many_as_the_limit_is_a_week_old(
    shop: Shop, queue_up: QueueUp
) -> None:
    people = make_customers(shop, [f"person{n}@example.com" for n in range(3)])
    now, day = shop.clock.now(), DAY_SECONDS
    written = [[6, 2, 4], [3, 1, 30], [5, 6, -1]]  # days ago; what a wrong clock wrote is yet to come
    for place in range(3):
        mailing = queue_up(customer_ids=people)
        for one, days in zip(people, written, strict=True):
            execute(
                "UPDATE outbox SET state = 'sent', handed_at = ? WHERE mailing_id = ? AND customer_id = ?",
                now - days[place] * day,
                mailing.id,
                one,
            )
    assert over_budget(with_limits(shop, marketing_per_month=0), people, at=now) == {
        people[0]: now + 3 * day,
        people[1]: now + 4 * day,
        people[2]: now + 1 * day,
    }
    monthly = with_limits(shop, marketing_per_week=0, marketing_per_month=3)
    assert over_budget(monthly, people, at=now) == {people[0]: now + 24 * day}


def test_after_a_merge_nobody_is_written_to_twice_and_the_budget_is_one(shop: Shop, queue_up: QueueUp) -> None:
    queue_up(2)
    first, second = (row[0] for row in rows("SELECT id FROM customers ORDER BY id"))
    now, tight = shop.clock.now(), with_limits(shop, marketing_per_week=1)
    later = now + 5 * DAY_SECONDS
    with writing():
        execute("UPDATE outbox SET next_at = ? WHERE customer_id = ?", later, first)
    deliver(shop)
    assert rows("SELECT customer_id FROM outbox WHERE state = 'sent'") == [(second,)]

    done = merge(shop, survivor_id=first, merged_id=second, reason="same")
    assert over_budget(tight, [first], at=now) == {first: now + 7 * DAY_SECONDS}
    deliver(dataclasses.replace(shop, clock=dataclasses.replace(shop.clock, fixed=later)))
    assert rows("SELECT customer_id, state FROM outbox ORDER BY customer_id") == [
        (first, "suppressed"), (second, "sent"),
    ]  # fmt: skip
    assert rows("SELECT reply FROM outbox WHERE customer_id = ?", first) == [("already_sent",)]

    undo(shop, done.merge_id)
    assert list(over_budget(tight, [first, second], at=now)) == [second]


def test_of_two_who_wait_and_are_merged_one_is_written_to(shop: Shop, queue_up: QueueUp) -> None:
    queue_up(2)
    first, second = (row[0] for row in rows("SELECT id FROM customers ORDER BY id"))
    merge(shop, survivor_id=first, merged_id=second, reason="same")

    deliver(shop)
    assert rows("SELECT customer_id, state FROM outbox ORDER BY customer_id") == [
        (first, "sent"), (second, "suppressed"),
    ]  # fmt: skip
