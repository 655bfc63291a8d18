"""Points of a club's members: earned to the last agora, spent, taken back, owed and repaid."""

from __future__ import annotations

import pytest

from retainctl.club.awarding import award
from retainctl.club.balances import balance_rows
from retainctl.club.checking import check
from retainctl.club.spending import PointsBooking, add, redeem
from retainctl.config import Shop
from retainctl.errors import Refused
from retainctl.shop.orders_import.orders import import_orders
from retainctl.shop.orders_import.planning import OrderOptions
from tests.cases.conftest import ORDERS, Write, on
from tests.club.building import set_terms


def test_what_was_spent_of_points_that_come_back_is_owed_and_repaid_by_what_comes_next(
    shop: Shop, write: Write
) -> None:
    shop = on(shop, "2026-11-27T10:00")

    def told(first: str, second: str) -> tuple[int, int, int, int]:
        """The two orders in these states: orders awarded, points earned, orders taken back, points taken back."""
        lines = [
            f"1,2026-10-01T10:00:00+03:00,noa@example.com,MUG,1,50.00,ILS,{first}",
            f"2,2026-10-02T10:00:00+03:00,noa@example.com,BEAN,1,21.00,ILS,{second}",
        ]
        import_orders(shop, write("orders.csv", ORDERS, *lines), OrderOptions())
        return awarded()

    def awarded() -> tuple[int, int, int, int]:
        run = award(shop).row
        return run.orders_awarded, run.points_earned, run.orders_taken_back, run.points_taken_back

    def held() -> tuple[int, int, int]:
        """Available, pending and owed."""
        (one,) = balance_rows(shop)
        return one.available, one.pending, one.owed

    assert told("completed", "pending") == (1, 50, 0, 0)
    assert redeem(shop, 1, 50, source="order:2") == PointsBooking(1, "redemption", 50, 50, "ILS", 0, False)
    assert (told("completed", "completed"), held()) == ((1, 21, 0, 0), (21, 0, 0))
    assert (told("completed", "cancelled"), held()) == ((0, 0, 1, 21), (0, 0, 0))
    for repeated in (False, True):  # the fifty of the cancelled order are given back by hand, once and again
        back = add(shop, 1, 50, source="cancel:2", reason="Order 2 was cancelled")
        assert (back.booked, back.points, back.value_minor, back.repeated) == ("grant", 50, 50, repeated)
    assert held() == (50, 0, 0)
    redeem(shop, 1, 50, source="order:3")
    assert (told("refunded", "cancelled"), held()) == ((0, 0, 1, 50), (0, 0, 50))
    more = write("more.csv", ORDERS, "9,2026-11-01T10:00:00+02:00,noa@example.com,MUG,1,70.00,ILS,completed")
    import_orders(shop, more, OrderOptions())
    assert (awarded(), held()) == ((1, 70, 0, 0), (20, 0, 0))
    with pytest.raises(Refused, match="has 20 points") as refused:
        redeem(shop, 1, 21, source="order:10")
    assert (refused.value.exit_code, held()) == (77, (20, 0, 0))
    check(shop)


@pytest.mark.parametrize(
    ("rate", "points"),
    [
        ("1", [289, 149, 127, 0, 0, 33, 1]),
        ("4", [1158, 599, 509, 0, 1, 133, 4]),
        ("10", [2895, 1499, 1274, 1, 3, 333, 11]),
        ("2", [579, 299, 254, 0, 0, 66, 2]),
        ("0.1", [28, 14, 12, 0, 0, 3, 0]),
        ("1/3", [96, 49, 42, 0, 0, 11, 0]),
        ("3.3", [955, 494, 420, 0, 0, 109, 3]),
        ("100", [28950, 14999, 12743, 10, 30, 3333, 115]),
    ],
)
def test_an_order_earns_at_any_rate_exactly_and_is_rounded_down_once(
    shop: Shop, write: Write, rate: str, points: list[int]
) -> None:
    set_terms(shop.folder, f'points_per = {{ ILS = "{rate}" }}')
    prices = ["289.50", "149.99", "127.43", "0.10", "0.30", "33.33", "1.15"]
    lines = [
        f"{number},2025-01-05T10:00:00+02:00,c{number}@example.com,A,1,{price},ILS,completed"
        for number, price in enumerate(prices, 1)
    ]
    import_orders(shop, write("orders.csv", ORDERS, *lines), OrderOptions())
    award(shop)
    found = {one.customer_id: one.available for one in balance_rows(shop)}
    assert [found.get(number, 0) for number in range(1, 8)] == points
    check(shop)


def test_an_order_of_three_lines_earns_what_they_are_worth_together(shop: Shop, write: Write) -> None:
    lines = [f"1,2025-01-05T10:00:00+02:00,c@example.com,A{number},1,0.35,ILS,completed" for number in range(3)]
    import_orders(shop, write("orders.csv", ORDERS, *lines), OrderOptions())
    award(shop)
    assert [one.available for one in balance_rows(shop)] == [1]
