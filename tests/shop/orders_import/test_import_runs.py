"""How much may be wrong with a file, and what the register of imports knows of the files before."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from retainctl.clock import DAY_SECONDS, Clock
from retainctl.config import Shop
from retainctl.errors import BadData, RetainError
from retainctl.intake import csv_rows
from retainctl.intake.import_runs import ImportOptions, together
from retainctl.intake.quarantine import list_quarantined
from retainctl.shop.customers_import import import_customers
from retainctl.store.database import rows, value
from tests.conftest import Terminal
from tests.shop.orders_import.conftest import HEADER, Bring, counts, row


def good(many: int) -> list[str]:
    return [row(f"G{number}") for number in range(many)]


def bad(many: int) -> list[str]:
    return [row(f"B{number}", quantity="x") for number in range(many)]


@pytest.mark.parametrize(
    ("bad_rows", "good_rows", "is_booked"),
    [(1, 0, True), (1, 19, True), (2, 38, True), (2, 37, False), (1_000, 19_000, True), (1_001, 19_999, False)],
)
def test_one_bad_row_is_booked_around_and_one_in_twenty_and_a_thousand(
    books: Shop, bring: Bring, monkeypatch: pytest.MonkeyPatch, bad_rows: int, good_rows: int, is_booked: bool
) -> None:
    """All of them stand at the beginning: a file is judged by its rows to the end."""
    for rows_at_once in ("CHUNK_ROWS", "_ROWS_AT_ONCE"):
        monkeypatch.setattr(csv_rows, rows_at_once, good_rows // 10 + 1)
    lines = [HEADER, *bad(bad_rows), *good(good_rows)]
    if is_booked:
        assert counts(bring(books, *lines)) == (bad_rows + good_rows, good_rows, 0, 0, 0, 0, bad_rows)
    else:
        with pytest.raises(BadData):
            bring(books, *lines)
    assert value("SELECT COUNT(*) FROM orders") == (good_rows if is_booked else 0)


def test_an_old_file_brings_no_news_however_often_it_comes_again(shop: Shop, bring: Bring) -> None:
    bring(shop, HEADER, row("1"), name="a.csv")
    bring(shop, HEADER, row("1", quantity="9"), name="b.csv")
    for _ in range(2):
        assert counts(bring(shop, HEADER, row("1"), name="a.csv", again=True)) == (1, 0, 0, 1, 0, 0, 0)
    assert rows("SELECT version, gross_minor FROM orders") == [(2, 9_000)]


def test_a_row_whose_day_has_come_is_added_when_its_file_comes_again(shop: Shop, bring: Bring) -> None:
    lines = [HEADER, *good(20), row("1"), row("1", sku="TEA", ordered_at="2025-03-06")]
    assert counts(bring(shop, *lines)) == (22, 20, 0, 0, 0, 0, 2)
    later = Shop(shop.folder, shop.settings, Clock(shop.clock.zone, shop.clock.now() + 5 * DAY_SECONDS))
    assert counts(bring(later, *lines)) == (22, 2, 0, 20, 0, 0, 0)
    assert rows("SELECT version, gross_minor FROM orders WHERE external_id = '1'") == [(1, 4_000)]
    assert list_quarantined(shop) == []


def test_a_file_with_bad_rows_may_come_again_until_its_own_source_has_told_more(
    shop: Shop, bring: Bring, tmp_path: Path
) -> None:
    lines = [HEADER, *good(20), *bad(1)]
    bring(shop, *lines)
    path = tmp_path / "people.csv"
    path.write_text("email\ndana@shop.example\n")
    import_customers(shop, str(path), ImportOptions(source="generic"))
    bring(shop, HEADER, row("1"), name="b.csv", source="another")
    assert bring(shop, *lines).row.outcome == "imported"
    bring(shop, HEADER, row("1"), name="c.csv")
    assert bring(shop, *lines).row.outcome == "already imported"


def test_a_bad_row_is_done_with_when_its_return_is_told_anew(shop: Shop, bring: Bring) -> None:
    header = HEADER + ",refund_of"
    again = f"{row('R', quantity='-1')},G1"
    half = [f"{row('1')},", f"{row('1', quantity='y')},"]
    bring(shop, header, *[f"{line}," for line in good(40)], f"{row('R', quantity='x')},G1", *half)
    bring(shop, header, again, source="another", name="b.csv")
    assert [one.code for one in list_quarantined(shop)] == ["bad_number", "bad_number", "order_incomplete"]
    bring(shop, header, again, name="c.csv")
    assert [one.line for one in list_quarantined(shop)] == [44, 43], "nothing was told of order 1"
    bring(shop, header, half[0], f"{row('1', sku='TEA')},", name="d.csv")
    assert list_quarantined(shop) == []


def test_a_bad_e_mail_that_comes_again_with_its_order_stays_in_the_list(shop: Shop, bring: Bring) -> None:
    flawed = row("1", email="dana")
    bring(shop, HEADER, flawed)
    bring(shop, HEADER, flawed, row("1", sku="TEA", email="dana"), name="b.csv")
    assert [one.code for one in list_quarantined(shop)] == ["bad_email"]
    bring(shop, HEADER, row("1"), row("1", sku="TEA"), name="c.csv")
    assert list_quarantined(shop) == []


def test_an_import_tells_how_many_sales_of_whom_it_made(shop: Shop, bring: Bring) -> None:
    guest = {"email": "", "phone": ""}
    bring(shop, HEADER, row("0"), row("00", **guest))
    lines = [row("1"), row("2"), row("3", status="cancelled"), row("4", **guest), row("5", status="failed", **guest)]
    made = bring(shop, HEADER, *lines, name="b.csv").row
    assert (made.rows_new, made.orders, made.guest_orders) == (5, 2, 1)


def test_a_row_that_is_set_aside_once_more_than_before_is_kept_once_more(shop: Shop, bring: Bring) -> None:
    header = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
    adjusted = "A1,B,Adjust bad debt,1,2011-01-01 10:00:00,-1.0,,United Kingdom"
    for many, name in enumerate(("a.csv", "b.csv", "c.csv"), 1):
        bring(shop, header, *[adjusted] * many, name=name)
        assert value("SELECT COUNT(*) FROM held_rows") == many


def test_an_import_counts_the_customers_that_it_brought_and_not_those_before(books: Shop, bring: Bring) -> None:
    assert bring(books, HEADER, row("1"), row("2", email="noa@shop.example"), name="a.csv").row.customers == 2
    assert bring(books, HEADER, row("3"), row("4", email="omer@shop.example"), name="b.csv").row.customers == 1


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ('dates = "dd/mm/yyyy"', "dates is 'dd/mm/yyyy': use iso, epoch, excel or a format such as"),
        ('timezone = "Mars/Phobos"', "'Mars/Phobos' is not an IANA time zone"),
        ('timezone = "../etc/passwd"', "is not an IANA time zone"),
        ('currency = "shekels"', "is not a currency"),
        ('numbers = "1 000"', "numbers"),
    ],
)
def test_a_mapping_says_what_can_be_read_or_is_refused(books: Shop, bring: Bring, said: str, told: str) -> None:
    with pytest.raises(RetainError, match=told):
        bring(books, HEADER, row("1"), mapping=said)
    assert value("SELECT COUNT(*) FROM imports") == 0


def test_a_fault_in_a_mapping_is_told_with_the_name_of_its_file(books: Shop, bring: Bring) -> None:
    with pytest.raises(RetainError, match=r"till\.toml, line 2: unknown setting ordre_id"):
        bring(books, HEADER, row("1"), mapping='[columns]\nordre_id = "Receipt"')


def test_what_an_old_file_tells_again_of_orders_and_returns_is_noted(shop: Shop, bring: Bring) -> None:
    def file(quantity: int, back: int) -> list[str]:
        return [f"{HEADER},refund_of", f"{row('1', quantity=f'{quantity}')},", f"{row('R', quantity=f'{-back}')},1"]

    bring(shop, *file(5, 1), name="a.csv")
    bring(shop, *file(9, 2), name="b.csv")
    again = bring(shop, *file(5, 1), name="a.csv", again=True)
    assert (counts(again), again.notes) == (
        (2, 0, 0, 2, 0, 0, 0),
        ("read as generic (detected)", "orders that a later import told anew, not changed: 2"),
    )


def test_an_older_state_that_comes_back_is_told_and_booked_where_it_is_the_newest(
    shop: Shop, bring: Bring, retainctl: Terminal, tmp_path: Path
) -> None:
    """Monday's file, Tuesday's, and on Wednesday Monday's, byte for byte."""
    monday = [HEADER, row("1"), row("2")]
    bring(shop, *monday)
    bring(shop, HEADER, row("1", status="cancelled"), row("2"), name="b.csv")
    state = "SELECT external_id, status FROM orders ORDER BY external_id"
    back = bring(shop, *monday)
    assert counts(back) == (2, 0, 0, 2, 0, 0, 0)
    assert (back.exit_code, str(back.trouble)) == (
        3, f"{tmp_path}/orders.csv was imported before; 1 of its orders was told anew since then, and not changed back",
    )  # fmt: skip
    assert bring(shop, *monday, again=True).exit_code == 3
    assert rows(state) == [("1", "cancelled"), ("2", "paid")]
    assert retainctl("orders", "import", str(tmp_path / "orders.csv"), "--newest").code == 0
    assert rows(state) == [("1", "paid"), ("2", "paid")]
    assert bring(shop, *monday).exit_code == 0, "nothing was told since"
    tuesday = bring(shop, HEADER, row("1", status="cancelled"), row("2"), name="b.csv")
    assert tuesday.exit_code == 3
    assert bring(shop, HEADER, row("3"), name="c.csv").exit_code == 0
    assert bring(shop, HEADER, row("3"), name="c.csv").row.outcome == "already imported"


