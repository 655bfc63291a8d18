"""The loop between one channel and the database.

Only the letters that the channel is sending are in memory. Each turn saves in one transaction what the channel
reported since the last one, and claims the next letters; only then the letters that were ready are handed over.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from retainctl.config import Shop
from retainctl.errors import DiskTrouble, RetainError, TryLater, Unavailable
from retainctl.outreach.channels import Answer, Channel, Claim, Down, Letter, Outcome, Ready, Returned
from retainctl.outreach.outbox.claiming import Claimer
from retainctl.outreach.outbox.commit_cycle import Cycle, Turn, record
from retainctl.outreach.outbox.recover import sweep
from retainctl.outreach.outbox.states import State
from retainctl.result import Progress
from retainctl.store.leases import Holder
from retainctl.store.transactions import reading

_WAIT_SECONDS = 0.25  # how long a turn waits for the channel before it checks whether the run should end
_STUCK_SECONDS = 1_800.0  # longer than any answer of a server is waited for: a run always ends
_ENDING_SECONDS = 8.0  # how long to wait for outstanding answers after a signal
_DATABASE_SECONDS = 60.0  # how long the database may be unavailable before the run gives up

# The circuit breaker: more than one in twenty of the last two hundred permanently refused, or fifty in a row.
_BREAKER_WINDOW, _BREAKER_SHARE, _BREAKER_ROW = 200, 0.05, 50
_UNKNOWN_ROW = 10  # each of which a person has to look up


@dataclass(slots=True)
class Tally:
    """The results of a run so far."""

    room: int | None  # how many more messages may be claimed; None: any number
    became: Counter[State] = field(default_factory=Counter)
    paused: dict[int, str] = field(default_factory=dict)  # mailing, and the sentence that says why
    held: str = ""
    trouble: RetainError | None = None


class Loop:
    """Takes letters from the database to a channel, and saves their outcomes."""

    def __init__(
        self, shop: Shop, holder: Holder, tally: Tally, *, stopping: Callable[[], bool], progress: Progress
    ) -> None:
        self._shop = shop
        self._holder = holder
        self._tally = tally
        self._stopping = stopping
        self._progress = progress
        self._in_hand: dict[Claim, Letter] = {}
        self._gone: set[Claim] = set()  # those of them that were handed over: an answer is due
        self._turn = Turn()
        self._breakers: defaultdict[int, _Breaker] = defaultdict(_Breaker)
        self._mailing_ids: list[int] = []
        self._closing = False
        self._empty_claims = 0  # in a row
        self._held = False  # by the hour or the daily cap
        self._ends_at: float | None = None
        self._moved_at = time.monotonic()  # when something was last heard of a letter

    def run(self, channel: Channel, claimer: Claimer) -> None:
        """Deliver what is due on *channel*, until nothing is left, it accepts no more, or the run is to end."""
        self._mailing_ids = claimer.open_mailings()
        while self._in_hand or self._turn or not self._is_over(claimer):
            self._heed_signals(channel)
            wanted = self._wanted(channel)
            # While letters are being sent there will soon be a report, and the claim can share its commit.
            self._sort(channel, wait_seconds=0 if wanted and not self._in_hand else _WAIT_SECONDS)
            if wanted or self._turn:
                self._act(channel, self._written(channel, claimer, wanted=wanted))

    def _is_over(self, claimer: Claimer) -> bool:
        if self._closing or self._tally.room == 0 or self._held or self._empty_claims == 2:
            return True
        if not self._mailing_ids:
            # Look once more: messages that others left, or a server deferred, may be due again. Those that two claims
            # in a row did not get are being claimed by another sender, which will send them.
            self._tally.became += sweep(self._shop, by=self._holder.name)
            self._mailing_ids = claimer.open_mailings()
        return not self._mailing_ids

    def _heed_signals(self, channel: Channel) -> None:
        """Start nothing more once the run is to end; after the waiting time, give up on outstanding answers."""
        if self._ends_at is None and self._stopping():
            self._ends_at = time.monotonic() + _ENDING_SECONDS
            self._close(channel)
        elif self._ends_at is None and self._in_hand and time.monotonic() > self._moved_at + _STUCK_SECONDS:
            self._ends_at = time.monotonic()
            minutes = f"{_STUCK_SECONDS / 60:.0f} minutes"
            told = f"nothing was heard of {len(self._in_hand)} messages for {minutes}, and the run has ended"
            self._tally.trouble = self._tally.trouble or Unavailable(told, hint="Look at them: retainctl outbox list")
            self._close(channel)
        elif self._ends_at is not None and time.monotonic() > self._ends_at:
            for letter in self._in_hand.values():
                if letter.claim in self._gone:
                    self._turn.answers.append(
                        Answer(letter, Outcome("unknown", "the run ended before the server answered"))
                    )
                else:
                    self._turn.returned.append(letter)
            self._in_hand.clear()

    def _close(self, channel: Channel) -> None:
        self._closing = True
        channel.close()

    def _wanted(self, channel: Channel) -> int:
        if self._closing or not self._mailing_ids:
            return 0
        room = channel.room()
        return room if self._tally.room is None else min(room, self._tally.room)

    def _sort(self, channel: Channel, *, wait_seconds: float) -> None:
        """Put what the channel reports into the next turn."""
        for report in channel.reports(wait_seconds):
            self._moved_at = time.monotonic()
            match report:
                case Ready(letter) if letter.claim in self._in_hand:
                    if self._ends_at is not None or letter.mailing_id in self._tally.paused:
                        self._take_back(channel, letter)
                    else:
                        self._turn.ready.append(letter)
                case Answer(letter, _) if letter.claim in self._in_hand:
                    del self._in_hand[letter.claim]
                    self._turn.answers.append(report)
                case Returned(letter) if letter.claim in self._in_hand:
                    del self._in_hand[letter.claim]
                    self._turn.returned.append(letter)
                case Down(trouble):
                    self._tally.trouble = self._tally.trouble or trouble
                    self._close(channel)

    def _take_back(self, channel: Channel, letter: Letter) -> None:
        channel.drop(letter)
        del self._in_hand[letter.claim]
        self._turn.returned.append(letter)

    def _written(self, channel: Channel, claimer: Claimer, *, wanted: int) -> Cycle:
        """Save the turn, with retries while the database is unavailable, because answers must not be lost.

        Letters that were ready are not handed over after a failure: whether they were marked is unknown.
        """
        patient_until = time.monotonic() + _DATABASE_SECONDS
        while True:
            try:
                cycle = record(self._shop, self._turn, claimer, self._mailing_ids, wanted=wanted, by=self._holder.name)
            except (DiskTrouble, TryLater, Unavailable):
                for letter in self._turn.ready:
                    self._take_back(channel, letter)
                self._turn.ready.clear()
                if time.monotonic() > patient_until or self._stopping():
                    raise
                time.sleep(_WAIT_SECONDS)
                with suppress(DiskTrouble, TryLater, Unavailable), reading():
                    self._holder.hold()
            else:
                return cycle

    def _act(self, channel: Channel, cycle: Cycle) -> None:
        """Hand over the letters that are saved as ``handing``, and give the channel those that were claimed."""
        ready, self._turn = self._turn.ready, Turn()
        self._tally.paused |= cycle.paused | cycle.claimed.paused
        for letter in ready:
            if letter.claim in cycle.go and letter.mailing_id not in self._tally.paused:
                self._gone.add(letter.claim)
                channel.go(letter)
            else:
                self._take_back(channel, letter)
        self._gone &= self._in_hand.keys()
        if cycle.claimed.letters:
            self._moved_at = time.monotonic()
        for letter in cycle.claimed.letters:
            self._in_hand[letter.claim] = letter
            channel.take(letter)
        if self._tally.room is not None:
            self._tally.room -= len(cycle.claimed.letters)
        if cycle.claimed.exhausted:
            self._mailing_ids = []
            self._empty_claims += 1
        elif cycle.claimed.letters or cycle.claimed.became:
            self._empty_claims = 0
        if cycle.claimed.held:
            self._tally.held = cycle.claimed.held
            self._held = cycle.claimed.exhausted
        for mailing_id, state in cycle.ended:
            if reason := self._breakers[mailing_id].heard(state):
                self._turn.stopped[mailing_id] = reason
        self._tally.became += cycle.became + cycle.claimed.became
        self._progress(cycle.became.total() + cycle.claimed.became.total())


class _Breaker:
    """Watches the outcomes of one mailing's messages, and says when it has to stop."""

    def __init__(self) -> None:
        self._recent: deque[bool] = deque(maxlen=_BREAKER_WINDOW)
        self._in_a_row = self._unknown_in_a_row = 0

    def heard(self, state: State) -> str:
        """Why the mailing has to stop, or empty, now that a message of it has come to *state*."""
        self._unknown_in_a_row = self._unknown_in_a_row + 1 if state == "unknown" else 0
        if self._unknown_in_a_row >= _UNKNOWN_ROW:
            return f"of {_UNKNOWN_ROW} messages in a row nobody knows whether they were delivered"
        if state not in ("sent", "failed"):
            return ""
        failed = state == "failed"
        self._recent.append(failed)
        self._in_a_row = self._in_a_row + 1 if failed else 0
        if self._in_a_row >= _BREAKER_ROW:
            return f"{_BREAKER_ROW} messages in a row were not accepted"
        if len(self._recent) == _BREAKER_WINDOW and sum(self._recent) > _BREAKER_SHARE * _BREAKER_WINDOW:
            return f"{sum(self._recent)} of {_BREAKER_WINDOW} messages were not accepted"
        return ""
