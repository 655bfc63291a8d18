"""Looking at customers: finding one, listing many, and all that is known of one in the order of time."""

from __future__ import annotations

from typing import Final

from retainctl.config import Shop
from retainctl.errors import BadData, WrongUsage
from retainctl.money import format_minor
from retainctl.normalising import email_address, phone_number
from retainctl.rows import Row
from retainctl.shop.consent import permissions
from retainctl.store.database import rows, value

# The index of identities is of these two kinds alone, and SQLite asks to be told so.
OF_THIS_ADDRESS: Final = "kind IN ('email', 'phone') AND kind = ? AND key = ?"


class CustomerRow(Row, kind="customer"):
    """One customer of a listing, with the first address of each kind."""

    customer_id: int
    first_name: str | None
    last_name: str | None
    language: str | None
    email: str | None
    phone: str | None
    orders: int
    last_order: str | None


class Fact(Row, kind="customer_fact"):
    """One thing that is known of a customer. *at* is None for what holds now, else when it happened."""

    at: str | None
    about: str
    what: str
    detail: str


def find_customer(shop: Shop, text: str) -> int:
    """The customer that *text* names: an id, an e-mail, a phone, or ``SOURCE:EXTERNAL_ID``.

    One who was merged into another is that other. Nobody is WrongUsage.
    """
    found = _named(shop, text.strip())
    if found is None:
        raise WrongUsage(f"no customer is known by {text!r}", hint="Search: retainctl customers list --query TEXT")
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


def list_customers(*, query: str = "", limit: int = 100) -> list[CustomerRow]:
    """The first *limit* customers by id whose name, e-mail, phone or external id holds *query*."""
    condition, values = "", []
    if query:
        pattern = f"%{escaped(query.strip().lower())}%"
        condition = r"""AND (lower(COALESCE(c.first_name, '') || ' ' || COALESCE(c.last_name, '')) LIKE ? ESCAPE '\'
            OR EXISTS (SELECT 1 FROM contact_points AS p WHERE p.customer_id = c.id AND p.key LIKE ? ESCAPE '\')
            OR EXISTS (SELECT 1 FROM customer_keys AS k
                WHERE k.customer_id = c.id AND lower(k.external_id) LIKE ? ESCAPE '\'))"""
        values = [pattern] * 3
    return [
        CustomerRow(*found)
        for found in rows(
            f"""SELECT c.id, c.first_name, c.last_name, c.language, {_first("email")}, {_first("phone")},
                COALESCE((SELECT CAST(SUM(s.orders) AS bigint) FROM customer_summaries AS s
                    WHERE s.customer_id = c.id), 0),
                (SELECT MAX(s.last_order_on) FROM customer_summaries AS s WHERE s.customer_id = c.id)
            FROM customers AS c WHERE c.merged_into IS NULL {condition} ORDER BY c.id LIMIT ?""",
            *values,
            limit,
        )
    ]


def _first(kind: str) -> str:
    return (
        "(SELECT p.value FROM contact_points AS p"
        f" WHERE p.customer_id = c.id AND p.kind = '{kind}' ORDER BY p.id LIMIT 1)"
    )


def escaped(text: str) -> str:
    r"""*text* for LIKE with ``ESCAPE '\'``, every letter as it is."""
    return text.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")


def show_customer(shop: Shop, customer_id: int, *, limit: int = 200) -> list[Fact]:
    """What holds now of the customer, then the newest *limit* events of their history, oldest first."""
    events = sorted(_history(customer_id), key=lambda event: event[0])[-limit:]
    return [
        *_present(customer_id, at=shop.clock.now()),
        *(Fact(at=shop.clock.iso(at), about=about, what=what, detail=detail) for at, about, what, detail in events),
    ]


def _present(customer_id: int, *, at: int) -> list[Fact]:
    ((first_name, last_name, language),) = rows(
        "SELECT first_name, last_name, language FROM customers WHERE id = ?", customer_id
    )
    facts = [
        ("customer", "id", str(customer_id)),
        ("customer", "name", " ".join(name for name in (first_name, last_name) if name)),
        ("customer", "language", language or ""),
    ]
    facts += [
        ("customer", f"id at {source}", external_id)
        for source, external_id in rows(
            "SELECT source, external_id FROM customer_keys WHERE customer_id = ? ORDER BY 1, 2", customer_id
        )
    ]
    facts += _addresses(customer_id, at=at)
    facts += _bought(customer_id)
    facts += [
        ("points", "balance" if kind == "customer" else "owed", str(int(balance)))
        for kind, balance in rows(
            "SELECT kind, SUM(balance) FROM accounts WHERE customer_id = ? GROUP BY kind ORDER BY kind", customer_id
        )
    ]
    facts += [
        ("segment", name, "member")
        for (name,) in rows(
            "SELECT s.name FROM segment_members AS m JOIN segments AS s ON s.id = m.segment_id"
            " WHERE m.customer_id = ? AND m.left_at IS NULL ORDER BY s.name",
            customer_id,
        )
    ]
    return [Fact(at=None, about=about, what=what, detail=detail) for about, what, detail in facts]


