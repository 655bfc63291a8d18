"""Delivering by SMTP: each answer, each silence and each broken connection leads to the state it must."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import pytest

from retainctl.clock import Clock
from retainctl.config import Shop
from retainctl.errors import DoneInPart
from retainctl.outreach.channels.mail.replies import Reply
from retainctl.outreach.outbox.delivering import deliver
from retainctl.store.database import rows, value
from tests.outreach.outbox.conftest import QueueUp, by_mail, states
from tests.smtp_sink import Sink


@pytest.mark.parametrize("pipelining", [True, False])
def test_each_recipient_gets_one_mail(shop: Shop, queue_up: QueueUp, pipelining: bool) -> None:
    with Sink(pipelining=pipelining) as sink:
        mailed = by_mail(shop, port=sink.port)
        mailing = queue_up(50, using=mailed)

        done = deliver(mailed)

    assert done.trouble is None
    assert done.row.sent == 50
    assert states(mailing) == {"sent": 50}
    assert sorted(sink.copies().items()) == [
        (message_id, 1) for (message_id,) in rows("SELECT message_id FROM outbox ORDER BY message_id")
    ]
    assert dict(rows("SELECT message_id, payload_sha256 FROM outbox")) == {
        one.message_id: one.sha256 for one in sink.accepted
    }
    assert value("SELECT COUNT(*) FROM payloads") == 0


@dataclass(frozen=True)
class Expected:
    """How a recipient's row must end: its state, whether an attempt was counted, and whether the address is done."""

    state: str
    attempts: int = 0
    suppressed: bool = False


# reliability.md 2.1, by what the server does; the recipient's address asks it to.
FAULTS = {
    "rcpt=450": Expected("deferred", attempts=1),
    "rcpt=451_4.7.1": Expected("deferred", attempts=1),
    "rcpt=452_4.2.2": Expected("deferred", attempts=1),
    "rcpt=421": Expected("deferred"),
    "rcpt=550": Expected("failed"),
    "rcpt=550_5.1.1": Expected("failed", suppressed=True),
    "rcpt=553_5.1.3": Expected("failed", suppressed=True),
    "rcpt=551_5.1.6": Expected("failed", suppressed=True),
    "rcpt=556_5.1.10": Expected("failed", suppressed=True),
    "rcpt=550_5.1.2": Expected("failed"),
    "rcpt=550_5.2.1": Expected("failed"),
    "rcpt=552_5.2.2": Expected("failed"),
    "rcpt=550_5.7.1": Expected("failed"),
    "rcpt=garbage": Expected("deferred", attempts=1),
    "rcpt=endless": Expected("deferred", attempts=1),
    "rcpt=cut": Expected("deferred", attempts=1),
    "rcpt=silence": Expected("deferred", attempts=1),
    "rcpt=lines": Expected("sent"),
    "rcpt=bytes": Expected("sent"),
    "data=451": Expected("deferred", attempts=1),
    "data=554": Expected("failed"),
    "data=421": Expected("deferred"),
    "data=cut": Expected("deferred", attempts=1),
    "data=silence": Expected("deferred", attempts=1),
    "data=halves": Expected("sent"),
    "body=cut": Expected("deferred", attempts=1),
    "end=451": Expected("deferred", attempts=1),
    "end=452_4.3.1": Expected("deferred", attempts=1),
    "end=421": Expected("deferred"),
    "end=554": Expected("failed"),
    "end=552_5.3.4": Expected("failed"),
    "end=550_5.1.1": Expected("failed", suppressed=True),
    "end=lost": Expected("unknown"),
    "end=cut": Expected("unknown"),
    "end=silence": Expected("unknown"),
    "end=garbage": Expected("unknown"),
    "end=endless": Expected("unknown"),
    "end=late": Expected("sent"),
    "end=lines": Expected("sent"),
    "end=bytes": Expected("sent"),
    "end=halves": Expected("sent"),
}


