"""Rows to a table, JSON, CSV and so on. No command formats for itself, and nothing else prints.

Columns come from the row type, so that an empty result still has its headers, and JSON keys equal CSV headers.
"""

from __future__ import annotations

import csv
import html
import io
import json
import re
import shutil
import sys
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from retainctl.files import write_text
from retainctl.result import Progress
from retainctl.rows import Row
from retainctl.spreadsheets import guard_formula

OutputFormat = Literal["table", "json", "jsonl", "csv", "tsv", "markdown", "html"]
FORMATS: tuple[OutputFormat, ...] = get_args(OutputFormat)
VERSION = 1  # of the JSON promise

_NARROWEST_TEXT = 24
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d")
_first_strong_isolate, _pop_isolate = "\u2068", "\u2069"


def render(
    rows: Sequence[Row],
    *,
    row_type: type[Row],
    form: OutputFormat | None,
    notes: Sequence[str] = (),
    terminal: bool = False,
    more: bool = False,
) -> str:
    """*rows* as text in *form*, ending in a newline unless it is empty. None is a table on a terminal, else TSV.

    *notes* say what the figures mean: under a table for people, and as ``definitions`` in JSON, which also says where
    there are *more* rows than these.
    """
    form = form or ("table" if terminal else "tsv")
    columns = _columns(rows, row_type)
    names = [name for name, _, _ in columns]
    if form == "json":
        body = {"kind": row_type.kind, "version": VERSION, "rows": [_in_json(row, columns) for row in rows]}
        if notes:
            body["definitions"] = list(notes)
        if more:
            body["more"] = True
        return json.dumps(body, ensure_ascii=False, indent=2) + "\n"
    if form == "jsonl":
        return "".join(json.dumps(_in_json(row, columns), ensure_ascii=False) + "\n" for row in rows)
    cells = [[cell(value) for value in _record(row, columns).values()] for row in rows]
    numeric = {place for place, (_, _, is_number) in enumerate(columns) if is_number}
    if form == "table":
        return _table(names, cells, numeric=numeric) + "".join(f"\n{cell(note)}" for note in notes) + "\n" * bool(notes)
    if form == "markdown":
        return _markdown(names, cells, notes)
    if form == "html":
        return _html_page(row_type.kind, names, cells, notes, numeric=numeric)
    return _separated(names, cells, numeric=numeric, form=form)


TableColumn = tuple[str, str, bool]  # its name, the field that it comes from, whether it holds numbers


def _columns(rows: Sequence[Row], row_type: type[Row]) -> list[TableColumn]:
    """A column for each field, and for a field of named numbers one for each name: those that its type lists, else in
    the order of their coming.

    What is given by name alone stands last, behind the fields of a row type that says more. A column of numbers is set
    right, and no formula guard touches its minus signs.
    """
    hints = get_type_hints(row_type)
    listed = get_type_hints(row_type, include_extras=True)
    columns: list[TableColumn] = []
    for field in sorted(fields(row_type), key=lambda field: bool(field.kw_only)):
        if get_origin(hints[field.name]) is dict:
            named = get_args(listed[field.name])[1] if get_origin(listed[field.name]) is Annotated else ()
            found = (name for row in rows for name in getattr(row, field.name))
            columns += [(name, field.name, True) for name in named or dict.fromkeys(found)]
        else:
            columns.append((field.name, field.name, hints[field.name] in (int, float, int | None, float | None)))
    return columns


def _record(row: Row, columns: Sequence[TableColumn]) -> dict[str, object]:
    record = {}
    for name, field, _ in columns:
        value = getattr(row, field)
        record[name] = value if name == field else value.get(name)
    return record


def _in_json(row: Row, columns: Sequence[TableColumn]) -> dict[str, object]:
    """*row* as JSON has it: what is not there is null, be it a text or a number."""
    return {name: None if value == "" else value for name, value in _record(row, columns).items()}


