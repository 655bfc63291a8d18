"""A mail server on this machine that counts what it accepts, and misbehaves on request. It hears no MAIL before EHLO.

What it does to a letter is said by the recipient's address, before a ``+``: ``rcpt=550 5.1.1+dana@example.com`` is
refused so at RCPT, ``end=cut+…`` is accepted and then the connection is cut. Steps: rcpt, data, body, end. What
is done there: an answer (``450``, ``550_5.1.1``), ``cut``, ``silence``, ``garbage``, ``endless``, ``lines``, ``bytes``,
``halves``, ``late``. What the whole server does stands in its settings.
"""

from __future__ import annotations

import hashlib
import re
import socket
import ssl
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType

_PEACE = threading.Event()  # never set: what a silent server waits for


@dataclass(frozen=True)
class Accepted:
    """One message that the server took responsibility for."""

    message_id: str
    recipient: str
    sha256: str


@dataclass
class Sink:
    """The server, while its block runs."""

    pipelining: bool = True
    greeting: str = "220 sink"
    ehlo: str = ""  # instead of its extensions
    mail: str = "250 ok"  # or "silence" or "cut"
    auth: str = ""  # the answer to a login, where one is offered
    eager: bool = False  # ask for the data of a letter whose recipient was refused, as RFC 2920 allows
    close_after: int = 0  # say 421 at MAIL after so many messages of a connection
    tls: ssl.SSLContext | None = None
    starttls: ssl.SSLContext | None = None
    silent_seconds: float = 30
    late_seconds: float = 0.3
    delay_seconds: float = 0.0  # before each answer to the end of a message
    accepted: list[Accepted] = field(default_factory=list)
    senders: list[str] = field(default_factory=list)  # every MAIL that it heard
    recipients: list[str] = field(default_factory=list)  # and every RCPT
    connections: int = 0
    farewells: int = 0  # the connections that ended with QUIT
    logins: list[bytes] = field(default_factory=list)

    def __enter__(self) -> Sink:
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listening.getsockname()[1]
        self._open: set[socket.socket] = set()
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop_listening()
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def stop_listening(self) -> None:
        """Take no new connection any more."""
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def copies(self) -> Counter[str]:
        """How often each message, by its Message-ID, was accepted."""
        return Counter(one.message_id for one in self.accepted)

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        self._open.add(connection)
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.tls:
                connection = self.tls.wrap_socket(connection, server_side=True)
            _Conversation(self, connection).run()
        except (OSError, _HungUp):
            pass
        finally:
            self._open.discard(connection)
            connection.close()


class _HungUp(Exception):
    pass


