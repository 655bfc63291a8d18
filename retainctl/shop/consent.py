"""Permission to write, address by address: only added to, and never without its evidence.

A permission counts only where it was given after every refusal on file, and none means no. A refusal holds from the
moment it is recorded, whatever its date; at one address it ends the earlier permissions of the same customer's other
addresses of that kind too, because it is the person who refuses.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any, Final, Literal

from retainctl.config import Shop
from retainctl.errors import Refused
from retainctl.store import dialect
from retainctl.store.database import execute, rows
from retainctl.store.writing import in_one_transaction

BATCH_SIZE: Final = 500

Kind = Literal["email", "phone"]
Purpose = Literal["marketing", "survey"]
Action = Literal["given", "revoked"]
Novelty = Literal["new", "unchanged", "refused_before"]
SuppressionReason = Literal["hard_bounce", "complaint", "unsubscribed", "by_hand"]


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom to write to, and where."""

    contact_point_id: int
    address: str
    first_name: str | None
    last_name: str | None
    language: str | None


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


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of decisions: new, known already, or without a date while the customer has refused since."""

    new: int
    unchanged: int
    refused_before: int


def contactable(
    customer_ids: Sequence[int], *, kind: Kind = "email", purpose: Purpose | Literal["service"], at: int
) -> dict[int, Contact | str]:
    """Where each customer may be written to at the instant *at*, or the reason why not.

    The reasons: ``merged`` into another customer, ``no_address``, ``not_mailable`` (nobody reads it),
    ``suppressed``, ``no_consent``. A refusal on file holds even where its date is after *at*. A service message, such
    as a statement that was asked for, needs no consent. Ids that do not exist are left out; at most BATCH_SIZE ids a
    call.
    """
    assert len(customer_ids) <= BATCH_SIZE
    if not customer_ids:
        return {}
    found = rows(
        f"""SELECT customers.id, customers.merged_into, points.id, points.value, points.key, points.flag,
                suppressions.reason, suppressions.suppressed_at, consents.action, consents.happened_at,
                customers.first_name, customers.last_name, customers.language
            FROM customers
            LEFT JOIN contact_points AS points ON points.customer_id = customers.id AND points.kind = ?
            LEFT JOIN suppressions ON suppressions.kind = points.kind AND suppressions.key = points.key
            LEFT JOIN consents ON consents.contact_point_id = points.id AND consents.purpose = ?
                AND (consents.action = 'revoked' OR consents.happened_at <= ?)
            WHERE customers.id IN ({_marks(customer_ids)})
            ORDER BY customers.id, points.id, consents.happened_at, consents.action, consents.id""",
        kind, purpose, at, *customer_ids,
    )  # fmt: skip
    return {
        customer_id: _reachable(list(history), consent_needed=purpose != "service")
        for customer_id, history in groupby(found, key=itemgetter(0))
    }


def _reachable(history: list[tuple[Any, ...]], *, consent_needed: bool) -> Contact | str:
    """One customer's first address that may be written to, from all decisions in order, or why there is none."""
    if history[0][1] is not None:
        return "merged"
    if history[0][2] is None:
        return "no_address"
    # The last row of an address holds its latest decision; of one instant's, the refusal.
    latest = history if len(history) == 1 else list({row[2]: row for row in history}.values())
    refused_at = -1
    if len(history) > 1:
        refused_at = max((_refusal(row) for row in history), default=-1)
    reason = "not_mailable"
    for row in latest:
        _, _, point, value, key, flag, suppressed, _, action, given_at, first_name, last_name, language = row
        if flag:
            continue
        if suppressed:
            reason = "suppressed" if reason == "not_mailable" else reason
        elif consent_needed and (action != "given" or given_at <= refused_at):
            reason = "no_consent"
        else:
            return Contact(point, _deliverable(value, key), first_name, last_name, language)
    return reason


def _refusal(row: tuple[Any, ...]) -> int:
    """When the decision or the suppression in *row* said no for the whole person, or -1."""
    refused = row[9] if row[8] == "revoked" else -1
    unsubscribed = row[7] if row[6] in ("unsubscribed", "complaint") else -1
    return int(max(refused, unsubscribed))


def _deliverable(value: str, key: str) -> str:
    """The address as given, but for a domain that a mail server could not read."""
    if value.isascii() or "@" not in key:
        return value
    return value.rpartition("@")[0] + "@" + key.rpartition("@")[2]


def give(
    shop: Shop, contact_point_id: int, *, purpose: Purpose, source: str, evidence: str,
    happened_at: int | None = None, wording: str = "",
) -> bool:  # fmt: skip
    """Record that permission was given (now, unless *happened_at* says when); False when that was known already."""
    happened = shop.clock.now() if happened_at is None else happened_at
    return bool(record(shop, [Decision(contact_point_id, purpose, "given", source, evidence, happened, wording)]).new)


