"""``retainctl outbox``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from retainctl.terminal import (
    ALL,
    ROW_ID,
    Group,
    columns_option,
    limited,
    note,
    opened_shop,
    progress,
    recorded,
    show,
    show_first,
    tell,
    until_stopped,
    yes_clock,
)

if TYPE_CHECKING:
    from retainctl.outreach.outbox.resolve import Resolution
    from retainctl.outreach.outbox.states import State

outbox = Group("outbox", help="Send queued messages and show their status.")

# The same as outbox.states.State, which is not imported here, to keep --help fast; a test compares them.
STATES = tuple("planned claimed handing sent deferred failed unknown suppressed expired cancelled".split())


@outbox.command()
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Send at most N messages.")
@click.option("--dry-run", is_flag=True, help="Show what would be sent, but send nothing.")
@yes_clock
def deliver(limit: int | None, dry_run: bool, trust_clock: bool) -> None:
    """Send the messages that are due, and show how many had which outcome.

    Several runs may send at the same time. After a crash, run it again: messages that were not sent are sent, and
    those that may have been sent are listed as unknown.

    \b
      retainctl outbox deliver
    """
    from retainctl.outreach.outbox import delivering

    with opened_shop(trust_clock=trust_clock) as shop:
        if dry_run:
            done = delivering.foresee(shop, limit=limit)
            show(done.rows, row_type=delivering.Delivery)
        else:
            with (
                recorded(shop, "outbox deliver") as keep,
                until_stopped() as stopping,
                progress("Sending", total=lambda: min(limit or ALL, delivering.waiting("active"))) as advance,
            ):
                done = keep(delivering.deliver(shop, limit=limit, stopping=stopping, progress=advance))
                show(done.rows, row_type=delivering.Delivery)
    tell(done)


@outbox.command("list")
@click.option("--state", type=click.Choice(STATES), help="List only messages in this state.")
@limited(100, "messages")
def list_messages(state: State | None, limit: int) -> None:
    """List the messages in the outbox, the oldest first."""
    from retainctl.outreach.outbox import listing

    with opened_shop() as shop:
        show_first(
            limit, lambda most: listing.list_messages(shop, state=state, limit=most), row_type=listing.MessageRow
        )


@outbox.command("show")
@click.argument("message_id", type=ROW_ID, metavar="ID")
@columns_option
def show_message(message_id: int) -> None:
    """Show the message ID with its history."""
    from retainctl.outreach.outbox import listing

    with opened_shop() as shop:
        show([listing.show_message(shop, message_id)], row_type=listing.MessageDetail)


@outbox.command()
@click.argument("message_ids", type=ROW_ID, nargs=-1, required=True, metavar="ID...")
@click.option(
    "--as",
    "resolution",
    type=click.Choice(["sent", "failed", "resend"]),
    required=True,
    help="What happened to them; resend sends the same bytes again.",
)
@click.option("--reason", required=True, metavar="TEXT", help="How you know; kept with the messages.")
def resolve(message_ids: tuple[int, ...], resolution: Resolution, reason: str) -> None:
    """Set the outcome of the messages ID..., whose delivery is unknown.

    \b
      retainctl outbox resolve 17 --as sent --reason "the server's log has it"
    """
    from retainctl.outreach.outbox import resolve

    with opened_shop() as shop:
        done = resolve.resolve(shop, message_ids, resolution=resolution, reason=reason)
        show([done], row_type=resolve.Resolved)


@outbox.command()
def check() -> None:
    """Check that no message was lost or sent twice, and that nothing in the outbox needs a person.

    Exits with 3 while a mailing is paused or refused, or messages are unknown or put off for hours.
    """
    from retainctl import needs
    from retainctl.outreach.outbox import checking

    with opened_shop() as shop:
        checking.check()
        tell(needs.told(shop, *needs.OF_THE_OUTBOX))
    note("no errors were found in the outbox")
