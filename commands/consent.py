"""``retainctl consent``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from retainctl.terminal import DAY, Group, columns_option, limited, opened_shop, show, show_first

from .exporting import export_verb
from .importing import import_verb

if TYPE_CHECKING:
    from datetime import datetime

    from retainctl.shop.consent import Purpose

consent = Group("consent", help="Import, show and revoke consent, with its evidence.")


import_verb(
    consent,
    "retainctl.shop.consent_import:import_consent",
    about="Import permissions and refusals from FILE..., one address per row; a permission needs evidence.",
    example='retainctl consent import signups.csv --evidence "form of the spring fair, box 3" --source fair',
    options=(
        click.option("--evidence", default="", metavar="TEXT", help="The evidence for rows that state none."),
        click.option(
            "--purpose",
            type=click.Choice(["marketing", "survey"]),
            default="marketing",
            show_default=True,
            help="The purpose of rows that state none.",
        ),
        click.option(
            "--answer",
            type=click.Choice(["yes"]),
            help="Everybody in the file agreed; for a file without a column that says so.",
        ),
        click.option("--source", default="", metavar="NAME", help='Where the consent was given; default: "file".'),
    ),
)


export_verb(
    consent,
    "retainctl.shop.consent_history:export_consent",
    about="Export every decision and every address to which nothing goes, as CSV that"
    ' "consent import" can read, or as JSON.',
    example="retainctl consent export --output consent.csv",
)


@consent.command("list")
@click.argument("customer", required=False, default="")
@limited(100, "rows")
def list_them(customer: str, limit: int) -> None:
    """List the current consent at each address, of CUSTOMER or of everyone.

    To move to another shop use consent export, which has the refusals of addresses that nobody has yet, too.

    \b
      retainctl consent list dana@example.com
    """
    from retainctl.shop.consent_history import ConsentState, list_consent

    with opened_shop() as shop:
        show_first(limit, lambda most: list_consent(shop, customer, limit=most), row_type=ConsentState)


@consent.command("show")
@click.argument("customer")
@columns_option
def show_one(customer: str) -> None:
    """Show every consent decision of CUSTOMER with its evidence, oldest first.

    \b
      retainctl consent show 17
    """
    from retainctl.shop.consent_history import ConsentEvent, show_consent

    with opened_shop() as shop:
        show(show_consent(shop, customer), row_type=ConsentEvent)


@consent.command()
@click.argument("addresses", metavar="ADDRESS...", nargs=-1)
@click.option("--since", type=DAY, metavar="DAY", help="All that bounced from DAY on, when a server was wrong.")
@click.option("--reason", required=True, metavar="TEXT", help="How you know that mail arrives there.")
def reinstate(addresses: tuple[str, ...], since: datetime | None, reason: str) -> None:
    """Write again to ADDRESS..., which bounced: a mail server had said that nobody is there.

    Permissions count as they did before. Complaints and refusals stay, whatever the server says now. A message that
    was not accepted is not sent again by this; plan its campaign again.

    \b
      retainctl consent reinstate dana@example.com --reason "she rang, the address is right"
      retainctl consent reinstate --since 2026-11-28 --reason "our relay knew nobody for an hour"
    """
    from retainctl.shop.reinstating import Reinstated
    from retainctl.shop.reinstating import reinstate as write_again

    if not addresses and since is None:
        raise click.UsageError("Name each ADDRESS, or --since DAY.")
    with opened_shop() as shop:
        day = None if since is None else since.date()
        show(write_again(shop, addresses, since=day, reason=reason), row_type=Reinstated)


@consent.command()
@click.argument("customer", metavar="CUSTOMER|ADDRESS|TOKEN")
@click.option("--reason", required=True, metavar="TEXT", help="What the person said, when and where.")
@click.option(
    "--purpose",
    type=click.Choice(["marketing", "survey"]),
    default=None,
    help="Revoke only this purpose; default: both.",
)
@click.option(
    "--token",
    "is_token",
    is_flag=True,
    help="The argument is a TOKEN, or an unsubscribe link or mail subject that contains it.",
)
def revoke(customer: str, reason: str, purpose: Purpose | None, is_token: bool) -> None:
    """Revoke the consent of CUSTOMER, or of the owner of ADDRESS or TOKEN, at every address of theirs.

    The refusal stays until `consent import` brings a permission with a later date and evidence. An ADDRESS that no
    customer has yet can be revoked too: what is sent to it then is refused.

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
