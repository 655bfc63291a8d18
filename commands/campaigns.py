"""``retainctl campaigns``."""

from __future__ import annotations

from typing import Any

import click

from retainctl.terminal import Group, add_verb, columns_option, composed, opened_shop, show

from .definitions import check, definition_verbs, drafted
from .mailings import mailing_verbs

campaigns = Group("campaigns", help="Draft, check, plan, approve and send campaigns.")


@campaigns.command()
@click.argument("name", type=composed)
@click.option(
    "--kind",
    type=click.Choice(["offer", "newsletter", "greeting", "service"]),
    default="newsletter",
    show_default=True,
    help="The kind; all but service are advertisements.",
)
@click.option("--audience", default="", type=composed, metavar="SEGMENT", help="The segment to write to.")
def draft(name: str, kind: Any, audience: str) -> None:
    """Create campaigns/NAME.md for you to edit, in the shop's language.

    \b
      retainctl campaigns draft spring --kind offer --audience loyal
    """
    from retainctl.outreach.drafts import write_draft

    with opened_shop() as shop:
        drafted("campaigns", name, write_draft(shop, name, kind=kind, audience=audience))


add_verb(campaigns, "check", check, "campaign")
mailing_verbs(campaigns, "campaign")


@campaigns.command("list")
@columns_option
def list_campaigns() -> None:
    """List the campaigns with their state."""
    from retainctl.outreach import campaigns as engine

    with opened_shop() as shop:
        show(engine.list_campaigns(shop), row_type=engine.CampaignRow)


definition_verbs(campaigns, "campaign")
