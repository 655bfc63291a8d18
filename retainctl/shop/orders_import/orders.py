"""Importing a file of orders: all of it in one transaction, or nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, suppress
from functools import partial
from typing import Final

from retainctl.config import Shop
from retainctl.errors import BadData, DoneInPart
from retainctl.intake import import_runs, quarantine
from retainctl.intake.cells import Held
from retainctl.intake.file import input_file
from retainctl.intake.import_runs import DryRun, FileResult, Imported
from retainctl.intake.values import AmbiguousNumber
from retainctl.result import Progress
from retainctl.shop.orders_import import update
from retainctl.shop.orders_import.batch import Batch
from retainctl.shop.orders_import.booking import Booker
from retainctl.shop.orders_import.compare import RowsApart
from retainctl.shop.orders_import.planning import ImportPlan, OrderOptions, in_words, make_plan
from retainctl.shop.orders_import.processes import batches
from retainctl.shop.orders_import.returns import Waiting, attach_named, attach_unnamed
from retainctl.shop.orders_import.stored import Past, nothing_stored
from retainctl.shop.summaries import summarise
from retainctl.store import dialect
from retainctl.store.database import execute, rows, value
from retainctl.store.transactions import collector_at_rest, in_one_transaction


class OrdersImported(Imported):
    """What became of one file of orders, and the customers, sales and returns that it made."""

    customers: int = 0
    orders: int = 0
    guest_orders: int = 0
    returns: int = 0


def import_orders(
    shop: Shop, name: str, options: OrderOptions, *, progress: Progress = lambda _rows: None
) -> FileResult[OrdersImported]:
    """Import the file called *name* (``-``: the standard input).

    BadData where the file as a whole cannot be booked; then nothing is written. Rows that cannot be booked are
    quarantined, and the rest is.
    """
    with input_file(name, encoding=options.encoding) as file:
        for rows_apart in (False, True):
            plan = make_plan(shop, file, options)
            try:
                with suppress(RowsApart), collector_at_rest():
                    return _import(shop, plan, progress, rows_apart=rows_apart)
            except DryRun as dry:
                return dry.result
    raise AssertionError("rows that are gathered stand nowhere else")


@in_one_transaction
def _import(shop: Shop, plan: ImportPlan, progress: Progress, *, rows_apart: bool) -> FileResult[OrdersImported]:
    dialect.hold_lock(import_runs.LOCK)
    known = import_runs.known_imports(plan.file, plan.asked)
    newest = plan.options.newest
    if known and not (plan.options.again or newest) and import_runs.brings_nothing(known[-1]):
        return FileResult((OrdersImported(plan.file.name, plan.source, "already imported"),))
    before = known[0] if known and not newest else None
    past = Past(is_first=nothing_stored(), read_before_by=before, rows_apart=rows_apart)
    result, import_id, held = book(shop, plan, past, progress=progress)
    told, told_back = _told_anew(import_id, plan.source)
    quarantine.keep_held(import_id, held, resolved=known, told=told, told_back=told_back, now=shop.clock.now())
    if plan.options.dry_run:
        raise DryRun(result)
    return result


def _told_anew(import_id: int, source: str) -> tuple[set[str], set[str]]:
    """Of the documents whose rows earlier imports hold those that this one has written, and those whose returns it has.

    What came back under an order's own number says nothing of its sale.
    """
    waiting = quarantine.waiting_documents(import_id)
    if not waiting:
        return set(), set()
    condition, bound = dialect.one_of(sorted(waiting))
    written = f"WHERE source = ? AND external_id {condition} AND import_id = ?"
    sales = rows(f"SELECT external_id FROM orders {written}", source, bound, import_id)
    back = rows(f"SELECT external_id, named_order FROM order_returns {written}", source, bound, import_id)
    own = {document for document, order in back if order != document}
    return {document for (document,) in sales} | own, {document for document, _ in back}


def book(
    shop: Shop, plan: ImportPlan, past: Past, *, progress: Progress = lambda _rows: None, limited: bool = True
) -> tuple[FileResult[OrdersImported], int, list[Held]]:
    """Book the rows of a planned file, in the caller's transaction: the outcome, the import's id, the rows held.

    Unless *limited* no share of bad rows is too large.
    """
    customers_before = int(value("SELECT COUNT(*) FROM customers"))
    money_before = _money()
    import_id = import_runs.begin(shop, plan.file, plan.asked)
    booking = Booker(shop, plan, import_id)
    check_limit = partial(
        import_runs.check_limit, booking.counts, plan.file, strict=plan.options.strict, held=booking.held
    )
    every = batches(shop, plan, import_id, past)
    tables = ("orders", "order_lines") if past.is_first else ()
    with dialect.filled_at_once(*tables, others_may_wait=not customers_before), closing(every):
        file_notes: list[str] = []
        for batch in _readable(plan, every):
            update.book(booking, batch)
            if limited:
                check_limit(ended=False)
            progress(batch.counts.read)
            file_notes = batch.file_notes
    _note_growth(booking)
    _attach_returns(booking)
    if limited:
        check_limit(ended=True)
    summarise(list(booking.touched))
    _assert_money(money_before, booking.money)
    booking.counts.assert_complete()
    notes = [*dict.fromkeys(file_notes), *in_words(+booking.notes), *_no_sales(booking)]
    import_runs.end(import_id, booking.counts, notes)
    made = int(value("SELECT COUNT(*) FROM customers")) - customers_before
    row = _row(booking, customers=made, sales=_new_sales(booking))
    bad = tuple(held for held in booking.held if held.disposition != "set_aside")
    odd = tuple(booking.attention)
    returns_need = "1 return needs" if len(odd) == 1 else f"{len(odd)} returns need"
    trouble = DoneInPart(f"{returns_need} attention", hint="See: retainctl orders returns --waiting") if odd else None
    if told_since := booking.notes["told_since"]:
        of_them = "1 of its orders was" if told_since == 1 else f"{told_since} of its orders were"
        trouble = DoneInPart(
            f"{plan.file.name} was imported before; {of_them} told anew since then, and not changed back",
            hint="If this file is newer, import it with --newest.",
        )
    if others := booking.notes["another_order"]:
        are = "1 order is" if others == 1 else f"{others} orders are"
        trouble = DoneInPart(
            f"{are} unlike the known order of the same number (another buyer and day, or no article in common),"
            " and left alone",
            hint="If they are another shop's, import them with --source NAME; if the file is right, with --newest.",
        )
    if twins := _known_elsewhere(booking):
        trouble = trouble or DoneInPart(
            f"new orders with the buyer, the minute and the amount of known ones of another source: {twins}",
            hint="If both are exports of one shop, its orders are there twice: import each shop by one format.",
        )
    return FileResult((row,), tuple(notes), odd, trouble, quarantined=bad), import_id, booking.held


def _known_elsewhere(booking: Booker) -> str:
    """The other sources that have orders like the new ones, with how many: another export of the same shop."""
    if not booking.first_order_id or value("SELECT MIN(source) = MAX(source) FROM orders"):
        return ""
    found = rows(
        """SELECT p.source, COUNT(DISTINCT o.id) FROM orders AS o JOIN orders AS p
            ON p.customer_id = o.customer_id AND p.ordered_at / 60 = o.ordered_at / 60 AND p.currency = o.currency
            AND p.gross_minor = o.gross_minor AND p.source <> o.source
            WHERE o.id >= ? AND o.is_sale = 1 AND p.is_sale = 1 AND o.day_precision + p.day_precision = 0
            GROUP BY p.source ORDER BY 2 DESC, 1""",
        booking.first_order_id,
    )
    return ", ".join(f"{count} of {source}" for source, count in found)


def _readable(plan: ImportPlan, every: Iterator[Batch]) -> Iterator[Batch]:
    """*every* batch; BadData names the file where a number in it can be read in two ways."""
    try:
        yield from every
    except AmbiguousNumber as error:
        raise BadData(f"{plan.file.name}: {error}", hint=error.hint) from None


def _note_growth(booking: Booker) -> None:
    for table, added in (("orders", booking.counts.new), ("order_returns", booking.returns)):
        if added:
            dialect.note_growth(table, rows_added=added)


def _attach_returns(booking: Booker) -> None:
    """Let waiting returns meet their sales; those of this file that cannot be their order's are quarantined."""
    attached = attach_named(booking.plan.source)
    for customer in attached.customers:
        booking.touch(customer)
    for waiting, why in attached.refused:
        _refuse_return(booking, waiting, why)
    attach_unnamed(booking.touched)


