"""Customers are made, merged and imported by two at once, and it is as if one had come after the other."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from retainctl.config import read_shop
from retainctl.intake.import_runs import ImportOptions
from retainctl.shop.consent_import import import_consent
from retainctl.shop.identity import Address, Person, find_or_make
from retainctl.shop.merging import merge
from retainctl.store.database import rows
from retainctl.store.opening import open_database
from tests.proof.test_merge_race import NOW, meet

DANA = Address("email", "dana@shop.example", "dana@shop.example")
PHONE = Address("phone", "+972502345678", "+972502345678")
made = partial(find_or_make, persons=[Person("web", "17", (DANA, PHONE))])


@pytest.mark.proof
def test_a_customer_whom_two_meet_at_once_is_made_once(folder: Path) -> None:
    shop = read_shop(str(folder), now=NOW)
    meet(shop, made, made)
    with open_database(shop.database_url, now=0):
        assert rows("SELECT COUNT(*) FROM customers") == [(1,)]
        assert rows("SELECT COUNT(*) FROM contact_points") == [(2,)]


@pytest.mark.proof
def test_what_is_told_of_one_who_is_being_merged_is_the_survivor_s(folder: Path) -> None:
    shop = read_shop(str(folder), now=NOW)
    with open_database(shop.database_url, now=0):
        noa, dana = find_or_make(shop, [Person("web", "16"), Person("web", None, (DANA,))])
    assert noa.customer_id is not None
    assert dana.customer_id is not None
    unite = partial(merge, survivor_id=noa.customer_id, merged_id=dana.customer_id, reason="one person")
    meet(shop, unite, made)
    with open_database(shop.database_url, now=0):
        assert rows("SELECT DISTINCT customer_id FROM contact_points") == [(noa.customer_id,)]
        assert rows("SELECT DISTINCT customer_id FROM customer_keys") == [(noa.customer_id,)]


@pytest.mark.proof
def test_a_list_that_two_import_at_once_is_imported_once(folder: Path, tmp_path: Path) -> None:
    shop = read_shop(str(folder), now=NOW)
    with open_database(shop.database_url, now=0):
        made(shop)
    path = tmp_path / "fair.csv"
    path.write_text("email\ndana@shop.example\n", encoding="utf-8")
    brings = partial(
        import_consent, name=str(path), options=ImportOptions(source="fair"), evidence="form", answer="yes"
    )
    meet(shop, brings, brings)
    with open_database(shop.database_url, now=0):
        assert rows("SELECT COUNT(*) FROM imports") == [(1,)]
        assert rows("SELECT COUNT(*) FROM consents") == [(1,)]
