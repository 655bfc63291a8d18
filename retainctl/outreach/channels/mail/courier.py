"""A thread that carries letters to the server, over one connection at a time."""

from __future__ import annotations

import threading
import time
from queue import Empty, SimpleQueue

from retainctl.config import Mail
from retainctl.errors import RetainError, Unavailable
from retainctl.outreach.channels import Answer, Letter, Outcome, Ready, Returned
from retainctl.outreach.channels.mail.logging_in import logged_in
from retainctl.outreach.channels.mail.session import Broken, Session

_FRUITLESS_CONNECTIONS = 3
_WAITS_SECONDS = (1, 4)  # before a connection that was lost is tried again
_CLOSING = 421


class _Over(Exception):
    """This connection is over; what became of its letters was told."""

    def __init__(self, *, is_servers_doing: bool = True) -> None:
        super().__init__()
        self.is_servers_doing = is_servers_doing


class Up:
    """A courier is connected."""


class Stopped:
    """A courier has ended: for good reason, in *trouble*, or by a *bug*."""

    def __init__(self, trouble: RetainError | None = None, bug: BaseException | None = None) -> None:
        self.trouble = trouble
        self.bug = bug


News = Ready | Answer | Returned | Up | Stopped


class Courier(threading.Thread):
    """Takes letters from *basket* and tells *news*; None in the basket ends it.

    It says ``Ready``, and waits for its verdict: True lets the letter go, False hangs up.
    """

    def __init__(self, mail: Mail, password: str, own_name: str, basket: SimpleQueue[Letter | None],
                 news: SimpleQueue[tuple[Courier, News]]) -> None:  # fmt: skip
        super().__init__(daemon=True, name="courier")
        self.verdicts: SimpleQueue[bool] = SimpleQueue()
        self._mail = mail
        self._password = password
        self._own_name = own_name
        self._basket = basket
        self._news = news

    def run(self) -> None:
        try:
            self._carry_all()
        except RetainError as trouble:
            self._tell(Stopped(trouble))
        except BaseException as bug:  # it must not be lost with its thread
            self._tell(Stopped(bug=bug))
        else:
            self._tell(Stopped())

    def _tell(self, news: News) -> None:
        self._news.put((self, news))

    def _carry_all(self) -> None:
        """One connection after another, until the basket has ended or the server takes nothing."""
        session: Session | None = self._connected()
        self._tell(Up())
        fruitless = 0
        while letter := self._basket.get():
            session = session or self._connected_again(letter)
            try:
                self._carry(session, letter)
            except _Over as over:
                fruitless = fruitless + 1 if over.is_servers_doing and not session.accepted else 0
            finally:
                session.close()
            session = None
            if fruitless == _FRUITLESS_CONNECTIONS:
                raise Unavailable(f"the mail server {self._mail.host} takes nothing more")
        if session:
            session.close(politely=True)

    def _connected(self) -> Session:
        return Session(logged_in(self._mail, self._password, own_name=self._own_name), self._mail)

    def _connected_again(self, letter: Letter) -> Session:
        """A new connection for *letter*, which goes back where there is none to be had."""
        for wait_seconds in (*_WAITS_SECONDS, None):
            try:
                return self._connected()
            except RetainError as trouble:
                if wait_seconds is None or not isinstance(trouble, Unavailable):
                    self._tell(Returned(letter))
                    raise
            time.sleep(wait_seconds)
        raise AssertionError

    def _carry(self, session: Session, letter: Letter) -> None:
        """Carry *letter* and all that follow over one connection, until it has had its share or _Over."""
        begun = False
        while True:
            wanted = self._is_wanted(session, letter, begun=begun)
            following = self._hand_over(session, letter) if wanted else None
            begun = following is not None
            if following is None:
                if session.begun >= self._mail.messages_per_connection:
                    break
                following = self._basket.get()
                if following is None:
                    self._basket.put(None)  # for the loop that called this one
                    break
            letter = following
        session.close(politely=True)

    def _is_wanted(self, session: Session, letter: Letter, *, begun: bool) -> bool:
        """Bring *letter* to where only the terminator is missing; False when the server does not want it."""
        try:
            if not begun:
                session.begin(letter)
            refusal = session.answered(letter)
            if refusal is None:
                session.send_data(letter)
                return True
        except Broken as broken:
            # A connection that was closed before it said a word about this letter is not the letter's fault.
            if session.heard or broken.silent:
                self._tell(Answer(letter, Outcome("deferred", str(broken))))
            else:
                self._tell(Returned(letter))
            raise _Over from None
        except RetainError:
            self._tell(Returned(letter))
            raise
        self._tell(Answer(letter, refusal))
        if refusal.code == _CLOSING:
            raise _Over
        return False

    def _hand_over(self, session: Session, letter: Letter) -> Letter | None:
        """Once it is let go, write the terminator, and hear what the server says; returns what was begun behind it."""
        self._tell(Ready(letter))
        if not self.verdicts.get():
            raise _Over(is_servers_doing=False)
        if session.is_gone():
            self._tell(Answer(letter, Outcome("deferred", "the server hung up before the end of the message")))
            raise _Over
        following = self._at_once(session)
        try:
            session.end(following)
            outcome = session.ended()
        except Broken as broken:
            outcome = Outcome("unknown", str(broken))
        self._tell(Answer(letter, outcome))
        if outcome.state == "unknown" or outcome.code == _CLOSING:
            if following:
                self._tell(Returned(following))
            raise _Over
        return following

    def _at_once(self, session: Session) -> Letter | None:
        """The next letter, where it can travel behind the end of this one."""
        if not session.pipelining or session.begun >= self._mail.messages_per_connection:
            return None
        try:
            letter = self._basket.get_nowait()
        except Empty:
            return None
        if letter is None:
            self._basket.put(None)
        return letter