def revoke(
    shop: Shop, contact_point_id: int, *, purpose: Purpose, source: str, evidence: str,
    happened_at: int | None = None,
) -> bool:  # fmt: skip
    """Record a refusal (now, unless *happened_at* says when); False when the latest word was that refusal already."""
    return bool(record(shop, [Decision(contact_point_id, purpose, "revoked", source, evidence, happened_at)]).new)


def record(shop: Shop, decisions: Iterable[Decision]) -> Recorded:
    """``record_each``, counted."""
    answers = record_each(shop, decisions)
    return Recorded(answers.count("new"), answers.count("unchanged"), answers.count("refused_before"))


@in_one_transaction
def record_each(shop: Shop, decisions: Iterable[Decision]) -> list[Novelty]:
    """Add *decisions* to the history, each of them once; what was new about each, in order.

    One without a date is of now: it adds nothing to an equal latest decision, and a permission without a date
    never overrules a refusal, for nobody knows which of the two came first. A refusal of now comes after all that is
    on file, even where a clock that was ahead has dated a permission later. No evidence is Refused.
    """
    answers: list[Novelty] = []
    for batch in _batches(decisions):
        known = _known({decision.contact_point_id for decision in batch})
        fresh = []
        for decision in batch:
            if not decision.evidence.strip():
                raise Refused("consent without evidence is no consent", hint="Say how it was given.")
            history = known.setdefault((decision.contact_point_id, decision.purpose), [])
            answer = _novelty(decision, history)
            if answer == "new":
                happened = decision.happened_at
                if happened is None:
                    happened = shop.clock.now()
                    if decision.action == "revoked" and history:
                        happened = max(happened, history[-1][0])
                fresh.append((decision, happened))
                history.append((happened, decision.action, True))
                history.sort(key=itemgetter(0, 1))
            answers.append(answer)
        _add(fresh, recorded_at=shop.clock.now())
    return answers


_Known = tuple[int, str, bool]  # when, what, and whether at this very address


def _known(points: set[int]) -> dict[tuple[int, str], list[_Known]]:
    """What was decided already at these addresses and at the same customers' others, oldest first."""
    known: dict[tuple[int, str], list[_Known]] = {}
    for point, purpose, happened_at, action, own in rows(
        f"""SELECT points.id, consents.purpose, consents.happened_at, consents.action,
                CASE WHEN others.id = points.id THEN 1 ELSE 0 END
            FROM contact_points AS points
            JOIN contact_points AS others ON others.customer_id = points.customer_id AND others.kind = points.kind
            JOIN consents ON consents.contact_point_id = others.id
            WHERE points.id IN ({_marks(points)})
            ORDER BY consents.happened_at, consents.action, consents.id""",
        *points,
    ):
        known.setdefault((point, purpose), []).append((happened_at, action, bool(own)))
    return known


def _novelty(decision: Decision, history: list[_Known]) -> Novelty:
    own = [(happened_at, action) for happened_at, action, is_own in history if is_own]
    if decision.happened_at is not None:
        return "unchanged" if (decision.happened_at, decision.action) in own else "new"
    if own and own[-1][1] == decision.action:
        return "unchanged"
    if decision.action == "given" and history and history[-1][1] == "revoked":
        return "refused_before"
    return "new"


def _add(decisions: list[tuple[Decision, int]], *, recorded_at: int) -> None:
    columns = (
        "contact_point_id", "purpose", "action", "happened_at", "recorded_at", "source", "evidence", "wording",
    )  # fmt: skip
    dialect.insert_many(
        "consents", columns,
        [
            (one.contact_point_id, one.purpose, one.action, at, recorded_at, one.source, one.evidence, one.wording)
            for one, at in decisions
        ],
    )  # fmt: skip


@in_one_transaction
def suppress(kind: Kind, key: str, reason: SuppressionReason, at: int, evidence: str) -> bool:
    """Write nothing more to the address *key*, whoever has it; False when it was suppressed already."""
    added = execute(
        "INSERT INTO suppressions (kind, key, reason, suppressed_at, evidence) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        kind, key, reason, at, evidence,
    )  # fmt: skip
    return bool(added.rowcount)


def _batches(decisions: Iterable[Decision]) -> Iterator[list[Decision]]:
    batch: list[Decision] = []
    for decision in decisions:
        batch.append(decision)
        if len(batch) == BATCH_SIZE:
            yield batch
            batch = []
    if batch:
        yield batch


def _marks(values: Sequence[object] | set[int]) -> str:
    return ", ".join("?" * len(values))
