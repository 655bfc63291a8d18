"""``retainctl outbox``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from retainctl.terminal import (
    ROW_ID,
    Group,
    opened_shop,
    progress,
    recorded,
    show,
    tell,
    until_stopped,
    yes_clock,
)

if TYPE_CHECKING:
    from retainctl.outreach.outbox.resolve import Resolution
    from retainctl.outreach.outbox.states import State

outbox = Group("outbox", help="Send queued messages and show their status.")

# Those of outbox.states.State, which --help is too quick to read; a test holds them equal.
STATES = tuple("planned claimed handing sent deferred failed unknown suppressed expired cancelled".split())


@outbox.command()
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Send at most N messages.")
@click.option("--dry-run", is_flag=True, help="Say what would be sent, and send nothing.")
@yes_clock
def deliver(limit: int | None, dry_run: bool, trust_clock: bool) -> None:
    """Send the messages that are due, and show what became of them.

    Any number of these may run at once. Run again after a crash: what was not sent is sent, and what may have been
    is listed as unknown.

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
                progress("Sending", total=limit) as advance,
            ):
                done = keep(delivering.deliver(shop, limit=limit, stopping=stopping, progress=advance))
                show(done.rows, row_type=delivering.Delivery)
    tell(done)


@outbox.command("list")
@click.option("--state", type=click.Choice(STATES), help="Only the messages in this state.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Only the first N.")
def list_messages(state: State | None, limit: int | None) -> None:
    """List the messages in the outbox, the oldest first."""
    from retainctl.outreach.outbox import listing

    with opened_shop() as shop:
        show(listing.list_messages(shop, state=state, limit=limit), row_type=listing.MessageRow)


@outbox.command("show")
@click.argument("message_id", type=ROW_ID, metavar="ID")
def show_message(message_id: int) -> None:
    """Show all that is known of the message ID, with its history."""
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
    help="What became of them; resend sends the same bytes once more.",
)
@click.option("--reason", required=True, metavar="TEXT", help="How you know; it is kept with the message.")
def resolve(message_ids: tuple[int, ...], resolution: Resolution, reason: str) -> None:
    """Settle the unknown messages ID... by what you know of them.

    \b
      retainctl outbox resolve 17 --as sent --reason "the server's log has it"
    """
    from retainctl.outreach.outbox import resolve

    with opened_shop() as shop:
        done = resolve.resolve(shop, message_ids, resolution=resolution, reason=reason)
        show([done], row_type=resolve.Resolved)


@outbox.command()
def check() -> None:
    """Prove that nobody is lost and nobody was written to twice; print nothing when it is so.

    Ends with 3 while the delivery of a message is unknown: settle it with outbox resolve.
    """
    from retainctl.outreach.outbox import checking

    with opened_shop():
        done = checking.examine()
    tell(done)
