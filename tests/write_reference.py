"""Write docs/reference from the program: commands from their own help, exit codes from errors.py, settings from the
dataclasses that read them. ``make docs`` writes; a test compares."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pkgutil
import re
import textwrap
import typing
from collections.abc import Iterator
from datetime import date
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import click

import retainctl
from retainctl import cli, schema
from retainctl.audience.fields import fields
from retainctl.audience.parser import Parser, parse
from retainctl.club import points_import
from retainctl.club.terms import Terms
from retainctl.config import Settings
from retainctl.definitions import all_kinds
from retainctl.errors import exit_codes
from retainctl.intake.declared import columns_of
from retainctl.jobs.table import Job
from retainctl.rows import Row
from retainctl.shop import consent_import, customer_columns, products_import
from retainctl.shop.orders_import.known import format_named
from retainctl.terminal import global_options
from tests.conftest import ROOT
from tests.manual_pages import manual_pages
from tests.recipes import FILES, as_shown

_GLOBAL = {parameter.name for parameter in global_options()}


def reference() -> dict[str, str]:
    """Each generated document by its path in the project."""
    return {
        "docs/reference/commands.md": _commands(),
        "docs/reference/columns.md": _columns(),
        "docs/reference/segments.md": _segments(),
        "docs/reference/exit-codes.md": _exit_codes(),
        "docs/reference/json.md": _json(),
        "docs/reference/files.md": _files(),
        "docs/reference/settings.md": _settings(),
        "docs/contributing.md": _contributing(),
        **manual_pages(),
    }


def _commands() -> str:
    root = click.Context(cli.root, info_name="retainctl", **cli.root.context_settings)
    parts = [
        "# Commands\n",
        "Written from the program's own help by `make docs`.\n",
        "## retainctl\n",
        f"```text\n{cli.root.get_help(root)}\n```\n",
        "The options above stand before the noun and after the verb alike; below, each verb's own are shown.\n",
    ]
    for words, command, context in _walk(root):
        own = [parameter for parameter in command.params if parameter.name not in _GLOBAL]
        shown = click.Context(command, info_name=words, parent=None, **command.context_settings)
        command.params, whole = own, command.params
        text = command.get_help(shown)
        command.params = whole
        level = "##" if context.parent is root else "###"
        parts.append(f"{level} {words}\n\n```text\n{text}\n```\n")
    return "\n".join(parts)


def _walk(parent: click.Context) -> Iterator[tuple[str, click.Command, click.Context]]:
    group = parent.command
    assert isinstance(group, click.Group)
    for name in group.list_commands(parent):
        command = group.get_command(parent, name)
        assert command is not None
        context = click.Context(command, info_name=name, parent=parent, **command.context_settings)
        yield context.command_path, command, context
        if isinstance(command, click.Group):
            yield from _walk(context)


def _columns() -> str:
    lines = [
        "# Columns", "",
        "Written from the importers by `make docs`. A column is known by any of its names, in capitals or not. An",
        "empty cell changes nothing, and a column that is not here is not read. A second e-mail, phone or address goes",
        "on to the ninth. Dates are ISO 8601. A file may call its columns otherwise, and write its dates and numbers",
        "otherwise: `--mapping FILE` says how. Two columns that answer to one line of a table are an error.",
    ]  # fmt: skip
    tables = {
        "orders": format_named("generic").columns, "customers": customer_columns.COLUMNS,
        "products": products_import.PRODUCTS.columns, "consent": consent_import.COLUMNS,
        "points": columns_of(points_import.FIELDS),
    }  # fmt: skip
    root = click.Context(cli.root)
    importing = {noun for noun in cli.COMMANDS if "import" in getattr(cli.root.get_command(root, noun), "commands", ())}
    assert importing - {"surveys"} == set(tables), "a list that is imported is shown; a survey's columns are its own"
    for noun, columns in tables.items():
        lines += ["", f"## {noun}", "", "| what | names |", "|---|---|"]
        for column in columns:
            if not re.search(r"_[3-9](_|$)", column.role):
                names = ", ".join(f"`{name}`" for name in dict.fromkeys(column.all_names))
                lines.append(f"| {column.role}{' (required)' * column.required} | {names} |")
    return "\n".join(lines) + "\n"


def _segments() -> str:
    grammar = inspect.cleandoc(Parser.__doc__ or "").removeprefix("One method per rule::\n\n")
    rules, _, words = grammar.partition("\n\n")
    example = 'bought category "Coffee" at least 2 times since 90 days ago and not last_order after 30 days ago'
    parse(example, currency="ILS")  # one that is none ends here
    lines = [
        "# The segment language", "",
        "Written from the parser by `make docs`. An expression says who belongs to a segment:", "",
        "```text", example, "```", "",
        "What is not known is never greater, smaller or equal: such a condition does not hold, and its `not` does.", "",
        "| field | kind | what it is |", "|---|---|---|",
        *(f"| `{field.name}` | {field.kind} | {field.meanings[0]} |" for field in fields().values()), "",
        "Money is in major units of the shop's currency. A contact is asked of any of a customer's.", "",
        "## The grammar", "", "```text", textwrap.dedent(rules), "```", "", words.replace("``", "`"),
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _exit_codes() -> str:
    lines = [
        "# Exit codes",
        "",
        "Written from errors.py by `make docs`. New codes may be added: an unknown one is a failure.",
        "",
    ]
    lines += ["| code | what it says |", "|---|---|"]
    lines += [f"| {code} | {text} |" for code, text in exit_codes().items()]
    return "\n".join(lines) + "\n"


def _json() -> str:
    lines = [
        "# JSON", "",
        "Written from the program's own rows by `make docs`. `--format json` prints one document, `jsonl` one row a",
        "line; a CSV or TSV has the same columns. A promise: `kind`, `version` and `rows` stay, a key keeps its name",
        "and its meaning, and new keys may be added.", "",
        "```json", '{"kind": "segment_count", "version": 1, "rows": [{"segment": "loyal", "members": 120}]}', "```", "",
        "- What is not there is `null`, be it a text or a number; no row leaves a key out.",
        "- A time is ISO 8601 with its offset, a day `2025-03-01`. Money is whole minor units (`..._minor`) beside its",
        "  `currency`. A rate is a fraction of one.",
        "- `more` is true where a list goes on behind its `--limit`; `definitions` say what a report's figures mean.",
        "- On stderr each line is an object too: `notice` with its `message`, and `error` with `message`, `hint`,",
        "  `exit_code` and, with `--debug`, `traceback`.",
        "- `customers export`, `orders export` and `consent export` have a row for each line of their CSV, with its",
        "  columns as keys and its cells as texts: `customer_export`, `order_export`, `consent_export`.",
    ]  # fmt: skip
    for kind, row_types in sorted(row_kinds().items()):
        lines += ["", f"## {kind}"]
        for row_type in sorted(row_types, key=lambda one: len(dataclasses.fields(one))):
            keys = ((name, words) for field in dataclasses.fields(row_type) for name, words in _keys(row_type, field))
            lines += ["", inspect.cleandoc(row_type.__doc__ or "").replace("``", "`").replace("*", "`"), ""]
            if dataclasses.fields(row_type):
                lines += ["| key | what it is |", "|---|---|", *(f"| {name} | {words} |" for name, words in keys)]
    return "\n".join(lines) + "\n"


def row_kinds() -> dict[str, list[type[Row]]]:
    """Every row type of the program by its kind; an import of orders says more than another, and has a type of its
    own."""
    modules = {module.name for module in pkgutil.walk_packages(retainctl.__path__, "retainctl.")}
    for module in modules - {"retainctl.__main__"}:
        importlib.import_module(module)
    kinds: dict[str, list[type[Row]]] = {}
    waiting: list[type[Row]] = [Row]
    while waiting:
        found = waiting.pop().__subclasses__()
        waiting += found
        for row_type in found:
            if row_type.__module__ in modules:
                kinds.setdefault(row_type.kind, []).append(row_type)
    return kinds


def _keys(row_type: type[Row], field: dataclasses.Field[Any]) -> Iterator[tuple[str, str]]:
    """The keys that a field has, and what each is in words."""
    hint = typing.get_type_hints(row_type, include_extras=True)[field.name]
    listed = get_args(hint)[1] if get_origin(hint) is Annotated and get_origin(get_args(hint)[0]) is dict else ()
    if get_origin(hint) is dict:
        yield f"a key for each of its {field.name}", "whole number or null"
    elif listed:
        yield from ((f"`{name}`", "whole number") for name in listed)
    else:
        yield f"`{field.name}`", _value(hint)


def _value(hint: Any) -> str:
    """What stands behind a key, in words; a text may always be missing."""
    inner = [one for one in get_args(hint) if one is not type(None)]
    if type(None) in get_args(hint):
        return _value(inner[0]).removesuffix(" or null") + " or null"
    if get_origin(hint) is Literal:
        return " or ".join(f"`{one}`" if one else "null" for one in inner)
    if get_origin(hint) in (Union, UnionType):
        return " or ".join(dict.fromkeys(word for part in inner for word in _value(part).split(" or ")))
    if get_origin(hint) is Annotated:
        named = {"instant": "time or null", "day": "day or null", "thousandths": "number", "word": "text or null"}
        return named[inner[1]]
    if get_origin(hint) is tuple:
        return f"list of {_value(inner[0]).removesuffix(' or null')}s"
    names = {str: "text or null", int: "whole number", float: "number", bool: "true or false", object: "value"}
    return names.get(hint, "object")


def _settings() -> str:
    lines = [
        "# Settings", "",
        "Written by `make docs` from the classes that read the files. A setting without a default must be there.",
    ]  # fmt: skip
    for heading, one in (
        ("retainctl.toml", Settings), ("club.toml: each [[terms]]", Terms), ("jobs.toml: each [jobs.NAME]", Job),
    ):  # fmt: skip
        lines += ["", f"## {heading}", "", *_table(one, "")]
    return "\n".join(lines) + "\n"


def _files() -> str:
    lines = [
        "# Definition files", "",
        "Generated from their declarations by `make docs`. When a definition runs, its text is kept as a new version,",
        "unless its meaning ran before: comments, blank lines and the order of settings do not count.",
        "`diff NAME` shows what changed since.", "",
        "| kind | file | a new one |", "|---|---|---|",
        *(f"| {kind.noun} | `{kind.folder}/NAME{kind.ending}` | `retainctl {kind.make.format('NAME')}` |"
          for kind in all_kinds()),
    ]  # fmt: skip
    for kind in all_kinds():
        lines += _fields(kind.settings, f"{kind.folder}/NAME{kind.ending}")
    return "\n".join(lines) + "\n"


def _fields(one: type, heading: str) -> Iterator[str]:
    if heading:
        yield from ("", f"## {heading}", "", inspect.cleandoc(one.__doc__ or "").replace("``", "`"), "")
    yield from ("| setting | kind | default |", "|---|---|---|")
    hints, inner = typing.get_type_hints(one), []
    for field in dataclasses.fields(one):
        hint = hints[field.name]
        if found := [
            each for each in (hint, *get_args(hint)) if isinstance(each, type) and dataclasses.is_dataclass(each)
        ]:
            inner.append((f"[[{field.name}]]" if get_origin(hint) is tuple else f"[{field.name}]", found[0]))
            continue
        made = field.default if field.default_factory is dataclasses.MISSING else field.default_factory()
        default = "" if made in (None, dataclasses.MISSING) else f"`{schema.to_toml(made)}`"
        yield f"| `{field.name}` | {_kind(hint)} | {default} |"
    for name, each in inner:
        yield from _fields(each, name)


def _table(one: type, name: str) -> Iterator[str]:
    yield from ("| setting | what it is | kind | default |", "|---|---|---|---|")
    for setting in schema.settings(one):
        if setting.is_table:
            yield from ("", f"### [{setting.name}]", "", setting.sentence, "", *_table(setting.kind, setting.name))
            continue
        default = "" if setting.default in (None, dataclasses.MISSING) else f"`{schema.to_toml(setting.default)}`"
        yield f"| `{setting.name}` | {setting.sentence} | {_kind(setting.kind)} | {default} |"


def _kind(kind: Any) -> str:
    """What may be written there, in words."""
    inner = [one for one in get_args(kind) if one not in (..., type(None))]
    if get_origin(kind) is Literal:
        return ", ".join(inner)
    if get_origin(kind) is tuple:
        return f"list of {_kind(inner[0])}"
    if get_origin(kind) is dict:
        return f"{_kind(inner[1])} by name"
    if inner:
        return _kind(inner[0])
    return {str: "text", int: "whole number", bool: "true or false", date: "day"}[kind]


def _contributing() -> str:
    """The document, with the code of each recipe as the tests run it."""

    def code(found: re.Match[str]) -> str:
        return found[1] + as_shown(FILES[found[2]]) + "```" if found[2] in FILES else found[0]

    text = (ROOT / "docs" / "contributing.md").read_text(encoding="utf-8")
    return re.sub(r"(?m)(^`([^`\n]+)`:\n\n```\w+\n)(?:.*\n)*?```$", code, text)


if __name__ == "__main__":
    for path, text in reference().items():
        target = ROOT / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
