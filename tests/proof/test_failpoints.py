"""A sender that ends at any point of its work, one after another: nobody is lost and nobody is written to twice (A2).

Random kills find the long steps; here each has its turn.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from retainctl.config import Shop, read_shop
from retainctl.store.database import value
from retainctl.store.dialect import file_is_the_database
from tests.conftest import NOW
from tests.outreach.outbox.conftest import QueueUp
from tests.proof import failpoints
from tests.proof.senders import FULL, processes, write_mail_settings
from tests.proof.test_sending import assert_nobody_lost_and_nobody_twice, fresh_addresses, send_the_rest
from tests.smtp_sink import Sink

pytestmark = [pytest.mark.proof, pytest.mark.timeout(3_600 if FULL else 300)]

RECIPIENTS, CONNECTIONS = 3, 2
STRIDE = 1 if FULL else 15  # of about 110 points


@pytest.mark.parametrize("how", get_args(failpoints.How))
def test_a_sender_that_ends_at_each_point(shop: Shop, folder: Path, queue_up: QueueUp, how: failpoints.How) -> None:
    ends, point = {"kill": -9, "fail": failpoints.FAILED}, 1
    with Sink() as sink:
        write_mail_settings(folder, port=sink.port, connections=CONNECTIONS)
        mailed = read_shop(str(folder), now=NOW)
        while True:
            queue_up(RECIPIENTS, using=mailed, addresses=fresh_addresses(RECIPIENTS))
            process = processes.Process(target=failpoints.send_until, args=(folder, point, how), daemon=True)
            process.start()
            process.join(60)
            send_the_rest(folder)
            if process.exitcode == 0:
                break  # it has no more points than that
            assert process.exitcode == ends[how]
            point += STRIDE

    # Each begins and ends, more than once; how often depends on how the letters fall into cycles.
    assert point > 2 * 2 * len(failpoints.STEPS)
    assert_nobody_lost_and_nobody_twice(sink)
    sys.stdout.write(f"{how} at up to {point} points, {unknown()} of {len(sink.accepted)} unknown\n")


# What hands bytes to the server or the disk; instead of it the process is killed, or it fails.
CALLS = [
    ("sendto", "signal=SIGKILL"), ("pwrite64", "signal=SIGKILL"), ("fdatasync", "signal=SIGKILL"),
    ("pwrite64", "error=ENOSPC"), ("pwrite64", "error=EIO"), ("fdatasync", "error=EIO"),
]  # fmt: skip


def can_trace() -> bool:
    words = ["strace", "-qq", "-o", "/dev/null", "true"]
    return bool(shutil.which("strace")) and subprocess.run(words, check=False).returncode == 0


@pytest.mark.skipif(not can_trace(), reason="strace is not installed, or may not trace here")
@pytest.mark.parametrize(("call", "fault"), CALLS)
def test_a_sender_at_each_call_of_the_kernel(
    shop: Shop, folder: Path, tmp_path: Path, queue_up: QueueUp, call: str, fault: str
) -> None:
    if call != "sendto" and not file_is_the_database():
        pytest.skip("on PostgreSQL the server writes to the disk")
    number, log = 1, tmp_path / "calls"
    are_few = call != "pwrite64" and file_is_the_database()  # about ten, else about a hundred
    stride = 1 if FULL else 4 if are_few else 30
    with Sink() as sink:
        write_mail_settings(folder, port=sink.port, connections=1)
        mailed = read_shop(str(folder), now=NOW)
        while True:
            queue_up(RECIPIENTS, using=mailed, addresses=fresh_addresses(RECIPIENTS))
            ended = subprocess.run(
                ["strace", "-f", "-qq", "-o", log, "-e", f"trace={call}", "-e", f"inject={call}:{fault}:when={number}",
                 sys.executable, "-m", "retainctl", "--shop", folder, "--now", NOW, "outbox", "deliver"],
                cwd="/", capture_output=True, check=False,
            )  # fmt: skip
            assert "Traceback" not in ended.stderr.decode()
            send_the_rest(folder)
            if ended.returncode != -9 and "(INJECTED)" not in log.read_text(encoding="utf-8"):
                break  # it makes no more calls than that
            number += stride

    assert number > 3
    assert_nobody_lost_and_nobody_twice(sink)
    sys.stdout.write(f"{call}, {fault}: up to {number} calls, {unknown()} of {len(sink.accepted)} unknown\n")


def unknown() -> int:
    return int(value("SELECT COUNT(*) FROM outbox WHERE state = 'unknown'"))
