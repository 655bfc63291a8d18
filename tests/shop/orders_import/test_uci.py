"""The UCI "Online Retail" data: every row accounted for, on both databases."""

from __future__ import annotations

from pathlib import Path

import pytest

from retainctl.config import Shop, read_shop
from retainctl.shop.orders_import.orders import import_orders
from retainctl.shop.orders_import.planning import OrderOptions
from retainctl.store.database import rows, value
from retainctl.store.opening import open_database
from tests.conftest import NOW, MakeShop
from tests.shop.orders_import.conftest import PIECES

pytest.importorskip("retainctl.shop.orders_import.formats.uci")

HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"


@pytest.fixture
def british(make_shop: MakeShop) -> Path:
    return make_shop(language="en", currency="GBP", timezone="Europe/London")


def write(tmp_path: Path, *lines: str) -> str:
    path = tmp_path / "orders.csv"
    path.write_text(HEADER + "".join(f"{line}\n" for line in lines), encoding="utf-8")
    return str(path)


def bring(shop: Shop, name: str, **options: object) -> tuple[int, ...]:
    """What became of the rows: read, new, changed, unchanged, set aside, blank, quarantined."""
    row = import_orders(shop, name, OrderOptions(**options)).row  # type: ignore[arg-type]
    return (
        row.rows_read, row.rows_new, row.rows_changed, row.rows_unchanged, row.rows_set_aside, row.rows_blank,
        row.rows_quarantined,
    )  # fmt: skip


def test_the_whole_file_is_accounted_for(british: Path, shared: Path) -> None:
    file = str(shared / "data/online_retail/online_retail_2010-12_2011-12.csv.gz")
    shop = read_shop(str(british), now=NOW)
    with open_database(shop.database_url, now=shop.clock.now(), migrate=True):
        outcome = import_orders(shop, file, OrderOptions(format="uci-online-retail"))
        assert (outcome.row.rows_read, outcome.row.rows_new, outcome.row.rows_set_aside) == (541_909, 539_391, 2_518)
        assert (outcome.row.orders, outcome.row.guest_orders, outcome.row.returns) == (18_532, 1_427, 9_288)
        assert rows(
            "SELECT COUNT(*), SUM(orders), SUM(gross_minor), SUM(gross_minor - returns_minor) FROM customer_summaries"
            " WHERE orders > 0 OR returns_minor > 0"
        )[0][1:] == (18_532, 891_140_790, 830_006_581)
        assert value("SELECT COUNT(*) FROM customer_summaries WHERE orders > 0") == 4_338
        assert dict(rows(
            "SELECT CASE WHEN o.customer_id IS NULL THEN 'guest' ELSE 'customer' END, COUNT(*)"
            " FROM order_lines AS l JOIN orders AS o ON o.id = l.order_id GROUP BY 1"
        )) == {"customer": 397_884, "guest": 132_219}  # fmt: skip
        assert dict(rows("SELECT code, COUNT(*) FROM held_rows GROUP BY code")) == {
            "adjustment": 3, "no_price": 1_179, "stock_write_off": 1_336,
        }  # fmt: skip
        assert (
            value(
                "SELECT COUNT(DISTINCT external_id || ' ' || line_no) FROM order_returns WHERE customer_id IS NOT NULL"
            )
            == 8_905
        )
        assert (
            value(
                "SELECT COUNT(*) FROM order_lines AS l"
                " JOIN (SELECT order_id, order_line_no, SUM(quantity_thousandths) AS back"
                " FROM order_returns WHERE order_id IS NOT NULL GROUP BY order_id, order_line_no) AS r"
                " ON r.order_id = l.order_id AND r.order_line_no = l.line_no WHERE r.back > l.quantity_thousandths"
            )
            == 0
        )
        assert bring(shop, file, again=True) == (541_909, 0, 0, 539_391, 2_518, 0, 0)


