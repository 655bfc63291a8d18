"""Points are spent once, by who has them, first to expire first."""

from __future__ import annotations

import pytest

from retainctl.clock import Clock
from retainctl.club.awarding import award
from retainctl.club.balances import balance_rows, balances
from retainctl.club.checking import check
from retainctl.club.spending import add, redeem, take
from retainctl.config import Shop
from retainctl.errors import BadData, Refused, WrongUsage
from retainctl.shop.customers import show_customer
from retainctl.shop.merging import merge
from retainctl.store.database import rows, value
from tests.club.building import DAY, came_back, customer, lots, order, set_terms, transactions


def at(shop: Shop, days: int) -> Shop:
    return Shop(shop.folder, shop.settings, Clock(shop.clock.zone, shop.clock.now() + days * DAY))


def test_first_to_expire_is_first_to_go_then_first_earned_and_what_never_expires_last(shop: Shop) -> None:
    """Invariant 6."""
    set_terms(
        shop.folder,
        'points_per = { ILS = "1" }\nexpiry_days = 100',
        'valid_from = 2025-02-20\npoints_per = { ILS = "1" }',
        'valid_from = 2025-03-01\npoints_per = { ILS = "1" }\nexpiry_days = 10',
    )
    for number, days in enumerate([5, 50, 30, 0], 1):  # never; in 50 days; in 70; in 10
        order(shop, number, [10_000], at=shop.clock.now() - days * DAY)
    award(shop)
    redeem(shop, 1, 230, source="basket:1")
    spent = rows("SELECT order_id, consumed FROM lots ORDER BY order_id")
    assert spent == [(1, 0), (2, 100), (3, 30), (4, 100)]
    check(shop)


def test_nobody_spends_what_they_do_not_have(shop: Shop) -> None:
    """Invariant 4."""
    order(shop, 1, [10_000], at=shop.clock.now())
    award(shop)
    with pytest.raises(Refused, match="customer 1 has 100 points to spend, but 101 were requested"):
        redeem(shop, 1, 101, source="basket:1")
    assert transactions() == [("award", 100)]
    assert redeem(shop, 1, 100, source="basket:1").available == 0


def test_one_who_never_had_any_is_refused_and_gets_no_account(shop: Shop) -> None:
    customer(7)
    with pytest.raises(Refused, match="has 0 points"):
        redeem(shop, 7, 1, source="basket:1")
    assert value("SELECT COUNT(*) FROM accounts WHERE customer_id = 7") == 0
    with pytest.raises(WrongUsage, match="there is no customer 8"):
        redeem(shop, 8, 1, source="basket:1")


def test_a_repeated_call_changes_nothing_and_another_under_its_source_is_a_conflict(shop: Shop) -> None:
    """Invariant 11."""
    customer(2)
    order(shop, 1, [10_000], at=shop.clock.now())
    award(shop)
    first = redeem(shop, 1, 60, source="basket:1")
    again = redeem(shop, 1, 60, source=" basket:1 ")  # blanks about it are no part of a reference
    assert (first.repeated, again.repeated, again.available) == (False, True, 40)
    for customer_id, points in ((1, 61), (2, 60)):
        with pytest.raises(
            BadData, match="'basket:1' was already used for a different booking: redemption of 60 points, customer 1"
        ):
            redeem(shop, customer_id, points, source="basket:1")
    assert transactions() == [("award", 100), ("redemption", 60)]
    assert not take(shop, 1, 10, source="basket:1", reason="another kind").repeated


def test_pending_points_are_not_spent_before_their_day(shop: Shop) -> None:
    set_terms(shop.folder, 'points_per = { ILS = "1" }\npending_days = 14')
    order(shop, 1, [10_000], at=shop.clock.now())
    award(shop)
    (balance,) = balance_rows(shop, [1])
    assert (balance.available, balance.pending) == (0, 100)
    day_before = Shop(
        shop.folder, shop.settings, Clock(shop.clock.zone, shop.clock.end_of(shop.clock.today()) + 13 * DAY - 1)
    )
    with pytest.raises(Refused):
        redeem(day_before, 1, 1, source="basket:1")
    shop = Shop(shop.folder, shop.settings, Clock(shop.clock.zone, day_before.clock.now() + 1))
    assert redeem(shop, 1, 100, source="basket:1").available == 0
    check(shop)


