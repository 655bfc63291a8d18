"""Backups are whole and checked, and a copy of a shop does not send what the shop may have sent."""

from __future__ import annotations

import json
import shutil
import sqlite3
import stat
from pathlib import Path

import pytest

from retainctl.config import Shop, read_shop
from retainctl.errors import BrokenInvariant, Refused
from retainctl.shop import keeping
from retainctl.store import adoption
from retainctl.store.database import execute
from retainctl.store.dialect import without_password
from retainctl.store.opening import open_database
from retainctl.store.writing import writing
from tests.conftest import Terminal


def test_a_backup_is_made_while_the_shop_works(shop: Shop) -> None:
    backup = keeping.back_up(shop)
    assert Path(backup.file).parent == shop.folder / "backups"
    assert stat.S_IMODE(Path(backup.file).stat().st_mode) == 0o600
    assert backup.bytes > 10_000
    assert [path.name for path in (shop.folder / "backups").iterdir()] == ["retain-20250302T100000.backup"]


def test_of_many_backups_the_newest_are_kept(shop: Shop) -> None:
    folder = shop.folder / "backups"
    folder.mkdir()
    for day in ("20250227", "20250228", "20250301"):
        (folder / f"retain-{day}T030000.backup").touch()
    (folder / "retain-by-hand.backup").touch()
    backup = keeping.back_up(shop, keep=2)
    assert backup.removed == 2
    assert sorted(path.name for path in folder.iterdir()) == [
        "retain-20250301T030000.backup", "retain-20250302T100000.backup", "retain-by-hand.backup",
    ]  # fmt: skip


def test_a_backup_never_writes_through_a_link(shop: Shop, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("mine")
    (tmp_path / "link.backup").symlink_to(precious)
    with pytest.raises(Refused, match="not a plain file"):
        keeping.back_up(shop, tmp_path / "link.backup")
    assert precious.read_text() == "mine"


def test_a_shop_sends_from_where_it_was_made(shop: Shop) -> None:
    adoption.must_send()


@pytest.mark.parametrize("database_url", ["sqlite:retain.db"])
def test_a_copied_shop_folder_sends_nothing(shop: Shop, tmp_path: Path) -> None:
    with writing():
        execute("INSERT INTO locks (name) VALUES ('something')")
    copy = tmp_path / "copy"
    shutil.copytree(shop.folder, copy)
    other = read_shop(str(copy))
    with open_database(other.database_url, now=0), pytest.raises(Refused):
        adoption.must_send()


@pytest.mark.parametrize("database_url", ["sqlite:retain.db"])
def test_a_row_that_names_nothing_is_found(shop: Shop) -> None:
    keeping.check(shop)
    with sqlite3.connect(shop.folder / "retain.db") as outsider:  # without our foreign keys
        outsider.execute("INSERT INTO customer_keys (source, external_id, customer_id) VALUES ('till', '1', 99)")
    with pytest.raises(BrokenInvariant, match="customer_keys"):
        keeping.check(shop)


def test_the_commands_say_what_they_did(retainctl: Terminal) -> None:
    backed_up = retainctl("db", "backup", "--format", "json")
    assert backed_up.code == 0
    assert json.loads(backed_up.stdout)["rows"][0]["file"].endswith("/backups/retain-20250302T100000.backup")
    for verb in ("check", "migrate", "adopt"):
        ended = retainctl("db", verb)
        assert (ended.code, ended.stdout, ended.stderr) == (0, "", ""), verb


def test_a_password_is_no_word_of_a_command_line() -> None:
    address, password = without_password("postgresql://shop:hunter2@db.example/x?connect_timeout=3")
    assert password == "hunter2"
    assert "hunter2" not in address
    assert {"host=db.example", "dbname=x", "user=shop", "connect_timeout=3"} == set(address.split())


def test_a_folder_may_be_reached_by_a_link(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "disk")
    keeping.back_up(shop, tmp_path / "link" / "one.backup")
    assert (tmp_path / "disk" / "one.backup").stat().st_size > 0
