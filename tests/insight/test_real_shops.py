"""The figures of real shops, imported by the command line, against those that were worked out independently."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from retainctl.club.terms import write_first_file
from retainctl.config import init_folder
from tests.conftest import SHARED, Terminal

pytestmark = pytest.mark.skipif(not (SHARED / "data").is_dir(), reason="../shared is absent")


def _shop(request: pytest.FixtureRequest, folder: Path, *, currency: str, timezone: str) -> Iterator[Terminal]:
    """The command line in a new shop on the database that the test asks for."""
    path = init_folder(folder, name="real", language="en", currency=currency, timezone=timezone, country="")
    write_first_file(folder, currency=currency)
    if request.param == "sqlite":
        yield _made(folder)
        return
    import psycopg

    address = request.getfixturevalue("postgres")
    name = f"real_{os.getpid()}_{currency.lower()}"
    with psycopg.connect(address.format(name="postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        path.write_text(path.read_text().replace("sqlite:retain.db", address.format(name=name)))
        yield _made(folder)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _made(folder: Path) -> Terminal:
    terminal = Terminal(folder)
    assert terminal("db", "migrate").code == 0
    return terminal


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def retail(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """A year of a British wholesaler of gifts: 541,909 lines."""
    pytest.importorskip("retainctl.shop.orders_import.formats.uci")
    folder = tmp_path_factory.mktemp("retail") / "shop"
    for terminal in _shop(request, folder, currency="GBP", timezone="Europe/London"):
        file = SHARED / "data/online_retail/online_retail_2010-12_2011-12.csv.gz"
        ended = terminal("orders", "import", str(file), "--from", "uci-online-retail")
        assert ended.code == 0, ended.stderr
        yield terminal


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def records(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """Eighteen months of a seller of records: 69,659 purchases."""
    pytest.importorskip("retainctl.shop.orders_import.formats.cdnow")
    folder = tmp_path_factory.mktemp("records") / "shop"
    for terminal in _shop(request, folder, currency="USD", timezone="America/New_York"):
        ended = terminal("orders", "import", str(SHARED / "data/cdnow/CDNOW_master.txt"), "--from", "cdnow")
        assert ended.code == 0, ended.stderr
        yield terminal


def report(terminal: Terminal, name: str, *options: str) -> list[dict[str, Any]]:
    ended = terminal("reports", "show", name, *options, "--format", "json")
    assert (ended.code, ended.stderr) == (0, "")
    found: list[dict[str, Any]] = json.loads(ended.stdout)["rows"]
    return found


def test_retention_of_the_wholesaler(retail: Terminal) -> None:
    assert report(retail, "retention") == [
        {
            "customers": 4338, "orders": 18532, "guest_orders": 1427, "gross_revenue_minor": 891140790,
            "returns_minor": 61134209, "net_revenue_minor": 830006581, "average_order_value_minor": 48087,
            "average_purchase_frequency": 4.272015, "repeat_customers": 2845, "repeat_rate": 0.655832, "band": ">50%",
            "currency": "GBP", "first_order": "2010-12-01", "last_order": "2011-12-09",
        }
    ]  # fmt: skip


def test_cohorts_of_the_wholesaler(retail: Terminal) -> None:
    expected = (SHARED / "data/expected/online_retail_2010_2011_cohort_counts.csv").read_text()
    shown = retail("reports", "show", "cohorts", "--format", "csv").stdout
    assert shown == expected.replace("coh,", "cohort,", 1)


def test_rfm_of_the_wholesaler(retail: Terminal) -> None:
    expected = json.loads((SHARED / "data/expected/online_retail_2010_2011.json").read_text())
    fifths = expected["policy_A_sales_only"]["rfm"]["NTILE5"]
    cells = {row["cell"]: row["customers"] for row in report(retail, "rfm", "--method", "ntile")}
    assert (cells["555"], cells["111"], len(cells)) == (348, 185, fifths["n_distinct_codes"])
    assert {cell: cells[cell] for cell in fifths["top10_codes"]} == fifths["top10_codes"]


def test_orders_of_the_wholesaler(retail: Terminal) -> None:
    first = report(retail, "orders")[0]
    assert (first["orders"], first["went_on"], first["median_days_to_next"], first["mean_days_to_next"]) == (
        4338, 2845, 50.0, 76.698418,
    )  # fmt: skip


def test_the_loyal_of_the_wholesaler(retail: Terminal) -> None:
    made = retail("segments", "create", "loyal", "orders >= 5", "--format", "csv")
    assert made.stdout == "segment,members,joined,left\nloyal,1114,1114,0\n"
    assert retail("segments", "refresh", "--format", "csv").stdout == "segment,members,joined,left\nloyal,1114,0,0\n"
    assert retail("segments", "count", "loyal").stdout == "1114\n"


def test_a_build_fails_when_too_few_come_back(retail: Terminal) -> None:
    assert retail("reports", "check", "--min", "repeat_rate=0.25").code == 0
    assert retail("reports", "check", "--min", "repeat_rate=0.66").code == 3


def test_retention_of_the_seller_of_records(records: Terminal) -> None:
    found = report(records, "retention")[0]
    assert (found["customers"], found["orders"], found["repeat_rate"]) == (23570, 67591, 0.488587)


def test_points_of_the_wholesaler_are_awarded_once_and_proved(retail: Terminal) -> None:
    (awarded,) = json.loads(retail("points", "award", "--format", "json").stdout)["rows"]
    assert awarded["orders"] == 18_532
    assert awarded["points_earned"] > awarded["points_taken_back"] > 0
    file = SHARED / "data/online_retail/online_retail_2010-12_2011-12.csv.gz"
    again = retail("orders", "import", str(file), "--from", "uci-online-retail", "--again", "--format", "jsonl")
    assert json.loads(again.stdout)["rows_unchanged"] == 539_391
    (nothing,) = json.loads(retail("points", "award", "--format", "json").stdout)["rows"]
    assert set(nothing.values()) == {0}
    checked = retail("points", "check")
    assert (checked.code, checked.stdout, checked.stderr) == (0, "", "")
