"""What the commands that import files share: how files are read, and how what became of them is told."""

from __future__ import annotations

import os
import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from retainctl.terminal import opened_shop, progress, say, show

if TYPE_CHECKING:
    from retainctl.config import Shop
    from retainctl.intake.import_runs import Imported, Outcome, Progress

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
    import_one: Callable[[Shop, str, Progress], Outcome[Any]],
    *,
    row_type: type[Imported] | None = None,
    hint: str = "",
) -> None:
    """Import each of *files*, show what became of them, and end with DoneInPart where rows were quarantined."""
    from retainctl.errors import BadData
    from retainctl.intake.import_runs import Imported

    if missing := [name for name in files if name != "-" and not os.path.exists(name)]:  # noqa: PTH110 - never raises
        raise BadData(f"there is no file {missing[0]}; nothing was imported")
    outcomes: list[Outcome[Any]] = []
    with opened_shop() as shop:
        try:
            for name in files:
                with progress(f"Importing {name}") as advance:
                    outcomes.append(import_one(shop, name, advance))
        finally:
            if outcomes:
                show([replace(outcome.row, notes=outcome.notes) for outcome in outcomes], row_type=row_type or Imported)
    tell_quarantined(outcomes, hint=hint)


def tell_quarantined(outcomes: Sequence[Outcome[Any]], *, hint: str = "") -> None:
    """Say which rows need a look, and what else does, and end with DoneInPart where there is any of it."""
    from retainctl.errors import DoneInPart

    bad = [(outcome.row.file, held) for outcome in outcomes for held in outcome.quarantined]
    for file, held in bad[:10]:
        say(f"{file}, line {held.origin.line}, {held.column or 'row'}: {held.message} ({held.code})")
    if len(bad) > 10:
        say(f"and {len(bad) - 10} more")
    attention = [sentence for outcome in outcomes for sentence in outcome.attention]
    for sentence in attention[:10]:
        say(sentence)
    if attention and not bad:
        raise DoneInPart(
            "1 return needs attention" if len(attention) == 1 else f"{len(attention)} returns need attention",
            hint="See: retainctl orders returns --waiting",
        )
    if bad:
        rows = "1 row is" if len(bad) == 1 else f"{len(bad)} rows are"
        raise DoneInPart(f"{rows} in quarantine", hint=hint or _CORRECT)
