"""What a time means: in the shop's zone for its days, in UTC for what large tables are divided by."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from retainctl.clock import Clock, month_number, month_of, month_text, parse_instant
from retainctl.errors import WrongUsage


@pytest.fixture(params=["Pacific/Kiritimati", "Pacific/Honolulu"])
def host_far_away(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The host's own zone is fourteen hours before Greenwich, or ten behind it."""
    with monkeypatch.context() as patched:
        patched.setenv("TZ", request.param)
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("host_far_away")
@pytest.mark.parametrize("at", ["2025-01-31T23:59:59", "2025-02-01T00:00:00", "2024-12-31T12:00:00"])
def test_the_month_of_a_time_is_that_of_utc_wherever_the_host_stands(at: str) -> None:
    instant = datetime.fromisoformat(at).replace(tzinfo=UTC)
    assert month_text(month_of(int(instant.timestamp()))) == at[:7]
    assert month_of(int(instant.timestamp())) == month_number(instant.date())


def test_a_clock_that_is_not_set_goes() -> None:
    before = int(time.time())
    assert before <= Clock(ZoneInfo("Asia/Jerusalem")).now() <= time.time()
    assert Clock(ZoneInfo("Asia/Jerusalem"), fixed=7).now() == 7


@pytest.mark.usefixtures("host_far_away")
@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("2025-03-01", "2025-02-28T22:00:00+00:00"),
        ("2025-03-01T09:00", "2025-03-01T07:00:00+00:00"),
        ("2025-07-01T09:00", "2025-07-01T06:00:00+00:00"),
        ("2025-03-01T09:00+05:30", "2025-03-01T03:30:00+00:00"),
        ("2025-03-01T09:00Z", "2025-03-01T09:00:00+00:00"),
        ("2025-03-02", "2025-03-01T22:00:00+00:00"),
        ("2025-03-02T00:00", "2025-03-01T22:00:00+00:00"),
        ("2025-03-01T22:00Z", "2025-03-01T22:00:00+00:00"),
        ("2025-03-02T01:00+03:00", "2025-03-01T22:00:00+00:00"),
    ],
)
def test_a_time_without_an_offset_is_of_the_shops_zone(text: str, means: str) -> None:
    assert parse_instant(text, ZoneInfo("Asia/Jerusalem")) == int(datetime.fromisoformat(means).timestamp())


@pytest.mark.parametrize("text", ["", "tomorrow", "yesterday", "2025-02-30", "2025-03-01T25:00"])
def test_what_is_no_time_is_wrong_usage(text: str) -> None:
    with pytest.raises(WrongUsage, match=f"'{text}' is not a time") as told:
        parse_instant(text, ZoneInfo("Asia/Jerusalem"))
    assert told.value.hint == "Write 2025-03-01 or 2025-03-01T09:00."


def test_a_day_that_no_shop_sees_is_the_nearest_that_one_does() -> None:
    clock = Clock(ZoneInfo("Asia/Jerusalem"))
    assert clock.start_of(date.min) == clock.start_of(date(1971, 1, 1))
    assert clock.end_of(date.max) == clock.start_of(date.max) == clock.start_of(date(2100, 12, 31))
