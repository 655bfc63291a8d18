"""The CDNOW purchases: fixed columns, an order a customer and day, on both databases."""

from __future__ import annotations

import pytest

from retainctl.config import read_shop
from retainctl.shop.orders_import.orders import import_orders
from retainctl.shop.orders_import.planning import OrderOptions
from retainctl.store.database import rows
from retainctl.store.opening import open_database
from tests.conftest import NOW, MakeShop
from tests.shop.orders_import.conftest import counts

pytest.importorskip("retainctl.shop.orders_import.formats.cdnow")


def test_the_whole_file_is_accounted_for(make_shop: MakeShop, shared: object) -> None:
    shop = read_shop(str(make_shop(language="en", currency="USD", timezone="America/New_York")), now=NOW)
    with open_database(shop.database_url, now=shop.clock.now(), migrate=True):
        outcome = import_orders(shop, f"{shared}/data/cdnow/CDNOW_master.txt", OrderOptions())
        assert counts(outcome) == (69_659, 69_659, 0, 0, 0, 0, 0)
        assert (outcome.row.customers, outcome.row.orders) == (23_570, 67_591)
        ((customers, repeaters),) = rows(
            "SELECT COUNT(*), SUM(CASE WHEN orders > 1 THEN 1 ELSE 0 END) FROM customer_summaries"
        )
        assert round(int(repeaters) / customers, 6) == 0.488587
        again = import_orders(shop, f"{shared}/data/cdnow/CDNOW_master.txt", OrderOptions(format="cdnow", again=True))
        assert counts(again) == (69_659, 0, 0, 69_659, 0, 0, 0)
