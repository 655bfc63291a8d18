"""A mapping file: what the columns of somebody's own export mean, and how its numbers and dates are written.

numbers = "1.234,56"
dates = "%d/%m/%Y %H:%M"
timezone = "Asia/Jerusalem"

[columns]
order_id = "מספר הזמנה"
ordered_at = "תאריך"

[statuses]
"נמסר" = "completed"
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from retainctl import schema
from retainctl.errors import BadConfiguration
from retainctl.intake.cells import Column
from retainctl.intake.values import NUMBER_STYLES
from retainctl.shop.orders_import.formats import Format


@dataclass(frozen=True, slots=True)
class Columns:
    """The header's name for each role; a role that is left out is read by its usual names, where they stand."""

    order_id: str = ""
    ordered_at: str = ""
    email: str = ""
    first_name: str = ""
    last_name: str = ""
    phone: str = ""
    sku: str = ""
    product: str = ""
    category: str = ""
    quantity: str = ""
    unit_price: str = ""
    discount: str = ""
    currency: str = ""
    status: str = ""
    customer_id: str = ""
    refund_of: str = ""
    shipping: str = ""
    tax: str = ""
    total: str = ""
    updated_at: str = ""


@dataclass(frozen=True, slots=True)
class Mapping:
    """What a mapping file says."""

    columns: Columns = field(default_factory=Columns)
    numbers: Literal["1234.56", "1,234.56", "1234,56", "1.234,56", "1 234,56", "1'234.56"] = "1234.56"
    dates: str = "iso"
    timezone: str = ""
    statuses: dict[
        str,
        Literal[
            "pending",
            "paid",
            "processing",
            "shipped",
            "fulfilled",
            "completed",
            "refunded",
            "cancelled",
            "voided",
            "failed",
        ],
    ] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.dates not in ("iso", "epoch") and "%" not in self.dates:
            raise ValueError(f"dates is {self.dates!r}: write iso, epoch, or a format such as %d/%m/%Y %H:%M")
        if self.timezone:
            try:
                ZoneInfo(self.timezone)
            except (ZoneInfoNotFoundError, ValueError):
                raise ValueError(f"{self.timezone!r} is not an IANA time zone such as Asia/Jerusalem") from None
        assert self.numbers in NUMBER_STYLES


def mapping_text(path: Path) -> str:
    """The text of the mapping file at *path*."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadConfiguration(f"{path} cannot be read: {error}") from None


def parse_mapping(text: str, *, name: str) -> Mapping:
    """The mapping in *text*, which stood in the file called *name*."""
    return schema.read_text(text, Mapping, name=name)


def mapped(format_: Format, mapping: Mapping) -> Format:
    """*format_* as *mapping* reads it."""
    named = dataclasses.asdict(mapping.columns)
    columns = tuple(
        Column(column.role, (named[column.role],), True) if named.get(column.role) else column
        for column in format_.columns
    )
    readings = dict(format_.readings) | {"numbers": mapping.numbers, "dates": mapping.dates}
    if mapping.timezone:
        readings["zone"] = ZoneInfo(mapping.timezone)
    readings["statuses"] = {**format_.readings.get("statuses", {}), **mapping.statuses}
    return dataclasses.replace(format_, columns=columns, readings=readings)
