"""Reading a small TOML file into a frozen dataclass, strictly.

One dataclass is the schema of one kind of file: an unknown key, a missing one and a value of the wrong kind are
BadConfiguration, naming the file, the line and the nearest known key. A class refuses what its fields cannot say
by raising ValueError in ``__post_init__``.

Each field has its sentence beside it, ``port: Annotated[int, "The mail server's port."] = 465``, from which a first
file and the reference are written.
"""

from __future__ import annotations

import dataclasses
import inspect
import json
import re
import textwrap
import tomllib
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from retainctl import files
from retainctl.errors import BadConfiguration, did_you_mean

T = TypeVar("T")
KeyPath = tuple[str | int, ...]  # tables first and the key last; in a list, the number of the item


@dataclass(frozen=True, slots=True)
class Source:
    """Where a table was read from, so that an error can point at its line."""

    name: str
    text: str

    def line(self, path: KeyPath) -> int | None:
        """The line on which the key at *path* stands, if it can be told."""
        table: KeyPath = ()
        latest: dict[KeyPath, int] = {}  # of each list of tables, how far the lines have come
        for number, line in enumerate(self.text.splitlines(), 1):
            if header := re.match(r"\s*(\[\[?)\s*([^\]]+?)\s*\]", line):
                table = ()
                *before, last = (part.strip().strip("\"'") for part in header[2].split("."))
                for part in before:
                    table = (*table, part)
                    table = (*table, latest[table]) if table in latest else table
                table = (*table, last)
                if header[1] == "[[":
                    latest[table] = latest.get(table, -1) + 1
                    table = (*table, latest[table])
                if table == path:
                    return number
            elif (key := re.match(r"\s*([\w.\"'-]+)\s*=", line)) and (*table, key[1].strip("\"'")) == path:
                return number
        return None

    def at(self, path: KeyPath) -> str:
        """The file, and the line of the key at *path*, or of the list whose item it is."""
        line = self.line(path)
        if line is None and path and isinstance(path[-1], int):
            line = self.line(path[:-1])
        return self.name if line is None else f"{self.name}, line {line}"


def read_file(path: Path, schema: type[T]) -> T:
    """The file at *path* as a *schema*; BadConfiguration says what is wrong and where."""
    try:
        text = files.read_text(path)
    except FileNotFoundError:
        raise BadConfiguration(f"there is no file {path}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadConfiguration(f"{path} cannot be read: {error}") from None
    return read_text(text, schema, name=str(path))


def read_text(text: str, schema: type[T], *, name: str) -> T:
    """*text* as a *schema*; *name* says where it stood."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadConfiguration(f"{name} is not valid TOML: {error}") from None
    except RecursionError:
        raise BadConfiguration(f"{name} is nested too deeply") from None
    return _build(schema, table, source=Source(name, text), path=())


def _build(schema: type[T], table: Mapping[str, Any], *, source: Source, path: KeyPath) -> T:
    hints = typing.get_type_hints(schema)
    fields = {field.name: field for field in dataclasses.fields(schema)}  # type: ignore[arg-type]
    for key in table:
        if key not in fields:
            hint = did_you_mean(key, fields, otherwise="The settings are: " + ", ".join(fields) + ".")
            raise BadConfiguration(f"{source.at((*path, key))}: unknown setting {key}", hint=hint)
    values = {}
    for key, field in fields.items():
        if key in table:
            values[key] = _value(hints[key], table[key], source=source, path=(*path, key))
        elif field.default is MISSING and field.default_factory is MISSING:
            raise BadConfiguration(f"{source.at(path)}: {key} is missing")
    try:
        return schema(**values)
    except ValueError as error:
        key = re.split(r"[:\s]", str(error), maxsplit=1)[0]  # what begins with a key is wrong there
        raise BadConfiguration(f"{source.at((*path, key) if key in table else path)}: {error}") from None


def _value(hint: Any, value: Any, *, source: Source, path: KeyPath) -> Any:
    """*value* as the type *hint* asks, or BadConfiguration."""
    key = next(part for part in reversed(path) if isinstance(part, str))
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type) and isinstance(value, dict):
        return _build(hint, value, source=source, path=path)
    if origin in (typing.Union, types.UnionType):
        kinds = [argument for argument in arguments if argument is not types.NoneType]
        is_list = isinstance(value, list)
        inner = next((kind for kind in kinds if (typing.get_origin(kind) is tuple) == is_list), kinds[0])
        return _value(inner, value, source=source, path=path)
    if origin is tuple and isinstance(value, list):
        return tuple(_value(arguments[0], one, source=source, path=(*path, at)) for at, one in enumerate(value))
    if origin is dict and isinstance(value, dict):
        return {name: _value(arguments[1], one, source=source, path=(*path, name)) for name, one in value.items()}
    if origin is typing.Literal:
        if value in arguments:
            return value
        choices = ", ".join(str(choice) for choice in arguments)
        raise BadConfiguration(f"{source.at(path)}: {key} cannot be {value!r}", hint=f"Use one of: {choices}.")
    if hint is float and type(value) in (int, float):
        return float(value)
    if isinstance(hint, type) and type(value) is hint:
        return value
    wanted = {
        str: "a string", int: "a whole number", float: "a number", bool: "true or false", tuple: "a list",
        date: "a day without quotes, such as 2025-03-16",
    }  # fmt: skip
    name = wanted.get(origin or hint, "a table")
    if hint is str and isinstance(value, date):
        name = "a text in quotes"
    raise BadConfiguration(f"{source.at(path)}: {key} must be {name}, not {value!r}")


class Setting(NamedTuple):
    """One key that a file may hold. A table's kind is its own class, and its sentence the docstring of that."""

    name: str
    kind: Any
    sentence: str
    default: Any  # MISSING where the key must be there

    @property
    def is_table(self) -> bool:
        return dataclasses.is_dataclass(self.kind)


def settings(schema: type) -> Iterator[Setting]:
    """What a file of *schema* may hold: its own keys in their order, and then the tables in it."""
    hints = typing.get_type_hints(schema, include_extras=True)
    found = []
    for field in dataclasses.fields(schema):
        kind, sentence = hints[field.name], ""
        if typing.get_origin(kind) is typing.Annotated:
            kind, sentence = kind.__origin__, kind.__metadata__[0]
        elif dataclasses.is_dataclass(kind):
            sentence = inspect.cleandoc(kind.__doc__ or "")
        default = field.default if field.default_factory is MISSING else field.default_factory()
        found.append(Setting(field.name, kind, sentence, default))
    return iter(sorted(found, key=lambda one: one.is_table))


def first_file(schema: type, given: Mapping[str, object], *, table: str = "") -> str:
    """The text of a file of *schema*, with each setting under its sentence.

    What *given* has by its dotted name stands there so, None with its default; every other setting is a comment.
    """
    parts = []
    for one in settings(schema):
        name = f"{table}.{one.name}" if table else one.name
        said = textwrap.fill(one.sentence, 110, initial_indent="# ", subsequent_indent="# ")
        if one.is_table:
            parts.append(f"{said}\n[{name}]\n{first_file(one.kind, given, table=name)}")
        else:
            value = one.default if given.get(name) is None else given[name]
            mark = "" if name in given else "# "
            parts.append(f"{said}\n{mark}{one.name} = {'' if value is None else to_toml(value)}".rstrip() + "\n")
    return "\n".join(parts)


def to_toml(value: object) -> str:
    """*value* as TOML writes it, on one line."""
    if isinstance(value, dict):
        inner = ", ".join(f"{key} = {to_toml(one)}" for key, one in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")  # JSON but for DEL