def cell(value: object) -> str:
    """*value* as one line of clean text: no control or bidi marks that would move a terminal or a neighbour."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return "; ".join(map(cell, value))
    if isinstance(value, Mapping):
        inner = {name: f"({cell(one)})" if isinstance(one, Mapping) else cell(one) for name, one in value.items()}
        return ", ".join(f"{name} {text}" for name, text in inner.items() if text)
    if isinstance(value, float):
        return f"{value:.6f}".rstrip("0").rstrip(".")
    text = str(value)
    if text.isprintable():
        return text
    return "".join(" " if mark in "\n\r\t" else mark for mark in text if _may_show(mark))


def _may_show(mark: str) -> bool:
    return mark in "\n\r\t" or unicodedata.category(mark) not in ("Cc", "Cf", "Cs")


def _separated(names: list[str], cells: list[list[str]], *, numeric: set[int], form: OutputFormat) -> str:
    """CSV is what a double click opens in a spreadsheet, so no cell of it may run; TSV is for pipes, and as it is."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, dialect="excel" if form == "csv" else "excel-tab", lineterminator="\n")
    writer.writerow(names)
    if form == "csv":
        cells = [[text if place in numeric else guard_formula(text) for place, text in enumerate(row)] for row in cells]
    writer.writerows(cells)
    return buffer.getvalue()


def _markdown(names: list[str], cells: list[list[str]], notes: Sequence[str]) -> str:
    from tabulate import tabulate

    escaped = [[text.replace("|", r"\|") for text in row] for row in cells]
    table = tabulate(escaped, headers=names, tablefmt="github", disable_numparse=True) + "\n"
    return table + ("\n" if notes else "") + "".join(f"- {note}\n" for note in notes)


def _html_page(kind: str, names: list[str], cells: list[list[str]], notes: Sequence[str], *, numeric: set[int]) -> str:
    from retainctl.html_page import framed

    classes = [
        "number" if place in numeric else "text" if any(len(row[place]) > 40 for row in cells) else "word"
        for place in range(len(names))
    ]
    head = "".join(f'<th class="{one}">{html.escape(name)}</th>' for one, name in zip(classes, names, strict=True))
    body = "".join(
        "<tr>"
        + "".join(
            f'<td class="{one}"><bdi>{html.escape(_brief(text))}</bdi></td>'
            for one, text in zip(classes, row, strict=True)
        )
        + "</tr>\n"
        for row in cells
    )
    table = f'<div class="wide">\n<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody>\n</table>\n</div>'
    said = "".join(f"<li>{html.escape(note)}</li>" for note in notes)
    title = kind.replace("_", " ").capitalize()
    return framed(title, f"{table}\n<ul>{said}</ul>" if said else table, language="en", direction="ltr", kind="list")


def _table(names: list[str], cells: list[list[str]], *, numeric: set[int]) -> str:
    """Lines and columns as wide as the terminal; where they cannot be, the rows one under the other.

    A column in which no row has anything is left out.
    """
    if not cells:
        return "(none)\n"
    kept = [place for place in range(len(names)) if any(row[place] for row in cells)]
    names, numeric = [names[place] for place in kept], {new for new, old in enumerate(kept) if old in numeric}
    cells = [[_brief(row[place]) for place in kept] for row in cells]
    width = shutil.get_terminal_size((100, 24)).columns
    # Figures and short words are never broken, long texts may be folded.
    widest = [max(map(len, column)) for column in zip(names, *cells, strict=True)]
    narrowest = [
        wide if place in numeric else min(wide, max(len(names[place]), _NARROWEST_TEXT))
        for place, wide in enumerate(widest)
    ]
    folded = sum(widest) + 3 * (len(widest) - 1) > width
    for padding in () if folded and len(cells) == 1 else (1, 0):  # one row is read more easily as a list
        if sum(narrowest) + (2 * padding + 1) * (len(narrowest) - 1) <= width:
            return _drawn(names, cells, numeric=numeric, narrowest=narrowest, padding=padding, width=width)
    lists = (
        _drawn(
            [],
            [[name, text] for name, text in zip(names, row, strict=True) if text],
            numeric=set(),
            narrowest=[max(map(len, names)), 1],
            padding=1,
            width=width,
        )
        for row in cells
    )
    return "\n".join(lists)


