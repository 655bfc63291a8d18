"""The formats that are known without being described: those of ``formats``, and the ready mappings.

A ready mapping is a mapping file of ours, for the export of a shop that needs no code of its own; the folder
``mappings`` is the list. Its first line says what it is of, and the next ones where its header was seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Final

from retainctl.errors import BadData, WrongUsage
from retainctl.intake.cells import plain_name
from retainctl.intake.file import InputFile
from retainctl.intake.mapping import read_mapping
from retainctl.shop.orders_import.formats import Format, all_formats
from retainctl.shop.orders_import.mapped import OrderMapping

_MAPPED: Final = "generic"  # the format that a mapping file describes


def known_formats() -> dict[str, Format]:
    """Every format by its name, in the order of their names."""
    found = all_formats()
    for name, text in _ready_mappings().items():
        about = text.partition("\n")[0].removeprefix("# ").removesuffix(".")
        found[name] = replace(found[_MAPPED], name=name, source=name, about=about, mapping=text)
    return dict(sorted(found.items()))


@cache
def _ready_mappings() -> dict[str, str]:
    """The text of each ready mapping by its name."""
    folder = files("retainctl.shop.orders_import").joinpath("mappings")
    return {
        path.name.removesuffix(".toml"): path.read_text(encoding="utf-8")
        for path in folder.iterdir()
        if path.name.endswith(".toml")
    }


def format_named(name: str) -> Format:
    """The format called *name*, or WrongUsage that lists them."""
    formats = known_formats()
    if name not in formats:
        raise WrongUsage(f"unknown format {name}", hint="Use one of: " + ", ".join(formats) + ".")
    return formats[name]


def mapped_format() -> Format:
    """The format that a mapping file describes where nobody names another."""
    return known_formats()[_MAPPED]


def recognised(file: InputFile, header: Sequence[str]) -> Format:
    """The format whose columns are those of the file; BadData where there is none."""
    best = find_format(file, header)
    if best is None:
        raise BadData(
            f"{file.name} does not look like an orders file; its columns: {', '.join(header)[:300]}",
            hint="Set the format with --from, or describe the columns with --mapping FILE. The formats are: "
            + ", ".join(known_formats())
            + ".",
        )
    file.notes.append(f"read as {best.name} (detected)")
    return best


def find_format(file: InputFile, header: Sequence[str]) -> Format | None:
    """The format whose columns are those of the file: of several, the one that asks for most of them."""
    formats = known_formats()
    asked = {name: _asked(format_, header, file.beginning) for name, format_ in formats.items()}
    best = max(asked, key=lambda name: asked[name])
    return formats[best] if asked[best] else None


def _asked(format_: Format, header: Sequence[str], beginning: str) -> int:
    """How many columns *format_* asks for, if all of them are in the *header*; else 0."""
    if format_.recognises is not None:
        return max(1, sum(column.required for column in format_.columns)) if format_.recognises(beginning) else 0
    if format_.mapping:
        read = read_ready(format_)
        asked = [] if read.refused(header) else [[name] for name in read.named]
    else:
        asked = [list(column.all_names) for column in format_.columns if column.required]
    names = set(map(plain_name, header))
    return len(asked) if all(names.intersection(map(plain_name, some)) for some in asked) else 0


def read_ready(format_: Format) -> OrderMapping:
    """What the ready mapping of *format_* says."""
    return read_mapping(format_.mapping, OrderMapping, format_.columns, name=f"{format_.name}.toml")
