"""What a whole mail server does: it is not there, refuses the login or the sender, tires, or takes everything."""

from __future__ import annotations

import dataclasses
import os
import shutil
import ssl
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest

from retainctl.clock import DAY_SECONDS, Clock
from retainctl.config import Shop
from retainctl.errors import BadConfiguration, DoneInPart, RetainError, TryLater, Unavailable
from retainctl.outreach.channels import Answer, ChannelReport, Letter, Outcome, Ready, Returned
from retainctl.outreach.channels.mail.pool import MailChannel
from retainctl.outreach.channels.mail.replies import Phase, Reply, meaning
from retainctl.outreach.channels.opening import CHANNELS
from retainctl.outreach.mailings import resume
from retainctl.outreach.outbox import send_loop
from retainctl.outreach.outbox.checking import check
from retainctl.outreach.outbox.delivering import Delivery, deliver
from retainctl.outreach.outbox.states import change
from retainctl.outreach.programs import program_of
from retainctl.result import Result
from retainctl.store.database import execute, rows, value
from retainctl.store.transactions import writing
from tests.outreach.outbox.conftest import QueueUp, by_mail, states
from tests.reach import contactable
from tests.smtp_sink import Sink


@pytest.mark.parametrize(
    ("server", "settings", "trouble", "sentence"),
    [
        ({"greeting": "554 no mail here"}, {}, Unavailable, "refuses connections: 554 no mail here"),
        ({"greeting": "silence"}, {"timeout_seconds": 1}, Unavailable, "timed out"),
        ({"auth": "535 5.7.8 no"}, {"user": "apikey", "password": "env:SECRET"}, BadConfiguration, "refuses the login"),
        ({"auth": "454 4.7.0 later"}, {"user": "apikey", "password": "env:SECRET"}, Unavailable, "454"),
        ({}, {"user": "apikey", "password": "env:SECRET"}, BadConfiguration, "does not support what is set"),
        ({"mail": "530 5.7.0 log in first"}, {}, BadConfiguration, "requires a login: 530"),
        ({}, {"security": "starttls"}, BadConfiguration, "does not support what is set"),
        ({}, {"security": "tls"}, BadConfiguration, "does not speak TLS"),
        ({}, {"user": "apikey"}, BadConfiguration, "apikey has no password"),
        ({}, {"host": ""}, BadConfiguration, "no mail server is set"),
        (
            {}, {"host": "mail.example.com", "user": "x", "password": "env:SECRET"}, BadConfiguration,
            "would be sent unencrypted",
        ),
    ],
)  # fmt: skip
def test_where_the_server_does_not_let_us_in_everything_stays_planned(
    shop: Shop, queue_up: QueueUp, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str],
    server: dict[str, Any], settings: dict[str, Any], trouble: type[RetainError], sentence: str,
) -> None:  # fmt: skip
    monkeypatch.setenv("SECRET", "hunter2-probe")
    with Sink(**server) as sink:
        mailed = by_mail(shop, **{"port": sink.port, "connections": 2} | settings)
        mailing = queue_up(5, using=mailed)
        try:
            done = deliver(mailed).trouble
        except RetainError as error:
            done = error

    assert type(done) is trouble
    assert sentence in str(done)
    assert states(mailing) == {"planned": 5}
    assert value("SELECT MAX(attempts) FROM outbox") == 0
    assert "hunter2-probe" not in "".join(capfd.readouterr())


def test_a_server_that_is_not_there_is_unavailable(shop: Shop, queue_up: QueueUp) -> None:
    with Sink() as sink:
        port = sink.port
    mailed = by_mail(shop, port=port)
    mailing = queue_up(2, using=mailed)

    assert isinstance(deliver(mailed).trouble, Unavailable)
    assert states(mailing) == {"planned": 2}


@pytest.mark.parametrize(
    ("mail", "left", "attempts"), [("cut", {"planned": 5}, 0), ("silence", {"planned": 2, "deferred": 3}, 3)]
)
def test_what_a_server_keeps_waiting_waits_its_turn_and_one_that_hangs_up_at_once_charges_nobody(
    shop: Shop, queue_up: QueueUp, mail: str, left: dict[str, int], attempts: int
) -> None:
    with Sink(mail=mail) as sink:
        mailed = by_mail(shop, port=sink.port, connections=1, timeout_seconds=1)
        mailing = queue_up(5, using=mailed)

        done = deliver(mailed)

    assert isinstance(done.trouble, Unavailable)
    assert "accepts no more messages" in str(done.trouble)
    assert states(mailing) == left
    assert value("SELECT SUM(attempts) FROM outbox") == attempts
    assert sink.connections == 3
    check()


