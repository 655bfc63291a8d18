"""``retainctl outbox``, as it is typed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from retainctl import cli
from retainctl.config import Shop, read_shop
from retainctl.errors import WrongUsage
from retainctl.outreach.outbox.checking import check
from retainctl.outreach.outbox.listing import recognisable
from retainctl.outreach.outbox.resolve import Resolved, resolve
from retainctl.store.database import execute, rows, value
from tests.conftest import NOW, Terminal
from tests.outreach.outbox.conftest import QueueUp
from tests.proof.senders import write_mail_settings
from tests.smtp_sink import Sink

HEADER = "sent\tdeferred\tfailed\tunknown\tsuppressed\texpired\tcancelled\tleft\n"


def test_delivering_shows_one_row_and_says_nothing_when_all_is_well(retainctl: Terminal, queue_up: QueueUp) -> None:
    queue_up(3)

    assert retainctl("outbox", "deliver", "--dry-run").stdout == f"{HEADER}3\t0\t0\t0\t0\t0\t0\t3\n"
    first = retainctl("outbox", "deliver", "--dry-run", "--limit", "2")
    assert first.stdout == f"{HEADER}2\t0\t0\t0\t0\t0\t0\t3\n"
    done = retainctl("outbox", "deliver")
    assert (done.code, done.stdout, done.stderr) == (0, f"{HEADER}3\t0\t0\t0\t0\t0\t0\t0\n", "")
    checked = retainctl("outbox", "check")
    assert (checked.code, checked.stdout, checked.stderr) == (0, "", "")


def test_an_address_is_masked_alike_in_whatever_letters_it_was_written() -> None:
    digits = "07e2f139"  # of the SHA-256 of dana@example.com
    assert recognisable("dana@example.com") == f"d***@e***.com#{digits}"
    assert recognisable("Dana@Example.com") == f"D***@E***.com#{digits}"


@pytest.mark.parametrize("database_url", ["sqlite:retain.db"])
@pytest.mark.parametrize(
    ("words", "listed"),
    [
        ((), ["1", "2", "3"]),
        (("--limit", "2"), ["1", "2"]),
        (("--state", "planned"), ["2", "3"]),
        (("--state", "planned", "--limit", "1"), ["2"]),
    ],
)
def test_the_messages_that_were_asked_for_are_listed(
    shop: Shop, queue_up: QueueUp, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], listed: list[str]
) -> None:
    queue_up(3)
    execute("UPDATE outbox SET state = 'sent' WHERE id = 1")
    assert cli.run(["--shop", str(shop.folder), "outbox", "list", *words]) == 0
    assert [line.split("\t")[0] for line in capsys.readouterr().out.splitlines()[1:]] == listed


@pytest.mark.parametrize("database_url", ["sqlite:retain.db"])
@pytest.mark.parametrize(("word", "state"), [("sent", "sent"), ("failed", "failed"), ("resend", "planned")])
def test_each_of_the_messages_that_were_named_ends_as_a_person_says(
    shop: Shop, queue_up: QueueUp, word: str, state: str
) -> None:
    queue_up(3)
    execute("UPDATE outbox SET state = 'unknown'")
    words = ("outbox", "resolve", "1", "3", "--as", word, "--reason", "the server's log")
    assert cli.run(["--shop", str(shop.folder), "--now", NOW, *words]) == 0
    assert rows("SELECT state FROM outbox ORDER BY id") == [(state,), ("unknown",), (state,)]
    assert rows("SELECT outbox_id, detail FROM outbox_events ORDER BY id") == [
        (1, "by hand: the server's log"),
        (3, "by hand: the server's log"),
    ]


def test_in_quiet_hours_it_says_when_to_come_again(retainctl: Terminal, queue_up: QueueUp) -> None:
    queue_up(1)

    done = retainctl("outbox", "deliver", now="2025-03-02T22:00")

    assert done.code == 75
    assert done.stderr == (
        "retainctl: nothing was sent: quiet hours until 2025-03-03T08:00:00+02:00\n  Run it again later.\n"
    )


def test_a_clock_that_is_doubted_ends_messages_once_it_is_trusted(
    shop: Shop, retainctl: Terminal, queue_up: QueueUp
) -> None:
    queue_up(2, not_after=shop.clock.now() + 3_600)
    years_later = "2035-03-02T10:00"
    doubted = retainctl("outbox", "deliver", now=years_later)
    assert (doubted.code, doubted.stdout) == (75, f"{HEADER}0\t0\t0\t0\t0\t0\t0\t2\n")
    assert "--yes-clock" in doubted.stderr
    trusted = retainctl("outbox", "deliver", "--yes-clock", now=years_later)
    assert trusted.stdout == f"{HEADER}0\t0\t0\t0\t0\t2\t0\t0\n"


def test_unknown_messages_are_said_listed_and_settled_by_hand(
    retainctl: Terminal, folder: Path, queue_up: QueueUp
) -> None:
    with Sink() as sink:
        write_mail_settings(folder, port=sink.port)
        queue_up(addresses=["end=cut+dana@example.com", "noa@example.com"], using=read_shop(str(folder), now=NOW))
        done = retainctl("outbox", "deliver")
        assert (done.code, done.stdout) == (3, f"{HEADER}1\t0\t0\t1\t0\t0\t0\t0\n")
        assert done.stderr.startswith("retainctl: the delivery of 1 message is unknown\n")
        assert "dana@" not in done.stderr
        (message_id,) = rows("SELECT id FROM outbox WHERE state = 'unknown'")[0]

        listed = retainctl("outbox", "list", "--state", "unknown")
        assert listed.stdout.splitlines()[1].split("\t")[:4] == [
            str(message_id), "campaign spring", str(value("SELECT MIN(customer_id) FROM outbox")),
            "e***@e***.com#" + listed.stdout.splitlines()[1].split("#")[1][:8],
        ]  # fmt: skip
        assert retainctl("outbox", "deliver").code == 0  # it ended with 3 once, and cron runs it every few minutes
        assert "the delivery of 1 message is unknown" in said_at_a_terminal(folder, "outbox", "deliver")
        for _ in range(2):  # every night, until somebody settles it
            checked = retainctl("outbox", "check")
            assert (checked.code, "the delivery of 1 message is unknown. See them: " in checked.stderr) == (3, True)

        resolved = retainctl("outbox", "resolve", str(message_id), "--as", "resend", "--reason", "the server lost it")
        assert resolved.stdout == "resolved\tresolution\n1\tresend\n"
        assert retainctl("outbox", "deliver").code == 3
        assert sink.copies()[value("SELECT message_id FROM outbox WHERE id = ?", message_id)] == 2
        assert len({one.sha256 for one in sink.accepted if "dana" in one.recipient}) == 1
        settled = retainctl("outbox", "resolve", str(message_id), "--as", "sent", "--reason", "she answered")
        assert settled.code == 0

    history = retainctl("outbox", "show", str(message_id)).stdout
    assert "end=cut+dana@example.com" in history
    assert "from unknown, to planned, claim 1, detail by hand: the server lost it" in history
    assert "from unknown, to sent, claim 2, detail by hand: she answered" in history
    again = retainctl("outbox", "resolve", str(message_id), "--as", "failed", "--reason", "x")
    assert (again.code, again.stdout) == (77, "")
    assert f"message {message_id} is sent, not unknown" in again.stderr
    assert retainctl("outbox", "show", "999999").code == 2
    assert retainctl("outbox", "check").code == 0


def said_at_a_terminal(folder: Path, *words: str) -> str:
    """What a person reads on stderr."""
    ours, theirs = os.openpty()
    command = [sys.executable, "-m", "retainctl", "--shop", str(folder), "--now", NOW, *words]
    subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=theirs, cwd="/", check=True)
    os.close(theirs)
    with os.fdopen(ours, "rb", buffering=0) as terminal:
        return terminal.read(65_536).decode()


def test_who_settles_a_message_says_how_they_know(shop: Shop) -> None:
    with pytest.raises(WrongUsage, match="a resolution needs a reason"):
        resolve(shop, [1], resolution="sent", reason=" ")


def test_a_message_that_is_named_twice_is_settled_once(shop: Shop, queue_up: QueueUp) -> None:
    queue_up(2)
    one, other = (message_id for (message_id,) in rows("SELECT id FROM outbox ORDER BY id"))
    execute("UPDATE outbox SET state = 'unknown'")

    assert resolve(shop, [one, other, one], resolution="resend", reason="the log has it not") == Resolved(2, "resend")
    assert rows("SELECT state, resends FROM outbox") == [("planned", 1), ("planned", 1)]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_it_at_the_next_safe_point(
    shop: Shop, folder: Path, queue_up: QueueUp, number: signal.Signals, code: int
) -> None:
    with Sink(delay_seconds=0.02) as sink:
        write_mail_settings(folder, port=sink.port, connections=2)
        queue_up(2_000, using=read_shop(str(folder), now=NOW))
        process = subprocess.Popen(
            [sys.executable, "-m", "retainctl", "--shop", folder, "--now", NOW, "outbox", "deliver"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd="/",
        )  # fmt: skip
        while len(sink.accepted) < 10:
            time.sleep(0.01)
        os.kill(process.pid, number)
        stdout, stderr = process.communicate(timeout=30)

    sent = value("SELECT COUNT(*) FROM outbox WHERE state = 'sent'")
    assert (process.returncode, stderr.strip()) == (code, b"")  # click ends the line of a Ctrl-C
    assert stdout.decode() == f"{HEADER}{sent}\t0\t0\t0\t0\t0\t0\t{2_000 - sent}\n"
    assert sent == len(sink.accepted) < 2_000
    check()
