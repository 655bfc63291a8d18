"""Looking at consent: what holds at each address now, every decision with its evidence, and refusals by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, BinaryIO, Final, Literal, NamedTuple

from retainctl.config import Shop
from retainctl.errors import WrongUsage
from retainctl.rows import Row
from retainctl.shop.consent import (
    BLOCKING,
    IN_FORCE,
    PURPOSE_ROWS,
    PURPOSES,
    Action,
    Decision,
    Purpose,
    permissions,
    record,
    suppress,
)
from retainctl.shop.customers import OF_THIS_ADDRESS, address_named, find_customer
from retainctl.shop.identity import LOCK
from retainctl.spreadsheets import ListForm, write_list
from retainctl.store.database import execute, rows, value
from retainctl.store.dialect import hold_lock, one_of
from retainctl.store.select import Instant, select
from retainctl.store.transactions import in_one_transaction

Holding = Literal["given", "not_mailable", "suppressed", "revoked"]


class ConsentState(Row, kind="consent", spare="evidence source"):
    """What holds at one address for one purpose, and by which word of whom.

    ``given``: it may be written to, as a plan sees it. Else ``not_mailable`` (nobody reads it), ``suppressed``
    whatever was given, or ``revoked``: here, or at another address of the same person.
    """

    customer_id: int | None
    address: str
    purpose: Purpose | Literal[""]  # none where whatever is sent there is refused
    state: Holding
    since: str
    source: str
    evidence: str


class ConsentEvent(Row, kind="consent_event", spare="recorded_at wording source"):
    """One decision, as it was recorded; or of an address whether it is written to at all."""

    at: Instant
    customer_id: int
    address: str
    purpose: Purpose
    action: Action | Literal["suppressed", "reinstated"]
    source: str
    evidence: str
    wording: str
    recorded_at: Instant


def list_consent(shop: Shop, customer: str = "", *, limit: int = 100) -> list[ConsentState]:
    """What holds at each address of *customer*, or of all, for each purpose of which there is a word; by customer."""
    only, values = "", list[object]()
    if customer:
        only, values = "AND p.customer_id = ?", [find_customer(shop, customer)]
    now = shop.clock.now()
    spoken_of = rows(
        f"""SELECT p.id, p.customer_id, p.kind, p.value, p.flag, purposes.purpose
        FROM contact_points p CROSS JOIN {PURPOSE_ROWS}
        WHERE p.kind IN ('email', 'phone') {only} AND (
            EXISTS (SELECT 1 FROM consents k WHERE k.contact_point_id = p.id AND k.purpose = purposes.purpose
                AND (k.action = 'revoked' OR k.happened_at <= ?))
            OR EXISTS (SELECT 1 FROM {IN_FORCE} AS s WHERE s.kind = p.kind AND s.key_hash = p.key_hash))
        ORDER BY p.customer_id, p.id, purposes.purpose LIMIT ?""",
        *values,
        now,
        limit,
    )
    customer_ids = sorted({row[1] for row in spoken_of})
    sql, values = permissions(at=now, customer_ids=customer_ids)
    permitted = set(rows(f"SELECT contact_point_id, purpose FROM ({sql}) AS allowed", *values))
    words = _words(customer_ids, at=now)
    return [
        _state(
            shop, row, [word for word in words[row[1]] if word.purpose in ("", row[5])], (row[0], row[5]) in permitted
        )
        for row in spoken_of
    ]


class _Word(NamedTuple):
    """A decision or a suppression (``""``: of every purpose) at one of a customer's addresses."""

    at: int
    point: int
    kind: str
    purpose: str
    action: str
    source: str
    evidence: str


def _words(customer_ids: Sequence[int], *, at: int) -> dict[int, list[_Word]]:
    """All that counts at the instant *at*, of each customer, oldest first; of one instant's, the refusal last."""
    condition, bound = one_of(list(customer_ids))
    words: dict[int, list[_Word]] = {customer_id: [] for customer_id in customer_ids}
    for customer_id, *word in rows(
        f"""SELECT p.customer_id, k.happened_at AS at, p.id, p.kind, k.purpose, k.action, k.source, k.evidence
        FROM contact_points p JOIN consents k ON k.contact_point_id = p.id
        WHERE p.customer_id {condition} AND (k.action = 'revoked' OR k.happened_at <= ?)
        UNION ALL
        SELECT p.customer_id, s.suppressed_at, p.id, p.kind, '', 'suppressed', s.reason, s.evidence
        FROM contact_points p CROSS JOIN {IN_FORCE} AS s
        WHERE p.customer_id {condition} AND s.kind = p.kind AND s.key_hash = p.key_hash ORDER BY 2, 6""",
        bound,
        at,
        bound,
    ):
        words[customer_id].append(_Word(*word))
    return words