def test_points_that_are_added_by_hand_are_never_pending(shop: Shop) -> None:
    set_terms(shop.folder, 'points_per = { ILS = "1" }\npending_days = 14')
    customer(1)
    assert add(shop, 1, 30, source="complaint:1", reason="Sorry").available == 30
    redeem(shop, 1, 30, source="basket:1")


def test_points_pay_money_at_the_rate_of_the_terms(shop: Shop) -> None:
    order(shop, 1, [100_000], at=shop.clock.now())
    award(shop)
    booking = redeem(shop, 1, 250, source="basket:1")
    assert (booking.value_minor, booking.currency) == (250, "ILS")


def test_points_added_by_hand_live_from_today_and_repay_what_is_owed(shop: Shop) -> None:
    order(shop, 1, [10_000], at=shop.clock.now())
    award(shop)
    redeem(shop, 1, 100, source="basket:1")
    came_back(1, 10_000, at=shop.clock.now())
    award(shop)
    booking = add(shop, 1, 150, source="complaint:1", reason="Sorry")
    assert booking.available == 50
    assert rows("SELECT origin, granted, remaining, reversed FROM lots WHERE origin = 'goodwill'") == [
        ("goodwill", 150, 50, 100)
    ]
    assert rows("SELECT reason FROM transaction_reasons") == [("Sorry",)]
    check(shop)


def test_what_is_taken_by_hand_is_not_more_than_there_is(shop: Shop) -> None:
    order(shop, 1, [10_000], at=shop.clock.now())
    award(shop)
    with pytest.raises(Refused):
        take(shop, 1, 101, source="mistake:1", reason="too much")
    assert take(shop, 1, 40, source="mistake:1", reason="Given twice").available == 60
    assert lots() == [(100, 60, 0, 0, 40)]
    check(shop)


def test_a_merged_customer_spends_from_both_accounts_and_pays_both_debts(shop: Shop) -> None:
    """Invariant 21."""
    for number in (1, 2):
        order(shop, number, [10_000], at=shop.clock.now(), customer_id=number)
    award(shop)
    redeem(shop, 2, 30, source="basket:1")
    came_back(2, 10_000, at=shop.clock.now())
    award(shop)
    before = rows("SELECT * FROM entries ORDER BY seq, entry_no")
    merge(shop, survivor_id=1, merged_id=2, reason="one person")
    assert rows("SELECT * FROM entries ORDER BY seq, entry_no") == before
    assert balances(shop, [1, 2]) == {1: 70, 2: 0}
    assert redeem(shop, 1, 70, source="basket:2").available == 0
    assert redeem(shop, 1, 30, source="basket:1").repeated, "what the other did before is known of the one"
    check(shop)


def test_whoever_still_names_a_merged_customer_books_for_who_that_is_by_now(shop: Shop) -> None:
    """Invariants 11 and 21: a till repeats a call with the number that it knows, two merges later."""
    customer(1)
    customer(2)
    add(shop, customer(3), 50, source="complaint:1", reason="Sorry")
    merge(shop, survivor_id=2, merged_id=3, reason="one person")
    merge(shop, survivor_id=1, merged_id=2, reason="the same again")
    assert add(shop, 3, 50, source="complaint:1", reason="Sorry").repeated
    booking = redeem(shop, 2, 20, source="basket:1")
    assert (booking.customer_id, booking.available) == (1, 30)
    assert balances(shop, [1, 2, 3]) == {1: 30, 2: 0, 3: 0}
    check(shop)


