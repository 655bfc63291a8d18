"""The commands that campaigns and surveys share: both are planned, approved and sent in the same way."""

from __future__ import annotations

from typing import Final

import click

from retainctl.terminal import (
    Group,
    add_verb,
    choices,
    columns_option,
    composed,
    note,
    opened_shop,
    progress,
    show,
    show_text,
)

_name = click.argument("name", type=composed)
_dry_run = click.option("--dry-run", is_flag=True, help="Show what would be done, but do nothing.")


def mailing_verbs(group: Group, program: str) -> None:
    """Add to *group*, the commands of *program*, those that plan, approve and send its mailings."""
    for name, verb in _VERBS.items():
        add_verb(group, name, verb, program)


@_name
@_dry_run
def _plan(program: str, name: str, dry_run: bool) -> None:
    """Choose the recipients of the {noun} NAME, with a reason for everybody excluded; nothing is sent.

    The hash identifies exactly this plan: the file, the templates, the sender and the recipients.

    \b
      retainctl {group} plan spring
    """
    from retainctl.outreach import mailings as engine
    from retainctl.outreach.planning import Plan
    from retainctl.outreach.programs import program_of

    by = program_of(program)
    with opened_shop() as shop:
        with progress("planning") as advance:
            made = engine.plan(shop, by, name, dry_run=dry_run, advance=advance)
        show([made], row_type=Plan)
        words = f"retainctl {by.commands}"
        note(f"To see it: {words} show {name} --sample 3. To approve it: {words} approve {name} {made.hash}")


@_name
@click.argument("plan_hash", metavar="HASH")
def _approve(program: str, name: str, plan_hash: str) -> None:
    """Approve the plan HASH of the {noun} NAME; refused if the file, a template or the recipients have changed.

    \b
      retainctl {group} approve spring 3f9a0c41d2b7e658
    """
    from retainctl.outreach import mailings as engine
    from retainctl.outreach.programs import program_of

    by = program_of(program)
    with opened_shop() as shop:
        show([engine.approve(shop, by, name, plan_hash)], row_type=engine.Changed)
        note(f"To queue its messages: retainctl {by.commands} send {name}")


@_name
@_dry_run
def _send(program: str, name: str, dry_run: bool) -> None:
    """Queue the messages of the approved {noun} NAME; "outbox deliver" sends them.

    \b
      retainctl {group} send spring
    """
    from retainctl.outreach import mailings as engine
    from retainctl.outreach.programs import program_of

    with opened_shop() as shop:
        show([engine.send(shop, program_of(program), name, dry_run=dry_run)], row_type=engine.Changed)
        note("To send the queued messages: retainctl outbox deliver")


@_name
@click.option("--reason", default="by hand", show_default=True, help="The reason, to be kept with it.")
def _pause(program: str, name: str, reason: str) -> None:
    """Pause the {noun} NAME: nothing more is sent until it is resumed.

    \b
      retainctl {group} pause spring --reason "the price is wrong"
    """
    from retainctl.outreach import mailings as engine
    from retainctl.outreach.programs import program_of

    with opened_shop():
        show([engine.pause(program_of(program), name, reason=reason)], row_type=engine.Changed)


@_name
def _resume(program: str, name: str) -> None:
    """Resume the paused {noun} NAME.

    \b
      retainctl {group} resume spring
    """
    from retainctl.outreach import mailings as engine
    from retainctl.outreach.programs import program_of

    with opened_shop():
        show([engine.resume(program_of(program), name)], row_type=engine.Changed)


@_name
def _cancel(program: str, name: str) -> None:
    """End the approved or paused {noun} NAME for good: what still waits is never sent. See also: pause.

    \b
      retainctl {group} cancel spring
    """
    from retainctl.outreach import mailings as engine
    from retainctl.outreach.programs import program_of

    with opened_shop() as shop:
        show([engine.cancel(shop, program_of(program), name)], row_type=engine.Changed)


@_name
@click.option(
    "--sample",
    type=click.IntRange(1, 1_000_000),
    metavar="N",
    help="Show the messages of the first N recipients; with --format html the mail of the Nth, as it will look.",
)
@click.option("--candidates", is_flag=True, help="Show every candidate, and why each recipient gets it.")
@columns_option
def _show(program: str, name: str, sample: int | None, candidates: bool) -> None:
    """Show the outcomes of the latest plan with their numbers of customers, which add up to all candidates.

    \b
      retainctl {group} show spring --sample 3
      retainctl {group} show spring --sample 1 --format html > spring.html
    """
    from retainctl.outreach import mailings as engine
    from retainctl.outreach.programs import program_of

    by = program_of(program)
    with opened_shop():
        if sample and choices().form in (None, "table"):
            show_text(engine.proof(engine.samples(by, name, sample)))
        elif sample and choices().form == "html":
            show_text(engine.picture(by, name, sample))
        elif sample:
            show(engine.samples(by, name, sample), row_type=engine.Sample)
        elif candidates:
            show(list(engine.candidates(by, name)), row_type=engine.CandidateRow)
        else:
            show(engine.outcomes(by, name), row_type=by.outcome)


_VERBS: Final = {
    "plan": _plan,
    "approve": _approve,
    "send": _send,
    "pause": _pause,
    "resume": _resume,
    "cancel": _cancel,
    "show": _show,
}
