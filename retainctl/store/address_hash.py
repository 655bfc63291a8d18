"""Telling an address without keeping it: by a hash that nobody can make without this database's own secret.

So a refusal still holds when the person who refused is erased, and nobody can try addresses against it.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b

from retainctl.store.database import value


def address_hasher() -> Callable[[str, str], bytes]:
    """What makes the sixteen bytes of an address, of its kind and its key; good for as long as the database is open."""
    secret = bytes(value("SELECT secret FROM secrets WHERE name = 'addresses'"))
    return lambda kind, key: blake2b(f"{kind}:{key}".encode(), key=secret, digest_size=16).digest()
