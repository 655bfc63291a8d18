"""Permission to write, address by address: only added to, and never without its evidence.

A permission counts only where it was given after every refusal on file, and none means no. A refusal holds from the
moment it is recorded, whatever its date; at one address it ends the earlier permissions of the same customer's other
addresses of that kind too, because it is the person who refuses.

An address that refused before anybody was known to have it stands among the suppressions. That is a refusal like any
other: a permission that was given after it, dated and with its evidence, counts. What bounced or was complained of
gets nothing more, whatever is permitted; a bounce can be taken back, for a server may be wrong.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Final, Literal, get_args

from retainctl.config import Shop
from retainctl.errors import Refused
from retainctl.store import dialect
from retainctl.store.address_hash import address_hasher
from retainctl.store.database import execute, rows, value
from retainctl.store.transactions import in_one_transaction

BATCH_SIZE: Final = 500

AddressKind = Literal["email", "phone"]
Purpose = Literal["marketing", "survey"]
PURPOSES: Final[tuple[Purpose, ...]] = get_args(Purpose)
Use = Purpose | Literal["service"]  # what a message is for; a service message needs no permission
Action = Literal["given", "revoked"]
Novelty = Literal["new", "unchanged", "refused_before"]
# ``person``: of an address that nobody had, by which a person refused at every address of theirs.
SuppressionReason = Literal["hard_bounce", "complaint", "unsubscribed", "by_hand", "person"]
Objection = Literal["", "no_consent", "suppressed", "not_mailable"]
_OBJECTIONS: Final[tuple[Objection, ...]] = ("", "no_consent", "suppressed", "not_mailable")

BLOCKING: Final[tuple[SuppressionReason, ...]] = ("hard_bounce", "complaint")
OF_THE_OUTBOX: Final = "outbox "  # with what the evidence of a bounce of our own begins
# The suppressions that hold: a bounce does until the address is reinstated.
IN_FORCE: Final = """(SELECT * FROM suppressions AS said WHERE said.reason <> 'hard_bounce' OR NOT EXISTS (
    SELECT 1 FROM reinstatements AS r
    WHERE r.kind = said.kind AND r.key_hash = said.key_hash AND r.reinstated_at >= said.suppressed_at))"""
# Nothing goes to the address *p*, whatever was allowed.
_BLOCKED: Final = f"""EXISTS (SELECT 1 FROM {IN_FORCE} AS b
    WHERE b.kind = p.kind AND b.key_hash = p.key_hash AND b.reason IN {BLOCKING})"""
PURPOSE_ROWS: Final = "(" + " UNION ALL ".join(f"SELECT '{one}' AS purpose" for one in PURPOSES) + ") AS purposes"
_IS_A_REFUSAL: Final = "s.reason IN ('complaint', 'unsubscribed', 'by_hand', 'person')"  # for every purpose
# Every refusal ends the earlier permissions of the same person, kind and purpose.
_REFUSALS: Final = """SELECT customer_id, kind, purpose, MAX(refused_at) AS refused_at FROM (
        SELECT p.customer_id, p.kind, r.purpose, r.happened_at AS refused_at
        FROM contact_points p JOIN consents r ON r.contact_point_id = p.id
        WHERE r.action = 'revoked' AND {among}
        UNION ALL
        SELECT p.customer_id, kinds.kind, purposes.purpose, s.suppressed_at
        FROM {suppressed} CROSS JOIN {purposes} CROSS JOIN (SELECT 'email' AS kind UNION ALL SELECT 'phone') AS kinds
        WHERE p.kind IN ('email', 'phone') AND s.kind = p.kind AND s.key_hash = p.key_hash
            AND {is_a_refusal} AND (kinds.kind = p.kind OR s.reason = 'person') AND {among}
    ) AS refusals GROUP BY customer_id, kind, purpose"""


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom to write to, and where; or *objection*: why nothing may be sent there."""

    contact_point_id: int
    first_name: str | None
    last_name: str | None
    objection: Objection = ""
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """A permission given or taken back; *happened_at* is None where its source does not say when."""

    contact_point_id: int
    purpose: Purpose
    action: Action
    source: str
    evidence: str
    happened_at: int | None = None
    wording: str = ""


