"""Orders earn, returns take back, and a second look books nothing."""

from __future__ import annotations

import random

import pytest

from retainctl.clock import Clock
from retainctl.club import awarding
from retainctl.club import balances as balancing
from retainctl.club import orders as reading
from retainctl.club.awarding import award
from retainctl.club.balances import balance_rows, balances
from retainctl.club.checking import check
from retainctl.club.expiry import expire
from retainctl.club.explaining import explain_customer
from retainctl.club.spending import add, redeem
from retainctl.config import Shop
from retainctl.shop.merging import merge
from retainctl.store.database import execute, rows, value
from retainctl.store.transactions import writing
from tests.club.building import DAY, came_back, customer, lots, order, set_terms, transactions
from tests.planting import plant

DEBT = 'points_per = { ILS = "1" }\nclawback = "debt"'
CLAMP = 'points_per = { ILS = "1" }\nclawback = "clamp"'


def later(shop: Shop, days: int) -> Shop:
    return Shop(shop.folder, shop.settings, Clock(shop.clock.zone, shop.clock.now() + days * DAY))


def test_an_order_earns_once(shop: Shop) -> None:
    order(shop, 1, [12_990, 12_990], at=shop.clock.now() - DAY)
    first = award(shop).row
    again = award(shop).row
    assert (first.orders, first.orders_awarded, first.points_earned) == (1, 1, 259)
    assert (again.orders, again.points_earned) == (0, 0)
    assert balances(shop, [1, 2]) == {1: 259, 2: 0}
    check(shop)


