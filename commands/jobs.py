"""``retainctl jobs``."""

from __future__ import annotations

import sys
from zoneinfo import ZoneInfo

import click

from retainctl.errors import RetainError
from retainctl.terminal import (
    Group,
    choices,
    columns_option,
    composed,
    limited,
    note,
    opened_shop,
    read_words,
    say,
    show,
    show_first,
)

jobs = Group("jobs", help="List and run the scheduled jobs.")


@jobs.command("list")
@columns_option
def list_jobs() -> None:
    """List every job with its schedule, its state and when it is due next.

    \b
      retainctl jobs list
    """
    from retainctl import needs
    from retainctl.jobs import records, steps, table

    with opened_shop() as shop:
        show(records.list_jobs(shop), row_type=records.JobRow)
        steps.check_steps(table.read_jobs(shop), read_words)
        for one in needs.needs(shop):
            if one.need != "job":
                say(one.sentence)


@jobs.command("show")
@click.argument("name", type=composed)
@limited(20, "runs")
def show_job(name: str, limit: int) -> None:
    """Show the last runs of the job NAME, newest first.

    \b
      retainctl jobs show nightly
    """
    from retainctl.jobs import records, steps, table

    with opened_shop() as shop:
        show_first(limit, lambda most: records.list_runs(shop, name, limit=most), row_type=records.RunRow)
        steps.check_steps({name: table.find_job(shop, name)}, read_words)


@jobs.command()
@click.argument("name", required=False, type=composed)
@click.option("--due", is_flag=True, help="Run every job that is due since its last success.")
@click.option("--again", is_flag=True, help="Run the job NAME again, even if it is done for this period.")
@click.option("--dry-run", is_flag=True, help="Show the steps that would run, but run none.")
def run(name: str | None, due: bool, again: bool, dry_run: bool) -> None:
    """Run the job NAME if it is due, or all jobs that are --due; print nothing when they succeed.

    A --format prints the runs. A job that fails is tried three times by --due, and then when it is due again.

    \b
      retainctl jobs run nightly
    """
    from retainctl.errors import TryLater, WrongUsage
    from retainctl.jobs import news, records, running
    from retainctl.result import Result

    if (name is None) != due or (again and due):
        raise WrongUsage("give a job NAME or --due", hint="List the jobs: retainctl jobs list")
    try:
        with opened_shop() as shop:
            if dry_run:
                show(running.steps_due(shop, [name] if name else [], again=again), row_type=running.DueStepRow)
                return
            try:
                done = running.run_job(shop, name, again=again) if name else running.run_due(shop)
            except TryLater as held:
                done = Result(attention=(str(held),), code=held.exit_code)
        news.forget(shop.folder, name or "due")
    except WrongUsage:
        raise
    except RetainError as error:
        # Cron would mail it every few minutes; the exit code stays.
        if choices().form is None and not sys.stderr.isatty() and not _is_news(name or "due", error):
            click.get_current_context().exit(error.exit_code)
        raise
    if choices().form is not None:
        show(done.rows, row_type=records.RunRow)
    for sentence in done.attention:
        # Try later is no news to cron: the next run will.
        (note if done.exit_code == TryLater.exit_code else say)(sentence)
    for sentence in (*done.notes, *(f"{row.period}: exit code {row.exit_code}" for row in done.rows)):
        note(sentence)
    click.get_current_context().exit(done.exit_code)


def _is_news(name: str, error: RetainError) -> bool:
    from retainctl.clock import Clock, parse_instant
    from retainctl.config import find_folder
    from retainctl.jobs import news

    zone, now = ZoneInfo("UTC"), choices().now  # the shop's own zone may be what is wrong
    at = Clock(zone, parse_instant(now, zone) if now else None).now()
    try:
        return news.is_news(find_folder(choices().shop), name, str(error), now=at)
    except RetainError:
        return True  # there is no shop to keep it
