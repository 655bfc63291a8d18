"""Points are booked while two customers are made one: whichever comes first, none stay with the one that is gone."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from functools import partial
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest

from retainctl.club.awarding import award
from retainctl.club.balances import balances
from retainctl.club.checking import check
from retainctl.club.spending import add, redeem
from retainctl.config import Shop, read_shop
from retainctl.shop.merging import merge, undo
from retainctl.store.database import rows
from retainctl.store.opening import open_database
from retainctl.store.transactions import writing
from tests.club.building import customer, order

NOW = "2025-03-02T10:00"
fork = multiprocessing.get_context("fork")
Work = Callable[[Shop], object]

give: Work = partial(add, customer_id=2, points=100, source="complaint:1", reason="Sorry")
unite: Work = partial(merge, survivor_id=1, merged_id=2, reason="one person")
spend: Work = partial(redeem, customer_id=1, points=3, source="basket:1")
part: Work = partial(undo, merge_id=1)


@pytest.mark.proof
@pytest.mark.parametrize(("first", "second"), [(give, unite), (unite, give), (award, unite), (unite, award)])
def test_no_points_stay_with_one_who_is_merged(folder: Path, first: Work, second: Work) -> None:
    """Invariant 21: the account that one opens is the account that the other moves."""
    shop = read_shop(str(folder), now=NOW)
    with open_database(shop.database_url, now=0):
        customer(1)
        order(shop, 1, [10_000], at=shop.clock.now(), customer_id=2)
    meet(shop, first, second)
    with open_database(shop.database_url, now=0):
        assert rows("SELECT DISTINCT customer_id FROM accounts WHERE customer_id IS NOT NULL") == [(1,)]
        assert balances(shop, [1, 2]) == {1: 100, 2: 0}
        check(shop)


@pytest.mark.proof
@pytest.mark.parametrize(("first", "second"), [(spend, part), (part, spend)])
def test_points_are_spent_before_a_merge_is_undone_or_after(folder: Path, first: Work, second: Work) -> None:
    """Invariant 21: nobody loses an account in the middle of spending from it, and each pays what they spent."""
    shop = read_shop(str(folder), now=NOW)
    with open_database(shop.database_url, now=0):
        for number, points in ((2, 7), (1, 5)):  # what came first is spent first
            add(shop, customer(number), points, source=f"complaint:{number}", reason="Sorry")
        unite(shop)
    meet(shop, first, second)
    with open_database(shop.database_url, now=0):
        assert balances(shop, [1, 2]) == {1: 2, 2: 7}
        check(shop)


def meet(shop: Shop, first: Work, second: Work) -> None:
    """Let *second* begin in a process of its own when *first* is done and not yet committed."""
    is_done = fork.Event()
    process = fork.Process(target=_follow, args=(shop, second, is_done))
    process.start()
    with open_database(shop.database_url, now=0), writing():
        first(shop)
        is_done.set()
        process.join(0.7)  # long enough to end, if nothing held it
    process.join(60)
    assert process.exitcode == 0


def _follow(shop: Shop, work: Work, is_done: Event) -> None:
    is_done.wait(60)
    with open_database(shop.database_url, now=0):
        work(shop)
