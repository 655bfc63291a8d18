"""What somebody bought before is found by article, brand, category and day."""

from __future__ import annotations

from pathlib import Path

import pytest

from retainctl.clock import parse_instant
from retainctl.config import Shop
from retainctl.errors import WrongUsage
from retainctl.intake.import_runs import ImportOptions
from retainctl.shop.customers import find_customer, show_customer
from retainctl.shop.orders import list_orders, show_order
from retainctl.shop.orders_import.orders import import_orders
from retainctl.shop.orders_import.planning import OrderOptions
from retainctl.shop.products_import import PRODUCTS
from retainctl.shop.purchases import list_purchases
from retainctl.store.database import execute
from retainctl.store.transactions import writing
from tests.conftest import Terminal

ORDERS = """order_id,ordered_at,email,sku,product,category,quantity,unit_price,discount,currency,status
A-1,2024-01-05T10:00:00+02:00,dana@example.com,C-1,Coffee,Kitchen > Coffee,2,39.90,0,ILS,paid
A-1,2024-01-05T10:00:00+02:00,dana@example.com,K_1,Knife,Kitchen,1,80.00,0,ILS,paid
A-2,2024-02-05T10:00:00+02:00,dana@example.com,C-1,Coffee,Kitchen > Coffee,1,39.90,0,ILS,paid
A-3,2024-03-05T10:00:00+02:00,dana@example.com,C-1,Coffee,Kitchen > Coffee,1,39.90,0,ILS,cancelled
A-4,2024-03-06T10:00:00+02:00,noa@example.com,C-1,Coffee,Kitchen > Coffee,1,39.90,0,ILS,paid
"""


@pytest.fixture
def dana(shop: Shop, tmp_path: Path) -> int:
    orders = tmp_path / "orders.csv"
    orders.write_text(ORDERS, encoding="utf-8")
    assert import_orders(shop, str(orders), OrderOptions()).row.rows_new == 5
    products = tmp_path / "products.csv"
    products.write_text("sku,brand\nC-1,Elite\n", encoding="utf-8")
    PRODUCTS.import_file(shop, str(products), ImportOptions())
    return find_customer(shop, "dana@example.com")


@pytest.mark.parametrize(
    ("bought", "orders"),
    [
        ("", ["A-1", "A-1", "A-2"]),
        (" coffee ", ["A-1", "A-2"]),
        ("ELITE", ["A-1", "A-2"]),
        ("k_1", ["A-1"]),
        ("tea", []),
    ],
)
def test_purchases_are_found_by_what_they_were(shop: Shop, dana: int, bought: str, orders: list[str]) -> None:
    assert [one.order for one in list_purchases(shop, dana, bought=bought)] == orders


def test_what_came_back_of_a_purchase_is_added_up(shop: Shop, dana: int) -> None:
    returned = "INSERT INTO order_returns (source, external_id, line_no, customer_id, order_id, order_line_no,"
    for number, thousandths in ((1, 500), (2, 1_000)):
        with writing():
            execute(
                f"{returned} quantity_thousandths, amount_minor, currency, returned_at, return_day, content_hash,"
                " import_id) SELECT 'web', ?, 1, ?, id, 1, ?, 100, 'ILS', 0, 0, ?, import_id FROM orders"
                " WHERE external_id = 'A-1'",
                f"R{number}", dana, thousandths, b"x",
            )  # fmt: skip
    assert [(one.sku, one.quantity, one.returned) for one in list_purchases(shop, dana)] == [
        ("C-1", 2, 1.5), ("K_1", 1, 0), ("C-1", 1, 0),
    ]  # fmt: skip


def test_purchases_are_found_by_their_day(shop: Shop, dana: int) -> None:
    since = shop.clock.start_of(shop.clock.day(1_707_000_000))
    assert [one.order for one in list_purchases(shop, dana, since=since)] == ["A-2"]
    assert [one.order for one in list_purchases(shop, dana, limit=1)] == ["A-2"]