def _state(shop: Shop, row: tuple[Any, ...], words: list[_Word], is_permitted: bool) -> ConsentState:
    """What holds at the address *row* for its purpose, of which *words* are said."""
    point, customer_id, kind, address, flag, purpose = row
    own = [word for word in words if word.point == point]
    blocks = [word for word in own if word.source in BLOCKING]
    state: Holding
    if is_permitted:
        state, word = "given", own[-1]
    elif flag or blocks:
        state, word = ("not_mailable", own[-1]) if flag else ("suppressed", blocks[-1])
    else:
        refusals = [word for word in words if word.action != "given" and (word.kind == kind or word.source == "person")]
        state, word = "revoked", refusals[-1]
    since = shop.clock.iso(word.at)
    return ConsentState(customer_id, address, purpose, state, since, word.source, word.evidence)


def show_consent(shop: Shop, customer: str) -> list[ConsentEvent]:
    """Every decision at the customer's addresses with its evidence, oldest first; suppressions and their end too."""
    customer_id = find_customer(shop, customer)
    found = """SELECT c.happened_at AS at, p.customer_id, p.value AS address, c.purpose, c.action, c.source, c.evidence,
            c.wording, c.recorded_at, c.id AS number
        FROM consents AS c JOIN contact_points AS p ON p.id = c.contact_point_id WHERE p.customer_id = ?
        UNION ALL
        SELECT s.suppressed_at, p.customer_id, p.value, '', 'suppressed', s.reason, s.evidence, '', s.suppressed_at,
            NULL
        FROM suppressions AS s JOIN contact_points AS p ON p.kind = s.kind AND p.key_hash = s.key_hash
        WHERE p.customer_id = ?
        UNION ALL
        SELECT r.reinstated_at, p.customer_id, p.value, '', 'reinstated', 'by hand', r.evidence, '', r.reinstated_at,
            NULL
        FROM reinstatements AS r JOIN contact_points AS p ON p.kind = r.kind AND p.key_hash = r.key_hash
        WHERE p.customer_id = ?"""
    columns = "at, customer_id, address, purpose, action, source, evidence, wording, recorded_at"
    sql = f"SELECT {columns} FROM ({found}) AS found ORDER BY at, number IS NULL, number"
    return select(shop, ConsentEvent, sql, customer_id, customer_id, customer_id)


EXPORTED: Final = ("address", "purpose", "action", "at", "source", "evidence", "wording")


def export_consent(shop: Shop, file: BinaryIO, *, form: ListForm = "csv", for_excel: bool = False) -> int:
    """Write every decision and every suppression that holds to *file*, oldest first, as ``write_list`` does; how many.

    ``consent import`` makes the same states and days of them. An address that was erased has no name to be written.
    """
    found = execute(
        f"""SELECT p.key AS address, c.purpose, c.action, c.happened_at AS at, c.source, c.evidence, c.wording,
            0 AS is_of_all
        FROM consents AS c JOIN contact_points AS p ON p.id = c.contact_point_id
        UNION ALL
        SELECT s.key, '', 'suppressed', s.suppressed_at, s.reason, s.evidence, '', 1 FROM {IN_FORCE} AS s
        WHERE s.key IS NOT NULL
        ORDER BY 4, 1, 8, 2, 3"""
    )
    lines = ((*cells[:3], shop.clock.iso(cells[3]), *cells[4:-1]) for cells in found)
    return write_list(file, EXPORTED, lines, kind="consent_export", form=form, for_excel=for_excel)


@in_one_transaction
def revoke_by_hand(shop: Shop, named: str, *, reason: str, purpose: Purpose | None = None) -> list[ConsentState]:
    """Record that a person refuses at every address of theirs, for every purpose unless one is named; *named* is the
    customer, or any of their addresses.

    An address that no customer has is suppressed, so that the refusal is not lost when its owner is imported; only a
    permission of a later date lifts it.
    """
    hold_lock(LOCK)  # nobody is merged meanwhile, whose addresses would be another's
    address = address_named(shop, named.strip())
    if address is not None and value(f"SELECT 1 FROM contact_points WHERE {OF_THIS_ADDRESS}", *address) is None:
        return [_suppressed(shop, *address, reason=reason)]
    customer_id = find_customer(shop, named)
    query = "SELECT id FROM contact_points WHERE customer_id = ? AND kind IN ('email', 'phone') ORDER BY id"
    points = [row[0] for row in rows(query, customer_id)]
    if not points:
        raise WrongUsage(f"customer {customer_id} has no e-mail or phone whose consent could be revoked")
    purposes = (purpose,) if purpose else PURPOSES
    record(shop, [Decision(point, each, "revoked", "by hand", reason) for point in points for each in purposes])
    return list_consent(shop, str(customer_id))


def _suppressed(shop: Shop, kind: str, key: str, *, reason: str) -> ConsentState:
    now = shop.clock.now()
    suppress("email" if kind == "email" else "phone", key, "person", now, reason)
    return ConsentState(None, key, "", "revoked", shop.clock.iso(now), "by hand", reason)
