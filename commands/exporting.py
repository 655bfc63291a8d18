"""The verb ``export``, which every kind of list has that can be carried to another place."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import click

from retainctl.terminal import note, opened_shop, output_option


def export_verb(
    group: click.Group, exporter: str, *, about: str, example: str, options: Sequence[Callable[[Any], Any]] = ()
) -> None:
    """Give *group* the verb ``export``, which writes a whole list as CSV.

    *exporter* is the path of a function that is called with the shop, a binary file, ``for_excel`` and what the verb's
    own *options* say, and answers with the number of lines. It is loaded when the verb runs.
    """

    def export(output: Path | None, **asked: Any) -> None:
        from retainctl.files import written

        write = resolve_name(exporter)
        with opened_shop(output=output) as shop:
            if output is None:
                write(shop, sys.stdout.buffer, **asked)
                return
            with written(output) as file:
                lines = write(shop, file, **asked)
        note(f"{output}: {lines} lines")

    export.__doc__ = f"{about}\n\n\b\n  {example}"
    command: Any = click.option(
        "--for-excel", is_flag=True, help="For Excel: begin with a byte order mark, and end lines as it does."
    )(export)
    command = output_option(command)
    for option in reversed(options):
        command = option(command)
    group.command("export")(command)
