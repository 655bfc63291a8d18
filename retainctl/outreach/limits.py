"""How often and when a customer may be written to: the contact budget, and the quiet hours.

One budget covers all programs and channels: every message counts, such as a survey's invitation, except service
messages. A message counts from the moment it is claimed; a plan does not count, because it may never be sent. The
quiet hours apply to the same messages. A limit of 0 means no limit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from retainctl.clock import DAY_SECONDS, WEEKDAYS
from retainctl.config import Shop
from retainctl.errors import BadConfiguration
from retainctl.outreach.outbox.states import WRITTEN_TO
from retainctl.store.database import rows
from retainctl.store.dialect import one_of

WEEK_SECONDS, MONTH_SECONDS = 7 * DAY_SECONDS, 30 * DAY_SECONDS


def over_budget(shop: Shop, customer_ids: Sequence[int], *, at: int) -> dict[int, int]:
    """Those of *customer_ids* (at most 500) whose budget is used up at *at*, and when they may be written to again."""
    limits = shop.settings.limits
    if not customer_ids or not (limits.marketing_per_week or limits.marketing_per_month):
        return {}
    found = {}
    for customer_id, contacts in _contacts(customer_ids, at=at).items():
        contacts.sort()
        room_at = max(
            _room_at(contacts, limits.marketing_per_week, within=WEEK_SECONDS),
            _room_at(contacts, limits.marketing_per_month, within=MONTH_SECONDS),
        )
        if room_at > at:
            found[customer_id] = room_at
    return found


def _contacts(customer_ids: Sequence[int], *, at: int) -> dict[int, list[int]]:
    """When each customer was written to in the last month; a message being sent counts as of now."""
    contacts: dict[int, list[int]] = defaultdict(list)
    condition, ids = one_of(list(customer_ids))
    for customer_id, handed_at in rows(
        # By the addresses that the customer has now: outbox rows from before a merge keep their customer.
        "SELECT p.customer_id, CASE WHEN o.state = 'claimed' THEN NULL ELSE o.handed_at END"
        " FROM contact_points p JOIN outbox o ON o.contact_point_id = p.id JOIN mailings m ON m.id = o.mailing_id"
        f" WHERE p.customer_id {condition} AND o.state IN {WRITTEN_TO}"
        " AND m.purpose <> 'service'",
        ids,
    ):
        instant = at if handed_at is None else handed_at
        if at - MONTH_SECONDS < instant <= at:
            contacts[customer_id].append(instant)
    return contacts


def _room_at(contacts: Sequence[int], limit: int, *, within: int) -> int:
    """When fewer than *limit* of the sorted *contacts* are *within* the last so many seconds; 0 if they already are."""
    return contacts[-limit] + within if 0 < limit <= len(contacts) else 0


def quiet(shop: Shop, at: int) -> int | None:
    """The instant at which the quiet hours around *at* end, or None where *at* is outside quiet hours.

    BadConfiguration where they never end.
    """
    loud = at
    for _ in range(16):  # two weeks of quiet days, each with its night
        until = _quiet_until(shop, loud)
        if until is None:
            return loud if loud > at else None
        loud = until
    raise BadConfiguration(
        "every day is quiet, so nothing could ever be sent", hint="Leave a day out of limits.quiet_days."
    )


def _quiet_until(shop: Shop, instant: int) -> int | None:
    limits, local = shop.settings.limits, shop.clock.local(instant)
    if WEEKDAYS[local.weekday()] in limits.quiet_days:
        return shop.clock.end_of(local.date())
    begins, ends = time.fromisoformat(_padded(limits.quiet_from)), time.fromisoformat(_padded(limits.quiet_until))
    now = local.time()
    if begins <= ends:
        return _instant(shop, local.date(), ends) if begins <= now < ends else None
    if now >= begins:
        return _instant(shop, local.date() + timedelta(days=1), ends)
    return _instant(shop, local.date(), ends) if now < ends else None


def _padded(hour: str) -> str:
    hours, _, minutes = hour.partition(":")
    return f"{int(hours):02}:{int(minutes):02}"


def _instant(shop: Shop, day: date, at: time) -> int:
    return int(datetime.combine(day, at, tzinfo=shop.clock.zone).timestamp())
