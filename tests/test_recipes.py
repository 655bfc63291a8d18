"""The recipe of a list in docs/contributing.md, followed: what it adds does not ship, and works."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import Result

from retainctl import cli
from retainctl.config import read_shop
from retainctl.facets import all_facets
from retainctl.shop import facet
from retainctl.shop.identity import Address, Person, find_or_make
from retainctl.shop.merging import merge, undo
from retainctl.store import opening
from retainctl.store.database import rows, value
from retainctl.store.migrations import MIGRATIONS, Migration
from tests.conftest import NOW
from tests.planting import plant
from tests.recipes import Run, command_line, prices_tables, visits_tables

PRICES = """מק״ט;מתחרה;מחיר;תאריך
C-1;Cafe Joe;39.90;2025-02-27
C-1;Landwer;41.00;2025-02-27
C-2;Landwer;12.3456;2025-02-27
C-2;;12.00;2025-02-27
C-2;Landwer;18.50;2025-02-27
"""
MORE = "".join(f"D-{number};Landwer;18.50;2025-02-27\n" for number in range(40))  # few of an honest file's rows are bad


@pytest.fixture
def run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command line in a shop whose program has both lists: its database was made before they were."""
    last = MIGRATIONS[-1].number
    added = Migration(last + 1, "shop_prices", prices_tables.up), Migration(last + 2, "shop_visits", visits_tables.up)
    monkeypatch.setattr(opening, "MIGRATIONS", (*MIGRATIONS, *added))
    monkeypatch.setitem(cli.COMMANDS, "prices", ("tests.recipes.prices_commands:prices", "Competitors' prices."))
    monkeypatch.setitem(cli.COMMANDS, "visits", ("tests.recipes.visits_commands:visits", "Who came."))

    run = command_line(folder)
    assert run("db", "migrate").exit_code == 0
    return run


def code_of(result: Result) -> int:
    return getattr(result.exception, "exit_code", result.exit_code)


def imported(result: Result) -> tuple[str, int, int, int, int]:
    (row,) = json.loads(result.stdout)["rows"]
    return row["outcome"], row["rows_new"], row["rows_changed"], row["rows_unchanged"], row["rows_quarantined"]


