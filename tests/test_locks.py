"""Whoever writes what two must not write at once waits for the other. On SQLite every writer waits for every other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from retainctl.audience.segments import refresh
from retainctl.club.awarding import award
from retainctl.club.spending import add, redeem
from retainctl.config import Shop
from retainctl.digest import send as send_digest
from retainctl.errors import TryLater
from retainctl.intake.import_runs import ImportOptions
from retainctl.jobs.locking import only_one
from retainctl.outreach.planning import plan
from retainctl.outreach.tokens import signer
from retainctl.shop.consent_history import revoke_by_hand
from retainctl.shop.consent_import import import_consent
from retainctl.shop.customers_import import import_customers
from retainctl.shop.identity import Person, find_or_make
from retainctl.shop.merging import merge, undo
from retainctl.shop.orders_import.orders import import_orders
from retainctl.shop.orders_import.planning import OrderOptions
from retainctl.shop.orders_import.retry import retry
from retainctl.shop.products_import import PRODUCTS
from retainctl.store.database import execute
from tests.outreach.test_planning import recipe
from tests.shop.orders_import.conftest import HEADER, row

pytestmark = pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
Work = Callable[[Shop], object]


def file(shop: Shop, name: str) -> str:
    return str(shop.folder / name)


def with_owner(shop: Shop) -> Shop:
    return replace(shop, settings=replace(shop.settings, owner_email="owner@shop.example"))


def bring_consent(shop: Shop) -> None:
    import_consent(shop, file(shop, "people.csv"), ImportOptions(), evidence="form", answer="yes")


@pytest.fixture
def town(shop: Shop) -> Shop:
    """A shop in which there is something to do for everybody who waits for another."""
    Path(file(shop, "orders.csv")).write_text(f"{HEADER}\n{row('1')}\n{row('2', currency='')}\n", encoding="utf-8")
    Path(file(shop, "more.csv")).write_text(f"{HEADER}\n{row('3')}\n", encoding="utf-8")
    Path(file(shop, "people.csv")).write_text("email\nnoa@shop.example\n", encoding="utf-8")
    Path(file(shop, "products.csv")).write_text("sku,name\nMUG,Mug\n", encoding="utf-8")
    (shop.folder / "segments").mkdir()
    (shop.folder / "segments/buyers.toml").write_text("expression = 'orders >= 1'", encoding="utf-8")
    find_or_make(shop, [Person("web", str(number)) for number in range(1, 5)])
    import_orders(shop, file(shop, "orders.csv"), OrderOptions())
    add(shop, 1, 50, source="complaint:1", reason="Sorry")
    merge(shop, survivor_id=3, merged_id=4, reason="one person")
    return shop


def run_a_job(shop: Shop) -> None:
    with only_one(shop, "nightly", seconds=60):
        pass


@contextmanager
def held_by_another(shop: Shop, lock: str) -> Iterator[None]:
    """Another program holds *lock* while the block runs, and we give up when we had to wait for it."""
    with psycopg.connect(shop.settings.database) as other:
        other.execute("INSERT INTO locks (name) VALUES (%s) ON CONFLICT DO NOTHING", [lock])
        other.commit()
        other.execute("SELECT name FROM locks WHERE name = %s FOR UPDATE", [lock])
        execute("SET lock_timeout = '200ms'")
        yield


@pytest.mark.parametrize(
    ("lock", "work"),
    [
        ("ledger", lambda shop: add(shop, 2, 5, source="complaint:2", reason="Sorry")),
        ("ledger", lambda shop: redeem(shop, 1, 5, source="basket:1")),
        ("ledger", award),
        ("ledger", lambda shop: merge(shop, survivor_id=1, merged_id=2, reason="one person")),
        ("ledger", lambda shop: undo(shop, 1)),
        ("customers", lambda shop: find_or_make(shop, [Person("web", "9")])),
        ("customers", lambda shop: merge(shop, survivor_id=1, merged_id=2, reason="one person")),
        ("customers", lambda shop: undo(shop, 1)),
        ("customers", lambda shop: revoke_by_hand(shop, "dana@shop.example", reason="she rang")),
        ("digest", lambda shop: send_digest(with_owner(shop))),
        ("segments", lambda shop: refresh(shop, "buyers")),
        ("definitions", lambda shop: refresh(shop, "buyers")),
        ("import", lambda shop: import_orders(shop, file(shop, "more.csv"), OrderOptions())),
        ("import", lambda shop: retry(shop, (), OrderOptions(currency="ILS"))),
        ("import", lambda shop: import_customers(shop, file(shop, "people.csv"), ImportOptions())),
        (
            "import",
            lambda shop: import_consent(shop, file(shop, "people.csv"), ImportOptions(), evidence="form", answer="yes"),
        ),
        ("import", lambda shop: PRODUCTS.import_file(shop, file(shop, "products.csv"), ImportOptions())),
        ("signing_keys", lambda shop: signer(shop.clock.now())),
        ("job:nightly", run_a_job),
        ("plan of campaign spring", lambda shop: plan(shop, recipe(shop), [1])),
    ],
)
def test_what_two_must_not_do_at_once_waits_for_the_other(town: Shop, lock: str, work: Work) -> None:
    with (
        held_by_another(town, lock),
        pytest.raises(TryLater, match="another program is writing to the database"),
    ):
        work(town)
    work(town)


@pytest.mark.parametrize("work", [lambda shop: refresh(shop, "buyers"), award])
def test_nobody_waits_for_who_does_something_else(town: Shop, work: Work) -> None:
    with held_by_another(town, "import"):
        work(town)
