"""Each run leaves a row and its lines in the log, by whatever it was started and however it ended."""

from __future__ import annotations

import re
from contextlib import nullcontext
from pathlib import Path
from typing import get_args

import pytest

from commands.outbox import STATES
from retainctl.audience.segments import Refreshed
from retainctl.clock import DAY_SECONDS, Clock
from retainctl.config import Shop
from retainctl.errors import Refused
from retainctl.outreach.outbox.states import State
from retainctl.result import Result
from retainctl.store.database import rows
from retainctl.store.runs import LOG_BYTES, LOG_NAME, begin, log, recorded
from tests.conftest import Terminal


def runs() -> list[tuple[object, ...]]:
    return rows("SELECT name, period, exit_code, result, error, ended_at IS NOT NULL FROM runs ORDER BY id")


def test_what_is_run_by_hand_leaves_a_row_as_jobs_do(shop: Shop, retainctl: Terminal) -> None:
    assert retainctl("points", "award").code == 0
    assert retainctl("points", "award", "--dry-run").code == 0
    assert retainctl("segments", "refresh", "nobody").code == 2

    (award, refresh) = runs()
    assert award[:3] == ("points award", None, 0)
    assert '"points_earned": 0' in str(award[3])
    assert refresh == ("segments refresh", None, 2, '{"rows": 0}', "there is no segment nobody", True)
    assert retainctl("jobs", "show", "nightly").stdout.count("\n") == 1  # a job's own runs alone


def test_a_run_that_fails_is_kept_with_its_error_and_its_traceback_in_the_log(shop: Shop) -> None:
    with pytest.raises(Refused), recorded(shop, "points award"):
        raise Refused("dana@shop.example has refused\nfor good")

    assert runs() == [("points award", None, 77, "{}", "d***@s***.example has refused\nfor good", True)]
    lines = (shop.folder / LOG_NAME).read_text("utf-8").splitlines()
    assert [re.sub(r"^\S+ run=\d+ ", "", line)[:44] for line in lines] == [
        "points award: started",
        "points award: ended with exit code 77: d***@",
        "points award: Traceback (most recent call la",
    ]
    assert "dana@" not in "".join(lines)
    assert oct((shop.folder / LOG_NAME).stat().st_mode)[-3:] == "600"


def test_a_run_that_came_to_trouble_ends_with_the_code_of_the_trouble_and_else_with_its_own(shop: Shop) -> None:
    for trouble in (Refused("no"), None):
        with recorded(shop, "points award") as run:
            run.result(Result(code=3, trouble=trouble))
    assert [(row[2], row[4]) for row in runs()] == [(77, "no"), (3, "")]


def test_a_long_log_becomes_the_one_before_and_one_that_cannot_be_written_stops_nothing(shop: Shop) -> None:
    path = shop.folder / LOG_NAME
    path.write_bytes(b"x" * LOG_BYTES)
    log(shop, 1, "points award", "began")
    assert path.with_name(f"{LOG_NAME}.1").stat().st_size == LOG_BYTES
    assert len(path.read_text("utf-8").splitlines()) == 1

    path.unlink()
    Path(path).mkdir()
    with recorded(shop, "points award") as run:
        run.result(Result())
    assert runs()[0][2] == 0


def test_the_states_that_can_be_typed_are_those_of_the_outbox() -> None:
    assert get_args(State) == STATES


def test_the_newest_run_that_was_done_is_kept_however_long_ago_and_what_is_older_is_dropped(shop: Shop) -> None:
    today = shop.clock.now()
    for days, code in ((200, 0), (150, 2), (120, 0), (100, 2), (95, 0), (91, 2), (0, 2)):
        then = Shop(shop.folder, shop.settings, Clock(shop.clock.zone, today - days * DAY_SECONDS))
        with pytest.raises(Refused) if code else nullcontext(), recorded(then, "points award"):
            if code:
                raise Refused("no")
        with recorded(then, "points expire"):
            pass
    kept = "SELECT (? - started_at) / 86400, exit_code FROM runs WHERE name = ? ORDER BY id"
    assert rows(kept, today, "points award") == [(95, 0), (91, 77), (0, 77)]
    assert rows(kept, today, "points expire") == [(0, 0)]


def test_a_period_that_begins_ends_the_one_that_was_killed_and_nothing_that_is_run_by_hand(shop: Shop) -> None:
    by_hand, killed = begin(shop, "check"), begin(shop, "check", period="check:2025-03-01", due_at=0)
    other = begin(shop, "nightly", period="nightly:2025-03-01", due_at=0)
    begin(shop, "check", period="check:2025-03-02", due_at=1)
    assert rows("SELECT id, exit_code FROM runs WHERE ended_at IS NOT NULL") == [(killed, 1)]
    assert {by_hand, other} < {row[0] for row in rows("SELECT id FROM runs WHERE ended_at IS NULL")}


def test_what_a_run_came_to_is_kept_in_the_letters_that_it_was_told_in(shop: Shop) -> None:
    with recorded(shop, "segments refresh") as run:
        run.result(Result((Refreshed("לקוחות", 2, 1, 0),)))
    ((*_, result, _, _),) = runs()
    assert '"segment": "לקוחות"' in str(result)


def test_a_run_that_a_fault_of_ours_ended_has_failed(shop: Shop) -> None:
    with pytest.raises(ZeroDivisionError), recorded(shop, "points award"):
        raise ZeroDivisionError("by nought")
    assert runs() == [("points award", None, 1, "{}", "by nought", True)]


def test_of_what_was_run_a_quarter_of_a_year_is_kept(shop: Shop) -> None:
    for days in (92, 91, 90, 89, 0):
        then = Shop(shop.folder, shop.settings, Clock(shop.clock.zone, shop.clock.now() - days * DAY_SECONDS))
        with recorded(then, "points award"):
            pass
    kept = rows("SELECT (? - started_at) / 86400 FROM runs ORDER BY id", shop.clock.now())
    assert kept == [(90,), (89,), (0,)]
