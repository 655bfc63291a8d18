"""What the commands that import files share: how files are read, and how what became of them is told."""

from __future__ import annotations

import os
import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from retainctl.terminal import opened_shop, progress, show, tell

if TYPE_CHECKING:
    from retainctl.config import Shop
    from retainctl.intake.import_runs import FileResult, Imported, Progress

F = TypeVar("F", bound=Callable[..., Any])

_CORRECT = "Correct them in the file and import it again. List them: retainctl orders quarantine list"
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
_READING_OPTIONS = (
    click.option("--encoding", default="", help="The encoding of the file, if not UTF-8: cp1255."),
    click.option("--delimiter", default="", metavar="MARK", help="The column separator; default: detected."),
    click.option("--again", is_flag=True, help="Compare every row of files that were already imported."),
    click.option("--dry-run", is_flag=True, help="Show what would be imported, but write nothing."),
    click.option("--strict", is_flag=True, help="Write nothing if any row is bad."),
)


def reading_options(command: F) -> F:
    """Add the options that say how the files of a list are read; they are the fields of its Options."""
    for option in reversed(_READING_OPTIONS):
        command = option(command)
    return command


def import_verb(
    group: click.Group, importer: str, *, example: str, about: str, options: Sequence[Callable[[Any], Any]] = ()
) -> None:
    """Give *group* the verb ``import``, which brings files into a list.

    *importer* is the path of a ``Listing``, as in ``retainctl.shop.products_import:PRODUCTS``, or of a function that is
    called as its ``import_file`` is. It is loaded when the verb runs. *options* are the verb's own: those that are no
    field of ImportOptions are handed to the importer by their names.
    """

    def import_(files: tuple[str, ...], **asked: Any) -> None:
        from retainctl.intake.import_runs import ImportOptions

        known = {one.name for one in fields(ImportOptions)}
        stated = {name: value for name, value in asked.items() if value is not None}
        own = {name: stated.pop(name) for name in stated.keys() - known}
        reading = ImportOptions(**stated)
        found = pkgutil.resolve_name(importer)
        bring = getattr(found, "import_file", found)
        import_files(files, lambda shop, name, advance: bring(shop, name, reading, progress=advance, **own))

    import_.__doc__ = f"{about}\n\n\b\n  {example}"
    command = MAPPING(reading_options(import_))
    for option in reversed(options):
        command = option(command)
    group.command("import")(click.argument("files", nargs=-1, required=True, metavar="FILE...")(command))


def import_files(
    files: Sequence[str],
    import_one: Callable[[Shop, str, Progress], FileResult[Any]],
    *,
    row_type: type[Imported] | None = None,
    hint: str = _CORRECT,
) -> None:
    """Import each of *files*, and show what became of them, even where one of them ends it."""
    from retainctl.errors import BadData
    from retainctl.intake.import_runs import Imported, together

    if missing := [name for name in files if name != "-" and not os.path.exists(name)]:  # noqa: PTH110 - never raises
        raise BadData(f"there is no file {missing[0]}; nothing was imported")
    done: list[FileResult[Any]] = []
    with opened_shop() as shop:
        try:
            for name in files:
                with progress(f"Importing {name}") as advance:
                    done.append(import_one(shop, name, advance))
        finally:
            if done:
                show(together(done, hint=hint).rows, row_type=row_type or Imported)
    tell(together(done, hint=hint))
