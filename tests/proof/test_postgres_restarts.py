"""PostgreSQL is stopped without a goodbye, again and again, while two senders deliver (A6)."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest

from retainctl.config import Shop, read_shop
from retainctl.errors import DoneInPart, TryLater, Unavailable
from retainctl.store.database import database, value
from tests.conftest import NOW, POSTGRES_PROGRAMS, postgres_cluster, run_as_postgres
from tests.outreach.outbox.conftest import QueueUp
from tests.proof.senders import FULL, write_mail_settings
from tests.proof.test_sending import assert_nobody_lost_and_nobody_twice, send_the_rest
from tests.smtp_sink import Sink

RECIPIENTS, RESTARTS = (2_000, 8) if FULL else (200, 2)


@pytest.fixture
def database_url(postgres: str) -> Iterator[str]:
    """An empty database in a cluster of its own, whose commits are on the disk."""
    with postgres_cluster(durable=True) as address:
        with psycopg.connect(address.format(name="postgres"), autocommit=True) as connection:
            connection.execute("CREATE DATABASE shop")
        yield address.format(name="shop")


@pytest.mark.proof
@pytest.mark.timeout(600)
def test_restarts_of_the_database_lose_and_repeat_nothing(
    shop: Shop, folder: Path, database_url: str, queue_up: QueueUp
) -> None:
    cluster = parse_qs(urlsplit(database_url).query)["host"][0]
    ended: list[subprocess.Popen[str]] = []
    with Sink(delay_seconds=0.002) as sink:
        write_mail_settings(folder, port=sink.port)
        queue_up(RECIPIENTS, using=read_shop(str(folder), now=NOW))
        senders = [deliverer(folder), deliverer(folder)]
        for number in range(RESTARTS):
            wanted = RECIPIENTS * (number + 1) // (RESTARTS + 2)
            while len(sink.accepted) < wanted:
                time.sleep(0.002)
                for place, one in enumerate(senders):
                    if one.poll() is not None:  # it was only opening the database when it went
                        ended.append(one)
                        senders[place] = deliverer(folder)
            run_as_postgres(
                f"{POSTGRES_PROGRAMS}/pg_ctl", "-w", "-D", f"{cluster}/data", "-l", f"{cluster}/log",
                "-m", "immediate", "restart",
            )  # fmt: skip
        for one in [*ended, *senders]:
            said = one.communicate(timeout=120)[1]
            assert one.returncode in (0, DoneInPart.exit_code, Unavailable.exit_code, TryLater.exit_code), said
            assert said.startswith("retainctl: ") or not said  # it went on, or ended with a sentence
        database.close()
        database.connect()
        send_the_rest(folder)

    assert value("SELECT COUNT(*) FROM outbox") == RECIPIENTS
    unknown = value("SELECT COUNT(*) FROM outbox WHERE state = 'unknown'")
    assert_nobody_lost_and_nobody_twice(sink)
    codes = [one.returncode for one in [*ended, *senders]]
    sys.stdout.write(f"{RESTARTS} restarts, {RECIPIENTS} recipients, {unknown} unknown, senders ended with {codes}\n")


def deliverer(folder: Path) -> subprocess.Popen[str]:
    words = [sys.executable, "-m", "retainctl", "--shop", str(folder), "--now", NOW, "outbox", "deliver"]
    return subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd="/")
