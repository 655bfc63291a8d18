"""What is asked for on the command line reaches the engine: a dry run writes nothing, a result lands where it may."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import click
import pytest
from click.testing import Result

from retainctl.config import Shop
from tests.club.building import set_terms
from tests.conftest import Ended, Terminal
from tests.recipes import command_line
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
        "points.csv": "email,points\ndana@shop.example,5\n",
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
    dry("points import", str(files / "points.csv"), "--mode", "add", "--source", "moved", "--reason", "moved")
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
    for words, begins, name in (((), b"id,", "'=1+1"), (("--for-excel",), b"\xef\xbb\xbfid,", "'=1+1")):
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


NARROWED: list[tuple[str, str, list[object]]] = [
    ("customers list --query noa", "email", ["noa@shop.example"]),
    ("customers list --limit 1", "email", ["dana@shop.example"]),
    ("customers show 1 --bought mug", "order", ["1", "3"]),
    ("customers show 1 --bought mug --limit 1", "order", ["3"]),
    ("customers show 1 --bought mug --since 2025-01-07", "order", ["3"]),
    ("customers show 1 --limit 1", "about", [*["customer"] * 3, "email", "orders", "orders", "consent"]),
    ("products list --query tea", "sku", ["TEA"]),
    ("products list --category kitchen", "sku", ["MUG"]),
    ("products list --limit 1", "sku", ["MUG"]),
    ("orders list", "order", ["4", "3", "2", "1", "1"]),
    ("orders list --customer 2", "order", ["4"]),
    ("orders list --limit 1", "order", ["4"]),
    ("orders show 1 --source till", "article", ["TEA"]),
    ("orders show 1 --source generic", "article", ["MUG", "MUG"]),  # and what came back of it
    ("orders returns", "reference", ["S", "R"]),
    ("orders returns --waiting", "reference", ["S"]),
    ("orders returns --limit 1", "reference", ["S"]),
    ("consent list", "customer_id", [1, 2]),
    ("consent list noa@shop.example", "customer_id", [2]),
    ("consent list --limit 1", "customer_id", [1]),
    ("consent show noa@shop.example", "evidence", ["form"]),
    ("orders quarantine list", "code", ["bad_status"]),
]


BROUGHT_BACK = (("R", "2025-01-08", "1"), ("S", "2025-01-09", "9"))


def test_what_a_list_is_narrowed_by_reaches_the_engine(folder: Path, tmp_path: Path) -> None:
    def run(words: str, *more: str) -> Result:
        return command_line(folder)(*words.split(), *more)

    def code(ended: Result) -> int:
        return int(getattr(ended.exception, "exit_code", ended.exit_code))

    def brings(words: str, *lines: str) -> int:
        (tmp_path / "file").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return code(run(words, str(tmp_path / "file")))

    sales = [row(str(day), sku="TEA" if day == 2 else "MUG", ordered_at=f"2025-01-0{4 + day}") for day in (1, 2, 3)]
    back = [f"{row(one, quantity='-1', ordered_at=day)},{of}" for one, day, of in BROUGHT_BACK]
    noa = row("4", email="noa@shop.example", ordered_at="2025-01-08")
    lines = [f"{line}," for line in (*sales, noa)]
    assert brings("products import", "sku,name,category", "MUG,Mug,Kitchen", "TEA,Tea,Drinks") == 0
    assert brings("orders import", f"{HEADER},refund_of", *lines, *back, f"{row('5', status='odd')},") == 3
    assert brings("orders import --source till", HEADER, row("1", sku="TEA", ordered_at="2025-01-04")) == 0
    assert brings("consent import --evidence form --answer yes", "email", "dana@shop.example", "noa@shop.example") == 0
    for words, column, expected in NARROWED:
        told = [json.loads(line) for line in run(words, "--format", "jsonl").stdout.splitlines()]
        assert [one[column] for one in told if one.get("kind") != "note"] == expected, words
    assert code(run("segments create buyers", "orders >= 1")) == 0
    assert code(run("surveys draft spring --kind ces --audience buyers")) == 0
    drafted = run("surveys list --format jsonl").stdout, run("surveys check spring --format jsonl").stdout
    assert (json.loads(drafted[0])["audience"], json.loads(drafted[1].splitlines()[0])["type"]) == ("buyers", "ces")
    assert code(run("orders quarantine retry")) == 3
    (tmp_path / "till.toml").write_text('[statuses]\nodd = "paid"\n', encoding="utf-8")
    assert code(run("orders quarantine retry --mapping", str(tmp_path / "till.toml"))) == 0
