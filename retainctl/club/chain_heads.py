"""The ledger's heads in a file outside of the database.

The chain of hashes finds whoever changes the books, unless they hash it all anew. So the head of each day, the number
and the hash of the last transaction, is written where the database's writers need not reach, and must stand in the
ledger for ever after.
"""

from __future__ import annotations

import re
from pathlib import Path

from retainctl.config import Shop
from retainctl.errors import BadData, BrokenInvariant
from retainctl.files import write_text
from retainctl.store.database import rows
from retainctl.store.dialect import one_of

_HEAD = re.compile(r"(\d{1,18}) ([0-9a-f]{64}) \S+", re.ASCII)


def compare_heads(shop: Shop, path: Path) -> None:
    """BrokenInvariant when a head in the file at *path* is not the ledger's any more; else today's is added to it."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    kept = _heads(text, path)
    among, numbers = one_of(list(kept))
    now = {seq: bytes(one).hex() for seq, one in rows(f"SELECT seq, hash FROM transactions WHERE seq {among}", numbers)}
    for seq, digest in kept.items():
        if now.get(seq) != digest:
            what = "has changed" if seq in now else "is missing"
            raise BrokenInvariant(
                f"ledger check failed: transaction {seq}, recorded in {path}, {what}",
                hint="Write nothing more. If an older backup was restored, remove the later lines from the file.",
            )
    head = rows("SELECT seq, hash, recorded_at FROM transactions ORDER BY seq DESC LIMIT 1")
    if head and head[0][0] not in kept:
        seq, digest, recorded_at = head[0]
        write_text(path, f"{text}{seq} {bytes(digest).hex()} {shop.clock.iso(recorded_at)}\n")


def _heads(text: str, path: Path) -> dict[int, str]:
    """The hash of each transaction that *text* names."""
    heads = {}
    for number, line in enumerate(text.splitlines(), 1):
        head = _HEAD.fullmatch(line)
        if not head:
            raise BadData(f"{path}: line {number} is not a ledger head", hint="Restore the file.")
        heads[int(head[1])] = head[2]
    return heads
