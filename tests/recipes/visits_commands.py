"""``retainctl visits``."""

from __future__ import annotations

import click

from commands.importing import import_verb
from retainctl.terminal import Group, opened_shop, show, show_first

visits = Group("visits", help="Import and see who came to the shop's places.")
import_verb(
    visits,
    "tests.recipes.visits:VISITS",
    about="Import visits from FILE..., one for each customer, day and place.",
    example="retainctl visits import door.csv",
    options=(click.option("--source", default="", metavar="NAME", help="The shop whose ids the customers have."),),
)


@visits.command("list")
@click.option("--limit", type=click.IntRange(min=1), default=100, show_default=True, help="Maximum number of rows.")
def list_(limit: int) -> None:
    """List visits, latest first.

    \b
      retainctl visits list
    """
    from tests.recipes.visits import Visit, list_visits

    with opened_shop() as shop:
        show_first(limit, lambda most: list_visits(shop, limit=most), row_type=Visit)


@visits.command("show")
@click.argument("customer")
def show_(customer: str) -> None:
    """Show the visits of CUSTOMER: an id, an e-mail, a phone or SOURCE:ID.

    \b
      retainctl visits show dana@example.com
    """
    from retainctl.shop.customers import find_customer
    from tests.recipes.visits import Visit, list_visits

    with opened_shop() as shop:
        show(list_visits(shop, customer_id=find_customer(shop, customer)), row_type=Visit)
