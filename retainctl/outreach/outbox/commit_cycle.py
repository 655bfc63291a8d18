"""The transaction of one cycle: saving what the channel reported, and claiming the next letters."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from retainctl.clock import DAY_SECONDS
from retainctl.config import Shop
from retainctl.outreach.channels import Answer, Claim, Letter, Outcome
from retainctl.outreach.outbox import states
from retainctl.outreach.outbox.claiming import Claimed, Claimer, pause
from retainctl.outreach.outbox.states import State
from retainctl.shop import consent
from retainctl.store.database import rows, value
from retainctl.store.dialect import lease_clock
from retainctl.store.transactions import in_one_transaction

FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 15 * 60, 6 * 3_600
# After two days an advertisement is out of date; a service message is tried as long as RFC 5321 recommends.
_PATIENCE_SECONDS = {"marketing": 2 * DAY_SECONDS, "transactional": 5 * DAY_SECONDS}


@dataclass(slots=True)
class Turn:
    """What is to be saved next."""

    ready: list[Letter] = field(default_factory=list)  # ready to be handed over
    answers: list[Answer] = field(default_factory=list)
    returned: list[Letter] = field(default_factory=list)  # certainly not handed over
    stopped: dict[int, str] = field(default_factory=dict)  # mailings, and why they have to stop

    def __bool__(self) -> bool:
        return bool(self.ready or self.answers or self.returned or self.stopped)


@dataclass(slots=True)
class Cycle:
    """What was saved."""

    go: set[Claim] = field(default_factory=set)  # the letters that are ``handing`` now
    ended: list[tuple[int, State]] = field(default_factory=list)  # mailing and new state of each that was answered
    became: Counter[State] = field(default_factory=Counter)
    paused: dict[int, str] = field(default_factory=dict)
    claimed: Claimed = field(default_factory=Claimed)


@in_one_transaction
def record(shop: Shop, turn: Turn, claimer: Claimer, mailing_ids: Sequence[int], *, wanted: int, by: str) -> Cycle:
    """Save *turn* and claim at most *wanted* new letters of *mailing_ids*: all of it or nothing.

    Repeating it changes nothing, so it may be retried when it is unknown whether the commit succeeded.
    """
    cycle, now = Cycle(), shop.clock.now()
    # Nearly all letters were accepted: those still ``handing`` are marked in one statement.
    received = states.mark_sent([one for one in turn.answers if one.outcome.state == "sent"], at=now, by=by)
    cycle.became["sent"] += len(received)
    for answer in turn.answers:
        state = "sent" if answer.letter.id in received else _settle(answer, cycle, now=now, by=by)
        if state:
            cycle.ended.append((answer.letter.mailing_id, state))
    for letter in turn.returned:
        _give_back(letter, now=now, by=by)
    for mailing_id, reason in turn.stopped.items():
        cycle.paused[mailing_id] = pause(mailing_id, reason)
    if turn.ready:
        ready = dict(sorted(letter.claim for letter in turn.ready))  # of one claimed twice the last counts
        gone = states.hand_over(ready, at=now, by=by, lease_now=lease_clock(now))
        cycle.go = {(message, ready[message]) for message in gone}
    if wanted:
        cycle.claimed = claimer.claim([one for one in mailing_ids if one not in cycle.paused], wanted=wanted)
    return cycle


def _settle(answer: Answer, cycle: Cycle, *, now: int, by: str) -> State | None:
    """The state that the letter came to; None where somebody else has settled it."""
    letter, outcome = answer.letter, answer.outcome
    after, columns = _after(letter, outcome, now=now)
    gave_up = "gave up: " if after != outcome.state else ""
    told = f"{gave_up}{outcome.detail}"
    columns |= {"code": outcome.code, "enhanced": outcome.enhanced, "reply": told}
    # A late answer is still evidence: it decides what a sweep marked as unknown in the meantime.
    befores: tuple[State, ...] = ("handing",) if after == "unknown" else ("handing", "claimed", "unknown")
    if not any(
        states.change((letter.id, letter.claim_no, before), after, at=now, by=by, detail=told, **columns)
        for before in befores
    ):
        return None
    cycle.became[after] += 1
    if outcome.nobody_there:
        _suppress(letter, outcome, now=now)
    if outcome.sender_at_fault:
        reason = f"the mail server refuses the sender: {outcome.detail}"
        cycle.paused[letter.mailing_id] = pause(letter.mailing_id, reason)
    return after


def _after(letter: Letter, outcome: Outcome, *, now: int) -> tuple[State, dict[str, object]]:
    """The state that *outcome* leads to, and the other columns to set."""
    if outcome.state == "unknown":
        return "unknown", {"next_at": now + states.UNKNOWN_SECONDS}
    if outcome.state != "deferred":
        return outcome.state, {}
    if not outcome.charged:
        return "deferred", {"next_at": now + outcome.retry_seconds}
    attempts, not_after, class_ = rows("SELECT attempts, not_after, class FROM outbox WHERE id = ?", letter.id)[0]
    begun_at = value("SELECT MIN(at) FROM outbox_events WHERE outbox_id = ? AND to_state = 'claimed'", letter.id)
    next_at = now + wait_seconds(letter.id, attempts)
    # The first try is never the last: before it the message may have waited for a person, and not for the server.
    out_of_patience = attempts > 0 and next_at > begun_at + _PATIENCE_SECONDS[class_]
    if out_of_patience or (not_after is not None and next_at > not_after):
        return "failed", {"attempts": attempts + 1}
    return "deferred", {"attempts": attempts + 1, "next_at": next_at}


def _give_back(letter: Letter, *, now: int, by: str) -> None:
    """Make the letter available to the next claim; this does not count as an attempt."""
    befores: tuple[State, ...] = ("claimed", "handing")  # the latter where the result of a commit was lost
    any(
        states.change((letter.id, letter.claim_no, before), "planned", at=now, by=by, detail="not started")
        for before in befores
    )


def _suppress(letter: Letter, outcome: Outcome, *, now: int) -> None:
    key = value(
        "SELECT p.key FROM outbox o JOIN contact_points p ON p.id = o.contact_point_id WHERE o.id = ?", letter.id
    )
    evidence = f"{consent.OF_THE_OUTBOX}{letter.id}: {outcome.code} {outcome.enhanced}"
    consent.suppress("email", key or letter.to_address.casefold(), "hard_bounce", now, evidence)


def wait_seconds(message_id: int, attempts: int) -> int:
    """How long the message waits after so many attempts: doubling from 15 minutes up to 6 hours, ±20 %.

    The variation is derived from the message id instead of random, so that a run can be repeated.
    """
    spread = zlib.crc32(f"{message_id}.{attempts}".encode()) % 401 / 1000 - 0.2
    return int(min(FIRST_WAIT_SECONDS * 2 ** min(attempts, 10), LONGEST_WAIT_SECONDS) * (1 + spread))
