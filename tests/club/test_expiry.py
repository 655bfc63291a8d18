"""Points are there to the last second of their last day, and go once."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from retainctl.clock import Clock
from retainctl.club import expiry
from retainctl.club.awarding import award
from retainctl.club.balances import balances
from retainctl.club.checking import check
from retainctl.club.expiry import expire
from retainctl.club.spending import add, redeem, take
from retainctl.config import Shop
from retainctl.errors import Refused
from retainctl.store.database import execute, rows
from retainctl.store.transactions import writing
from tests.club.building import DAY, lots, order, set_terms, transactions
from tests.planting import plant

TEN_DAYS = 'points_per = { ILS = "1" }\nexpiry_days = 10'


def at(shop: Shop, instant: int) -> Shop:
    return Shop(shop.folder, shop.settings, Clock(shop.clock.zone, instant))


def trusting(shop: Shop) -> Shop:
    return Shop(shop.folder, shop.settings, Clock(shop.clock.zone, shop.clock.now(), trusted=True))


def ran(*instants: int) -> None:
    """Leave the row of a job that ran at each of *instants*."""
    with writing():
        for instant in instants:
            execute(
                "INSERT INTO runs (name, period, due_at, started_at, ended_at, exit_code)"
                " VALUES ('deliver', ?, ?, ?, ?, 0)",
                f"deliver:{instant}", instant, instant, instant,
            )  # fmt: skip


def last_second(shop: Shop) -> int:
    return shop.clock.end_of(shop.clock.today() + timedelta(days=10)) - 1


def test_points_may_be_spent_to_the_last_second_and_expire_in_the_next(shop: Shop) -> None:
    """Invariants 7 and 8."""
    set_terms(shop.folder, TEN_DAYS)
    order(shop, 1, [10_000], at=shop.clock.now())
    award(shop)
    end = last_second(shop)
    assert expire(at(shop, end)).lots == 0
    redeem(at(shop, end), 1, 30, source="basket:1")
    assert balances(at(shop, end), [1]) == {1: 70}
    assert balances(at(shop, end + 1), [1]) == {1: 0}, "also before the nightly run"
    with pytest.raises(Refused):
        redeem(at(shop, end + 1), 1, 1, source="basket:2")
    assert expire(at(shop, end + 1)).points == 70
    assert lots() == [(100, 0, 30, 70, 0)]
    check(shop)


@pytest.mark.parametrize("runs", [(1, 2, 3, 4, 5), (5,), (3, 3, 5), (2, 5, 5)])
def test_late_missed_and_repeated_runs_come_to_the_same(shop: Shop, runs: tuple[int, ...]) -> None:
    """Invariant 7."""
    set_terms(shop.folder, TEN_DAYS)
    for number in range(1, 5):
        order(shop, number, [number * 1_000], at=shop.clock.now() - (4 - number) * DAY)
    award(shop)
    for days in runs:
        expire(at(shop, shop.clock.now() + (6 + days) * DAY))
    effective = [at(shop, 0).clock.day(row[0] - 1) for row in rows("SELECT effective_at FROM transactions") if row]
    assert lots() == [(points, 0, 0, points, 0) for points in (10, 20, 30, 40)]
    assert effective[4:] == [date(2025, 3, 9) + timedelta(days=place) for place in range(4)]
    check(at(shop, shop.clock.now() + 11 * DAY))


def test_an_order_whose_points_are_past_their_day_already_shows_both_entries(shop: Shop) -> None:
    """Invariant 14."""
    set_terms(shop.folder, TEN_DAYS)
    order(shop, 1, [10_000], at=shop.clock.now() - 30 * DAY)
    award(shop)
    assert balances(shop, [1]) == {1: 0}
    expire(shop)
    assert transactions() == [("award", 100), ("expiry", 100)]
    ((earned, expired, booked),) = rows(
        "SELECT MIN(effective_at), MAX(effective_at), MIN(recorded_at) FROM transactions"
    )
    assert (earned, booked) == (shop.clock.now() - 30 * DAY, shop.clock.now())
    assert expired == shop.clock.end_of(shop.clock.day(earned) + timedelta(days=10))
    check(shop)


def test_a_clock_that_is_years_ahead_expires_nobody(shop: Shop) -> None:
    """Invariant 24."""
    set_terms(shop.folder, TEN_DAYS)
    order(shop, 1, [10_000], at=shop.clock.now())
    award(shop)
    years_ahead = at(shop, shop.clock.now() + 3_650 * DAY)
    with pytest.raises(
        Refused, match=r"the clock says 2035-.*, but nothing was written .* after 2025-03-02T10:00:00\+02:00;"
    ):
        expire(years_ahead)
    assert expire(years_ahead, dry_run=True).points == 100
    assert transactions() == [("award", 100)]
    assert expire(trusting(years_ahead)).points == 100


def test_a_clock_that_is_years_ahead_books_nothing_and_the_right_time_goes_on(shop: Shop) -> None:
    """Invariant 24: whatever a job writes first, nothing opens the way to what would take all."""
    set_terms(shop.folder, TEN_DAYS)
    order(shop, 1, [10_000], at=shop.clock.now())
    award(shop)
    order(shop, 2, [5_000], at=shop.clock.now())
    years_ahead = at(shop, shop.clock.now() + 3_650 * DAY)
    ran(years_ahead.clock.now() - 60 * DAY, years_ahead.clock.now() - 300, years_ahead.clock.now())
    for book in (
        award,
        expire,
        lambda wrong: add(wrong, 1, 1, source="basket:1", reason="goodwill"),
        lambda wrong: redeem(wrong, 1, 1, source="basket:2"),
        lambda wrong: take(wrong, 1, 1, source="basket:3", reason="mistake"),
    ):
        with pytest.raises(Refused, match="the clock may be wrong"):
            book(years_ahead)
    assert award(years_ahead, dry_run=True).row.orders == 1
    assert transactions() == [("award", 100)]
    assert award(at(shop, shop.clock.now() + DAY)).row.points_earned == 50
    assert balances(at(shop, shop.clock.now() + DAY), [1]) == {1: 150}
    check(shop)


def test_a_quiet_shop_whose_jobs_run_goes_on_by_itself(shop: Shop) -> None:
    order(shop, 1, [10_000], at=shop.clock.now())
    award(shop)
    later = at(shop, shop.clock.now() + 200 * DAY)
    order(shop, 2, [5_000], at=later.clock.now())
    ran(*(shop.clock.now() + days * DAY for days in (40, 80, 120)))
    with pytest.raises(Refused, match=f"days after {shop.clock.iso(shop.clock.now() + 120 * DAY)[:10]}"):
        award(later)
    ran(shop.clock.now() + 160 * DAY, later.clock.now())
    assert award(later).row.points_earned == 50


def test_forty_quiet_days_are_believed_and_a_second_more_is_not(shop: Shop) -> None:
    order(shop, 1, [10_000], at=shop.clock.now())
    award(shop)
    last = at(shop, shop.clock.now() + 40 * DAY)
    order(shop, 2, [5_000], at=last.clock.now())
    with pytest.raises(Refused, match="the clock may be wrong"):
        award(at(shop, last.clock.now() + 1))
    assert award(last).row.points_earned == 50


def test_a_shop_that_imports_its_orders_and_runs_no_jobs_goes_on_by_itself(shop: Shop) -> None:
    order(shop, 1, [10_000], at=shop.clock.now())
    award(shop)
    later = at(shop, shop.clock.now() + 100 * DAY)
    order(shop, 2, [5_000], at=later.clock.now())
    for number, days in enumerate((35, 70), 2):
        plant(
            "imports",
            id=number,
            kind="orders",
            file_name="x",
            sha256="0" * 64,
            source="web",
            format="generic",
            options="{}",
            imported_at=shop.clock.now() + days * DAY,
        )
        if days == 35:
            with pytest.raises(Refused, match="the clock may be wrong"):
                award(later)
    assert award(later).row.points_earned == 50


def test_a_quiet_shop_with_nothing_to_book_is_no_alarm(shop: Shop) -> None:
    order(shop, 1, [10_000], at=shop.clock.now())
    award(shop)
    assert award(at(shop, shop.clock.now() + 41 * DAY)).row.orders == 0
    assert expire(at(shop, shop.clock.now() + 41 * DAY)).lots == 0


def test_a_clock_set_back_may_only_read(shop: Shop) -> None:
    """Invariant 24."""
    order(shop, 1, [10_000], at=shop.clock.now() - 2 * DAY)
    award(shop)
    tolerated = at(shop, shop.clock.now() - 300)
    redeem(tolerated, 1, 1, source="basket:1")
    set_back = at(shop, shop.clock.now() - 301)
    with pytest.raises(Refused, match="the newest booking is from"):
        redeem(set_back, 1, 1, source="basket:2")
    assert balances(set_back, [1]) == {1: 0}, "what was so at that time"
    check(set_back)
    assert len({row[0] for row in rows("SELECT recorded_at FROM transactions")}) == 1


def test_a_dry_run_takes_nothing(shop: Shop) -> None:
    set_terms(shop.folder, TEN_DAYS)
    order(shop, 1, [10_000], at=shop.clock.now() - 30 * DAY)
    award(shop)
    assert expire(shop, dry_run=True).lots == 1
    assert transactions() == [("award", 100)]


def test_more_lots_than_fit_one_transaction_all_expire_and_a_customer_of_several_counts_once(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Invariant 7."""
    monkeypatch.setattr(expiry, "LOTS_PER_TRANSACTION", 2)
    set_terms(shop.folder, TEN_DAYS)
    for number in range(1, 6):
        order(shop, number, [number * 1_000], at=shop.clock.now() - 30 * DAY, customer_id=1 + number % 2)
    award(shop)
    steps: list[int] = []
    run = expire(shop, advance=steps.append)
    assert (run.lots, run.points, run.customers, steps) == (5, 150, 2, [2, 2, 1])
    assert lots() == [(points, 0, 0, points, 0) for points in (10, 20, 30, 40, 50)]
    assert expire(shop).lots == 0
    check(shop)


def test_what_expires_is_booked_by_the_version_that_gave_it_and_for_its_order(shop: Shop) -> None:
    """Invariant 15."""
    set_terms(shop.folder, TEN_DAYS, f"valid_from = 2025-02-25\n{TEN_DAYS}")
    order(shop, 7, [10_000], at=shop.clock.now() - 30 * DAY)
    award(shop)
    expire(shop)
    assert rows("SELECT kind, order_id, terms_version FROM transactions ORDER BY seq") == [
        ("award", 7, 1),
        ("expiry", 7, 1),
    ]
