"""Importing a file of orders: all of it in one transaction, or nothing."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from retainctl.config import Shop
from retainctl.errors import BadData
from retainctl.shop.importing import register
from retainctl.shop.importing.booking import Booking
from retainctl.shop.importing.documents import Held
from retainctl.shop.importing.files import input_file
from retainctl.shop.importing.gathering import Gathering
from retainctl.shop.importing.outcome import DryRun, Outcome, Progress
from retainctl.shop.importing.planning import Plan, make_plan, notes_of
from retainctl.shop.importing.results import Options, OrdersImported
from retainctl.shop.importing.returning import Waiting, attach_named, attach_unnamed
from retainctl.shop.importing.values import AmbiguousNumber
from retainctl.shop.summaries import summarise
from retainctl.store import dialect
from retainctl.store.database import execute, rows, value
from retainctl.store.writing import in_one_transaction


def import_orders(
    shop: Shop, name: str, options: Options, *, progress: Progress = lambda _rows: None
) -> Outcome[OrdersImported]:
    """Import the file called *name* (``-``: the standard input).

    BadData where the file as a whole cannot be booked; then nothing is written. Rows that cannot be booked are
    quarantined, and the rest is.
    """
    with input_file(name, encoding=options.encoding) as file:
        plan = make_plan(shop, file, options)
        try:
            with _collector_at_rest():
                return _import(shop, plan, progress)
        except DryRun as dry:
            return dry.outcome


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    """No search for circles among millions of rows, of which none has any: it takes a quarter of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@in_one_transaction
def _import(shop: Shop, plan: Plan, progress: Progress) -> Outcome[OrdersImported]:
    dialect.hold_lock(register.LOCK)
    known = register.known_imports(plan.file, plan.asked)
    if known and not plan.options.again and not register.has_open_quarantine(known[-1]):
        return Outcome(OrdersImported(plan.file.name, plan.source, "already imported"))
    outcome, import_id, held = book(shop, plan, progress=progress)
    register.keep_held(import_id, held, resolved=known, now=shop.clock.now())
    if plan.options.dry_run:
        raise DryRun(outcome)
    return outcome


def book(
    shop: Shop,
    plan: Plan,
    *,
    progress: Progress = lambda _rows: None,
    appends_to: int | None = None,
    limited: bool = True,
) -> tuple[Outcome[OrdersImported], int, list[Held]]:
    """Book the rows of a planned file, in the caller's transaction: the outcome, the import's id, the rows held.

    With *appends_to* the rows are what that import held, and are added to their orders. Unless *limited* no share
    of bad rows is too large.
    """
    file, options = plan.file, plan.options
    customers_before = int(value("SELECT COUNT(*) FROM customers"))
    money_before = _money()
    import_id = register.begin(shop, file, plan.asked)
    booking = Booking(shop, plan.source, import_id, plan.values, consent_evidence=options.consent_evidence)
    repeated = _repeated_ids(plan) if plan.format.one_row_an_order else ()
    gathering = Gathering(plan.format, booking, salt=plan.salt, appends_to=appends_to, repeated=repeated)
    check_limit = partial(register.check_limit, gathering.counts, file, strict=options.strict, held=gathering.held)
    try:
        for chunk in plan.format.layout(file, plan.format, plan.delimiter):
            before = gathering.counts.read
            gathering.take(chunk)
            if limited:
                check_limit(ended=False)
            progress(gathering.counts.read - before)
    except AmbiguousNumber as error:
        raise BadData(f"{file.name}: {error}", hint=error.hint) from None
    gathering.finish()
    _note_growth(gathering, booking)
    _attach_returns(gathering, booking)
    if limited:
        check_limit(ended=True)
    summarise(list(booking.touched.places()))
    _assert_money(money_before, booking.money)
    gathering.counts.assert_complete()
    notes = notes_of(plan)
    register.end(import_id, gathering.counts, notes)
    made = int(value("SELECT COUNT(*) FROM customers")) - customers_before
    row = _row(file.name, plan, gathering.counts, booking, customers=made)
    bad = tuple(held for held in gathering.held if held.disposition != "set_aside")
    return Outcome(row, tuple(notes), bad, tuple(gathering.attention)), import_id, gathering.held


def _note_growth(gathering: Gathering, booking: Booking) -> None:
    for table, added in (("orders", gathering.counts.new), ("order_returns", booking.counts["returns"])):
        if added:
            dialect.note_growth(table, rows_added=added)


def _repeated_ids(plan: Plan) -> set[str]:
    """The ids that come more than once, where a row is a whole order: they are judged together."""
    seen: set[int] = set()
    repeated: set[str] = set()
    for chunk in plan.format.layout(plan.file, plan.format, plan.delimiter):
        for cells in chunk.rows:
            mark = hash(cells[0])  # two ids with one hash would only be judged at the file's end
            if mark in seen:
                repeated.add(cells[0])
            seen.add(mark)
    return repeated


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
        _tell_return(gathering, booking, waiting)
        return
    execute("DELETE FROM order_returns WHERE id = ?", waiting.id)
    message = f"it returns more than order {waiting.named_order} has"
    gathering.held.append(Held("quarantined", origin, "quantity", "return_larger_than_order", message))
    gathering.counts.new -= 1
    gathering.counts.quarantined += 1
    booking.counts["returns"] -= 1


def _tell_return(gathering: Gathering, booking: Booking, waiting: Waiting) -> None:
    """Let a person look at a return that an earlier import brought: now that its order is here, it is too large."""
    ((written_by,),) = rows(
        "SELECT import_id FROM orders WHERE source = ? AND external_id = ?", booking.source, waiting.named_order
    )
    if written_by == booking.import_id:
        gathering.attention.append(
            f"return {waiting.external_id} takes more than order {waiting.named_order} has, and waits"
            " (retainctl orders returns --waiting)"
        )
    else:
        booking.values.note("return_larger_than_order")


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


def _row(name: str, plan: Plan, counts: register.Counts, booking: Booking, *, customers: int) -> OrdersImported:
    return OrdersImported(
        name, plan.source, "dry run" if plan.options.dry_run else "imported",
        counts.read, counts.new, counts.changed, counts.unchanged, counts.set_aside, counts.blank,
        counts.quarantined, customers, booking.counts["orders"], booking.counts["guest_orders"],
        booking.counts["returns"],
    )  # fmt: skip
