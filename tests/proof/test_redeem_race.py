"""Many tills redeem the same points at once: as many succeed as there are points, on new accounts too.

Forty processes in every run; two hundred, ten rounds, with ``RETAINCTL_PROOF=full``.
"""

from __future__ import annotations

import multiprocessing
import os
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from retainctl.club.awarding import award
from retainctl.club.balances import balances
from retainctl.club.checking import check
from retainctl.club.spending import add, redeem
from retainctl.config import Shop, read_shop
from retainctl.errors import Refused
from retainctl.store.database import value
from retainctl.store.opening import open_database
from tests.club.building import order

PROCESSES, POINTS, ROUNDS = (200, 100, 10) if os.environ.get("RETAINCTL_PROOF") == "full" else (40, 20, 2)
NOW = "2025-03-02T10:00"
fork = multiprocessing.get_context("fork")


@pytest.mark.proof
@pytest.mark.timeout(600)
def test_as_many_redeem_as_there_are_points(folder: Path) -> None:
    """Invariant 19."""
    shop = read_shop(str(folder), now=NOW)
    for number in range(1, ROUNDS + 1):
        with open_database(shop.database_url, now=0, migrate=True):
            order(shop, number, [POINTS * 100], at=shop.clock.now(), customer_id=number)
            award(shop)
        ends = race(folder, [("redeem", number)] * PROCESSES)
        assert sorted(ends) == [False] * (PROCESSES - POINTS) + [True] * POINTS
        with open_database(shop.database_url, now=0, migrate=True):
            assert balances(shop, [number]) == {number: 0}
            check(shop)


@pytest.mark.proof
@pytest.mark.timeout(600)
def test_first_bookings_of_one_who_never_had_an_account_open_one(folder: Path) -> None:
    """Invariant 19: rows that are not there cannot be locked, and yet nobody is given two accounts."""
    shop = read_shop(str(folder), now=NOW)
    for number in range(1, ROUNDS + 1):
        with open_database(shop.database_url, now=0, migrate=True):
            order(shop, number, [0], at=shop.clock.now(), customer_id=number, is_sale=False)
        half = PROCESSES // 2
        ends = race(folder, [("add", number)] * half + [("redeem", number)] * half)
        assert ends.count(True) >= half
        with open_database(shop.database_url, now=0, migrate=True):
            assert value("SELECT COUNT(*) FROM accounts WHERE customer_id = ?", number) == 1
            redeemed = value(
                "SELECT COUNT(*) FROM transactions AS t JOIN accounts AS a ON a.id = t.account_id"
                " WHERE t.kind = 'redemption' AND a.customer_id = ?",
                number,
            )
            assert balances(shop, [number]) == {number: half - redeemed}
            assert ends.count(True) == half + redeemed
            check(shop)


def race(folder: Path, calls: list[tuple[str, int]]) -> list[bool]:
    """Make every call in a process of its own, all at once; whether each was booked."""
    barrier = fork.Barrier(len(calls))
    answers = fork.Queue()
    processes = [
        fork.Process(target=_call, args=(folder, verb, number, place, barrier, answers))
        for place, (verb, number) in enumerate(calls)
    ]
    for process in processes:
        process.start()
    ends = [answers.get(timeout=300) for _ in processes]
    for process in processes:
        process.join()
    assert all(isinstance(end, bool) for end in ends), [end for end in ends if not isinstance(end, bool)]
    return ends


def _call(folder: Path, verb: str, number: int, place: int, barrier: Barrier, answers: multiprocessing.Queue) -> None:  # type: ignore[type-arg]
    try:
        shop: Shop = read_shop(str(folder), now=NOW)
        with open_database(shop.database_url, now=0, migrate=True):
            barrier.wait()
            try:
                if verb == "add":
                    add(shop, number, 1, source=f"c:{number}:{place}", reason="race")
                else:
                    redeem(shop, number, 1, source=f"b:{number}:{place}")
                answers.put(True)
            except Refused:
                answers.put(False)
    except BaseException as error:
        answers.put(repr(error))
        raise
