"""What became of each plan: who was to get it, who was left out and why, and what the outbox says."""

from __future__ import annotations

from collections import defaultdict

from retainctl.config import Shop
from retainctl.rows import Row
from retainctl.store.database import execute

_WAITING = ("planned", "claimed", "handing", "deferred")
_DROPPED = ("suppressed", "expired", "cancelled")


class MailingRow(Row, kind="mailing"):
    """One mailing. Its candidates are planned or excluded; who is planned is sent, waiting, and so on."""

    mailing: int
    program: str
    name: str
    state: str
    planned_at: str
    candidates: int
    planned: int
    sent: int
    waiting: int
    unknown: int
    failed: int
    dropped: int
    excluded: int
    reasons: dict[str, int]


def campaigns(shop: Shop) -> list[MailingRow]:
    """Every mailing, the latest first."""
    recipients = _counted("SELECT mailing_id, excluded, COUNT(*) FROM recipients GROUP BY mailing_id, excluded")
    messages = _counted("SELECT mailing_id, state, COUNT(*) FROM outbox GROUP BY mailing_id, state")
    listed = []
    for number, program, name, state, planned_at in execute(
        "SELECT id, program, name, state, planned_at FROM mailings ORDER BY id DESC"
    ):
        people, states = recipients[number], messages[number]
        planned = people.get("", 0)
        excluded = sum(people.values()) - planned
        waiting, dropped = (sum(states.get(one, 0) for one in ones) for ones in (_WAITING, _DROPPED))
        unqueued = planned - sum(states.values())
        listed.append(
            MailingRow(
                mailing=number,
                program=program,
                name=name,
                state=state,
                planned_at=shop.clock.iso(planned_at),
                candidates=planned + excluded,
                planned=planned,
                sent=states.get("sent", 0),
                waiting=waiting + (0 if state == "cancelled" else unqueued),
                unknown=states.get("unknown", 0),
                failed=states.get("failed", 0),
                dropped=dropped + (unqueued if state == "cancelled" else 0),
                excluded=excluded,
                reasons={f"excluded_{reason}": count for reason, count in sorted(people.items()) if reason},
            )
        )
    return listed


def _counted(sql: str) -> dict[int, dict[str, int]]:
    counts: dict[int, dict[str, int]] = defaultdict(dict)
    for mailing_id, word, count in execute(sql):
        counts[mailing_id][word] = int(count)
    return counts