def permissions(*, at: int, customer_ids: Collection[int] | None = None) -> tuple[str, list[object]]:
    """SQL for every permission in force at the instant *at*, and its values: the one rule of who may be written to.

    Its columns: ``customer_id, contact_point_id, kind, purpose, given_at``. A refusal on file counts even where its
    date is after *at*.
    """
    # SQLite joins in the order that CROSS JOIN says: from the few to the many.
    among, suppressed, ids = "TRUE", "suppressions s CROSS JOIN contact_points p", list[object]()
    if customer_ids is not None:
        condition, bound = dialect.one_of(list(customer_ids))
        among, suppressed, ids = f"p.customer_id {condition}", "contact_points p CROSS JOIN suppressions s", [bound]
    refusals = _REFUSALS.format(among=among, suppressed=suppressed, purposes=PURPOSE_ROWS, is_a_refusal=_IS_A_REFUSAL)
    sql = f"""SELECT p.customer_id, p.id AS contact_point_id, p.kind, k.purpose, k.happened_at AS given_at
        FROM contact_points p JOIN consents k ON k.contact_point_id = p.id
        LEFT JOIN ({refusals}) AS refused
            ON refused.customer_id = p.customer_id AND refused.kind = p.kind AND refused.purpose = k.purpose
        WHERE k.action = 'given' AND k.happened_at <= ? AND k.happened_at > COALESCE(refused.refused_at, -1)
            AND p.flag = '' AND NOT {_BLOCKED} AND {among}"""
    return sql, [*ids, *ids, at, *ids]


def contacts(
    customer_ids: Sequence[int], *, kind: AddressKind = "email", purpose: Use, at: int
) -> dict[int, list[Contact]]:
    """Every address of each customer, with what speaks against writing there for *purpose* at the instant *at*.

    The one to write to stands first: where that was allowed last, else which is verified, else which was seen last.
    The objections: ``no_consent``, ``suppressed``, ``not_mailable`` (nobody reads it). A service message, such as a
    statement that was asked for, needs no consent. Ids that do not exist are left out.
    """
    sql, values = permissions(at=at, customer_ids=customer_ids)
    allowed = dict(
        rows(
            f"SELECT contact_point_id, MAX(given_at) FROM ({sql}) AS allowed WHERE purpose = ? OR ? = 'service'"
            " GROUP BY contact_point_id",
            *values,
            purpose,
            purpose,
        )
    )
    condition, bound = dialect.one_of(list(customer_ids))
    found: dict[int, list[Contact]] = {}
    for customer_id, point, flag, blocked, first_name, last_name, language in rows(
        f"""SELECT c.id, p.id, p.flag, CASE WHEN {_BLOCKED} THEN 1 ELSE 0 END, c.first_name, c.last_name, c.language
            FROM customers c LEFT JOIN contact_points p ON p.customer_id = c.id AND p.kind = ? AND c.merged_into IS NULL
            WHERE c.id {condition} ORDER BY c.id, p.verified DESC, p.created_at DESC, p.id""",
        kind,
        bound,
    ):
        known = found.setdefault(customer_id, [])
        if point is not None:
            objection: Objection = ""
            if flag or blocked:
                objection = "not_mailable" if flag else "suppressed"
            elif purpose != "service" and point not in allowed:
                objection = "no_consent"
            known.append(Contact(point, first_name, last_name, objection, language))
    for known in found.values():
        if len(known) > 1:  # the sort is stable: among equals the order of the query holds
            known.sort(key=lambda one: (_OBJECTIONS.index(one.objection), -allowed.get(one.contact_point_id, -1)))
    return found


def revoke(
    shop: Shop,
    contact_point_id: int,
    *,
    purpose: Purpose,
    source: str,
    evidence: str,
    happened_at: int | None = None,
) -> bool:
    """Record a refusal (now, unless *happened_at* says when); False when the latest word was that refusal already."""
    decision = Decision(contact_point_id, purpose, "revoked", source, evidence, happened_at)
    return record(shop, [decision]) == ["new"]


@in_one_transaction
def record(shop: Shop, decisions: Iterable[Decision]) -> list[Novelty]:
    """Add *decisions* to the history, each of them once; what was new about each, in order.

    One without a date is of now: it adds nothing to an equal latest decision, and a permission without a date
    never overrules a refusal, for nobody knows which of the two came first. A refusal of now comes after all that is
    on file, even where a clock that was ahead has dated a permission later; it is known already only where the person
    has permitted nothing since, at whichever address, and refused on this very day: a permission may still come to
    light that was given in between. No evidence is Refused.
    """
    answers: list[Novelty] = []
    today = shop.clock.start_of(shop.clock.today())
    for batch in _batches(decisions):
        points = {decision.contact_point_id for decision in batch}
        known, of_one_person = _known(points), _of_one_person(points)
        fresh = []
        for decision in batch:
            if not decision.evidence.strip():
                raise Refused("consent needs evidence", hint="State how it was given.")
            history = known.setdefault((decision.contact_point_id, decision.purpose), [])
            answer = _novelty(decision, history, today=today)
            if answer == "new":
                happened = decision.happened_at
                if happened is None:
                    happened = shop.clock.now()
                    if decision.action == "revoked" and history:
                        happened = max(happened, history[-1][0])
                fresh.append((decision, happened))
                for point in of_one_person.get(decision.contact_point_id, (decision.contact_point_id,)):
                    history = known.setdefault((point, decision.purpose), [])
                    history.append((happened, decision.action, point == decision.contact_point_id))
                    history.sort(key=itemgetter(0, 1))
            answers.append(answer)
        _add(fresh, recorded_at=shop.clock.now())
    return answers


