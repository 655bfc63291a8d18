"""Which installation may send.

A restored backup or a copied database holds messages that are still to be sent, and may have been sent already by
the one it was copied from. So a database and its installation know each other, and any other one is told to ask a
person: ``retainctl db adopt``.

On PostgreSQL the database knows its cluster and its own number there, and a backup does not tell it. On SQLite it knows
the machine and the file, and there is a mark beside it, which a copy of the database does not bring along: a random id
that the database knows, too, and a count that each sending run raises in both. A database that was put back in its own
place is behind the mark; what was copied during a run is so when the run ends, or the next one begins. The database's
count is raised first, so that a run which is killed between the two leaves it ahead: that is no harm, and locks nobody
out.

What was put back whole cannot be told: a machine, a cluster of PostgreSQL, or a folder with its mark whose files kept
their numbers.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from retainctl.errors import Refused
from retainctl.files import write_text
from retainctl.store.database import database, execute, rows
from retainctl.store.dialect import database_identity, file_is_the_database
from retainctl.store.transactions import in_one_transaction, writing


@dataclass(frozen=True, slots=True)
class _SenderMark:
    """What stands beside a SQLite database."""

    id: str = ""
    count: int = 0


def may_send() -> bool:
    """Whether the open database belongs to this installation, and was not put back."""
    mark, known = _read(), _known()
    return known.get("sender") == _fingerprint(mark) and int(known["count"]) >= mark.count


@contextmanager
def sending() -> Iterator[None]:
    """While the block runs messages are sent; Refused, unless this installation may send."""
    if not may_send():
        raise Refused(
            "this database was restored or copied; its messages may have been sent already",
            hint="If the original installation no longer sends, run: retainctl db adopt",
        )
    if not file_is_the_database():
        yield
        return
    _count()
    yield
    _count()  # what was copied meanwhile is behind as well


@in_one_transaction
def adopt() -> None:
    """From now on this installation sends, and the one that did before does not."""
    forget_sender()
    mark = _SenderMark()
    if file_is_the_database():
        mark = _SenderMark(secrets.token_hex(16))
        _write(mark)
    execute("INSERT INTO installation (name, value) VALUES ('sender', ?), ('count', '0')", _fingerprint(mark))


def forget_sender() -> None:
    """No installation sends from the open database; so it is in every backup."""
    execute("DELETE FROM installation")


def mark_path() -> Path:
    """Where the mark of a SQLite database is: hidden, so that a pattern such as ``retain*`` leaves it out."""
    path = Path(database.obj.database)
    return path.with_name(f".{path.name}.sender")


def _known() -> dict[str, str]:
    return dict(rows("SELECT name, value FROM installation"))


def _fingerprint(mark: _SenderMark) -> str:
    return hashlib.sha256(f"{database_identity()}|{mark.id}".encode()).hexdigest()


def _count() -> None:
    """Raise the count in the database, and only when it is on the disk there in the mark."""
    with writing():
        execute("UPDATE installation SET value = CAST(CAST(value AS INTEGER) + 1 AS TEXT) WHERE name = 'count'")
    with writing():  # one run after the other, so that the mark never goes back
        _write(_SenderMark(_read().id, int(_known()["count"])))


def _read() -> _SenderMark:
    if not file_is_the_database():
        return _SenderMark()
    try:
        mark_id, count = mark_path().read_text(encoding="ascii").split()
        return _SenderMark(mark_id, int(count))
    except (FileNotFoundError, ValueError):
        return _SenderMark()


def _write(mark: _SenderMark) -> None:
    write_text(mark_path(), f"{mark.id} {mark.count}\n")
