"""``retainctl campaigns``."""

from __future__ import annotations

from typing import Any

import click

from retainctl.terminal import Group, choices, composed, note, opened_shop, progress, show, show_text

campaigns = Group("campaigns", help="Draft, check, plan, approve and send campaigns.")

_dry_run = click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")


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
    from retainctl.outreach import campaigns as engine

    with opened_shop() as shop:
        path = engine.draft(shop, name, kind=kind, audience=audience)
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
    from retainctl.outreach import campaigns as engine

    with opened_shop() as shop:
        faults = engine.check(shop, name)
        if faults:
            show(faults, row_type=Fault)
            raise BadData(f"the campaign {name} is not ready: {len(faults)} faults")


@campaigns.command()
@click.argument("name", type=composed)
@_dry_run
def plan(name: str, dry_run: bool) -> None:
    """Choose who gets the campaign NAME and why everybody else does not; nothing is sent.

    The hash names exactly this plan: the file, the templates, the sender and who.

    \b
      retainctl campaigns plan spring
    """
    from retainctl.outreach import campaigns as engine
    from retainctl.outreach.planning import Plan

    with opened_shop() as shop:
        with progress("planning") as advance:
            made = engine.plan(shop, name, dry_run=dry_run, advance=advance)
        show([made], row_type=Plan)
        note(f"Look: retainctl campaigns show {name} --sample 3. Then: retainctl campaigns approve {name} {made.hash}")


@campaigns.command()
@click.argument("name", type=composed)
@click.argument("plan_hash", metavar="HASH")
def approve(name: str, plan_hash: str) -> None:
    """Approve the plan of the campaign NAME that has this HASH; a changed file, template or list is refused.

    \b
      retainctl campaigns approve spring 3f9a0c41d2b7e658
    """
    from retainctl.outreach import campaigns as engine

    with opened_shop() as shop:
        show([engine.approve(shop, name, plan_hash)], row_type=engine.Changed)
        note(f"Give it to the outbox: retainctl campaigns send {name}")


@campaigns.command()
@click.argument("name", type=composed)
@_dry_run
def send(name: str, dry_run: bool) -> None:
    """Give the approved campaign NAME to the outbox; "outbox deliver" sends it.

    \b
      retainctl campaigns send spring
    """
    from retainctl.outreach import campaigns as engine

    with opened_shop() as shop:
        show([engine.send(shop, name, dry_run=dry_run)], row_type=engine.Changed)
        note("Send what waits: retainctl outbox deliver")


@campaigns.command()
@click.argument("name", type=composed)
@click.option("--reason", default="by hand", show_default=True, help="Why, for whoever resumes it.")
def pause(name: str, reason: str) -> None:
    """Let nothing more of the campaign NAME go out until it is resumed.

    \b
      retainctl campaigns pause spring --reason "the price is wrong"
    """
    from retainctl.outreach import campaigns as engine

    with opened_shop():
        show([engine.pause(name, reason=reason)], row_type=engine.Changed)


@campaigns.command()
@click.argument("name", type=composed)
def resume(name: str) -> None:
    """Let the paused campaign NAME go on.

    \b
      retainctl campaigns resume spring
    """
    from retainctl.outreach import campaigns as engine

    with opened_shop():
        show([engine.resume(name)], row_type=engine.Changed)


@campaigns.command("show")
@click.argument("name", type=composed)
@click.option("--sample", type=click.IntRange(min=1), metavar="N", help="Show what the first N recipients will read.")
@click.option("--candidates", is_flag=True, help="Show every candidate, with a recipient's own reason.")
def show_campaign(name: str, sample: int | None, candidates: bool) -> None:
    """Show how many of the latest plan's candidates came to what; the numbers add up to all of them.

    \b
      retainctl campaigns show spring --sample 3
    """
    from retainctl.outreach import campaigns as engine

    with opened_shop():
        if sample and choices().form in (None, "table"):
            show_text(engine.proof(engine.samples(name, sample)))
        elif sample:
            show(engine.samples(name, sample), row_type=engine.Sample)
        elif candidates:
            show(list(engine.candidates(name)), row_type=engine.Candidate)
        else:
            show(engine.outcomes(name), row_type=engine.Outcome)


@campaigns.command("list")
def list_campaigns() -> None:
    """List the campaigns with their state."""
    from retainctl.outreach import campaigns as engine

    with opened_shop() as shop:
        show(engine.list_campaigns(shop), row_type=engine.CampaignRow)
