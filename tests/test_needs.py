"""What needs a person is told until it is over: by doctor, by the outbox check, by the lists and by the nightly job."""

from __future__ import annotations

import dataclasses
import os
import shutil
from pathlib import Path

import pytest

from retainctl import needs
from retainctl.clock import DAY_SECONDS, Clock
from retainctl.config import Shop
from retainctl.needs import Need
from retainctl.outreach.mailings import pause, resume
from retainctl.outreach.outbox.resolve import resolve
from retainctl.outreach.programs import program_of
from retainctl.shop.consent import suppress
from retainctl.shop.reinstating import reinstate
from retainctl.store.database import execute, is_postgres, rows, value
from retainctl.store.transactions import writing
from tests.conftest import Terminal
from tests.outreach.conftest import make_mailing as make_mailing  # noqa: PLC0414 - a fixture
from tests.outreach.outbox.conftest import QueueUp
from tests.outreach.outbox.conftest import queue_up as queue_up  # noqa: PLC0414 - a fixture


def words(shop: Shop) -> list[str]:
    return [one.need for one in needs.needs(shop)]


def test_a_new_shop_needs_nobody(shop: Shop, retainctl: Terminal) -> None:
    assert needs.needs(shop) == []
    ended = retainctl("doctor", "--needs")
    assert (ended.code, ended.stderr) == (0, "")


def test_a_paused_campaign_is_told_everywhere_until_it_is_resumed(
    shop: Shop, retainctl: Terminal, queue_up: QueueUp
) -> None:
    queue_up(3)
    campaign = program_of("campaign")
    pause(campaign, "spring", reason="a typo")
    sentence = (
        "the campaign spring is paused (a typo); waiting messages: 3. Correct the cause, then:"
        " retainctl campaigns resume spring"
    )
    assert [one.sentence for one in needs.needs(shop)] == [sentence]
    for command, code in (
        (("doctor", "--needs"), 3),
        (("doctor",), 3),
        (("outbox", "check"), 3),
        (("jobs", "list"), 0),
    ):
        ended = retainctl(*command)
        assert ended.code == code, command
        shown = sentence.replace("retainctl ", f"retainctl --shop {shop.folder} ")
        assert shown in ended.stdout + ended.stderr or sentence in ended.stdout + ended.stderr, command
    resume(campaign, "spring")
    assert needs.needs(shop) == []
    assert retainctl("outbox", "check").code == 0


def test_messages_whose_delivery_is_unknown_are_told_until_they_are_settled(shop: Shop, queue_up: QueueUp) -> None:
    queue_up(2)
    with writing():
        execute("UPDATE outbox SET state = 'unknown', handed_at = 1")
    assert [one.detail for one in needs.needs(shop)] == ["the delivery of 2 messages is unknown"]
    resolve(shop, [row[0] for row in rows("SELECT id FROM outbox")], resolution="sent", reason="the log")
    assert needs.needs(shop) == []


@pytest.mark.parametrize(
    ("failed", "sent", "days_ago", "is_told"),
    [(5, 19, 0, True), (4, 0, 0, True), (4, 1, 0, False), (5, 20, 0, False), (6, 20, 6, True), (40, 0, 8, False)],
)
def test_a_mailing_of_which_many_were_not_accepted_is_told_for_a_week(
    shop: Shop, queue_up: QueueUp, failed: int, sent: int, days_ago: int, is_told: bool
) -> None:
    mailing = queue_up(failed + sent)
    with writing():
        execute("UPDATE outbox SET state = 'sent', handed_at = 1")
        execute("UPDATE outbox SET state = 'failed' WHERE id IN (SELECT id FROM outbox ORDER BY id LIMIT ?)", failed)
        at = shop.clock.now() - days_ago * DAY_SECONDS
        execute("UPDATE mailings SET sent_at = ? WHERE id = ?", at, mailing.id)
    told = [f"{failed} of {failed + sent} messages of the campaign spring were not accepted"]
    assert [one.detail for one in needs.needs(shop)] == (told if is_told else [])


