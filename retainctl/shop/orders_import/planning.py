"""How one file is to be read: its format, found by its header where nobody says it, and what its cells mean."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from retainctl.config import Shop
from retainctl.errors import BadData
from retainctl.intake.cells import Column, plain_name
from retainctl.intake.csv_rows import describe_delimiter, read_header
from retainctl.intake.file import InputFile
from retainctl.intake.import_runs import Asked, ImportOptions
from retainctl.intake.mapping import MappingFile, find_rows, mapping_text, read_mapping
from retainctl.money import currency_code
from retainctl.shop.orders_import.documents import LINE_ROLES, MappedStatus, OrderValues, RowType
from retainctl.shop.orders_import.formats import Format, all_formats, format_named
from retainctl.shop.orders_import.stored import salt_of


@dataclass(frozen=True, slots=True)
class OrderOptions(ImportOptions):
    """What is asked of files of orders besides: their format, and what proves that marketing was allowed.

    What a file says that is the *newest* counts, although it was imported before what is known now.
    """

    format: str = ""
    consent_evidence: str = ""
    newest: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderMapping(MappingFile):
    """A mapping file for orders, which also says what the source's own words mean.

    ``statuses`` and ``types`` (of a row: a sale, or a refund) may say that rows are left out. A negative amount is an
    error, or a refund. Further rows *inherit* the cells of their order that they leave empty, its id included.
    """

    statuses: dict[str, MappedStatus] = field(default_factory=dict)
    types: dict[str, RowType] = field(default_factory=dict)
    negative_amounts: Literal["error", "refund"] = "error"
    inherit: bool = False


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """One file, and everything that was decided about how it is read.

    *mapping* is the text of the mapping file. *meaning* is what the same cells are read by: rows that are read in
    another way are other rows. *asked* is all that tells one import of a file from another.
    """

    file: InputFile
    format: Format
    delimiter: str
    values: OrderValues
    options: OrderOptions
    mapping: str
    meaning: str
    asked: Asked

    @property
    def source(self) -> str:
        return self.asked.source

    @property
    def salt(self) -> int:
        """What a row's fingerprint is moved by, so that it stands for its meaning."""
        return salt_of(self.meaning)


def make_plan(shop: Shop, file: InputFile, options: OrderOptions) -> ImportPlan:
    """Decide how *file* is read; BadData where its format cannot be told."""
    return plan_with(
        shop, file, options, mapping=mapping_text(options.mapping), mapping_name=str(options.mapping or "")
    )


def plan_with(shop: Shop, file: InputFile, options: OrderOptions, *, mapping: str, mapping_name: str) -> ImportPlan:
    """The plan with the text of a mapping file (``""``: none)."""
    find_rows(mapping, file)
    header, delimiter = read_header(file, delimiter=options.delimiter)
    if options.format:
        format_ = format_named(options.format)
    elif mapping:
        format_ = format_named("generic")
    else:
        format_ = _recognised(file, header)
    stated_currency = options.currency
    if mapping:
        read = read_mapping(mapping, OrderMapping, format_.columns, name=mapping_name)
        format_ = _mapped(format_, read, header)
        stated_currency = stated_currency or read.currency
    if delimiter != "," and not options.delimiter and format_.is_table:
        file.notes.append(f"columns are separated by {describe_delimiter(delimiter)}")
    currency = currency_code(stated_currency) if stated_currency else ""
    values = OrderValues(
        shop.clock,
        shop_currency=shop.settings.currency,
        stated_currency=currency,
        currency_column=_has_currency(format_, header),
        **format_.readings,
    )
    meaning: dict[str, Any] = {
        "format": format_.name,
        "mapping": mapping,
        "currency": currency,
        "zone": str(values.zone),
        "shop_currency": shop.settings.currency,
    }
    asked = meaning | {
        "encoding": file.encoding,
        "delimiter": delimiter,
        "consent_evidence": options.consent_evidence,
        "header": header if format_.is_table else [],
    }
    settings = json.dumps(asked, ensure_ascii=False)
    return ImportPlan(
        file,
        format_,
        delimiter,
        values,
        options,
        mapping,
        json.dumps(meaning),
        Asked("orders", options.source or format_.source, format_.name, settings),
    )


