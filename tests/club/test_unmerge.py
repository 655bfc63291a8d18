"""Two customers are merged and the merge is undone: each has what their own orders and their own acts made."""

from __future__ import annotations

import pytest

from retainctl.clock import Clock
from retainctl.club.awarding import award
from retainctl.club.balances import balance_rows
from retainctl.club.checking import check
from retainctl.club.expiry import expire
from retainctl.club.explaining import explain_customer
from retainctl.club.spending import redeem
from retainctl.club.statement import statement
from retainctl.config import Shop
from retainctl.errors import BadData
from retainctl.shop.merging import merge, undo
from retainctl.store.database import execute, rows, value
from retainctl.store.transactions import writing
from tests.club.building import DAY, came_back, customer, order, set_terms

DANA, NOA = 1, 2


def united(shop: Shop, survivor: int = DANA, merged: int = NOA) -> int:
    return merge(shop, survivor_id=survivor, merged_id=merged, reason="one phone").merge_id


def points(shop: Shop) -> dict[int, tuple[int, int]]:
    """What each may spend and what each owes, after the books were proved."""
    check(shop)
    for one in balance_rows(shop):
        closing = statement(shop, one.customer_id)[-1].points
        assert closing == one.available - one.owed
        assert closing == sum(step.points or 0 for step in explain_customer(shop, one.customer_id))
    return {one.customer_id: (one.available, one.owed) for one in balance_rows(shop, [DANA, NOA])}


def bought(shop: Shop, order_id: int, whose: int, points: int, *, days: int = 9) -> None:
    order(shop, order_id, [100 * points], at=shop.clock.now() - days * DAY, customer_id=whose)


def test_an_order_that_was_awarded_meanwhile_goes_back_with_its_points(shop: Shop) -> None:
    bought(shop, 1, DANA, 100)
    bought(shop, 2, NOA, 200)
    merge_id = united(shop)
    award(shop)
    assert points(shop) == {DANA: (300, 0), NOA: (0, 0)}
    undo(shop, merge_id)
    award(shop)
    assert points(shop) == {DANA: (100, 0), NOA: (200, 0)}
    assert award(shop).row.orders == 0


def test_what_the_survivor_earns_meanwhile_stays_theirs_whoever_was_first(shop: Shop) -> None:
    bought(shop, 1, DANA, 100)
    bought(shop, 2, NOA, 200)
    award(shop)
    merge_id = united(shop, survivor=NOA, merged=DANA)
    bought(shop, 3, NOA, 1_005)
    award(shop)
    undo(shop, merge_id)
    assert points(shop) == {DANA: (100, 0), NOA: (1_205, 0)}


def test_who_did_nothing_pays_nothing_for_what_the_other_brought_back(shop: Shop) -> None:
    bought(shop, 1, DANA, 100)
    bought(shop, 2, NOA, 200)
    award(shop)
    redeem(shop, NOA, 150, source="basket:1")
    merge_id = united(shop)
    came_back(2, 20_000, at=shop.clock.now())
    with writing():
        execute("UPDATE order_returns SET customer_id = ?", DANA)  # whose the order was when it was imported
    award(shop)
    assert points(shop) == {DANA: (0, 50), NOA: (0, 0)}
    undo(shop, merge_id)
    assert points(shop) == {DANA: (100, 0), NOA: (0, 150)}
    assert value("SELECT customer_id FROM order_returns") == NOA


@pytest.mark.parametrize("clawback", ["debt", "clamp"])
def test_what_the_survivor_spent_of_the_others_points_comes_back(shop: Shop, clawback: str) -> None:
    set_terms(shop.folder, f'points_per = {{ ILS = "1" }}\nexpiry_days = 30\nclawback = "{clawback}"')
    bought(shop, 1, DANA, 100, days=1)
    bought(shop, 2, NOA, 200, days=2)
    award(shop)
    before = rows("SELECT earned_at, active_from, expires_at FROM lots WHERE order_id = 2")
    merge_id = united(shop)
    redeem(shop, DANA, 250, source="basket:1")
    assert points(shop) == {DANA: (50, 0), NOA: (0, 0)}
    undo(shop, merge_id)
    balances = {one.customer_id: (one.available, one.owed) for one in balance_rows(shop, [DANA, NOA])}
    assert balances == {DANA: (0, 150 if clawback == "debt" else 0), NOA: (200, 0)}
    assert set(rows("SELECT earned_at, active_from, expires_at FROM lots WHERE order_id = 2")) == set(before)
    check(shop)
    assert merge(shop, survivor_id=DANA, merged_id=NOA, reason="again").merge_id == merge_id + 1
    undo(shop, merge_id + 1)
    assert {one.customer_id: (one.available, one.owed) for one in balance_rows(shop, [DANA, NOA])} == balances


