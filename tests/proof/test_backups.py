"""Backups that are made while messages leave: each is whole, and sends nothing that the shop has sent."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from retainctl.club import checking as books
from retainctl.config import Shop, read_shop
from retainctl.errors import Refused
from retainctl.outreach.outbox.adopting import adopt
from retainctl.outreach.outbox.checking import check
from retainctl.outreach.outbox.delivering import deliver
from retainctl.shop.backup import back_up
from retainctl.store.database import value
from retainctl.store.integrity import check_database
from retainctl.store.opening import open_database
from tests.conftest import NOW
from tests.outreach.outbox.conftest import QueueUp
from tests.proof.senders import FULL, sender, write_mail_settings
from tests.smtp_sink import Sink

pytestmark = pytest.mark.proof

BACKUPS, RECIPIENTS = (20, 2_000) if FULL else (4, 300)


@pytest.mark.timeout(600)
def test_a_backup_of_any_moment_is_whole_and_sends_nothing_twice(
    shop: Shop, folder: Path, queue_up: QueueUp, tmp_path: Path
) -> None:
    with Sink(delay_seconds=0.002) as sink:
        write_mail_settings(folder, port=sink.port, connections=1)
        queue_up(RECIPIENTS, using=read_shop(str(folder), now=NOW))
        process = sender(folder)
        backups = []
        for number in range(BACKUPS):
            while process.exitcode is None and len(sink.accepted) < RECIPIENTS * number // BACKUPS:
                time.sleep(0.001)
            backups.append(Path(back_up(shop, tmp_path / f"{number}.backup").file))
        process.join()
        assert process.exitcode == 0

        waited = set()
        for backup in backups:
            with restored(shop, backup) as copy:
                waited.add(assert_it_is_whole_and_holds_all(copy))
        assert set(sink.copies().values()) == {1}
        assert len(sink.accepted) == RECIPIENTS
    assert len(waited) > 1, "the backups were made while messages left"
    sys.stdout.write(f"{len(backups)} backups of {RECIPIENTS} recipients; {sorted(waited)} waited in them\n")


@contextmanager
def restored(shop: Shop, backup: Path) -> Iterator[Shop]:
    """The *backup*, restored elsewhere, and its database open while the block runs."""
    folder = backup.with_suffix("")
    folder.mkdir()
    shutil.copy(shop.folder / "club.toml", folder)
    settings = (shop.folder / "retainctl.toml").read_text(encoding="utf-8")
    address = shop.settings.database
    if address.startswith("sqlite:"):
        shutil.copy(backup, folder / "retain.db")
    else:
        name = address.partition("///")[2].partition("?")[0]
        copy = address.replace(name, f"{name}_{folder.name}")
        subprocess.run(["createdb", f"--maintenance-db={address}", f"{name}_{folder.name}"], check=True)
        subprocess.run(["pg_restore", f"--dbname={copy}", str(backup)], check=True)
        settings = settings.replace(address, copy)
    (folder / "retainctl.toml").write_text(settings, encoding="utf-8")
    other = read_shop(str(folder), now=NOW)
    with open_database(other.database_url, now=other.clock.now()):
        yield other


def assert_it_is_whole_and_holds_all(copy: Shop) -> int:
    """How many messages waited in the restored *copy*."""
    assert check_database()
    books.check(copy)
    check()
    with pytest.raises(Refused, match="restored or copied"):
        deliver(copy)
    waiting = value("SELECT COUNT(*) FROM outbox WHERE state <> 'sent'")
    adopt(copy)
    assert deliver(copy).row.sent == 0
    check()
    assert value("SELECT COUNT(*) FROM outbox WHERE state = 'unknown'") == waiting
    return int(waiting)
