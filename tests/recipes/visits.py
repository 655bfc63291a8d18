"""Customers who came to one of the shop's places: known by a shop's id of them, by e-mail or by phone."""

from __future__ import annotations

from typing import Final

from retainctl.config import Shop
from retainctl.intake.declared import Field, Listing, day, text, whole
from retainctl.rows import Row
from retainctl.shop.customer_lookup import CUSTOMER
from retainctl.store.select import Day, select

VISITS: Final = Listing(
    "visits",
    "visits",
    key=("customer_id", "visited_on", "place"),
    fields=(
        CUSTOMER,
        Field("visited_on", ("visited_on", "date", "תאריך"), day, required=True),
        Field("place", ("place", "branch", "סניף"), text, required=True),
        Field("minutes", ("minutes", "דקות"), whole, new=None),
    ),
)


class Visit(Row, kind="visit"):
    """A customer's visit."""

    customer_id: int
    first_name: str
    visited_on: Day
    place: str
    minutes: int | None


def list_visits(shop: Shop, *, customer_id: int | None = None, limit: int = 100) -> list[Visit]:
    """The latest *limit* visits, of one customer or of all."""
    sql = """SELECT v.customer_id, c.first_name, v.visited_on, v.place, v.minutes
        FROM visits AS v JOIN customers AS c ON c.id = v.customer_id
        WHERE v.customer_id = COALESCE(CAST(? AS BIGINT), v.customer_id)
        ORDER BY v.visited_on DESC, v.customer_id, v.place LIMIT ?"""
    return select(shop, Visit, sql, customer_id, limit)
