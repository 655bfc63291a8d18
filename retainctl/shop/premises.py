"""Opening the shop: its folder read and checked, its database open."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from retainctl.config import Shop, read_shop
from retainctl.store.opening import open_database
from retainctl.store.writing import reading


@contextmanager
def opened(
    named: str | None = None, *, now: str | None = None, migrate: bool = False, trust_clock: bool = False
) -> Iterator[Shop]:
    """The shop called *named* (or found from here), with its database open while the block runs."""
    shop = read_shop(named, now=now)
    if trust_clock:
        shop = replace(shop, clock=replace(shop.clock, trusted=True))
    with open_database(shop.database_url, now=shop.clock.now(), migrate=migrate), reading():
        yield shop
