"""Money as people read it."""

from __future__ import annotations

import pytest

from retainctl.money import with_sign


@pytest.mark.parametrize(
    ("minor", "currency", "shown"),
    [
        (123_456, "ILS", "₪1,234.56"), (-5, "USD", "-$0.05"), (1_200, "CHF", "CHF\u00a012.00"),
        (500, "JPY", "JPY\u00a0500"), (0, "EUR", "€0.00"),
    ],
)  # fmt: skip
def test_money_stands_after_its_sign_or_code(minor: int, currency: str, shown: str) -> None:
    assert with_sign(minor, currency) == shown
