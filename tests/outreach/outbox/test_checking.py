"""What the outbox proves of itself: each way in which it may be broken is noticed, by itself and alone."""

from __future__ import annotations

import pytest

from retainctl.config import Shop
from retainctl.errors import BrokenInvariant
from retainctl.outreach.outbox import states as transitions
from retainctl.outreach.outbox.checking import check
from retainctl.outreach.outbox.delivering import deliver
from retainctl.store.database import execute, value
from retainctl.store.transactions import writing
from tests.outreach.outbox.conftest import QueueUp
from tests.outreach.outbox.test_recover import ids, in_hand

_EVENT = (
    "INSERT INTO outbox_events (outbox_id, month, at, from_state, to_state, claim_no)"
    " SELECT id, month, 0, '{}', state, claim_no FROM outbox WHERE state = 'sent'"
)
BROKEN = {
    "a recipient has no message": "DELETE FROM outbox WHERE id = (SELECT MAX(id) FROM outbox WHERE state = 'planned')",
    "a message has no recipient": "DELETE FROM recipients WHERE customer_id ="
    " (SELECT MAX(customer_id) FROM outbox WHERE state = 'planned')",
    "a state is not the last event's": "UPDATE outbox SET state = 'failed' WHERE state = 'sent'",
    "a claim is not the last event's": "UPDATE outbox SET claim_no = claim_no + 1 WHERE state = 'sent'",
    "nothing made it so": "UPDATE outbox SET state = 'expired', done_at = 1 WHERE state = 'planned'",
    "an event began earlier": _EVENT.format("planned"),
    "an event began elsewhere": _EVENT.format("unknown"),
    "an end without its hour": "UPDATE outbox SET done_at = NULL WHERE state = 'sent'",
    "an end that keeps its bytes": "INSERT INTO payloads (outbox_id, bytes) SELECT o.id, p.bytes FROM outbox o,"
    " payloads p WHERE o.state = 'sent' AND p.outbox_id = (SELECT MIN(outbox_id) FROM payloads)",
    "what waits has a sender": "UPDATE outbox SET owner = 'x', lease_until = 9 WHERE state = 'planned'",
    "what is claimed has no sender": "UPDATE outbox SET owner = NULL WHERE state = 'claimed'",
    "what is claimed has no time": "UPDATE outbox SET lease_until = NULL WHERE state = 'claimed'",
    **{
        f"what is {state} lost its bytes": "DELETE FROM payloads WHERE outbox_id ="
        f" (SELECT id FROM outbox WHERE state = '{state}')"
        for state in ("claimed", "handing", "unknown")
    },
    **{
        f"what is {state} lost its {column}": f"UPDATE outbox SET {column} = NULL WHERE state = '{state}'"
        for state in ("handing", "sent", "unknown")
        for column in ("handed_at", "payload_sha256")
    },
}


def test_each_way_in_which_the_outbox_may_be_broken_is_noticed(shop: Shop, queue_up: QueueUp) -> None:
    now = shop.clock.now()
    queue_up(1)
    assert deliver(shop).row.sent == 1
    queue_up(addresses=["dana@example.com", "noa@example.com"])
    queue_up(3, addresses=[f"late{n}@example.com" for n in range(3)])
    claimed, handing, unknown = ids()[3:]
    in_hand(shop, [claimed], by="sender-dead", handed=False)
    in_hand(shop, [handing, unknown], by="sender-dead", handed=True)
    with writing():
        transitions.change((unknown, 1, "handing"), "unknown", at=now, by=None)
    check()

    class Undone(Exception):
        pass

    unnoticed = []
    for what, sql in BROKEN.items():
        try:
            with writing():
                execute(sql)
                try:
                    check()
                    unnoticed.append(what)
                except BrokenInvariant:
                    pass
                raise Undone
        except Undone:
            pass
    assert unnoticed == []
    check()


def test_a_message_that_was_handed_over_more_often_than_somebody_let_it_is_noticed(
    shop: Shop, queue_up: QueueUp
) -> None:
    now = shop.clock.now()
    queue_up(1)
    for claim_no in (1, 2):
        in_hand(shop, ids(), by="sender-dead", handed=True, claim_no=claim_no)
        check()  # what the server took back may be handed over anew
        with writing():
            transitions.change((ids()[0], claim_no, "handing"), "planned", at=now, by=None)
    for claim_no in (3, 4):
        in_hand(shop, ids(), by="sender-dead", handed=True, claim_no=claim_no)
        with writing():
            transitions.change((ids()[0], claim_no, "handing"), "unknown", at=now, by=None)
            transitions.change((ids()[0], claim_no, "unknown"), "planned", at=now, by=None)
        if claim_no == 3:
            check()

    assert value("SELECT resends FROM outbox") == 0
    with pytest.raises(BrokenInvariant):
        check()
    execute("UPDATE outbox SET resends = 1")
    check()
