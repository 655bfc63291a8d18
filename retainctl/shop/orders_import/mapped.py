"""A mapping file for orders, and a format as one reads a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from retainctl.errors import BadData
from retainctl.intake.cells import Column, plain_name
from retainctl.intake.mapping import MappingFile
from retainctl.shop.orders_import.documents import LINE_ROLES, LINE_SUMS, MappedStatus, RowType
from retainctl.shop.orders_import.formats import Format


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderMapping(MappingFile):
    """A mapping file for orders, which also says what the source's own words mean.

    ``statuses`` and ``types`` (of a row: a sale, or a refund) may say that rows are left out. A negative amount is an
    error, or a refund, and discounts may all be written below zero. Further rows *inherit* the cells of their order
    that they leave empty, its id included. A file that has one of the columns ``not_with`` is another export, which
    this mapping would read wrong.
    """

    statuses: dict[str, MappedStatus] = field(default_factory=dict)
    types: dict[str, RowType] = field(default_factory=dict)
    negative_amounts: Literal["error", "refund"] = "error"
    negative_discounts: bool = False
    inherit: bool = False
    not_with: tuple[str, ...] = ()

    def refused(self, header: Sequence[str]) -> str:
        """The first column of *header* that makes its file another export; none: ""."""
        names = set(map(plain_name, self.not_with))
        return next((name for name in header if plain_name(name) in names), "")


def mapped(format_: Format, read: OrderMapping, header: Sequence[str], *, file: str) -> Format:
    """*format_* as a mapping file reads the *file* with that *header*.

    Where it has no column for what a line is made of, an order is one line of its total. How the format writes its
    dates holds unless the mapping says otherwise.
    """
    if name := read.refused(header):
        raise BadData(f"{file} has the column {name}, which the mapping does not read", hint="Look at not_with in it.")
    columns = read.mapped(format_.columns)
    of_lines = [one for one in columns if one.role in (*LINE_ROLES, *LINE_SUMS)]
    total_alone = bool(of_lines) and not any(is_in(one, header) for one in of_lines)
    has_line_total = any(one.role in LINE_SUMS and is_in(one, header) for one in of_lines)
    optional = LINE_ROLES if total_alone else LINE_ROLES[1:] if has_line_total else ()
    own = {
        "types": read.types,
        "negative_amounts": read.negative_amounts,
        "negative_discounts": read.negative_discounts,
        "total_alone": total_alone,
    }
    statuses = {**format_.readings.get("statuses", {}), **read.statuses}
    usual = OrderMapping().readings
    stated = {name: one for name, one in read.readings.items() if name not in format_.readings or one != usual[name]}
    return replace(
        format_,
        columns=tuple(one._replace(required=False) if one.role in optional else one for one in columns),
        readings={**format_.readings, **stated, "statuses": statuses, **own},
        inherited_cells=format_.order_cells if read.inherit else 0,
    )


def is_in(column: Column, header: Sequence[str]) -> bool:
    """Whether a file with that *header* says something in *column*."""
    if column.constant is not None or column.joined:
        return True
    names = {plain_name(name) for name in header}
    return any(plain_name(name) in names for name in column.all_names)
