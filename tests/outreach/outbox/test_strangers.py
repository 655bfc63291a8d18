"""A message may go to somebody who is no customer: the shop's owner, or a stranger who wrote to it."""

from __future__ import annotations

import dataclasses

import pytest

from retainctl.clock import DAY_SECONDS, Clock
from retainctl.config import Shop
from retainctl.outreach.outbox.checking import check
from retainctl.outreach.outbox.delivering import deliver
from retainctl.outreach.outbox.listing import list_messages
from retainctl.outreach.outbox.queueing import queue_for
from retainctl.outreach.templates import TemplateValue
from retainctl.shop import consent
from retainctl.store import installation
from retainctl.store.database import execute, rows, value
from retainctl.store.outreach import Mailing
from tests.outreach.conftest import MakeMailing
from tests.outreach.outbox.conftest import by_mail
from tests.smtp_sink import Sink


@pytest.fixture
def notice(make_mailing: MakeMailing) -> Mailing:
    """An active mailing of service messages, whose program has no files."""
    installation.adopt()
    mailing = make_mailing(purpose="service")
    Mailing.update(program="digest", state="active").where(Mailing.id == mailing.id).execute()
    return Mailing.get_by_id(mailing.id)


CONTEXT: dict[str, TemplateValue] = {"first_name": "נועה", "name": "נועה כהן", "orders": 5}


def test_the_owner_gets_a_message_once_and_it_is_settled_as_any_other(shop: Shop, notice: Mailing) -> None:
    assert queue_for(shop, notice.id, who="owner", to_address="owner@shop.example", context=CONTEXT)
    assert not queue_for(shop, notice.id, who="owner", to_address="other@shop.example", context=CONTEXT)
    assert queue_for(shop, notice.id, who="stranger:1", to_address="noa@example.com", context=CONTEXT)

    assert deliver(shop).row.sent == 2
    assert rows("SELECT to_address, state, customer_id FROM outbox ORDER BY id") == [
        ("owner@shop.example", "sent", None),
        ("noa@example.com", "sent", None),
    ]
    assert len(list((shop.folder / "mail").iterdir())) == 2
    check()
    assert [one.customer_id for one in list_messages(shop)] == [None, None]


def test_it_is_dated_when_it_was_queued_and_not_when_its_mailing_was_planned(shop: Shop, notice: Mailing) -> None:
    tomorrow = dataclasses.replace(shop, clock=Clock(shop.clock.zone, shop.clock.now() + DAY_SECONDS))
    assert queue_for(tomorrow, notice.id, who="owner", to_address="owner@shop.example", context=CONTEXT)

    assert b"\r\nDate: Mon, 03 Mar 2025 10:00:00 +0200\r\n" in bytes(value("SELECT bytes FROM payloads"))


def test_a_stranger_s_address_that_bounces_gets_nothing_more(shop: Shop, notice: Mailing) -> None:
    with Sink() as sink:
        mailed = by_mail(shop, port=sink.port)
        for who in ("first", "second"):
            queue_for(mailed, notice.id, who=who, to_address="rcpt=550_5.1.1+Noa@example.com", context=CONTEXT)
            deliver(mailed)
    assert rows("SELECT state FROM outbox ORDER BY id") == [("failed",), ("suppressed",)]
    assert rows("SELECT key FROM suppressions") == [("rcpt=550_5.1.1+noa@example.com",)]


def test_what_bounced_or_is_too_late_does_not_go_to_a_stranger_either(shop: Shop, notice: Mailing) -> None:
    consent.suppress("email", "gone@example.com", "hard_bounce", 0, "550 5.1.1")
    consent.suppress("email", "left@example.com", "unsubscribed", 0, "a mail")
    for address in ("Gone@example.com", "left@example.com"):
        queue_for(shop, notice.id, who=address, to_address=address, context=CONTEXT)

    counts = deliver(shop).row
    assert (counts.sent, counts.suppressed) == (1, 1)  # who left still gets what was asked for

    queue_for(shop, notice.id, who="late", to_address="late@example.com", context=CONTEXT)
    execute("UPDATE outbox SET not_after = ? WHERE to_address LIKE 'late%'", shop.clock.now() - 1)
    assert deliver(shop).row.expired == 1