# Why a return cannot be its order's: the column at fault and a sentence, and what is said of one that waits.
_REFUSED: Final = {
    "return_larger_than_order": ("quantity", "it returns more than order {order} contains"),
    "mixed_currency": ("currency", "it is in another currency than order {order}"),
}
_WAITS: Final = {"return_larger_than_order": "is larger than", "mixed_currency": "is in another currency than"}


def _refuse_return(booking: Booker, waiting: Waiting, why: str) -> None:
    named = booking.named_returns.get((waiting.external_id, waiting.line_no))
    if named is None:
        _tell_return(booking, waiting, why)
        return
    execute("DELETE FROM order_returns WHERE id = ?", waiting.id)
    column, message = _REFUSED[why]
    message = message.format(order=waiting.named_order)
    booking.held.append(Held("quarantined", named.origin, column, why, message, waiting.external_id, is_back=True))
    booking.counts.add(import_runs.Counts(**{named.row: -1}, quarantined=1))
    booking.returns -= named.returns


def _tell_return(booking: Booker, waiting: Waiting, why: str) -> None:
    """Let a person look at a return that an earlier import brought: now that its order is here, it cannot be right."""
    ((written_by,),) = rows(
        "SELECT import_id FROM orders WHERE source = ? AND external_id = ?", booking.plan.source, waiting.named_order
    )
    if written_by == booking.import_id:
        booking.attention.append(
            f"return {waiting.external_id} {_WAITS[why]} order {waiting.named_order} and is waiting"
            " (retainctl orders returns --waiting)"
        )
    else:
        booking.notes[why] += 1


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


def _new_sales(booking: Booker) -> tuple[int, int]:
    """How many of the orders that this import made are sales of customers, and how many of guests."""
    if not booking.first_order_id:
        return 0, 0
    ((known, every),) = rows(
        "SELECT COUNT(customer_id), COUNT(*) FROM orders WHERE id >= ? AND is_sale = 1", booking.first_order_id
    )
    return known, every - known


def _no_sales(booking: Booker) -> list[str]:
    """The orders that this import made and that are no sale, by their states: they are in no figure."""
    if not booking.first_order_id:
        return []
    by_status = rows(
        "SELECT status, COUNT(*) FROM orders WHERE id >= ? AND is_sale = 0 GROUP BY status ORDER BY status",
        booking.first_order_id,
    )
    states = ", ".join(f"{count} {status}" for status, count in by_status)
    return [f"orders that are no sale and are not counted: {states}"] if states else []


def _row(booking: Booker, *, customers: int, sales: tuple[int, int]) -> OrdersImported:
    plan = booking.plan
    known, guests = sales
    return OrdersImported(
        plan.file.name,
        plan.source,
        "dry run" if plan.options.dry_run else "imported",
        **booking.counts.told(),
        customers=customers,
        orders=known,
        guest_orders=guests,
        returns=booking.returns,
    )
