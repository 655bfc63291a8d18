"""A mapping file: what the columns of somebody's own export mean, and how its numbers and dates are written.

numbers = "1.234,56"
dates = "%d/%m/%Y %H:%M"
timezone = "Asia/Jerusalem"
currency = "ILS"

[columns]
ordered_at = "תאריך"
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from retainctl import schema
from retainctl.errors import BadConfiguration
from retainctl.intake.cells import Column
from retainctl.money import currency_code

M = TypeVar("M", bound="MappingFile")


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingFile:
    """What a mapping file says; ``columns`` has the header's name for each role, "" where the usual names hold."""

    columns: Any = field(default_factory=dict)
    numbers: Literal["1234.56", "1,234.56", "1234,56", "1.234,56", "1 234,56", "1'234.56"] = "1234.56"
    dates: str = "iso"
    timezone: str = ""
    currency: str = ""

    def __post_init__(self) -> None:
        if self.dates not in ("iso", "epoch") and "%" not in self.dates:
            raise ValueError(f"dates is {self.dates!r}: use iso, epoch or a format such as %d/%m/%Y %H:%M")
        if self.timezone:
            try:
                ZoneInfo(self.timezone)
            except (ZoneInfoNotFoundError, ValueError):
                raise ValueError(f"{self.timezone!r} is not an IANA time zone such as Asia/Jerusalem") from None
        if self.currency:
            currency_code(self.currency)

    def mapped(self, columns: Sequence[Column]) -> tuple[Column, ...]:
        """*columns* under the names that this file gives them."""
        named = dataclasses.asdict(self.columns) if self.columns else {}
        return tuple(Column(one.role, (name,), True) if (name := named.get(one.role)) else one for one in columns)

    @property
    def readings(self) -> dict[str, Any]:
        """The options of ``Values`` that it states."""
        zone = {"zone": ZoneInfo(self.timezone)} if self.timezone else {}
        return {"numbers": self.numbers, "dates": self.dates, **zone}


def mapping_text(path: Path | None) -> str:
    """The text of the mapping file at *path*; none where there is none."""
    if path is None:
        return ""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadConfiguration(f"{path} cannot be read: {error}") from None


def read_mapping(text: str, kind: type[M], columns: Sequence[Column], *, name: str) -> M:
    """The mapping in *text*, which stood in the file called *name*; it may name the roles of *columns* alone."""
    roles = dataclasses.make_dataclass("Columns", [(one.role, str, "") for one in columns], frozen=True)
    own = dataclasses.make_dataclass(
        kind.__name__, [("columns", roles, field(default_factory=roles))], bases=(kind,), frozen=True, kw_only=True
    )
    return schema.read_text(text, own, name=name)
