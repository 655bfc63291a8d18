"""Orders and returns that are there already: what is added to them later, and what their source has changed."""

from __future__ import annotations

import pytest

from retainctl.config import Shop
from retainctl.intake import csv_rows
from retainctl.shop import summaries as summing
from retainctl.shop.orders_import.planning import OrderOptions
from retainctl.shop.orders_import.retry import retry
from retainctl.shop.orders_import.stored import digests, fingerprint, joined, salt_of
from retainctl.store.database import rows, value
from tests.planting import on_day
from tests.shop.orders_import.conftest import HEADER, PIECES, Bring, counts, row
from tests.shop.orders_import.test_bad_input_rows import order
from tests.shop.orders_import.test_formats import SHOPIFY

REFUNDS = HEADER + ",refund_of"
OTHERS = [row(f"G{number}") for number in range(1, 200)]
NOA = "noa@shop.example"


def unread(order: str, *, end: str = "", **cells: str) -> bytes:
    """A row that is no UTF-8."""
    return f"{row(order, sku='ספל', **cells)}{end}\n".encode("cp1255")


def back(reference: str, order: str, **cells: str) -> str:
    """One mug that came back."""
    return f"{row(reference, **({'quantity': '-1'} | cells))},{order}"


def orders(columns: str) -> list[tuple[object, ...]]:
    """Some columns of the orders whose ids are plain numbers."""
    return rows(f"SELECT external_id, {columns} FROM orders AS o WHERE external_id < 'A' ORDER BY external_id")


def summaries() -> dict[str, tuple[int, int]]:
    """What each bought and brought back."""
    return {
        key: (gross, back)
        for key, gross, back in rows(
            "SELECT p.key, s.gross_minor, s.returns_minor FROM customer_summaries AS s"
            " JOIN contact_points AS p USING (customer_id)"
        )
    }


def test_a_row_that_comes_later_is_added_to_its_order_as_if_it_had_come_with_it(shop: Shop, bring: Bring) -> None:
    """Each order's second row is in another encoding, so that nobody knows whose row it is."""
    bring(
        shop,
        HEADER,
        row("1", ordered_at="2025-01-05"),
        row("2", ordered_at="2025-01-05"),
        row("3", status="cancelled"),
        row("4", quantity="0"),
        row("5", quantity="0"),
        row("6", email=""),
        row("7"),
        *OTHERS,
        unread("1", ordered_at="2025-01-03"),
        unread("2", ordered_at="2025-01-07"),
        unread("3", status="cancelled"),
        unread("4"),
        unread("5", quantity="0"),
        unread("6", email=NOA),
        unread("7", email=NOA),
    )
    assert orders("is_sale") == [("1", 1), ("2", 1), ("3", 0), ("4", 0), ("5", 0), ("6", 1), ("7", 1)]
    retry(shop, (), OrderOptions(encoding="cp1255"))
    assert orders("order_day, is_sale, gross_minor, version") == [
        ("1", on_day("2025-01-03")[0], 1, 4_000, 2),
        ("2", on_day("2025-01-05")[0], 1, 4_000, 2),
        ("3", on_day("2025-01-05")[0], 0, 4_000, 2),
        ("4", on_day("2025-01-05")[0], 1, 2_000, 2),
        ("5", on_day("2025-01-05")[0], 0, 0, 2),
        ("6", on_day("2025-01-05")[0], 1, 4_000, 2),
        ("7", on_day("2025-01-05")[0], 1, 4_000, 2),
    ]
    assert value("SELECT COUNT(*) FROM order_versions") == 7
    assert summaries() == {"dana@shop.example": (199 * 2_000 + 14_000, 0), NOA: (4_000, 0)}


def test_a_refund_that_comes_later_is_another_than_the_one_that_is_there(shop: Shop, bring: Bring) -> None:
    sales = [f"{row(one)},\n{row(one, sku='ספל')},\n".encode("cp1255") for one in ("1", "2")]
    bring(shop, REFUNDS, *sales, name="sales.csv", encoding="cp1255")
    cells = {"quantity": "-1", "status": "refunded", "email": ""}
    first = [f"{row('1', **cells)},", back("R", "2"), *[f"{line}," for line in OTHERS]]
    bring(shop, REFUNDS, *first, unread("1", **cells, end=","), unread("R", quantity="-1", end=",2"))
    (outcome,) = retry(shop, (), OrderOptions(encoding="cp1255"))
    assert (counts(outcome), outcome.row.returns) == ((2, 0, 2, 0, 0, 0, 0), 1)
    assert rows(f"SELECT external_id, line_no, {PIECES} FROM order_returns ORDER BY 1, 2") == [
        ("1", 1, 1),
        ("1", 2, 1),
        ("R", 1, 1),
        ("R", 2, 1),
    ]
    assert summaries() == {"dana@shop.example": (203 * 2_000, 4_000)}


