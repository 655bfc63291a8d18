"""``retainctl reports``."""

from __future__ import annotations

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


@reports.command("list")
@columns_option
def list_reports() -> None:
    """List the reports."""
    from retainctl.insight import reports as engine

    with opened_shop() as shop:
        show(engine.list_reports(shop), row_type=engine.ReportRow)


@reports.command("show")
@click.argument("report", type=composed)
@output_option
@columns_option
def show_report(report: str, output: Path | None) -> None:
    """Show a report: campaigns, cohorts, orders, points, retention, rfm.

    \b
      retainctl reports show cohorts --output cohorts.html
    """
    from retainctl.insight.reports import Wording, report_called
    from retainctl.output import form_of

    found = report_called(report)
    with opened_shop(output=output) as shop:
        rows = found.find(shop)
        form = choices().form
        if form == "html" or (form is None and output is not None and form_of(output) == "html"):
            from retainctl.insight.pages import page

            show_text(page(shop, found, rows), path=output)
        else:
            show(rows, row_type=found.row_type, notes=Wording(found, "en").definitions, path=output)


@reports.command()
@click.argument("report", default="retention", type=composed)
@click.option("--min", "least", multiple=True, metavar="METRIC=NUMBER", help="The minimum of the figure.")
@click.option("--max", "most", multiple=True, metavar="METRIC=NUMBER", help="The maximum of the figure.")
def check(report: str, least: tuple[str, ...], most: tuple[str, ...]) -> None:
    """Compare figures of a report (default: retention) with goals; exit with 3 when one is missed.

    \b
      retainctl reports check --min repeat_rate=0.25 --min customers=1000
      retainctl reports check campaigns --max unknown=0
    """
    from retainctl.errors import WrongUsage
    from retainctl.insight import goals as engine

    goals_least, goals_most = engine.read_goals(least), engine.read_goals(most)
    if not goals_least and not goals_most:
        raise WrongUsage("no goal was given", hint="Give at least one: --min repeat_rate=0.25")
    with opened_shop() as shop:
        done = engine.check(shop, report, least=goals_least, most=goals_most)
    conclude(done, row_type=engine.Goal)
