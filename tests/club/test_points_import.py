"""Points come from the program before: each row once, to whom it names, with its reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from retainctl.club.awarding import award
from retainctl.club.balances import balances
from retainctl.club.checking import check
from retainctl.club.points_import import Mode, import_points
from retainctl.config import Shop
from retainctl.errors import BadData, Refused
from retainctl.intake.import_runs import FileResult, Imported, ImportOptions
from retainctl.intake.quarantine import list_quarantined
from retainctl.shop.merging import merge
from retainctl.shop.orders_import.orders import import_orders
from retainctl.shop.orders_import.planning import OrderOptions
from retainctl.store.database import rows, value
from tests import past
from tests.conftest import Terminal
from tests.shop.orders_import.conftest import HEADER, row


@pytest.fixture
def town(shop: Shop) -> Shop:
    """Three customers."""
    for number in (1, 2, 3):
        past.customer(number, key=f"K{number}", email=f"c{number}@example.com")
    return shop


def bring(
    shop: Shop, tmp_path: Path, text: str, mode: Mode, *, again: bool = False, name: str = "points.csv"
) -> FileResult[Imported]:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return import_points(shop, str(path), ImportOptions(again=again, source="smile"), mode=mode, reason="moved")


def have(shop: Shop) -> list[int]:
    found = balances(shop, [1, 2, 3])
    return [found[number] for number in (1, 2, 3)]


def test_points_are_added_once_however_often_the_file_comes(town: Shop, tmp_path: Path) -> None:
    text = "email,points,note\nc1@example.com,120,old club\nC2@example.com,50,\nc1@example.com,120,again\n,0,\n"
    first = bring(town, tmp_path, text.replace("\n,0,\n", "\nc3@example.com,0,\n"), "add")
    assert (first.row.rows_new, first.row.rows_unchanged, have(town)) == (3, 1, [240, 50, 0])
    again = bring(town, tmp_path, text.replace("\n,0,\n", "\nc3@example.com,0,\n"), "add", again=True)
    assert (again.row.rows_new, again.row.rows_unchanged, have(town)) == (0, 4, [240, 50, 0])
    assert rows("SELECT reason FROM transaction_reasons ORDER BY reason") == [("again",), ("moved",), ("old club",)]
    check(town)


def test_a_list_that_was_corrected_grown_or_sorted_adds_what_is_new_alone(town: Shop, tmp_path: Path) -> None:
    first = bring(town, tmp_path, "email,points\nc1@example.com,100\nc1@example.com,7\nc2@example.com,1OO\n", "add")
    assert (first.row.rows_new, [held.code for held in first.quarantined]) == (2, ["bad_number"])
    grown = "email,points\nc3@example.com,5\nc2@example.com,100\nc1@example.com,7\nc1@example.com,100\n"
    second = bring(town, tmp_path, grown, "add", name="b.csv")
    assert (second.row.rows_new, second.row.rows_unchanged, have(town)) == (2, 2, [107, 100, 5])
    changed = bring(town, tmp_path, "email,points\nc1@example.com,60\nc1@example.com,7\n", "add", name="c.csv")
    assert ([held.code for held in changed.quarantined], have(town)) == (["given_before"], [107, 100, 5])
    check(town)


def test_a_list_knows_who_was_merged_since(town: Shop, tmp_path: Path) -> None:
    bring(town, tmp_path, "email,points\nc1@example.com,100\n", "add")
    merge(town, survivor_id=2, merged_id=1, reason="one person")
    assert bring(town, tmp_path, "email,points\nc1@example.com,100\n\n", "add").row.rows_unchanged == 1
    assert balances(town, [2]) == {2: 100}


def test_a_balance_is_what_a_customer_has_afterwards(town: Shop, tmp_path: Path) -> None:
    bring(town, tmp_path, "email,points\nc1@example.com,100\nc2@example.com,100\n", "add")
    told = bring(town, tmp_path, "customer_id,points\nK1,150\nK2,30\nK3,0\n", "set", name="b.csv")
    assert (told.row.rows_new, told.row.rows_unchanged, have(town)) == (2, 1, [150, 30, 0])
    assert (
        bring(town, tmp_path, "customer_id,points\nK1,150\nK2,30\nK3,0\n", "set", again=True, name="b.csv").row.rows_new
        == 0
    )
    check(town)


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("nobody@example.com,5", "unknown_customer"), ("c1@example.com,-5", "negative_points"),
        ("c1@example.com,", "no_points"), ("c1@example.com,5.5", "bad_quantity"), (",5", "no_customer"),
        ("c1@example.com,999999999999", "too_large"),
    ],
)  # fmt: skip
def test_a_row_that_says_nothing_certain_is_quarantined(town: Shop, tmp_path: Path, row: str, code: str) -> None:
    outcome = bring(town, tmp_path, f"email,points\n{row}\n", "add")
    assert [held.code for held in outcome.quarantined] == [code]
    assert value("SELECT COUNT(*) FROM transactions") == 0


@pytest.mark.parametrize("other", [20, 5])
def test_a_customer_who_stands_twice_has_one_balance_or_waits(town: Shop, tmp_path: Path, other: int) -> None:
    text = f"email,points\nc1@example.com,10\nc1@example.com,10\nc2@example.com,10\nc2@example.com,{other}\n"
    outcome = bring(town, tmp_path, text, "set")
    assert ([held.code for held in outcome.quarantined], have(town)) == (["twice"], [10, 10, 0])


@pytest.mark.parametrize(
    ("cells", "points", "codes"),
    [
        (("52,620", "7", "8"), [52620, 7, 8], []),
        (("1,234,567", "10,000", "1.234.567"), [1234567, 10000, 1234567], []),
        (("10,000", "7", "8"), [0, 7, 8], ["ambiguous_number"]),
        (("7", "10.000", "8"), [7, 0, 8], ["ambiguous_number"]),
        (("10,000", "1,5", "1,200"), [0, 0, 1200], ["ambiguous_number", "bad_quantity"]),
        (("1,234.50", "1,200.00", "5"), [0, 1200, 5], ["bad_quantity"]),
    ],
)
def test_a_number_is_read_where_it_can_be_read_in_one_way_and_else_waits_alone(
    town: Shop, tmp_path: Path, cells: tuple[str, ...], points: list[int], codes: list[str]
) -> None:
    lines = [f'c{number}@example.com,"{cell}"' for number, cell in enumerate(cells, 1)]
    known = "".join("c1@example.com,0\n" for _ in range(99))  # so that bad rows are few among many
    outcome = bring(town, tmp_path, "\n".join(["email,points", *lines, known]), "add")
    assert ([held.code for held in outcome.quarantined], have(town)) == (codes, points)


def test_every_bad_row_is_named(town: Shop, tmp_path: Path) -> None:
    with pytest.raises(BadData) as caught:
        bring(town, tmp_path, "email,points\nc1@example.com,x\nc2@example.com,-5\nnobody@example.com,1\n", "add")
    assert caught.value.hint == (
        "Bad rows: line 2: 'x' is not a number; line 3: '-5' is negative; line 4: no customer matches; import the"
        " customers first."
    )


def test_the_command(town: Shop, retainctl: Terminal, tmp_path: Path) -> None:
    path = tmp_path / "points.csv"
    path.write_text("email,points\nc1@example.com,120\n")
    assert retainctl("points", "import", str(path), "--reason", "x").code == 2, "add or set is stated"
    unnamed = retainctl("points", "import", str(path), "--mode", "add", "--reason", "x")
    assert (unnamed.code, "Name the list" in unnamed.stderr) == (2, True)
    silent = retainctl("points", "import", str(path), "--mode", "add", "--source", "smile")
    assert (silent.code, "no reason" in silent.stderr) == (3, True)
    words = ("points", "import", str(path), "--mode", "add", "--reason", "moved", "--source", "smile")
    assert retainctl(*words, "--dry-run").code == 0
    assert have(town) == [0, 0, 0]
    assert retainctl(*words).code == 0
    assert have(town) == [120, 0, 0]


def test_a_row_of_nobody_leaves_quarantine_when_the_file_comes_again_and_somebody_is_known_by_it(
    town: Shop, tmp_path: Path
) -> None:
    text = "email,points\n" + "c1@example.com,1\n" * 60 + "late@example.com,5\nnever@example.com,7\n"
    assert bring(town, tmp_path, text, "add").row.rows_quarantined == 2
    past.customer(4, email="late@example.com")
    outcome = bring(town, tmp_path, text, "add", again=True)
    assert (outcome.row.rows_new, outcome.row.rows_unchanged, outcome.row.rows_quarantined) == (1, 60, 1)
    assert [(one.rows_of, one.line) for one in list_quarantined(town)] == [("points", 63)]
    assert balances(town, [1, 4]) == {1: 60, 4: 5}


def test_a_balance_is_not_set_while_orders_wait_for_their_points(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text(f"{HEADER}\n{row('1', quantity='10')}\n", encoding="utf-8")
    import_orders(shop, str(tmp_path / "orders.csv"), OrderOptions())
    with pytest.raises(Refused, match="orders wait for their points"):
        bring(shop, tmp_path, "email,points\ndana@shop.example,150\n", "set")
    award(shop)
    assert balances(shop, [1]) == {1: 100}
    bring(shop, tmp_path, "email,points\ndana@shop.example,150\n", "set")
    award(shop)
    assert balances(shop, [1]) == {1: 150}
