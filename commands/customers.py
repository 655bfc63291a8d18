"""``retainctl customers``."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from retainctl.terminal import ROW_ID, Group, note, opened_shop, show, show_first, yes_clock

from .importing import import_verb

customers = Group("customers", help="Import, see, merge and export customers.")


import_verb(
    customers,
    "retainctl.shop.customers_import:import_customers",
    about="Import customers from FILE..., plain or .gz; - is the standard input.",
    example="retainctl customers import customers_export.csv --source shopify",
    options=(
        click.option("--source", default="", metavar="NAME", help='The shop that gave them their ids; else "generic".'),
        click.option(
            "--consent-evidence",
            default="",
            metavar="TEXT",
            help='What proves that "accepts marketing" was asked for; without it the column counts for nothing.',
        ),
    ),
)


@customers.command("list")
@click.option("--query", default="", metavar="TEXT", help="Only those whose name, e-mail, phone or id holds TEXT.")
@click.option("--limit", type=click.IntRange(min=1), default=100, show_default=True, help="At most so many.")
def list_them(query: str, limit: int) -> None:
    """List customers, one a line.

    \b
      retainctl customers list --query levi
    """
    from retainctl.shop.customers import CustomerRow, list_customers

    with opened_shop() as shop:
        show_first(limit, lambda most: list_customers(shop, query=query, limit=most), row_type=CustomerRow)


@customers.command("show")
@click.argument("customer")
@click.option("--bought", metavar="TEXT", help="What they bought whose number, name, brand or category holds TEXT.")
@click.option("--since", type=click.DateTime(formats=["%Y-%m-%d"]), metavar="DAY", help="With --bought: since DAY.")
@click.option("--limit", type=click.IntRange(min=1), default=200, show_default=True, help="At most so many events.")
def show_one(customer: str, bought: str | None, since: datetime | None, limit: int) -> None:
    """Show all that is known of one customer: an id, an e-mail, a phone or SOURCE:ID.

    \b
      retainctl customers show dana@example.com
      retainctl customers show dana@example.com --bought Coffee --since 2025-01-01
    """
    from retainctl.shop.customers import CustomerFact, find_customer, show_customer
    from retainctl.shop.purchases import Purchase, list_purchases

    if since is not None and bought is None:
        raise click.UsageError("--since goes with --bought.")
    with opened_shop() as shop:
        found = find_customer(shop, customer)
        if bought is None:
            show(show_customer(shop, found, limit=limit), row_type=CustomerFact)
            return
        first = shop.clock.start_of(since.date()) if since else None
        show(list_purchases(shop, found, bought=bought, since=first, limit=limit), row_type=Purchase)


@customers.command()
@click.argument("survivor", required=False)
@click.argument("merged", required=False)
@click.option("--reason", default="", metavar="TEXT", help="Why they are one person.")
@click.option("--undo", type=ROW_ID, metavar="MERGE", help="Undo this merge: what it moved goes back, points too.")
@yes_clock
def merge(survivor: str | None, merged: str | None, reason: str, undo: int | None, trust_clock: bool) -> None:
    """Give all that MERGED has to SURVIVOR: they are one person.

    \b
      retainctl customers merge 17 dana@work.example --reason "same phone, asked at the till"
      retainctl customers merge --undo 3
    """
    from retainctl.shop import merging
    from retainctl.shop.customers import find_customer

    if undo is not None:
        if survivor or merged or reason:
            raise click.UsageError("--undo stands alone.")
        with opened_shop(trust_clock=trust_clock) as shop:
            show([merging.undo(shop, undo)], row_type=merging.Merge)
        return
    if not (survivor and merged and reason.strip()):
        raise click.UsageError("Name SURVIVOR, MERGED and --reason; or --undo MERGE.")
    with opened_shop() as shop:
        done = merging.merge(
            shop, survivor_id=find_customer(shop, survivor), merged_id=find_customer(shop, merged), reason=reason
        )
        show([done], row_type=merging.Merge)


@customers.command()
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Write to FILE.")
@click.option("--for-excel", is_flag=True, help="For a spreadsheet: marked as UTF-8, no cell runs as a formula.")
def export(output: Path | None, for_excel: bool) -> None:
    """Write all customers as CSV, which "customers import" reads again.

    \b
      retainctl customers export --output customers.csv
    """
    import sys

    from retainctl.files import written
    from retainctl.shop.exporting import export_customers

    with opened_shop(output=output):
        if output is None:
            export_customers(sys.stdout.buffer, for_excel=for_excel)
            return
        with written(output) as file:
            lines = export_customers(file, for_excel=for_excel)
    note(f"{output}: {lines} lines")
