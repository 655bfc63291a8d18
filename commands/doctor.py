"""``retainctl doctor``."""

from __future__ import annotations

import click

from retainctl.terminal import Command, choices, columns_option, conclude, opened_shop, read_words, show


@click.command(cls=Command)
@click.option(
    "--needs", "only_needs", is_flag=True, help="Show only what needs a person; exit with 3 while anything does."
)
@click.option(
    "--yes-clock",
    "trust_clock",
    is_flag=True,
    help="The clock is right: what bears a later time was written under a wrong one.",
)
@columns_option
def doctor(only_needs: bool, trust_clock: bool) -> None:
    """Check that everything is set up correctly: files, database, clock, jobs, mail server; and what needs a person.

    \b
      retainctl doctor
      retainctl doctor --needs
    """
    from retainctl import needs
    from retainctl.doctor import CheckRow, examine
    from retainctl.shop import clock_check

    if trust_clock:
        with opened_shop() as shop:
            clock_check.trust_clock(shop)
    if only_needs:
        with opened_shop() as shop:
            told = needs.told(shop)
        conclude(told, row_type=needs.NeedRow)
        return
    found = examine(choices().shop, now=choices().now, read_words=read_words)
    show(found, row_type=CheckRow)
    click.get_current_context().exit(max(row.exit_code for row in found))
