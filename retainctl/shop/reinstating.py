"""Taking a bounce back: an address that a server said does not exist is written to again, on somebody's word."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from retainctl.config import Shop
from retainctl.errors import Refused, WrongUsage
from retainctl.rows import Row
from retainctl.shop.consent import IN_FORCE, OF_THE_OUTBOX
from retainctl.shop.customers import address_named
from retainctl.store.address_hash import address_hasher
from retainctl.store.database import execute, rows
from retainctl.store.transactions import in_one_transaction


class Reinstated(Row, kind="reinstated"):
    """An address that is written to again, and when and why it was not."""

    address: str | None  # none: erased
    bounced_at: str
    evidence: str


@in_one_transaction
def reinstate(shop: Shop, addresses: Sequence[str], *, since: date | None = None, reason: str) -> list[Reinstated]:
    """Write again to *addresses*, each of which bounced, and to all that bounced for us from the day *since* on.

    Refused, all of them, where one did not bounce. Permissions count as before; a complaint or a refusal stays.
    """
    if not reason.strip():
        raise WrongUsage("an address is reinstated for a reason", hint="Say how you know: --reason TEXT")
    by_us = f"s.evidence LIKE '{OF_THE_OUTBOX}%'"  # what a list calls dead is no fault of our server
    found = _bounced(f"s.suppressed_at >= ? AND {by_us}", shop.clock.start_of(since)) if since else []
    hash_of = address_hasher()
    for text in addresses:
        if (address := address_named(shop, text.strip())) is None:
            raise WrongUsage(f"{text!r} is neither an e-mail address nor a phone number")
        bounced = _bounced("s.kind = ? AND s.key_hash = ?", address[0], hash_of(*address))
        if not bounced:
            raise Refused(f"{text} did not bounce", hint=f"See: retainctl consent list {text}")
        found += bounced
    reinstated = []
    for kind, key_hash, key, bounced_at, evidence in dict.fromkeys(found):
        at = max(shop.clock.now(), bounced_at)  # where a clock was ahead
        execute(
            "INSERT INTO reinstatements (kind, key_hash, reinstated_at, key, evidence) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT DO NOTHING",
            kind, key_hash, at, key, reason,
        )  # fmt: skip
        reinstated.append(Reinstated(key, shop.clock.iso(bounced_at), evidence))
    return reinstated


def _bounced(condition: str, *values: object) -> list[tuple[str, bytes, str | None, int, str]]:
    """The bounces that hold and meet *condition*, the oldest first."""
    return [
        (kind, bytes(key_hash), key, at, evidence)
        for kind, key_hash, key, at, evidence in rows(
            f"""SELECT s.kind, s.key_hash, s.key, s.suppressed_at, s.evidence FROM {IN_FORCE} AS s
            WHERE s.reason = 'hard_bounce' AND {condition} ORDER BY s.suppressed_at, s.key""",
            *values,
        )
    ]
