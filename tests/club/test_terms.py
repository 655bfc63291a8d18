"""The club's terms: one file, versions with their first day, and what was booked by one is not changed."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from retainctl.clock import Clock
from retainctl.club.awarding import award
from retainctl.club.checking import check
from retainctl.club.terms import Terms, fraction, read_club
from retainctl.config import Shop
from retainctl.errors import BadConfiguration
from retainctl.store.database import rows
from tests.club.building import DAY, order, set_terms

ONE = 'points_per = { ILS = "1" }'
TWO = 'points_per = { ILS = "2" }'
JERUSALEM = Clock(ZoneInfo("Asia/Jerusalem"))


def test_a_new_shop_has_terms_that_say_what_each_setting_means(shop: Shop) -> None:
    (terms,) = read_club(shop).terms
    assert (terms.version, terms.points_per, terms.expiry_months) == (1, {"ILS": "1"}, 24)
    text = (shop.folder / "club.toml").read_text(encoding="utf-8")
    assert text.count("#") > 10


@pytest.mark.parametrize("database_url", ["sqlite:retain.db"])  # it is about a file
@pytest.mark.parametrize(
    ("versions", "sentence"),
    [
        (["valid_from = 2025-01-01"], "version 1 is the first and must not have valid_from"),
        ([ONE, TWO], "version 2 needs valid_from"),
        ([ONE, "valid_from = 2025-02-01", "valid_from = 2025-01-01"], "version 3 must be later than version 2"),
        (['points_per = { nis = "1" }'], "the currency nis must be written ILS"),
        (['points_per = { ILS = "lots" }'], "'lots' is not a number"),
        (['points_per = { ILS = "1/0" }'], "'1/0' is not a number"),
        (["expiry_days = 3\nexpiry_months = 3"], "not both"),
        (["pending_days = -1"], "must not be negative"),
        (["expiry_days = -1"], "must not be negative"),
        (["expiry_months = -1"], "must not be negative"),
        (["redeem_points = 0"], "redeem_points must be 1 or more"),
        (['redeem_value = "0,5"'], "'0,5' is not a number such as 2, 0.5 or 1/3"),
        (['points_per = { QQQ = "1" }'], "'QQQ' is not a currency"),
        (["redeem_points = 1000000001"], "redeem_points must be 1 or more"),
        (["pendingdays = 1"], "unknown setting pendingdays"),
    ],
)
def test_a_mistake_in_the_file_is_named(shop: Shop, versions: list[str], sentence: str) -> None:
    set_terms(shop.folder, *versions)
    with pytest.raises(BadConfiguration, match=sentence):
        read_club(shop)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("terms = []", r"there are no \[\[terms\]\]"), ("[[terms]]\nversion = 0", "version must be 1 or more")],
)
def test_terms_have_a_version_and_it_has_a_number(shop: Shop, text: str, sentence: str) -> None:
    (shop.folder / "club.toml").write_text(text, encoding="utf-8")
    with pytest.raises(BadConfiguration, match=sentence):
        read_club(shop)


def test_a_version_has_a_number_of_its_own_and_a_minimum_its_currency_s_code(shop: Shop) -> None:
    text = f"[[terms]]\nversion = 1\n{ONE}\n[[terms]]\nversion = 1\nvalid_from = 2025-02-01\n{TWO}\n"
    (shop.folder / "club.toml").write_text(text, encoding="utf-8")
    with pytest.raises(BadConfiguration, match="version 1 must be later than version 1"):
        read_club(shop)
    for empty, sentence in (
        ("terms = []\n", "there are no"),
        ("[[terms]]\nversion = 0\n", "version must be 1 or more"),
    ):
        (shop.folder / "club.toml").write_text(empty, encoding="utf-8")
        with pytest.raises(BadConfiguration, match=sentence):
            read_club(shop)
    set_terms(shop.folder, f'{ONE}\nminimum_order = {{ NIS = "50" }}')
    with pytest.raises(BadConfiguration, match="minimum_order: the currency NIS must be written ILS"):
        read_club(shop)


def test_a_back_dated_order_earns_by_the_terms_in_force_on_its_day(shop: Shop) -> None:
    """Invariant 14."""
    set_terms(shop.folder, ONE, f"valid_from = 2025-02-01\n{TWO}")
    clock = shop.clock
    last_second = clock.start_of(date(2025, 2, 1)) - 1
    order(shop, 1, [10_000], at=last_second)
    order(shop, 2, [10_000], at=last_second + 1)
    award(shop)
    assert rows("SELECT order_id, terms_version, points FROM awards ORDER BY order_id") == [(1, 1, 100), (2, 2, 200)]


def test_new_terms_change_nothing_that_was_booked(shop: Shop) -> None:
    """Invariant 15: an order stays with its terms, also when new ones reach back beyond it and it is edited."""
    set_terms(shop.folder, ONE)
    at = shop.clock.now() - 3 * DAY
    order(shop, 1, [10_000], at=at)
    award(shop)
    set_terms(shop.folder, ONE, f"valid_from = 2025-01-01\n{TWO}")
    assert award(shop).row.orders == 0
    order(shop, 1, [20_000], at=at)
    award(shop)
    assert rows("SELECT terms_version, points FROM awards") == [(1, 200)]


def test_of_terms_is_kept_what_they_say_so_that_a_setting_added_later_changes_no_terms(shop: Shop) -> None:
    set_terms(shop.folder, ONE)
    order(shop, 1, [0], at=shop.clock.now())
    award(shop)
    (content,) = rows("SELECT content FROM terms")[0]
    assert json.loads(content) == {"version": 1, "points_per": {"ILS": "1"}}


@pytest.mark.parametrize("text", [f"[[terms]]\nversion = 1\n{TWO}\n", f"[[terms]]\nversion = 2\n{ONE}\n"])
def test_a_version_that_points_were_booked_by_may_not_be_changed_nor_removed(shop: Shop, text: str) -> None:
    set_terms(shop.folder, ONE)
    order(shop, 1, [0], at=shop.clock.now())
    award(shop)
    (shop.folder / "club.toml").write_text(text, encoding="utf-8")
    with pytest.raises(BadConfiguration, match=r"version 1 (was changed|is missing), but points were booked with it"):
        award(shop)


@pytest.mark.parametrize(
    ("day", "months", "last"),
    [("2024-02-29", 12, "2025-02-28"), ("2025-08-31", 1, "2025-09-30"), ("2025-12-15", 1, "2026-01-15"),
     ("2025-11-30", 3, "2026-02-28")],
)  # fmt: skip
def test_points_live_to_the_end_of_the_same_day_of_a_later_month(day: str, months: int, last: str) -> None:
    terms = Terms(version=1, expiry_months=months)
    expires_at = terms.expires_at(day=date.fromisoformat(day), clock=JERUSALEM)
    assert expires_at == JERUSALEM.end_of(date.fromisoformat(last))


def test_days_until_points_expire_are_counted_from_the_order_however_long_they_are_pending() -> None:
    day = date(2025, 3, 2)
    for pending, active_from in ((0, 5), (14, JERUSALEM.start_of(date(2025, 3, 16)))):
        in_days = Terms(version=1, pending_days=pending, expiry_days=30)
        in_months = Terms(version=1, pending_days=pending, expiry_months=1)
        assert in_days.expires_at(day=day, clock=JERUSALEM) == JERUSALEM.end_of(date(2025, 4, 1))
        assert in_months.expires_at(day=day, clock=JERUSALEM) == JERUSALEM.end_of(date(2025, 4, 2))
        assert in_days.active_from(at=5, day=day, clock=JERUSALEM) == active_from
    assert Terms(version=1, pending_days=14).expires_at(day=day, clock=JERUSALEM) is None


def test_the_end_of_a_day_is_the_shops_also_when_its_clocks_change() -> None:
    terms = Terms(version=1, expiry_days=1)
    expires_at = terms.expires_at(day=date(2027, 3, 25), clock=JERUSALEM)  # the clocks go forward on the 26th
    assert expires_at is not None
    assert JERUSALEM.local(expires_at - 1).isoformat() == "2027-03-26T23:59:59+03:00"


def test_points_pay_whole_minor_units_rounded_down(shop: Shop) -> None:
    terms = Terms(version=1, redeem_points=300, redeem_value="1.00")
    assert [terms.value_minor(points, "ILS") for points in (0, 2, 3, 299, 300)] == [0, 0, 1, 99, 100]


def test_a_rate_is_exact() -> None:
    assert fraction("1/3") * 3 == fraction("0.1") * 10 == 1


def test_the_file_is_checked_where_it_stands(folder: Path, shop: Shop) -> None:
    (folder / "club.toml").unlink()
    with pytest.raises(BadConfiguration, match=r"there is no file .*club\.toml"):
        read_club(shop)


def test_of_several_versions_that_points_were_booked_by_none_may_be_changed(shop: Shop) -> None:
    second = f"valid_from = 2025-02-01\n{TWO}"
    set_terms(shop.folder, ONE, second)
    for order_id, days in ((1, 60), (2, 1)):
        order(shop, order_id, [10_000], at=shop.clock.now() - days * DAY)
    award(shop)
    set_terms(shop.folder, ONE, second, f"valid_from = 2026-01-01\n{ONE}")
    check(shop)
    for versions in ((ONE, f"valid_from = 2025-02-02\n{TWO}"), (ONE,)):
        set_terms(shop.folder, *versions)
        for proves_or_books in (check, award):
            with pytest.raises(BadConfiguration, match="version 2"):
                proves_or_books(shop)


@pytest.mark.parametrize(
    ("currency", "points", "value", "minor"),
    [("ILS", 100, "1", 10_000), ("JPY", 100, "1", 100), ("KWD", 100, "1", 100_000), ("ILS", 7, "0.333", 233)],
)
def test_points_pay_in_the_smallest_unit_of_the_currency(currency: str, points: int, value: str, minor: int) -> None:
    assert Terms(version=1, redeem_value=value, redeem_points=1).value_minor(points, currency) == minor
    assert Terms(version=1, redeem_value=value, redeem_points=10).value_minor(points, currency) == minor // 10


@pytest.mark.parametrize("setting", ["pending_days", "expiry_months", "expiry_days"])
def test_points_that_would_end_after_the_calendar_are_refused(setting: str) -> None:
    assert Terms(version=1, **{setting: 36_500})  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="must be at most 36500"):
        Terms(version=1, **{setting: 36_501})  # type: ignore[arg-type]
