"""``retainctl surveys``."""

from __future__ import annotations

from typing import Literal

import click

from retainctl.terminal import Group, agreed, composed, note, opened_shop, progress, say, show, somebody_is_there

from .definitions import definition_verbs
from .importing import import_files
from .mailings import mailing_verbs

surveys = Group("surveys", help="Send surveys, import the answers, show the scores.")


@surveys.command("list")
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
    help="Would they recommend us, are they satisfied, was it easy.",
)
@click.option("--audience", default="", type=composed, metavar="SEGMENT", help="The segment that is asked.")
def draft(name: str, kind: str, audience: str) -> None:
    """Write surveys/NAME.toml for you to finish, in the shop's language.

    \b
      retainctl surveys draft spring --kind nps --audience loyal
    """
    from retainctl.voice import surveys as files

    with opened_shop() as shop:
        path = files.draft(shop, name, kind=kind, audience=audience)
        note(f"Finish {path}, then: retainctl surveys check {name}")


@surveys.command()
@click.argument("name", type=composed)
def check(name: str) -> None:
    """Check the survey NAME: its questions one by one, its invitation, what is better done otherwise.

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
            raise BadData(f"the survey {name} is not ready: {len(found)} faults")


mailing_verbs(surveys, "survey")


@surveys.command()
@click.argument("name", type=composed)
@click.option("--yes", is_flag=True, help="Queue what was planned without asking.")
@click.option("--dry-run", is_flag=True, help="Count who would be invited, and write nothing.")
def run(name: str, yes: bool, dry_run: bool) -> None:
    """Plan, approve and send the survey NAME in one: invite all of its audience who may be asked.

    At a terminal the plan is shown, and waits for your yes. Nobody is invited twice; "outbox deliver" sends.

    \b
      retainctl surveys run spring --yes
    """
    from retainctl.errors import Refused, WrongUsage
    from retainctl.outreach import mailings
    from retainctl.outreach.planning import Plan
    from retainctl.voice.invitations import Invited, invite
    from retainctl.voice.surveys import SURVEY

    if not (yes or dry_run or somebody_is_there()):
        raise WrongUsage(
            "surveys run queues what it planned, and there is nobody to ask",
            hint=f"Add --yes, or plan it first: retainctl surveys plan {name}",
        )
    with opened_shop() as shop:
        with progress("planning") as advance:
            planned = mailings.plan(shop, SURVEY, name, dry_run=dry_run, advance=advance)
        if dry_run or not planned.recipients or not yes:
            show([planned], row_type=Plan)
        if dry_run or not planned.recipients:
            return
        if not (yes or agreed(f"Give the invitations ({planned.recipients}) to the outbox?")):
            raise Refused(
                f"the plan of {name} is not approved",
                hint=f"It waits: retainctl surveys approve {name} {planned.hash}",
            )
        show([invite(shop, name, planned.hash)], row_type=Invited)
        note("They wait in the outbox. Send them: retainctl outbox deliver")


@surveys.command("import")
@click.argument("name", type=composed)
@click.argument("file", metavar="FILE")
@click.option("--encoding", default="", help="How the text is encoded, when not UTF-8: cp1255.")
@click.option(
    "--errors",
    type=click.Choice(["strict", "replace"]),
    default="strict",
    show_default=True,
    help="Quarantine a row with bytes that are no text, or replace them and mark the answer.",
)
@click.option("--again", is_flag=True, help="Compare every row of a file that was imported already.")
@click.option("--dry-run", is_flag=True, help="Do everything, report it, and write nothing.")
def import_answers(
    name: str, file: str, encoding: str, errors: Literal["strict", "replace"], again: bool, dry_run: bool
) -> None:
    """Take answers to the survey NAME from FILE, plain or .gz; - is the standard input.

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
@click.option("--comments", is_flag=True, help="The open answers instead, with each respondent's first score.")
def results(name: str, comments: bool) -> None:
    """Show the scores of the survey NAME with their 95 % intervals, and its response rate.

    NPS is in points from -100 to 100. CSAT is the share of the two highest answers, CES of the three highest.

    \b
      retainctl surveys results spring
    """
    from retainctl.voice import results as made

    with opened_shop() as shop:
        if comments:
            show(made.comments(shop, name), row_type=made.CommentRow)
        else:
            show(made.results(shop, name), row_type=made.ResultRow)


definition_verbs(surveys, "survey")
