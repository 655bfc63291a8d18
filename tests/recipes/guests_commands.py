"""``retainctl guests``."""

from __future__ import annotations

import click

from retainctl.terminal import Group, opened_shop, show_first

guests = Group("guests", help="See orders that name no customer.")


@guests.command("list")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="How many, latest first.")
def list_(limit: int) -> None:
    """List orders of guests, latest first.

    \b
      retainctl guests list --limit 5
    """
    from tests.recipes.guests import GuestOrder, list_guest_orders

    with opened_shop() as shop:
        show_first(limit, lambda most: list_guest_orders(shop, limit=most), row_type=GuestOrder)
