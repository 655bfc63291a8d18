"""The manual pages, written from the help of the program itself: one of the program and one of each command."""

from __future__ import annotations

import re
from collections.abc import Iterator

import click

from retainctl import cli
from retainctl.errors import exit_codes
from retainctl.manual import TOPICS
from retainctl.terminal import global_options
from tests.conftest import ROOT

_GLOBAL = {parameter.name for parameter in global_options()}


def manual_pages() -> dict[str, str]:
    """The text of each page by its path in the project."""
    root = click.Context(cli.root, info_name="retainctl", **cli.root.context_settings)
    pages = {"docs/man/retainctl.1": _page("retainctl", _of_the_program(root))}
    for noun, (_, summary) in cli.COMMANDS.items():
        command = cli.root.get_command(root, noun)
        context = click.Context(command, info_name=noun, parent=root, **command.context_settings)
        pages[f"docs/man/retainctl-{noun}.1"] = _page(f"retainctl-{noun}", _of_a_command(context, summary))
    return pages


def _page(name: str, parts: Iterator[str]) -> str:
    head = '.\\" Written from the help of the program by: make docs'
    return "\n".join([head, f'.TH {name.upper()} 1 "" retainctl "retainctl"', *parts]) + "\n"


def _of_the_program(root: click.Context) -> Iterator[str]:
    yield from (".SH NAME", f"retainctl \\- {_text(_first(cli.root.help))}")
    yield from (".SH SYNOPSIS", r"\fBretainctl\fR [\fIOPTIONS\fR] \fICOMMAND\fR [\fIARGUMENTS\fR]...")
    yield ".SH DESCRIPTION"
    yield _text("It keeps the customers of an online shop in a folder, and is made for cron. Each command has a page.")
    yield ".SH OPTIONS"
    yield from _options(root, all_of_them=True)
    yield ".SH COMMANDS"
    for heading, group in cli.GROUPS.items():
        yield f".SS {_text(heading)}"
        for noun, (_, summary) in group.items():
            yield from _item(rf"\fBretainctl-{_text(noun)}\fR(1)", summary)
    yield ".SH TOPICS"
    yield _text("retainctl help TOPIC shows a page:")
    for topic, (_, summary) in TOPICS.items():
        yield from _item(rf"\fB{_text(topic)}\fR", summary)
    yield ".SH EXIT STATUS"
    for code, words in exit_codes().items():
        yield from _item(rf"\fB{code}\fR", words)
    yield ".SH ENVIRONMENT"
    table = (ROOT / "docs" / "reference" / "environment.md").read_text(encoding="utf-8")
    for names, words in re.findall(r"(?m)^\| (.*?) \| (.*?) \|$", table)[2:]:
        yield from _item(rf"\fB{_text(names)}\fR", words)


def _of_a_command(context: click.Context, summary: str) -> Iterator[str]:
    name = context.command_path.replace(" ", "-")
    yield from (".SH NAME", rf"{_text(name)} \- {_text(summary.rstrip('.'))}")
    yield ".SH SYNOPSIS"
    if not isinstance(context.command, click.Group):
        yield from _synopsis(context)
        yield ".SH DESCRIPTION"
        yield from _described(context.command.help)
        yield ".SH OPTIONS"
        yield from _options(context)
    else:
        verbs = list(_verbs(context))
        for place, verb in enumerate(verbs):
            yield from (".br",) * bool(place)
            yield from _synopsis(verb)
        yield ".SH COMMANDS"
        for verb in verbs:
            yield f".SS {_text(verb.command_path.removeprefix('retainctl '))}"
            yield from _described(verb.command.help)
            yield from _options(verb)
    yield ".SH SEE ALSO"
    yield _text("The options that every command takes, the exit codes and the environment:")
    yield r"\fBretainctl\fR(1)."


def _verbs(context: click.Context) -> Iterator[click.Context]:
    """Every verb of the noun, of groups in it too."""
    group = context.command
    assert isinstance(group, click.Group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        inner = click.Context(command, info_name=name, parent=context, **command.context_settings)
        if isinstance(command, click.Group):
            yield from _verbs(inner)
        else:
            yield inner


def _synopsis(verb: click.Context) -> Iterator[str]:
    pieces = [piece for piece in verb.command.collect_usage_pieces(verb) if piece]
    yield rf"\fB{_text(verb.command_path)}\fR {_text(' '.join(pieces))}"


def _described(help_: str | None) -> Iterator[str]:
    r"""The paragraphs of a help; those that begin with \b stay as they are."""
    for place, paragraph in enumerate((help_ or "").strip().split("\n\n")):
        yield from (".PP",) * bool(place)
        lines = [line.strip() for line in paragraph.splitlines()]
        if lines[0] == "\b":
            yield from (".nf", *map(_text, lines[1:]), ".fi")
        else:
            yield _text(" ".join(lines))


def _options(context: click.Context, *, all_of_them: bool = False) -> Iterator[str]:
    for parameter in context.command.get_params(context):
        if not all_of_them and (parameter.name in _GLOBAL or parameter.name == "help"):
            continue
        record = parameter.get_help_record(context)
        if record and record[1]:
            yield from _item(rf"\fB{_text(record[0])}\fR", record[1])


def _item(term: str, words: str) -> Iterator[str]:
    yield from (".TP", term, _text(" ".join(words.split())))


def _first(help_: str | None) -> str:
    return (help_ or "").strip().split("\n\n")[0].rstrip(".")


def _text(text: str) -> str:
    """*text* as roff shows it: no sign of it is one of roff's, and a hyphen can be copied."""
    text = text.replace("\\", r"\e").replace("-", r"\-").replace("`", "")
    return rf"\&{text}" if text[:1] in (".", "'") else text