@pytest.mark.parametrize(("bounced", "is_told"), [(5, True), (4, False)])
def test_of_a_mailing_whose_addresses_bounced_in_numbers_it_is_said_how_they_are_reinstated(
    shop: Shop, queue_up: QueueUp, bounced: int, is_told: bool
) -> None:
    mailing = queue_up(6)
    for (key,) in rows("SELECT key FROM contact_points ORDER BY id LIMIT ?", bounced):
        suppress("email", key, "hard_bounce", shop.clock.now(), "outbox 1: 550 5.1.1")
    with writing():
        execute("UPDATE outbox SET state = 'failed'")
        execute("UPDATE mailings SET sent_at = ? WHERE id = ?", shop.clock.now(), mailing.id)
    pause(program_of("campaign"), "spring")
    command = "retainctl consent reinstate --since 2025-03-02 --reason TEXT"
    told = f"If the 5 addresses that are suppressed do exist: {command}. "
    for need in needs.needs(shop, "paused", "refused"):
        assert need.remedy.startswith(told) == is_told, need
    reinstate(shop, [], since=shop.clock.today(), reason="the relay was wrong")
    assert not any("reinstate" in need.remedy for need in needs.needs(shop))


@pytest.mark.parametrize(
    ("attempts", "state", "is_told"),
    [(4, "active", True), (9, "active", True), (3, "active", False), (4, "cancelled", False)],
)
def test_messages_that_are_put_off_time_after_time_are_told(
    shop: Shop, queue_up: QueueUp, attempts: int, state: str, is_told: bool
) -> None:
    queue_up(2)
    with writing():
        execute("UPDATE outbox SET state = 'deferred', attempts = ?", attempts)
        execute("UPDATE mailings SET state = ?", state)
    assert words(shop) == (["deferred"] if is_told else [])


def test_a_clock_that_is_behind_what_was_written_is_told_but_not_under_now(shop: Shop) -> None:
    going = dataclasses.replace(shop, clock=Clock(shop.clock.zone))
    with writing():
        execute("INSERT INTO runs (name, started_at) VALUES ('x', ?)", going.clock.now() + DAY_SECONDS)
    (told,) = needs.needs(going)
    assert told.need == "clock"
    assert told.remedy == "Correct the clock, or if it is right now: retainctl doctor --yes-clock"
    assert needs.needs(shop) == []


def test_a_paused_mailing_of_which_nothing_waits_is_told_too(shop: Shop, queue_up: QueueUp) -> None:
    queue_up(1)
    with writing():
        execute("UPDATE outbox SET state = 'cancelled', done_at = 1")
        execute("UPDATE mailings SET state = 'paused'")
    (told,) = needs.needs(shop)
    assert told.detail == "the campaign spring is paused; waiting messages: 0"
    assert told.in_hebrew == "קמפיין \u2068spring\u2069 בהשהיה; הודעות ממתינות: 0"


def test_rows_in_quarantine_are_told_until_nobody_waits(shop: Shop, retainctl: Terminal, tmp_path: Path) -> None:
    path = tmp_path / "products.csv"
    path.write_text("sku,price\nMUG,ten\n")
    assert retainctl("products", "import", str(path)).code == 3
    assert needs.needs(shop, "quarantine") == [
        Need("quarantine", "rows in quarantine: 1, the oldest since 2025-03-02T10:00:00+02:00",
             "שורות שמחכות בהסגר: 1, הישנה שבהן מיום 2 במרץ 2025",
             "List them: retainctl orders quarantine list"),
    ]  # fmt: skip
    assert retainctl("orders", "quarantine", "dismiss", "1").code == 0
    assert needs.needs(shop, "quarantine") == []


def import_at(at: int) -> None:
    with writing():
        execute(
            "INSERT INTO imports (id, kind, file_name, sha256, source, format, options, imported_at)"
            " VALUES (1, 'orders', 'o', ?, 'shop', 'generic', '{}', ?)",
            "0" * 64, at,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("hours", "steps", "is_told"),
    [(27, "db backup --keep 3", False), (29, "db backup --keep 3", True), (29, "config check", False)],
)
def test_an_old_backup_is_told_where_a_job_makes_them(shop: Shop, hours: int, steps: str, is_told: bool) -> None:
    (shop.folder / "jobs.toml").write_text(f'[jobs.nightly]\nsummary = "x"\nat = "03:30"\nsteps = ["{steps}"]\n')
    now = shop.clock.now()
    assert needs.needs(shop, "backup") == [], "there is nothing yet that could be lost"
    import_at(now - hours * 3_600)
    assert words(shop) == (["backup"] if is_told else [])
    old, new = (shop.folder / "backups" / f"retain-{name}.backup" for name in ("old", "new"))
    old.parent.mkdir()
    for path, age in ((old, 90), (new, hours)):
        path.touch()
        os.utime(path, (now - age * 3_600, now - age * 3_600))
    assert words(shop) == (["backup"] if is_told else [])
    os.utime(new, (now, now))
    assert words(shop) == []


