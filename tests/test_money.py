"""Money as people read and write it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from retainctl.errors import BadData
from retainctl.money import SIGNS, currency_code, exponent, round_to_minor, rounded_half_up, to_minor, with_sign


@pytest.mark.parametrize(
    ("minor", "currency", "shown"),
    [
        (123_456, "ILS", "₪1,234.56"),
        (-5, "USD", "-$0.05"),
        (1_200, "CHF", "CHF\u00a012.00"),
        (700, "GBP", "£7.00"),
        (500, "JPY", "JPY\u00a0500"),
        (0, "EUR", "€0.00"),
        (1_234_567, "KWD", "KWD\u00a01,234.567"),
    ],
)
def test_money_stands_after_its_sign_or_code(minor: int, currency: str, shown: str) -> None:
    assert with_sign(minor, currency) == shown


def test_currencies_have_the_decimals_that_iso_4217_gives_them() -> None:
    none = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
    three = "BHD IQD JOD KWD LYD OMR TND"
    assert {exponent(currency) for currency in none.split()} == {0}
    assert {exponent(currency) for currency in three.split()} == {3}
    assert {exponent(currency) for currency in "ILS USD EUR GBP CHF HUF TWD EGP".split()} == {2}


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [("1.234", "KWD", 1_234), ("-0.001", "KWD", -1), ("1.23", "ILS", 123), ("123", "JPY", 123)],
)
def test_an_amount_is_whole_minor_units_of_its_currency_or_nothing(amount: str, currency: str, minor: int) -> None:
    assert to_minor(Decimal(amount), currency) == minor
    with pytest.raises(BadData):
        to_minor(Decimal(amount) + Decimal("0.0005"), currency)


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("0.005", "ILS", 1), ("0.015", "ILS", 2), ("0.025", "ILS", 3), ("-0.005", "ILS", -1), ("0.0049", "ILS", 0),
        ("0.5", "JPY", 1), ("2.5", "JPY", 3), ("0.0005", "KWD", 1), ("1.0004", "KWD", 1_000),
    ],
)  # fmt: skip
def test_half_a_minor_unit_is_rounded_away_from_nothing(amount: str, currency: str, minor: int) -> None:
    assert round_to_minor(Decimal(amount), currency) == minor


@pytest.mark.parametrize(
    ("texts", "code"),
    [
        ('NIS nis ₪ שח ש"ח ש״ח ILS ils', "ILS"),
        ("$ USD usd", "USD"),
        ("€ EUR", "EUR"),
        ("£ gbp", "GBP"),
        ("JPY", "JPY"),
    ],
)
def test_a_currency_is_named_by_its_code_and_some_by_their_signs(texts: str, code: str) -> None:
    assert {currency_code(f" {text} ") for text in texts.split()} == {code}
    assert all(sign in texts.split() for sign in [SIGNS.get(code, code)])


def test_half_a_part_is_rounded_up() -> None:
    assert [rounded_half_up(*one) for one in ((5, 2), (7, 3), (8, 3), (-5, 2), (6, 2))] == [3, 2, 3, -2, 3]
