"""A restored shop sends nothing that it may have sent before, until a person says so."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from retainctl.clock import DAY_SECONDS
from retainctl.config import Shop, read_shop
from retainctl.errors import Refused
from retainctl.outreach.limits import over_budget
from retainctl.outreach.outbox import states as transitions
from retainctl.outreach.outbox.adopting import adopt
from retainctl.outreach.outbox.checking import check
from retainctl.outreach.outbox.delivering import deliver
from retainctl.outreach.outbox.resolve import resolve
from retainctl.shop.backup import back_up
from retainctl.store import installation
from retainctl.store.database import database, rows, value
from retainctl.store.dialect import file_is_the_database
from retainctl.store.outreach import Mailing
from retainctl.store.transactions import writing
from tests.conftest import NOW, Terminal
from tests.outreach.conftest import MakeMailing
from tests.outreach.outbox.conftest import QueueUp, choose, make_customers, states, take
from tests.outreach.outbox.test_delivering_files import later
from tests.outreach.outbox.test_limits import with_limits
from tests.proof.senders import write_mail_settings
from tests.smtp_sink import Sink

Restore = Callable[[Path], None]


@pytest.fixture
def restore(shop: Shop) -> Restore:
    """Put a backup in the place of the open database, as docs/how-to says."""

    def put_back(backup: Path) -> None:
        database.close()
        if file_is_the_database():
            shutil.copy(backup, shop.folder / "retain.db")
        else:
            words = ["pg_restore", "--clean", "--if-exists", f"--dbname={shop.settings.database}", str(backup)]
            subprocess.run(words, check=True, capture_output=True)
        database.connect()

    return put_back


def test_what_was_sent_since_the_backup_is_not_sent_again(
    shop: Shop, retainctl: Terminal, queue_up: QueueUp, restore: Restore
) -> None:
    with Sink() as sink:
        write_mail_settings(shop.folder, port=sink.port)
        mailing = queue_up(3, using=read_shop(str(shop.folder), now=NOW))
        backup = Path(back_up(shop).file)
        assert retainctl("outbox", "deliver").code == 0
        restore(backup)

        refused = retainctl("outbox", "deliver")
        assert (refused.code, states(mailing)) == (77, {"planned": 3})
        adopted = retainctl("db", "adopt")
        assert adopted.code == 3
        assert adopted.stderr == (
            "retainctl: this installation sends now, except for 3 queued messages that may have been sent since the"
            " backup\n  Enter refusals since then (retainctl consent revoke), then set the outcomes:"
            " retainctl outbox resolve\n"
        )
        assert retainctl("outbox", "deliver").code == 0
        assert retainctl("outbox", "check").code == 3
        assert states(mailing) == {"unknown": 3}
        assert len(sink.accepted) == 3


def test_what_is_settled_as_not_sent_goes_out_under_its_own_id(shop: Shop, queue_up: QueueUp) -> None:
    mailing = queue_up(3, unknown_policy="resend-once")
    ids = [message_id for (message_id,) in rows("SELECT id FROM outbox ORDER BY id")]
    with writing():
        installation.forget_sender()
    adopt(shop)

    resolve(shop, ids[:1], resolution="sent", reason="the server's log has it")
    resolve(shop, ids[1:2], resolution="resend", reason="the server's log has it not")

    assert deliver(shop).row.sent == 1
    assert states(mailing) == {"sent": 2, "unknown": 1}
    check()


def test_every_message_that_waits_is_held_and_no_other(
    shop: Shop, queue_up: QueueUp, make_mailing: MakeMailing
) -> None:
    sent = queue_up(addresses=["s@example.com"])
    deliver(shop)
    paused, cancelled = (queue_up(addresses=[f"{name}@example.com"]) for name in ("p", "c"))
    active = queue_up(4)
    go_on_from_planned(active, at=shop.clock.now())
    for mailing, state in ((paused, "paused"), (cancelled, "cancelled")):
        mailing.state = state
        mailing.save()
    approved = make_mailing()
    choose(approved, make_customers(shop, ["dana@example.com"]))
    approved.state, approved.approved_at = "approved", shop.clock.now()
    approved.save()
    with writing():
        installation.forget_sender()

    told = adopt(shop).trouble

    assert told is not None
    assert "except for 5 queued messages" in str(told)
    assert [states(one) for one in (active, paused, cancelled, sent)] == [
        {"unknown": 4}, {"unknown": 1}, {"planned": 1}, {"sent": 1},
    ]  # fmt: skip
    assert rows("SELECT state, approved_at FROM mailings WHERE id = ?", approved.id) == [("planned", None)]
    check()


def test_what_a_paused_mailing_left_waits_for_a_person_and_counts_as_written_to(shop: Shop, queue_up: QueueUp) -> None:
    paused = queue_up(1, unknown_policy="resend-once")
    paused.state = "paused"
    paused.save()
    customer_id = value("SELECT id FROM customers")
    with writing():
        installation.forget_sender()
    adopt(shop)

    assert list(over_budget(with_limits(shop, marketing_per_week=1), [customer_id], at=shop.clock.now())) == [
        customer_id
    ]
    deliver(later(shop, DAY_SECONDS))
    assert states(paused) == {"unknown": 1}


def go_on_from_planned(mailing: Mailing, *, at: int) -> None:
    """Of the mailing's four messages one stays planned; the others are claimed, handing and deferred."""
    ids = [one for (one,) in rows("SELECT id FROM outbox WHERE mailing_id = ? ORDER BY id", mailing.id)][1:]
    with writing():
        take(ids, at=at, by="lost", lease_until=at + 900)
        transitions.hand_over(dict.fromkeys(ids[1:], 1), at=at, by="lost", lease_now=at)
        transitions.change((ids[2], 1, "handing"), "deferred", at=at, by="lost")
    assert states(mailing) == {"planned": 1, "claimed": 1, "handing": 1, "deferred": 1}


def test_adopting_changes_nothing_where_one_sends_already(shop: Shop, queue_up: QueueUp) -> None:
    mailing = queue_up(2)

    assert adopt(shop).trouble is None
    assert states(mailing) == {"planned": 2}
    with writing():
        installation.forget_sender()
    assert adopt(shop).trouble is not None
    before = value("SELECT COUNT(*) FROM outbox_events")
    assert adopt(shop).trouble is None
    assert value("SELECT COUNT(*) FROM outbox_events") == before


def test_a_person_may_know_of_a_restore_that_cannot_be_told(retainctl: Terminal, queue_up: QueueUp) -> None:
    mailing = queue_up(2)

    assert retainctl("db", "adopt").code == 0
    assert retainctl("db", "adopt", "--restored").code == 3
    assert states(mailing) == {"unknown": 2}


def test_a_restored_backup_sends_nothing_until_it_is_adopted(shop: Shop, restore: Restore) -> None:
    restore(Path(back_up(shop).file))

    with pytest.raises(Refused, match="restored or copied"):
        deliver(shop)
    adopt(shop)
    deliver(shop)