def _brief(text: str) -> str:
    """An instant as a person reads it: by the shop's clock, to the minute."""
    return f"{text[:10]} {text[11:16]}" if _INSTANT.fullmatch(text) else text


def _drawn(
    names: list[str], cells: list[list[str]], *, numeric: set[int], narrowest: list[int], padding: int, width: int
) -> str:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(
        box=box.SIMPLE_HEAD if names else None,
        show_edge=False,
        pad_edge=False,
        show_header=bool(names),
        padding=(0, padding),
    )
    for place, least in enumerate(narrowest):
        justify: Literal["right", "left"] = "right" if place in numeric else "left"
        table.add_column(names[place] if names else "", justify=justify, overflow="fold", min_width=least)
    for row in cells:
        table.add_row(*(Text(_isolated(text)) for text in row))
    console = Console(file=io.StringIO(), width=width, highlight=False, markup=False)
    console.print(table)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    return "\n".join(line.rstrip() for line in text.splitlines()).strip("\n") + "\n"


def _isolated(text: str) -> str:
    """*text*, isolated where it is read from right to left, so that it does not turn its neighbours round."""
    if any(unicodedata.bidirectional(mark) in ("R", "AL") for mark in text):
        return f"{_first_strong_isolate}{text}{_pop_isolate}"
    return text


def show(
    rows: Sequence[Row],
    *,
    row_type: type[Row],
    form: OutputFormat | None,
    notes: Sequence[str] = (),
    path: Path | None = None,
    more: bool = False,
) -> None:
    """Print *rows*, the result of a command, on stdout; or write them to *path*, whole or not at all.

    Where no format is asked for, a file's ending says it.
    """
    form = form_of(path) if path is not None and form is None else form
    show_text(
        render(
            rows, row_type=row_type, form=form, notes=notes, terminal=path is None and sys.stdout.isatty(), more=more
        ),
        path=path,
    )


def show_text(text: str, *, path: Path | None = None) -> None:
    """Print *text*, the result of a command, on stdout; or write it to *path*, whole or not at all."""
    if path is None:
        sys.stdout.write(text)
    else:
        write_text(path, text)


def form_of(path: Path) -> OutputFormat:
    """The format that a file's ending names, else TSV."""
    endings: dict[str, OutputFormat] = {
        ".json": "json",
        ".jsonl": "jsonl",
        ".csv": "csv",
        ".md": "markdown",
        ".html": "html",
    }
    return endings.get(path.suffix.lower(), "tsv")


def say(sentence: str, *, form: OutputFormat | None) -> None:
    """Print what needs attention on stderr, whether a person or cron reads it; for a program that reads JSON, so."""
    print(json_line("notice", message=cell(sentence)) if is_json(form) else cell(sentence), file=sys.stderr)


def note(sentence: str, *, form: OutputFormat | None) -> None:
    """Print a notice on stderr, to a person at a terminal only."""
    if sys.stderr.isatty():
        say(sentence, form=form)


def is_json(form: str | None) -> bool:
    return form in ("json", "jsonl")


def json_line(kind: str, **said: Any) -> str:
    """What is said on stderr to a program that reads JSON: one object on one line."""
    return json.dumps({"kind": kind, "version": VERSION} | said, ensure_ascii=False)


@contextmanager
def progress(title: str, *, total: int | None, quiet: bool, color: bool) -> Iterator[Progress]:
    """A bar on a terminal's stderr and silence elsewhere; call what it yields with each step's size."""
    if quiet or not sys.stderr.isatty():
        yield lambda _size: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    console = Console(stderr=True, no_color=not color or None)
    if console.is_dumb_terminal:  # it cannot take back what was drawn
        yield lambda _size: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bar(*columns, console=console, transient=True) as bar:
        task = bar.add_task(title, total=total)
        yield lambda size: bar.advance(task, size)
