"""Leasing messages to a sender, after checking again, in the same transaction, that they may still be sent."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from retainctl.config import Shop
from retainctl.errors import BadData
from retainctl.outreach.channels import Channel, Letter
from retainctl.outreach.contact import Ask, Recipient, Refusal, verdicts
from retainctl.outreach.limits import quiet
from retainctl.outreach.outbox import states
from retainctl.outreach.outbox.states import LEASE_SECONDS, Candidate, State
from retainctl.outreach.rendering import Press
from retainctl.outreach.templates import Templates, TooLong
from retainctl.shop import consent
from retainctl.shop.clock_check import clock_doubt
from retainctl.shop.customers import survivor_of
from retainctl.store.database import rows, value
from retainctl.store.dialect import hold_lock, lease_clock, one_of, rows_locked, skip_locked
from retainctl.store.outreach import Mailing

_BATCH = 250


@dataclass(frozen=True, slots=True)
class Fate:
    """The decision on a candidate: claimed, or the state that it takes instead, why, and until when."""

    state: State
    reason: str = ""
    until: int | None = None


@dataclass(slots=True)
class Claimed:
    """The result of one claim: letters for the channel, the states of the others, and why messages were held back."""

    letters: list[Letter] = field(default_factory=list)
    became: Counter[State] = field(default_factory=Counter)
    held: str = ""
    paused: dict[int, str] = field(default_factory=dict)
    exhausted: bool = False


class Claimer:
    """Claims messages for one run on one channel, one mailing at a time."""

    def __init__(self, shop: Shop, channel: Channel, *, channel_name: str, owner: str) -> None:
        self._shop = shop
        self._channel = channel
        self._channel_name = channel_name
        self._owner = owner
        self._presses: dict[int, Press] = {}

    def open_mailings(self) -> list[int]:
        """The active mailings with messages due: service messages first, then the oldest."""
        return open_mailings(self._channel_name, at=self._shop.clock.now())

    def claim(self, mailing_ids: Sequence[int], *, wanted: int) -> Claimed:
        """Claim at most *wanted* letters of the first mailing with messages due. Inside a transaction."""
        claimed, now = Claimed(), self._shop.clock.now()
        wanted = min(wanted, self._room_today(now), _BATCH)
        if wanted <= 0:
            return Claimed(held="the daily cap is reached", exhausted=True)
        for mailing_id in mailing_ids:
            mailing = Mailing.get_or_none(Mailing.id == mailing_id, Mailing.state == "active")
            if mailing is None:
                continue
            if why := withheld(self._shop, mailing, at=now):
                claimed.held = why
                continue
            candidates = due(mailing_id, self._channel_name, at=now, limit=wanted)
            if candidates:
                self._take(mailing, candidates, claimed, at=now)
                return claimed
        claimed.exhausted = True
        return claimed

    def _room_today(self, now: int) -> int:
        """How many more messages the daily cap allows; on SQLite the write lock makes the count exact."""
        cap = self._shop.settings.mail.daily_cap
        if not cap or self._channel_name != "mail":
            return _BATCH
        hold_lock("daily_cap")
        midnight = self._shop.clock.start_of(self._shop.clock.day(now))
        query = """SELECT (SELECT COUNT(*) FROM outbox WHERE channel = 'mail' AND handed_at >= ?
                AND state IN ('handing', 'sent', 'unknown'))
            + (SELECT COUNT(*) FROM outbox WHERE owner IS NOT NULL AND state = 'claimed' AND channel = 'mail')"""
        return cap - int(value(query, midnight))

    def _take(self, mailing: Mailing, candidates: list[Candidate], claimed: Claimed, *, at: int) -> None:
        _lock_customers(candidates)
        taken: list[tuple[Candidate, bytes]] = []
        for candidate, fate in judged(self._shop, mailing, candidates, at=at):
            payload = b""
            if fate.state == "claimed":
                try:
                    payload = candidate.payload or self._printed(mailing, candidate, at=at)
                except TooLong as error:
                    # The templates are at fault and may fail for all others too: pause until a person has looked.
                    self._set_aside(candidate, Fate("failed", str(error)), claimed, at=at)
                    claimed.paused[mailing.id] = pause(mailing.id, str(error))
                    return
                except BadData as error:
                    fate = Fate("failed", str(error))  # noqa: PLW2901
            if fate.state != "claimed":
                self._set_aside(candidate, fate, claimed, at=at)
                continue
            if objection := self._channel.objection(payload, marketing=mailing.class_ == "marketing"):
                claimed.paused[mailing.id] = pause(mailing.id, objection)
                break
            taken.append((candidate, payload))
        sender = Templates.from_json(mailing.templates).letterhead.from_address
        lease_until = lease_clock(at) + LEASE_SECONDS
        ours = states.claim(taken, at=at, by=self._owner, lease_until=lease_until)
        claimed.letters += [
            Letter(one.id, one.claim_no + 1, mailing.id, one.message_id, sender, one.to_address, payload)
            for one, payload in taken
            if one.id in ours
        ]

    def _printed(self, mailing: Mailing, candidate: Candidate, *, at: int) -> bytes:
        if mailing.id not in self._presses:
            self._presses = {mailing.id: Press(mailing)}
        return self._presses[mailing.id].message(candidate, at=at)

    def _set_aside(self, candidate: Candidate, fate: Fate, claimed: Claimed, *, at: int) -> None:
        standing = (candidate.id, candidate.claim_no, candidate.state)
        columns: dict[str, object] = {"next_at": fate.until} if fate.until else {}
        columns["reply"] = fate.reason
        if states.change(standing, fate.state, at=at, by=self._owner, detail=fate.reason, **columns):
            claimed.became[fate.state] += 1


def open_mailings(channel: str, *, at: int) -> list[int]:
    """The active mailings with messages due on *channel*: service messages first, then the oldest."""
    query = f"""SELECT m.id FROM mailings m WHERE m.state = 'active' AND EXISTS (SELECT 1 FROM outbox o
        WHERE o.mailing_id = m.id AND o.channel = ? AND o.state IN {states.OPEN} AND o.next_at <= ?)
        ORDER BY m.class DESC, m.id"""
    return [mailing_id for (mailing_id,) in rows(query, channel, at)]


def due(mailing_id: int, channel: str, *, at: int, limit: int) -> list[Candidate]:
    """At most *limit* rows of the mailing that may be tried now, locked; those tried before come first."""
    found: list[Candidate] = []
    condition = f"""o.mailing_id = ? AND o.state = ? AND o.next_at <= ? AND o.channel = ?
        ORDER BY o.next_at, o.id LIMIT ?{skip_locked("o")}"""
    for state in states.OPEN:
        found += _candidates(condition, mailing_id, state, at, channel, limit - len(found))
        if len(found) == limit:
            break
    return found


def due_batches(mailing_id: int, channel: str, *, at: int) -> Iterator[list[Candidate]]:
    """All rows of the mailing that may be tried now, a few hundred at a time."""
    last = 0
    condition = f"""o.mailing_id = ? AND o.state IN {states.OPEN} AND o.next_at <= ? AND o.channel = ?
        AND o.id > ? ORDER BY o.id LIMIT ?"""
    while batch := list(_candidates(condition, mailing_id, at, channel, last, _BATCH)):
        yield batch
        last = batch[-1].id


def _candidates(condition: str, *values: object) -> Iterator[Candidate]:
    claimable = rows(
        "SELECT o.id, o.claim_no, o.state, o.customer_id, o.contact_point_id, o.to_address, o.message_id,"
        f" o.not_after, p.bytes, o.mailing_id FROM outbox o LEFT JOIN payloads p ON p.outbox_id = o.id"
        f" WHERE {condition}",
        *values,
    )
    if not claimable:
        return
    contexts = _contexts(claimable[0][9], [row[3] for row in claimable if row[8] is None])
    for row in claimable:
        payload = bytes(row[8]) if row[8] is not None else None
        yield Candidate(*(*row[:8], payload, json.loads(contexts.get(row[3], "{}"))))


def _contexts(mailing_id: int, customer_ids: Sequence[int]) -> dict[int, str]:
    if not customer_ids:
        return {}
    condition, ids = one_of(list(customer_ids))
    query = f"SELECT customer_id, context FROM recipients WHERE mailing_id = ? AND customer_id {condition}"
    return dict(rows(query, mailing_id, ids))


def withheld(shop: Shop, mailing: Mailing, *, at: int) -> str:
    """Why the whole mailing has to wait: quiet hours, or it has expired by a clock that is in doubt; else empty."""
    if mailing.purpose != "service" and (until := quiet(shop, at)):
        return f"quiet hours until {shop.clock.iso(until)}"
    if mailing.not_after is not None and mailing.not_after < at:
        doubt = clock_doubt(shop, since=mailing.not_after)
        return f"{doubt} (if the clock is right, use --yes-clock)" if doubt else ""
    return ""


def judged(
    shop: Shop, mailing: Mailing, candidates: Sequence[Candidate], *, at: int
) -> Iterable[tuple[Candidate, Fate]]:
    """The decision on each candidate at *at*: the time limit first, then the same rules as for the plan.

    The rules are applied to the customer who has the address now. Of two candidates who were merged, one gets it.
    """
    owners = _owners(candidates)
    fates = {one.id: fate for one in candidates if (fate := _out_of_place(one, owners, at=at))}
    people = {
        one.id: Recipient(owners[one.contact_point_id], one.contact_point_id, one.customer_id)
        for one in candidates
        if one.id not in fates and one.contact_point_id is not None
    }
    ask = Ask(mailing.program, mailing.name, cast("consent.Use", mailing.purpose), at)
    found = verdicts(shop, ask, list(people.values()))
    blocked = consent.blocked([one.to_address for one in candidates if one.contact_point_id is None])
    for candidate in candidates:
        if candidate.id in fates:
            yield candidate, fates[candidate.id]
        elif candidate.id in people:
            yield candidate, _fate(found[people[candidate.id]])
        else:
            yield candidate, Fate("suppressed", "suppressed") if candidate.to_address in blocked else Fate("claimed")


def _out_of_place(candidate: Candidate, owners: Mapping[int, int], *, at: int) -> Fate | None:
    """Why the candidate is dropped before the rules: it has expired, or its address now belongs to somebody else."""
    if candidate.not_after is not None and candidate.not_after < at:
        return Fate("expired", "the mailing has expired (not_after)")
    customer_id, owner = candidate.customer_id, owners.get(candidate.contact_point_id or 0)
    if customer_id is not None and owner != customer_id and owner != survivor_of(customer_id):
        return Fate("suppressed", "address_changed")
    return None


def _fate(verdict: consent.Contact | Refusal) -> Fate:
    if not isinstance(verdict, Refusal):
        return Fate("claimed")
    if verdict.until is not None:
        return Fate("deferred", "the contact budget is used up", until=verdict.until)
    return Fate("suppressed", verdict.reason)


def _owners(candidates: Sequence[Candidate]) -> dict[int, int]:
    """The customer who has each candidate's address now."""
    points = [candidate.contact_point_id for candidate in candidates if candidate.contact_point_id is not None]
    condition, bound = one_of(points)
    return dict(rows(f"SELECT id, customer_id FROM contact_points WHERE id {condition}", bound))


def _lock_customers(candidates: Sequence[Candidate]) -> None:
    """Lock the customers, so that two senders cannot both use the last of a budget: the second waits for the first."""
    if lock := rows_locked():
        customer_ids = {candidate.customer_id for candidate in candidates} | set(_owners(candidates).values())
        condition, bound = one_of([one for one in customer_ids if one is not None])
        rows(f"SELECT id FROM customers WHERE id {condition} ORDER BY id{lock}", bound)


def pause(mailing_id: int, reason: str) -> str:
    """Pause the mailing until a person resumes it, and return the sentence that says so. Inside a transaction."""
    mailing = Mailing.get_by_id(mailing_id)
    if mailing.state == "active":
        Mailing.update(state="paused", pause_reason=reason).where(Mailing.id == mailing_id).execute()
    return f"{mailing.program} {mailing.name} is paused: {reason}"