def test_points_that_repaid_the_others_debt_come_back(shop: Shop) -> None:
    customer(DANA)
    bought(shop, 1, NOA, 80)
    award(shop)
    redeem(shop, NOA, 80, source="basket:1")
    came_back(1, 8_000, at=shop.clock.now())
    award(shop)
    merge_id = united(shop)
    bought(shop, 2, DANA, 100)
    award(shop)
    assert points(shop) == {DANA: (20, 0), NOA: (0, 0)}
    undo(shop, merge_id)
    assert points(shop) == {DANA: (100, 0), NOA: (0, 80)}


def test_what_came_back_too_late_to_be_spent_expires(shop: Shop) -> None:
    set_terms(shop.folder, 'points_per = { ILS = "1" }\nexpiry_days = 30')
    bought(shop, 1, DANA, 100, days=1)
    bought(shop, 2, NOA, 200, days=2)
    award(shop)
    merge_id = united(shop)
    redeem(shop, DANA, 150, source="basket:1")
    shop = Shop(shop.folder, shop.settings, Clock(shop.clock.zone, shop.clock.now() + 35 * DAY))
    expire(shop)
    undo(shop, merge_id)
    expire(shop)
    assert points(shop) == {DANA: (0, 150), NOA: (0, 0)}


@pytest.mark.parametrize("named", [DANA, NOA])
def test_a_till_that_asks_again_after_the_undoing_has_booked_before(shop: Shop, named: int) -> None:
    bought(shop, 1, DANA, 100)
    bought(shop, 2, NOA, 200)
    bought(shop, 3, 3, 200)
    award(shop)
    merge_id = united(shop)
    redeem(shop, NOA, 50, source="basket:1")
    undo(shop, merge_id)
    before = points(shop)
    assert redeem(shop, named, 50, source="basket:1").repeated
    assert points(shop) == before
    with pytest.raises(BadData, match=r"used for a different booking: .*customer 1"):
        redeem(shop, 3, 50, source="basket:1")


def test_a_chain_of_merges_gives_each_account_back_to_whom_it_was_opened_for(shop: Shop) -> None:
    for number in (1, 2, 3):
        bought(shop, number, number, 100 * number)
    award(shop)
    first = united(shop, survivor=NOA, merged=3)
    second = united(shop)
    came_back(3, 15_000, at=shop.clock.now())
    award(shop)
    assert points(shop)[DANA] == (450, 0)
    undo(shop, second)
    assert points(shop) == {DANA: (100, 0), NOA: (350, 0)}
    undo(shop, first)
    assert [one.available for one in balance_rows(shop, [1, 2, 3])] == [100, 200, 150]


def test_what_comes_back_of_one_s_orders_meanwhile_is_no_debt_of_the_other_who_owed_before(shop: Shop) -> None:
    bought(shop, 1, DANA, 50)
    bought(shop, 2, NOA, 200)
    award(shop)
    redeem(shop, DANA, 50, source="basket:1")
    redeem(shop, NOA, 200, source="basket:2")
    came_back(1, 5_000, at=shop.clock.now())
    award(shop)
    merge_id = united(shop)
    came_back(2, 20_000, at=shop.clock.now())
    award(shop)
    assert points(shop) == {DANA: (0, 250), NOA: (0, 0)}
    undo(shop, merge_id)
    assert points(shop) == {DANA: (0, 50), NOA: (0, 200)}


def test_points_that_come_back_are_of_the_order_that_earned_them_and_go_with_it(shop: Shop) -> None:
    set_terms(shop.folder, 'points_per = { ILS = "1" }\nexpiry_days = 60')
    bought(shop, 1, DANA, 10, days=1)
    bought(shop, 2, NOA, 200, days=2)
    award(shop)
    merge_id = united(shop)
    redeem(shop, DANA, 200, source="basket:1")
    undo(shop, merge_id)
    bought(shop, 3, NOA, 70, days=30)
    award(shop)
    came_back(2, 20_000, at=shop.clock.now())
    award(shop)
    assert points(shop)[NOA] == (70, 0)
    left = "SELECT l.order_id, l.remaining FROM lots AS l JOIN accounts AS a ON a.id = l.account_id"
    assert rows(f"{left} WHERE a.customer_id = ? AND l.remaining > 0", NOA) == [(3, 70)]


def test_what_each_took_of_the_other_s_points_comes_back_and_repays_what_they_owe(shop: Shop) -> None:
    set_terms(shop.folder, 'points_per = { ILS = "1" }\nexpiry_days = 60')
    bought(shop, 1, DANA, 100, days=1)
    bought(shop, 2, NOA, 200, days=25)
    award(shop)
    merge_id = united(shop)
    redeem(shop, DANA, 250, source="basket:1")
    came_back(2, 20_000, at=shop.clock.now())
    award(shop)
    assert points(shop) == {DANA: (0, 150), NOA: (0, 0)}
    undo(shop, merge_id)
    assert points(shop) == {DANA: (0, 150), NOA: (0, 0)}
