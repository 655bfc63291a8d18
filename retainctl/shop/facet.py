"""What the shop knows of a customer: who they are, where they are reached, what they allowed and bought."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from retainctl.clock import day_of
from retainctl.config import Shop
from retainctl.facets import Attribute, Event, Facet, Fact, Joined, Viewpoint
from retainctl.money import format_minor
from retainctl.shop import identity
from retainctl.shop.consent import IN_FORCE
from retainctl.shop.consent_history import list_consent
from retainctl.store.database import rows
from retainctl.store.dialect import one_of

_COUNTS_AND_DAYS: Final = "orders, orders AS money_orders, gross_minor, returns_minor, first_order_day, last_order_day"
# Counts and days over all currencies, money of one alone.
_OVER_CURRENCIES: Final = """SUM(orders) AS orders,
    SUM(CASE WHEN currency = ? THEN orders ELSE 0 END) AS money_orders,
    SUM(CASE WHEN currency = ? THEN gross_minor ELSE 0 END) AS gross_minor,
    SUM(CASE WHEN currency = ? THEN returns_minor ELSE 0 END) AS returns_minor,
    MIN(first_order_day) AS first_order_day, MAX(last_order_day) AS last_order_day"""


def _summaries(asked: Viewpoint) -> tuple[str, Sequence[object]]:
    among, ids = _among(asked, "customer_id")
    if asked.one_currency:
        return f"SELECT customer_id, {_COUNTS_AND_DAYS} FROM customer_summaries WHERE {among}", ids
    sql = f"SELECT customer_id, {_OVER_CURRENCIES} FROM customer_summaries WHERE {among} GROUP BY customer_id"
    return sql, [asked.currency] * 3 + ids


def _top_categories(asked: Viewpoint) -> tuple[str, Sequence[object]]:
    """The category that each customer bought from in the most orders; the first in the alphabet among equals."""
    among, ids = _among(asked, "o.customer_id")
    sql = f"""SELECT customer_id, category FROM (
        SELECT o.customer_id, p.category, ROW_NUMBER() OVER (
            PARTITION BY o.customer_id ORDER BY COUNT(DISTINCT o.id) DESC, p.category) AS place
        FROM orders o JOIN order_lines l ON l.order_id = o.id AND l.kind = 'sale'
        JOIN products p ON p.id = l.product_id AND p.category <> ''
        WHERE {among} AND o.is_sale = 1 GROUP BY o.customer_id, p.category
    ) AS ranked WHERE place = 1"""
    return sql, ids


def _among(asked: Viewpoint, column: str) -> tuple[str, list[object]]:
    if asked.customer_ids is None:
        return "TRUE", []
    condition, bound = one_of(list(asked.customer_ids))
    return f"{column} {condition}", [bound]


_SUMMARY: Final = Joined("s", _summaries)
_TOP: Final = Joined("t", _top_categories)


_ATTRIBUTES: Final = (
    Attribute("orders", "number", ("number of orders", "מספר הזמנות"), "COALESCE(s.orders, 0)", _SUMMARY, (7, 7)),
    Attribute("spent", "money", ("purchases minus returns", "קניות פחות החזרות"),
              "COALESCE(s.gross_minor - s.returns_minor, 0)", _SUMMARY, (123450, 123450)),
    Attribute("returned", "money", ("value of returns", "שווי ההחזרות"),
              "COALESCE(s.returns_minor, 0)", _SUMMARY),
    Attribute("average_order", "money", ("average order value", "הזמנה ממוצעת"),
              "(s.gross_minor * 1.0 / NULLIF(s.money_orders, 0))", _SUMMARY),
    Attribute("first_order", "date", ("day of the first order", "יום ההזמנה הראשונה"),
              "s.first_order_day", _SUMMARY, (19753, 19753)),
    Attribute("last_order", "date", ("day of the last order", "יום ההזמנה האחרונה"),
              "s.last_order_day", _SUMMARY, (20122, 20122)),
    Attribute("days_since_order", "days_since", ("days since the last order", "ימים מאז ההזמנה האחרונה"),
              "s.last_order_day", _SUMMARY, (27, 27), is_for_segments=False),
    Attribute("top_category", "category", ("category of most orders", "הקטגוריה העיקרית"),
              "t.category", _TOP, ("Coffee", "קפה"), is_for_segments=False),
    Attribute("first_name", "text", ("first name, as imported", "שם פרטי"), "c.first_name", None, ("Dana", "דנה")),
    Attribute("last_name", "text", ("last name, as imported", "שם משפחה"), "c.last_name", None, ("Levi", "לוי")),
    Attribute("language", "text", ("he or en", "שפה"), "c.language"),
    Attribute("email", "contact", ("has an e-mail address", "כתובת מייל"), "email"),
    Attribute("phone", "contact", ("has a phone number", "מספר טלפון"), "phone"),
    Attribute("email_domain", "contact", ("domain of an e-mail address", "מה שאחרי ה־@"), "email"),
)  # fmt: skip


def _now(shop: Shop, customer_id: int) -> Iterator[Fact]:
    ((first_name, last_name, language),) = rows(
        "SELECT first_name, last_name, language FROM customers WHERE id = ?", customer_id
    )
    yield Fact("customer", "id", str(customer_id))
    yield Fact("customer", "name", " ".join(name for name in (first_name, last_name) if name))
    yield Fact("customer", "language", language or "")
    for source, external_id in rows(
        "SELECT source, external_id FROM customer_keys WHERE customer_id = ? ORDER BY 1, 2", customer_id
    ):
        yield Fact("customer", f"id at {source}", external_id)
    yield from _addresses(shop, customer_id)
    for currency, orders, gross, returned, first, last in rows(
        "SELECT currency, orders, gross_minor, returns_minor, first_order_day, last_order_day FROM customer_summaries"
        " WHERE customer_id = ? ORDER BY currency",
        customer_id,
    ):
        span = "" if first is None else f", {day_of(first)} to {day_of(last)}"
        yield Fact("orders", currency, f"{orders} orders, {format_minor(gross, currency)} {currency}{span}")
        yield Fact("orders", "returned", f"{format_minor(returned, currency)} {currency}")


def _addresses(shop: Shop, customer_id: int) -> Iterator[Fact]:
    """Each contact point with what its owner allows or refuses there now, as far as nothing else keeps us away."""
    decided = """SELECT DISTINCT p.value FROM consents AS k JOIN contact_points AS p ON p.id = k.contact_point_id
        WHERE p.customer_id = ?"""
    said: dict[str, list[str]] = {address: [] for (address,) in rows(decided, customer_id)}
    for one in list_consent(shop, str(customer_id)):
        if one.state in ("given", "revoked"):
            said.setdefault(one.address, []).append(f"{one.purpose} {one.state}")
    for kind, text, flag, verified, suppressed in rows(
        f"""SELECT p.kind, p.value, p.flag, p.verified,
            (SELECT MIN(s.reason) FROM {IN_FORCE} AS s WHERE s.kind = p.kind AND s.key_hash = p.key_hash)
        FROM contact_points AS p WHERE p.customer_id = ? ORDER BY p.kind, p.id""",
        customer_id,
    ):
        words = [
            "verified" if verified else "",
            flag,
            *said.get(text, ["no consent"] if kind != "postal" else []),
            f"suppressed ({suppressed})" if suppressed else "",
        ]
        yield Fact(kind, text, ", ".join(filter(None, words)))


def _history(_shop: Shop, customer_id: int) -> Iterator[Event]:
    for (at,) in rows("SELECT created_at FROM customers WHERE id = ?", customer_id):
        yield Event(at, "customer", "created", "")
    for at, name, before, after, source in rows(
        "SELECT changed_at, field, before, after, source FROM customer_changes WHERE customer_id = ? ORDER BY id",
        customer_id,
    ):
        yield Event(at, "change", name, f"{before or 'nothing'} → {after or 'nothing'} ({source})")
    for at, purpose, action, text, evidence, source in rows(
        """SELECT c.happened_at, c.purpose, c.action, p.value, c.evidence, c.source FROM consents AS c
        JOIN contact_points AS p ON p.id = c.contact_point_id WHERE p.customer_id = ? ORDER BY c.id""",
        customer_id,
    ):
        yield Event(at, "consent", f"{purpose} {action}", f"{text}: {evidence} ({source})")
    for at, external_id, status, gross, currency, source in rows(
        "SELECT ordered_at, external_id, status, gross_minor, currency, source FROM orders"
        " WHERE customer_id = ? ORDER BY ordered_at, id",
        customer_id,
    ):
        yield Event(at, "order", external_id, f"{status}, {format_minor(gross, currency)} {currency} ({source})")
    for at, external_id, amount, currency, source in rows(
        "SELECT returned_at, external_id, amount_minor, currency, source FROM order_returns"
        " WHERE customer_id = ? ORDER BY returned_at, id",
        customer_id,
    ):
        yield Event(at, "return", external_id, f"{format_minor(amount, currency)} {currency} ({source})")
    yield from _merges(customer_id)


def _merges(customer_id: int) -> Iterator[Event]:
    for merge_id, survivor, merged, at, reason, undone_at in rows(
        "SELECT id, survivor_id, merged_id, merged_at, reason, undone_at FROM customer_merges"
        " WHERE survivor_id = ? OR merged_id = ? ORDER BY id",
        customer_id,
        customer_id,
    ):
        yield Event(at, "merge", str(merge_id), f"customer {merged} into customer {survivor}: {reason}")
        if undone_at is not None:
            yield Event(undone_at, "merge", str(merge_id), "undone")


FACET: Final = Facet(
    attributes=_ATTRIBUTES,
    now=_now,
    history=_history,
    moved_by_merge={
        "contact_points": ("id",),
        "customer_keys": ("source", "external_id"),
        "orders": ("id",),
        "order_returns": ("id",),
    },
    locks=(identity.LOCK,),
)
