"""The SMTP dialogue over one connection: our own commands, with every reply read and assigned to its letter.

With PIPELINING (RFC 2920) the end of one letter and the envelope of the next are sent in one write, so that a letter
costs one round trip.
"""

from __future__ import annotations

import re
import smtplib
from dataclasses import dataclass, replace

from retainctl.config import Mail
from retainctl.errors import BadConfiguration
from retainctl.outreach.channels import Letter, Outcome
from retainctl.outreach.channels.mail.replies import Phase, Reply, meaning
from retainctl.outreach.channels.mail.wire import Broken, Wire

TERMINATOR = b".\r\n"

_ADDRESS = re.compile(r"[!-;=?A-~]+@[!-;=?A-~]+")  # printable ASCII without <, > and space


@dataclass(frozen=True, slots=True)
class Patience:
    """The timeout of each step in seconds, in the proportions of RFC 5321, 4.5.3.2."""

    command: float
    data: float
    block: float
    end: float

    @classmethod
    def of(cls, mail: Mail) -> Patience:
        seconds = mail.timeout_seconds
        return cls(command=seconds, data=seconds * 0.4, block=seconds * 0.6, end=seconds * 2)


class Session:
    """One connection that is logged in. Each method raises Broken where the connection is lost."""

    def __init__(self, connection: smtplib.SMTP, mail: Mail) -> None:
        assert connection.sock is not None
        self._wire = Wire(connection.sock)
        self.pipelining = mail.pipelining and connection.has_extn("pipelining")
        self._patience = Patience.of(mail)
        self._in_transaction = False  # MAIL was accepted and the transaction is still open: the next needs RSET
        self.begun = 0  # letters announced on this connection
        self.accepted = 0
        self.heard = False  # whether the server replied anything about the current letter

    async def begin(self, letter: Letter) -> None:
        """Announce *letter*; with PIPELINING its whole envelope at once."""
        self.heard = False
        await self._wire.write(self._opening(letter), self._patience.command)

    def _opening(self, letter: Letter) -> bytes:
        self.begun += 1
        reset = b"RSET\r\n" if self._in_transaction else b""
        commands = self._commands(letter)
        return reset + (b"".join(commands) if self.pipelining else commands[0])

    def _commands(self, letter: Letter) -> tuple[bytes, bytes, bytes]:
        return (
            f"MAIL FROM:<{letter.from_address}>\r\n".encode(),
            f"RCPT TO:<{letter.to_address}>\r\n".encode(),
            b"DATA\r\n",
        )

    async def answered(self, letter: Letter) -> Outcome | None:
        """None when the server waits for the letter's data; else the outcome of its refusal."""
        self.heard = False
        if self._in_transaction:
            await self._wire.reply(self._patience.command)  # to RSET
            self._in_transaction = False
        refusal: tuple[Reply, Phase] | None = None
        phases: tuple[tuple[Phase, float, int], ...] = (
            ("mail", self._patience.command, 2),
            ("rcpt", self._patience.command, 2),
            ("data", self._patience.data, 3),
        )
        for place, (phase, seconds, wanted) in enumerate(phases):
            if place and not self.pipelining:
                await self._wire.write(self._commands(letter)[place], self._patience.command)
            reply = await self._wire.reply(seconds)
            self.heard = True
            if phase == "mail":
                self._in_transaction = reply.code // 100 == 2
                if reply.code in (530, 535, 538):
                    raise BadConfiguration(
                        f"the mail server requires a login: {reply}", hint="Check user under [mail]."
                    )
            if reply.code == 421:
                outcome = meaning(reply, phase)
                # If it accepted some before closing, reconnect at once; if none, wait before the next try.
                return replace(outcome, retry_seconds=0) if self.accepted else outcome
            if reply.code // 100 != wanted:
                refusal = refusal or (reply, phase)
                if not self.pipelining:
                    break
            elif phase == "data" and refusal:
                await self._end_empty()
        return _refused(*refusal) if refusal else None

    async def _end_empty(self) -> None:
        """End the data at once where the server waits for it though it refused the recipient, as RFC 2920 says."""
        await self._wire.write(TERMINATOR, self._patience.command)
        await self._wire.reply(self._patience.end)
        self._in_transaction = False

    async def send_data(self, letter: Letter) -> None:
        """Send the letter without the terminator, so that the server must not deliver it yet."""
        assert letter.payload.endswith(b"\r\n")
        stuffed = letter.payload.replace(b"\r\n.", b"\r\n..")
        await self._wire.write(b"." + stuffed if stuffed.startswith(b".") else stuffed, self._patience.block)

    def is_gone(self) -> bool:
        """Whether the server closed the connection, or sent something unexpected, before it got the terminator."""
        return self._wire.is_gone()

    async def end(self, following: Letter | None) -> None:
        """Send the terminator, and after it the envelope of the *following* letter."""
        self._in_transaction = False
        await self._wire.write(TERMINATOR + (self._opening(following) if following else b""), self._patience.command)

    async def ended(self) -> Outcome:
        """The outcome of the complete letter; Broken where it is unknown."""
        reply = await self._wire.reply(self._patience.end)
        if reply.code // 100 not in (2, 4, 5):
            raise Broken(f"the server answered {reply}")
        outcome = meaning(reply, "end")
        self.accepted += outcome.state == "sent"
        return outcome

    def close(self, *, politely: bool = False) -> None:
        """Close the connection; *politely*, with QUIT, only between two letters."""
        self._wire.hang_up(b"QUIT\r\n" if politely else b"")


def _refused(reply: Reply, phase: Phase) -> Outcome:
    if reply.code // 100 in (4, 5):
        return meaning(reply, phase)
    return Outcome("deferred", f"the server answered {reply}", reply.code)


def unsendable(letter: Letter) -> str:
    """Why *letter* must not be sent, or empty: it has parts that a server could read as a command or as its end."""
    if not _ADDRESS.fullmatch(letter.to_address):
        return "the address has characters that need SMTPUTF8 or are not allowed"
    within_lines = letter.payload.replace(b"\r\n", b"")
    if b"\r" in within_lines or b"\n" in within_lines or not letter.payload.endswith(b"\r\n"):
        return "the message has a bare CR or LF"
    return ""