def test_orders_of_several_transactions_and_queries_are_each_awarded_once(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Invariant 12."""
    monkeypatch.setattr(awarding, "ORDERS_PER_TRANSACTION", 4)
    monkeypatch.setattr(reading, "IDS_PER_QUERY", 3)
    monkeypatch.setattr(balancing, "IDS_PER_QUERY", 3)
    people = [1, 2, 3, 4, 50, 60, 70]
    for one in people:
        order(shop, one, [one * 100, 1_000], at=shop.clock.now() - DAY, customer_id=one)
    steps: list[int] = []
    first = award(shop, advance=steps.append).row
    assert (first.orders, first.orders_awarded, first.points_earned, sum(steps)) == (7, 7, 260, 7)
    assert balances(shop, people) == {one: one + 10 for one in people}
    for one in people:
        came_back(one, 500, at=shop.clock.now(), line_no=2)
    again = award(shop).row
    assert (again.orders, again.orders_taken_back, again.points_taken_back) == (7, 7, 35)
    assert balances(shop, people) == {one: one + 5 for one in people}
    assert award(shop).row.orders == 0
    check(shop)


def test_a_guests_order_earns_nothing(shop: Shop) -> None:
    order(shop, 1, [10_000], at=shop.clock.now() - DAY, customer_id=None)
    assert award(shop).row.orders == 0
    assert transactions() == []


def test_any_partition_of_a_full_return_takes_back_exactly_what_was_earned(shop: Shop) -> None:
    """Invariant 9."""
    at = shop.clock.now() - 10 * DAY
    dice = random.Random(9)
    for order_id in range(1, 30):
        amounts = [dice.randrange(1, 3000) for _ in range(dice.randrange(1, 5))]
        order(shop, order_id, amounts, at=at)
        award(shop)
        parts = [(line_no, 1) for line_no, amount in enumerate(amounts, 1) for _ in range(3)]
        left = dict(enumerate(amounts, 1))
        dice.shuffle(parts)
        for line_no, _ in parts:
            part = dice.randrange(left[line_no] + 1)
            left[line_no] -= part
            came_back(order_id, part, at=at + DAY, line_no=line_no)
            award(shop)
        for line_no, rest in left.items():
            came_back(order_id, rest, at=at + DAY, line_no=line_no)
        award(shop)
        assert value("SELECT points FROM awards WHERE order_id = ?", order_id) == 0
    assert balances(shop, [1]) == {1: 0}
    check(shop)


def earned_and_spent(shop: Shop, terms: str, points: int) -> int:
    """By these terms an order of yesterday earned 100 points, of which *points* are spent; when that was."""
    set_terms(shop.folder, terms)
    at = shop.clock.now() - DAY
    order(shop, 1, [10_000], at=at)
    award(shop)
    redeem(shop, 1, points, source="basket:1")
    return at


def test_spent_points_that_are_taken_back_are_owed_and_repaid_first(shop: Shop) -> None:
    """Invariant 5."""
    at = earned_and_spent(shop, DEBT, 80)
    came_back(1, 10_000, at=at)
    award(shop)
    assert balances(shop, [1]) == {1: 0}
    assert value("SELECT balance FROM accounts WHERE kind = 'debt'") == -80
    order(shop, 2, [10_000], at=at)
    award(shop)
    assert balances(shop, [1]) == {1: 20}
    assert transactions()[-2:] == [("award", 100), ("repayment", 80)]
    check(shop)


def test_the_shop_bears_it_where_the_terms_clamp(shop: Shop) -> None:
    at = earned_and_spent(shop, CLAMP, 80)
    came_back(1, 10_000, at=at)
    award(shop)
    assert value("SELECT COUNT(*) FROM accounts WHERE kind = 'debt'") == 0
    order(shop, 2, [10_000], at=at)
    award(shop)
    assert balances(shop, [1]) == {1: 100}
    check(shop)


def test_who_became_one_with_another_repays_with_what_both_have_before_the_shop_bears_the_rest(shop: Shop) -> None:
    at = earned_and_spent(shop, CLAMP, 100)
    add(shop, customer(2), 50, source="complaint:1", reason="Sorry")
    merge(shop, survivor_id=2, merged_id=1, reason="one person")
    came_back(1, 10_000, at=at)
    award(shop)
    assert balances(shop, [2]) == {2: 0}
    check(shop)


def test_a_return_takes_what_is_left_of_its_own_points_and_the_rest_of_others_once(shop: Shop) -> None:
    set_terms(shop.folder, 'points_per = { ILS = "1" }')
    at = shop.clock.now() - DAY
    order(shop, 1, [10_000], at=at)
    order(shop, 2, [10_000], at=at)
    award(shop)
    redeem(shop, 1, 60, source="basket:1")
    came_back(1, 10_000, at=at)
    award(shop)
    assert balances(shop, [1]) == {1: 40}
    assert value("SELECT COUNT(*) FROM accounts WHERE kind = 'debt'") == 0
    check(shop)


def test_a_return_of_an_order_that_became_another_s_takes_from_the_other(shop: Shop) -> None:
    at = shop.clock.now() - DAY
    order(shop, 1, [10_000], at=at)
    award(shop)
    order(shop, 1, [10_000], at=at, customer_id=2)
    award(shop)
    assert balances(shop, [1, 2]) == {1: 0, 2: 100}
    came_back(1, 5_000, at=at)
    award(shop)
    assert balances(shop, [1, 2]) == {1: 0, 2: 50}
    check(shop)


def test_what_points_are_worth_leaves_out_what_is_owed(shop: Shop) -> None:
    set_terms(shop.folder, 'points_per = { ILS = "1" }\npending_days = 14')
    at = shop.clock.now()
    order(shop, 1, [5_000], at=at - 20 * DAY)
    award(shop)
    redeem(shop, 1, 50, source="basket:1")
    came_back(1, 3_000, at=at)
    award(shop)
    add(shop, 1, 100, source="complaint:1", reason="Sorry")
    (row,) = balance_rows(shop, [1])
    assert (row.available, row.value_minor) == (70, 70)


def test_what_has_expired_is_not_taken_back_a_second_time(shop: Shop) -> None:
    set_terms(shop.folder, DEBT + "\nexpiry_days = 1")
    at = shop.clock.now()
    order(shop, 1, [10_000], at=at)
    award(shop)
    shop = later(shop, 5)
    expire(shop)
    came_back(1, 10_000, at=at)
    award(shop)
    assert lots() == [(100, 0, 0, 0, 100)]
    assert value("SELECT COUNT(*) FROM accounts WHERE kind = 'debt'") == 0
    check(shop)


def test_ten_edits_back_and_forth_end_at_the_same_balance(shop: Shop) -> None:
    """Invariant 12."""
    at = shop.clock.now() - DAY
    for amount in [10_000, 4_000] * 5 + [10_000]:
        order(shop, 1, [amount], at=at)
        award(shop)
        assert balances(shop, [1]) == {1: amount // 100}
    check(shop)


def test_shuffled_split_and_repeated_imports_come_to_the_same_lots(shop: Shop, folder: object) -> None:
    """Invariant 13."""
    at = shop.clock.now() - 10 * DAY
    for order_id in (1, 3):  # awarded at once and together with what came back of it
        order(shop, order_id, [7_777, 2_223], at=at, customer_id=order_id)
        if order_id == 1:
            award(shop)
        came_back(order_id, 1_111, at=at, line_no=1)
        if order_id == 1:
            award(shop)
        came_back(order_id, 3_333, at=at, line_no=None)
    award(shop)
    assert lots()[0] == lots()[1]
    check(shop)


GIFTS = 'points_per = { ILS = "1", USD = "3" }\nexcluded_categories = ["Gifts"]'


def test_a_line_that_sells_something_else_for_as_much_is_judged_anew(shop: Shop) -> None:
    """Invariant 12."""
    set_terms(shop.folder, GIFTS)
    for categories, points in ((["Coffee"], 100), (["Gifts"], 0), (["Coffee"], 100)):
        order(shop, 1, [10_000], at=shop.clock.now() - DAY, categories=categories)
        award(shop)
        assert balances(shop, [1]) == {1: points}
        assert sum(step.points or 0 for step in explain_customer(shop, 1)) == points
    check(shop)


def test_shipping_fees_and_tips_earn_nothing(shop: Shop) -> None:
    order(shop, 1, [10_000], at=shop.clock.now() - DAY)
    with writing():
        for line_no, kind in enumerate(("shipping", "fee", "tip"), 2):
            plant("order_lines", order_id=1, line_no=line_no, kind=kind, quantity_thousandths=1_000, unit_price="",
                  amount_minor=2_000)  # fmt: skip
    award(shop)
    assert balances(shop, [1]) == {1: 100}


def test_an_order_whose_currency_was_wrong_is_judged_anew(shop: Shop) -> None:
    """Invariant 17."""
    set_terms(shop.folder, GIFTS)
    for currency, points in (("ILS", 100), ("USD", 300), ("EUR", 0), ("ILS", 100)):
        order(shop, 1, [10_000], at=shop.clock.now() - DAY, currency=currency)
        award(shop)
        assert balances(shop, [1]) == {1: points}
        (line, _) = explain_customer(shop, 1)
        assert (line.points, currency in line.arithmetic) == (points, True)
    check(shop)


def test_what_was_awarded_stays_when_the_catalogue_calls_it_otherwise_later(shop: Shop) -> None:
    set_terms(shop.folder, GIFTS)
    at = shop.clock.now() - DAY
    order(shop, 1, [10_000, 5_000], at=at, categories=["Coffee", "Tea"])
    award(shop)
    with writing():
        execute("UPDATE products SET category = 'Gifts'")
    order(shop, 1, {1: 9_000, 3: 5_000}, at=at, categories=["Coffee", "Beans"])
    award(shop)
    assert rows("SELECT line_no, category, points FROM awarded_lines ORDER BY line_no") == [
        (1, "Coffee", 90), (3, "Beans", 50),
    ]  # fmt: skip
    assert explain_customer(shop, 1)[0].arithmetic == "90.00 ILS × 1 = 90"
    check(shop)


def test_a_cancelled_order_gives_back_what_it_earned(shop: Shop) -> None:
    at = shop.clock.now() - DAY
    order(shop, 1, [10_000], at=at)
    award(shop)
    order(shop, 1, [10_000], at=at, is_sale=False)
    award(shop)
    assert balances(shop, [1]) == {1: 0}
    order(shop, 1, [10_000], at=at)
    award(shop)
    assert balances(shop, [1]) == {1: 100}
    check(shop)


def test_an_order_that_turns_out_to_be_anothers_moves_its_points(shop: Shop) -> None:
    at = shop.clock.now() - DAY
    order(shop, 1, [10_000], at=at, customer_id=1)
    award(shop)
    order(shop, 1, [10_000], at=at, customer_id=2)
    award(shop)
    assert balances(shop, [1, 2]) == {1: 0, 2: 100}
    check(shop)


def test_an_order_that_turns_out_to_be_a_guest_s_gives_back_what_it_earned(shop: Shop) -> None:
    at = shop.clock.now() - DAY
    order(shop, 1, [10_000], at=at)
    order(shop, 2, [3_000], at=at)
    award(shop)
    order(shop, 1, [10_000], at=at, customer_id=None)
    award(shop)
    assert balances(shop, [1]) == {1: 30}
    assert award(shop).row.orders == 0
    check(shop)


def test_an_order_that_is_edited_upwards_repays_what_is_owed(shop: Shop) -> None:
    """Invariant 5."""
    set_terms(shop.folder, DEBT)
    at = shop.clock.now() - DAY
    order(shop, 1, [10_000], at=at)
    order(shop, 2, [100], at=at)
    award(shop)
    redeem(shop, 1, 101, source="basket:1")
    order(shop, 1, [10_000], at=at, is_sale=False)
    award(shop)
    order(shop, 2, [6_100], at=at)
    award(shop)
    assert transactions()[-2:] == [("award", 60), ("repayment", 60)]
    (balance,) = balance_rows(shop, [1])
    assert (balance.available, balance.owed) == (0, 40)
    check(shop)


def test_a_dry_run_counts_and_books_nothing(shop: Shop) -> None:
    order(shop, 1, [10_000], at=shop.clock.now() - DAY)
    would = award(shop, dry_run=True)
    assert rows("SELECT COUNT(*) FROM transactions") == [(0,)]
    assert rows("SELECT COUNT(*) FROM awards") == [(0,)]
    assert award(shop) == would


@pytest.mark.parametrize("amounts", [[3_333, 3_333, 3_334], [10_000], [9_999, 1], [1] * 10_000])
def test_splitting_lines_never_changes_what_an_order_earns(shop: Shop, amounts: list[int]) -> None:
    """Invariant 16."""
    order(shop, 1, amounts, at=shop.clock.now() - DAY)
    assert award(shop).row.points_earned == 100


def test_what_was_earned_and_came_back_counts_from_its_last_return_and_else_from_when_it_is_booked(shop: Shop) -> None:
    now = shop.clock.now()
    for number in (1, 2, 3):
        order(shop, number, [10_000], at=now - 9 * DAY)
    award(shop)
    for number, line_no, days in ((1, 1, 3), (1, None, 5), (3, 1, 5), (3, None, 3)):
        came_back(number, 1_000, at=now - days * DAY, line_no=line_no)
    order(shop, 2, [10_000], at=now - 9 * DAY, is_sale=False)
    award(shop)
    assert rows("SELECT order_id, points, effective_at, recorded_at FROM transactions WHERE seq > 3 ORDER BY seq") == [
        (1, 20, now - 3 * DAY, now),
        (2, 100, now, now),
        (3, 20, now - 3 * DAY, now),
    ]


def test_what_expired_of_two_lots_of_an_order_is_taken_back_as_far_as_it_came_back(shop: Shop) -> None:
    set_terms(shop.folder, DEBT + "\nexpiry_days = 1")
    at = shop.clock.now()
    for amount in (6_000, 10_000):
        order(shop, 1, [amount], at=at)
        award(shop)
    shop = later(shop, 5)
    expire(shop)
    came_back(1, 7_000, at=at)
    award(shop)
    assert lots() == [(60, 0, 0, 0, 60), (40, 0, 0, 30, 10)]
    assert value("SELECT COUNT(*) FROM accounts WHERE kind = 'debt'") == 0
    check(shop)


def test_orders_that_are_awarded_together_repay_a_debt_once(shop: Shop) -> None:
    """Invariant 5."""
    set_terms(shop.folder, DEBT)
    at = shop.clock.now() - DAY
    order(shop, 1, [8_000], at=at)
    award(shop)
    redeem(shop, 1, 80, source="basket:1")
    order(shop, 1, [8_000], at=at, is_sale=False)
    award(shop)
    for number in (2, 3):
        order(shop, number, [5_000], at=at)
    award(shop)
    assert transactions()[-4:] == [("award", 50), ("repayment", 50), ("award", 50), ("repayment", 30)]
    (balance,) = balance_rows(shop, [1])
    assert (balance.available, balance.owed) == (20, 0)
    check(shop)


def test_more_that_is_owed_is_repaid_with_what_was_owed_before(shop: Shop) -> None:
    """Invariants 5 and 21."""
    set_terms(shop.folder, DEBT)
    at = shop.clock.now() - DAY
    order(shop, 1, [8_000], at=at)
    order(shop, 2, [10_000], at=at, customer_id=2)
    award(shop)
    redeem(shop, 1, 80, source="basket:1")
    came_back(1, 5_000, at=at)
    award(shop)
    merge(shop, survivor_id=1, merged_id=2, reason="one person")
    came_back(1, 3_000, at=at)
    award(shop)
    (balance,) = balance_rows(shop, [1])
    assert (balance.available, balance.owed) == (20, 0)
    check(shop)


def test_what_comes_back_at_an_hour_that_is_still_to_come_counts_from_now(shop: Shop) -> None:
    """A shop's clock may be some hours ahead of ours."""
    order(shop, 1, [10_000], at=shop.clock.now())
    award(shop)
    came_back(1, 4_000, at=shop.clock.now() + 3_600)
    award(shop)
    assert rows("SELECT effective_at - recorded_at, points FROM transactions ORDER BY seq") == [(0, 100), (0, 40)]
    check(shop)


def test_accounts_have_their_owners_in_whatever_order_one_asks(shop: Shop) -> None:
    for number in range(1, 5):
        order(shop, number, [10_000], at=shop.clock.now() - DAY, customer_id=number)
    award(shop)
    accounts = dict(rows("SELECT id, customer_id FROM accounts WHERE customer_id IS NOT NULL"))
    assert sorted(accounts) == [5, 6, 7, 8]
    assert reading.owners_of({7, 8}) == {accounts[7], accounts[8]}  # 8 comes first out of such a set