def test_a_changed_return_leaves_the_order_and_the_customer_that_it_was_of(shop: Shop, bring: Bring) -> None:
    sales = [f"{row('1')},", f"{row('2', email=NOA)},", f"{row('3', email='tal@shop.example')},"]
    bring(shop, REFUNDS, *sales, back("R", "1"), back("S", "3", email=""), back("S", "3", email=""))
    assert orders("version") == [("1", 2), ("2", 1), ("3", 2)]
    changed = bring(shop, REFUNDS, back("R", "2", email=NOA), back("S", "3", email=""), name="b.csv")
    assert (counts(changed), changed.row.returns) == ((2, 0, 2, 0, 0, 0, 0), 0)
    assert orders("version, (SELECT COUNT(*) FROM order_returns AS r WHERE r.order_id = o.id)") == [
        ("1", 3, 0),
        ("2", 2, 1),
        ("3", 4, 1),
    ]
    assert summaries() == {"dana@shop.example": (2_000, 0), NOA: (2_000, 1_000), "tal@shop.example": (2_000, 1_000)}


def test_a_return_that_came_before_any_sale_is_one_though_it_comes_again(shop: Shop, bring: Bring) -> None:
    bring(shop, REFUNDS, back("R", "1"), back("S", "1"))
    again = bring(
        shop, REFUNDS, back("R", "1"), back("S", "1", quantity="-2"), f"{row('1', quantity='3')},", name="b.csv"
    )
    assert (counts(again), again.row.returns) == ((3, 1, 1, 1, 0, 0, 0), 0)
    assert rows(f"SELECT external_id, {PIECES} FROM order_returns ORDER BY 1") == [("R", 1), ("S", 2)]
    assert summaries() == {"dana@shop.example": (3_000, 3_000)}


def test_a_changed_return_that_is_larger_than_its_order_is_quarantined_and_counted_as_such(
    shop: Shop, bring: Bring
) -> None:
    bring(shop, REFUNDS, f"{row('1')},", back("R", "1"))
    outcome = bring(shop, REFUNDS, back("R", "1", quantity="-3"), name="b.csv")
    assert (counts(outcome), outcome.row.returns) == ((1, 0, 0, 0, 0, 0, 1), 0)
    assert value("SELECT COUNT(*) FROM order_returns") == 0


def test_returns_of_an_order_that_changes_meet_its_lines_anew(shop: Shop, bring: Bring) -> None:
    lines = [f"{row('1', sku=sku)}," for sku in ("MUG", "TEA", "JAM")]
    bring(shop, REFUNDS, *lines, back("R", "1", sku="TEA"), back("S", "1", sku="MUG"))
    taken = "SELECT external_id, order_line_no FROM order_returns ORDER BY 1"
    assert rows(taken) == [("R", 2), ("S", 1)]
    bring(shop, REFUNDS, lines[2], lines[0], f"{row('1', sku='TEA', quantity='9')},", name="b.csv")
    assert rows(taken) == [("R", 3), ("S", 2)]
    changed = bring(shop, REFUNDS, lines[2], f"{row('1', sku='TEA', quantity='9')},", name="c.csv")
    assert rows(taken) == [("R", 2), ("S", None)]
    assert len(changed.attention) == 1


def test_an_order_that_changes_takes_its_own_refunds_and_its_customer_with_it(shop: Shop, bring: Bring) -> None:
    bring(shop, HEADER, row("1", status="refunded"), row("1", sku="TEA", status="refunded"), row("2"))
    assert summaries() == {"dana@shop.example": (6_000, 4_000)}
    bring(shop, HEADER, row("1", status="refunded", email=NOA), name="b.csv")
    assert summaries() == {"dana@shop.example": (2_000, 0), NOA: (2_000, 2_000)}
    bring(shop, HEADER, row("1", email=NOA), name="c.csv")
    assert summaries() == {"dana@shop.example": (2_000, 0), NOA: (2_000, 0)}