def _mapped(format_: Format, read: OrderMapping, header: list[str]) -> Format:
    """*format_* as a mapping file reads a file with that *header*.

    Where it has no column for what a line is made of, an order is one line of its total.
    """
    columns = read.mapped(format_.columns)
    of_lines = [one for one in columns if one.role in (*LINE_ROLES, "line_total")]
    total_alone = bool(of_lines) and not any(_is_in(one, header) for one in of_lines)
    has_line_total = any(one.role == "line_total" and _is_in(one, header) for one in of_lines)
    optional = LINE_ROLES if total_alone else LINE_ROLES[1:] if has_line_total else ()
    own = {"types": read.types, "negative_amounts": read.negative_amounts, "total_alone": total_alone}
    statuses = {**format_.readings.get("statuses", {}), **read.statuses}
    return replace(
        format_,
        columns=tuple(one._replace(required=False) if one.role in optional else one for one in columns),
        readings={**format_.readings, **read.readings, "statuses": statuses, **own},
        inherited_cells=format_.order_cells if read.inherit else 0,
    )


def _is_in(column: Column, header: list[str]) -> bool:
    """Whether a file with that *header* says something in *column*."""
    if column.constant is not None or column.joined:
        return True
    names = {plain_name(name) for name in header}
    return any(plain_name(name) in names for name in column.all_names)


def _has_currency(format_: Format, header: list[str]) -> bool:
    """Whether each row may say its own currency."""
    found = [column for column in format_.columns if column.role == "currency"]
    return any(not format_.is_table or _is_in(column, header) for column in found)


def _recognised(file: InputFile, header: list[str]) -> Format:
    """The format whose columns are those of the file: of several, the one that asks for most of them."""
    names = {plain_name(name) for name in header}
    found = [format_ for format_ in all_formats().values() if _fits(format_, names, file.beginning)]
    if not found:
        raise BadData(
            f"{file.name} does not look like an orders file; its columns: {', '.join(header)[:300]}",
            hint="Set the format with --from, or describe the columns with --mapping FILE. The formats are: "
            + ", ".join(all_formats())
            + ".",
        )
    best = max(found, key=lambda one: sum(column.required for column in one.columns))
    file.notes.append(f"read as {best.name} (detected)")
    return best


def _fits(format_: Format, names: set[str], beginning: str) -> bool:
    if format_.recognises is not None:
        return format_.recognises(beginning)
    return all(
        any(plain_name(name) in names for name in column.all_names) for column in format_.columns if column.required
    )


def in_words(notes: Mapping[str, int]) -> list[str]:
    """How often each oddity was met, in words."""
    return [f"{_SENTENCES.get(code, code.replace('_', ' '))}: {count}" for code, count in sorted(notes.items())]


_SENTENCES: Final = {
    "email_role": "role e-mails (noreply, postmaster), kept but not mailed",
    "email_test": "test e-mails, kept but not mailed",
    "email_relay": "marketplace relay e-mails, kept but not mailed",
    "email_needs_smtputf8": "e-mails that need a server with SMTPUTF8",
    "identity_conflict": "orders whose id, e-mail or phone belong to different customers; nobody was merged",
    "name_marks_removed": "names with control or direction marks, now removed",
    "name_cut": "names truncated to 200 characters",
    "clock_change_gap": "times in a skipped hour (clock change), moved forward",
    "clock_change_fold": "times in a repeated hour (clock change), read as the first",
    "stale": "orders older than the stored version, not changed",
    "told_since": "orders that a later import told anew, not changed",
    "return_undated": "returns without a day in the file, counted on the day of the sale",
    "return_seen": "returns without a day in the file, counted on the day of this import",
    "return_larger_than_order": "waiting returns larger than their order",
    "mixed_currency": "waiting returns in another currency than their order",
    "marketing_not_counted": 'orders with "accepts marketing", ignored without --consent-evidence',
}
