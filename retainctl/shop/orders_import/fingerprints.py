"""What an order's rows were, in sixteen bytes: the sum of its rows' own fingerprints, in whatever order they stand.

The salt stands for how the cells are read: the same cells read in another way are another order.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from typing import Final

from retainctl.intake.cells import Cells

SIZE_BYTES: Final = 16
_MODULUS: Final = 1 << 8 * SIZE_BYTES


def salt_of(meaning: str) -> int:
    """The salt of cells that are read as *meaning* says."""
    return _number(blake2b(meaning.encode(), digest_size=SIZE_BYTES).digest())


def digests(rows: Iterable[Cells]) -> list[int]:
    """The own fingerprint of each of *rows*."""
    join, number = "\x1f".join, int.from_bytes
    return [
        number(blake2b(join(cells).encode("utf-8", "surrogatepass"), digest_size=SIZE_BYTES).digest(), "little")
        for cells in rows
    ]


def fingerprint(total: int, salt: int) -> bytes:
    """That of rows whose own fingerprints have the sum *total*."""
    return ((total + salt) % _MODULUS).to_bytes(SIZE_BYTES, "little")


def joined(one: bytes, other: bytes, salt: int) -> bytes:
    """That of the rows of both."""
    return fingerprint(_number(one) + _number(other) - 2 * salt, salt)


def _number(stored: bytes) -> int:
    return int.from_bytes(stored, "little")