@pytest.mark.parametrize(
    ("made", "copied_hours_ago", "is_told"),
    [("20250301T040000", 0, True), ("20250302T040000", 90, False), ("20310101T000000", 0, True)],
)
def test_the_age_of_a_backup_is_what_its_name_says_whenever_it_was_copied(
    shop: Shop, made: str, copied_hours_ago: int, is_told: bool
) -> None:
    now = shop.clock.now()
    import_at(now - 100 * 3_600)
    path = shop.folder / "backups" / f"retain-{made}.backup"
    path.parent.mkdir()
    path.touch()
    os.utime(path, (now - copied_hours_ago * 3_600,) * 2)
    assert words(shop) == (["backup"] if is_told else [])


@pytest.mark.parametrize(
    ("total", "free", "is_told"),
    [(10 << 30, 500 << 20, True), (10 << 30, 600 << 20, False), (1 << 40, 3 << 30, False), (1 << 40, 1 << 30, True)],
)
def test_a_disk_that_is_nearly_full_is_told(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, total: int, free: int, is_told: bool
) -> None:
    usage = type(shutil.disk_usage("/"))(total, total - free, free)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage)
    assert words(shop) == (["disk"] if is_told else [])


@pytest.mark.parametrize(("code", "is_told"), [(78, True), (0, False), (3, False)])
def test_a_job_that_failed_is_told_until_it_has_run_well(shop: Shop, code: int, is_told: bool) -> None:
    now = shop.clock.now()
    with writing():
        execute(
            "INSERT INTO runs (name, period, due_at, started_at, ended_at, exit_code) VALUES (?, 'p', ?, ?, ?, ?)",
            "nightly", now, now, now, code,
        )  # fmt: skip
    assert [one.detail for one in needs.needs(shop)] == (["the job nightly has failed"] if is_told else [])


def test_the_nightly_job_says_what_stands_and_a_job_of_every_few_minutes_says_it_once(
    shop: Shop, retainctl: Terminal, queue_up: QueueUp
) -> None:
    queue_up(3)
    pause(program_of("campaign"), "spring", reason="")
    night = retainctl("jobs", "run", "nightly", now="2025-03-03T04:00")
    assert night.code == 3
    told = [line for line in night.stderr.splitlines() if "the campaign spring is paused" in line]
    assert len(told) == 1, "two of its steps see it"
    (shop.folder / "jobs.toml").write_text(
        '[jobs.often]\nsummary = "x"\nevery_minutes = 5\nsteps = ["segments count nobody"]\n'
    )
    first, second = (retainctl("jobs", "run", "often", now=f"2025-03-03T05:{at}") for at in ("00", "05"))
    assert (first.code, "there is no segment" in first.stderr) == (2, True)
    assert (second.code, second.stderr) == (2, "")
    assert "the job often has failed" in retainctl("doctor", "--needs", now="2025-03-03T05:06").stderr
    (shop.folder / "jobs.toml").write_text(
        '[jobs.often]\nsummary = "x"\nevery_minutes = 5\nsteps = ["segments count somebody"]\n'
    )
    assert "somebody" in retainctl("jobs", "run", "often", now="2025-03-03T05:10").stderr, "that is news"
    assert value("SELECT COUNT(*) FROM runs WHERE name = 'often'") == 3


@pytest.mark.parametrize("missing", ["pg_dump", "pg_restore"])
def test_a_program_that_a_backup_needs_is_missed_before_the_night(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    assert needs.needs(shop, "backup") == []
    which = shutil.which
    monkeypatch.setattr("shutil.which", lambda program: None if program == missing else which(program))
    told = [one.detail for one in needs.needs(shop, "backup")]
    assert told == ([f"{missing} is not installed; a PostgreSQL backup needs it"] if is_postgres() else [])
