"""``retainctl orders``: bring orders in, and look at what came."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from retainctl.terminal import Command, Group, note, opened_shop, progress, say, show

if TYPE_CHECKING:
    from retainctl.shop.importing.results import Outcome


@click.group("orders", cls=Group)
def orders() -> None:
    """Bring orders in, and look at them."""


@orders.command("import", cls=Command)
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--from", "format_", default="", metavar="FORMAT", help="Their format; else it is found by the header.")
@click.option("--source", default="", metavar="NAME", help="The shop they come from; else the format's name.")
@click.option(
    "--mapping", type=click.Path(path_type=Path, dir_okay=False), help="A TOML file that says what the columns mean."
)
@click.option("--encoding", default="", help="How the text is encoded, when not UTF-8: cp1255.")
@click.option("--delimiter", default="", metavar="MARK", help="What parts the columns; else it is found.")
@click.option("--currency", default="", metavar="CODE", help="The currency of rows that name none.")
@click.option(
    "--consent-evidence", default="", metavar="TEXT",
    help='What proves that "Accepts Marketing" was asked for; without it the column counts for nothing.',
)  # fmt: skip
@click.option("--again", is_flag=True, help="Compare every row of files that were imported already.")
@click.option("--dry-run", is_flag=True, help="Do everything, report it, and write nothing.")
@click.option("--strict", is_flag=True, help="Write nothing at all when one row is bad.")
def import_(
    files: tuple[str, ...], format_: str, source: str, mapping: Path | None, encoding: str, delimiter: str,
    currency: str, consent_evidence: str, again: bool, dry_run: bool, strict: bool,
) -> None:  # fmt: skip
    """Import orders from FILE..., plain or .gz; - is the standard input.

    \b
      retainctl orders import orders_export.csv.gz --from shopify
    """
    from retainctl.shop.importing.orders import import_orders
    from retainctl.shop.importing.results import Imported, Options

    options = Options(
        format_, source, mapping, encoding, delimiter.replace("\\t", "\t"), currency, consent_evidence, again, dry_run,
        strict,
    )  # fmt: skip
    outcomes = []
    with opened_shop() as shop:
        try:
            for name in files:
                with progress(f"Importing {name}") as advance:
                    outcomes.append(import_orders(shop, name, options, progress=advance))
                for sentence in outcomes[-1].notes:
                    note(sentence)
        finally:
            show([outcome.row for outcome in outcomes], row_type=Imported)
    _tell_quarantined(outcomes)


def _tell_quarantined(outcomes: Sequence[Outcome]) -> None:
    """Say which rows were not booked, and end with 3 where there are any."""
    from retainctl.errors import DoneInPart

    bad = [held for outcome in outcomes for held in outcome.quarantined]
    for held in bad[:10]:
        say(f"line {held.origin.line}, {held.column or 'row'}: {held.message} ({held.code})")
    if bad:
        raise DoneInPart(f"{len(bad)} rows are in quarantine", hint="Look at them: retainctl orders quarantine list")


@orders.command("list", cls=Command)
@click.option("--customer", type=int, metavar="ID", help="Of this customer only.")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="How many, latest first.")
def list_(customer: int | None, limit: int) -> None:
    """List orders, latest first.

    \b
      retainctl orders list --customer 17
    """
    from retainctl.shop.orders import OrderRow, list_orders

    with opened_shop() as shop:
        show(list_orders(shop, customer_id=customer, limit=limit), row_type=OrderRow)


@orders.command("show", cls=Command)
@click.argument("order")
@click.option("--source", default="", metavar="NAME", help="The shop it comes from, where several have such a number.")
def show_(order: str, source: str) -> None:
    """Show the lines, the returns and the earlier versions of ORDER.

    \b
      retainctl orders show IL100042
    """
    from retainctl.shop.orders import OrderPart, show_order

    with opened_shop() as shop:
        show(show_order(shop, order, source=source), row_type=OrderPart)


@orders.command("returns", cls=Command)
@click.option("--waiting", is_flag=True, help="Only those whose sale is not known.")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="How many, latest first.")
def returns(waiting: bool, limit: int) -> None:
    """List returns, latest first.

    \b
      retainctl orders returns --waiting
    """
    from retainctl.shop.orders import ReturnRow, list_returns

    with opened_shop() as shop:
        show(list_returns(shop, waiting=waiting, limit=limit), row_type=ReturnRow)


@orders.group("quarantine", cls=Group)
def quarantine() -> None:
    """Rows that could not be booked."""


@quarantine.command("list", cls=Command)
def list_quarantine() -> None:
    """List the rows that wait in quarantine.

    \b
      retainctl orders quarantine list --format csv
    """
    from retainctl.shop.importing.quarantine import Quarantined, list_quarantined

    with opened_shop() as shop:
        show(list_quarantined(shop), row_type=Quarantined)


@quarantine.command("show", cls=Command)
@click.argument("row", type=int)
def show_quarantine(row: int) -> None:
    """Show ROW as it stood in its file.

    \b
      retainctl orders quarantine show 4
    """
    from retainctl.shop.importing.quarantine import RawRow, show_held

    with opened_shop() as shop:
        show([show_held(shop, row)], row_type=RawRow)


@quarantine.command("retry", cls=Command)
@click.argument("rows", type=int, nargs=-1, metavar="[ROW]...")
@click.option(
    "--mapping", type=click.Path(path_type=Path, dir_okay=False), help="Read them by this mapping file instead."
)
@click.option("--encoding", default="", help="Read them in this encoding instead.")
@click.option("--currency", default="", metavar="CODE", help="The currency of rows that name none.")
def retry_quarantine(rows: tuple[int, ...], mapping: Path | None, encoding: str, currency: str) -> None:
    """Try rows in quarantine again: those named, or all.

    \b
      retainctl orders quarantine retry --encoding cp1255
    """
    from retainctl.shop.importing.quarantine import retry
    from retainctl.shop.importing.results import Imported, Options

    with opened_shop() as shop:
        outcomes = retry(shop, rows, Options(mapping=mapping, encoding=encoding, currency=currency))
        show([outcome.row for outcome in outcomes], row_type=Imported)
    _tell_quarantined(outcomes)
