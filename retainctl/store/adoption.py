"""Which installation may send.

A restored backup or a copied database holds messages that are still to be sent, and may have been sent already by
the one it was copied from. So the database knows the installation that sends from it, by the machine and the file (or
the PostgreSQL cluster and database), and any other one is told to ask a person: ``retainctl db adopt``. A machine that
was cloned whole, its machine-id with it, cannot be told from its original.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from retainctl.errors import Refused
from retainctl.store.database import execute, value
from retainctl.store.dialect import database_identity
from retainctl.store.writing import in_one_transaction

_SENDER = "sender"


def may_send() -> bool:
    """Whether the open database belongs to this installation."""
    return bool(value("SELECT value FROM installation WHERE name = ?", _SENDER) == _fingerprint())


def must_send() -> None:
    """Refused, unless this installation may send."""
    if not may_send():
        raise Refused(
            "this database was restored or copied: what it would send may have been sent already",
            hint="If the installation it came from sends no more, run: retainctl db adopt",
        )


@in_one_transaction
def adopt() -> None:
    """From now on this installation sends, and the one that did before does not."""
    forget_sender()
    execute("INSERT INTO installation (name, value) VALUES (?, ?)", _SENDER, _fingerprint())


def forget_sender() -> None:
    """No installation sends from the open database; so it is in every backup."""
    execute("DELETE FROM installation WHERE name = ?", _SENDER)


def _fingerprint() -> str:
    try:
        machine = Path("/etc/machine-id").read_text(encoding="ascii").strip()
    except OSError:
        machine = ""
    return hashlib.sha256(f"{machine}|{database_identity()}".encode()).hexdigest()
