"""``retainctl customers``."""

from __future__ import annotations

from datetime import datetime

import click

from retainctl.terminal import DAY, ROW_ID, Group, limited, opened_shop, show, show_first, yes_clock

from .exporting import export_verb
from .importing import import_verb

customers = Group("customers", help="Import, list, merge and export customers.")


import_verb(
    customers,
    "retainctl.shop.customers_import:import_customers",
    about="Import customers from FILE..., plain or .gz; - reads standard input.",
    example="retainctl customers import customers_export.csv --source shopify",
    options=(
        click.option(
            "--source", default="", metavar="NAME", help='The shop that the customer ids come from; default: "generic".'
        ),
        click.option(
            "--consent-evidence",
            default="",
            metavar="TEXT",
            help='The evidence for "accepts marketing"; without it the column is ignored.',
        ),
    ),
)


@customers.command("list")
@click.option(
    "--query", default="", metavar="TEXT", help="Show only customers whose name, e-mail, phone or id contains TEXT."
)
@limited(100, "rows")
def list_them(query: str, limit: int) -> None:
    """List customers, one per line.

    \b
      retainctl customers list --query levi
    """
    from retainctl.shop.customers import CustomerRow, list_customers

    with opened_shop() as shop:
        show_first(limit, lambda most: list_customers(shop, query=query, limit=most), row_type=CustomerRow)


@customers.command("show")
@click.argument("customer")
@click.option(
    "--bought", metavar="TEXT", help="Show purchases of products whose number, name, brand or category contains TEXT."
)
@click.option("--since", type=DAY, metavar="DAY", help="With --bought: only since DAY.")
@limited(200, "events")
def show_one(customer: str, bought: str | None, since: datetime | None, limit: int) -> None:
    """Show everything about one CUSTOMER: an id, an e-mail, a phone or SOURCE:ID.

    \b
      retainctl customers show dana@example.com
      retainctl customers show dana@example.com --bought Coffee --since 2025-01-01
    """
    from retainctl.shop.customers import CustomerFact, find_customer, show_customer
    from retainctl.shop.purchases import Purchase, list_purchases

    if since is not None and bought is None:
        raise click.UsageError("--since needs --bought.")
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
@click.option("--reason", default="", metavar="TEXT", help="Why they are the same person.")
@click.option(
    "--undo", type=ROW_ID, metavar="MERGE", help="Undo this merge and move everything back, including points."
)
@yes_clock
def merge(survivor: str | None, merged: str | None, reason: str, undo: int | None, trust_clock: bool) -> None:
    """Merge MERGED into SURVIVOR: they are the same person.

    \b
      retainctl customers merge 17 dana@work.example --reason "same phone, asked at the till"
      retainctl customers merge --undo 3
    """
    from retainctl.shop import merging
    from retainctl.shop.customers import find_customer

    if undo is not None:
        if survivor or merged or reason:
            raise click.UsageError("--undo cannot be combined with other arguments.")
        with opened_shop(trust_clock=trust_clock) as shop:
            show([merging.undo(shop, undo)], row_type=merging.Merge)
        return
    if not (survivor and merged and reason.strip()):
        raise click.UsageError("Give SURVIVOR, MERGED and --reason, or --undo MERGE.")
    with opened_shop() as shop:
        done = merging.merge(
            shop, survivor_id=find_customer(shop, survivor), merged_id=find_customer(shop, merged), reason=reason
        )
        show([done], row_type=merging.Merge)


export_verb(
    customers,
    "retainctl.shop.exporting:export_customers",
    about='Export all customers, as CSV that "customers import" can read, or as JSON.',
    example="retainctl customers export --output customers.csv",
)
