"""The files segments/NAME.toml: what a segment's expression is, and why there is such a segment."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from retainctl import schema
from retainctl.audience.parser import parse
from retainctl.audience.tree import Tree
from retainctl.config import Shop
from retainctl.definitions import Shelf
from retainctl.errors import BadData

SEGMENTS: Final = Shelf("segment", "segments", ".toml", make="segments create {} EXPRESSION")


@dataclass(frozen=True, slots=True)
class Definition:
    """What ``segments/NAME.toml`` says."""

    expression: str
    description: str = ""


def read_definition(shop: Shop, name: str) -> Definition:
    """The definition of the segment called *name*; WrongUsage names the nearest when there is none."""
    return schema.read_text(SEGMENTS.read(shop.folder, name), Definition, name=str(SEGMENTS.path(shop.folder, name)))


def read_tree(shop: Shop, name: str) -> Tree:
    """What the segment called *name* says, parsed; a mistake in it is BadData that names its file."""
    definition = read_definition(shop, name)
    try:
        return parse(definition.expression, currency=shop.settings.currency)
    except BadData as error:
        raise BadData(f"{SEGMENTS.folder}/{name}.toml: {error}", hint=error.hint) from None


def write_definition(shop: Shop, name: str, definition: Definition) -> None:
    """Write the file of a new segment. One that says the same is left as it is, another one is Refused."""
    if SEGMENTS.path(shop.folder, name).is_file() and read_definition(shop, name) == definition:
        return
    lines = [f"expression = {_toml_text(definition.expression)}"]
    if definition.description:
        lines.append(f"description = {_toml_text(definition.description)}")
    SEGMENTS.write(shop.folder, name, "\n".join(lines) + "\n")


def _toml_text(text: str) -> str:
    """*text* as a TOML string: as it is between single quotes where it can stand so."""
    if text.isprintable() and "'" not in text:
        return f"'{text}'"
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