def _bought(customer_id: int) -> list[tuple[str, str, str]]:
    """What was ordered and what came back, in each currency."""
    facts = []
    for currency, orders, gross, returned, first, last in rows(
        "SELECT currency, orders, gross_minor, returns_minor, first_order_on, last_order_on FROM customer_summaries"
        " WHERE customer_id = ? ORDER BY currency",
        customer_id,
    ):
        span = f", {first} to {last}" if first else ""
        facts += [
            ("orders", currency, f"{orders} orders, {format_minor(gross, currency)} {currency}{span}"),
            ("orders", "returned", f"{format_minor(returned, currency)} {currency}"),
        ]
    return facts


def _addresses(customer_id: int, *, at: int) -> list[tuple[str, str, str]]:
    """Each contact point with what its owner allows there at the instant *at*."""
    sql, values = permissions(at=at, customer_ids=[customer_id])
    permitted = set(rows(f"SELECT contact_point_id, purpose FROM ({sql}) AS allowed", *values))
    allowed: dict[int, list[str]] = {}
    for point, purpose in rows(
        """SELECT DISTINCT k.contact_point_id, k.purpose FROM consents k
            JOIN contact_points p ON p.id = k.contact_point_id WHERE p.customer_id = ? ORDER BY 1, 2""",
        customer_id,
    ):
        word = "given" if (point, purpose) in permitted else "revoked"
        allowed.setdefault(point, []).append(f"{purpose} {word}")
    return [
        (
            kind,
            text,
            ", ".join(
                word
                for word in (
                    "verified" if verified else "",
                    flag,
                    *allowed.get(point, ["no consent"] if kind != "postal" else []),
                    f"suppressed ({suppressed})" if suppressed else "",
                )
                if word
            ),
        )
        for point, kind, text, flag, verified, suppressed in rows(
            """SELECT p.id, p.kind, p.value, p.flag, p.verified,
                (SELECT MIN(s.reason) FROM suppressions AS s WHERE s.kind = p.kind AND s.key_hash = p.key_hash)
            FROM contact_points AS p WHERE p.customer_id = ? ORDER BY p.kind, p.id""",
            customer_id,
        )
    ]


_Event = tuple[int, str, str, str]


def _history(customer_id: int) -> list[_Event]:
    events: list[_Event] = [
        (at, "customer", "created", "") for (at,) in rows("SELECT created_at FROM customers WHERE id = ?", customer_id)
    ]
    events += [
        (at, "change", field, f"{before or 'nothing'} → {after or 'nothing'} ({source})")
        for at, field, before, after, source in rows(
            "SELECT changed_at, field, before, after, source FROM customer_changes WHERE customer_id = ? ORDER BY id",
            customer_id,
        )
    ]
    events += [
        (at, "consent", f"{purpose} {action}", f"{text}: {evidence} ({source})")
        for at, purpose, action, text, evidence, source in rows(
            """SELECT c.happened_at, c.purpose, c.action, p.value, c.evidence, c.source FROM consents AS c
            JOIN contact_points AS p ON p.id = c.contact_point_id WHERE p.customer_id = ? ORDER BY c.id""",
            customer_id,
        )
    ]
    events += [
        (at, "order", external_id, f"{status}, {format_minor(gross, currency)} {currency} ({source})")
        for at, external_id, status, gross, currency, source in rows(
            "SELECT ordered_at, external_id, status, gross_minor, currency, source FROM orders"
            " WHERE customer_id = ? ORDER BY ordered_at, id",
            customer_id,
        )
    ]
    events += [
        (at, "return", external_id, f"{format_minor(amount, currency)} {currency} ({source})")
        for at, external_id, amount, currency, source in rows(
            "SELECT returned_at, external_id, amount_minor, currency, source FROM order_returns"
            " WHERE customer_id = ? ORDER BY returned_at, id",
            customer_id,
        )
    ]
    return events + _messages(customer_id) + _merges(customer_id)


def _messages(customer_id: int) -> list[_Event]:
    """What was sent to them, and what they answered."""
    events = [
        (at, program, name, f"{state}, {address}")
        for at, program, name, state, address in rows(
            """SELECT COALESCE(o.handed_at, o.done_at), m.program, m.name, o.state, o.to_address FROM outbox AS o
            JOIN mailings AS m ON m.id = o.mailing_id
            WHERE o.customer_id = ? AND COALESCE(o.handed_at, o.done_at) IS NOT NULL ORDER BY o.id""",
            customer_id,
        )
    ]
    return events + [
        (at, "answer", survey, f"{question}: {score}")
        for at, survey, question, score in rows(
            """SELECT r.answered_at, r.survey, a.question, a.score FROM responses AS r
            JOIN answers AS a ON a.response_id = r.id
            WHERE r.customer_id = ? AND r.answered_at IS NOT NULL AND a.score IS NOT NULL ORDER BY r.id, a.question""",
            customer_id,
        )
    ]


def _merges(customer_id: int) -> list[_Event]:
    events: list[_Event] = []
    for merge_id, survivor, merged, at, reason, undone_at in rows(
        "SELECT id, survivor_id, merged_id, merged_at, reason, undone_at FROM customer_merges"
        " WHERE survivor_id = ? OR merged_id = ? ORDER BY id",
        customer_id,
        customer_id,
    ):
        events.append((at, "merge", str(merge_id), f"customer {merged} into customer {survivor}: {reason}"))
        if undone_at is not None:
            events.append((undone_at, "merge", str(merge_id), "undone"))
    return events
