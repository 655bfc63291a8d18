"""An order is judged by all of its rows, wherever they stand, and keeps what a later file does not say of it."""

from __future__ import annotations

import pytest

from retainctl.config import Shop
from retainctl.intake import csv_rows
from retainctl.intake.quarantine import list_quarantined
from retainctl.shop.orders_import import compare
from retainctl.shop.orders_import.planning import OrderOptions
from retainctl.shop.orders_import.retry import retry
from retainctl.store.database import rows, value
from tests.shop.orders_import.conftest import HEADER, Bring, codes, counts, row

SUMS = f"{HEADER},total,order_discount,refunded,returned_quantity,cancelled_at"
OTHERS = [f"{row(f'F{number}')},,,,," for number in range(200)]
GIL = "gil@shop.example"
BOOKED = """SELECT o.status, o.gross_minor, o.discount_minor, o.order_day, p.key,
    (SELECT COUNT(*) FROM order_lines AS l WHERE l.order_id = o.id),
    (SELECT SUM(r.amount_minor) FROM order_returns AS r WHERE r.order_id = o.id)
    FROM orders AS o LEFT JOIN contact_points AS p ON p.customer_id = o.customer_id WHERE o.external_id = '1'"""


def one(sums: str, **cells: str) -> str:
    """A row of the order 1 with these sums: its total, discount, refund, pieces back, and when it was cancelled."""
    return f"{row('1', **cells)},{sums}"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (one(",6,,,"), one(",6,,,", sku="TEA")),
        (one(",6,,,"), one(",5,,,", sku="TEA")),
        (one(",,5,,"), one(",,5,,", sku="TEA")),
        (one(",,25,,"), one(",,25,,", sku="TEA")),
        (one("40,,,,"), one("40,,,,", sku="TEA")),
        (one("40,,,,"), one(",,,,", sku="TEA")),
        (one("41,,,,"), one("40,,,,", sku="TEA")),
        (one(",,,,"), one(",,,,", sku="TEA", status="cancelled")),
        (one(",,,,"), one(",,,,2025-01-06", sku="TEA")),
        (one(",,,,", status="refunded"), one(",,,,", sku="TEA", status="refunded")),
        (one(",,,1,"), one(",,,1,", sku="TEA")),
        (one(",,,1,"), one(",,,,", sku="MUG", quantity="-1", status="refunded")),
        (one(",,,,"), one(",,,,", sku="TEA", quantity="two")),
        (one(",,,,"), one(",,,,", sku="TEA", currency="USD")),
        (one(",,,,"), one(",,,,", sku="TEA", email=GIL)),
        (one(",,,,", email=""), one(",,,,", sku="TEA", email="", ordered_at="2025-01-07")),
        (one(",,,,", ordered_at="2025-01-07"), one(",,,,", sku="TEA", ordered_at="2025-01-04")),
        (one(",,,,", quantity="-1", status="refunded", ordered_at="2025-01-09"), one(",,,,")),
    ],
)
@pytest.mark.parametrize("at_once", [1, 100_000])
def test_an_order_is_the_same_whether_its_rows_stand_together_or_apart(
    books: Shop, bring: Bring, monkeypatch: pytest.MonkeyPatch, first: str, second: str, at_once: int
) -> None:
    for rows_at_once in ("CHUNK_ROWS", "_ROWS_AT_ONCE"):
        monkeypatch.setattr(csv_rows, rows_at_once, 50)
    monkeypatch.setattr(compare, "GATHERED_ROWS", at_once)
    files = {"near": [first, second, *OTHERS], "far": [first, *OTHERS, second]}
    outcomes = {name: bring(books, SUMS, *lines, source=name, name=f"{name}.csv") for name, lines in files.items()}
    booked = [rows(f"{BOOKED} AND o.source = ?", name) for name in files]
    assert booked[0] == booked[1]
    assert counts(outcomes["near"]) == counts(outcomes["far"])
    assert sorted(codes(outcomes["near"])) == sorted(codes(outcomes["far"]))
    assert booked[0] or "order_incomplete" in codes(outcomes["far"]) or "bad_total" in codes(outcomes["far"])


