"""Looking at customers: finding one, listing many, and all that is known of one in the order of time."""

from __future__ import annotations

from operator import attrgetter
from typing import Final

from retainctl.config import Shop
from retainctl.errors import BadData, WrongUsage
from retainctl.facets import all_facets
from retainctl.normalising import email_address, phone_number
from retainctl.rows import OwnWord, Row
from retainctl.store.database import rows, value
from retainctl.store.select import MaybeDay, select

# The index of identities is of these two kinds alone, and SQLite asks to be told so.
OF_THIS_ADDRESS: Final = "kind IN ('email', 'phone') AND kind = ? AND key = ?"


class CustomerRow(Row, kind="customer", spare="language phone"):
    """One customer of a listing, with the first address of each kind."""

    customer_id: int
    first_name: str | None
    last_name: str | None
    language: str | None
    email: str | None
    phone: str | None
    orders: int
    last_order: MaybeDay


class CustomerFact(Row, kind="customer_fact"):
    """One thing that is known of a customer. *at* is None for what holds now, else when it happened."""

    at: str | None
    about: OwnWord
    what: str
    detail: str


def find_customer(shop: Shop, text: str) -> int:
    """The customer that *text* names: an id, an e-mail, a phone, or ``SOURCE:EXTERNAL_ID``.

    One who was merged into another is that other. Nobody is WrongUsage.
    """
    found = _named(shop, text.strip())
    if found is None:
        raise WrongUsage(f"no customer matches {text!r}", hint="Search: retainctl customers list --query TEXT")
    return survivor_of(found)


def _named(shop: Shop, text: str) -> int | None:
    if text.isascii() and text.isdigit() and not text.startswith("0") and len(text) <= 18:
        found = value("SELECT id FROM customers WHERE id = ?", int(text))
        if found is not None:
            return int(found)
    source, colon, external_id = text.partition(":")
    if colon:
        found = value("SELECT customer_id FROM customer_keys WHERE source = ? AND external_id = ?", source, external_id)
    elif address := address_named(shop, text):
        found = value(f"SELECT customer_id FROM contact_points WHERE {OF_THIS_ADDRESS}", *address)
    else:
        found = None
    return None if found is None else int(found)


def address_named(shop: Shop, text: str) -> tuple[str, str] | None:
    """*text* as a kind of contact point and its key, None where it is neither an e-mail nor a phone."""
    try:
        if "@" in text:
            return "email", email_address(text).key
        return "phone", phone_number(text, shop.settings.country)
    except BadData:
        return None


def survivor_of(customer_id: int) -> int:
    """Who *customer_id* is after all merges: themselves, or the last of those that they were merged into."""
    while (into := value("SELECT merged_into FROM customers WHERE id = ?", customer_id)) is not None:
        customer_id = int(into)
    return customer_id


def ever_one_with(customer_id: int) -> set[int]:
    """The customer, and all with whom they are one by merges, or were one until a merge was undone."""
    query = """
        WITH RECURSIVE one (id) AS (
            SELECT CAST(? AS BIGINT) UNION
            SELECT CASE WHEN m.survivor_id = one.id THEN m.merged_id ELSE m.survivor_id END
            FROM one JOIN customer_merges AS m ON one.id IN (m.survivor_id, m.merged_id)
        )
        SELECT id FROM one
    """
    return {row[0] for row in rows(query, customer_id)}


def list_customers(shop: Shop, *, query: str = "", limit: int = 100) -> list[CustomerRow]:
    """The first *limit* customers by id whose name, e-mail, phone or external id holds *query*."""
    condition, values = "", []
    if query:
        pattern = f"%{escaped(query.strip().lower())}%"
        condition = r"""AND (lower(COALESCE(c.first_name, '') || ' ' || COALESCE(c.last_name, '')) LIKE ? ESCAPE '\'
            OR EXISTS (SELECT 1 FROM contact_points AS p WHERE p.customer_id = c.id AND p.key LIKE ? ESCAPE '\')
            OR EXISTS (SELECT 1 FROM customer_keys AS k
                WHERE k.customer_id = c.id AND lower(k.external_id) LIKE ? ESCAPE '\'))"""
        values = [pattern] * 3
    sql = f"""SELECT c.id AS customer_id, c.first_name, c.last_name, c.language, {_first("email")} AS email,
            {_first("phone")} AS phone,
            COALESCE((SELECT CAST(SUM(s.orders) AS bigint) FROM customer_summaries AS s WHERE s.customer_id = c.id), 0)
                AS orders,
            (SELECT MAX(s.last_order_day) FROM customer_summaries AS s WHERE s.customer_id = c.id) AS last_order
        FROM customers AS c WHERE c.merged_into IS NULL {condition} ORDER BY c.id LIMIT ?"""
    return select(shop, CustomerRow, sql, *values, limit)


def _first(kind: str) -> str:
    return (
        "(SELECT p.value FROM contact_points AS p"
        f" WHERE p.customer_id = c.id AND p.kind = '{kind}' ORDER BY p.id LIMIT 1)"
    )


def escaped(text: str) -> str:
    r"""*text* for LIKE with ``ESCAPE '\'``, every letter as it is."""
    return text.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")


def show_customer(shop: Shop, customer_id: int, *, limit: int = 200) -> list[CustomerFact]:
    """What holds now of the customer, then the newest *limit* events of their history, oldest first."""
    present = (known for facet in all_facets() for known in facet.now(shop, customer_id))
    events = (event for facet in all_facets() for event in facet.history(shop, customer_id))
    newest = sorted(events, key=attrgetter("at"))[-limit:]
    return [
        *(CustomerFact(at=None, about=one.about, what=one.what, detail=one.detail) for one in present),
        *(CustomerFact(at=shop.clock.iso(one.at), about=one.about, what=one.what, detail=one.detail) for one in newest),
    ]