@pytest.mark.parametrize(("bad_rows", "told"), [(9, []), (10, []), (11, ["and 1 more"])])
def test_ten_sentences_of_bad_rows_are_told_by_themselves_and_the_other_rows_counted(
    books: Shop, bring: Bring, bad_rows: int, told: list[str]
) -> None:
    odd = [row(f"b{number}", quantity="x" * (number + 1)) for number in range(bad_rows)]
    result = together([bring(books, HEADER, *good(300), *odd)], hint="Look.")
    assert [one for one in result.attention if "quantity" not in one] == told
    assert len(result.attention) == min(bad_rows, 10) + len(told)


def test_rows_of_which_the_same_is_said_are_told_together(books: Shop, bring: Bring) -> None:
    odd = [row(f"b{number}", quantity="few" if number % 2 else "many") for number in range(23)]
    few, many = together([bring(books, HEADER, *good(600), *odd)], hint="Look.").attention[::-1]
    places = ", ".join(f"line {line}" for line in range(602, 622, 2))
    assert many.rpartition("/")[2] == f"orders.csv, {places} and 2 more, quantity: 'many' is not a number (bad_number)"
    assert few.count("line ") == 10
    with pytest.raises(BadData) as caught:
        bring(books, HEADER, *odd[:2], row("b9", quantity="few"), name="odd.csv")
    assert caught.value.hint == "Bad rows: line 2: 'many' is not a number; line 3, line 4: 'few' is not a number."


