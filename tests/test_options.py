"""What is asked for on the command line reaches the engine: a dry run writes nothing, a result lands where it may."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import click
import pytest

from retainctl.config import Shop
from tests.club.building import set_terms
from tests.conftest import Ended, Terminal
from tests.shop.orders_import.conftest import HEADER, row
from tests.test_house import commands

pytestmark = pytest.mark.parametrize("database_url", ["sqlite:retain.db"])
PEOPLE = "external_id,first_name,email,accepts_marketing,consented_at\n"


def every_row(shop: Shop) -> dict[str, list[tuple[object, ...]]]:
    """All that the database holds, by table."""
    with closing(sqlite3.connect(shop.folder / "retain.db")) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {table: sorted(database.execute(f"SELECT * FROM {table}"), key=repr) for table in tables}


def with_option(name: str) -> set[str]:
    return {
        words
        for words, command in commands()
        if any(name in one.opts for one in command.params) and not isinstance(command, click.Group)
    }


@pytest.fixture
def files(shop: Shop) -> Path:
    """A folder of one file of each kind, of which nothing is imported yet but a customer and an old order."""
    folder = shop.folder / "incoming"
    folder.mkdir()
    set_terms(shop.folder, 'points_per = { ILS = "1" }\nexpiry_days = 1')
    for name, text in {
        "people.csv": f"{PEOPLE}1,Dana,dana@shop.example,yes,2025-01-01\n",
        "old.csv": f"{HEADER}\n{row('1', ordered_at='2025-02-01')}\n",
        "more people.csv": f"{PEOPLE}2,Noa,noa@shop.example,yes,2025-01-01\n",
        "orders.csv": f"{HEADER}\n{row('2', ordered_at='2025-03-01')}\n",
        "products.csv": "sku,name,price\nMUG,Mug,10\n",
        "consent.csv": "email,answer\ndana@shop.example,no\n",
        "answers.csv": "respondent,recommend\nr1,9\n",
    }.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_a_dry_run_of_whatever_writes_nothing(shop: Shop, retainctl: Terminal, files: Path) -> None:
    tried: set[str] = set()

    def do(words: str, *more: str) -> Ended:
        ended = retainctl(*words.split(), *more)
        assert ended.code == 0, (words, ended.stderr)
        return ended

    def dry(words: str, *more: str) -> None:
        before = every_row(shop)
        shown = do(words, *more, "--dry-run", "--format", "json")
        assert json.loads(shown.stdout)["rows"], words
        assert every_row(shop) == before, words
        assert not (shop.folder / "mail").exists()
        tried.add(" ".join(words.split()[:2]))

    do("customers import", str(files / "people.csv"), "--consent-evidence", "form")
    do("orders import", str(files / "old.csv"))
    do("points award")
    dry("points expire")
    dry("jobs run nightly")
    dry("customers import", str(files / "more people.csv"), "--consent-evidence", "form")
    dry("orders import", str(files / "orders.csv"))
    dry("products import", str(files / "products.csv"))
    dry("consent import", str(files / "consent.csv"), "--evidence", "form")
    do("orders import", str(files / "orders.csv"))
    dry("points award")
    do("segments create buyers", "orders >= 1")
    do("campaigns draft spring --audience buyers --kind greeting")
    path = shop.folder / "campaigns" / "spring.md"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('why = ""', 'why = "w"').replace('what = ""', 'what = "w"'), encoding="utf-8")
    dry("campaigns plan spring")
    plan = json.loads(do("campaigns plan spring --format json").stdout)["rows"][0]
    do(f"campaigns approve spring {plan['hash']}")
    dry("campaigns send spring")
    do("campaigns send spring")
    dry("outbox deliver")
    do("surveys draft ask --audience buyers")
    dry("surveys plan ask")
    dry("surveys run ask --yes")
    dry("surveys import ask", str(files / "answers.csv"))
    plan = json.loads(do("surveys plan ask --format json").stdout)["rows"][0]
    do(f"surveys approve ask {plan['hash']}")
    dry("surveys send ask")
    assert tried == with_option("--dry-run")


@pytest.mark.parametrize(
    "words",
    ["customers export --output", "segments export buyers --output", "reports show cohorts --output", "db backup"],
)
def test_no_result_takes_the_place_of_the_database(shop: Shop, retainctl: Terminal, words: str) -> None:
    retainctl("segments", "create", "buyers", "orders >= 0")
    before = every_row(shop)
    ended = retainctl(*words.split(), str(shop.folder / "retain.db"))
    assert (ended.code, "is one of the shop's own files; not overwritten" in ended.stderr) == (77, True)
    assert every_row(shop) == before


def test_an_export_for_a_spreadsheet_is_one_in_a_file_too(retainctl: Terminal, files: Path, tmp_path: Path) -> None:
    (files / "people.csv").write_text("external_id,first_name\n1,=1+1\n", encoding="utf-8")
    retainctl("customers", "import", str(files / "people.csv"))
    for words, begins, name in (((), b"id,", "=1+1"), (("--for-excel",), b"\xef\xbb\xbfid,", "'=1+1")):
        retainctl("customers", "export", "--output", str(tmp_path / "c.csv"), *words)
        exported = (tmp_path / "c.csv").read_bytes()
        assert exported.startswith(begins)
        assert name.encode() in exported.splitlines()[1].split(b",")


def test_as_many_backups_are_kept_as_were_asked_for(retainctl: Terminal, folder: Path) -> None:
    for hour in range(1, 4):
        assert retainctl("db", "backup", "--keep", "2", now=f"2025-03-02T0{hour}:00").code == 0
    assert len(list((folder / "backups").iterdir())) == 2


def test_jobs_are_run_as_the_user_that_was_named(retainctl: Terminal) -> None:
    shown = retainctl("schedules", "show", "--style", "systemd", "--user", "keeper").stdout
    assert "\nUser=keeper\n" in shown
    assert " keeper " in retainctl("schedules", "show", "--style", "cron", "--user", "keeper").stdout
