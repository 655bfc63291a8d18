"""What the commands that import files share: how files are read, and how what became of them is told."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import fields
from functools import partial
from pathlib import Path
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

import click

from retainctl.terminal import opened_shop, progress, show, tell

if TYPE_CHECKING:
    from retainctl.config import Shop
    from retainctl.intake.import_runs import FileResult
    from retainctl.result import Progress

LIST_QUARANTINED = "List them: retainctl orders quarantine list"
_CORRECT = f"Correct them in the file and import it again. {LIST_QUARANTINED}"
MAPPING = click.option(
    "--mapping", type=click.Path(path_type=Path, dir_okay=False), help="A TOML file that maps the columns."
)
CURRENCY = click.option(
    "--currency", default="", metavar="CODE", help="The currency of prices that state none; default: the shop's."
)
NUMBERS = click.option(
    "--numbers",
    type=click.Choice(["1234.56", "1,234.56", "1234,56", "1.234,56", "1 234,56", "1'234.56"]),
    help="The number format of the file; default: 1234.56.",
)
# How the files of a list are read: fields of its options.
_READING = (
    click.option("--encoding", default="", help="The encoding of the file, if not UTF-8: cp1255."),
    click.option("--delimiter", default="", metavar="MARK", help="The column separator; default: detected."),
    click.option("--again", is_flag=True, help="Compare every row of files that were already imported."),
    click.option("--dry-run", is_flag=True, help="Show what would be imported, but write nothing."),
    click.option("--strict", is_flag=True, help="Write nothing if any row is bad."),
)


def import_verb(
    group: click.Group,
    importer: str,
    *,
    about: str,
    example: str,
    options: Sequence[Callable[[Any], Any]] = (),
    reading: str = "retainctl.intake.import_runs:ImportOptions",
    hint: str = _CORRECT,
) -> None:
    """Give *group* the verb ``import``, which brings files into a list.

    *importer* is the path of a ``Listing``, as in ``retainctl.shop.products_import:PRODUCTS``, or of a function that is
    called as its ``import_file`` is. It is loaded when the verb runs. *options* are the verb's own: those that are no
    field of the class *reading* are handed to the importer by their names. *hint* says what to do about a bad row.
    """

    def import_(files: tuple[str, ...], **asked: Any) -> None:
        options_type, found = resolve_name(reading), resolve_name(importer)
        stated = {name: value for name, value in asked.items() if value is not None}
        own = {name: stated.pop(name) for name in stated.keys() - {one.name for one in fields(options_type)}}
        settled = options_type(**stated)
        bring = getattr(found, "import_file", found)
        import_files(files, lambda shop, name, advance: bring(shop, name, settled, progress=advance, **own), hint=hint)

    import_.__doc__ = f"{about}\n\n\b\n  {example}"
    command: Callable[..., Any] = import_
    for option in reversed((*options, *(() if MAPPING in options else (MAPPING,)), *_READING)):
        command = option(command)
    group.command("import")(click.argument("files", nargs=-1, required=True, metavar="FILE...")(command))


def import_files(
    files: Sequence[str], import_one: Callable[[Shop, str, Progress], FileResult[Any]], *, hint: str = _CORRECT
) -> None:
    """Import each of *files*, and show what became of them, even where one of them ends it."""
    from retainctl.errors import WrongUsage
    from retainctl.files import lines_at_most
    from retainctl.intake.import_runs import together

    if missing := [name for name in files if name != "-" and not os.path.exists(name)]:  # noqa: PTH110 - never raises
        raise WrongUsage(f"there is no file {missing[0]}; nothing was imported")
    done: list[FileResult[Any]] = []
    with opened_shop(writes=True) as shop:
        try:
            for name in files:
                with progress(f"Importing {name}", total=partial(lines_at_most, name)) as advance:
                    done.append(import_one(shop, name, advance))
        finally:
            if done:
                show(together(done, hint=hint).rows, row_type=type(done[0].row))
    tell(together(done, hint=hint))