def test_every_customer_whose_order_changed_has_new_figures_however_many_are_made_at_once(
    shop: Shop, bring: Bring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(summing, "BATCH_SIZE", 2)
    sales = [row(str(number), email=f"c{number}@shop.example") for number in range(20)]
    bring(shop, HEADER, *sales)
    bring(shop, HEADER, *[one.replace("MUG,2", "MUG,3") for one in sales[:5]], name="b.csv")
    assert summaries() == {f"c{number}@shop.example": (3_000 if number < 5 else 2_000, 0) for number in range(20)}


def test_an_article_has_the_first_name_and_category_that_it_is_given(shop: Shop, bring: Bring) -> None:
    header = "order_id,ordered_at,sku,product,category,quantity,unit_price"
    named = [("1", "MUG,,"), ("2", "MUG,Mug,"), ("3", "MUG,Cup,"), ("4", "TEA,Tea,Drinks"), ("5", "JAM,,Food")]
    then = [("6", "MUG,Cup,Kitchen"), ("7", "TEA,Leaves,Plants"), ("8", "JAM,Jam,Fruit")]
    for some, name in ((named, "a.csv"), (then, "b.csv")):
        bring(shop, header, *[f"{order},2025-01-05,{article},1,5" for order, article in some], name=name)
    assert rows("SELECT sku, name, category FROM products ORDER BY sku") == [
        ("JAM", "Jam", "Food"),
        ("MUG", "Mug", "Kitchen"),
        ("TEA", "Tea", "Drinks"),
    ]


def test_an_order_is_refunded_when_it_says_so_and_by_no_more_than_it_says(shop: Shop, bring: Bring) -> None:
    header = HEADER + ",updated_at"
    bring(
        shop,
        header,
        f"{row('1', status='refunded')},2025-01-09",
        f"{row('2', status='refunded')},",
        f"{row('2', quantity='-1', status='refunded')},",
    )
    assert rows(f"SELECT external_id, {PIECES}, return_day FROM order_returns ORDER BY 1") == [
        ("1", 2, on_day("2025-01-09")[0]),
        ("2", 1, on_day("2025-01-05")[0]),
    ]


def test_an_order_that_said_no_time_of_change_is_changed_by_what_says_one(shop: Shop, bring: Bring) -> None:
    bring(shop, HEADER, row("1"))
    bring(shop, HEADER + ",updated_at", f"{row('1', quantity='3')},2025-01-09", name="later.csv")
    assert rows("SELECT version, gross_minor FROM orders") == [(2, 3_000)]


def test_rows_are_tried_again_with_those_of_their_own_import(shop: Shop, bring: Bring) -> None:
    for shop_name in ("haifa", "eilat"):
        bring(shop, HEADER, row("1"), row("1", sku="TEA", currency=""), source=shop_name)
    assert [counts(one) for one in retry(shop, (), OrderOptions(currency="ILS"))] == [(2, 2, 0, 0, 0, 0, 0)] * 2
    assert rows("SELECT source, version, gross_minor FROM orders ORDER BY 1") == [
        ("eilat", 1, 4_000),
        ("haifa", 1, 4_000),
    ]


def test_a_whole_order_that_is_tried_again_stands_for_what_it_was(shop: Shop, bring: Bring) -> None:
    known = {"total": "", "status": "completed"}
    bring(shop, order(1, **known), name="a.jsonl")
    bring(shop, order(1, **known | {"status": "cancelled", "currency": ""}), name="b.jsonl")
    retry(shop, (), OrderOptions(currency="ILS"))
    assert orders("version, status, gross_minor") == [("1", 2, "cancelled", 2_000)]


@pytest.mark.parametrize(("line", "is_sale"), [("1,Tip,5.00,", 0), ("0,Tea,5.00,TEA", 0), ("1,Tea,5.00,TEA", 1)])
def test_an_order_of_which_nothing_was_sold_is_a_sale_when_something_that_is_sold_is_added(
    books: Shop, bring: Bring, monkeypatch: pytest.MonkeyPatch, line: str, is_sale: int
) -> None:
    for rows_at_once in ("CHUNK_ROWS", "_ROWS_AT_ONCE"):
        monkeypatch.setattr(csv_rows, rows_at_once, 1)
    head, nothing = "d@shop.example,paid,no,ILS,,,,,2024-05-01 10:00:00 +0300", "0,Mug,40.00,MUG"
    lines = [("#1", nothing), ("#2", nothing), ("#1", line)]
    file = [SHOPIFY, *[f"{order},{head},{what},,,,,," for order, what in lines]]
    bring(books, *file)
    assert rows("SELECT external_id, is_sale FROM orders ORDER BY 1") == [("#1", is_sale), ("#2", 0)]
    assert counts(bring(books, *file, again=True)) == (3, 0, 0, 3, 0, 0, 0)


def test_what_is_stored_of_an_order_s_rows_is_known_again_by_every_version_of_the_program() -> None:
    salt, (one, other) = salt_of("meaning"), digests([("1", "MUG", ""), ("1", "TEA", "דנה")])
    both = fingerprint(one + other, salt)
    assert both.hex() == "af4562ffb731832298d2f3f717fecbf6"
    assert joined(fingerprint(one, salt), fingerprint(other, salt), salt) == both
    assert fingerprint(one, salt) != fingerprint(one, salt_of("another"))


def test_what_comes_back_of_an_order_later_is_of_who_bought_it(books: Shop, bring: Bring) -> None:
    bring(
        books, HEADER, row("1"), row("2", email=NOA), row("1", quantity="-1", status="refunded", email=NOA, currency="")
    )
    retry(books, (), OrderOptions(currency="ILS"))
    assert summaries() == {"dana@shop.example": (2_000, 1_000), NOA: (2_000, 0)}
