"""What an order earns: pure arithmetic."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retainctl.club.earning import RULES, EarningLine, EarningOrder, Shares, earned, taken_back, taken_back_by_line
from retainctl.club.terms import Terms

POINT_A_SHEKEL = Terms(version=1, points_per={"ILS": "1"})
line_amounts = st.lists(st.integers(0, 50_000), min_size=1, max_size=6)
rates = st.sampled_from(["1", "0.5", "1/3", "7", "0.01", "2.5/3"])


def purchase(amounts: list[int], *, currency: str = "ILS", category: str = "") -> EarningOrder:
    return EarningOrder(currency, [EarningLine(number, amount, category) for number, amount in enumerate(amounts, 1)])


@given(line_amounts, rates)
def test_an_order_is_rounded_down_once(amounts: list[int], rate: str) -> None:
    """Invariant 16."""
    terms = Terms(version=1, points_per={"ILS": rate})
    numerator, _, denominator = rate.partition("/")
    exact = sum(amounts) * Fraction(numerator) / int(denominator or 1) / 100
    points = earned(purchase(amounts), terms)
    assert sum(points) == exact.numerator // exact.denominator
    for amount, one in zip(amounts, points, strict=True):
        assert abs(one - amount * Fraction(numerator) / int(denominator or 1) / 100) < 1, "no line is off by a point"


@given(line_amounts, st.integers(0, 5), st.integers(1, 5_000))
def test_who_spends_more_never_earns_less(amounts: list[int], place: int, more: int) -> None:
    """Invariant 16."""
    before = sum(earned(purchase(amounts), POINT_A_SHEKEL))
    amounts[place % len(amounts)] += more
    assert sum(earned(purchase(amounts), POINT_A_SHEKEL)) >= before


def test_the_largest_remainders_get_the_points_that_are_left_and_of_equals_the_first() -> None:
    assert earned(purchase([150, 190, 160]), POINT_A_SHEKEL) == [1, 2, 2]
    assert earned(purchase([150, 150]), POINT_A_SHEKEL) == [2, 1]


def test_a_line_that_takes_money_off_earns_nothing_and_takes_no_points() -> None:
    assert earned(purchase([-500, 1_000, 0]), POINT_A_SHEKEL) == [0, 10, 0]


def test_each_currency_earns_by_its_own_rate_and_one_without_a_rate_nothing() -> None:
    """Invariant 17."""
    terms = Terms(version=1, points_per={"ILS": "1", "USD": "4", "JPY": "0.01"})
    assert earned(purchase([10_000]), terms) == [100]
    assert earned(purchase([10_000], currency="USD"), terms) == [400]
    assert earned(purchase([10_000], currency="JPY"), terms) == [100], "a yen has no smaller part"
    assert earned(purchase([10_000], currency="EUR"), terms) == [0]


def test_an_order_below_the_minimum_earns_nothing_and_at_it_everything() -> None:
    terms = Terms(version=1, points_per={"ILS": "1"}, minimum_order={"ILS": "50"})
    assert earned(purchase([2_000, 2_999]), terms) == [0, 0]
    assert earned(purchase([2_000, 3_000]), terms) == [20, 30]
    between = Terms(version=1, points_per={"ILS": "1"}, minimum_order={"ILS": "49.995"})
    assert [sum(earned(purchase([amount]), between)) for amount in (4_999, 5_000)] == [0, 50]


def test_what_earns_nothing_itself_counts_towards_the_minimum() -> None:
    terms = Terms(version=1, points_per={"ILS": "1"}, minimum_order={"ILS": "50"}, excluded_categories=("Gifts",))
    lines = [EarningLine(1, 3_000, "Gifts"), EarningLine(2, 2_000, "Coffee")]
    assert earned(EarningOrder("ILS", lines), terms) == [
        0,
        20,
    ]


def test_an_excluded_category_earns_nothing_nor_does_what_is_below_it() -> None:
    terms = Terms(version=1, points_per={"ILS": "1"}, excluded_categories=("Gift cards", "Kitchen > Coffee"))
    categories = ["Gift cards", "Gift cards > Paper", "Kitchen", "Kitchen > Coffee > Beans", "Gift cards of others"]
    lines = [EarningLine(number, 10_000, category) for number, category in enumerate(categories)]
    assert earned(EarningOrder("ILS", lines), terms) == [0, 0, 100, 0, 100]


def test_a_category_is_excluded_however_it_is_written() -> None:
    terms = Terms(version=1, points_per={"ILS": "1"}, excluded_categories=("Gift cards", "Cafe\u0301 > Beans"))
    categories = ["gift cards", "GIFT CARDS>paper", "CAFÉ > beans > Dark", "cafe > beans", ""]
    lines = [EarningLine(number, 10_000, category) for number, category in enumerate(categories)]
    assert earned(EarningOrder("ILS", lines), terms) == [0, 0, 0, 100, 100]


def test_an_excluded_category_without_a_name_excludes_nothing() -> None:
    terms = Terms(version=1, points_per={"ILS": "1"}, excluded_categories=("", " > ", "Gifts"))
    lines = [EarningLine(number, 10_000, category) for number, category in enumerate(["Coffee", "", "Gifts"])]
    assert earned(EarningOrder("ILS", lines), terms) == [100, 100, 0]


def test_rules_are_a_list_whose_shares_are_added_before_anything_is_rounded() -> None:
    def half_a_point_a_line(purchase: EarningOrder, terms: Terms) -> Shares:
        return Shares([1] * len(purchase.lines), 2)

    both = (*RULES, half_a_point_a_line)
    assert sum(earned(purchase([150, 100, 100]), POINT_A_SHEKEL, rules=both)) == 5  # 3.5 and 1.5
    assert sum(earned(purchase([150, 100, 100]), POINT_A_SHEKEL)) == 3


@given(st.lists(st.tuples(st.integers(1, 9_999), st.integers(0, 200)), min_size=1, max_size=4), st.randoms())
def test_parts_of_a_return_take_back_what_the_whole_does(lines: list[tuple[int, int]], dice: object) -> None:
    """Invariant 9."""
    awarded = [(number, amount, points) for number, (amount, points) in enumerate(lines, 1)]
    returned: dict[int | None, int] = {}
    last = 0
    for number, amount, _ in awarded:
        for part in (amount // 3, amount // 3, amount - 2 * (amount // 3)):
            where = dice.choice([number, None])  # type: ignore[attr-defined]
            returned[where] = returned.get(where, 0) + part
            now = taken_back_by_line(awarded, returned)
            assert all(points <= lines[line_no - 1][1] for line_no, _, points in now), "no more than a line earned"
            assert last <= sum(points for _, _, points in now), "what is taken back only grows"
            last = taken_back(awarded, returned)
    assert last == sum(points for _, points in lines)


@pytest.mark.parametrize(
    ("returned", "taken"),
    [
        ({None: 100}, [(1, 100, 10)]),
        ({None: 150}, [(1, 100, 10), (2, 50, 20)]),
        ({None: 900}, [(1, 100, 10), (2, 100, 40)]),
        ({1: 250}, [(1, 100, 10)]),
        ({1: 250, None: 50}, [(1, 100, 10), (2, 50, 20)]),
        ({2: 50, None: 120}, [(1, 100, 10), (2, 70, 28)]),
    ],
)
def test_what_names_no_line_counts_once_from_the_first_line_on(
    returned: dict[int | None, int], taken: list[tuple[int, int, int]]
) -> None:
    assert taken_back_by_line([(1, 100, 10), (2, 100, 40)], returned) == taken


@given(st.lists(st.tuples(st.integers(1, 9_999), st.integers(0, 200)), min_size=1, max_size=4))
def test_a_full_return_takes_back_everything_whether_it_names_its_lines_or_not(lines: list[tuple[int, int]]) -> None:
    awarded = [(number, amount, points) for number, (amount, points) in enumerate(lines, 1)]
    everything = sum(points for _, _, points in awarded)
    assert taken_back(awarded, {number: amount for number, amount, _ in awarded}) == everything
    assert taken_back(awarded, {None: sum(amount for _, amount, _ in awarded)}) == everything


@pytest.mark.parametrize(("back", "points"), [(0, 0), (99, 0), (100, 1), (3_333, 33), (10_000, 100), (99_999, 100)])
def test_part_of_a_line_takes_back_its_share_rounded_down_and_never_more_than_there_was(back: int, points: int) -> None:
    assert taken_back([(1, 10_000, 100)], {1: back}) == points
