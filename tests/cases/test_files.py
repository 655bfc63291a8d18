"""Files that other programs break or shape otherwise, and that come in all the same."""

from __future__ import annotations

from pathlib import Path

from retainctl.config import Shop
from retainctl.intake.import_runs import ImportOptions
from retainctl.shop.customers_import import import_customers
from retainctl.shop.exporting import export_customers
from retainctl.shop.orders_import.orders import import_orders
from retainctl.shop.orders_import.planning import OrderOptions
from retainctl.store.database import rows
from tests.cases.conftest import Write, booked, codes, counts


def test_numbers_that_are_words_keep_their_noughts_and_those_a_spreadsheet_broke_wait(
    shop: Shop, tmp_path: Path
) -> None:
    path = tmp_path / "customers.csv"
    path.write_bytes(
        b'\xef\xbb\xbf"Customer ID",First Name,Last Name,Email,Accepts Email Marketing,Phone,Default Address Zip,'
        b"Accepts SMS Marketing\r\n'00123,Noa,Levi,noa@example.com,yes,050-1234567,0620101,no\r\n"
        b"00124,Gil,,gil@example.com,no,'+972521234567,,no\r\n9.01E+12,Roni,,roni@example.com,no,5.01E+08,,no\r\n"
        b"123,Tal,,tal@example.com,no,0501234568,,no\r\n"
    )
    done = import_customers(shop, str(path), ImportOptions(source="shopify"))
    assert (done.row.rows_read, done.row.rows_new, done.row.rows_quarantined) == (4, 3, 1)
    assert [held.code for held in done.quarantined] == ["damaged_id"]
    assert rows("SELECT first_name FROM customers ORDER BY id") == [("Noa",), ("Gil",), ("Tal",)]
    assert rows("SELECT key FROM contact_points WHERE kind = 'phone' ORDER BY id") == [
        ("+972501234567",), ("+972521234567",), ("+972501234568",)
    ]  # fmt: skip
    out = tmp_path / "out.csv"
    with out.open("wb") as file:
        assert export_customers(shop, file) == 3
    assert "shopify,00124,Gil,,,gil@example.com,,'+972521234567," in out.read_text(encoding="utf-8")
    assert counts(import_customers(shop, str(out), ImportOptions())) == (3, 0, 0, 3)
    orders = tmp_path / "orders.csv"
    lines = ["order_id,ordered_at,email,sku,quantity,unit_price,currency,status"]
    lines += [
        f"{number},2025-01-05,a@example.com,{sku},{pieces},1.00,ILS,completed"
        for number, sku, pieces in (("007", "0042", "1"), ("7", "42", "1"), ("7.0", "42", "1.0"), ("1E+05", "42", "1"))
    ]
    orders.write_text("\n".join(lines) + "\n", encoding="utf-8")
    booked = import_orders(shop, str(orders), OrderOptions())
    assert [held.code for held in booked.quarantined] == ["damaged_id"]
    assert rows("SELECT external_id FROM orders ORDER BY id") == [("007",), ("7",), ("7.0",)]
    assert rows("SELECT sku FROM products ORDER BY sku") == [("0042",), ("42",)]


MAGENTO = (
    'ID,"Purchase Point","Purchase Date","Bill-to Name","Ship-to Name","Grand Total (Base)","Grand Total (Purchased)",'
    'Status,"Shipping Information","Customer Email",Subtotal,"Shipping and Handling","Total Refunded"',
    '000000101,"Main Website\n   Main Store",2025-01-01 09:15:51,"Ann A","Ann A",110.0000,110.0000,complete,'
    '"Flat Rate",a@example.com,100.0000,10.0000,0.0000',
    '000000102,"Main Website\n   Main Store",2025-01-02 09:15:51,"Bob B","Bob B",60.0000,60.0000,complete,'
    '"Flat Rate",b@example.com,60.0000,0.0000,20.0000',
)
SOLD = [("000000101", "completed", 10_000, 0), ("000000102", "completed", 6_000, 2_000)]


def test_a_grid_of_magento_s_in_which_an_order_is_one_row_without_articles_comes_in(shop: Shop, write: Write) -> None:
    done = import_orders(shop, write("magento.csv", *MAGENTO), OrderOptions())
    assert (done.row.source, counts(done), codes(done)) == ("magento", (2, 2, 0, 0), [])
    assert (done.row.customers, done.row.orders, done.row.returns) == (2, 2, 1)
    assert booked() == SOLD


def test_a_mapping_needs_no_column_of_articles(shop: Shop, write: Write, tmp_path: Path) -> None:
    write(
        "magento.toml",
        'dates = "%Y-%m-%d %H:%M:%S"',
        "[columns]",
        'order_id = "ID"',
        'ordered_at = "Purchase Date"',
        'email = "Customer Email"',
        'status = "Status"',
        'shipping = "Shipping and Handling"',
        'total = "Grand Total (Purchased)"',
    )
    options = OrderOptions(mapping=tmp_path / "magento.toml", source="magento", currency="ILS")
    done = import_orders(shop, write("magento.csv", *MAGENTO), options)
    assert (counts(done), codes(done), done.row.customers) == ((2, 2, 0, 0), [], 2)
    assert booked() == SOLD


def test_a_table_of_woocommerce_s_analytics_without_addresses_is_of_guests(shop: Shop, write: Write) -> None:
    path = write(
        "analytics.csv",
        "Date,Order #,N. Revenue (formatted),Status,Customer,Customer type,Product(s),Items sold,Coupon(s),Net Sales,"
        "Attribution",
        '2025-01-01 10:00:00,501,"₪1,065.50",completed,Ann A,new,"2× Mug, 1× Beans",3,,1065.5,Direct',
    )
    done = import_orders(shop, path, OrderOptions())
    assert (counts(done), codes(done)) == ((1, 1, 0, 0), [])
    assert (done.row.customers, done.row.orders, done.row.guest_orders) == (0, 0, 1)
    assert booked() == [("501", "completed", 106_550, 0)]
