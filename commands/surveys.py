"""``retainctl surveys``."""

from __future__ import annotations

from typing import Literal

import click

from retainctl.terminal import (
    Group,
    agreed,
    choices,
    columns_option,
    composed,
    note,
    opened_shop,
    progress,
    say,
    show,
    show_text,
    somebody_is_there,
)

from .definitions import definition_verbs, drafted
from .importing import import_files
from .mailings import mailing_verbs

surveys = Group("surveys", help="Send surveys, import the answers, show the scores.")


@surveys.command("list")
@columns_option
def list_surveys() -> None:
    """List the shop's surveys.

    \b
      retainctl surveys list
    """
    from retainctl.voice import surveys as files

    with opened_shop() as shop:
        show(files.list_surveys(shop), row_type=files.SurveyRow)


@surveys.command()
@click.argument("name", type=composed)
@click.option(
    "--kind",
    type=click.Choice(["nps", "csat", "ces"]),
    default="nps",
    show_default=True,
    help="Ask for a recommendation, satisfaction or ease.",
)
@click.option("--audience", default="", type=composed, metavar="SEGMENT", help="The segment to invite.")
def draft(name: str, kind: str, audience: str) -> None:
    """Create surveys/NAME.toml for you to edit, in the shop's language.

    \b
      retainctl surveys draft spring --kind nps --audience loyal
    """
    from retainctl.voice import surveys as files

    with opened_shop() as shop:
        drafted("surveys", name, files.draft(shop, name, kind=kind, audience=audience))


@surveys.command()
@click.argument("name", type=composed)
def check(name: str) -> None:
    """Check the survey NAME: each of its questions, its invitation, and what could be better.

    \b
      retainctl surveys check spring
    """
    from retainctl.errors import BadData
    from retainctl.voice import surveys as files

    with opened_shop() as shop:
        defined = files.SURVEYS.read(shop, name)
        show(files.questions_of(defined.value), row_type=files.QuestionRow)
        found = list(files.SURVEYS.faults(shop, defined))
        for fault in found:
            say(f"{fault.where}: {fault.fault}. {fault.remedy}")
        if found:
            raise BadData(f"the survey {name} is not ready: {len(found)} {'fault' if len(found) == 1 else 'faults'}")


mailing_verbs(surveys, "survey")


@surveys.command()
@click.argument("name", type=composed)
@click.option("--yes", is_flag=True, help="Queue the invitations without asking.")
@click.option("--dry-run", is_flag=True, help="Show how many would be invited, but write nothing.")
def run(name: str, yes: bool, dry_run: bool) -> None:
    """Plan, approve and queue the survey NAME in one step, for everybody in its audience with consent.

    On a terminal the plan is shown for confirmation. Nobody is invited twice; "outbox deliver" sends the messages.

    \b
      retainctl surveys run spring --yes
    """
    from retainctl.errors import Refused, WrongUsage
    from retainctl.output import is_json
    from retainctl.outreach import mailings
    from retainctl.outreach.planning import Plan
    from retainctl.voice.invitations import Invited, invite, nobody
    from retainctl.voice.surveys import SURVEY

    if not (yes or dry_run or somebody_is_there()):
        raise WrongUsage(
            "surveys run needs --yes when not on a terminal",
            hint=f"Add --yes, or only plan it: retainctl surveys plan {name}",
        )
    with opened_shop() as shop:
        with progress("planning") as advance:
            planned = mailings.plan(shop, SURVEY, name, dry_run=dry_run, advance=advance)
        if dry_run or not (yes or is_json(choices().form)):
            show([planned], row_type=Plan)
        if dry_run:
            return
        if not planned.recipients:
            show([nobody(name, planned.hash)], row_type=Invited)
            note("Everybody who may be invited was.")
            return
        if not (yes or agreed(f"Queue the invitations ({planned.recipients})?")):
            raise Refused(
                f"the plan of {name} is not approved",
                hint=f"To approve it: retainctl surveys approve {name} {planned.hash}",
            )
        show([invite(shop, name, planned.hash)], row_type=Invited)
        note("The invitations are queued. To send them: retainctl outbox deliver")


@surveys.command("import")
@click.argument("name", type=composed)
@click.argument("file", metavar="FILE")
@click.option("--encoding", default="", help="The encoding of the file, if not UTF-8: cp1255.")
@click.option(
    "--errors",
    type=click.Choice(["strict", "replace"]),
    default="strict",
    show_default=True,
    help="Quarantine rows with invalid bytes, or replace the bytes and mark the answer.",
)
@click.option("--again", is_flag=True, help="Compare every row of a file that was already imported.")
@click.option("--dry-run", is_flag=True, help="Show what would be imported, but write nothing.")
def import_answers(
    name: str, file: str, encoding: str, errors: Literal["strict", "replace"], again: bool, dry_run: bool
) -> None:
    """Import answers to the survey NAME from FILE, plain or .gz; - is the standard input.

    \b
      retainctl surveys import spring answers.csv
    """
    from retainctl.voice import answering

    options = answering.AnswerOptions(encoding=encoding, errors=errors, again=again, dry_run=dry_run)
    import_files(
        [file], lambda shop, path, progress: answering.import_answers(shop, name, path, options, progress=progress)
    )


@surveys.command()
@click.argument("name", type=composed)
@click.option("--comments", is_flag=True, help="Show the open answers instead, with each respondent's first score.")
@columns_option
def results(name: str, comments: bool) -> None:
    """Show the scores of the survey NAME with their 95 % confidence intervals, and its response rate.

    NPS is in points from -100 to 100. CSAT is the share of the two highest answers, CES of the three highest.

    \b
      retainctl surveys results spring
    """
    from retainctl.voice import results as made

    with opened_shop() as shop:
        if comments:
            show(made.comments(shop, name), row_type=made.CommentRow)
        elif choices().form == "html":
            from retainctl.insight.survey_page import survey_page

            show_text(survey_page(shop, name).html)
        else:
            show(made.results(shop, name), row_type=made.ResultRow)


definition_verbs(surveys, "survey")
