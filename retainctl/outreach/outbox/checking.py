"""Checking the outbox: no message is lost or sent twice, and every row's state agrees with its events."""

from __future__ import annotations

from retainctl.errors import BrokenInvariant
from retainctl.store.database import rows

# Each rule has a query that finds a violation: one row with the values for its sentence, or none.
_RULES = (
    (
        "the mailing {} has {} recipients, but {} messages in the outbox",
        """SELECT m.id, r.chosen, COUNT(o.customer_id) FROM mailings m JOIN outbox o ON o.mailing_id = m.id
           LEFT JOIN (SELECT mailing_id, COUNT(*) AS chosen FROM recipients WHERE excluded = '' GROUP BY mailing_id) r
               ON r.mailing_id = m.id
           GROUP BY m.id, r.chosen HAVING COUNT(o.customer_id) <> COALESCE(r.chosen, 0) ORDER BY m.id LIMIT 1""",
    ),
    (
        "message {} is {}, but may have been sent {} times",
        """SELECT o.id, o.state, SUM(CASE WHEN e.to_state = 'handing' THEN 1 WHEN e.from_state = 'handing'
               AND e.to_state IN ('deferred', 'failed', 'planned') THEN -1 ELSE 0 END)
           FROM outbox o JOIN outbox_events e ON e.outbox_id = o.id GROUP BY o.id, o.state, o.resends
           HAVING SUM(CASE WHEN e.to_state = 'handing' THEN 1 WHEN e.from_state = 'handing'
               AND e.to_state IN ('deferred', 'failed', 'planned') THEN -1 ELSE 0 END) > 1 + o.resends
           ORDER BY o.id LIMIT 1""",
    ),
    (
        "message {} is {}, but its last event made it {}",
        """SELECT o.id, o.state, e.to_state FROM outbox o JOIN outbox_events e
           ON e.id = (SELECT MAX(id) FROM outbox_events WHERE outbox_id = o.id)
           WHERE e.to_state <> o.state OR e.claim_no <> o.claim_no ORDER BY o.id LIMIT 1""",
    ),
    (
        "message {} is {}, but it has no events",
        """SELECT o.id, o.state FROM outbox o WHERE o.state <> 'planned'
           AND NOT EXISTS (SELECT 1 FROM outbox_events e WHERE e.outbox_id = o.id) ORDER BY o.id LIMIT 1""",
    ),
    (
        "message {} was {}, but its next event started from {}",
        """SELECT outbox_id, before, from_state FROM (SELECT outbox_id, from_state,
               LAG(to_state, 1, 'planned') OVER (PARTITION BY outbox_id ORDER BY id) AS before
               FROM outbox_events) AS steps
           WHERE before <> from_state ORDER BY outbox_id LIMIT 1""",
    ),
    (
        "message {} is {}, but its end, owner, lease or payload do not match",
        """SELECT o.id, o.state FROM outbox o LEFT JOIN payloads p ON p.outbox_id = o.id WHERE
           (CASE WHEN state IN ('sent', 'failed', 'suppressed', 'expired', 'cancelled') THEN 1 ELSE 0 END)
               <> (CASE WHEN done_at IS NOT NULL AND p.outbox_id IS NULL THEN 1 ELSE 0 END)
           OR (CASE WHEN state IN ('claimed', 'handing') THEN 1 ELSE 0 END)
               <> (CASE WHEN owner IS NOT NULL AND lease_until IS NOT NULL THEN 1 ELSE 0 END)
           OR (state IN ('claimed', 'handing', 'unknown') AND claim_no > 0 AND p.outbox_id IS NULL)
           OR (state IN ('handing', 'sent', 'unknown') AND handed_at IS NULL)
           OR (state IN ('handing', 'sent', 'unknown') AND claim_no > 0 AND payload_sha256 IS NULL)
           ORDER BY o.id LIMIT 1""",
    ),
)


def check() -> None:
    """Raise BrokenInvariant for the first rule that is violated."""
    for sentence, query in _RULES:
        if found := rows(query):
            raise BrokenInvariant(
                sentence.format(*found[0]), hint="Stop sending, keep a copy of the database, and report this."
            )
