"""The mail channel: several couriers that take letters from one queue, in one thread."""

from __future__ import annotations

import re
import select
import time

from retainctl.config import Shop
from retainctl.errors import BadConfiguration, RetainError
from retainctl.outreach.channels import Answer, ChannelReport, Claim, Down, Letter, Outcome, Ready, Returned
from retainctl.outreach.channels.mail.courier import Basket, Courier
from retainctl.outreach.channels.mail.session import unsendable
from retainctl.outreach.channels.mail.smtp_login import Server, password_of
from retainctl.outreach.channels.mail.wire import Wait

_LETTERS_EACH = 6  # being sent by a courier or waiting for it
_GATHERING_SECONDS = 0.002  # how long ready letters wait for another one, so that they share a commit
_UNSUBSCRIBE = re.compile(rb"^List-Unsubscribe:(?:[^\n]|\n[ \t])*<(?:https://|mailto:)", re.IGNORECASE | re.MULTILINE)


class MailChannel:
    """Sends letters to the shop's mail server, over as many connections as the settings say."""

    def __init__(self, shop: Shop) -> None:
        """Connects at once; failures are in ``reports``. BadConfiguration where the settings do not suffice."""
        mail = shop.settings.mail
        server = Server(mail, password_of(shop))
        self._basket = Basket()
        self._waits = {Courier(server, mail, self._basket, self._tell): Wait() for _ in range(mail.connections)}
        self._standing: dict[Claim, Courier] = {}  # by letter that is ready: the courier that waits to let it go
        self._reports: list[ChannelReport] = []
        self._in_hand = 0
        for courier in list(self._waits):
            self._resume(courier, None)

    def objection(self, payload: bytes, *, marketing: bool) -> str:
        """An advertisement must have a way to unsubscribe."""
        headers = payload.partition(b"\r\n\r\n")[0]
        if marketing and not _UNSUBSCRIBE.search(headers):
            return "its messages have no way to unsubscribe: set mail.unsubscribe_address or public_url"
        return ""

    def room(self) -> int:
        """0 before the first connection; then only several at once, so that a claim is worth its transaction."""
        share = self._up() * _LETTERS_EACH
        room = share - self._in_hand
        return room if room >= share // 2 and not self._basket.is_closed else 0

    def _up(self) -> int:
        return sum(courier.is_up for courier in self._waits)

    def take(self, letter: Letter) -> None:
        if reason := unsendable(letter):
            self._reports.append(Answer(letter, Outcome("failed", reason)))
        elif self._basket.is_closed:  # while the letter was being claimed; it would not be sent
            self._reports.append(Returned(letter))
        else:
            self._in_hand += 1
            self._basket.letters.append(letter)
            if idle := next((courier for courier in self._waits if courier.is_idle), None):
                self._resume(idle, True)

    def reports(self, wait_seconds: float) -> list[ChannelReport]:
        """Also returns, without reports, when a connection made progress: there may be room now."""
        if not self._reports:
            self._poll(wait_seconds)
        self._gather()
        reports, self._reports = self._reports, []
        return reports

    def _gather(self) -> None:
        """Wait a moment longer while other letters are about to become ready."""
        known, until = 0, 0.0
        while self._reports and len(self._standing) < min(self._up(), self._in_hand):
            if len(self._reports) > known:
                known, until = len(self._reports), time.monotonic() + _GATHERING_SECONDS
            left = until - time.monotonic()
            if left <= 0:
                break
            self._poll(left)

    def _poll(self, seconds: float) -> None:
        """Wait at most *seconds* until a courier can go on, and run all that can."""
        poller = select.poll()  # not select.select, which does not support descriptors above 1,023
        watched: dict[int, Courier] = {}
        now = time.monotonic()
        until = now + seconds
        for courier, wait in self._waits.items():
            until = min(until, wait.until)
            if wait.descriptor is not None:
                poller.register(wait.descriptor, wait.events)
                watched[wait.descriptor] = courier
        for descriptor, _ in poller.poll(max(0.0, until - now) * 1_000):
            self._resume(watched[descriptor], True)
        now = time.monotonic()
        for courier in [courier for courier, wait in self._waits.items() if wait.until <= now]:
            self._resume(courier, False)

    def _resume(self, courier: Courier, word: bool | None) -> None:
        try:
            self._waits[courier] = courier.go_on(word)
        except (StopIteration, RetainError) as end:
            del self._waits[courier]
            if self._waits and not isinstance(end, BadConfiguration):
                return  # the others continue
            if isinstance(end, RetainError):
                self._reports.append(Down(end))
            self.close()

    def _tell(self, courier: Courier, report: ChannelReport) -> None:
        if isinstance(report, Ready):
            self._standing[report.letter.claim] = courier
        else:
            self._in_hand -= 1
        self._reports.append(report)

    def go(self, letter: Letter) -> None:
        self._resume(self._standing.pop(letter.claim), True)

    def drop(self, letter: Letter) -> None:
        self._in_hand -= 1
        self._resume(self._standing.pop(letter.claim), False)

    def close(self) -> None:
        self._basket.is_closed = True
        while self._basket.letters:
            self._in_hand -= 1
            self._reports.append(Returned(self._basket.letters.popleft()))
        for courier in list(self._waits):
            if courier.is_idle:
                self._resume(courier, False)