@pytest.mark.parametrize("pipelining", [True, False])
def test_each_fault_ends_in_its_state_and_costs_nobody_else_his_mail(
    shop: Shop, queue_up: QueueUp, pipelining: bool
) -> None:
    addresses = [address for fault in FAULTS for address in (f"{fault}+a@example.com", f"good{fault}@example.com")]
    with Sink(pipelining=pipelining) as sink:
        mailed = by_mail(shop, port=sink.port, timeout_seconds=1)
        queue_up(addresses=addresses, using=mailed)

        done = deliver(mailed)

    found = {
        address.partition("+")[0]: Expected(state, attempts, bool(suppressed))
        for address, state, attempts, suppressed in rows(
            "SELECT o.to_address, o.state, o.attempts, s.reason FROM outbox o JOIN contact_points p"
            " ON p.id = o.contact_point_id LEFT JOIN suppressions s ON s.key = p.key"
            " WHERE o.to_address NOT LIKE 'good%'"
        )
    }
    assert found == FAULTS
    assert set(rows("SELECT state FROM outbox WHERE to_address LIKE 'good%'")) == {("sent",)}
    assert max(sink.copies().values()) == 1
    assert isinstance(done.trouble, DoneInPart)


def test_a_server_that_wants_the_data_of_a_refused_letter_gets_none(shop: Shop, queue_up: QueueUp) -> None:
    with Sink(eager=True) as sink:
        mailed = by_mail(shop, port=sink.port, connections=1, timeout_seconds=2)
        mailing = queue_up(addresses=["rcpt=550_5.1.1+gone@example.com", "dana@example.com"], using=mailed)
        deliver(mailed)

    assert states(mailing) == {"failed": 1, "sent": 1}
    assert [one.recipient for one in sink.accepted] == ["dana@example.com"]


def test_an_enhanced_code_counts_only_where_it_is_of_its_replys_class(shop: Shop, queue_up: QueueUp) -> None:
    replies = {
        "450 4.2.1": "4.2.1", "450 5.1.1": None, "450": None,
        "550 5.1.1": "5.1.1", "550 4.7.1": None, "550 2.1.5": None, "250 2.1.5": "2.1.5",
    }  # fmt: skip
    assert {reply: Reply(int(reply[:3]), reply[4:]).enhanced for reply in replies} == replies
    with Sink() as sink:
        mailed = by_mail(shop, port=sink.port)
        queue_up(addresses=["rcpt=450_5.1.1+a@example.com", "rcpt=550_5.1.1+b@example.com"], using=mailed)
        deliver(mailed)

    assert rows("SELECT code, enhanced, state FROM outbox ORDER BY id") == [
        (450, None, "deferred"), (550, "5.1.1", "failed"),
    ]  # fmt: skip


def test_what_was_approved_goes_whatever_the_settings_say_since(shop: Shop, queue_up: QueueUp) -> None:
    """The envelope's sender, the headers and links, the Date's zone: as they stood when the mailing was planned."""
    with Sink() as sink:
        planned = by_mail(shop, port=sink.port)
        queue_up(addresses=["end=451+dana@example.com"], using=planned)  # a refused message keeps its bytes
        mail = dataclasses.replace(
            planned.settings.mail, from_address="x@x.example", from_name="x", reply_to="y@x.example",
            unsubscribe_address="z@x.example",
        )  # fmt: skip
        settings = dataclasses.replace(
            planned.settings, mail=mail, name="x", timezone="Asia/Tokyo", public_url="https://x.example", country=""
        )
        clock = Clock(ZoneInfo("Asia/Tokyo"), shop.clock.now())
        deliver(dataclasses.replace(planned, settings=settings, clock=clock))

    assert sink.senders == [planned.settings.mail.from_address]
    message = bytes(value("SELECT bytes FROM payloads"))
    assert b"\r\nDate: Sun, 02 Mar 2025 10:00:00 +0200\r\n" in message
    assert b"x.example" not in message
