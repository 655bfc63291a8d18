"""``retainctl orders``: bring orders in, and look at what came."""

from __future__ import annotations

from pathlib import Path

import click

from retainctl.terminal import ROW_ID, Group, note, opened_shop, show, show_first, tell

from .importing import MAPPING, import_verb

orders = Group("orders", help="Bring orders in, and look at them.")
quarantine = Group("quarantine", help="Rows of any import that could not be booked, or not with all of their cells.")

_QUARANTINE = "Look at them: retainctl orders quarantine list"
_currency = click.option("--currency", default="", metavar="CODE", help="The currency of rows that name none.")


import_verb(
    orders,
    "retainctl.shop.orders_import.orders:import_orders",
    about="Import orders from FILE..., plain or .gz; - is the standard input.",
    example="retainctl orders import orders_export.csv.gz --from shopify",
    options=(
        click.option(
            "--from", "format", default="", metavar="FORMAT", help="Their format; else it is found by the header."
        ),
        click.option("--source", default="", metavar="NAME", help="The shop they come from; else the format's name."),
        MAPPING,
        _currency,
        click.option(
            "--consent-evidence",
            default="",
            metavar="TEXT",
            help='What proves that "Accepts Marketing" was asked for; without it the column counts for nothing.',
        ),
    ),
    reading="retainctl.shop.orders_import.planning:OrderOptions",
    hint=_QUARANTINE,
)


@orders.command("list")
@click.option("--customer", type=ROW_ID, metavar="ID", help="Of this customer only.")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="How many, latest first.")
def list_(customer: int | None, limit: int) -> None:
    """List orders, latest first.

    \b
      retainctl orders list --customer 17
    """
    from retainctl.shop.orders import OrderRow, list_orders

    with opened_shop() as shop:
        show_first(limit, lambda most: list_orders(shop, customer_id=customer, limit=most), row_type=OrderRow)


@orders.command("show")
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


@orders.command("returns")
@click.option("--waiting", is_flag=True, help="Only those whose sale is not known.")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="How many, latest first.")
def returns(waiting: bool, limit: int) -> None:
    """List returns, latest first.

    \b
      retainctl orders returns --waiting
    """
    from retainctl.shop.orders import ReturnRow, list_returns

    with opened_shop() as shop:
        show_first(limit, lambda most: list_returns(shop, waiting=waiting, limit=most), row_type=ReturnRow)


@quarantine.command("list")
def list_quarantine() -> None:
    """List the rows that wait in quarantine.

    \b
      retainctl orders quarantine list --format csv
    """
    from retainctl.intake.quarantine import Quarantined, list_quarantined

    with opened_shop() as shop:
        show(list_quarantined(shop), row_type=Quarantined)


@quarantine.command("show")
@click.argument("row", type=ROW_ID)
def show_quarantine(row: int) -> None:
    """Show ROW as it stood in its file.

    \b
      retainctl orders quarantine show 4
    """
    from retainctl.intake.quarantine import RawRow, show_held

    with opened_shop() as shop:
        show([show_held(shop, row)], row_type=RawRow)


@quarantine.command("retry")
@click.argument("rows", type=ROW_ID, nargs=-1, metavar="[ROW]...")
@click.option(
    "--mapping", type=click.Path(path_type=Path, dir_okay=False), help="Read them by this mapping file instead."
)
@click.option("--encoding", default="", help="Read them in this encoding instead.")
@_currency
def retry_quarantine(rows: tuple[int, ...], mapping: Path | None, encoding: str, currency: str) -> None:
    """Try rows of orders in quarantine again: those named, or all.

    \b
      retainctl orders quarantine retry --encoding cp1255
    """
    from retainctl.intake.import_runs import together
    from retainctl.shop.orders_import.orders import OrdersImported
    from retainctl.shop.orders_import.planning import OrderOptions
    from retainctl.shop.orders_import.retry import retry

    with opened_shop() as shop:
        tried = retry(shop, rows, OrderOptions(mapping=mapping, encoding=encoding, currency=currency))
        if not tried:
            note("no row of orders waits; rows of lists and answers are corrected in their file, and imported again")
        done = together(tried, hint=_QUARANTINE)
        show(done.rows, row_type=OrdersImported)
    tell(done)


@quarantine.command("dismiss")
@click.argument("rows", type=int, nargs=-1, required=True, metavar="ROW...")
def dismiss_quarantine(rows: tuple[int, ...]) -> None:
    """Take ROW... out of quarantine as they are: looked at, and nothing to be done.

    \b
      retainctl orders quarantine dismiss 4 7
    """
    from retainctl.intake.quarantine import RawRow, dismiss

    with opened_shop() as shop:
        show(dismiss(shop, rows), row_type=RawRow)


orders.add_command(quarantine)
