"""The base of the frozen rows that the engine returns.

A row's fields are the columns of every listing and the keys of its JSON; ``kind`` names it there. Instants are
ISO 8601 strings with offset, money is an integer ``…_minor`` beside ``currency``, rates are fractions of one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a result."""

    kind: ClassVar[str] = "row"
