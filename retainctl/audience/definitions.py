"""The files segments/NAME.toml: what a segment's expression is, and why there is such a segment."""

from __future__ import annotations

import difflib
import json
from dataclasses import dataclass

from retainctl import schema
from retainctl.audience.parser import SEGMENT_NAME, parse
from retainctl.audience.tree import Tree
from retainctl.config import Shop
from retainctl.errors import BadConfiguration, BadData, Refused, WrongUsage
from retainctl.files import write_text

FOLDER = "segments"


@dataclass(frozen=True, slots=True)
class Definition:
    """What ``segments/NAME.toml`` says."""

    expression: str
    description: str = ""


def read_definition(shop: Shop, name: str) -> Definition:
    """The definition of the segment called *name*; BadConfiguration names the nearest when there is none."""
    path = shop.folder / FOLDER / f"{_checked(name)}.toml"
    if not path.is_file():
        nearest = difflib.get_close_matches(name, names(shop), n=1)
        raise BadConfiguration(
            f"there is no segment called {name}",
            hint=f"Did you mean {nearest[0]}?" if nearest else f"Make it: retainctl segments create {name} EXPRESSION",
        )
    return schema.read_file(path, Definition)


def read_tree(shop: Shop, name: str) -> Tree:
    """What the segment called *name* says, parsed; a mistake in it is BadData that names its file."""
    definition = read_definition(shop, name)
    try:
        return parse(definition.expression, currency=shop.settings.currency)
    except BadData as error:
        raise BadData(f"{FOLDER}/{name}.toml: {error}", hint=error.hint) from None


def names(shop: Shop) -> list[str]:
    """The names of all segments that have a file, in order."""
    found = (path.stem for path in (shop.folder / FOLDER).glob("*.toml"))
    return sorted(name for name in found if SEGMENT_NAME.fullmatch(name))


def write_definition(shop: Shop, name: str, definition: Definition) -> None:
    """Write the file of a new segment. One that says the same is left as it is, another one is Refused."""
    path = shop.folder / FOLDER / f"{_checked(name)}.toml"
    if path.is_file() and read_definition(shop, name) == definition:
        return
    if path.exists() or path.is_symlink():
        raise Refused(f"there is a segment called {name} already", hint=f"Change its file: {FOLDER}/{name}.toml")
    path.parent.mkdir(mode=0o700, exist_ok=True)
    lines = [f"expression = {_toml_text(definition.expression)}"]
    if definition.description:
        lines.append(f"description = {_toml_text(definition.description)}")
    write_text(path, "\n".join(lines) + "\n")


def _checked(name: str) -> str:
    if not SEGMENT_NAME.fullmatch(name):
        raise WrongUsage(f"{name!r} is not a segment's name", hint="It is of a-z, 0-9, _ and -, and no longer than 64.")
    return name


def _toml_text(text: str) -> str:
    """*text* as a TOML string: as it is between single quotes where it can stand so."""
    if text.isprintable() and "'" not in text:
        return f"'{text}'"
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