@pytest.mark.parametrize("points", [0, 1_000_000_001])
def test_a_booking_has_bounds(shop: Shop, points: int) -> None:
    """Invariant 23."""
    customer(1)
    with pytest.raises(BadData, match=f"{points} points cannot be booked"):
        add(shop, 1, points, source="x:1", reason="too much")


@pytest.mark.parametrize("source", ["", " ", "a\nb", "x" * 201])
def test_a_source_is_one_line_of_text(shop: Shop, source: str) -> None:
    customer(1)
    with pytest.raises(BadData, match="the source must have"):
        add(shop, 1, 1, source=source, reason="none")
    assert add(shop, 1, 1, source="x" * 200, reason="none").available == 1


def test_only_what_lives_and_is_active_is_touched_though_others_come_first(shop: Shop) -> None:
    """Invariants 4 and 7: in the second in which one lot ends, and before the day of another."""
    set_terms(
        shop.folder,
        'points_per = { ILS = "1" }\nexpiry_days = 10',
        'valid_from = 2025-03-02\npoints_per = { ILS = "1" }\nexpiry_days = 20\npending_days = 15',
    )
    order(shop, 1, [10_000], at=shop.clock.now() - 5 * DAY)
    order(shop, 2, [10_000], at=shop.clock.now() - 4 * DAY)
    order(shop, 3, [10_000], at=shop.clock.now())
    award(shop)
    ends = value("SELECT MIN(expires_at) FROM lots")
    shop = Shop(shop.folder, shop.settings, Clock(shop.clock.zone, ends))
    with pytest.raises(Refused, match="has 100 points to spend"):
        redeem(shop, 1, 101, source="basket:1")
    redeem(shop, 1, 60, source="basket:2")
    assert rows("SELECT order_id, consumed FROM lots ORDER BY order_id") == [(1, 0), (2, 60), (3, 0)]
    check(shop)


def test_points_that_are_pending_are_not_touched_though_they_end_first(shop: Shop) -> None:
    set_terms(
        shop.folder,
        'points_per = { ILS = "1" }\nexpiry_days = 100',
        'valid_from = 2025-03-02\npoints_per = { ILS = "1" }\nexpiry_days = 20\npending_days = 15',
    )
    order(shop, 1, [10_000], at=shop.clock.now() - DAY)
    order(shop, 2, [10_000], at=shop.clock.now())
    award(shop)
    redeem(shop, 1, 60, source="basket:1")
    assert rows("SELECT order_id, consumed FROM lots ORDER BY order_id") == [(1, 60), (2, 0)]


def test_a_merged_customer_spends_what_both_had_in_one_queue(shop: Shop) -> None:
    """Invariants 6 and 21."""
    for number in (1, 2):
        order(shop, number, [10_000], at=shop.clock.now() - number * 40 * DAY, customer_id=number)
    award(shop)
    merge(shop, survivor_id=1, merged_id=2, reason="one person")
    redeem(shop, 1, 150, source="basket:1")
    assert rows("SELECT order_id, consumed FROM lots ORDER BY order_id") == [(1, 50), (2, 100)]
    check(shop)


@pytest.mark.parametrize("points", [60, 70])
@pytest.mark.parametrize("first_to_end", ["active", "pending"])
def test_what_a_merged_customer_owes_comes_off_what_may_be_spent_and_the_pending_points_stay(
    shop: Shop, points: int, first_to_end: str
) -> None:
    """Invariants 6 and 21: what the balance says is there can be spent, all of it or some."""
    set_terms(
        shop.folder,
        'points_per = { ILS = "1" }\nexpiry_days = 100',
        'valid_from = 2025-03-02\npoints_per = { ILS = "1" }\npending_days = 14\nexpiry_days = '
        + ("200" if first_to_end == "active" else "20"),
    )
    yesterday = shop.clock.now() - DAY
    order(shop, 1, [3_000], at=yesterday, customer_id=1)
    order(shop, 2, [10_000], at=yesterday, customer_id=2)
    order(shop, 3, [5_000], at=shop.clock.now(), customer_id=2)
    award(shop)
    redeem(shop, 1, 30, source="basket:1")
    order(shop, 1, [3_000], at=yesterday, customer_id=1, is_sale=False)
    award(shop)
    merge(shop, survivor_id=2, merged_id=1, reason="one person")
    (balance,) = balance_rows(shop, [2])
    assert (balance.available, balance.pending, balance.owed, balance.value_minor) == (70, 50, 30, 70)

    with pytest.raises(Refused, match="has 70 points to spend"):
        redeem(shop, 2, 71, source="basket:2")
    assert redeem(shop, 2, points, source="basket:3").available == 70 - points

    (balance,) = balance_rows(shop, [2])
    assert (balance.available, balance.pending, balance.owed) == (70 - points, 50, 0)
    check(shop)


