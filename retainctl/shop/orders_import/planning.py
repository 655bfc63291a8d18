"""How one file is to be read: its format, found by its header where nobody says it, and what its cells mean."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from retainctl.config import Shop
from retainctl.intake.csv_rows import describe_delimiter, read_header
from retainctl.intake.file import InputFile
from retainctl.intake.import_runs import Asked, ImportOptions
from retainctl.intake.mapping import find_rows, mapping_text, read_mapping
from retainctl.money import currency_code
from retainctl.normalising import NAME_NOTES
from retainctl.shop.orders_import.documents import OrderValues
from retainctl.shop.orders_import.formats import Format
from retainctl.shop.orders_import.known import format_named, mapped_format, recognised
from retainctl.shop.orders_import.mapped import OrderMapping, is_in, mapped
from retainctl.shop.orders_import.stored import salt_of


@dataclass(frozen=True, slots=True)
class OrderOptions(ImportOptions):
    """What is asked of files of orders besides: their format, and what proves that marketing was allowed.

    What a file says that is the *newest* counts, although it was imported before what is known now.
    """

    format: str = ""
    consent_evidence: str = ""
    newest: bool = False


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
        format_ = mapped_format()
    else:
        format_ = recognised(file, header)
    if format_.mapping and not mapping:
        mapping, mapping_name = format_.mapping, f"the mapping {format_.name}"
        find_rows(mapping, file)
    stated_currency = options.currency
    if mapping:
        read = read_mapping(mapping, OrderMapping, format_.columns, name=mapping_name)
        format_ = mapped(format_, read, header, file=file.name)
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


def _has_currency(format_: Format, header: list[str]) -> bool:
    """Whether each row may say its own currency."""
    found = [column for column in format_.columns if column.role == "currency"]
    return any(not format_.is_table or is_in(column, header) for column in found)


def in_words(notes: Mapping[str, int]) -> list[str]:
    """How often each oddity was met, in words."""
    return [f"{_SENTENCES.get(code, code.replace('_', ' '))}: {count}" for code, count in sorted(notes.items())]


_SENTENCES: Final = {
    "email_role": "role e-mails (noreply, postmaster), kept but not mailed",
    "email_test": "test e-mails, kept but not mailed",
    "email_relay": "marketplace relay e-mails, kept but not mailed",
    "email_needs_smtputf8": "e-mails that need a server with SMTPUTF8",
    "identity_conflict": "orders whose id, e-mail or phone belong to different customers; nobody was merged",
    **{f"name_{note}": sentence for note, sentence in NAME_NOTES.items()},
    "coupon_and_tax": 'orders with a coupon and a tax, taken as added to the prices (if they include it: tax = "" in a'
    " mapping)",
    "refund_of_shipping": "refunds of exactly what the shipping cost, taken from nothing that was sold",
    "clock_change_gap": "times in a skipped hour (clock change), moved forward",
    "clock_change_fold": "times in a repeated hour (clock change), read as the first",
    "stale": "orders older than the stored version, not changed",
    "another_order": "orders unlike the known one of their number, left alone",
    "told_since": "orders that a later import told anew, not changed",
    "return_undated": "returns without a day in the file, counted on the day of the sale",
    "return_seen": "returns without a day in the file, counted on the day of this import",
    "return_larger_than_order": "waiting returns larger than their order",
    "mixed_currency": "waiting returns in another currency than their order",
    "marketing_not_counted": 'orders with "accepts marketing", ignored without --consent-evidence',
}