def test_a_known_order_that_waited_whole_stands_for_what_it_was_when_it_is_tried_again(
    shop: Shop, bring: Bring
) -> None:
    others = [row(f"G{number}") for number in range(60)]
    bring(shop, HEADER, row("1"))
    bring(shop, HEADER, row("1"), row("1", sku="TEA", currency=""), *others, name="b.csv")
    assert rows("SELECT version, gross_minor FROM orders WHERE external_id = '1'") == [(1, 2_000)]
    retry(shop, (), OrderOptions(currency="ILS"))
    assert rows("SELECT version, gross_minor FROM orders WHERE external_id = '1'") == [(2, 4_000)]
    assert value("SELECT COUNT(*) FROM order_lines JOIN orders ON id = order_id WHERE external_id = '1'") == 2


def test_a_bad_row_of_what_came_back_settles_no_sale_that_waits_nor_a_bad_sale_its_return(
    shop: Shop, bring: Bring
) -> None:
    others = [row(f"G{number}") for number in range(60)]
    sale, back = row("1", quantity="two"), row("1", quantity="-one", status="refunded")
    bring(shop, HEADER, sale, *others)
    bring(shop, HEADER, back, *others, name="b.csv")
    assert [held.message for held in list_quarantined(shop)] == ["'two' is not a number", "'-one' is not a number"]
    bring(shop, HEADER, row("1", quantity="three"), *others, name="c.csv")
    assert [held.message for held in list_quarantined(shop)] == ["'-one' is not a number", "'three' is not a number"]
    bring(shop, HEADER, row("1"), *others, name="d.csv")
    assert [held.message for held in list_quarantined(shop)] == ["'-one' is not a number"]
    bring(shop, HEADER, row("1", quantity="-1", status="refunded"), *others, name="e.csv")
    assert list_quarantined(shop) == []


def test_what_came_back_of_another_buyer_is_left_alone(shop: Shop, bring: Bring) -> None:
    bring(shop, HEADER, row("1"), row("2"))
    back = [row("1", quantity="-1", status="refunded", email=GIL), row("2", quantity="-1", status="refunded", email="")]
    outcome = bring(shop, HEADER, *back, name="b.csv")
    assert outcome.exit_code == 3
    assert rows("SELECT external_id, amount_minor FROM order_returns") == [("2", 1_000)]
    bring(shop, HEADER, *back, name="b.csv", newest=True)
    assert rows("SELECT external_id, amount_minor FROM order_returns ORDER BY 1") == [("1", 1_000), ("2", 1_000)]


@pytest.mark.parametrize(("kind", "back"), [("sale", 1_000), ("fee", None), ("shipping", None)])
def test_pieces_that_came_back_are_of_goods_that_were_sold(
    books: Shop, bring: Bring, kind: str, back: int | None
) -> None:
    bring(
        books,
        f"{HEADER},returned_quantity,line_kind",
        f"{row('1')},,sale",
        f"{row('1', sku='WRAP')},1,{kind}",
    )
    assert value("SELECT SUM(amount_minor) FROM order_returns") == back


KNOWN = f"{HEADER},refunded"
BARE = "order_id,ordered_at,sku,quantity,unit_price,currency"


@pytest.mark.parametrize(
    ("status", "refunded", "back"), [("paid", "5", 500), ("refunded", "", 2_000), ("cancelled", "", None)]
)
@pytest.mark.parametrize("header", [BARE, f"{BARE},email,status,refunded"])
def test_what_a_later_file_does_not_say_of_an_order_stays_known(
    shop: Shop, bring: Bring, status: str, refunded: str, back: int | None, header: str
) -> None:
    others = [f"{row(f'G{number}')}," for number in range(20)]
    bring(shop, KNOWN, f"{row('1', status=status)},{refunded}", *others)
    bare = "1,2025-01-05T10:00:00+02:00,MUG,2,11.00,ILS" + ",,," * (header != BARE)
    for name in ("b.csv", "c.csv"):
        bring(shop, header, bare, name=name)
        assert rows("SELECT status, gross_minor FROM orders WHERE external_id = '1'") == [(status, 2_200)]
        assert value("SELECT customer_id FROM orders WHERE external_id = '1'") == 1
        assert rows("SELECT customer_id, amount_minor FROM order_returns") == ([] if back is None else [(1, back)])
    bring(shop, KNOWN, f"{row('1', unit_price='11.00')},0.00", name="d.csv")
    assert rows("SELECT status FROM orders WHERE external_id = '1'") == [("paid",)]
    assert value("SELECT COUNT(*) FROM order_returns") == 0, "what is said counts"