def test_what_two_who_are_one_owe_is_repaid_though_one_of_them_owes_nothing_any_more(shop: Shop) -> None:
    """Invariants 5 and 21."""
    for number in (1, 2):
        order(shop, number, [10_000], at=shop.clock.now(), customer_id=number)
    award(shop)
    for number in (1, 2):
        redeem(shop, number, 100, source=f"basket:{number}")
        order(shop, number, [10_000], at=shop.clock.now(), customer_id=number, is_sale=False)
    award(shop)
    add(shop, 1, 100, source="complaint:1", reason="Sorry")
    merge(shop, survivor_id=1, merged_id=2, reason="one person")
    add(shop, 1, 150, source="complaint:2", reason="Sorry")
    (balance,) = balance_rows(shop, [1])
    assert (balance.available, balance.owed) == (50, 0)
    check(shop)


def test_points_pay_by_the_terms_of_the_day_on_which_they_are_spent(shop: Shop) -> None:
    set_terms(
        shop.folder,
        'points_per = { ILS = "1" }\nredeem_value = "1.00"',
        'valid_from = 2025-03-04\npoints_per = { ILS = "1" }\nredeem_value = "3.00"\nexpiry_days = 9',
    )
    order(shop, 1, [30_000], at=shop.clock.now())
    award(shop)
    paid = []
    for days in (0, 1, 2):
        then = at(shop, days)
        paid.append((redeem(then, 1, 50, source=f"basket:{days}").value_minor, balance_rows(then, [1])[0].value_minor))
        add(then, 1, 1, source=f"complaint:{days}", reason="Sorry")
    assert paid == [(50, 250), (50, 201), (150, 456)]
    assert rows("SELECT kind, terms_version FROM transactions ORDER BY seq DESC LIMIT 4") == [
        ("grant", 2), ("redemption", 2), ("grant", 1), ("redemption", 1),
    ]  # fmt: skip
    assert rows("SELECT expires_at IS NULL FROM lots WHERE origin = 'goodwill' ORDER BY id") == [(1,), (1,), (0,)]


def test_a_merged_customer_is_shown_with_the_points_and_the_debts_of_both(shop: Shop) -> None:
    for number, points in ((1, 70), (2, 40)):
        add(shop, customer(number), points, source=f"complaint:{number}", reason="Sorry")
    merge(shop, survivor_id=1, merged_id=2, reason="one person")
    assert [fact.detail for fact in show_customer(shop, 1) if fact.about == "points"] == ["110"]


def test_points_that_pay_nothing_are_not_taken(shop: Shop) -> None:
    set_terms(shop.folder, 'points_per = { ILS = "1" }\nredeem_points = 1000\nredeem_value = "1.00"')
    order(shop, 1, [10_000], at=shop.clock.now())
    award(shop)
    with pytest.raises(BadData, match="9 points pay nothing") as refused:
        redeem(shop, 1, 9, source="basket:1")
    assert refused.value.hint == "1000 points pay 1.00 ILS, rounded down."
    assert redeem(shop, 1, 10, source="basket:1").value_minor == 1
    assert take(shop, 1, 9, source="mistake:1", reason="Mistake").available == 81
