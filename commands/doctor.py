"""``retainctl doctor``."""

from __future__ import annotations

import click

from retainctl.terminal import Command, choices, read_words, show


@click.command(cls=Command)
def doctor() -> None:
    """Check that everything is set up correctly: files, database, clock, jobs, mail server.

    \b
      retainctl doctor
    """
    from retainctl.doctor import CheckRow, examine

    found = examine(choices().shop, now=choices().now, read_words=read_words)
    show(found, row_type=CheckRow)
    click.get_current_context().exit(max(row.exit_code for row in found))