_LastAct = tuple[int, str, bool]  # when, what, and whether at this very address


def _known(points: set[int]) -> dict[tuple[int, str], list[_LastAct]]:
    """What was decided already at these addresses and at the same customers' others, oldest first."""
    known: dict[tuple[int, str], list[_LastAct]] = {}
    condition, bound = dialect.one_of(list(points))
    for point, purpose, happened_at, action, own in rows(
        f"""SELECT points.id, k.purpose, k.happened_at, k.action, CASE WHEN p.id = points.id THEN 1 ELSE 0 END
            FROM contact_points points CROSS JOIN contact_points p CROSS JOIN consents k
            WHERE points.id {condition} AND p.customer_id = points.customer_id AND p.kind = points.kind
                AND k.contact_point_id = p.id
            UNION ALL
            SELECT points.id, purposes.purpose, s.suppressed_at, 'revoked', CASE WHEN p.id = points.id THEN 1 ELSE 0 END
            FROM contact_points points CROSS JOIN contact_points p CROSS JOIN suppressions s
            CROSS JOIN {PURPOSE_ROWS}
            WHERE points.id {condition} AND p.customer_id = points.customer_id
                AND (p.kind = points.kind OR s.reason = 'person')
                AND s.kind = p.kind AND s.key_hash = p.key_hash AND {_IS_A_REFUSAL}
            ORDER BY 3, 4""",
        bound,
        bound,
    ):
        known.setdefault((point, purpose), []).append((happened_at, action, bool(own)))
    return known


def _of_one_person(points: set[int]) -> dict[int, list[int]]:
    """For each of these addresses those among them that are the same customer's and of the same kind."""
    condition, bound = dialect.one_of(list(points))
    together: dict[tuple[int, str], list[int]] = {}
    for point, customer_id, kind in rows(
        f"SELECT id, customer_id, kind FROM contact_points WHERE id {condition} ORDER BY id", bound
    ):
        together.setdefault((customer_id, kind), []).append(point)
    return {point: several for several in together.values() for point in several}


def _novelty(decision: Decision, history: list[_LastAct], *, today: int) -> Novelty:
    """What is new about *decision*; *today* is the instant at which the day began."""
    own = [(happened_at, action) for happened_at, action, is_own in history if is_own]
    if decision.happened_at is not None:
        return "unchanged" if (decision.happened_at, decision.action) in own else "new"
    is_known = decision.action == "given" or (bool(own) and history[-1][1] == "revoked" and own[-1][0] >= today)
    if own and own[-1][1] == decision.action and is_known:
        return "unchanged"
    if decision.action == "given" and history and history[-1][1] == "revoked":
        return "refused_before"
    return "new"


def _add(decisions: list[tuple[Decision, int]], *, recorded_at: int) -> None:
    columns = (
        "contact_point_id",
        "purpose",
        "action",
        "happened_at",
        "recorded_at",
        "source",
        "evidence",
        "wording",
    )
    dialect.insert_many(
        "consents",
        columns,
        [
            (one.contact_point_id, one.purpose, one.action, at, recorded_at, one.source, one.evidence, one.wording)
            for one, at in decisions
        ],
    )


@in_one_transaction
def suppress(
    kind: AddressKind, key: str, reason: SuppressionReason, at: int, evidence: str, *, is_dated: bool = True
) -> bool:
    """Write nothing to the address *key*, whoever has it or will; False when that was known already.

    A refusal is known by one that is as late, and one without a date by any.

    ``complaint`` is for good, ``hard_bounce`` until somebody reinstates the address; the others are the refusal of a
    person who may think better of it.
    """
    key_hash = address_hasher()(kind, key)
    since = at if is_dated and reason not in BLOCKING else -1
    known = f"""SELECT 1 FROM {IN_FORCE} AS s
        WHERE s.kind = ? AND s.key_hash = ? AND s.reason = ? AND s.suppressed_at >= ?"""
    if value(known, kind, key_hash, reason, since):
        return False
    added = execute(
        "INSERT INTO suppressions (kind, key_hash, key, reason, suppressed_at, evidence) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        kind,
        key_hash,
        key,
        reason,
        at,
        evidence,
    )
    return bool(added.rowcount)


def blocked(addresses: Sequence[str], *, kind: AddressKind = "email") -> set[str]:
    """Those of *addresses*, whoever has them, to which nothing goes, whatever was allowed."""
    if not addresses:
        return set()
    hash_of = address_hasher()
    query = f"SELECT 1 FROM {IN_FORCE} AS s WHERE s.kind = ? AND s.key_hash = ? AND s.reason IN {BLOCKING}"
    return {address for address in addresses if value(query, kind, hash_of(kind, address.casefold()))}


def _batches(decisions: Iterable[Decision]) -> Iterator[list[Decision]]:
    batch: list[Decision] = []
    for decision in decisions:
        batch.append(decision)
        if len(batch) == BATCH_SIZE:
            yield batch
            batch = []
    if batch:
        yield batch
