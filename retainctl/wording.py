"""Figures, days and counts as people write them, in Hebrew and English; nothing here knows what they are of.

Every text may stand in a line that runs from right to left: what begins or ends with a sign is isolated, so that the
sign stays on its side.
"""

from __future__ import annotations

import re
from datetime import date
from math import floor
from typing import Final

from retainctl.money import exponent, with_sign

_MONTHS: Final[dict[str, list[str]]] = {
    "en": "January February March April May June July August September October November December".split(),
    "he": "ינואר פברואר מרץ אפריל מאי יוני יולי אוגוסט ספטמבר אוקטובר נובמבר דצמבר".split(),
}
_SHORT_MONTHS: Final[dict[str, list[str]]] = {
    "en": [name[:3] for name in _MONTHS["en"]],
    "he": "ינו׳ פבר׳ מרץ אפר׳ מאי יוני יולי אוג׳ ספט׳ אוק׳ נוב׳ דצמ׳".split(),
}
_LEFT_TO_RIGHT, _BY_ITSELF, _POP = "\u2066", "\u2068", "\u2069"
# Numbers whose sign wanders to their other side among Hebrew words: a phone with its country or with blanks, 11+, -5.
_SIGNED: Final = re.compile(
    r"""(?<![\w.,+-])(?:
        \+\d[\d-]{0,20}(?:[ ]\d[\d-]{0,20}){0,6}
        | 0\d[\d-]{0,20}(?:[ ]\d[\d-]{0,20}){1,6}
        | [-\u2212]?\d[\d.,]{0,20}\+
        | [-\u2212]\d[\d.,]{0,20}%?
    )(?![\w+])""",
    re.VERBOSE,
)
_FEW_DAYS: Final[dict[float, str]] = {0.5: "חצי יום", 1: "יום אחד", 1.5: "יום וחצי", 2: "יומיים", 2.5: "יומיים וחצי"}
NO_CENTS_FROM = 1_000  # major units, from which on people leave out the hundredths


def isolated(text: str) -> str:
    """*text*, which runs from left to right whatever stands around it."""
    return f"{_LEFT_TO_RIGHT}{text}{_POP}"


_LATIN: Final = re.compile(r"[A-Za-z0-9]")  # in a Hebrew name, which would turn round what follows


def named(text: str) -> str:
    """A name, which runs as its own letters do and turns nothing round that stands beside it."""
    return f"{_BY_ITSELF}{text}{_POP}"


def direction(language: str) -> str:
    """``rtl`` or ``ltr``: the way the language is read."""
    return "rtl" if language == "he" else "ltr"


def signs_isolated(text: str) -> str:
    """*text*, which somebody typed in Hebrew, with each number isolated that has its sign on one side."""
    return _SIGNED.sub(lambda number: isolated(number[0]), text)


def day_in_words(day: date, language: str) -> str:
    """``2 March 2025``, ``2 במרץ 2025``."""
    month = _MONTHS[language][day.month - 1]
    return f"{day.day} {'ב' * (language == 'he')}{month} {day.year}"


def days_in_words(first: date, last: date, language: str) -> str:
    """From one day to another: ``5 March 2023 – 1 March 2025``, ``21–27 March 2025``."""
    if first == last:
        return day_in_words(last, language)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}–{day_in_words(last, language)}"
    return f"{day_in_words(first, language)} – {day_in_words(last, language)}"


def month_in_words(number: int, language: str, *, brief: bool = False) -> str:
    """``March 2025``, or in *brief* ``Mar 2025``, of a month as ``clock.month_number`` counts."""
    return f"{(_SHORT_MONTHS if brief else _MONTHS)[language][number % 12]} {number // 12}"


def short_month(number: int, language: str) -> str:
    """``Mar``, ``מרץ``: a month under a chart."""
    return _SHORT_MONTHS[language][number % 12]


def quarter_in_words(number: int, language: str, *, brief: bool = False) -> str:
    """``January–March 2025``, or in *brief* ``Jan–Mar 2025``, of a quarter that is counted as ``month_number // 3``."""
    names = (_SHORT_MONTHS if brief else _MONTHS)[language]
    first, last = (names[3 * (number % 4) + place] for place in (0, 2))
    return f"{first}–{last} {number // 4}"


def count(number: int) -> str:
    """``12,345``."""
    return f"{number:,}" if number >= 0 else isolated(f"{number:,}")


def amount(minor: int, currency: str) -> str:
    """Money with its sign: ``₪13.14``; where they are none, and from 1,000 on, without the hundredths: ``₪381,832``."""
    scale = 10 ** exponent(currency)
    return isolated(with_sign(minor, currency, whole=abs(minor) >= NO_CENTS_FROM * scale or not minor % scale))


def thousands(minor: float, currency: str) -> str:
    """The tick of an axis: ``25K``, ``1.5M``, of an amount in minor units."""
    return brief(minor / 10 ** exponent(currency))


def brief(number: float) -> str:
    """``1234567`` as ``1.2M``, ``25000`` as ``25K``; below a thousand as it is."""
    for size, letter in ((1_000_000, "M"), (1_000, "K")):
        if abs(number) >= size:
            return f"{number / size:.1f}".removesuffix(".0") + letter
    return f"{number:,.1f}".removesuffix(".0")


def percent(share: float) -> str:
    """``66%``; below ten per cent with one decimal, where it is not a whole number."""
    small = abs(share) < 0.1  # a half is rounded up, away from nought
    rounded = floor(abs(share) * (1_000 if small else 100) + 0.5) / (10 if small else 1) * (1 if share >= 0 else -1)
    shown = f"{rounded:.1f}".removesuffix(".0")
    return f"{shown}%" if share >= 0 else isolated(f"{shown}%")


def times(number: int, language: str) -> str:
    """``once``, ``twice``, ``3 times``; ``פעם אחת``, ``פעמיים``, ``3 פעמים``."""
    if language == "he":
        return {1: "פעם אחת", 2: "פעמיים"}.get(number) or f"{number:,} פעמים"
    return {1: "once", 2: "twice"}.get(number) or f"{number:,} times"


def days(number: float, language: str) -> str:
    """``1 day``, ``33.5 days``; ``יום אחד``, ``יומיים וחצי``, ``7 ימים``, ``34 יום``."""
    if language == "he":
        return _FEW_DAYS.get(number) or f"{number:g} {'יום' if number > 10 else 'ימים'}"
    return f"{number:g} {'day' if number == 1 else 'days'}"


def points(number: int, language: str) -> str:
    """``1 point``, ``1,314 points``; ``נקודה אחת``, ``1,314 נקודות``."""
    if language == "he":
        return "נקודה אחת" if number == 1 else f"{count(number)} נקודות"
    return f"{count(number)} {'point' if number == 1 else 'points'}"


def with_prefix(prefix: str, name: str) -> str:
    """A Hebrew prefix before a name: ``מקפה``; with a maqaf before what is not Hebrew: ``מ־Good Morning``.

    A name that begins with an article or an and, which would become another word, is kept whole by quotes: ``מ״הקפה״``.
    """
    shown = named(name) if _LATIN.search(name) else name
    if name.startswith(("ה", "ו")):
        return f"{prefix}״{shown}״"
    if name.startswith(("״", '"')) or "\u05d0" <= name[:1] <= "\u05ea":
        return f"{prefix}{shown}"
    return f"{prefix}־{named(name)}"
