"""Signed tokens for links and addresses: ``v1.KEY.PAYLOAD.MAC``.

The MAC is HMAC-SHA256, truncated to 144 bits, over the version, the key id, the purpose and the payload: a token for
one purpose is not valid for another. A token is accepted only exactly as it was made. Keys are created on first use
and replaced after half a year; old ones are kept, because a link may stay in somebody's inbox for years.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field

from retainctl.clock import DAY_SECONDS
from retainctl.errors import BadData
from retainctl.store.database import rows
from retainctl.store.dialect import hold_lock
from retainctl.store.outreach import SigningKey
from retainctl.store.transactions import in_one_transaction

_VERSION = "v1"
_KEY_SECONDS = 180 * DAY_SECONDS
_MAC_BYTES = 18
_LONGEST_TOKEN = 512
_TOKEN = re.compile(r"v1(?:\.[\w-]+){3}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Signer:
    """One key, ready to sign many tokens without asking the database again."""

    key_id: str
    secret: bytes = field(repr=False)

    def sign(self, purpose: str, subject: str, *, expires_at: int | None = None) -> str:
        """A token with *subject* that is valid only for *purpose*, without expiry or until *expires_at*."""
        payload = _base64(f"{'' if expires_at is None else expires_at}:{subject}".encode())
        return f"{_VERSION}.{self.key_id}.{payload}.{_mac(self.secret, self.key_id, purpose, payload)}"


def verify(token: str, purpose: str, now: int) -> str:
    """The subject of *token*, if this shop signed it for *purpose* and it has not expired; else BadData."""
    parts = token.split(".") if len(token) <= _LONGEST_TOKEN and token.isascii() else []
    if len(parts) == 4 and parts[0] == _VERSION:
        _, key_id, payload, mac = parts
        found = rows("SELECT secret FROM signing_keys WHERE key_id = ?", key_id)
        if found and hmac.compare_digest(_mac(bytes(found[0][0]), key_id, purpose, payload), mac):
            expires_at, _, subject = urlsafe_b64decode(payload + "=" * (-len(payload) % 4)).decode().partition(":")
            if expires_at and int(expires_at) <= now:
                raise BadData("the token has expired")
            return subject
    raise BadData("the token is not valid in this shop")


def found_in(text: str) -> str:
    """The first token in *text*, such as a mail's subject or a link; *text* itself where there is none."""
    return held_by(text) or text


def held_by(text: str) -> str:
    """The first token in *text*; empty where there is none."""
    found = _TOKEN.search(text)
    return found[0] if found else ""


def signer(at: int) -> Signer:
    """The key that signs at *at*: the newest one created by then, or a new one where that is half a year old.

    The same *at* always gives the same key, even after newer ones were created.
    """
    return _newest(at) or _make(at)


def _newest(at: int) -> Signer | None:
    found = rows(
        "SELECT key_id, secret FROM signing_keys WHERE created_at <= ? AND created_at > ?"
        " ORDER BY created_at DESC, key_id LIMIT 1",
        at,
        at - _KEY_SECONDS,
    )
    return Signer(found[0][0], bytes(found[0][1])) if found else None


@in_one_transaction
def _make(at: int) -> Signer:
    hold_lock("signing_keys")
    if other := _newest(at):
        return other  # another process was quicker
    made = Signer(secrets.token_hex(4), secrets.token_bytes(32))
    SigningKey.create(key_id=made.key_id, secret=made.secret, created_at=at)
    return made


def _mac(secret: bytes, key_id: str, purpose: str, payload: str) -> str:
    # The purpose is preceded by its length, so that no two pairs of purpose and payload give the same text.
    signed = f"{_VERSION}.{key_id}.{len(purpose)}:{purpose}.{payload}".encode()
    return _base64(hmac.digest(secret, signed, hashlib.sha256)[:_MAC_BYTES])


def _base64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