def test_a_file_with_other_lines_of_a_known_order_is_not_the_whole_of_it(shop: Shop, bring: Bring) -> None:
    bring(shop, HEADER, row("4"), row("5", unit_price="50"))
    outcome = bring(shop, HEADER, row("5", sku="TEA"), row("6"), name="b.csv")
    assert (outcome.exit_code, counts(outcome)[:4]) == (3, (2, 1, 0, 1))
    assert rows("SELECT gross_minor, version FROM orders WHERE external_id = '5'") == [(10_000, 1)]
    bring(shop, HEADER, row("5", sku="TEA"), row("6"), name="b.csv", newest=True)
    assert rows("SELECT gross_minor, version FROM orders WHERE external_id = '5'") == [(2_000, 2)]
    dated = f"{HEADER},updated_at"
    bring(shop, dated, f"{row('5', sku='JAM', quantity='3')},2025-02-01", name="c.csv")
    assert rows("SELECT gross_minor, version FROM orders WHERE external_id = '5'") == [(3_000, 3)], "it says when"


@pytest.mark.parametrize("name", ["https://evil.example/win", "www.evil.example", "dana@evil.example", "Ann http:x"])
def test_a_link_is_nobody_s_name(books: Shop, bring: Bring, name: str) -> None:
    outcome = bring(books, f"{HEADER},first_name,last_name", f"{row('1')},{name},Levi")
    assert rows("SELECT first_name, last_name FROM customers") == [(None, "Levi")]
    assert "names with a link or an address in them, which were left out: 1" in outcome.notes


@pytest.mark.parametrize("name", ["Ann-Marie O'Neil", "J. R.", "דנה (רו״ח)", "Wwww."])
def test_a_name_with_marks_is_one(books: Shop, bring: Bring, name: str) -> None:
    bring(books, f"{HEADER},first_name", f"{row('1')},{name}")
    assert rows("SELECT first_name FROM customers") == [(name,)]


@pytest.mark.parametrize(
    ("other", "is_told"),
    [
        ({"ordered_at": "2025-01-05T10:00:59+02:00"}, True),
        ({"ordered_at": "2025-01-05T10:01:00+02:00"}, False),
        ({"quantity": "3"}, False),
        ({"email": GIL}, False),
        ({"currency": "USD"}, False),
        ({"status": "cancelled"}, False),
        ({"ordered_at": "2025-01-05"}, False),
    ],
)
def test_another_export_of_the_same_shop_is_told(
    shop: Shop, bring: Bring, other: dict[str, str], is_told: bool
) -> None:
    bring(shop, HEADER, row("1501"), source="api")
    outcome = bring(shop, HEADER, row("1042", **other), row("1043", email=""), source="export", name="b.csv")
    assert counts(outcome)[:2] == (2, 2)
    told = "new orders with the buyer, the minute and the amount of known ones of another source: 1 of api"
    assert (outcome.exit_code, str(outcome.trouble or "")) == ((3, told) if is_told else (0, ""))
    again = bring(shop, HEADER, row("1044", ordered_at="2025-01-09"), source="export", name="c.csv")
    assert again.trouble is None, "it is told of what is new"


@pytest.mark.parametrize(("pieces", "price", "total"), [("-1", "10.00", "-10.00"), ("-1", "-10.00", "-10.00")])
@pytest.mark.parametrize("setting", ["", 'negative_amounts = "refund"\n'])
def test_what_came_back_by_its_type_may_have_amounts_below_zero_too(
    books: Shop, bring: Bring, pieces: str, price: str, total: str, setting: str
) -> None:
    back = row("1", quantity=pieces, unit_price=price, ordered_at="2025-01-09")
    mapping = f'{setting}[columns]\ntype = "Kind"\n[types]\n"Sold" = "sale"\n"Retur" = "refund"'
    lines = [f"{row('1')},20.00,Sold", f"{back},{total},Retur"]
    assert codes(bring(books, f"{HEADER},line_total,Kind", *lines, mapping=mapping)) == []
    assert rows("SELECT gross_minor FROM orders") == [(2_000,)]
    assert rows("SELECT amount_minor, quantity_thousandths FROM order_returns") == [(1_000, 1_000)]
