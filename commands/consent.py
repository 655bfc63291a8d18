"""``retainctl consent``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from retainctl.terminal import Group, opened_shop, show, show_first

from .importing import import_verb

if TYPE_CHECKING:
    from retainctl.shop.consent import Purpose

consent = Group("consent", help="Who may be written to, since when, and on what evidence.")


import_verb(
    consent,
    "retainctl.shop.consent_import:import_consent",
    about="Import permissions and refusals from FILE..., one an address; no evidence, no permission.",
    example='retainctl consent import signups.csv --evidence "form of the spring fair, box 3" --source fair',
    options=(
        click.option("--evidence", default="", metavar="TEXT", help="What proves it, for rows that state no evidence."),
        click.option(
            "--purpose",
            type=click.Choice(["marketing", "survey"]),
            default="marketing",
            show_default=True,
            help="What was allowed, for rows that do not say it.",
        ),
        click.option("--source", default="", metavar="NAME", help='Where it was given; else "file".'),
    ),
)


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
        show_first(limit, lambda most: list_consent(shop, customer, limit=most), row_type=ConsentState)


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
@click.argument("customer", metavar="CUSTOMER|ADDRESS|TOKEN")
@click.option("--reason", required=True, metavar="TEXT", help="What the person said, when and where.")
@click.option(
    "--purpose", type=click.Choice(["marketing", "survey"]), default=None, help="Only this one; else both of them."
)
@click.option(
    "--token", "is_token", is_flag=True, help="TOKEN, or the unsubscribe link or the answer's subject that holds it."
)
def revoke(customer: str, reason: str, purpose: Purpose | None, is_token: bool) -> None:
    """Record that CUSTOMER, or whoever has ADDRESS or got TOKEN, refuses to be written to.

    It holds until `consent import` brings a permission of a later date, with its evidence. An ADDRESS that no customer
    has yet may refuse too.

    \b
      retainctl consent revoke dana@example.com --reason "wrote to us on Sunday"
    """
    from retainctl.outreach.unsubscribing import unsubscribe
    from retainctl.shop.consent_history import ConsentState, revoke_by_hand

    with opened_shop() as shop:
        if is_token:
            show(unsubscribe(shop, customer, reason=reason), row_type=ConsentState)
        else:
            show(revoke_by_hand(shop, customer, reason=reason, purpose=purpose), row_type=ConsentState)
