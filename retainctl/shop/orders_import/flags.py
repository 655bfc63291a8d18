"""A flag for each id of a table."""

from __future__ import annotations

from collections.abc import Iterable


class Flags:
    """One byte for each id, so that what happened to millions of rows fits into some megabytes."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def __contains__(self, place: int) -> bool:
        return place < len(self._bytes) and self._bytes[place] == 1

    def add(self, place: int) -> None:
        """Put up the flag of the id *place*."""
        if place >= len(self._bytes):
            self._bytes.extend(bytes(max(place + 1 - len(self._bytes), 1 << 16)))
        self._bytes[place] = 1

    def places(self) -> Iterable[int]:
        """The ids whose flag is up."""
        place = self._bytes.find(1)
        while place >= 0:
            yield place
            place = self._bytes.find(1, place + 1)
