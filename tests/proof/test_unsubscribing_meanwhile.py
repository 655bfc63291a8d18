"""Half of the recipients refuse while their mail is being sent: whoever was not claimed by then gets none (A15)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import cycle
from pathlib import Path

import pytest

from retainctl.config import Shop, read_shop
from retainctl.outreach import tokens
from retainctl.outreach.outbox.checking import check
from retainctl.outreach.rendering import UNSUBSCRIBE
from retainctl.outreach.unsubscribing import unsubscribe
from retainctl.shop import consent
from retainctl.store.database import rows, value
from retainctl.store.dialect import rows_locked
from retainctl.store.transactions import writing
from tests.conftest import NOW
from tests.outreach.outbox.conftest import QueueUp
from tests.proof.senders import FULL, sender, write_mail_settings
from tests.smtp_sink import Sink


@pytest.mark.proof
@pytest.mark.timeout(600)
def test_who_refuses_before_the_claim_gets_no_mail(shop: Shop, folder: Path, queue_up: QueueUp) -> None:
    count = 1_000 if FULL else 120
    with Sink(delay_seconds=0.005) as sink:
        write_mail_settings(folder, port=sink.port)
        mailed = read_shop(str(folder), now=NOW)
        queue_up(count, using=mailed)
        points = [point for (point,) in rows("SELECT contact_point_id FROM outbox ORDER BY id")][::2]

        # The first sender leaves the last quarter alone, so that some are in time however slow the machine is.
        process = sender(folder, count * 3 // 4)
        in_time = [point for point, way in zip(points, cycle(WAYS), strict=False) if is_in_time(mailed, point, way)]
        process.join(300)
        last = sender(folder)
        last.join(300)
        assert (process.exitcode, last.exitcode) == (0, 0)

    assert len(points) == count // 2
    assert len(in_time) >= count // 8
    ends = dict(rows("SELECT contact_point_id, state FROM outbox"))
    assert {ends[point] for point in in_time} == {"suppressed"}
    assert Counter(ends.values()) == {"sent": count - len(in_time), "suppressed": len(in_time)}
    mailed_to = {one.recipient for one in sink.accepted}
    assert mailed_to == {
        address for point, address in rows("SELECT contact_point_id, to_address FROM outbox") if point not in in_time
    }
    check()


def is_in_time(shop: Shop, point: int, way: Callable[[Shop, int], object]) -> bool:
    """Refuse that *way*, and say whether the message was still to be claimed when that stood in the database."""
    way(shop, point)
    with writing():  # behind a claim that had begun before
        ((claim_no,),) = rows(f"SELECT claim_no FROM outbox WHERE contact_point_id = ?{rows_locked()}", point)
    return bool(claim_no == 0)


def by_link(shop: Shop, point: int) -> None:
    mailing_id = value("SELECT mailing_id FROM outbox WHERE contact_point_id = ?", point)
    unsubscribe(shop, tokens.signer(shop.clock.now()).sign(UNSUBSCRIBE, f"{point}.{mailing_id}"), reason="link")


def by_reply(shop: Shop, point: int) -> None:
    consent.revoke(shop, point, purpose="marketing", source="reply", evidence="his mail")


def by_complaint(shop: Shop, point: int) -> None:
    address = value("SELECT key FROM contact_points WHERE id = ?", point)
    with writing():
        consent.suppress("email", address, "complaint", shop.clock.now(), "report")


WAYS = (by_link, by_reply, by_complaint)
