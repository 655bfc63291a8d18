"""Importing a file of orders: all of it in one transaction, or nothing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final

from retainctl.config import Shop
from retainctl.errors import BadData
from retainctl.money import currency_code
from retainctl.rows import Row
from retainctl.shop.importing import register
from retainctl.shop.importing.booking import Booking
from retainctl.shop.importing.documents import Held
from retainctl.shop.importing.files import InputFile, input_file
from retainctl.shop.importing.format import Format
from retainctl.shop.importing.formats import all_formats, format_named
from retainctl.shop.importing.gathering import Gathering
from retainctl.shop.importing.mapping import mapped, read_mapping
from retainctl.shop.importing.register import Asked, Counts
from retainctl.shop.importing.returning import Waiting, attach_named, attach_unnamed
from retainctl.shop.importing.tables import describe_delimiter, plain_name, read_header
from retainctl.shop.importing.values import AmbiguousNumber, Values
from retainctl.shop.summaries import summarise
from retainctl.store import dialect
from retainctl.store.database import execute, rows, value
from retainctl.store.writing import in_one_transaction

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Options:
    """How files are to be read and what is to be done with them, as the command line says it."""

    format: str = ""
    source: str = ""
    mapping: Path | None = None
    encoding: str = ""
    delimiter: str = ""
    currency: str = ""
    consent_evidence: str = ""
    again: bool = False
    dry_run: bool = False
    strict: bool = False


@dataclass(frozen=True, slots=True)
class Imported(Row):
    """What became of one file. Rows read = new + changed + unchanged + set aside + blank + quarantined."""

    kind: ClassVar[str] = "import"
    file: str
    source: str
    outcome: str  # imported, already imported, dry run
    rows_read: int = 0
    rows_new: int = 0
    rows_changed: int = 0
    rows_unchanged: int = 0
    rows_set_aside: int = 0
    rows_blank: int = 0
    rows_quarantined: int = 0
    customers: int = 0
    orders: int = 0
    guest_orders: int = 0
    returns: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one file, what was guessed or noticed on the way, and the rows that need a look."""

    row: Imported
    notes: tuple[str, ...] = ()
    quarantined: tuple[Held, ...] = ()


