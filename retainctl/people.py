"""Rows as people read them: money with its sign, shares in per cent, the time to the minute.

Scripts are promised minor units and fractions, under the names that the rows have; nothing here is for them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from retainctl.money import with_sign

_MINOR: Final = "_minor"
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d")


def heading(name: str) -> str:
    """The name of a column without the unit that people do not see: ``gross_minor`` is ``gross``."""
    return name.removesuffix(_MINOR)


def as_read(record: Mapping[str, object]) -> dict[str, object]:
    """What a person reads of *record*, by its headings; the currency stands in the amounts, where there are any."""
    currency = record.get("currency")
    amounts = {
        name: with_sign(value, currency)
        for name, value in record.items()
        if name.endswith(_MINOR) and isinstance(value, int) and isinstance(currency, str) and currency
    }
    alone = {} if amounts else {"currency": currency}
    return {
        heading(name): amounts[name]
        if name in amounts
        else alone.get(name)
        if name == "currency"
        else _read(name, value)
        for name, value in record.items()
    }


def _read(name: str, value: object) -> object:
    if isinstance(value, float):
        return f"{100 * value:.1f}%" if name.endswith("_rate") else f"{value:.2f}".rstrip("0").rstrip(".")
    if isinstance(value, int) and name.endswith(_MINOR):
        return f"{value} minor units"  # of a currency that nobody knows
    if isinstance(value, str) and _INSTANT.fullmatch(value):
        return f"{value[:10]} {value[11:16]}"
    return value
