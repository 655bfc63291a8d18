"""Lines to a mail server and its replies, over a non-blocking socket.

Whatever has to wait is a coroutine and awaits a ``Wait``; the pool runs many of them in one thread.
"""

from __future__ import annotations

import math
import re
import select
import socket
import ssl
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from retainctl.outreach.channels.mail.replies import Reply

T = TypeVar("T")

_LONGEST_LINE, _MOST_LINES = 8_192, 100
_REPLY_LINE = re.compile(rb"([2-5]\d\d)([ -]|$)(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Wait:
    """Waits until a socket can be read or written, or without one for a signal; no longer than *until*."""

    until: float = math.inf  # by time.monotonic
    descriptor: int | None = None
    events: int = 0

    def __await__(self) -> Generator[Wait, bool, bool]:
        """True when the socket is ready, False after *until*; or the signal."""
        return (yield self)


class Broken(Exception):
    """The connection cannot be used any more; *silent* where the server did not reply in time."""

    def __init__(self, reason: str, *, silent: bool = False) -> None:
        super().__init__(reason)
        self.silent = silent


class Wire:
    """One connection. Each method raises Broken where it is lost; *seconds* is the timeout of each step that waits."""

    def __init__(self, connected: socket.socket) -> None:
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connected.setblocking(False)
        self._socket = connected
        self._buffer = b""

    async def write(self, data: bytes, seconds: float) -> None:
        unwritten = memoryview(data)
        while unwritten:
            send = partial(self._socket.send, unwritten)
            unwritten = unwritten[await self._done(send, select.POLLOUT, seconds, silence="no data accepted") :]

    async def reply(self, seconds: float) -> Reply:
        """A complete reply, of one or more lines."""
        lines: list[str] = []
        while True:
            found = _REPLY_LINE.fullmatch(await self._line(seconds))
            if not found or len(lines) == _MOST_LINES:
                raise Broken("the server's reply is not SMTP")
            lines.append(found[3].decode(errors="replace").strip())
            if found[2] != b"-":
                return Reply(int(found[1]), " ".join(lines))

    async def _line(self, seconds: float) -> bytes:
        while b"\n" not in self._buffer:
            if len(self._buffer) > _LONGEST_LINE:
                raise Broken("the server's reply is too long")
            receive = partial(self._socket.recv, _LONGEST_LINE)
            received = await self._done(receive, select.POLLIN, seconds, silence="no reply")
            if not received:
                raise Broken("the server closed the connection")
            self._buffer += received
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line.rstrip(b"\r")

    async def _done(self, step: Callable[[], T], events: int, seconds: float, *, silence: str) -> T:
        """The result of *step*, as soon as the socket allows it; with TLS a read may have to write first."""
        while True:
            try:
                return step()
            except BlockingIOError:
                pass
            except ssl.SSLWantReadError:
                events = select.POLLIN
            except ssl.SSLWantWriteError:
                events = select.POLLOUT
            except OSError as error:
                raise Broken(f"the connection was lost: {error.strerror or error}") from None
            if not await Wait(time.monotonic() + seconds, self._socket.fileno(), events):
                raise Broken(f"{silence} within {seconds:g} s", silent=True)

    def is_gone(self) -> bool:
        """Whether the server closed the connection, or sent something unexpected."""
        if not self._buffer:
            try:
                self._buffer = self._socket.recv(_LONGEST_LINE)
            except (BlockingIOError, ssl.SSLWantReadError):
                return False  # nothing, or only a TLS session ticket
            except OSError:
                pass
        return True

    def hang_up(self, last_words: bytes = b"") -> None:
        """Close the connection without waiting for a reply to *last_words*."""
        try:
            if last_words:
                self._socket.send(last_words)
        except OSError:
            pass
        finally:
            self._socket.close()
