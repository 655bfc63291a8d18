"""``retainctl campaigns``."""

from __future__ import annotations

from typing import Any

import click

from retainctl.terminal import Group, composed, note, opened_shop, show

from .mailings import mailing_verbs

campaigns = Group("campaigns", help="Draft, check, plan, approve and send campaigns.")


@campaigns.command()
@click.argument("name", type=composed)
@click.option(
    "--kind",
    type=click.Choice(["offer", "newsletter", "greeting", "service"]),
    default="newsletter",
    show_default=True,
    help="What it is; all but service are advertisements.",
)
@click.option("--audience", default="", type=composed, metavar="SEGMENT", help="The segment that it goes to.")
def draft(name: str, kind: Any, audience: str) -> None:
    """Write campaigns/NAME.md for you to finish, in the shop's language.

    \b
      retainctl campaigns draft spring --kind offer --audience loyal
    """
    from retainctl.outreach.drafts import write_draft

    with opened_shop() as shop:
        path = write_draft(shop, name, kind=kind, audience=audience)
        note(f"Finish {path}, then: retainctl campaigns check {name}")


@campaigns.command()
@click.argument("name", type=composed)
def check(name: str) -> None:
    """Check the campaign NAME; print nothing when it is ready to be planned.

    \b
      retainctl campaigns check spring
    """
    from retainctl.definitions import Fault
    from retainctl.errors import BadData
    from retainctl.outreach.drafts import CAMPAIGNS

    with opened_shop() as shop:
        faults = list(CAMPAIGNS.faults(shop, CAMPAIGNS.read(shop, name)))
        if faults:
            show(faults, row_type=Fault)
            raise BadData(f"the campaign {name} is not ready: {len(faults)} faults")


mailing_verbs(campaigns, "campaign")


@campaigns.command("list")
def list_campaigns() -> None:
    """List the campaigns with their state."""
    from retainctl.outreach import campaigns as engine

    with opened_shop() as shop:
        show(engine.list_campaigns(shop), row_type=engine.CampaignRow)
