"""Sending letters to the server, over one connection at a time."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from functools import partial

from retainctl.config import Mail
from retainctl.errors import RetainError, Unavailable
from retainctl.outreach.channels import Answer, ChannelReport, Letter, Outcome, Ready, Returned
from retainctl.outreach.channels.mail.session import Session
from retainctl.outreach.channels.mail.smtp_login import Server
from retainctl.outreach.channels.mail.wire import Broken, Wait

_FRUITLESS_CONNECTIONS = 3
_WAITS_SECONDS = (1, 4)  # before trying to connect again
_LOOK_SECONDS = 0.01  # between two checks whether the login is done
_CLOSING = 421


class _Over(Exception):
    """This connection has ended; the outcomes of its letters were reported."""

    def __init__(self, *, is_servers_doing: bool = True) -> None:
        super().__init__()
        self.is_servers_doing = is_servers_doing


@dataclass(slots=True)
class Basket:
    """The queue of letters that wait for a courier, and whether more will come."""

    letters: deque[Letter] = field(default_factory=deque)
    is_closed: bool = False


class Courier:
    """Takes letters from *basket*, sends them and reports the outcomes to *tell*.

    ``go_on`` runs it until it has to wait. Besides its connection, it waits for two signals: when a letter is
    ``Ready``, True lets it go and False makes the courier hang up; when it is idle, any makes it check *basket* again.
    """

    def __init__(
        self, server: Server, mail: Mail, basket: Basket, tell: Callable[[Courier, ChannelReport], None]
    ) -> None:
        self.is_up = False  # has been connected
        self.is_idle = False
        self._server = server
        self._mail = mail
        self._basket = basket
        self._tell = partial(tell, self)
        self._course: Coroutine[Wait, bool | None, None] = self._carry_all()

    def go_on(self, word: bool | None) -> Wait:
        """Run until the next wait. *word* is the result of the last one, None at the start. Ends in StopIteration."""
        return self._course.send(word)

    async def _carry_all(self) -> None:
        """Use one connection after another, until the basket is closed and empty, or the server accepts nothing."""
        session: Session | None = await self._connected()
        self.is_up = True
        fruitless = 0
        while letter := await self._next():
            session = session or await self._connected_again(letter)
            try:
                await self._carry(session, letter)
            except _Over as over:
                fruitless = fruitless + 1 if over.is_servers_doing and not session.accepted else 0
            finally:
                session.close()
            session = None
            if fruitless == _FRUITLESS_CONNECTIONS:
                raise Unavailable(f"the mail server {self._mail.host} accepts no more messages")
        if session:
            session.close(politely=True)

    async def _next(self) -> Letter | None:
        """The next letter, as soon as there is one; None when no more will come."""
        self.is_idle = True
        while not self._basket.letters and not self._basket.is_closed:
            await Wait()
        self.is_idle = False
        return self._basket.letters.popleft() if self._basket.letters else None

    async def _connected(self) -> Session:
        login = self._server.log_in()
        while not login.done():
            await Wait(time.monotonic() + _LOOK_SECONDS)
        return Session(login.result(), self._mail)

    async def _connected_again(self, letter: Letter) -> Session:
        """A new connection for *letter*, which is returned if there is none."""
        for wait_seconds in (*_WAITS_SECONDS, None):
            try:
                return await self._connected()
            except RetainError as trouble:
                if wait_seconds is None or not isinstance(trouble, Unavailable):
                    self._tell(Returned(letter))
                    raise
            await Wait(time.monotonic() + wait_seconds)
        raise AssertionError

    async def _carry(self, session: Session, letter: Letter) -> None:
        """Send *letter* and those that follow over one connection, until it has sent its share or _Over is raised."""
        begun = False
        while True:
            wanted = await self._is_wanted(session, letter, begun=begun)
            following = await self._hand_over(session, letter) if wanted else None
            begun = following is not None
            if following is None:
                if session.begun >= self._mail.messages_per_connection:
                    break
                following = await self._next()
                if following is None:
                    break
            letter = following
        session.close(politely=True)

    async def _is_wanted(self, session: Session, letter: Letter, *, begun: bool) -> bool:
        """Send *letter* except for the terminator; False when the server refuses it."""
        try:
            if not begun:
                await session.begin(letter)
            refusal = await session.answered(letter)
            if refusal is None:
                await session.send_data(letter)
                return True
        except Broken as broken:
            # If the connection was closed before any reply about this letter, the letter is not at fault.
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

    async def _hand_over(self, session: Session, letter: Letter) -> Letter | None:
        """Once *letter* is let go, send the terminator and read the reply; returns the letter started after it."""
        self._tell(Ready(letter))
        if not await Wait():
            raise _Over(is_servers_doing=False)
        if session.is_gone():
            self._tell(Answer(letter, Outcome("deferred", "connection closed before the end of the message")))
            raise _Over
        following = self._at_once(session)
        try:
            await session.end(following)
            outcome = await session.ended()
        except Broken as broken:
            outcome = Outcome("unknown", str(broken))
        self._tell(Answer(letter, outcome))
        if outcome.state == "unknown" or outcome.code == _CLOSING:
            if following:
                self._tell(Returned(following))
            raise _Over
        return following

    def _at_once(self, session: Session) -> Letter | None:
        """The next letter, if it can be started in the same write as the end of this one."""
        if not session.pipelining or session.begun >= self._mail.messages_per_connection:
            return None
        return self._basket.letters.popleft() if self._basket.letters else None