def test_a_return_takes_from_the_latest_sale_and_then_from_earlier_ones(british: Path, tmp_path: Path) -> None:
    shop = read_shop(str(british), now=NOW)
    with open_database(shop.database_url, now=shop.clock.now(), migrate=True):
        file = write(
            tmp_path,
            "1,MUG,A MUG,4,2011-01-01 10:00:00,2.5,17850.0,United Kingdom",
            "2,MUG,A MUG,3,2011-01-02 10:00:00,2.5,17850.0,United Kingdom",
            "3,MUG,A MUG,9,2011-01-02 10:00:00,2.75,17850.0,United Kingdom",
            "4,MUG,A MUG,9,2011-01-09 10:00:00,2.5,17850.0,United Kingdom",
            "C5,MUG,A MUG,-5,2011-01-03 10:00:00,2.5,17850.0,United Kingdom",
            "C6,MUG,A MUG,-9,2011-01-04 10:00:00,2.5,17850.0,United Kingdom",
        )
        assert bring(shop, file) == (6, 6, 0, 0, 0, 0, 0)
        taken = rows(
            f"SELECT r.external_id, r.part_no, o.external_id, r.{PIECES}, r.amount_minor FROM order_returns AS r"
            " LEFT JOIN orders AS o ON o.id = r.order_id ORDER BY 1, 2"
        )
        assert taken == [
            ("C5", 0, "2", 3, 750), ("C5", 1, "1", 2, 500), ("C6", 0, "1", 2, 500), ("C6", 1, None, 7, 1_750)
        ]  # fmt: skip
        assert dict(rows("SELECT external_id, version FROM orders")) == {"1": 2, "2": 2, "3": 1, "4": 1}
        assert rows("SELECT external_id FROM customer_keys") == [("17850",)]


def test_a_tenth_of_a_penny_is_a_sale_and_nothing_is_not(british: Path, tmp_path: Path) -> None:
    shop = read_shop(str(british), now=NOW)
    with open_database(shop.database_url, now=shop.clock.now(), migrate=True):
        file = write(
            tmp_path,
            "1,PADS,PADS TO MATCH,1,2011-01-01 10:00:00,0.001,12748.0,United Kingdom",
            "2,MUG,,1,2011-01-01 10:00:00,0.0,12748.0,United Kingdom",
            "3,MUG,damaged,-7,2011-01-01 10:00:00,0.0,,United Kingdom",
            "A4,B,Adjust bad debt,1,2011-01-01 10:00:00,-11062.06,,United Kingdom",
        )
        assert bring(shop, file) == (4, 1, 0, 0, 3, 0, 0)
        codes = rows("SELECT line, code FROM held_rows ORDER BY line")
        assert codes == [(3, "no_price"), (4, "stock_write_off"), (5, "adjustment")]
        assert rows("SELECT is_sale, gross_minor FROM orders") == [(1, 0)]
        assert value("SELECT orders FROM customer_summaries") == 1


@pytest.mark.parametrize(("invoice", "quantity"), [("1", -1), ("C1", 1), ("C1", 0)])
def test_only_what_comes_back_is_negative_and_all_of_it(
    british: Path, tmp_path: Path, invoice: str, quantity: int
) -> None:
    shop = read_shop(str(british), now=NOW)
    with open_database(shop.database_url, now=shop.clock.now(), migrate=True):
        good = [f"{number},MUG,A MUG,1,2011-01-01 10:00:00,2.5,17850.0,United Kingdom" for number in range(100, 120)]
        bad = f"{invoice},MUG,A MUG,{quantity},2011-01-01 10:00:00,2.5,17850.0,United Kingdom"
        assert bring(shop, write(tmp_path, *good, bad)) == (21, 20, 0, 0, 0, 0, 1)
        assert rows("SELECT column_name, code FROM held_rows") == [("Quantity", "negative_quantity")]


@pytest.mark.parametrize("minutes", [(20, 10, 30), (10, 30, 20), (30, 20, 10)])
def test_an_invoice_is_of_the_time_of_its_earliest_line(
    british: Path, tmp_path: Path, minutes: tuple[int, ...]
) -> None:
    shop = read_shop(str(british), now=NOW)
    with open_database(shop.database_url, now=shop.clock.now(), migrate=True):
        lines = [f"1,MUG,A MUG,1,2011-01-01 10:{minute}:00,2.5,17850.0,United Kingdom" for minute in minutes]
        assert bring(shop, write(tmp_path, *lines)) == (3, 3, 0, 0, 0, 0, 0)
        assert rows("SELECT ordered_at FROM orders") == [(1_293_876_600,)]
