"""A segment is refreshed twice at once: nobody joins it twice, and neither refresh fails."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from retainctl.audience.segments import create, refresh
from retainctl.config import read_shop
from retainctl.store.database import rows
from retainctl.store.opening import open_database
from tests import past
from tests.proof.test_merge_race import NOW, meet


@pytest.mark.proof
@pytest.mark.parametrize("first", [True, False])
def test_two_refreshes_at_once_are_as_one_after_the_other(folder: Path, first: bool) -> None:
    shop = read_shop(str(folder), now=NOW)
    with open_database(shop.database_url, now=0):
        if not first:
            create(shop, "buyers", "orders >= 1")
        else:
            (folder / "segments").mkdir()
            (folder / "segments/buyers.toml").write_text("expression = 'orders >= 1'", encoding="utf-8")
        for number in (1, 2, 3):
            past.order(past.customer(number), "2025-01-01")
    buyers = partial(refresh, name="buyers")
    meet(shop, buyers, buyers)
    with open_database(shop.database_url, now=0):
        assert rows("SELECT customer_id, left_at FROM segment_members ORDER BY customer_id") == [
            (1, None),
            (2, None),
            (3, None),
        ]
        assert rows("SELECT members FROM segments") == [(3,)]
