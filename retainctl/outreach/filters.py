"""The filters that templates have beside Jinja's own: a shop's words in the language of the mail.

None makes markup, or a long text of a short one. What is unknown stays an error, as where it is printed.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from retainctl import wording

NAMES: Final = frozenset({"grouped", "points", "prefixed", "times"})


def filters(language: str) -> dict[str, Callable[..., Any]]:
    """The filters of a mail in *language*."""
    return {
        "grouped": _grouped,
        "points": partial(_points, language),
        "prefixed": _prefixed,
        "times": partial(_times, language),
    }


def _grouped(number: Any) -> str:
    """``{{ points|grouped }}``: ``1,314``."""
    return wording.count(int(number))


def _points(language: str, number: Any) -> str:
    """``{{ points|points }}``: ``1 point``, ``1,314 נקודות``."""
    return wording.points(int(number), language)


def _prefixed(name: Any, prefix: str) -> str:
    """``{{ shop_name|prefixed("מ") }}``: ``מקפה``, ``מ־Good Morning``."""
    return wording.with_prefix(str(prefix), str(name))


def _times(language: str, number: Any) -> str:
    """``{{ orders|times }}``: ``twice``, ``פעמיים``, ``3 פעמים``."""
    return wording.times(int(number), language)
