"""The verb ``export``, which every kind of list has that can be carried to another place."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any, cast

import click

from retainctl.terminal import choices, note, opened_shop, output_option

if TYPE_CHECKING:
    from retainctl.spreadsheets import ListForm


def export_verb(
    group: click.Group, exporter: str, *, about: str, example: str, options: Sequence[Callable[[Any], Any]] = ()
) -> None:
    """Give *group* the verb ``export``, which writes a whole list as CSV or JSON.

    *exporter* is the path of a function that is called with the shop, a binary file, ``form``, ``for_excel`` and what
    the verb's own *options* say, and answers with the number of lines. It is loaded when the verb runs.
    """

    def export(output: Path | None, **asked: Any) -> None:
        from retainctl.files import written

        write, form = resolve_name(exporter), _form(output, for_excel=asked["for_excel"])
        with opened_shop(output=output) as shop:
            choices().has_printed = True
            if output is None:
                write(shop, sys.stdout.buffer, form=form, **asked)
                return
            with written(output) as file:
                lines = write(shop, file, form=form, **asked)
        note(f"{output}: {lines} lines")

    export.__doc__ = f"{about}\n\n\b\n  {example}"
    command: Any = click.option(
        "--for-excel", is_flag=True, help="For Excel: begin with a byte order mark, and end lines as it does."
    )(export)
    command = output_option(command)
    for option in reversed(options):
        command = option(command)
    group.command("export")(command)


def _form(output: Path | None, *, for_excel: bool) -> ListForm:
    """The form of the list: the one that was asked for, else that of the file's ending, else CSV."""
    from retainctl.errors import WrongUsage

    ending = output.suffix.lower().lstrip(".") if output else ""
    form = choices().form or (ending if ending in ("json", "jsonl") else "csv")
    if form not in ("csv", "json", "jsonl"):
        raise WrongUsage(f"there is no export as {form}", hint="Use one of: csv, json, jsonl.")
    if for_excel and form != "csv":
        raise WrongUsage(f"--for-excel is about CSV, not about {form}")
    return cast("ListForm", form)
