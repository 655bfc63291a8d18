"""Delivering to files, the default: each recipient once, and what was true at planning is asked again."""

from __future__ import annotations

from retainctl.config import Shop
from retainctl.outreach.outbox.delivering import Delivery, deliver
from tests.outreach.outbox.conftest import QueueUp, states


def test_each_recipient_gets_one_file(shop: Shop, queue_up: QueueUp) -> None:
    mailing = queue_up(3)

    done = deliver(shop)

    assert done.trouble is None
    assert done.counts == Delivery(
        sent=3, deferred=0, failed=0, unknown=0, suppressed=0, expired=0, cancelled=0, left=0
    )
    assert states(mailing) == {"sent": 3}
    assert len(list((shop.folder / "mail").glob("*.eml"))) == 3