@pytest.mark.parametrize("place", [0, 1])
def test_what_needs_a_look_in_one_file_is_told_of_all_of_them(books: Shop, bring: Bring, place: int) -> None:
    bring(books, f"{HEADER},refund_of", f"{row('R', quantity='-9')},1")
    files = [bring(books, HEADER, row(number), name=f"{number}.csv") for number in ("12"[place], "21"[place])]
    result = together(files, hint="Look.")
    assert [one.file.rpartition("/")[2] for one in result.rows] == [["1.csv", "2.csv"], ["2.csv", "1.csv"]][place]
    assert result.trouble is not None
    assert [one.startswith("return R is larger") for one in result.attention] == [True]


def test_of_a_file_its_name_is_kept_and_not_its_place(books: Shop, bring: Bring) -> None:
    bring(books, HEADER, row("1"))
    assert rows("SELECT file_name, source, format FROM imports") == [("orders.csv", "generic", "generic")]


def test_a_column_that_a_mapping_names_must_be_there(books: Shop, bring: Bring) -> None:
    with pytest.raises(BadData, match="has no column Postage"):
        bring(books, HEADER, row("1"), mapping='[columns]\nshipping = "Postage"')


def test_the_register_of_imports_has_what_became_of_each_row_and_what_was_noticed(books: Shop, bring: Bring) -> None:
    bring(books, HEADER, *[row(str(number)) for number in range(30)], name="a.csv")
    changed = [row(str(number), quantity="3") for number in (28, 29)]
    rows_of = [*[row(str(number)) for number in range(28)], *changed, row("30"), "", "", "", *bad(1)]
    outcome = bring(books, HEADER, *rows_of, name="b.csv")
    columns = "rows_read, rows_new, rows_changed, rows_unchanged, rows_set_aside, rows_blank, rows_quarantined, notes"
    (kept,) = rows(f"SELECT {columns} FROM imports WHERE file_name = 'b.csv'")
    assert kept[:-1] == counts(outcome) == (35, 1, 2, 28, 0, 3, 1)
    assert json.loads(kept[-1]) == ["read as generic (detected)"]
