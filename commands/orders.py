"""``retainctl orders``: bring orders in, and look at what came."""

from __future__ import annotations

from pathlib import Path

import click

from retainctl.errors import Refused, WrongUsage
from retainctl.terminal import (
    ROW_ID,
    Group,
    columns_option,
    limited,
    note,
    opened_shop,
    output_option,
    show,
    show_first,
    show_text,
    tell,
)

from .exporting import export_verb
from .importing import LIST_QUARANTINED, MAPPING, import_verb

orders = Group("orders", help="Import and inspect orders.")
quarantine = Group(
    "quarantine", help="Inspect, retry and dismiss rows that an import could not book, or not with all of their cells."
)

_currency = click.option("--currency", default="", metavar="CODE", help="The currency of rows that state none.")


import_verb(
    orders,
    "retainctl.shop.orders_import.orders:import_orders",
    about="Import orders from FILE..., plain or .gz; - reads standard input.",
    example="retainctl orders import orders_export.csv.gz --from shopify",
    options=(
        click.option(
            "--from",
            "format",
            default="",
            metavar="FORMAT",
            help="The format of the files; default: detected from the header.",
        ),
        click.option(
            "--source",
            default="",
            metavar="NAME",
            help="The shop that the orders come from; default: the format's name.",
        ),
        MAPPING,
        _currency,
        click.option(
            "--consent-evidence",
            default="",
            metavar="TEXT",
            help='The evidence for "Accepts Marketing"; without it the column is ignored.',
        ),
        click.option(
            "--newest", is_flag=True, help="What the files say is the newest, even if they were imported before."
        ),
    ),
    reading="retainctl.shop.orders_import.planning:OrderOptions",
    hint=LIST_QUARANTINED,
)


@orders.command()
@click.argument("file")
@click.option("--encoding", default="", help="The encoding of the file; default: the likeliest by its letters.")
@output_option
def mapping(file: str, encoding: str, output: Path | None) -> None:
    """Look at FILE, a file of orders in no known format, and write a first mapping for it; import nothing.

    \b
      retainctl orders mapping till.csv --output till.toml
    """
    from retainctl.shop.orders_import.proposing import propose_mapping

    if output is not None and output.exists() and Path(file).exists() and output.samefile(file):
        raise WrongUsage(f"{output} is the file that is read", hint="Choose another file.")
    if output is not None and output.is_file():
        raise Refused(f"{output} is there already, with what you wrote into it", hint="Choose another file.")
    with opened_shop(output=output) as shop:
        show_text(propose_mapping(shop, file, encoding=encoding), path=output)


export_verb(
    orders,
    "retainctl.shop.orders_exporting:export_orders",
    about='Export all orders with their lines and returns, as CSV that "orders import" can read, or as JSON.',
    example="retainctl orders export --output orders.csv",
    options=(click.option("--source", default="", metavar="NAME", help="The shop that the orders came from."),),
)


@orders.command("list")
@click.option("--customer", type=ROW_ID, metavar="ID", help="Show only the orders of this customer.")
@limited(20, "rows, latest first")
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
@click.option(
    "--source", default="", metavar="NAME", help="The shop that the order comes from, if several have this number."
)
@columns_option
def show_(order: str, source: str) -> None:
    """Show the lines, returns and earlier versions of ORDER.

    \b
      retainctl orders show IL100042
    """
    from retainctl.shop.orders import OrderPart, show_order

    with opened_shop() as shop:
        show(show_order(shop, order, source=source), row_type=OrderPart)


@orders.command("returns")
@click.option("--waiting", is_flag=True, help="Show only returns whose order is not known yet.")
@limited(20, "rows, latest first")
def returns(waiting: bool, limit: int) -> None:
    """List returns, latest first.

    \b
      retainctl orders returns --waiting
    """
    from retainctl.shop.orders import ReturnRow, list_returns

    with opened_shop() as shop:
        show_first(limit, lambda most: list_returns(shop, waiting=waiting, limit=most), row_type=ReturnRow)


@quarantine.command("list")
@columns_option
def list_quarantine() -> None:
    """List the rows in quarantine.

    \b
      retainctl orders quarantine list --format csv
    """
    from retainctl.intake.quarantine import Quarantined, list_quarantined

    with opened_shop() as shop:
        show(list_quarantined(shop), row_type=Quarantined)


@quarantine.command("show")
@click.argument("row", type=ROW_ID)
@columns_option
def show_quarantine(row: int) -> None:
    """Show ROW as it appears in its file.

    \b
      retainctl orders quarantine show 4
    """
    from retainctl.intake.quarantine import RawRow, show_held

    with opened_shop() as shop:
        show([show_held(shop, row)], row_type=RawRow)


@quarantine.command("retry")
@click.argument("rows", type=ROW_ID, nargs=-1, metavar="[ROW]...")
@click.option("--mapping", type=click.Path(path_type=Path, dir_okay=False), help="Use this mapping file instead.")
@click.option("--encoding", default="", help="Use this encoding instead.")
@_currency
def retry_quarantine(rows: tuple[int, ...], mapping: Path | None, encoding: str, currency: str) -> None:
    """Retry rows of orders in quarantine: each ROW, or all.

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
            note("no rows of orders in quarantine; correct rows of lists and answers in their file and import it again")
        done = together(tried, hint=LIST_QUARANTINED)
        show(done.rows, row_type=OrdersImported)
    tell(done)


@quarantine.command("dismiss")
@click.argument("rows", type=int, nargs=-1, required=True, metavar="ROW...")
def dismiss_quarantine(rows: tuple[int, ...]) -> None:
    """Remove ROW... from quarantine without importing them.

    \b
      retainctl orders quarantine dismiss 4 7
    """
    from retainctl.intake.quarantine import RawRow, dismiss

    with opened_shop() as shop:
        show(dismiss(shop, rows), row_type=RawRow)


orders.add_command(quarantine)
