"""A mapping file says what the columns of somebody's own export mean, in whatever way they say it."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Literal

import pytest

from retainctl.clock import parse_instant
from retainctl.config import Shop
from retainctl.errors import BadConfiguration, BadData
from retainctl.intake.csv_rows import CHUNK_ROWS
from retainctl.intake.import_runs import ImportOptions
from retainctl.shop.customers_import import import_customers
from retainctl.shop.orders_import.planning import OrderOptions
from retainctl.shop.orders_import.retry import retry
from retainctl.store.database import rows, value
from tests.planting import on_day
from tests.shop.orders_import.conftest import HEADER, Bring, codes, counts, row

ORDERS = "SELECT external_id, gross_minor, shipping_minor, status FROM orders ORDER BY id"
LINES = (
    "SELECT quantity_thousandths, unit_price, amount_minor, discount_minor FROM order_lines ORDER BY order_id, line_no"
)
RETURNS = "SELECT quantity_thousandths, amount_minor, return_day FROM order_returns ORDER BY id"


def test_an_order_of_which_only_the_total_is_known_is_one_line_without_its_shipping(shop: Shop, bring: Bring) -> None:
    mapping = (
        'dates = "%Y-%m-%d %H:%M:%S"\n[columns]\norder_id = "ID"\nordered_at = "Purchase Date"\n'
        'email = "Customer Email"\nname = "Bill-to Name"\nstatus = "Status"\nshipping = "Shipping and Handling"\n'
        'total = "Grand Total (Purchased)"\nrefunded = "Total Refunded"\n'
    )
    outcome = bring(
        shop,
        "ID,Purchase Date,Bill-to Name,Grand Total (Purchased),Status,Customer Email,Shipping and Handling,"
        "Total Refunded",
        "000000101,2024-11-01 09:15:51,Ann Adams,110.0000,complete,a@example.com,10.0000,0.0000",
        "000000102,2024-11-02 09:15:51,Bob B,60.0000,complete,b@example.com,0.0000,20.0000",
        mapping=mapping, currency="ILS",
    )  # fmt: skip
    assert codes(outcome) == []
    assert rows(ORDERS) == [("000000101", 10_000, 1_000, "completed"), ("000000102", 6_000, 0, "completed")]
    assert rows("SELECT amount_minor FROM order_returns") == [(2_000,)]
    assert rows("SELECT first_name, last_name FROM customers ORDER BY id") == [("Ann", "Adams"), ("Bob", "B")]


def test_a_row_that_says_nothing_of_its_line_is_bad_where_the_file_has_columns_of_lines(
    books: Shop, bring: Bring
) -> None:
    outcome = bring(books, HEADER + ",total", row("1", quantity="", unit_price="") + ",20.00")
    assert codes(outcome) == ["bad_number"]


@pytest.mark.parametrize(
    ("columns", "cells", "line", "code"),
    [
        ("quantity,line_total", "3,30.00", (3_000, "10", 3_000, 0), ""),
        ("quantity,unit_price,line_total", "3,10.00,30.00", (3_000, "10.00", 3_000, 0), ""),
        ("quantity,unit_price,line_total", "3,3.3333,10.00", (3_000, "3.3333", 1_000, 0), ""),
        ("quantity,unit_price,discount,line_total", "3,10.00,5.00,25.00", (3_000, "10.00", 2_500, 500), ""),
        ("quantity,unit_price,line_total", "3,30.00,30.00", None, "bad_line_total"),
        ("quantity,line_total", "0.750,30.00", (750, "40", 3_000, 0), ""),
        ("quantity,unit_price", "0.750,40.00", (750, "40.00", 3_000, 0), ""),
        ("quantity,unit_price", "0.7505,40.00", None, "bad_quantity"),
    ],
)
def test_a_line_s_total_is_a_total_and_a_quantity_may_be_a_part(
    books: Shop, bring: Bring, columns: str, cells: str, line: tuple[object, ...] | None, code: str
) -> None:
    header = f"order_id,ordered_at,sku,{columns}"
    mapping = 'currency = "ILS"\n'
    outcome = bring(books, header, f"1,2025-01-05,MUG,{cells}", mapping=mapping)
    assert codes(outcome) == [code] * bool(code)
    assert rows(LINES) == [line] * bool(line)


def test_constants_columns_in_two_parts_and_columns_that_are_not_read(books: Shop, bring: Bring) -> None:
    mapping = (
        'dates = "%d.%m.%Y %H:%M"\n[columns]\nordered_at = ["Tag", "Zeit"]\nstatus = ""\nemail = "Kunde"\n'
        '[constants]\nquantity = "1"\ncurrency = "EUR"\nsku = "VISIT"\n'
    )
    bring(
        books, "order_id,Tag,Zeit,status,Kunde,unit_price", "1,05.01.2025,10:15,unheard of,a@example.com,12.50",
        mapping=mapping,
    )  # fmt: skip
    assert rows("SELECT status, currency, gross_minor, ordered_at FROM orders") == [
        ("completed", "EUR", 1_250, 1_736_064_900)
    ]
    with pytest.raises(BadData, match="has no column Zeit"):
        bring(books, "order_id,Tag,unit_price", "2,05.01.2025,1", mapping=mapping, name="b.csv")
    with pytest.raises(BadConfiguration, match="unknown setting sukk"):
        bring(books, HEADER, row("1"), mapping='[constants]\nsukk = "x"', name="c.csv")


def test_further_rows_take_what_they_leave_empty_from_the_first_of_their_order(shop: Shop, bring: Bring) -> None:
    header = "order_id,ordered_at,email,status,sku,quantity,unit_price,currency"
    lines = [
        "7,2025-01-05,a@example.com,paid,MUG,1,10.00,ILS", ",,,,TEA,2,5.00,ILS", "7,,,,JAM,1,1.00,ILS",
        "8,2025-01-06,b@example.com,pending,MUG,1,10.00,ILS", ",,,,TEA,x,5.00,ILS", "9,2025-01-07,,,MUG,1,3.00,ILS",
    ]  # fmt: skip
    outcome = bring(shop, header, *lines, mapping="inherit = true")
    assert counts(outcome) == (6, 4, 0, 0, 0, 0, 2)
    assert rows(ORDERS) == [("7", 2_100, 0, "paid"), ("9", 300, 0, "completed")]
    assert value("SELECT COUNT(*) FROM customers") == 1
    assert [counts(one)[6] for one in retry(shop, (), OrderOptions())] == [2], "they are tried as they stood"


def test_what_came_back_may_be_a_cell_of_the_order_with_its_day(books: Shop, bring: Bring) -> None:
    header = HEADER + ",refunded,cancelled_at,order_discount,total"
    outcome = bring(
        books,
        header,
        f"{row('1')},5.00,2025-01-08,,",
        f"{row('2')},20.00,,,",
        f"{row('3')},0.00,2025-01-09,,",
        f"{row('4')},,,5.00,15.00",
        f"{row('5')},,,30.00,",
        *[f"{row(f'G{number}')},,,," for number in range(40)],
    )
    assert codes(outcome) == ["bad_discount"]
    assert rows(f"{ORDERS} LIMIT 4") == [
        ("1", 2_000, 0, "cancelled"), ("2", 2_000, 0, "paid"), ("3", 2_000, 0, "cancelled"), ("4", 1_500, 0, "paid"),
    ]  # fmt: skip
    assert rows(RETURNS) == [(0, 500, on_day("2025-01-08")[0]), (2_000, 2_000, on_day("2025-01-05")[0])]


def test_refunds_are_known_by_the_type_of_their_row_or_by_their_sign(shop: Shop, bring: Bring) -> None:
    header = "order_id,ordered_at,sku,quantity,unit_price,currency,Kind"
    by_type = '[columns]\ntype = "Kind"\n[types]\nSale = "sale"\nRefund = "refund"\nPayout = "left_out"\n'
    outcome = bring(
        shop, header,
        "1,2025-01-05,MUG,2,10.00,ILS,Sale", "1,2025-01-09,MUG,1,10.00,ILS,refund", "P,2025-01-09,,1,10.00,ILS,Payout",
        "2,2025-01-05,MUG,1,10.00,ILS,Tip", mapping=by_type,
    )  # fmt: skip
    assert (counts(outcome), codes(outcome)) == ((4, 2, 0, 0, 1, 0, 1), ["bad_type"])
    by_sign = 'negative_amounts = "refund"\n'
    lines = ["3,2025-01-05,MUG,2,10.00,ILS,", "3,2025-01-08,MUG,1,-10.00,ILS,"]
    assert codes(bring(shop, header, *lines, name="b.csv")) == ["negative_price", "order_incomplete"]
    assert codes(bring(shop, header, *lines, name="b.csv", mapping=by_sign)) == []
    assert rows(RETURNS) == [(1_000, 1_000, on_day("2025-01-09")[0]), (1_000, 1_000, on_day("2025-01-08")[0])]


@pytest.mark.parametrize("text", ["-10.00", "₪ -10.00", "-₪10.00", "₪-10.00", "10.00-", "(10.00)", "-10.00 ₪"])
@pytest.mark.parametrize("column", ["unit_price", "line_total", "total"])
def test_a_negative_amount_is_a_refund_however_its_sign_is_written(
    books: Shop, bring: Bring, column: str, text: str
) -> None:
    quantity = "" if column == "total" else ",quantity"
    lines = [f"1,2025-01-05,25.00{quantity and ',1'}", f"1,2025-01-08,{text}{quantity and ',1'}"]
    for ordered in (lines, lines[::-1]):
        outcome = bring(
            books, f"order_id,ordered_at,{column}{quantity}", *ordered, name=f"{ordered[0][:12]}.csv",
            mapping='negative_amounts = "refund"\ncurrency = "ILS"', source=ordered[0][:12],
        )  # fmt: skip
        assert codes(outcome) == []
    assert rows("SELECT gross_minor FROM orders") == [(2_500,), (2_500,)]
    assert [amount for _, amount, _ in rows(RETURNS)] == [1_000, 1_000]


@pytest.mark.parametrize(
    ("rows_of_it", "code", "message"),
    [
        (["-5.00,"], "negative_price", "the total '-5.00' is negative"),
        (["5.00,6.00"], "negative_price", "the total '5.00' is less than the shipping"),
        (["5.00,", "7.00,"], "mixed_order", "another row of the order says '5.00', this one '7.00'"),
        (["5.00,", "5,"], "", ""),
        (["5.00,", ","], "", ""),
        ([","], "no_total", "the row has no total, and nothing else says what was bought"),
    ],
)
def test_a_total_alone_is_one_for_all_rows_of_its_order(
    books: Shop, bring: Bring, rows_of_it: list[str], code: str, message: str
) -> None:
    lines = [f"1,2025-01-05,{cells}" for cells in rows_of_it]
    outcome = bring(books, "order_id,ordered_at,total,shipping", *lines, mapping='currency = "ILS"')
    assert [(one.code, one.message) for one in outcome.quarantined[:1]] == [(code, message)] * bool(code)
    assert rows("SELECT gross_minor FROM orders") == ([] if code else [(500,)])


@pytest.mark.parametrize(
    ("again", "code", "gross"), [("5.00", [], 500), ("", [], 500), ("7.00", ["mixed_order", "order_incomplete"], None)]
)
def test_a_total_alone_that_is_said_again_far_away_is_the_same_total(
    books: Shop, bring: Bring, again: str, code: list[str], gross: int | None
) -> None:
    others = [f"x{number},2025-01-05,1.00" for number in range(2 * CHUNK_ROWS)]
    lines = ["order_id,ordered_at,total", "1,2025-01-05,5.00", *others, f"1,2025-01-05,{again}"]
    outcome = bring(books, *lines, mapping='currency = "ILS"')
    assert sorted(codes(outcome)) == code
    found = rows("SELECT gross_minor FROM orders WHERE external_id = '1'")
    assert found == ([] if gross is None else [(gross,)])
    assert bring(books, *lines, mapping='currency = "ILS"', again=True).row.rows_changed == 0


def test_a_total_alone_of_a_row_that_is_a_refund_is_money_that_came_back(books: Shop, bring: Bring) -> None:
    mapping = 'currency = "ILS"\n[columns]\ntype = "Kind"\n[types]\nSale = "sale"\nRefund = "refund"\n'
    lines = ["1,2025-01-05,25.00,,Sale", "1,2025-01-08,10.00,,Refund", "C1,2025-01-09,5.00,1,Sale"]
    assert codes(bring(books, "order_id,ordered_at,total,refund_of,Kind", *lines, mapping=mapping)) == []
    assert rows("SELECT gross_minor FROM orders") == [(2_500,)]
    assert sorted(amount for _, amount, _ in rows(RETURNS)) == [500, 1_000]


def test_orders_with_a_status_that_is_left_out_are_set_aside(books: Shop, bring: Bring) -> None:
    mapping = '[statuses]\n"Quote" = "left_out"\n'
    outcome = bring(books, HEADER, row("1", status="Quote"), row("2"), mapping=mapping)
    assert counts(outcome) == (2, 1, 0, 0, 1, 0, 0)
    assert rows("SELECT code FROM held_rows") == [("left_out",)]


@pytest.mark.parametrize(
    ("dates", "text", "day"),
    [
        ('"excel"', "45662", "2025-01-05"), ('"excel"', "45662.75", "2025-01-05"), ('"excel"', "45662,5", None),
        ('["%d/%m/%Y", "%Y-%m-%d"]', "05/01/2025", "2025-01-05"), ('["%d/%m/%Y", "iso"]', "2025-01-05", "2025-01-05"),
        ('["%d/%m/%Y", "%m/%d/%Y"]', "13/01/2025", "2025-01-13"), ('["%d/%m/%Y", "%m/%d/%Y"]', "05/01/2025", None),
        ('["%d/%m/%Y", "%m/%d/%Y"]', "01/01/2025", "2025-01-01"), ('["%d/%m/%Y", "iso"]', "5 Jan", None),
    ],
)  # fmt: skip
def test_dates_are_read_by_the_one_of_their_forms_that_fits(
    books: Shop, bring: Bring, dates: str, text: str, day: str | None
) -> None:
    outcome = bring(books, HEADER, row("1", ordered_at=f'"{text}"'), mapping=f"dates = {dates}")
    assert codes(outcome) == ([] if day else ["bad_date"])
    assert rows("SELECT order_day FROM orders") == ([(on_day(day)[0],)] if day else [])


@pytest.mark.parametrize(("text", "at"), [("45662", "12:00"), ("45662.75", "18:00"), ("45662.0", "00:00")])
def test_a_day_of_excel_is_its_noon_and_a_time_is_itself(books: Shop, bring: Bring, text: str, at: str) -> None:
    bring(books, HEADER, row("1", ordered_at=text), mapping='dates = "excel"')
    assert rows("SELECT ordered_at FROM orders") == [(parse_instant(f"2025-01-05T{at}", books.clock.zone),)]


def test_a_row_may_name_its_own_zone(books: Shop, bring: Bring) -> None:
    header, mapping = HEADER + ",Zone", '[columns]\nzone = "Zone"\n'
    lines = [f"{row(order, ordered_at='2025-01-05 10:00')},{zone}" for order, zone in
             (("1", "America/New_York"), ("2", ""), ("3", "Mars/Base"))]  # fmt: skip
    assert codes(bring(books, header, *lines, mapping=mapping)) == ["bad_zone"]
    assert rows("SELECT ordered_at FROM orders ORDER BY id") == [(1_736_089_200,), (1_736_064_000,)]


def test_a_header_may_stand_below_other_lines_and_a_footer_is_no_row(shop: Shop, bring: Bring, tmp_path: Path) -> None:
    mapping = 'header_line = 3\nskip_rows = ["Total", "2 record(s)"]\n'
    outcome = bring(
        shop, "Report of orders", "from,to,currency", HEADER, row("1"), row("2"), "Total,,,,,4,,,,",
        "2 record(s) downloaded", mapping=mapping,
    )  # fmt: skip
    assert counts(outcome) == (4, 2, 0, 0, 0, 2, 0)
    people, said = tmp_path / "people.csv", tmp_path / "people.toml"
    people.write_text("Members\nmail,Family\ndana@shop.example,Cohen\n1 record(s)\n")
    said.write_text('header_line = 2\nskip_rows = ["1 record"]\n[columns]\nlast_name = "Family"\n')
    done = import_customers(shop, str(people), ImportOptions(mapping=said))
    assert (done.row.rows_new, done.row.rows_blank, done.quarantined) == (0, 1, ())
    assert rows("SELECT last_name FROM customers") == [("Cohen",)]


def test_a_column_that_may_hold_a_name_is_never_taken_for_an_id(shop: Shop, bring: Bring, tmp_path: Path) -> None:
    """Two people are called Noa Cohen, and would become one."""
    for name in ("Customer", "לקוח"):
        bring(
            shop, f"order_id,ordered_at,quantity,unit_price,email,{name}", "1,2025-01-05,1,10,a@example.com,Noa Cohen",
            "2,2025-01-05,1,10,b@example.com,Noa Cohen", name="o.csv", source=name,
        )  # fmt: skip
    assert rows("SELECT COUNT(*) FROM customer_keys") == [(0,)]
    assert value("SELECT COUNT(*) FROM customers") == 2


@pytest.mark.parametrize("of_the_file", ["NFC", "NFD"])
@pytest.mark.parametrize("of_the_mapping", ["NFC", "NFD"])
def test_a_letter_with_its_mark_is_the_same_in_one_sign_or_in_two(
    books: Shop, bring: Bring, of_the_file: Literal["NFC", "NFD"], of_the_mapping: Literal["NFC", "NFD"]
) -> None:
    """A Mac writes the letter and its mark one after the other."""
    header = unicodedata.normalize(of_the_file, "Numéro,Créée le,Prénom,Total payé")
    mapping = '[columns]\norder_id = "Numéro"\nordered_at = "Créée le"\nfirst_name = "Prénom"\ntotal = "Total payé"'
    outcome = bring(
        books, header, "1,2025-01-05,Zoé,10.00", mapping=unicodedata.normalize(of_the_mapping, mapping), source="x"
    )
    assert (counts(outcome), [note for note in outcome.notes if "not read" in note]) == ((1, 1, 0, 0, 0, 0, 0), [])
    assert rows("SELECT external_id, gross_minor FROM orders") == [("1", 1_000)]


@pytest.mark.parametrize("before", ["", ","])
def test_columns_without_a_name_are_no_column_that_stands_twice(books: Shop, bring: Bring, before: str) -> None:
    """As where a sheet was exported with empty columns beside it."""
    outcome = bring(books, f"{before}{HEADER},,", *(f"{before}{row(str(number))},," for number in (1, 2)))
    assert (counts(outcome), outcome.notes) == ((2, 2, 0, 0, 0, 0, 0), bring(books, HEADER, row("3"), name="b").notes)
    with pytest.raises(BadData, match="has two columns called"):
        bring(books, f"{HEADER},,Email", f"{row('4')},,", name="c.csv")