def test_the_latest_orders_are_listed_first(shop: Shop, dana: int) -> None:
    assert [one.order for one in list_orders(shop, limit=3)] == ["A-4", "A-3", "A-2"]
    assert [one.order for one in list_orders(shop, customer_id=dana, limit=2)] == ["A-3", "A-2"]


def test_a_purchase_counts_from_its_own_second(shop: Shop, dana: int) -> None:
    (*_, last) = list_purchases(shop, dana)
    at = parse_instant(last.ordered_at, shop.clock.zone)
    assert [[one.order for one in list_purchases(shop, dana, since=at + more)] for more in (0, 1)] == [["A-2"], []]


def test_what_came_back_of_one_line_is_told_beside_that_line(shop: Shop, dana: int, tmp_path: Path) -> None:
    header, *lines = ORDERS.splitlines()
    back = f"R-1{lines[0][3:].replace(',2,39.90', ',-1,39.90')},A-1"
    file = tmp_path / "back.csv"
    file.write_text(f"{header},refund_of\n{back}\n", encoding="utf-8")
    assert import_orders(shop, str(file), OrderOptions()).row.returns == 1
    assert [(one.sku, one.quantity, one.returned) for one in list_purchases(shop, dana)] == [
        ("C-1", 2, 1),
        ("K_1", 1, 0),
        ("C-1", 1, 0),
    ]


def test_a_customer_who_bought_is_shown_with_their_orders(shop: Shop, dana: int) -> None:
    facts = [(fact.about, fact.what, fact.detail) for fact in show_customer(shop, dana)]
    assert ("orders", "ILS", "2 orders, 199.70 ILS, 2024-01-05 to 2024-02-05") in facts
    assert ("order", "A-3", "cancelled, 39.90 ILS (generic)") in facts


def test_the_command(dana: int, retainctl: Terminal) -> None:
    shown = retainctl(
        "customers", "show", "dana@example.com", "--bought", "coffee", "--since", "2024-02-05", "--format", "csv"
    )
    assert shown.stdout == (
        "ordered_at,source,order,sku,name,category,brand,quantity,returned,amount_minor,currency\n"
        "2024-02-05T10:00:00+02:00,generic,A-2,C-1,Coffee,Kitchen > Coffee,Elite,1,0,3990,ILS\n"
    )
    assert retainctl("customers", "show", "dana@example.com", "--since", "2024-02-01").code == 2


def test_an_order_of_two_shops_is_shown_when_it_is_said_whose(shop: Shop, dana: int, tmp_path: Path) -> None:
    header, *lines = ORDERS.splitlines()
    file = tmp_path / "till.csv"
    file.write_text(f"{header}\n{lines[2]}\n", encoding="utf-8")
    import_orders(shop, str(file), OrderOptions(source="till"))
    assert [one.article for one in show_order(shop, "A-1")] == ["C-1", "K_1"]
    with pytest.raises(WrongUsage, match="several sources have an order A-2: generic, till") as caught:
        show_order(shop, "A-2")
    assert caught.value.hint == "Choose one: --source NAME"
    assert [one.article for one in show_order(shop, "A-2", source="till")] == ["C-1"]
    with pytest.raises(WrongUsage, match="there is no order A-1"):
        show_order(shop, "A-1", source="till")


def test_pieces_of_half_a_kilo_are_shown_as_they_are(shop: Shop, dana: int) -> None:
    with writing():
        execute("UPDATE order_lines SET quantity_thousandths = 250 WHERE line_no = 2")
        execute("UPDATE order_lines SET quantity_thousandths = 1500 WHERE quantity_thousandths = 2000")
    assert [one.quantity for one in list_purchases(shop, dana)] == [1.5, 0.25, 1]
    assert [repr(one.quantity) for one in show_order(shop, "A-2")] == ["1"]
    assert [(one.article, one.quantity) for one in show_order(shop, "A-1")] == [("C-1", 1.5), ("K_1", 0.25)]
