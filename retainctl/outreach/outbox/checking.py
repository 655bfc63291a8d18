"""The outbox's own proof: nobody is lost, nobody was written to twice, and every row is where its events led it."""

from __future__ import annotations

from retainctl.errors import BrokenInvariant
from retainctl.outreach.outbox import resolve
from retainctl.result import Result
from retainctl.rows import Row
from retainctl.store.database import rows

# Each rule finds what breaks it: a row that names it, and nothing where all is well.
_RULES = (
    (
        "the mailing {} went to the outbox with {} recipients, and has {} messages there",
        """SELECT m.id, r.chosen, COUNT(o.customer_id) FROM mailings m JOIN outbox o ON o.mailing_id = m.id
           LEFT JOIN (SELECT mailing_id, COUNT(*) AS chosen FROM recipients WHERE excluded = '' GROUP BY mailing_id) r
               ON r.mailing_id = m.id
           GROUP BY m.id, r.chosen HAVING COUNT(o.customer_id) <> COALESCE(r.chosen, 0) ORDER BY m.id LIMIT 1""",
    ),
    (
        "message {} is {}, and was handed over {} times that nobody took back",
        """SELECT o.id, o.state, SUM(CASE WHEN e.to_state = 'handing' THEN 1 WHEN e.from_state = 'handing'
               AND e.to_state IN ('deferred', 'failed', 'planned') THEN -1 ELSE 0 END)
           FROM outbox o JOIN outbox_events e ON e.outbox_id = o.id GROUP BY o.id, o.state, o.resends
           HAVING SUM(CASE WHEN e.to_state = 'handing' THEN 1 WHEN e.from_state = 'handing'
               AND e.to_state IN ('deferred', 'failed', 'planned') THEN -1 ELSE 0 END) > 1 + o.resends
           ORDER BY o.id LIMIT 1""",
    ),
    (
        "message {} is {}, and its last event made it {}",
        """SELECT o.id, o.state, e.to_state FROM outbox o JOIN outbox_events e
           ON e.id = (SELECT MAX(id) FROM outbox_events WHERE outbox_id = o.id)
           WHERE e.to_state <> o.state OR e.claim_no <> o.claim_no ORDER BY o.id LIMIT 1""",
    ),
    (
        "message {} is {}, and no event made it so",
        """SELECT o.id, o.state FROM outbox o WHERE o.state <> 'planned'
           AND NOT EXISTS (SELECT 1 FROM outbox_events e WHERE e.outbox_id = o.id) ORDER BY o.id LIMIT 1""",
    ),
    (
        "message {} was {}, and its next event began at {}",
        """SELECT outbox_id, before, from_state FROM (SELECT outbox_id, from_state,
               LAG(to_state, 1, 'planned') OVER (PARTITION BY outbox_id ORDER BY id) AS before
               FROM outbox_events) AS steps
           WHERE before <> from_state ORDER BY outbox_id LIMIT 1""",
    ),
    (
        "message {} is {}, and its end, its sender or its bytes do not agree with that",
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
    """Nothing when the outbox is in order; else BrokenInvariant with the first rule that does not hold."""
    for sentence, query in _RULES:
        if found := rows(query):
            raise BrokenInvariant(
                sentence.format(*found[0]), hint="Send nothing more, keep a copy of the database, and report it."
            )


def examine() -> Result[Row]:
    """``check``, and what nobody knows until a person settles it."""
    check()
    unresolved = resolve.unresolved()
    return Result(trouble=unresolved) if unresolved else Result(notes=("the outbox is in order",))
