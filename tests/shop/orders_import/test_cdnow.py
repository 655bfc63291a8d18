"""The CDNOW purchases: fixed columns, an order a customer and day, on both databases."""

from __future__ import annotations

import pytest

from retainctl.config import Shop, read_shop
from retainctl.shop.orders_import.formats import cdnow
from retainctl.shop.orders_import.orders import import_orders
from retainctl.shop.orders_import.planning import OrderOptions
from retainctl.store.database import rows
from retainctl.store.opening import open_database
from tests.conftest import NOW, MakeShop
from tests.shop.orders_import.conftest import Bring, codes, counts

pytest.importorskip("retainctl.shop.orders_import.formats.cdnow")


def test_the_whole_file_is_accounted_for(make_shop: MakeShop, shared: object) -> None:
    shop = read_shop(str(make_shop(language="en", currency="USD", timezone="America/New_York")), now=NOW)
    with open_database(shop.database_url, now=shop.clock.now(), migrate=True):
        outcome = import_orders(shop, f"{shared}/data/cdnow/CDNOW_master.txt", OrderOptions())
        assert counts(outcome) == (69_659, 69_659, 0, 0, 0, 0, 0)
        assert (outcome.row.customers, outcome.row.orders) == (23_570, 67_591)
        ((customers, repeaters),) = rows(
            "SELECT COUNT(*), SUM(CASE WHEN orders > 1 THEN 1 ELSE 0 END) FROM customer_summaries"
        )
        assert round(int(repeaters) / customers, 6) == 0.488587
        again = import_orders(shop, f"{shared}/data/cdnow/CDNOW_master.txt", OrderOptions(format="cdnow", again=True))
        assert counts(again) == (69_659, 0, 0, 69_659, 0, 0, 0)


PURCHASES = [f"{customer:05} 19970101 1 11.77" for customer in range(1, 41)]


@pytest.mark.parametrize("header", [[], ["customer_id date number_of_cds dollar_value"]])
def test_a_header_is_no_purchase_and_a_file_without_one_is_booked_from_its_first_line(
    books: Shop, bring: Bring, header: list[str]
) -> None:
    outcome = bring(books, *header, *PURCHASES, name="cdnow.txt", format="cdnow")
    assert counts(outcome) == (40, 40, 0, 0, 0, 0, 0)
    assert rows("SELECT MIN(external_id) FROM orders") == [("00001-19970101",)]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("00050 19970101 1", "too_short"),
        ("00050 19970101 1 11.77 9", "too_short"),
        ("00050 19970101 -1 11.77", "negative_quantity"),
        ("00050 19970101 1 -11.77", "negative_quantity"),
        ("customer_id date number_of_cds dollar_value", "bad_number"),
    ],
)
def test_a_purchase_that_cannot_be_is_quarantined(books: Shop, bring: Bring, line: str, code: str) -> None:
    outcome = bring(books, *PURCHASES, line, name="cdnow.txt", format="cdnow")
    assert (counts(outcome), codes(outcome)) == ((41, 40, 0, 0, 0, 0, 1), [code])


def test_nothing_bought_and_nothing_paid_is_an_order_and_a_blank_line_is_none(books: Shop, bring: Bring) -> None:
    outcome = bring(books, *PURCHASES, "", "00050 19970101 0 0.00", "  ", name="cdnow.txt", format="cdnow")
    assert counts(outcome) == (43, 41, 0, 0, 0, 2, 0)


@pytest.mark.parametrize("at_once", [1, 2, 3, 4])
def test_the_rows_of_a_day_are_one_order_however_few_are_read_at_once(
    books: Shop, bring: Bring, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(cdnow, "CHUNK_ROWS", at_once)
    lines = [f"{customer:05} 19970101 {pieces} 1.00" for customer in range(1, 6) for pieces in (1, 2, 3)]
    assert counts(bring(books, *lines, name="cdnow.txt", format="cdnow")) == (15, 15, 0, 0, 0, 0, 0)
    lines_of = "(SELECT COUNT(*) FROM order_lines WHERE order_id = orders.id)"
    assert rows(f"SELECT gross_minor, version, {lines_of} FROM orders") == [(300, 1, 3)] * 5