def test_competitors_prices_are_a_list(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "market.csv"
    file.write_text(PRICES + MORE, encoding="utf-8")
    result = run("prices", "import", str(file), "--format", "json")
    assert code_of(result) == 3
    assert imported(result) == ("imported", 43, 0, 0, 2)
    assert "market.csv, line 4, price: '12.3456' has more decimals than ILS allows (too_fine)" in result.stderr
    assert "market.csv, line 5, competitor: the row has no competitor (no_competitor)" in result.stderr

    listed = run("prices", "list", "--sku", "C-1", "--format", "csv")
    assert listed.stdout.splitlines() == [
        "sku,competitor,seen_on,price_minor,currency",
        "C-1,Cafe Joe,2025-02-27,3990,ILS",
        "C-1,Landwer,2025-02-27,4100,ILS",
    ]
    held = json.loads(run("orders", "quarantine", "list", "--format", "json").stdout)["rows"]
    assert [(row["rows_of"], row["line"], row["code"]) for row in held] == [
        ("competitor_prices", 4, "too_fine"),
        ("competitor_prices", 5, "no_competitor"),
    ]


@pytest.mark.parametrize(("cell", "code"), [("-0.01", "negative_price"), ("x", "bad_number"), ("0", ""), ("0.01", "")])
def test_a_price_of_a_list_may_be_nothing_but_not_negative(run: Run, tmp_path: Path, cell: str, code: str) -> None:
    file = tmp_path / "market.csv"
    file.write_text(f"{PRICES.splitlines()[0]}\n{MORE}C-1;Landwer;{cell};2025-02-27\n", encoding="utf-8")
    result = run("prices", "import", str(file), "--format", "json")
    assert imported(result)[1:] == ((40, 0, 0, 1) if code else (41, 0, 0, 0))
    assert f"({code})" in result.stderr or not code


def test_a_price_of_a_list_is_in_the_currency_of_its_row_or_the_shop_s(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "market.csv"
    prices = "C-1,Landwer,USD,9.5\nC-2,Landwer,,9.5\nC-3,Landwer,N/A,9.5\nC-4,Landwer,KWD,9.505\n"
    file.write_text("sku,competitor,currency,price,date\n" + prices.replace("\n", ",2025-02-27\n"), encoding="utf-8")
    assert imported(run("prices", "import", str(file), "--format", "json")) == ("imported", 4, 0, 0, 0)
    listed = run("prices", "list", "--format", "csv").stdout.splitlines()[1:]
    assert [line.split(",")[3:] for line in listed] == [["950", "USD"], ["950", "ILS"], ["950", "ILS"], ["9505", "KWD"]]


def test_a_list_that_comes_again_is_compared(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "market.csv"
    good = "".join(line for place, line in enumerate(PRICES.splitlines(keepends=True)) if place not in (3, 4))
    file.write_text(good, encoding="utf-8")
    assert imported(run("prices", "import", str(file), "--format", "json")) == ("imported", 3, 0, 0, 0)
    assert imported(run("prices", "import", str(file), "--format", "json")) == ("already imported", 0, 0, 0, 0)
    file.write_text(good.replace("41.00", "40.50"), encoding="utf-8")
    assert imported(run("prices", "import", str(file), "--format", "json")) == ("imported", 0, 1, 2, 0)
    file.write_text(good + "C-1;Landwer;44.00;2025-02-28\nC-1;Landwer;45.00;2025-02-28\n", encoding="utf-8")
    result = run("prices", "import", str(file), "--format", "json")
    assert imported(result) == ("imported", 1, 1, 2, 1)
    assert "appears twice with different values; the first counts (twice)" in result.stderr


def test_a_mapping_file_says_what_a_lists_columns_mean(run: Run, tmp_path: Path) -> None:
    file, mapping = tmp_path / "market.csv", tmp_path / "market.toml"
    file.write_text('Code,Rival,Amount,price,Seen\nC-1,Landwer,"1.041,00",7,27/02/2025\n', encoding="utf-8")
    mapping.write_text(
        'numbers = "1.234,56"\ndates = "%d/%m/%Y"\ncurrency = "EUR"\n'
        '[columns]\nsku = "Code"\ncompetitor = "Rival"\nprice = "Amount"\nseen_on = "Seen"\n',
        encoding="utf-8",
    )
    assert imported(run("prices", "import", str(file), "--mapping", str(mapping), "--format", "json"))[1] == 1
    assert run("prices", "list", "--format", "csv").stdout.splitlines()[1] == "C-1,Landwer,2025-02-27,104100,EUR"

    mapping.write_text('[columns]\nsku = "Code"\ncompetitr = "Rival"\n', encoding="utf-8")
    wrong = run("prices", "import", str(file), "--mapping", str(mapping))
    assert "line 3: unknown setting competitr" in str(wrong.exception)
    assert getattr(wrong.exception, "hint", "") == "Did you mean competitor?"


@pytest.mark.parametrize(
    ("header", "mapping", "said"),
    [
        ("sku,competitor,shop,date,price", "", "competitor and shop could both be competitor"),
        ("sku,competitor,date,price,Price", "", "two columns called price"),
        ("sku,competitor,date,price,מחיר", "", "price and מחיר could both be price"),
        ("sku,competitor,date,price", 'competitor = "sku"', "has no column sku"),
        ("sku,competitor,date,price", 'competitor = "rival"', "has no column rival"),
    ],
)
def test_no_column_is_taken_for_another_in_silence(
    run: Run, tmp_path: Path, header: str, mapping: str, said: str
) -> None:
    file, toml = tmp_path / "market.csv", tmp_path / "market.toml"
    file.write_text(f"{header}\n{','.join('1' * len(header.split(',')))}\n", encoding="utf-8")
    toml.write_text(f"[columns]\n{mapping}\n", encoding="utf-8")
    result = run("prices", "import", str(file), "--mapping", str(toml))
    assert said in str(result.exception)
    assert code_of(result) == 65


def test_visits_find_their_customers(run: Run, folder: Path, tmp_path: Path) -> None:
    shop = read_shop(str(folder), now=NOW)
    with opening.open_database(shop.database_url, now=shop.clock.now()):
        dana = Address("email", "dana@example.com", "dana@example.com"), Address("phone", "x", "+972502345678")
        people = [Person("web", "17", dana, "Dana"), Person("web", "18", (), "Noa"), Person("till", "18", (), "Omer")]
        found = [one.customer_id for one in find_or_make(shop, people)]
    file = tmp_path / "door.csv"
    file.write_text(
        "לקוח,מייל,טלפון,תאריך,סניף,דקות\n"
        "17,,,2025-02-26,Haifa,30\n"
        ",Dana@Example.com,,2025-02-27,Haifa,\n"
        ",,050-2345678,2025-02-28,Haifa,12\n"
        ",,,2025-02-28,Haifa,12\n"
        ",nobody@example.com,,2025-02-28,Haifa,12\n"
        ",dana@,,2025-02-28,Haifa,12\n"
        ",,050-12,2025-02-28,Haifa,12\n"
        "18,,,2025-02-28,Haifa,5\n"
        "99,,050-2345678,2025-02-28,Haifa,7\n"  # another of the household
        + "".join(f"17,,,2024-{month:02}-{day:02},Haifa,1\n" for month in (1, 2, 3, 4) for day in range(1, 29)),
        encoding="utf-8",
    )
    result = run("visits", "import", str(file), "--format", "json")
    assert imported(result) == ("imported", 115, 0, 0, 6)
    said = [json.loads(line)["message"] for line in result.stderr.splitlines()]
    told = [[*line.split(": ")[0].split(", ")[1:], line.rpartition("(")[2]] for line in said]
    assert [one for one in told if one[-1].endswith(")")] == [
        ["line 5", "customer", "no_customer)"], ["line 6", "line 10", "customer", "unknown_customer)"],
        ["line 7", "email", "bad_address)"], ["line 8", "phone", "bad_address)"],
        ["line 9", "customer", "several_customers)"],
    ]  # fmt: skip
    shown = run("visits", "show", "dana@example.com", "--format", "csv").stdout.splitlines()
    assert shown[:4] == [
        "customer_id,first_name,visited_on,place,minutes",
        f"{found[0]},Dana,2025-02-28,Haifa,12",
        f"{found[0]},Dana,2025-02-27,Haifa,",
        f"{found[0]},Dana,2025-02-26,Haifa,30",
    ]
    file.write_text("לקוח,תאריך,סניף,דקות\n18,2025-02-28,Haifa,5\n", encoding="utf-8")
    assert imported(run("visits", "import", str(file), "--source", "till", "--format", "json"))[1] == 1
    (last,) = json.loads(run("visits", "list", "--limit", "1", "--format", "json").stdout)["rows"]
    assert last["visited_on"] == "2025-02-28"
    with opening.open_database(shop.database_url, now=shop.clock.now()):
        assert rows("SELECT customer_id FROM visits WHERE minutes = 5") == [(found[2],)]


def test_a_merge_moves_the_visits_and_its_undo_gives_them_back(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = {**facet.FACET.moved_by_merge, "visits": ("id",)}
    monkeypatch.setattr(facet, "FACET", replace(facet.FACET, moved_by_merge=moved))
    all_facets.cache_clear()
    shop = read_shop(str(folder), now=NOW)
    with opening.open_database(shop.database_url, now=shop.clock.now()):
        people = [Person("web", key, (), name) for key, name in (("17", "Dana"), ("18", "Danit"))]
        dana, danit = (one.customer_id for one in find_or_make(shop, people))
        assert dana is not None
        assert danit is not None
        for customer_id, day in ((dana, 20_145), (danit, 20_145), (danit, 20_146)):
            plant("visits", customer_id=customer_id, visited_on=day, place="Haifa")

        def visits() -> list[tuple[int, int]]:
            return [(one, value("SELECT COUNT(*) FROM visits WHERE customer_id = ?", one)) for one in (dana, danit)]

        merged = merge(shop, survivor_id=dana, merged_id=danit, reason="one person")
        assert visits() == [(dana, 2), (danit, 1)]  # the visit that both had is one, and stays where it was
        undo(shop, merged.merge_id)
        assert visits() == [(dana, 1), (danit, 2)]
    all_facets.cache_clear()
