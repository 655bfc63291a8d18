"""What a customer is shown: a statement that adds up, and why each point is there."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from retainctl.clock import Clock
from retainctl.club.awarding import award
from retainctl.club.balances import balance_rows, balances
from retainctl.club.expiry import expire
from retainctl.club.explaining import explain_customer, explain_order, order_id_of
from retainctl.club.spending import add, redeem, take
from retainctl.club.statement import statement
from retainctl.config import Shop
from retainctl.errors import WrongUsage
from retainctl.store.database import execute
from retainctl.store.transactions import writing
from tests.club.building import DAY, came_back, customer, order, set_terms


def later(shop: Shop, days: int) -> Shop:
    return Shop(shop.folder, shop.settings, Clock(shop.clock.zone, shop.clock.now() + days * DAY))


@pytest.fixture
def busy(shop: Shop) -> Shop:
    """A shop on the tenth of March, with a customer to whom everything has happened since the second."""
    set_terms(shop.folder, 'points_per = { ILS = "1" }\nexpiry_days = 7\nexcluded_categories = ["Gift cards"]')
    order(shop, 1, [10_050, 5_060], at=shop.clock.now(), categories=["Coffee", "Gift cards"])
    order(shop, 2, [20_000], at=shop.clock.now() - DAY)
    award(shop)
    redeem(shop, 1, 120, source="basket:1")
    shop = later(shop, 2)
    came_back(1, 5_025, at=shop.clock.now())
    award(shop)
    add(shop, 1, 40, source="complaint:1", reason="סליחה")
    take(shop, 1, 5, source="mistake:1", reason="Given twice")
    shop = later(shop, 6)
    expire(shop)
    order(shop, 3, [1_000], at=shop.clock.now())
    award(shop)
    return shop


def test_a_statement_leads_from_its_opening_to_its_closing(busy: Shop) -> None:
    """C06."""
    lines = statement(busy, 1)
    assert [(line.item, line.points, line.reference, line.reason) for line in lines] == [
        ("opening", 0, "", ""),
        ("earned", 100, "web:W1", ""),
        ("earned", 200, "web:W2", ""),
        ("redeemed", -120, "basket:1", ""),
        ("clawed_back", -50, "web:W1", ""),
        ("adjusted", 40, "complaint:1", "סליחה"),
        ("adjusted", -5, "mistake:1", "Given twice"),
        ("expired", -75, "web:W2", ""),
        ("expired", -50, "web:W1", ""),
        ("earned", 10, "web:W3", ""),
        ("closing", 50, "", ""),
    ]
    assert sum(line.points for line in lines[:-1]) == lines[-1].points == balances(busy, [1])[1]


@pytest.mark.parametrize("cut", [date(2025, 3, 2) + timedelta(days=days) for days in range(-1, 9)])
def test_one_periods_closing_is_the_next_ones_opening(busy: Shop, cut: date) -> None:
    """Invariant 26."""
    first = statement(busy, 1, last_day=cut)
    second = statement(busy, 1, first_day=cut + timedelta(days=1))
    assert first[-1].points == second[0].points
    assert [line for line in (*first, *second) if line.item not in ("opening", "closing")] == [
        line for line in statement(busy, 1) if line.item not in ("opening", "closing")
    ]


def test_a_period_is_from_the_first_second_of_its_first_day_to_the_last_of_its_last(busy: Shop) -> None:
    lines = statement(busy, 1, first_day=date(2025, 3, 4), last_day=date(2025, 3, 9))
    assert [line.recorded_at for line in (lines[0], lines[-1])] == [
        "2025-03-04T00:00:00+02:00",
        "2025-03-09T23:59:59+02:00",
    ]


def test_a_closed_period_stays_as_it_was_when_a_back_dated_order_comes(busy: Shop) -> None:
    """Invariant 14."""
    closed = statement(busy, 1, last_day=date(2025, 3, 9))
    order(busy, 4, [30_000], at=busy.clock.now() - 4 * DAY)
    award(busy)
    assert statement(busy, 1, last_day=date(2025, 3, 9)) == closed
    line = statement(busy, 1, first_day=date(2025, 3, 10))[-2]
    assert (line.item, line.recorded_at[:10], line.effective_at[:10]) == ("earned", "2025-03-10", "2025-03-06")


def test_what_is_owed_and_what_is_pending_is_on_the_statement(shop: Shop) -> None:
    set_terms(shop.folder, 'points_per = { ILS = "1" }\npending_days = 3')
    order(shop, 1, [10_000], at=shop.clock.now() - 9 * DAY)
    award(shop)
    redeem(shop, 1, 100, source="basket:1")
    came_back(1, 10_000, at=shop.clock.now())
    award(shop)
    assert statement(shop, 1)[-1].points == -100
    order(shop, 2, [15_000], at=shop.clock.now())
    award(shop)
    assert [(line.item, line.points) for line in statement(shop, 1)[-3:]] == [
        ("earned", 150), ("closing", 50), ("pending", 50),
    ]  # fmt: skip
    assert [line.item for line in statement(shop, 1, last_day=shop.clock.today())][-2:] == ["earned", "closing"]
    (balance,) = balance_rows(shop, [1])
    assert (balance.available, balance.pending, balance.owed) == (0, 50, 0)


def test_balances_and_statements_are_as_they_were_at_an_earlier_time(busy: Shop) -> None:
    """What was told then is told again, whatever was booked since."""
    told = {days: balance_rows(later(busy, days), [1])[0].available for days in range(-9, 1)}
    assert told == {-9: 0, -8: 180, -7: 180, -6: 165, -5: 165, -4: 165, -3: 165, -2: 165, -1: 90, 0: 50}
    for days, available in told.items():
        closing = next(line for line in statement(later(busy, days), 1) if line.item == "closing")
        assert closing.points == available


def test_what_was_owed_at_an_earlier_time_is_told_as_it_was(shop: Shop) -> None:
    order(shop, 1, [10_000], at=shop.clock.now())
    award(shop)
    redeem(shop, 1, 100, source="basket:1")
    then, now = later(shop, 2), later(shop, 4)
    came_back(1, 6_000, at=then.clock.now())
    award(then)
    add(now, 1, 20, source="complaint:1", reason="Sorry")
    owed = [balance_rows(later(shop, days), [1])[0].owed for days in range(5)]
    assert owed == [0, 0, 60, 60, 40]


def test_a_last_day_that_is_over_counts_before_its_expiry_is_booked(shop: Shop) -> None:
    set_terms(shop.folder, 'points_per = { ILS = "1" }\nexpiry_days = 2')
    customer(1)
    add(shop, 1, 30, source="complaint:1", reason="Sorry")
    shop = later(shop, 5)
    told = statement(shop, 1)
    assert balances(shop, [1]) == {1: 0}
    assert [(line.item, line.points, line.effective_at[:10], line.reference) for line in told] == [
        ("opening", 0, "", ""),
        ("adjusted", 30, "2025-03-02", "complaint:1"),
        ("expired", -30, "2025-03-05", "complaint:1"),
        ("closing", 0, "", ""),
    ]
    steps = explain_customer(shop, 1)
    assert [(step.reference, step.points) for step in steps] == [("complaint:1", 30), ("complaint:1", -30)]
    expire(shop)
    assert statement(shop, 1) == told
    assert explain_customer(shop, 1) == steps


def test_what_ends_in_the_second_of_a_booking_ends_before_it_and_what_came_too_late_at_once(shop: Shop) -> None:
    set_terms(shop.folder, 'points_per = { ILS = "1" }\nexpiry_days = 2')
    add(shop, customer(1), 30, source="complaint:1", reason="Sorry")
    end = shop.clock.end_of(shop.clock.today() + timedelta(days=2))
    then = Shop(shop.folder, shop.settings, Clock(shop.clock.zone, end))
    for number in (1, 2):
        order(shop, number, [number * 10_000], at=shop.clock.now() - number * 9 * DAY)
    order(shop, 3, [500], at=shop.clock.now())
    award(then)
    add(then, 1, 7, source="complaint:2", reason="Sorry")
    told = [(line.item, line.points, line.balance) for line in statement(then, 1)]
    assert told == [
        ("opening", 0, 0),
        ("adjusted", 30, 30),
        ("expired", -30, 0),
        ("earned", 100, 100),
        ("expired", -100, 0),
        ("earned", 200, 200),
        ("expired", -200, 0),
        ("earned", 5, 5),
        ("expired", -5, 0),
        ("adjusted", 7, 7),
        ("closing", 7, 7),
    ]
    expire(then)
    assert [(line.item, line.points, line.balance) for line in statement(then, 1)] == told


def test_points_that_come_after_their_last_day_come_and_go(shop: Shop) -> None:
    """Invariant 14: both are visible."""
    set_terms(shop.folder, 'points_per = { ILS = "1" }\nexpiry_days = 2')
    order(shop, 1, [10_000], at=shop.clock.now() - 9 * DAY)
    award(shop)
    came_back(1, 4_000, at=shop.clock.now())
    award(shop)
    for _ in range(2):
        assert [(line.item, line.points) for line in statement(shop, 1)] == [
            ("opening", 0), ("earned", 100), ("expired", -100), ("closing", 0),
        ]  # fmt: skip
        expire(shop)


def test_every_point_of_a_balance_is_explained(busy: Shop) -> None:
    """B14: the points of all steps sum to the balance."""
    steps = explain_customer(busy, 1)
    assert sum(step.points or 0 for step in steps) == balances(busy, [1])[1]
    assert [(step.reference, step.line_no, step.rule, step.arithmetic, step.points) for step in steps] == [
        ("web:W2", 1, "spend", "200.00 ILS × 1 = 200", 200),
        ("web:W2", None, "spend", "200, rounded down once: 200", None),
        ("web:W1", 1, "spend", "100.50 ILS × 1 = 100.5", 100),
        ("web:W1", 2, "spend", "50.60 ILS: Gift cards earns no points", 0),
        ("web:W1", None, "spend", "100.5, rounded down once: 100", None),
        ("web:W1", 1, "returned", "100 × 50.25 / 100.50, rounded down", -50),
        ("web:W3", 1, "spend", "10.00 ILS × 1 = 10", 10),
        ("web:W3", None, "spend", "10, rounded down once: 10", None),
        ("basket:1", None, "redemption", "120 of 200 from web:W2, valid until 2025-03-08", -120),
        ("complaint:1", None, "grant", "40 of 40 added by hand, valid until 2025-03-11", 40),
        ("mistake:1", None, "deduction", "5 of 200 from web:W2, valid until 2025-03-08", -5),
        ("web:W2", None, "expiry", "75 of 200 from web:W2, valid until 2025-03-08", -75),
        ("web:W1", None, "expiry", "50 of 100 from web:W1, valid until 2025-03-09", -50),
    ]


def test_an_order_that_earned_nothing_says_why(shop: Shop) -> None:
    set_terms(shop.folder, 'points_per = { ILS = "1/3" }\nminimum_order = { ILS = "50" }')
    at = shop.clock.now()
    customer(1)
    order(shop, 1, [4_999], at=at)
    order(shop, 2, [9_999], at=at, currency="EUR")
    order(shop, 3, [9_999], at=at, customer_id=None)
    order(shop, 4, [9_999], at=at, is_sale=False)
    order(shop, 5, [10_000, 0], at=at)
    award(shop)
    order(shop, 6, [9_999], at=at)
    order(shop, 5, [10_000, 0], at=at, is_sale=False)
    award(shop, dry_run=True)
    words = [[step.arithmetic for step in explain_order(shop, number)] for number in range(1, 7)]
    assert words == [
        ["49.99 ILS: the order total is 49.99, less than 50", "0, rounded down once: 0"],
        ["99.99 EUR: no points are earned in EUR", "0, rounded down once: 0"],
        ["guest order"],
        ["not a sale"],
        ["100.00 ILS × 1/3 = 10000/300", "0.00 ILS: nothing was paid", "10000/300, rounded down once: 33"],
        ["not awarded yet"],
    ]
    award(shop)
    assert explain_order(shop, 5)[-1].arithmetic == "no longer a sale"


def test_what_the_shop_bears_is_explained_so_that_all_adds_up(shop: Shop) -> None:
    set_terms(shop.folder, 'points_per = { ILS = "1" }\nclawback = "clamp"')
    order(shop, 1, [10_000], at=shop.clock.now())
    award(shop)
    redeem(shop, 1, 80, source="basket:1")
    came_back(1, 10_000, at=shop.clock.now())
    award(shop)
    order(shop, 2, [1_000], at=shop.clock.now())
    award(shop)
    steps = explain_customer(shop, 1)
    assert [(step.rule, step.points) for step in steps if step.points] == [
        ("spend", 100), ("returned", -100), ("borne", 80), ("spend", 10), ("redemption", -80),
    ]  # fmt: skip
    assert sum(step.points or 0 for step in steps) == balances(shop, [1])[1] == 10


def test_what_earns_no_points_by_its_category_is_said_to(shop: Shop) -> None:
    set_terms(shop.folder, 'points_per = { ILS = "1" }\nexcluded_categories = ["Gift cards"]')
    order(shop, 1, [9_999], at=shop.clock.now(), categories=["Gift cards"])
    order(shop, 2, [9_999, 500], at=shop.clock.now(), categories=["Gift cards", "Coffee"])
    award(shop)
    told = "99.99 ILS: Gift cards earns no points"
    assert [explain_order(shop, number)[0].arithmetic for number in (1, 2)] == [told, told]


def test_of_points_that_ended_unspent_only_what_was_left_is_explained(shop: Shop) -> None:
    set_terms(shop.folder, 'points_per = { ILS = "1" }\nexpiry_days = 7')
    order(shop, 1, [10_000], at=shop.clock.now())
    award(shop)
    redeem(shop, 1, 30, source="basket:1")
    last = explain_customer(later(shop, 9), 1)[-1]
    assert (last.rule, last.points) == ("expiry", -70)


def test_an_order_that_is_no_sale_any_more_lost_its_points_at_once_whatever_came_back_of_it(shop: Shop) -> None:
    at = shop.clock.now()
    order(shop, 1, [10_000], at=at)
    award(shop)
    order(shop, 1, [10_000], at=at, is_sale=False)
    came_back(1, 4_000, at=at)
    award(shop)
    assert [(step.rule, step.points) for step in explain_order(shop, 1)] == [
        ("spend", 100), ("spend", None), ("changed", -100),
    ]  # fmt: skip


def test_an_order_is_found_by_its_source_and_id(shop: Shop) -> None:
    order(shop, 1, [100], at=shop.clock.now())
    assert order_id_of("web:W1") == order_id_of("W1") == 1
    with pytest.raises(WrongUsage, match="there is no order shop:W1"):
        order_id_of("shop:W1")
    order(shop, 2, [100], at=shop.clock.now())
    with writing():
        execute("UPDATE orders SET source = 'till', external_id = 'W1' WHERE id = 2")
    assert (order_id_of("web:W1"), order_id_of("till:W1")) == (1, 2)
    with pytest.raises(WrongUsage, match="several sources have an order W1"):
        order_id_of("W1")


def test_in_the_second_in_which_points_end_all_that_is_told_of_them_agrees(shop: Shop) -> None:
    set_terms(shop.folder, 'points_per = { ILS = "1" }\nexpiry_days = 2')
    order(shop, 1, [3_000], at=shop.clock.now())
    award(shop)
    end = shop.clock.end_of(shop.clock.today() + timedelta(days=2))
    for instant, points in ((end - 1, 30), (end, 0)):
        then = Shop(shop.folder, shop.settings, Clock(shop.clock.zone, instant))
        assert balances(then, [1]) == {1: points}
        assert statement(then, 1)[-1].points == points
        assert sum(step.points or 0 for step in explain_customer(then, 1)) == points


def test_an_order_that_is_not_there_is_not_explained(shop: Shop) -> None:
    with pytest.raises(WrongUsage, match="there is no order 7"):
        explain_order(shop, 7)


def test_what_is_spent_out_of_several_lots_is_one_line_whatever_came_after_it(shop: Shop) -> None:
    customer(1)
    for number, points in enumerate((50, 30)):
        add(shop, 1, points, source=f"gift:{number}", reason="gift")
    redeem(shop, 1, 70, source="basket:1")
    add(shop, 1, 10, source="gift:2", reason="gift")
    assert [(line.item, line.points, line.balance) for line in statement(shop, 1)] == [
        ("opening", 0, 0),
        ("adjusted", 50, 50),
        ("adjusted", 30, 80),
        ("redeemed", -70, 10),
        ("adjusted", 10, 20),
        ("closing", 20, 20),
    ]


def test_what_the_shop_bears_of_an_order_is_not_that_of_one_whose_number_begins_so(shop: Shop) -> None:
    set_terms(shop.folder, 'points_per = { ILS = "1" }\nclawback = "clamp"')
    for number in (1, 12, 120):
        order(shop, number, [10_000 * number], at=shop.clock.now())
    award(shop)
    redeem(shop, 1, 13_300, source="basket:1")
    for number in (1, 12, 120):
        came_back(number, 10_000 * number, at=shop.clock.now())
    award(shop)
    for number in (1, 12, 120):
        (borne,) = (step.points for step in explain_order(shop, number) if step.rule == "borne")
        assert borne == 100 * number
    assert sum(step.points or 0 for step in explain_customer(shop, 1)) == balances(shop, [1])[1] == 0
