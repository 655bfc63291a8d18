"""The bytes of one mail: text and HTML alternatives, in the format of RFC 5322, with CRLF line ends.

Bodies are base64, so that no line of theirs has a meaning in SMTP. Header values are checked here, whatever was
checked before: a control character or a line break is BadData, and never removed silently. The standard library
assembles messages at a fifteenth of the speed; the tests parse every message with it.
"""

from __future__ import annotations

import binascii
import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

from retainctl.errors import BadData

_LINE = 76
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_ADDRESS = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*", re.ASCII)
_MESSAGE_ID = re.compile(r"<[!-;=?-~]+>", re.ASCII)
_PART = b"--%s\r\nContent-Type: text/%s; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n%s\r\n"  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mailbox:
    """The sender or recipient of a mail; the address in ASCII, the name in any script."""

    address: str
    name: str = ""


class Assembler:
    """Assembles the messages of one mailing; the headers that they share are made once."""

    def __init__(self, *, sender: Mailbox, constant: Sequence[bytes] = ()) -> None:
        """*constant* are whole header lines, from ``text_header``, ``plain_header`` and ``mailbox_header``."""
        self._from = mailbox_header("From", sender)
        self._constant = b"".join(constant)

    def assemble(
        self,
        *,
        to: Mailbox,
        subject: str,
        at: datetime,
        message_id: str,
        text: str,
        html: str,
        headers: Sequence[bytes] = (),
    ) -> bytes:
        """One complete message; equal values give equal bytes. BadData where a value is not valid in its header."""
        if not _MESSAGE_ID.fullmatch(message_id):
            raise BadData(f"{message_id!r} is not a valid Message-ID")
        boundary = b"=_" + hashlib.sha256(message_id.encode()).hexdigest()[:32].encode()
        return b"".join(
            (
                self._from,
                mailbox_header("To", to),
                text_header("Subject", subject),
                f"Date: {format_datetime(at)}\r\nMessage-ID: {message_id}\r\n".encode(),
                self._constant,
                *headers,
                b'MIME-Version: 1.0\r\nContent-Type: multipart/alternative;\r\n boundary="%s"\r\n\r\n' % boundary,
                _PART % (boundary, b"plain", _base64_lines(text)),
                _PART % (boundary, b"html", _base64_lines(html)),
                b"--%s--\r\n" % boundary,
            )
        )


def text_header(name: str, value: str) -> bytes:
    """A header with readable text: unchanged if it is short ASCII, else as encoded words (RFC 2047)."""
    check(name, value)
    if value.isascii() and len(name) + 2 + len(value) <= _LINE and "=?" not in value and value == value.strip():
        return f"{name}: {value}\r\n".encode()
    return f"{name}: {_encoded_words(value, used=len(name) + 2)}\r\n".encode()


def mailbox_header(name: str, mailbox: Mailbox) -> bytes:
    """A header with one address, and its name if it has one."""
    if not is_address(mailbox.address):
        raise BadData(f"the header {name} has no valid e-mail address")
    return (
        phrase_header(name, mailbox.name, mailbox.address)
        if mailbox.name
        else (f"{name}: {mailbox.address}\r\n".encode())
    )


def phrase_header(name: str, phrase: str, identifier: str) -> bytes:
    """``Name: "phrase" <identifier>``, the form of addresses and List-Id."""
    check(name, phrase)
    if not (identifier.isascii() and identifier.isprintable()) or set(identifier) & set(" <>"):
        raise BadData(f"{identifier!r} is not valid in the header {name}")
    if phrase.isascii() and len(phrase) <= 50 and "=?" not in phrase:
        words = '"' + phrase.replace("\\", "\\\\").replace('"', '\\"') + '"'
    else:
        words = _encoded_words(phrase, used=len(name) + 2)
    last = len(words.rpartition("\r\n")[2]) + (0 if "\r\n" in words else len(name) + 2)
    space = " " if last + len(identifier) + 3 <= _LINE else "\r\n "
    return f"{name}: {words}{space}<{identifier}>\r\n".encode()


def plain_header(name: str, *values: str) -> bytes:
    """A header of printable ASCII; several *values* are separated by commas and folded between them."""
    for value in values:
        if not value.isascii() or not value.isprintable():
            raise BadData(f"{value!r} is not valid in the header {name}")
    folded = ",\r\n ".join(values)
    return f"{name}: {folded}\r\n".encode()


def is_address(text: str) -> bool:
    """Whether *text* is an address in ASCII, without comments and quotation marks."""
    return _ADDRESS.fullmatch(text) is not None


def check(name: str, value: str) -> None:
    """BadData where *value* has line breaks, other control characters or surrogates, which no header may hold."""
    if value.isprintable():
        return
    for mark in value:
        if unicodedata.category(mark) in ("Cc", "Cs", "Zl", "Zp"):
            raise BadData(
                f"the header {name} must not contain U+{ord(mark):04X}",
                hint="Remove the line break or control character from the name or the subject.",
            )


def _encoded_words(value: str, *, used: int) -> str:
    """*value* as encoded words (RFC 2047) on lines of at most 76 characters; *used* are taken on the first line."""
    data = value.encode()
    words: list[str] = []
    start, room = 0, (_LINE - used - 12) // 4 * 3
    while start < len(data) or not words:
        end = min(start + room, len(data))
        while end < len(data) and data[end] & 0xC0 == 0x80:
            end -= 1
        words.append(f"=?utf-8?b?{binascii.b2a_base64(data[start:end], newline=False).decode()}?=")
        start, room = end, 45
    return "\r\n ".join(words)


def _base64_lines(text: str) -> bytes:
    try:
        data = text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n").encode()
    except UnicodeEncodeError:
        raise BadData("the message contains an invalid character (half of a surrogate pair)") from None
    encoded = binascii.b2a_base64(data, newline=False)
    return b"\r\n".join([encoded[start : start + _LINE] for start in range(0, len(encoded), _LINE)])
