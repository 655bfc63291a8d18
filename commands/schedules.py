"""``retainctl schedules``."""

from __future__ import annotations

from pathlib import Path

import click

from retainctl.terminal import Group, choices, note, read_words, say, show

schedules = Group("schedules", help="Generate cron or systemd files for the jobs.")


@schedules.command("show")
@click.option("--style", type=click.Choice(["cron", "systemd"]), required=True, help="What runs the jobs.")
@click.option(
    "--user",
    metavar="NAME",
    help="The user who runs the jobs; with cron, the output is a file for /etc/cron.d. Without one systemd takes root.",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    metavar="DIR",
    help="Write the files into DIR.",
)
def show_files(style: str, user: str | None, output: Path | None) -> None:
    """Show the crontab or the systemd units of the shop's jobs.

    \b
      retainctl schedules show --style cron --user shop --output /etc/cron.d
      retainctl schedules show --style systemd --user shop --output /etc/systemd/system
    """
    from retainctl.config import read_shop
    from retainctl.errors import DoneInPart, WrongUsage
    from retainctl.jobs import access, steps, table
    from retainctl.jobs.install_files import ScheduleFile, left_over, schedule_files, write_files

    form = choices().form
    if form not in (None, "json", "jsonl") or (form and output is not None):
        raise WrongUsage(
            f"schedules show has no --format {form}" + (" with --output" if output is not None else ""),
            hint="Its files are for cron and systemd; --format json prints their names and texts.",
        )
    shop = read_shop(choices().shop)
    steps.check_steps(table.read_jobs(shop), read_words)
    files = schedule_files(shop, style=style, user=user)
    for sentence in access.doubts(shop, style=style, user=user):
        say(sentence)
    if output is not None:
        write_files(files, output)
        note(f"{', '.join(files)} in {output}")
        if style == "systemd" and (timers := left_over(shop, files, output)):
            raise DoneInPart(
                f"{', '.join(timers)} in {output}: that job is gone",
                hint=f"In {output}: systemctl disable --now {' '.join(timers)}; rm {' '.join(timers)}",
            )
        return
    if form is not None:
        show([ScheduleFile(*file) for file in files.items()], row_type=ScheduleFile)
        return
    for name, text in files.items():
        click.echo(f"# {name}\n{text}" if len(files) > 1 else text, nl=len(files) > 1)
