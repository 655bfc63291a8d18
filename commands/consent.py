"""``retainctl consent``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from retainctl.terminal import Group, opened_shop, show

if TYPE_CHECKING:
    from retainctl.shop.consent import Purpose

consent = Group("consent", help="Who may be written to, since when, and on what evidence.")


@consent.command("list")
@click.argument("customer", required=False, default="")
@click.option("--limit", type=click.IntRange(min=1), default=100, show_default=True, help="At most so many.")
def list_them(customer: str, limit: int) -> None:
    """List what holds at each address now, of CUSTOMER or of all.

    \b
      retainctl consent list dana@example.com
    """
    from retainctl.shop.consent_history import ConsentState, list_consent

    with opened_shop() as shop:
        show(list_consent(shop, customer, limit=limit), row_type=ConsentState)


@consent.command("show")
@click.argument("customer")
def show_one(customer: str) -> None:
    """Show every decision of CUSTOMER with its evidence, oldest first.

    \b
      retainctl consent show 17
    """
    from retainctl.shop.consent_history import ConsentEvent, show_consent

    with opened_shop() as shop:
        show(show_consent(shop, customer), row_type=ConsentEvent)


@consent.command()
@click.argument("customer", metavar="CUSTOMER|ADDRESS")
@click.option("--reason", required=True, metavar="TEXT", help="What the person said, when and where.")
@click.option(
    "--purpose", type=click.Choice(["marketing", "survey"]), default=None, help="Only this one; else both of them."
)
def revoke(customer: str, reason: str, purpose: Purpose | None) -> None:
    """Record that CUSTOMER, or whoever has ADDRESS, refuses to be written to.

    \b
      retainctl consent revoke dana@example.com --reason "wrote to us on Sunday"
    """
    from retainctl.shop.consent_history import ConsentState, revoke_by_hand

    with opened_shop() as shop:
        show(revoke_by_hand(shop, customer, reason=reason, purpose=purpose), row_type=ConsentState)
