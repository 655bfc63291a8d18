"""Lines to a mail server and its answers, over a socket that never blocks.

What would have to wait is a coroutine and awaits a ``Wait``; the pool runs many of them on one thread.
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
    """For a socket that can be read or written, or without one for somebody's word; no longer than *until*."""

    until: float = math.inf  # by time.monotonic
    descriptor: int | None = None
    events: int = 0

    def __await__(self) -> Generator[Wait, bool, bool]:
        """True when it came, False when the time is over; or the word."""
        return (yield self)


class Broken(Exception):
    """The connection cannot be used any more; *silent* where the server may only have been too slow."""

    def __init__(self, reason: str, *, silent: bool = False) -> None:
        super().__init__(reason)
        self.silent = silent


class Wire:
    """One connection. Each method raises Broken where it is at its end; the seconds are for each step that waits."""

    def __init__(self, connected: socket.socket) -> None:
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connected.setblocking(False)
        self._socket = connected
        self._buffer = b""

    async def write(self, data: bytes, seconds: float) -> None:
        unwritten = memoryview(data)
        while unwritten:
            send = partial(self._socket.send, unwritten)
            unwritten = unwritten[await self._done(send, select.POLLOUT, seconds, silence="the server took nothing") :]

    async def reply(self, seconds: float) -> Reply:
        """A whole answer, of however many lines."""
        lines: list[str] = []
        while True:
            found = _REPLY_LINE.fullmatch(await self._line(seconds))
            if not found or len(lines) == _MOST_LINES:
                raise Broken("the server's answer is not SMTP")
            lines.append(found[3].decode(errors="replace").strip())
            if found[2] != b"-":
                return Reply(int(found[1]), " ".join(lines))

    async def _line(self, seconds: float) -> bytes:
        while b"\n" not in self._buffer:
            if len(self._buffer) > _LONGEST_LINE:
                raise Broken("the server's answer does not end")
            receive = partial(self._socket.recv, _LONGEST_LINE)
            received = await self._done(receive, select.POLLIN, seconds, silence="no answer")
            if not received:
                raise Broken("the server hung up")
            self._buffer += received
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line.rstrip(b"\r")

    async def _done(self, step: Callable[[], T], events: int, seconds: float, *, silence: str) -> T:
        """What *step* returns as soon as the socket allows it; under TLS reading may have to write first."""
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
                raise Broken(f"the connection broke: {error.strerror or error}") from None
            if not await Wait(time.monotonic() + seconds, self._socket.fileno(), events):
                raise Broken(f"{silence} in {seconds:g} s", silent=True)

    def is_gone(self) -> bool:
        """Whether the server hung up, or said something that it was not asked for."""
        if not self._buffer:
            try:
                self._buffer = self._socket.recv(_LONGEST_LINE)
            except (BlockingIOError, ssl.SSLWantReadError):
                return False  # nothing, or no more than a ticket of TLS
            except OSError:
                pass
        return True

    def hang_up(self, last_words: bytes = b"") -> None:
        """Close the connection, and do not wait for what the server says to that."""
        try:
            if last_words:
                self._socket.send(last_words)
        except OSError:
            pass
        finally:
            self._socket.close()
