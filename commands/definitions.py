"""The commands that every kind of definition file has."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from retainctl.terminal import (
    Group,
    add_verb,
    choices,
    columns_option,
    composed,
    note,
    opened_shop,
    say,
    show,
    show_text,
)

_name = click.argument("name", type=composed)


def definition_verbs(group: Group, noun: str) -> None:
    """Give *group* each command below that it does not define itself; *noun* is its kind of definition."""
    for name, verb in _VERBS.items():
        if name not in group.commands and not (name == "draft" and "create" in group.commands):
            add_verb(group, name, verb, noun)


@_name
def _draft(noun: str, name: str) -> None:
    """Create the file of a new {noun} NAME for you to edit.

    \b
      retainctl {group} draft spring
    """
    from retainctl.definitions import kind_of

    kind = kind_of(noun)
    with opened_shop() as shop:
        drafted(kind.folder, name, kind.write(shop.folder, name, kind.first(shop)))


def drafted(group: str, name: str, path: Path) -> None:
    """Tell of the file that was made at *path*: a person what comes next, and who asked for a format its place."""
    from retainctl.definitions import DefinitionFile

    if choices().form is not None:
        show([DefinitionFile(name, str(path))], row_type=DefinitionFile)
    note(f"Edit {path}, then: retainctl {group} check {name}")


@_name
def check(noun: str, name: str) -> None:
    """Check the {noun} NAME; print nothing when it is ready.

    \b
      retainctl {group} check spring
    """
    from retainctl.definitions import Fault, kind_of
    from retainctl.errors import BadData

    kind = kind_of(noun)
    with opened_shop() as shop:
        faults = list(kind.faults(shop, kind.read(shop, name)))
        if faults or choices().form is not None:
            show(faults, row_type=Fault)
        if faults:
            raise BadData(f"the {noun} {name} is not ready: {len(faults)} {'fault' if len(faults) == 1 else 'faults'}")


@columns_option
def _list(noun: str) -> None:
    """List each {noun}, and whether its file has changed since it last ran."""
    from retainctl.definitions import DefinitionRow, kind_of, list_definitions

    with opened_shop() as shop:
        show(list_definitions(shop, kind_of(noun)), row_type=DefinitionRow)


@_name
def _show(noun: str, name: str) -> None:
    """Print the file of the {noun} NAME.

    \b
      retainctl {group} show spring
    """
    from retainctl.definitions import kind_of

    with opened_shop() as shop:
        show_text(kind_of(noun).text(shop.folder, name))


@_name
def _diff(noun: str, name: str) -> None:
    """Show what changed in the file of the {noun} NAME since the version that last ran.

    \b
      retainctl {group} diff spring
    """
    from retainctl.definitions import difference, kind_of

    with opened_shop() as shop:
        changed, remark = difference(shop, kind_of(noun), name)
    show_text(changed)
    if remark:
        say(remark)


_VERBS: Final = {"draft": _draft, "check": check, "list": _list, "show": _show, "diff": _diff}
