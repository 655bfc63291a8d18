"""Whatever happens to the senders, nobody is written to twice and nobody is lost."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from pathlib import Path

import peewee
import pytest

from retainctl.config import Shop, read_shop
from retainctl.errors import TryLater
from retainctl.outreach.outbox.checking import check
from retainctl.store.database import database, execute, rows, value
from retainctl.store.transactions import writing
from tests.conftest import NOW
from tests.outreach.outbox.conftest import QueueUp
from tests.proof.senders import FULL, sender, write_mail_settings
from tests.smtp_sink import Sink

pytestmark = pytest.mark.proof

SEED = int(os.environ.get("SEED", "1"))


def send_the_rest(folder: Path) -> None:
    """Deliver until nothing is left in anybody's hands: a server may need a moment to see that its client died."""
    for _ in range(50):
        process = sender(folder)
        process.join(60)
        assert process.exitcode == 0
        if not value("SELECT COUNT(*) FROM outbox WHERE state IN ('planned', 'claimed', 'handing')"):
            return
        time.sleep(0.1)
    raise AssertionError("messages are left")


def assert_nobody_lost_and_nobody_twice(sink: Sink) -> None:
    copies = sink.copies()
    found = dict(rows("SELECT message_id, state FROM outbox"))
    assert set(copies) <= set(found)
    assert max(copies.values()) == 1
    assert {name for name, state in found.items() if state == "sent"} <= set(copies)
    assert {found[name] for name in copies} <= {"sent", "unknown"}
    assert set(found.values()) <= {"sent", "unknown"}
    check()


@pytest.mark.timeout(3_600 if FULL else 300)
def test_kills_at_any_moment(shop: Shop, folder: Path, queue_up: QueueUp) -> None:
    """Senders are killed with -9 at random moments, one after another, and a last one ends the work."""
    chance, kills, batch = random.Random(SEED), *((1_000, 2_000) if FULL else (15, 300))
    with Sink(delay_seconds=0.002) as sink:
        write_mail_settings(folder, port=sink.port)
        mailed = read_shop(str(folder), now=NOW)
        killed = 0
        while killed < kills:
            if not value("SELECT COUNT(*) FROM outbox WHERE state = 'planned'"):
                queue_up(batch, using=mailed, addresses=fresh_addresses(batch))
            connections = sink.connections
            process = sender(folder)
            if chance.random() < 0.9:  # else it may die before it begins
                while process.exitcode is None and sink.connections == connections:
                    time.sleep(0.001)
            process.join(chance.uniform(0, 0.06))
            if process.exitcode is None:
                process.kill()
                killed += 1
            process.join()
        send_the_rest(folder)

    assert_nobody_lost_and_nobody_twice(sink)
    count, unknown = value("SELECT COUNT(*) FROM outbox"), value("SELECT COUNT(*) FROM outbox WHERE state = 'unknown'")
    sys.stdout.write(
        f"seed {SEED}: {killed} kills, {count} recipients, {len(sink.accepted)} delivered, {unknown} unknown\n"
    )


def fresh_addresses(count: int) -> list[str]:
    known = value("SELECT COUNT(*) FROM contact_points")
    return [f"person{known + n}@example.com" for n in range(count)]


def test_four_senders_at_once(shop: Shop, folder: Path, queue_up: QueueUp) -> None:
    count = 5_000 if FULL else 400
    with Sink() as sink:
        write_mail_settings(folder, port=sink.port)
        queue_up(count, using=read_shop(str(folder), now=NOW))
        processes = [sender(folder) for _ in range(4)]
        for process in processes:
            process.join(120)
        assert [process.exitcode for process in processes] == [0, 0, 0, 0]

    assert dict(rows("SELECT state, COUNT(*) FROM outbox GROUP BY state")) == {"sent": count}
    assert_nobody_lost_and_nobody_twice(sink)


@pytest.fixture
def impatient(shop: Shop) -> None:
    """This process waits for no lock longer than a moment."""
    if isinstance(database.obj, peewee.SqliteDatabase):
        database.obj.timeout = 0.2
        database.close()
    else:
        execute("SET lock_timeout = '200ms'")


def test_a_sender_that_sleeps_through_its_lease_sends_nothing_twice(
    shop: Shop, folder: Path, queue_up: QueueUp, impatient: None
) -> None:
    """It is stopped in the middle of its work, others take what it held, and then it goes on."""
    chance = random.Random(SEED)
    with Sink(delay_seconds=0.01) as sink:
        write_mail_settings(folder, port=sink.port)
        mailed = read_shop(str(folder), now=NOW)
        for _ in range(20 if FULL else 2):
            queue_up(120, using=mailed, addresses=fresh_addresses(120))
            sleeper = sender(folder)
            while not value("SELECT COUNT(*) FROM outbox WHERE owner IS NOT NULL"):
                time.sleep(0.005)
            time.sleep(chance.uniform(0, 0.05))
            assert sleeper.pid
            os.kill(sleeper.pid, signal.SIGSTOP)
            while not the_lease_ends():  # it fell asleep with the database's lock in its hand
                os.kill(sleeper.pid, signal.SIGCONT)
                time.sleep(0.002)
                os.kill(sleeper.pid, signal.SIGSTOP)
            send_the_rest(folder)
            os.kill(sleeper.pid, signal.SIGCONT)
            sleeper.join(60)
            assert sleeper.exitcode == 0

    assert_nobody_lost_and_nobody_twice(sink)


def the_lease_ends() -> bool:
    """Let a quarter of an hour go by for what is claimed; False while somebody is in the middle of a transaction."""
    try:
        if not isinstance(database.obj, peewee.SqliteDatabase) and value(
            "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND xact_start IS NOT NULL"
        ):
            return False
        with writing():
            execute("UPDATE outbox SET lease_until = 0 WHERE owner IS NOT NULL")
    except TryLater:
        return False
    return True