class _DryRun(Exception):
    """Carries the outcome out of a transaction that is to leave nothing."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome


def import_orders(shop: Shop, name: str, options: Options, *, progress: Progress = lambda _rows: None) -> Outcome:
    """Import the file called *name* (``-``: the standard input).

    BadData where the file as a whole cannot be booked; then nothing is written. Rows that cannot be booked are
    quarantined, and the rest is.
    """
    with input_file(name, encoding=options.encoding) as file:
        plan = _plan(shop, file, options)
        try:
            return _import(shop, plan, progress)
        except _DryRun as dry:
            return dry.outcome


@dataclass(frozen=True, slots=True)
class _Plan:
    """One file, and everything that was decided about how it is read."""

    file: InputFile
    format: Format
    delimiter: str
    values: Values
    options: Options
    settings: str  # JSON: what an equal import would have been asked
    header: str

    @property
    def source(self) -> str:
        return self.options.source or self.format.source

    @property
    def asked(self) -> Asked:
        return Asked("orders", self.source, self.format.name, self.settings)

    @property
    def salt(self) -> int:
        """What makes rows that are read in another way other rows."""
        return int.from_bytes(hashlib.blake2b(self.settings.encode(), digest_size=16).digest(), "little")


def _plan(shop: Shop, file: InputFile, options: Options) -> _Plan:
    header, delimiter = read_header(file, delimiter=options.delimiter)
    format_ = format_named(options.format) if options.format else _recognised(file, header, delimiter)
    mapping_text = ""
    if options.mapping is not None:
        format_ = mapped(format_, read_mapping(options.mapping))
        mapping_text = options.mapping.read_text(encoding="utf-8")
    if delimiter != "," and not options.delimiter and len(header) > 1:
        file.notes.append(f"columns are parted by {describe_delimiter(delimiter)}")
    currency = currency_code(options.currency) if options.currency else ""
    names = {plain_name(name) for name in header}
    has_currency = any(plain_name(name) in names for name in format_.names_of("currency"))
    values = Values(
        shop.clock, shop_currency=shop.settings.currency, stated_currency=currency,
        currency_column=has_currency, **format_.readings,
    )  # fmt: skip
    settings = {
        "format": format_.name, "mapping": mapping_text, "currency": currency, "zone": str(values.zone),
        "shop_currency": shop.settings.currency,
    }  # fmt: skip
    return _Plan(file, format_, delimiter, values, options, json.dumps(settings), "")


def _recognised(file: InputFile, header: list[str], delimiter: str) -> Format:
    """The format whose columns are those of the file: of several, the one that asks for most of them."""
    names = {plain_name(name) for name in header}
    found = [format_ for format_ in all_formats().values() if _fits(format_, names, delimiter.join(header))]
    if not found:
        raise BadData(
            f"{file.name} is in no format that is known; its columns are: {', '.join(header)[:300]}",
            hint="Name its format with --from, or say what its columns mean with --mapping FILE. There are: "
            + ", ".join(all_formats()) + ".",
        )  # fmt: skip
    best = max(found, key=lambda one: sum(column.required for column in one.columns))
    file.notes.append(f"read as {best.name}, by its header")
    return best


def _fits(format_: Format, names: set[str], first_line: str) -> bool:
    if format_.recognises is not None:
        return format_.recognises(sorted(names), first_line)
    return all(any(plain_name(name) in names for name in column.names) for column in format_.columns if column.required)


@in_one_transaction
def _import(shop: Shop, plan: _Plan, progress: Progress) -> Outcome:
    dialect.hold_lock(register.LOCK)
    file, options = plan.file, plan.options
    known = register.known_imports(file, plan.asked)
    if known and not options.again and not register.has_open_quarantine(known[-1]):
        return Outcome(Imported(file.name, plan.source, "already imported"))
    customers_before = int(value("SELECT COUNT(*) FROM customers"))
    import_id = register.begin(shop, file, plan.asked)
    booking = Booking(shop, plan.source, import_id, plan.values, consent_evidence=options.consent_evidence)
    money_before = _money()
    gathering = Gathering(plan.format, booking, salt=plan.salt)
    try:
        for chunk in plan.format.layout(file, plan.format, plan.delimiter):
            before = gathering.counts.read
            gathering.take(chunk)
            register.check_limit(gathering.counts, file, strict=options.strict, held=gathering.held, ended=False)
            progress(gathering.counts.read - before)
    except AmbiguousNumber as error:
        raise BadData(f"{file.name}: {error}", hint=error.hint) from None
    gathering.finish()
    _attach_returns(gathering, booking)
    register.check_limit(gathering.counts, file, strict=options.strict, held=gathering.held, ended=True)
    summarise_touched(booking)
    _assert_money(money_before, booking.money)
    gathering.counts.assert_complete()
    notes = _notes(file, plan)
    register.keep_held(import_id, gathering.held, resolved=known, now=shop.clock.now())
    register.end(import_id, gathering.counts, notes)
    made = int(value("SELECT COUNT(*) FROM customers")) - customers_before
    outcome = Outcome(
        _row(file.name, plan, gathering.counts, booking, customers=made), tuple(notes),
        tuple(held for held in gathering.held if held.disposition == "quarantined"),
    )  # fmt: skip
    if options.dry_run:
        raise _DryRun(outcome)
    return outcome


def _attach_returns(gathering: Gathering, booking: Booking) -> None:
    """Let waiting returns meet their sales; those of this file that are larger than their order are quarantined."""
    attached = attach_named(booking.source)
    for customer in attached.customers:
        booking.touched[customer] = 1
    for waiting in attached.too_large:
        _refuse_return(gathering, booking, waiting)
    attach_unnamed(booking.touched.places())


def _refuse_return(gathering: Gathering, booking: Booking, waiting: Waiting) -> None:
    origin = gathering.named_returns.get((waiting.external_id, waiting.line_no))
    if origin is None:
        booking.values.note("return_larger_than_order")
        return
    execute("DELETE FROM order_returns WHERE id = ?", waiting.id)
    message = f"it returns more than order {waiting.named_order} has"
    gathering.held.append(Held("quarantined", origin, "quantity", "return_larger_than_order", message))
    gathering.counts.new -= 1
    gathering.counts.quarantined += 1
    booking.counts["returns"] -= 1


def summarise_touched(booking: Booking) -> None:
    summarise(list(booking.touched.places()))


def _money() -> dict[str, int]:
    return {
        currency: int(total)
        for currency, total in rows("SELECT currency, SUM(gross_minor) FROM orders GROUP BY currency")
    }


def _assert_money(before: dict[str, int], booked: dict[str, int]) -> None:
    """What the file says is what the books have grown by, in each currency."""
    after = _money()
    for currency in before.keys() | booked.keys() | after.keys():
        grown = after.get(currency, 0) - before.get(currency, 0)
        assert grown == booked.get(currency, 0), f"{currency}: {booked.get(currency, 0)} was read, {grown} was booked"


def _notes(file: InputFile, plan: _Plan) -> list[str]:
    """Every guess and oddity, in words."""
    return [*dict.fromkeys(file.notes), *plan.format.notes] + [
        _SENTENCES.get(code, code.replace("_", " ")) + f": {count}" for code, count in sorted(plan.values.notes.items())
    ]


_SENTENCES: Final = {
    "bad_email": "e-mails that are none, left out",
    "bad_phone": "phones that are none, left out",
    "email_role": "e-mails that nobody reads (noreply, postmaster), kept and not mailed",
    "email_test": "test e-mails, kept and not mailed",
    "email_relay": "marketplace relay e-mails, kept and not mailed",
    "email_needs_smtputf8": "e-mails that need a server with SMTPUTF8",
    "identity_conflict": "orders whose id, e-mail or phone belong to different customers; nobody was merged",
    "name_marks_removed": "names with control or direction marks, which were removed",
    "name_cut": "names cut at 200 characters",
    "clock_change_gap": "times in an hour that the clocks skipped, moved forward",
    "clock_change_fold": "times in an hour that came twice, taken as the first",
    "stale": "orders older than what is known of them, left alone",
    "return_larger_than_order": "waiting returns that are larger than their order",
}


def _row(name: str, plan: _Plan, counts: Counts, booking: Booking, *, customers: int) -> Imported:
    return Imported(
        name, plan.source, "dry run" if plan.options.dry_run else "imported",
        counts.read, counts.new, counts.changed, counts.unchanged, counts.set_aside, counts.blank,
        counts.quarantined, customers, booking.counts["orders"], booking.counts["guest_orders"],
        booking.counts["returns"],
    )  # fmt: skip
