"""Cells that say yes or no, and cells that name a language, in the words of the shops and of Hebrew."""

from __future__ import annotations

import re
from typing import Final

_YES: Final = frozenset("yes y true 1 on subscribed given opted_in confirmed כן מאשר מאושר v ✓".split())
_NO: Final = frozenset("no n false 0 off unsubscribed revoked opted_out refused לא מסרב הסיר".split())
# They say that nobody asked, which is neither.
_UNKNOWN: Final = frozenset({"", "never_subscribed", "not_subscribed", "pending", "null", "none", "-", "n/a"})
_HEBREW: Final = re.compile(r"(?:he|iw|heb)(?:[-_].*)?|hebrew|עברית", re.IGNORECASE)
_ENGLISH: Final = re.compile(r"(?:en|eng)(?:[-_].*)?|english|אנגלית", re.IGNORECASE)


def yes_or_no(text: str) -> bool | None:
    """True for yes, False for no, None where nothing was said; ValueError for any other word."""
    word = text.strip().casefold()
    if word in _YES:
        return True
    if word in _NO:
        return False
    if word in _UNKNOWN:
        return None
    raise ValueError(f"{text!r} says neither yes nor no")


def language_code(text: str) -> str | None:
    """``he`` or ``en``, None for a language that the shop does not write in."""
    word = text.strip()
    if _HEBREW.fullmatch(word):
        return "he"
    return "en" if _ENGLISH.fullmatch(word) else None
