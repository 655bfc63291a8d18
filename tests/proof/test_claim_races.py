"""Two senders at the same moment: the second counts what the first has in hand, although it is not committed yet."""

from __future__ import annotations

from collections.abc import Callable
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import pytest

from retainctl.config import Shop, read_shop
from retainctl.outreach import tokens
from retainctl.outreach.channels.files import files_channel
from retainctl.outreach.outbox.claiming import Claimer
from retainctl.store.database import rows, value
from retainctl.store.opening import open_database
from retainctl.store.transactions import writing
from tests.conftest import NOW
from tests.outreach.outbox.conftest import QueueUp
from tests.proof.senders import processes, write_mail_settings

pytestmark = pytest.mark.proof


def claim(shop: Shop, mailing_id: int, owner: str) -> None:
    """Claim all that may go of a mailing."""
    channel = files_channel(shop.folder / "mail")  # what is claimed is not handed over here
    Claimer(shop, channel, channel_name="mail", owner=owner).claim([mailing_id], wanted=9)


def sign(shop: Shop) -> None:
    """Sign something."""
    tokens.signer(shop.clock.now()).sign("unsubscribe", "17")


def test_a_daily_cap_is_one_for_all_senders(shop: Shop, folder: Path, queue_up: QueueUp) -> None:
    write_mail_settings(folder, port=25, daily_cap=3)
    mailing = queue_up(6, using=read_shop(str(folder), now=NOW))

    meet(folder, claim, (mailing.id, "sender-1"), (mailing.id, "sender-2"))
    assert rows("SELECT owner, COUNT(*) FROM outbox WHERE state = 'claimed' GROUP BY owner") == [("sender-1", 3)]


def test_a_customers_budget_is_one_for_all_senders(shop: Shop, folder: Path, queue_up: QueueUp) -> None:
    write_mail_settings(folder, port=25)
    using = read_shop(str(folder), now=NOW)
    queue_up(1, using=using, name="winter")
    dana = [value("SELECT customer_id FROM outbox")]
    spring, summer = (queue_up(customer_ids=dana, using=using, name=name) for name in ("spring", "summer"))
    with writing():
        claim(using, value("SELECT MIN(id) FROM mailings"), "sender-0")

    meet(folder, claim, (spring.id, "sender-1"), (summer.id, "sender-2"))
    assert rows("SELECT state, owner FROM outbox ORDER BY id") == [
        ("claimed", "sender-0"),
        ("claimed", "sender-1"),
        ("deferred", None),
    ]


def test_two_who_need_the_first_key_make_one(shop: Shop, folder: Path) -> None:
    meet(folder, sign, (), ())
    assert value("SELECT COUNT(*) FROM signing_keys") == 1


def meet(folder: Path, work: Callable[..., object], first: tuple[Any, ...], second: tuple[Any, ...]) -> None:
    """Do *work* here, and once more in a process of its own before what was done here is committed."""
    began = processes.Event()
    process = processes.Process(target=_follow, args=(folder, work, second, began), daemon=True)
    with writing():
        work(read_shop(str(folder), now=NOW), *first)
        process.start()
        assert began.wait(60)
        process.join(0.5)  # long enough to end, if nothing held it
    process.join(60)
    assert process.exitcode == 0


def _follow(folder: Path, work: Callable[..., object], given: tuple[Any, ...], began: Event) -> None:
    shop = read_shop(str(folder), now=NOW)
    with open_database(shop.database_url, now=shop.clock.now()):
        began.set()
        with writing():
            work(shop, *given)
