"""Reading a small TOML file into a frozen dataclass, strictly.

One dataclass is the schema of one kind of file: an unknown key, a missing one and a value of the wrong kind are
BadConfiguration, naming the file, the line and the nearest known key. A class refuses what its fields cannot say
by raising ValueError in ``__post_init__``.
"""

from __future__ import annotations

import dataclasses
import difflib
import re
import tomllib
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from retainctl.errors import BadConfiguration

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Source:
    """Where a table was read from, so that an error can point at its line."""

    name: str
    text: str
    first_line: int = 1

    def line(self, path: tuple[str, ...]) -> int | None:
        """The line on which the key at *path* (tables first, key last) stands, if it can be told."""
        table: list[str] = []
        for number, line in enumerate(self.text.splitlines(), self.first_line):
            if header := re.match(r"\s*\[\[?\s*([^\]]+?)\s*\]", line):
                table = [part.strip().strip("\"'") for part in header[1].split(".")]
                if tuple(table) == path:
                    return number
            elif (key := re.match(r"\s*([\w.\"'-]+)\s*=", line)) and (*table, key[1].strip("\"'")) == path:
                return number
        return None

    def at(self, path: tuple[str, ...]) -> str:
        line = self.line(path)
        return self.name if line is None else f"{self.name}, line {line}"


def read_file(path: Path, schema: type[T]) -> T:
    """The file at *path* as a *schema*; BadConfiguration says what is wrong and where."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise BadConfiguration(f"there is no file {path}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadConfiguration(f"{path} cannot be read: {error}") from None
    return read_text(text, schema, name=str(path))


def read_text(text: str, schema: type[T], *, name: str, first_line: int = 1) -> T:
    """*text* as a *schema*; *name* and *first_line* say where it stood."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadConfiguration(f"{name} is not valid TOML: {error}") from None
    return _build(schema, table, source=Source(name, text, first_line), path=())


def _build(schema: type[T], table: Mapping[str, Any], *, source: Source, path: tuple[str, ...]) -> T:
    hints = typing.get_type_hints(schema)
    fields = {field.name: field for field in dataclasses.fields(schema)}  # type: ignore[arg-type]
    for key in table:
        if key not in fields:
            nearest = difflib.get_close_matches(key, fields, n=1)
            hint = f"Did you mean {nearest[0]}?" if nearest else "The settings are: " + ", ".join(fields) + "."
            raise BadConfiguration(f"{source.at((*path, key))}: unknown setting {key}", hint=hint)
    values = {}
    for key, field in fields.items():
        if key in table:
            values[key] = _value(hints[key], table[key], source=source, path=(*path, key))
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise BadConfiguration(f"{source.at(path)}: {key} is missing")
    try:
        return schema(**values)
    except ValueError as error:
        raise BadConfiguration(f"{source.at(path)}: {error}") from None


def _value(hint: Any, value: Any, *, source: Source, path: tuple[str, ...]) -> Any:
    """*value* as the type *hint* asks, or BadConfiguration."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type) and isinstance(value, dict):
        return _build(hint, value, source=source, path=path)
    if origin in (typing.Union, types.UnionType):
        inner = next(argument for argument in arguments if argument is not types.NoneType)
        return _value(inner, value, source=source, path=path)
    if origin is tuple and isinstance(value, list):
        return tuple(_value(arguments[0], one, source=source, path=path) for one in value)
    if origin is dict and isinstance(value, dict):
        return {key: _value(arguments[1], one, source=source, path=(*path, key)) for key, one in value.items()}
    if origin is typing.Literal:
        if value in arguments:
            return value
        choices = ", ".join(str(choice) for choice in arguments)
        raise BadConfiguration(f"{source.at(path)}: {path[-1]} cannot be {value!r}", hint=f"Use one of: {choices}.")
    if hint is float and type(value) in (int, float):
        return float(value)
    if isinstance(hint, type) and type(value) is hint:
        return value
    wanted = {str: "a string", int: "a whole number", float: "a number", bool: "true or false", tuple: "a list"}
    name = wanted.get(origin or hint, "a table")
    raise BadConfiguration(f"{source.at(path)}: {path[-1]} must be {name}, not {value!r}")
