"""docs/contributing.md is followed: each recipe's code is run as it stands there, and each path that it names exists.

``tests/recipes`` has the code, and ``make docs`` writes it into the document. The recipe of a list, the longest, is
followed in ``test_recipes``.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from dataclasses import field, make_dataclass
from pathlib import Path
from typing import Any

import pytest

from retainctl import cli, schema
from retainctl.config import Settings, read_shop
from retainctl.errors import BadConfiguration
from retainctl.insight import reports
from retainctl.shop.orders_import import formats
from retainctl.store import opening
from retainctl.store.database import rows
from retainctl.store.migrations import MIGRATIONS, Migration
from tests import past
from tests.conftest import ROOT, MakeShop, Terminal
from tests.insight.test_reports import columns_without_labels
from tests.recipes import FILES, command_line, gifts_tables
from tests.recipes.parcels import Parcels
from tests.test_documents import DOCUMENTS
from tests.test_house import ROW, modules
from tests.test_settings import without_sentence

RECIPES, DOCS = ROOT / "tests" / "recipes", ROOT / "docs"
CONTRIBUTING = (DOCS / "contributing.md").read_text(encoding="utf-8")


def test_every_block_of_code_is_a_file_that_is_run_here() -> None:
    shown = re.findall(r"^`([^`]+)`:\n\n```(?:python|toml)\n", CONTRIBUTING, re.MULTILINE)
    assert len(shown) == len(re.findall(r"^```(?:python|toml)$", CONTRIBUTING, re.MULTILINE))
    assert sorted(shown) == sorted(FILES)


@pytest.mark.parametrize("name", ["contributing.md", "design.md", "decisions/*.md"])
def test_every_path_that_is_named_exists(name: str) -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in DOCS.glob(name))
    named = re.findall(r"`([\w./-]+(?:\.(?:py|md|toml|cfg)|/))`", text)
    of_the_program = sorted(set(named) - set(FILES) - {"retainctl.toml", "club.toml"})
    places = (ROOT, ROOT / "retainctl", ROOT / "retainctl" / "shop")
    assert [one for one in of_the_program if not any((place / one).exists() for place in places)] == []


@pytest.mark.parametrize("path", [*DOCUMENTS, ROOT / "SECURITY.md"], ids=lambda path: path.name)
def test_every_link_leads_somewhere(path: Path) -> None:
    linked = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8"))
    assert [one for one in linked if not (path.parent / one).exists()] == []


def test_the_design_shows_the_row_that_is_held() -> None:
    text = (DOCS / "design.md").read_text(encoding="utf-8")
    shown = text.partition("```text\n")[2].partition("\n")[0].replace("|", "").split()
    standing = {name.split(".")[1] for name, _ in modules() if name.startswith("retainctl.")} | {"commands"}
    assert shown == [room for room in ROW if room in standing]


def test_a_noun(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(cli.COMMANDS, "guests", ("tests.recipes.guests_commands:guests", "See guests' orders."))
    shop = read_shop(str(folder))
    with opening.open_database(shop.database_url, now=0):
        past.customer(1)
        past.order(1, "2025-01-01")
        past.order(None, "2025-01-02", 5_000)
    run = command_line(folder)
    assert run("guests", "list", "--format", "csv").stdout.splitlines() == [
        "source,order,ordered_at,gross_minor,currency",
        "shop,O2,2025-01-02T14:00:00+02:00,5000,ILS",
    ]
    assert "List orders of guests" in run("guests", "--help").stdout


def test_a_format(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "__path__", [*formats.__path__, str(RECIPES / "formats")])
    file = tmp_path / "till.csv"
    file.write_text(
        "Receipt;Printed;Article;Pieces;Price\n"
        "7;28.02.2025 09:15;ESPRESSO;2;8.50\n"
        "7;28.02.2025 09:15;CROISSANT;1;14\n"
        "8;28.02.2025 09:20;ESPRESSO;two;8.50\n",
        encoding="utf-8",
    )
    run = command_line(folder)
    imported = run("orders", "import", str(file), "--format", "json")
    (row,) = json.loads(imported.stdout)["rows"]
    assert (row["source"], row["guest_orders"], row["rows_quarantined"]) == ("kiosk", 1, 1), "found by its header"
    (order,) = json.loads(run("orders", "list", "--format", "json").stdout)["rows"]
    assert (order["source"], order["gross_minor"], order["ordered_at"]) == ("kiosk", 3100, "2025-02-28T09:15:00+02:00")
    monkeypatch.delitem(sys.modules, f"{formats.__name__}.kiosk")


@pytest.mark.parametrize(("language", "label"), [("he", "מאין באות ההזמנות"), ("en", "Where orders come from")])
def test_a_report(make_shop: MakeShop, monkeypatch: pytest.MonkeyPatch, language: str, label: str) -> None:
    monkeypatch.setattr(reports, "__path__", [*reports.__path__, str(RECIPES / "reports")])
    assert columns_without_labels(reports.all_reports()["sources"]) == []
    folder = make_shop(language=language)
    shop = read_shop(str(folder))
    with opening.open_database(shop.database_url, now=0):
        past.order(None, "2025-01-01", 10_000)
        past.order(None, "2025-01-02", 5_050)
    run = command_line(folder)
    assert label in run("reports", "list").stdout

    table = run("reports", "show", "sources", "--format", "table").stdout
    assert "₪150.50" in table and "source is the shop or file" in table
    body = json.loads(run("reports", "show", "sources", "--format", "json").stdout)
    assert body["rows"] == [{"source": "shop", "orders": 2, "gross_revenue_minor": 15_050, "currency": "ILS"}]
    page = run("reports", "show", "sources", "--format", "html").stdout
    assert f'<p class="kicker">{label}</p>\n<h1>' in page
    assert "2</text></svg>" in page, "the chart"
    assert "₪150.50" in page
    monkeypatch.delitem(sys.modules, f"{reports.__name__}.sources")


def test_a_job(folder: Path, retainctl: Terminal) -> None:
    shutil.copy(RECIPES / "jobs.toml", folder)
    listed = retainctl("jobs", "list").stdout.splitlines()
    assert ["weekly", "07:00 sunday", "never"] in [line.split("\t")[:3] for line in listed]
    ended = retainctl("jobs", "run", "weekly")
    assert (ended.code, (folder / "cohorts.html").exists()) == (3, True), ended.stderr
    assert "repeat_rate is unknown, but must be at least 0.25" in ended.stderr
    assert "jobs run weekly" in retainctl("schedules", "show", "--style", "cron").stdout


def test_a_setting() -> None:
    grown: Any = make_dataclass(
        "Grown", [("parcels", Parcels, field(default_factory=Parcels))], bases=(Settings,), frozen=True
    )
    assert without_sentence(grown) == []
    named = dict.fromkeys(("name", "language", "currency", "timezone"), "ILS")
    text = schema.first_file(grown, named | {"language": "he", "timezone": "UTC", "parcels.late_days": 3})
    assert '[parcels]\n# Who carries the parcels.\n# carrier = "post"\n' in text
    assert schema.read_text(text, grown, name="f").parcels == Parcels(late_days=3)
    with pytest.raises(BadConfiguration, match="late_days must not be negative"):
        schema.read_text(text.replace("= 3", "= -3"), grown, name="f")
    with pytest.raises(BadConfiguration, match="unknown setting carier") as wrong:
        schema.read_text(text.replace("# carrier", "carier"), grown, name="f")
    assert wrong.value.hint == "Did you mean carrier?"


def test_a_migration(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = read_shop(str(folder))
    with opening.open_database(shop.database_url, now=0):
        past.order(None, "2025-01-01")
    added = Migration(MIGRATIONS[-1].number + 1, "gifts", gifts_tables.up)
    monkeypatch.setattr(opening, "MIGRATIONS", (*MIGRATIONS, added))
    run = command_line(folder)
    assert run("orders", "list").exit_code != 0, "it is not migrated by itself"
    assert run("db", "migrate").exit_code == 0
    assert run("db", "check").exit_code == 0
    with opening.open_database(shop.database_url, now=0):
        assert rows("SELECT is_gift FROM orders") == [(0,)]
        assert rows("SELECT language FROM languages ORDER BY language") == [("ar",), ("en",), ("he",)]
