"""Cells to values."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from retainctl.clock import Clock
from retainctl.intake.values import Values

CLOCKS_CHANGED = (1_711_670_400, 1_729_900_800, 1_712_361_600, 1_711_843_200)  # in 2024, in one of the zones below


@pytest.mark.parametrize("zone", ["Asia/Jerusalem", "Asia/Beirut", "Australia/Lord_Howe"])
def test_an_order_is_booked_on_the_shops_own_day_when_the_clocks_change_too(zone: str) -> None:
    clock = Clock(ZoneInfo(zone), fixed=1_800_000_000)
    values = Values(clock, shop_currency="ILS")
    for first in CLOCKS_CHANGED:
        for instant in range(first - 2 * 86_400, first + 3 * 86_400, 600):
            assert values.day(instant) == clock.day(instant).isoformat()
