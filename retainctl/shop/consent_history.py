"""Looking at consent: what holds at each address now, every decision with its evidence, and refusals by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from retainctl.config import Shop
from retainctl.errors import WrongUsage
from retainctl.rows import Row
from retainctl.shop.consent import Decision, Purpose, record, suppress
from retainctl.shop.customers import OF_THIS_ADDRESS, address_named, find_customer
from retainctl.store.database import rows
from retainctl.store.writing import in_one_transaction

PURPOSES: tuple[Purpose, ...] = ("marketing", "survey")


@dataclass(frozen=True, slots=True)
class ConsentState(Row):
    """What holds at one address for one purpose: ``given``, ``revoked``, or ``suppressed`` whatever was given."""

    kind: ClassVar[str] = "consent"
    customer_id: int | None
    address: str
    purpose: str
    state: str
    since: str
    source: str
    evidence: str


@dataclass(frozen=True, slots=True)
class ConsentEvent(Row):
    """One decision, as it was recorded."""

    kind: ClassVar[str] = "consent_event"
    at: str
    customer_id: int
    address: str
    purpose: str
    action: str
    source: str
    evidence: str
    wording: str
    recorded_at: str


def list_consent(shop: Shop, customer: str = "", *, limit: int = 100) -> list[ConsentState]:
    """The latest decision at each address, of *customer* or of all, by customer."""
    condition, values = "", []
    if customer:
        condition, values = "AND p.customer_id = ?", [find_customer(shop, customer)]
    return [
        ConsentState(
            customer_id=customer_id, address=address, purpose=purpose,
            state="suppressed" if suppressed else action,
            since=shop.clock.iso(suppressed_at if suppressed else at), source=source,
            evidence=f"{suppressed}: {why}" if suppressed else evidence,
        )
        for customer_id, address, purpose, action, at, source, evidence, suppressed, suppressed_at, why in rows(
            f"""SELECT p.customer_id, p.value, c.purpose, c.action, c.happened_at, c.source, c.evidence,
                s.reason, s.suppressed_at, s.evidence
            FROM (SELECT consents.*, ROW_NUMBER() OVER (PARTITION BY contact_point_id, purpose
                ORDER BY happened_at DESC, action DESC, id DESC) AS place FROM consents) AS c
            JOIN contact_points AS p ON p.id = c.contact_point_id
            LEFT JOIN suppressions AS s ON s.kind = p.kind AND s.key = p.key
            WHERE c.place = 1 {condition} ORDER BY p.customer_id, p.id, c.purpose LIMIT ?""",
            *values, limit,
        )
    ]  # fmt: skip


def show_consent(shop: Shop, customer: str) -> list[ConsentEvent]:
    """Every decision at the customer's addresses with its evidence, oldest first; suppressions among them."""
    customer_id = find_customer(shop, customer)
    found = rows(
        """SELECT c.happened_at, p.value, c.purpose, c.action, c.source, c.evidence, c.wording, c.recorded_at
        FROM consents AS c JOIN contact_points AS p ON p.id = c.contact_point_id
        WHERE p.customer_id = ? ORDER BY c.happened_at, c.id""",
        customer_id,
    )
    found += rows(
        """SELECT s.suppressed_at, p.value, '', 'suppressed', s.reason, s.evidence, '', s.suppressed_at
        FROM suppressions AS s JOIN contact_points AS p ON p.kind = s.kind AND p.key = s.key
        WHERE p.customer_id = ?""",
        customer_id,
    )
    return [
        ConsentEvent(
            at=shop.clock.iso(at), customer_id=customer_id, address=address, purpose=purpose, action=action,
            source=source, evidence=evidence, wording=wording, recorded_at=shop.clock.iso(recorded_at),
        )
        for at, address, purpose, action, source, evidence, wording, recorded_at in sorted(
            found, key=lambda event: event[0]
        )
    ]  # fmt: skip


@in_one_transaction
def revoke_by_hand(shop: Shop, named: str, *, reason: str, purpose: Purpose | None = None) -> list[ConsentState]:
    """Record that the customer or the owner of the address *named* refuses: every purpose, unless one is named.

    An address that no customer has is suppressed, so that the refusal is not lost when its owner is imported.
    """
    address = address_named(shop, named.strip())
    if address is not None:
        points = [row[0] for row in rows(f"SELECT id FROM contact_points WHERE {OF_THIS_ADDRESS}", *address)]
        if not points:
            return [_suppressed(shop, *address, reason=reason)]
    else:
        customer_id = find_customer(shop, named)
        points = [
            row[0]
            for row in rows(
                "SELECT id FROM contact_points WHERE customer_id = ? AND kind IN ('email', 'phone') ORDER BY id",
                customer_id,
            )
        ]
        if not points:
            raise WrongUsage(f"customer {customer_id} has no e-mail or phone that could be refused")
    record(
        shop,
        [
            Decision(point, each, "revoked", "by hand", reason)
            for point in points
            for each in ((purpose,) if purpose else PURPOSES)
        ],
    )
    (customer_id,) = {row[0] for row in rows("SELECT customer_id FROM contact_points WHERE id = ?", points[0])}
    return list_consent(shop, str(customer_id))


def _suppressed(shop: Shop, kind: str, key: str, *, reason: str) -> ConsentState:
    now = shop.clock.now()
    suppress("email" if kind == "email" else "phone", key, "by_hand", now, reason)
    return ConsentState(
        customer_id=None, address=key, purpose="", state="suppressed", since=shop.clock.iso(now),
        source="by hand", evidence=reason,
    )  # fmt: skip