class _Conversation:
    def __init__(self, sink: Sink, connection: socket.socket) -> None:
        self.sink = sink
        self.connection = connection
        self.buffer = b""
        self.taken = 0
        self.recipient = ""
        self.has_sender = False
        self.has_greeted = False

    def run(self) -> None:
        if self.sink.greeting == "silence":
            _PEACE.wait(self.sink.silent_seconds)
            return
        self.say(self.sink.greeting)
        while True:
            line = self.line()
            word = line[:4].upper()
            self.has_greeted |= word in (b"EHLO", b"HELO")
            if word == b"EHLO":
                self.say(self.sink.ehlo or self.extensions())
            elif word == b"HELO":
                self.say("250 sink")
            elif word == b"STAR":
                self.start_tls()
            elif word == b"AUTH":
                self.log_in(line)
            elif word == b"MAIL":
                self.mail(line.decode())
            elif word == b"RCPT":
                self.rcpt(line.decode())
            elif word == b"DATA":
                self.data()
            elif word == b"RSET":
                self.recipient, self.has_sender = "", False
                self.say("250 ok")
            elif word == b"QUIT":
                self.sink.farewells += 1
                self.say("221 bye")
                return
            else:
                self.say("500 what?")

    def extensions(self) -> str:
        offers = ["sink"]
        offers += ["PIPELINING"] if self.sink.pipelining else []
        offers += ["STARTTLS"] if self.sink.starttls and not isinstance(self.connection, ssl.SSLSocket) else []
        offers += ["AUTH PLAIN LOGIN"] if self.sink.auth else []
        return "\r\n".join(f"250{' ' if n == len(offers) - 1 else '-'}{offer}" for n, offer in enumerate(offers))

    def start_tls(self) -> None:
        assert self.sink.starttls
        self.say("220 go ahead")
        self.connection = self.sink.starttls.wrap_socket(self.connection, server_side=True)
        self.has_greeted = False  # RFC 3207: what was said before is forgotten

    def log_in(self, line: bytes) -> None:
        self.sink.logins.append(line)
        self.say(self.sink.auth)

    def mail(self, line: str) -> None:
        if not self.has_greeted:
            self.say("503 5.5.1 EHLO first")
            return
        self.sink.senders.append(line[line.index("<") + 1 : line.rindex(">")])
        if self.sink.close_after and self.taken >= self.sink.close_after:
            self.say("421 4.7.0 enough for one connection")
            raise _HungUp
        if self.sink.mail == "silence":
            _PEACE.wait(self.sink.silent_seconds)
        if self.sink.mail in ("silence", "cut"):
            raise _HungUp
        self.has_sender = self.sink.mail.startswith("250")
        self.say(self.sink.mail)

    def rcpt(self, line: str) -> None:
        recipient = line[line.index("<") + 1 : line.rindex(">")]
        self.sink.recipients.append(recipient)
        if not self.has_sender:
            self.say("503 5.5.1 MAIL first")
            return
        self.recipient = recipient
        if not self.misbehave("rcpt", "250 ok"):
            self.recipient = ""

    def data(self) -> None:
        if not self.recipient:
            if self.sink.eager and self.has_sender:
                self.say("354 go ahead")
                while self.line() != b".":
                    pass
            self.say("503 5.5.1 RCPT first")
            return
        if not self.misbehave("data", "354 go ahead"):
            return
        fault = self.fault("body")
        if fault:
            self.more()
            if fault == "silence":
                _PEACE.wait(self.sink.silent_seconds)
            raise _HungUp
        body = self.body()
        fault = self.fault("end")
        if not (fault and (fault[0] in "45" or fault == "lost")):
            self.accept(body)
        if self.sink.delay_seconds:
            time.sleep(self.sink.delay_seconds)
        recipient, self.has_sender = self.recipient, False
        self.misbehave("end", f"250 2.0.0 queued as {self.taken}")
        assert recipient
        self.recipient = ""

    def accept(self, body: bytes) -> None:
        found = re.search(rb"(?im)^message-id:\s*(\S+)", body)
        name = found[1].decode() if found else ""
        self.sink.accepted.append(Accepted(name, self.recipient, hashlib.sha256(body).hexdigest()))
        self.taken += 1

    def fault(self, step: str) -> str:
        name, plus, _ = self.recipient.partition("+")
        where, equals, what = name.partition("=")
        return what if plus and equals and where == step else ""

    def misbehave(self, step: str, answer: str) -> bool:
        """Give *answer*, or what the recipient's address asks for; True where it was the answer in the end."""
        fault = self.fault(step)
        if fault in ("cut", "lost"):
            raise _HungUp
        if fault == "silence":
            _PEACE.wait(self.sink.silent_seconds)
            raise _HungUp
        if fault == "garbage":
            self.connection.sendall(b"\xff\xfe\x00 no mail server says this\r\n")
        elif fault == "endless":
            self.connection.sendall(b"250-" + b"x" * 20_000)
        elif fault == "lines":
            self.say(f"{answer[:3]}-one\r\n{answer[:3]}-two\r\n{answer}")
        elif fault == "bytes":
            for byte in f"{answer}\r\n".encode():
                self.connection.sendall(bytes([byte]))
                time.sleep(0.001)
        elif fault == "halves":
            self.connection.sendall(answer[:5].encode())
            time.sleep(0.02)
            self.say(answer[5:])
        elif fault == "late":
            time.sleep(self.sink.late_seconds)
            self.say(answer)
        elif fault:
            self.say(fault.replace("_", " ") + " as you asked")
            if fault.startswith("421"):
                raise _HungUp
            return False
        else:
            self.say(answer)
        return True

    def body(self) -> bytes:
        while b"\r\n.\r\n" not in self.buffer:
            self.more()
        body, _, self.buffer = self.buffer.partition(b"\r\n.\r\n")
        return re.sub(rb"(?m)^\.", b"", body) + b"\r\n"

    def line(self) -> bytes:
        while b"\r\n" not in self.buffer:
            self.more()
        line, _, self.buffer = self.buffer.partition(b"\r\n")
        return line

    def more(self) -> None:
        received = self.connection.recv(65_536)
        if not received:
            raise _HungUp
        self.buffer += received

    def say(self, answer: str) -> None:
        self.connection.sendall(answer.encode() + b"\r\n")
