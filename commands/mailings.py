"""The verbs of every program that sends: campaigns and surveys are planned, approved and sent alike."""

from __future__ import annotations

from typing import Final

import click

from retainctl.terminal import Group, add_verb, choices, composed, note, opened_shop, progress, show, show_text

_name = click.argument("name", type=composed)
_dry_run = click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")


def mailing_verbs(group: Group, program: str) -> None:
    """Give *group*, the commands of *program*, the verbs by which its mailings are sent."""
    for name, verb in _VERBS.items():
        add_verb(group, name, verb, program)


@_name
@_dry_run
def _plan(program: str, name: str, dry_run: bool) -> None:
    """Choose who gets the {noun} NAME and why everybody else does not; nothing is sent.

    The hash names exactly this plan: the file, the templates, the sender and who.

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
        note(f"Look: {words} show {name} --sample 3. Then: {words} approve {name} {made.hash}")


@_name
@click.argument("plan_hash", metavar="HASH")
def _approve(program: str, name: str, plan_hash: str) -> None:
    """Approve the plan of the {noun} NAME that has this HASH; a changed file, template or list is refused.

    \b
      retainctl {group} approve spring 3f9a0c41d2b7e658
    """
    from retainctl.outreach import mailings as engine
    from retainctl.outreach.programs import program_of

    by = program_of(program)
    with opened_shop() as shop:
        show([engine.approve(shop, by, name, plan_hash)], row_type=engine.Changed)
        note(f"Give it to the outbox: retainctl {by.commands} send {name}")


@_name
@_dry_run
def _send(program: str, name: str, dry_run: bool) -> None:
    """Give the approved {noun} NAME to the outbox; "outbox deliver" sends it.

    \b
      retainctl {group} send spring
    """
    from retainctl.outreach import mailings as engine
    from retainctl.outreach.programs import program_of

    with opened_shop() as shop:
        show([engine.send(shop, program_of(program), name, dry_run=dry_run)], row_type=engine.Changed)
        note("Send what waits: retainctl outbox deliver")


@_name
@click.option("--reason", default="by hand", show_default=True, help="Why, for whoever resumes it.")
def _pause(program: str, name: str, reason: str) -> None:
    """Let nothing more of the {noun} NAME go out until it is resumed.

    \b
      retainctl {group} pause spring --reason "the price is wrong"
    """
    from retainctl.outreach import mailings as engine
    from retainctl.outreach.programs import program_of

    with opened_shop():
        show([engine.pause(program_of(program), name, reason=reason)], row_type=engine.Changed)


@_name
def _resume(program: str, name: str) -> None:
    """Let the paused {noun} NAME go on.

    \b
      retainctl {group} resume spring
    """
    from retainctl.outreach import mailings as engine
    from retainctl.outreach.programs import program_of

    with opened_shop():
        show([engine.resume(program_of(program), name)], row_type=engine.Changed)


@_name
@click.option("--sample", type=click.IntRange(min=1), metavar="N", help="Show what the first N recipients will read.")
@click.option("--candidates", is_flag=True, help="Show every candidate, with a recipient's own reason.")
def _show(program: str, name: str, sample: int | None, candidates: bool) -> None:
    """Show how many of the latest plan's candidates came to what; the numbers add up to all of them.

    \b
      retainctl {group} show spring --sample 3
    """
    from retainctl.outreach import mailings as engine
    from retainctl.outreach.programs import program_of

    by = program_of(program)
    with opened_shop():
        if sample and choices().form in (None, "table"):
            show_text(engine.proof(engine.samples(by, name, sample)))
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
    "show": _show,
}