def test_a_login_that_is_no_address_is_used_as_it_is(
    shop: Shop, queue_up: QueueUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET", "hunter2-probe")
    with Sink(auth="235 welcome") as sink:
        mailed = by_mail(shop, port=sink.port, connections=1, user="apikey", password="env:SECRET")
        queue_up(3, using=mailed)

        assert deliver(mailed).row.sent == 3
    assert sink.logins == [b"AUTH PLAIN AGFwaWtleQBodW50ZXIyLXByb2Jl"]  # NUL apikey NUL hunter2-probe
    assert sink.connections == 1


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate of our own for "localhost", with its key in the same file."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    path = tmp_path / "server.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
         "subjectAltName=DNS:localhost", "-keyout", tmp_path / "key.pem", "-out", path],
        check=True, capture_output=True,
    )  # fmt: skip
    path.write_text(path.read_text() + (tmp_path / "key.pem").read_text())
    return path


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_certificate_is_checked(
    shop: Shop, queue_up: QueueUp, certificate: Path, monkeypatch: pytest.MonkeyPatch, security: str
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    ways: dict[str, Any] = {"tls": context} if security == "tls" else {"starttls": context}
    with Sink(**ways) as sink:
        mailed = by_mail(shop, port=sink.port, connections=2, host="localhost", security=security)
        queue_up(20, using=mailed)
        refused = deliver(mailed)
        monkeypatch.setenv("SSL_CERT_FILE", os.fspath(certificate))

        accepted = deliver(mailed)

    assert "TLS certificate verification failed for the mail server" in str(refused.trouble)
    assert refused.row.sent == 0
    assert accepted.row.sent == 20
    assert max(sink.copies().values()) == 1


@pytest.mark.parametrize("pipelining", [True, False])
def test_a_refused_sender_pauses_the_mailing_and_charges_nobody(
    shop: Shop, queue_up: QueueUp, pipelining: bool
) -> None:
    with Sink(mail="550 5.1.8 who are you", pipelining=pipelining) as sink:
        mailed = by_mail(shop, port=sink.port)
        mailing = queue_up(40, using=mailed)

        done = deliver(mailed)

    assert isinstance(done.trouble, DoneInPart)
    assert "spring is paused: the mail server refuses the sender: 550 5.1.8 who are you" in str(done.trouble)
    assert value("SELECT state FROM mailings") == "paused"
    assert set(states(mailing)) <= {"planned", "deferred"}
    assert value("SELECT MAX(attempts) FROM outbox") == 0
    check()


class _Handing:
    """A channel that hands over whatever is let go."""

    def __init__(self) -> None:
        self.gone: list[Letter] = []
        self._reports: list[ChannelReport] = []

    def objection(self, payload: bytes, *, marketing: bool) -> str:
        return ""

    def room(self) -> int:
        return 1

    def take(self, letter: Letter) -> None:
        self._reports.append(Ready(letter))

    def reports(self, wait_seconds: float) -> list[ChannelReport]:
        reports, self._reports = self._reports, []
        return reports

    def go(self, letter: Letter) -> None:
        self.gone.append(letter)
        self._reports.append(Answer(letter, Outcome("sent", "ok", 250)))

    def drop(self, letter: Letter) -> None:
        pass

    def close(self) -> None:
        pass


class _Together(_Handing):
    """Its first letter is refused for its sender's sake in the moment in which the second stands ready."""

    def __init__(self) -> None:
        super().__init__()
        self._taken: list[Letter] = []

    def room(self) -> int:
        return 2

    def take(self, letter: Letter) -> None:
        self._taken.append(letter)
        if len(self._taken) == 2:
            refused = Outcome("deferred", "who are you", 550, charged=False, sender_at_fault=True)
            self._reports += [Answer(self._taken[0], refused), Ready(letter)]


def test_what_stands_ready_when_its_mailing_is_paused_is_not_let_go(
    shop: Shop, queue_up: QueueUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel = _Together()
    monkeypatch.setitem(CHANNELS, "files", lambda _shop: channel)
    mailing = queue_up(2)

    done = deliver(shop)

    assert isinstance(done.trouble, DoneInPart)
    assert channel.gone == []
    assert states(mailing) == {"deferred": 1, "planned": 1}
    check()


class _Interrupted(_Handing):
    """It does *meanwhile* while its first letter stands ready."""

    def __init__(self, meanwhile: Callable[[Letter], None]) -> None:
        super().__init__()
        self._meanwhile: Callable[[Letter], None] | None = meanwhile

    def take(self, letter: Letter) -> None:
        super().take(letter)
        if self._meanwhile:
            self._meanwhile(letter)
            self._meanwhile = None


def test_a_letter_that_was_taken_from_this_sender_while_it_stood_ready_is_not_let_go(
    shop: Shop, queue_up: QueueUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    def taken_away(letter: Letter) -> None:
        with writing():
            change((letter.id, letter.claim_no, "claimed"), "cancelled", at=shop.clock.now(), by="somebody")

    channel = _Interrupted(taken_away)
    monkeypatch.setitem(CHANNELS, "files", lambda _shop: channel)
    mailing = queue_up(2)
    deliver(shop)
    assert (len(channel.gone), states(mailing)) == (1, {"cancelled": 1, "sent": 1})
    check()


def test_a_letter_that_becomes_ready_when_the_run_is_to_end_is_not_let_go(
    shop: Shop, queue_up: QueueUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    ending: list[Letter] = []
    channel = _Interrupted(ending.append)
    monkeypatch.setitem(CHANNELS, "files", lambda _shop: channel)
    mailing = queue_up(2)
    deliver(shop, stopping=lambda: bool(ending))
    assert (channel.gone, states(mailing)) == ([], {"planned": 2})


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_a_database_that_is_away_for_a_moment_ends_no_run(
    shop: Shop, queue_up: QueueUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut_off(_letter: Letter) -> None:
        pid = value("SELECT pg_backend_pid()")
        with psycopg.connect(shop.settings.database) as other:
            other.execute("SELECT pg_terminate_backend(%s)", [pid])

    channel = _Interrupted(cut_off)
    monkeypatch.setitem(CHANNELS, "files", lambda _shop: channel)
    mailing = queue_up(3)
    done = deliver(shop)
    assert (done.row.sent, done.trouble, states(mailing)) == (3, None, {"sent": 3})
    check()


@pytest.mark.parametrize("fault", ["rcpt=550_5.7.26", "end=550_5.7.1", "end=554_5.7.515"])
def test_a_policy_against_the_sender_pauses_the_mailing_and_suppresses_nobody(
    shop: Shop, queue_up: QueueUp, fault: str
) -> None:
    with Sink() as sink:
        mailed = by_mail(shop, port=sink.port)
        mailing = queue_up(addresses=[f"{fault}+{n}@example.com" for n in range(30)], using=mailed)

        done = deliver(mailed)

    assert isinstance(done.trouble, DoneInPart)
    assert set(states(mailing)) <= {"planned", "deferred"}
    assert value("SELECT COUNT(*) FROM suppressions") == 0
    assert sink.accepted == []
    check()


def test_a_list_of_dead_addresses_stops_the_mailing(shop: Shop, queue_up: QueueUp) -> None:
    bad = [f"rcpt=550_5.1.1+{n}@example.com" if n % 10 == 0 else f"p{n}@example.com" for n in range(600)]
    with Sink() as sink:
        mailed = by_mail(shop, port=sink.port)
        mailing = queue_up(addresses=bad, using=mailed)

        done = deliver(mailed)

    assert "of 200 messages were not accepted" in str(done.trouble)
    found = states(mailing)
    assert 200 <= found["sent"] + found["failed"] < 300
    assert found["planned"] == 600 - found["sent"] - found["failed"]
    check()


def test_an_address_that_bounced_is_not_written_to_again_however_it_is_spelled(shop: Shop, queue_up: QueueUp) -> None:
    with Sink() as sink:
        mailed = by_mail(shop, port=sink.port)
        queue_up(addresses=["rcpt=550_5.1.1+Dana@Example.COM"], using=mailed)
        assert deliver(mailed).row.failed == 1
    ((dana,),) = rows("SELECT id FROM customers")
    assert contactable([dana], purpose="marketing", at=shop.clock.now()) == {dana: "suppressed"}


def test_fifty_refusals_in_a_row_stop_the_mailing(shop: Shop, queue_up: QueueUp) -> None:
    with Sink() as sink:
        mailed = by_mail(shop, port=sink.port, connections=1)
        few = [f"rcpt=550_5.1.1+few{n}@example.com" for n in range(98)]
        broken = queue_up(addresses=[*few[:49], "dana@example.com", *few[49:]], using=mailed)
        many = queue_up(addresses=[f"rcpt=550_5.1.1+many{n}@example.com" for n in range(180)], using=mailed)

        deliver(mailed)

    assert states(broken) == {"failed": 98, "sent": 1}
    assert 50 <= states(many)["failed"] < 150
    assert rows("SELECT state FROM mailings ORDER BY id") == [("active",), ("paused",)]
    assert rows("SELECT DISTINCT reason FROM suppressions") == [("hard_bounce",)]


def test_the_fiftieth_refusal_in_a_row_and_the_eleventh_of_two_hundred_stop_a_mailing(
    shop: Shop, queue_up: QueueUp
) -> None:
    def some_bad(name: str, count: int, bad: range) -> list[str]:
        return [f"{'rcpt=550_5.1.1+' if n in bad else ''}{name}{n}@example.com" for n in range(count)]

    with Sink() as sink:
        mailed = by_mail(shop, port=sink.port, connections=1)
        for addresses in (
            some_bad("row", 50, range(50)),
            some_bad("short", 49, range(49)),
            some_bad("eleven", 200, range(0, 200, 19)),
            some_bad("ten", 200, range(0, 200, 20)),
        ):
            queue_up(addresses=addresses, using=mailed)

        deliver(mailed)

    assert [state for (state,) in rows("SELECT state FROM mailings ORDER BY id")] == [
        "paused", "active", "paused", "active",
    ]  # fmt: skip


def test_a_server_that_wants_new_connections_gets_them(shop: Shop, queue_up: QueueUp) -> None:
    with Sink(close_after=7) as sink:
        mailed = by_mail(shop, port=sink.port, connections=2)
        mailing = queue_up(60, using=mailed)

        done = deliver(mailed)

    assert done.trouble is None
    assert states(mailing) == {"sent": 60}
    assert max(sink.copies().values()) == 1


@pytest.mark.timeout(60)
def test_a_server_that_goes_away_for_good_costs_nobody_their_mail(shop: Shop, queue_up: QueueUp) -> None:
    with Sink(close_after=2) as sink:
        mailed = by_mail(shop, port=sink.port, connections=1)
        mailing = queue_up(6, using=mailed)

        def gone(sent: int) -> None:
            if sent:
                sink.stop_listening()

        done = deliver(mailed, progress=gone)
    assert isinstance(done.trouble, Unavailable)
    found = states(mailing)
    assert set(found) <= {"sent", "planned", "deferred"}
    assert sum(found.values()) == 6
    assert value("SELECT COUNT(*) FROM outbox WHERE owner IS NOT NULL") == 0, "the next run has them at once"
    check()


def test_a_connection_carries_no_more_than_its_share(shop: Shop, queue_up: QueueUp) -> None:
    with Sink() as sink:
        mailed = by_mail(shop, port=sink.port, connections=1, messages_per_connection=10)
        queue_up(31, using=mailed)

        assert deliver(mailed).row.sent == 31
    assert sink.connections == 4


def test_every_connection_says_farewell_also_one_that_carried_nothing(shop: Shop) -> None:
    with Sink() as sink:
        channel = MailChannel(by_mail(shop, port=sink.port, connections=3))
        while channel._up() < 3:
            channel.reports(0.1)
        channel.close()
        for _ in range(100):
            if sink.farewells == 3:
                break
            time.sleep(0.02)
        assert sink.farewells == 3


def test_advertising_that_cannot_be_refused_is_not_mailed(shop: Shop, queue_up: QueueUp) -> None:
    with Sink() as sink:
        mailed = by_mail(shop, port=sink.port)
        mailing = queue_up(3, using=mailed)
        (message_id,) = rows("SELECT MIN(id) FROM outbox")[0]
        with writing():
            payload = b"Subject: x\r\n\r\nList-Unsubscribe: <mailto:a@b>\r\n"  # in the body it is no way out
            execute("INSERT INTO payloads (outbox_id, bytes) VALUES (?, ?)", message_id, payload)

        done = deliver(mailed)

    assert "have no way to unsubscribe" in str(done.trouble)
    assert states(mailing) == {"planned": 3}


@pytest.mark.parametrize(
    ("address", "payload"),
    [
        ("a@b> SIZE=1\r\nRCPT TO:<e@x.example", b"List-Unsubscribe: <mailto:a@b>\r\n\r\nhello\r\n"),
        ("dana@example.com", b"List-Unsubscribe: <mailto:a@b>\r\n\r\nhello\r\n.\n250 smuggled\r\n"),
        ("dana@example.com", b"List-Unsubscribe: <mailto:a@b>\r\n\r\nhello\r.\r\nMAIL\r\n"),
        ("dana@example.com", b"List-Unsubscribe: <mailto:a@b>\r\n\r\nno end"),
        ("דנה@example.com", b"List-Unsubscribe: <mailto:a@b>\r\n\r\nhello\r\n"),
    ],
)
def test_nothing_that_could_be_a_command_goes_on_the_wire(
    shop: Shop, queue_up: QueueUp, address: str, payload: bytes
) -> None:
    with Sink() as sink:
        mailed = by_mail(shop, port=sink.port)
        queue_up(1, using=mailed)
        with writing():
            execute("UPDATE outbox SET to_address = ?", address)
            execute("INSERT INTO payloads (outbox_id, bytes) SELECT id, ? FROM outbox", payload)

        assert deliver(mailed).row.failed == 1
    assert (sink.accepted, sink.recipients) == ([], [])


def test_lines_that_begin_with_a_dot_arrive_as_they_were(shop: Shop, queue_up: QueueUp) -> None:
    payload = b".List: x\r\nList-Unsubscribe: <mailto:a@b>\r\n\r\n.\r\n..\r\n.end\r\n"
    with Sink() as sink:
        mailed = by_mail(shop, port=sink.port)
        queue_up(2, using=mailed)
        with writing():
            execute("INSERT INTO payloads (outbox_id, bytes) SELECT id, ? FROM outbox", payload)

        assert deliver(mailed).row.sent == 2
    assert {one.sha256 for one in sink.accepted} == {digest for (digest,) in rows("SELECT payload_sha256 FROM outbox")}


def test_the_daily_cap_holds_over_runs(shop: Shop, queue_up: QueueUp) -> None:
    with Sink() as sink:
        mailed = by_mail(shop, port=sink.port, daily_cap=25)
        queue_up(60, using=mailed)

        def on_day(day: int) -> Result[Delivery]:
            clock = Clock(shop.clock.zone, shop.clock.now() + day * DAY_SECONDS)
            return deliver(dataclasses.replace(mailed, clock=clock))

        assert [on_day(0).row.sent, on_day(0).row.sent, on_day(1).row.sent] == [25, 0, 25]
        assert isinstance(on_day(1).trouble, TryLater)
        assert on_day(2).row.sent == 10


def test_what_is_deferred_comes_again_later_and_is_given_up_after_two_days(shop: Shop, queue_up: QueueUp) -> None:
    with Sink() as sink:
        mailed = by_mail(shop, port=sink.port)
        queue_up(addresses=["rcpt=451+a@example.com"], using=mailed)
        now, waits = shop.clock.now(), []
        while value("SELECT state FROM outbox") != "failed":
            deliver(dataclasses.replace(mailed, clock=Clock(shop.clock.zone, now)))
            following = value("SELECT next_at FROM outbox")
            waits.append(following - now)
            now = following
            while shop.clock.local(now).hour >= 21 or shop.clock.local(now).hour < 8:
                now += 3_600

    assert value("SELECT reply FROM outbox") == "gave up: 451 as you asked"
    assert now - shop.clock.now() <= 2 * DAY_SECONDS + 6 * 3_600 * 1.2
    assert all(0.8 * 900 * 2**n <= wait <= 1.2 * 900 * 2**n for n, wait in enumerate(waits[:4]))
    assert max(waits) <= 1.2 * 6 * 3_600
    assert len(sink.recipients) == len(waits)


def test_a_letter_that_is_claimed_while_the_channel_closes_comes_back(shop: Shop) -> None:
    """The last connection may break between the look for room and the claim; the letter must not wait for ever."""
    letter = Letter(
        1, 1, 1, "<a@example.com>", "a@example.com", "dana@example.com", b"From: a@example.com\r\n\r\nhello\r\n"
    )
    with Sink() as sink:
        channel = MailChannel(by_mail(shop, port=sink.port))
        channel.close()
        channel.take(letter)
        assert Returned(letter) in channel.reports(0)


def test_a_run_that_ends_before_the_server_answers_does_not_take_the_letter_for_unsent(
    shop: Shop, queue_up: QueueUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(send_loop, "_ENDING_SECONDS", 0.2)
    with Sink() as sink:
        mailed = by_mail(shop, port=sink.port, connections=1)
        mailing = queue_up(addresses=["end=silence+a@example.com", "b@example.com", "c@example.com"], using=mailed)

        done = deliver(mailed, stopping=lambda: "handing" in states(mailing))

    assert (done.row.unknown, done.row.sent, done.row.left) == (1, 0, 2)
    assert done.notes == (), "it is the trouble, and is told once"
    assert isinstance(done.trouble, DoneInPart)
    assert states(mailing) == {"unknown": 1, "planned": 2}
    assert value("SELECT to_address FROM outbox WHERE state = 'unknown'") == "end=silence+a@example.com"
    check()


def test_a_run_ends_though_nothing_is_heard_any_more(
    shop: Shop, queue_up: QueueUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(send_loop, "_STUCK_SECONDS", 0.5)
    with Sink() as sink:
        mailed = by_mail(shop, port=sink.port, connections=1)
        mailing = queue_up(addresses=["end=silence+a@example.com", "b@example.com", "c@example.com"], using=mailed)
        done = deliver(mailed)
    assert isinstance(done.trouble, Unavailable)
    assert str(done.trouble).startswith("nothing was heard of 3 messages for 0 minutes")
    assert (done.row.unknown, done.row.left, states(mailing)) == (1, 2, {"unknown": 1, "planned": 2})
    check()


def test_a_letter_that_is_claimed_twice_by_one_sender_is_two_letters_to_it(shop: Shop) -> None:
    """It was frozen past its lease, swept, and woke: the second claim must not take the place of the first."""
    first = Letter(
        1, 1, 1, "<a@example.com>", "a@example.com", "dana@example.com", b"From: a@example.com\r\n\r\nhello\r\n"
    )
    second = dataclasses.replace(first, claim_no=2)
    with Sink() as sink:
        channel = MailChannel(by_mail(shop, port=sink.port, connections=2))
        while not channel.room():
            channel.reports(0.1)
        ready: list[Letter] = []
        for letter in (first, second):
            channel.take(letter)
        while len(ready) < 2:
            ready += [report.letter for report in channel.reports(0.1) if isinstance(report, Ready)]
        assert {one.claim for one in ready} == {(1, 1), (1, 2)}
        channel.drop(first)
        channel.go(second)
        answers: list[Answer] = []
        while not answers:
            answers += [report for report in channel.reports(0.1) if isinstance(report, Answer)]
        assert [(one.letter.claim_no, one.outcome.state) for one in answers] == [(2, "sent")]
        channel.close()
    assert len(sink.accepted) == 1


def test_a_message_that_waited_for_a_person_is_not_given_up_at_its_first_try(shop: Shop, queue_up: QueueUp) -> None:
    with Sink() as sink:
        mailed = by_mail(shop, port=sink.port)
        queue_up(addresses=["rcpt=450+dana@example.com"], using=mailed)
        execute("INSERT INTO outbox_events (outbox_id, month, at, from_state, to_state, claim_no) SELECT id, month, 0,"
                " 'planned', 'claimed', 0 FROM outbox")  # fmt: skip
        assert deliver(mailed).row.deferred == 1


def test_a_mailing_whose_messages_are_given_up_one_after_the_other_is_paused_and_told(
    shop: Shop, queue_up: QueueUp
) -> None:
    """The server says "later" to all, and their last try is over: nobody would hear of it."""
    with Sink() as sink:
        mailed = by_mail(shop, port=sink.port)
        mailing = queue_up(addresses=[f"rcpt=450+p{number}@example.com" for number in range(70)], using=mailed)
        assert deliver(mailed).row.deferred == 70
        later = dataclasses.replace(mailed, clock=Clock(shop.clock.zone, shop.clock.now() + 2 * DAY_SECONDS))
        done = deliver(later)
    assert done.row.failed >= 50  # those that were with the server already may fail too
    assert (done.exit_code, "50 messages in a row were not accepted" in str(done.trouble)) == (3, True)
    assert done.trouble
    assert done.trouble.hint == f"Correct the cause, then: retainctl campaigns resume {mailing.name}"
    assert value("SELECT state FROM mailings WHERE id = ?", mailing.id) == "paused"
    check()


@pytest.mark.parametrize(
    ("phase", "reply", "expected"),
    [
        ("end", "250 2.0.0 ok", "sent 2.0.0"),
        ("rcpt", "421 4.7.0 closing", "wait 4.7.0"),
        ("rcpt", "450 4.2.1 busy", "again 4.2.1"),
        ("rcpt", "450 5.1.1 of another class", "again None"),
        ("mail", "550 no", "sender None"),
        ("rcpt", "550 no", "failed None"),
        *(("rcpt", f"550 {code} no such user", f"nobody {code}") for code in ("5.1.1", "5.1.3", "5.1.6", "5.1.10")),
        *(("rcpt", f"550 {code} no", f"failed {code}") for code in ("5.1.2", "5.2.1", "5.2.2", "5.7.0", "5.7.1")),
        *(("rcpt", f"550 {code} no", f"sender {code}") for code in ("5.7.2", "5.7.26", "5.7.509")),
        *(("end", f"550 {code} no", f"sender {code}") for code in ("5.7.0", "5.7.1", "5.7.26")),
        ("end", "550 5.6.0 bad content", "failed 5.6.0"),
        *(
            ("rcpt", f"550 5.7.1 {text}", "sender 5.7.1")
            for text in (
                "looks like SPAM", "SPF fails", "no DKIM", "DMARC policy", "poor reputation", "on a block list",
                "blocklisted", "on a black list", "your host is blocked", "not authenticated", "rate limit",
                "relaying denied",
            )
        ),
    ],
)  # fmt: skip
def test_what_a_reply_says_of_the_recipient_of_the_sender_and_of_the_hour(
    phase: Phase, reply: str, expected: str
) -> None:
    code, _, text = reply.partition(" ")
    found = meaning(Reply(int(code), text), phase)
    word: str = found.state
    if found.state == "deferred":
        assert found.retry_seconds == (0 if found.charged else 300)
        word = "sender" if found.sender_at_fault else "again" if found.charged else "wait"
    if found.nobody_there:
        word = "nobody"
    assert (f"{word} {found.enhanced}", found.code, found.detail) == (expected, int(code), reply)


def test_a_server_that_hangs_up_after_every_message_is_not_handed_a_whole_mailing(
    shop: Shop, queue_up: QueueUp
) -> None:
    """What becomes of each of them a person has to look up."""
    with Sink() as sink:
        mailed = by_mail(shop, port=sink.port)
        mailing = queue_up(addresses=[f"end=cut+p{number}@example.com" for number in range(40)], using=mailed)
        for _ in range(5):
            with suppress(Unavailable):
                deliver(mailed)
    assert value("SELECT state FROM mailings WHERE id = ?", mailing.id) == "paused"
    assert value("SELECT pause_reason FROM mailings WHERE id = ?", mailing.id) == (
        "of 10 messages in a row nobody knows whether they were delivered"
    )
    assert 10 <= states(mailing)["unknown"] < 40


def test_a_run_says_all_that_went_wrong_in_it(shop: Shop, queue_up: QueueUp) -> None:
    with Sink() as sink:
        mailed = by_mail(shop, port=sink.port)
        queue_up(addresses=[f"end=cut+p{number}@example.com" for number in range(40)], using=mailed)
        done = [deliver(mailed) for _ in range(5)]
    (stopped,) = [one for one in done if any("is paused" in text for text in (str(one.trouble), *one.attention))]
    said = " ".join((str(stopped.trouble), *stopped.attention))
    assert "spring is paused: of 10 messages in a row nobody knows whether they were delivered" in said
    if stopped.exit_code == Unavailable.exit_code:
        assert "is unknown. See them: retainctl outbox list --state unknown" in said


def test_whom_a_server_blames_on_the_sender_is_tried_after_the_others(shop: Shop, queue_up: QueueUp) -> None:
    with Sink() as sink:
        mailed = by_mail(shop, port=sink.port)
        addresses = [f"{'rcpt=550_5.7.26+' * (number == 2)}p{number}@example.com" for number in range(8)]
        mailing = queue_up(addresses=addresses, using=mailed)
        assert "refuses the sender" in str(deliver(mailed).trouble)
        resume(program_of("campaign"), "spring")
        assert deliver(mailed).trouble is None
    assert states(mailing) == {"sent": 7, "deferred": 1}
