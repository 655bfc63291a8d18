"""A channel that is one function: here, a request to a gateway on this machine."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psycopg
import pytest

from retainctl.config import Shop
from retainctl.errors import Refused, Unavailable
from retainctl.outreach.channels import Answer, Down, Letter, Outcome, Ready
from retainctl.outreach.channels.opening import CHANNELS
from retainctl.outreach.channels.plain import PlainChannel
from retainctl.outreach.outbox.checking import check
from retainctl.outreach.outbox.delivering import deliver
from retainctl.store.database import execute, rows
from tests.conftest import NOW, ROOT
from tests.outreach.outbox.conftest import QueueUp, states
from tests.outreach.outbox.test_delivering_files import later
from tests.outreach.test_rendering import with_mail
from tests.recipes.gateway import posted


class Gateway(ThreadingHTTPServer):
    """Takes what is posted to it, or does as the address says; sees what the outbox says meanwhile."""

    def __init__(self, see: Callable[[str], list[str]]) -> None:
        super().__init__(("127.0.0.1", 0), _Asked)
        self.see = see
        self.seen: dict[str, list[str]] = {}


class _Asked(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, Gateway)
        self.rfile.read(int(self.headers["Content-Length"]))
        to = self.headers["To"]
        self.server.seen[to] = self.server.see(to)
        if to.startswith("slow"):
            time.sleep(0.8)
        self.send_response({"refused": 410, "busy": 503}.get(to.partition("-")[0], 200))
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        pass


def from_outside(shop: Shop, to: str) -> list[str]:
    """The state of the message to that address, as another process sees it."""
    if shop.database_url.startswith("sqlite"):
        import sqlite3

        with sqlite3.connect(shop.folder / "retain.db") as file:
            return [one for (one,) in file.execute("SELECT state FROM outbox WHERE to_address = ?", (to,))]
    with psycopg.connect(shop.database_url) as server:
        return [one for (one,) in server.execute("SELECT state FROM outbox WHERE to_address = %s", (to,))]


@pytest.fixture
def gateway(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gateway]:
    server = Gateway(lambda to: from_outside(shop, to))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    execute("INSERT INTO channels (channel) VALUES ('gateway')")
    url = f"http://127.0.0.1:{server.server_port}/"
    monkeypatch.setitem(CHANNELS, "gateway", lambda _shop: PlainChannel(posted(url)))
    yield server
    server.shutdown()
    server.server_close()


def test_each_message_is_posted_once_and_settled_by_its_answer(shop: Shop, queue_up: QueueUp, gateway: Gateway) -> None:
    addresses = [f"{word}-{number}@x.example" for number in range(2) for word in ("taken", "refused", "busy", "slow")]
    mailing = queue_up(addresses=addresses, using=with_mail(shop, channel="gateway"))
    done = deliver(shop)
    assert (done.row.sent, done.row.failed, done.row.deferred, done.row.unknown) == (2, 2, 2, 2)
    assert states(mailing) == {"sent": 2, "failed": 2, "deferred": 2, "unknown": 2}
    assert gateway.seen == {address: ["handing"] for address in addresses}  # on the disk before the call
    assert rows("SELECT DISTINCT code, reply FROM outbox WHERE state = 'failed'") == [(410, "Gone")]
    check()

    gateway.seen.clear()
    assert deliver(later(shop, 3600)).row.deferred == 2
    assert set(gateway.seen) == {"busy-0@x.example", "busy-1@x.example"}


def test_a_gateway_that_is_not_there_is_asked_once_and_loses_nothing(
    shop: Shop, queue_up: QueueUp, gateway: Gateway
) -> None:
    mailing = queue_up(3, using=with_mail(shop, channel="gateway"))
    gateway.shutdown()
    gateway.server_close()
    done = deliver(shop)
    assert isinstance(done.trouble, Unavailable)
    assert states(mailing).get("unknown", 0) == 0
    assert rows("SELECT SUM(attempts), COUNT(*) FROM outbox WHERE state IN ('planned', 'deferred')") == [(0, 3)]
    check()


def test_after_one_channel_broke_down_no_other_is_begun(
    shop: Shop, queue_up: QueueUp, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_letter: Letter) -> Outcome:
        raise Unavailable("the disk is full")

    monkeypatch.setitem(CHANNELS, "files", lambda _shop: PlainChannel(broken))
    queue_up(addresses=["dana@x.example"])
    other = queue_up(addresses=["noa@x.example"], using=with_mail(shop, channel="gateway"))
    assert str(deliver(shop).trouble) == "the disk is full"
    assert (states(other), gateway.seen) == ({"planned": 1}, {})


def test_a_run_that_is_killed_in_the_call_leaves_its_message_unknown_and_sends_it_no_second_time(
    shop: Shop, queue_up: QueueUp, gateway: Gateway
) -> None:
    mailing = queue_up(2, using=with_mail(shop, channel="gateway"))
    script = (
        "import os, sys\n"
        "from retainctl.config import read_shop\n"
        "from retainctl.outreach.channels.opening import CHANNELS\n"
        "from retainctl.outreach.channels.plain import PlainChannel\n"
        "from retainctl.outreach.outbox.delivering import deliver\n"
        "from retainctl.store.opening import open_database\n"
        "shop = read_shop(sys.argv[1], now=sys.argv[2])\n"
        "CHANNELS['gateway'] = lambda _shop: PlainChannel(lambda _letter: os._exit(9))\n"
        "with open_database(shop.database_url, now=shop.clock.now()):\n"
        "    deliver(shop)\n"
    )
    ran = subprocess.run([sys.executable, "-c", script, str(shop.folder), NOW], cwd=ROOT, check=False)
    assert ran.returncode == 9
    assert states(mailing) in ({"handing": 1, "planned": 1}, {"handing": 1, "claimed": 1})
    done = deliver(shop)
    assert (done.row.sent, states(mailing)) == (1, {"sent": 1, "unknown": 1})
    assert len(gateway.seen) == 1
    check()


def test_after_its_trouble_the_channel_calls_no_more_and_answers_for_all_that_it_was_given() -> None:
    asked: list[int] = []

    def send(letter: Letter) -> Outcome:
        asked.append(letter.id)
        if letter.id == 2:
            raise Unavailable("away")
        return Outcome("sent")

    channel = PlainChannel(send, at_once=3)
    letters = [Letter(number, 1, 1, "<m>", "a@b.example", "c@d.example", b"") for number in (1, 2, 3)]
    for letter in letters:
        channel.take(letter)
    assert channel.reports(0) == [Ready(letter) for letter in letters]
    for letter in letters:
        channel.go(letter)
    answers = channel.reports(0)
    assert [one.outcome.state for one in answers if isinstance(one, Answer)] == ["sent", "deferred", "deferred"]
    assert sum(isinstance(one, Down) for one in answers) == 1
    assert (asked, channel.room()) == ([1, 2], 0)


@pytest.mark.parametrize("kind", ["file", "link", "dangling"])
def test_mail_is_written_into_a_real_folder_only(shop: Shop, queue_up: QueueUp, tmp_path: Path, kind: str) -> None:
    queue_up(1)
    place = shop.folder / "mail"
    (tmp_path / "other").mkdir()
    if kind == "file":
        place.write_text("x")
    else:
        place.symlink_to(tmp_path / ("other" if kind == "link" else "gone"))
    with pytest.raises(Refused, match="is not a regular folder; no mail was written"):
        deliver(shop)
    assert list((tmp_path / "other").iterdir()) == []


@pytest.mark.parametrize("at_once", [1, 100])
def test_a_channel_that_is_closed_has_room_for_nothing(at_once: int) -> None:
    channel = PlainChannel(lambda _letter: Outcome("sent"), at_once=at_once)
    assert channel.room() == at_once
    channel.close()
    assert channel.room() == 0
