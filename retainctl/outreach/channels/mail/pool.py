"""The mail channel: several couriers, who take letters from one basket."""

from __future__ import annotations

import re
import socket
from contextlib import suppress
from queue import Empty, SimpleQueue

from retainctl.config import Shop
from retainctl.errors import BadConfiguration, RetainError
from retainctl.outreach.channels import Answer, Down, Letter, Outcome, Ready, Report, Returned
from retainctl.outreach.channels.mail.courier import Courier, News, Stopped, Up
from retainctl.outreach.channels.mail.logging_in import password_of
from retainctl.outreach.channels.mail.session import unsendable

_LETTERS_EACH = 6  # in the hands of one courier or waiting for it
_GATHERING_SECONDS = 0.002  # how long those that stand ready wait for one more, so that they share a commit
_UNSUBSCRIBE = re.compile(rb"^List-Unsubscribe:(?:[^\n]|\n[ \t])*<(?:https://|mailto:)", re.IGNORECASE | re.MULTILINE)


class MailChannel:
    """Hands letters to the shop's mail server, over as many connections as its settings say."""

    def __init__(self, shop: Shop) -> None:
        """Connects at once, and says in ``reports`` how that went; BadConfiguration where it cannot even begin."""
        mail = shop.settings.mail
        password = password_of(shop)
        self._basket: SimpleQueue[Letter | None] = SimpleQueue()
        self._news: SimpleQueue[tuple[Courier, News]] = SimpleQueue()
        self._standing: dict[int, Courier] = {}  # whose courier waits for its verdict
        self._reports: list[Report] = []
        self._in_hand = 0
        self._up: set[Courier] = set()
        self._closed = False
        own_name = socket.getfqdn()
        self._couriers = {Courier(mail, password, own_name, self._basket, self._news) for _ in range(mail.connections)}
        for courier in self._couriers:
            courier.start()

    def objection(self, payload: bytes, *, marketing: bool) -> str:
        """Mail that advertises must say how to refuse it."""
        headers = payload.partition(b"\r\n\r\n")[0]
        if marketing and not _UNSUBSCRIBE.search(headers):
            return "its messages have no way to unsubscribe: set mail.unsubscribe_address or public_url"
        return ""

    def room(self) -> int:
        """Nothing before a connection stands; then in handfuls, so that a claim is worth its transaction."""
        room = len(self._up) * _LETTERS_EACH - self._in_hand
        return room if room >= len(self._up) * _LETTERS_EACH // 2 and not self._closed else 0

    def take(self, letter: Letter) -> None:
        self._in_hand += 1
        if reason := unsendable(letter):
            self._reports.append(Answer(letter, Outcome("failed", reason)))
            self._in_hand -= 1
        elif self._closed:  # while it was being claimed; nobody would carry it any more
            self._reports.append(Returned(letter))
            self._in_hand -= 1
        else:
            self._basket.put(letter)

    def reports(self, wait_seconds: float) -> list[Report]:
        if not self._reports:
            with suppress(Empty):
                self._heed(*self._news.get(timeout=wait_seconds) if wait_seconds else self._news.get_nowait())
        self._gather()
        reports, self._reports = self._reports, []
        return reports

    def _gather(self) -> None:
        """Hear the others too: while some are on their way to stand ready, for a moment longer."""
        with suppress(Empty):
            while True:
                on_their_way = min(len(self._up), self._in_hand) - len(self._standing)
                if on_their_way > 0 and self._reports:
                    self._heed(*self._news.get(timeout=_GATHERING_SECONDS))
                else:
                    self._heed(*self._news.get_nowait())

    def _heed(self, courier: Courier, news: News) -> None:
        match news:
            case Up():
                self._up.add(courier)
            case Stopped(trouble=trouble, bug=bug):
                self._couriers.discard(courier)
                self._up.discard(courier)
                if bug:
                    raise bug
                if not self._couriers or isinstance(trouble, BadConfiguration):
                    self._end(trouble)
            case Ready(letter):
                self._standing[letter.id] = courier
                self._reports.append(news)
            case Answer() | Returned():
                self._in_hand -= 1
                self._reports.append(news)

    def _end(self, trouble: RetainError | None) -> None:
        """The last courier is gone, or all would fail alike."""
        if trouble:
            self._reports.append(Down(trouble))
        self.close()

    def go(self, letter: Letter) -> None:
        self._standing.pop(letter.id).verdicts.put(True)

    def drop(self, letter: Letter) -> None:
        self._in_hand -= 1
        self._standing.pop(letter.id).verdicts.put(False)

    def close(self) -> None:
        self._closed = True
        with suppress(Empty):
            while True:
                if letter := self._basket.get_nowait():
                    self._in_hand -= 1
                    self._reports.append(Returned(letter))
        for _ in self._couriers:
            self._basket.put(None)
