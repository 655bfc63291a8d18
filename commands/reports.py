"""``retainctl reports``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from retainctl.terminal import (
    Group,
    choices,
    columns_option,
    composed,
    conclude,
    opened_shop,
    output_option,
    show,
    show_text,
)

reports = Group("reports", help="Reports: retention, cohorts, RFM and others.")


def period_options(command: Callable[..., None]) -> Callable[..., None]:
    """The options that say of which days a report is."""
    for option in (
        click.option("--last", default="", metavar="LENGTH", help="The days up to today: 90d, 12w, 6m or 1y."),
        click.option("--to", "until", default="", metavar="DAY", help="The last day; without it today."),
        click.option("--from", "since", default="", metavar="DAY", help="The first day, such as 2025-01-01."),
    ):
        command = option(command)
    return command


@reports.command("list")
@columns_option
def list_reports() -> None:
    """List the reports."""
    from retainctl.insight import reports as engine

    with opened_shop() as shop:
        show(engine.list_reports(shop), row_type=engine.ReportRow)


@reports.command("show")
@click.argument("report", type=composed)
@period_options
@click.option(
    "--method", default="", metavar="NAME", help="Another way to count, where the report has one: rfm's ntile."
)
@output_option
@columns_option
def show_report(report: str, since: str, until: str, last: str, method: str, output: Path | None) -> None:
    """Show a report: campaigns, cohorts, orders, points, retention, rfm.

    \b
      retainctl reports show cohorts --output cohorts.html
      retainctl reports show retention --last 90d --output retention.html
    """
    from retainctl.insight.periods import read_period
    from retainctl.insight.reports import Wording, report_called
    from retainctl.output import form_of

    found = report_called(report)
    with opened_shop(output=output) as shop:
        period = read_period(shop.clock, since=since, until=until, last=last)
        rows = found.rows(shop, period, method=method)
        form = choices().form
        if form == "html" or (form is None and output is not None and form_of(output) == "html"):
            from retainctl.insight.pages import page

            show_text(page(shop, found, rows, period).html, path=output)
        else:
            days = found.days(period).in_words("en")
            notes = (*([f"days: {days}"] if days else ()), *Wording(found, "en").definitions)
            show(rows, row_type=found.row_type, notes=notes, path=output)


@reports.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@period_options
def build(folder: Path, since: str, until: str, last: str) -> None:
    """Write every report and the results of every survey as pages into FOLDER, with an index.html that leads to them.

    \b
      retainctl reports build /srv/www/shop-reports --last 90d
    """
    from retainctl.insight import building
    from retainctl.insight.periods import read_period

    with opened_shop() as shop:
        period = read_period(shop.clock, since=since, until=until, last=last)
        done = building.build(shop, folder, period)
    conclude(done, row_type=building.PageRow)


@reports.command()
def digest() -> None:
    """Queue the digest of the last seven days for the shop's owner (owner_email in retainctl.toml), once a week.

    "outbox deliver" sends it.

    \b
      retainctl reports digest
    """
    from retainctl import digest as engine

    with opened_shop() as shop:
        done = engine.send(shop)
    conclude(done, row_type=engine.Digest)


@reports.command()
@click.argument("report", default="retention", type=composed)
@period_options
@click.option("--min", "least", multiple=True, metavar="METRIC=NUMBER", help="The minimum of the figure.")
@click.option("--max", "most", multiple=True, metavar="METRIC=NUMBER", help="The maximum of the figure.")
def check(report: str, since: str, until: str, last: str, least: tuple[str, ...], most: tuple[str, ...]) -> None:
    """Compare figures of a report (default: retention) with goals; exit with 3 when one is missed.

    \b
      retainctl reports check --min repeat_rate=0.25 --min customers=1000
      retainctl reports check campaigns --max unknown=0
    """
    from retainctl.errors import WrongUsage
    from retainctl.insight import goals as engine
    from retainctl.insight.periods import read_period

    goals_least, goals_most = engine.read_goals(least), engine.read_goals(most)
    if not goals_least and not goals_most:
        raise WrongUsage("no goal was given", hint="Give at least one: --min repeat_rate=0.25")
    with opened_shop() as shop:
        period = read_period(shop.clock, since=since, until=until, last=last)
        done = engine.check(shop, report, period, least=goals_least, most=goals_most)
    conclude(done, row_type=engine.Goal)
