"""What comes again and again in a file, kept within what memory is for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

K = TypeVar("K")
V = TypeVar("V")

REMEMBERED: Final = 50_000


class Remembered(dict[K, V]):
    """What *make* made of each key; *most* of them, and then all are forgotten at once: memory stays flat."""

    def __init__(self, make: Callable[[K], V], *, most: int = REMEMBERED) -> None:
        super().__init__()
        self.make = make
        self.most = most

    def __missing__(self, key: K) -> V:
        value = self.make(key)
        self.keep(key, value)
        return value

    def keep(self, key: K, value: V) -> None:
        if len(self) >= self.most:
            self.clear()
        self[key] = value
