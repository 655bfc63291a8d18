"""What comes again and again in a file, kept within what memory is for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, TypeVar

K = TypeVar("K")
V = TypeVar("V")

MOST_KEPT: Final = 50_000


class Memo(dict[K, V]):
    """What *make* made of each key; *most* of them, and then all are forgotten at once: memory stays flat."""

    def __init__(self, make: Callable[[K], V], *, most: int = MOST_KEPT) -> None:
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


class IdSet:
    """Ids of a table: one byte for each that there is, so that millions of them fit into some megabytes."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def __contains__(self, number: int) -> bool:
        return number < len(self._bytes) and self._bytes[number] == 1

    def __iter__(self) -> Iterator[int]:
        number = self._bytes.find(1)
        while number >= 0:
            yield number
            number = self._bytes.find(1, number + 1)

    def add(self, number: int) -> None:
        if number >= len(self._bytes):
            self._bytes.extend(bytes(max(number + 1 - len(self._bytes), 1 << 16)))
        self._bytes[number] = 1
