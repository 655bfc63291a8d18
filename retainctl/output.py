"""Rows to a table, JSON, CSV and so on. No command formats for itself, and nothing else prints.

Columns come from the row type, so that an empty result still has its headers, and JSON keys equal CSV headers.
"""

from __future__ import annotations

import csv
import dataclasses
import html
import io
import json
import sys
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Literal, get_args, get_type_hints

from retainctl.files import write_text
from retainctl.rows import Row
from retainctl.spreadsheets import guard_formula

Format = Literal["table", "json", "jsonl", "csv", "tsv", "markdown", "html"]
FORMATS: tuple[Format, ...] = get_args(Format)
VERSION = 1  # of the JSON promise

_first_strong_isolate, _pop_isolate = "\u2068", "\u2069"


def render(rows: Sequence[Row], *, row_type: type[Row], form: Format, terminal: bool = False) -> str:
    """*rows* as text in *form*, ending in a newline unless it is empty. Off a terminal a table is TSV."""
    names = [field.name for field in fields(row_type)]
    if form == "json":
        body = {"kind": row_type.kind, "version": VERSION, "rows": [dataclasses.asdict(row) for row in rows]}
        return json.dumps(body, ensure_ascii=False, indent=2) + "\n"
    if form == "jsonl":
        return "".join(json.dumps(dataclasses.asdict(row), ensure_ascii=False) + "\n" for row in rows)
    cells = [[cell(getattr(row, name)) for name in names] for row in rows]
    if form == "table" and terminal:
        return _table(names, cells, numeric=numeric_columns(row_type))
    if form == "markdown":
        from tabulate import tabulate

        escaped = [[text.replace("|", r"\|") for text in row] for row in cells]
        return tabulate(escaped, headers=names, tablefmt="github", disable_numparse=True) + "\n"
    if form == "html":
        return _html_table(names, cells)
    return _separated(names, cells, numeric=numeric_columns(row_type), form=form)


def numeric_columns(row_type: type[Row]) -> set[int]:
    """Which columns hold numbers: they are set right, and no formula guard touches their minus sign."""
    hints = get_type_hints(row_type)
    names = [field.name for field in fields(row_type)]
    return {place for place, name in enumerate(names) if hints[name] in (int, float, int | None, float | None)}


def cell(value: object) -> str:
    """*value* as one line of clean text: no control or bidi marks that would move a terminal or a neighbour."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6f}".rstrip("0").rstrip(".")
    text = str(value)
    if text.isprintable():
        return text
    return "".join(" " if mark in "\n\r\t" else mark for mark in text if _may_show(mark))


def _may_show(mark: str) -> bool:
    return mark in "\n\r\t" or unicodedata.category(mark) not in ("Cc", "Cf", "Cs")


def _separated(names: list[str], cells: list[list[str]], *, numeric: set[int], form: Format) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer, dialect="excel" if form == "csv" else "excel-tab", lineterminator="\n")
    writer.writerow(names)
    writer.writerows(
        [text if place in numeric else guard_formula(text) for place, text in enumerate(row)] for row in cells
    )
    return buffer.getvalue()


def _html_table(names: list[str], cells: list[list[str]]) -> str:
    head = "".join(f"<th>{html.escape(name)}</th>" for name in names)
    body = "".join(
        "<tr>" + "".join(f'<td dir="auto">{html.escape(text)}</td>' for text in row) + "</tr>\n" for row in cells
    )
    return f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody>\n</table>\n"


def _table(names: list[str], cells: list[list[str]], *, numeric: set[int]) -> str:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for place, name in enumerate(names):
        table.add_column(name, justify="right" if place in numeric else "left", overflow="fold")
    for row in cells:
        # Each cell is isolated, so that a Hebrew name does not turn its neighbours round.
        table.add_row(*(Text(f"{_first_strong_isolate}{text}{_pop_isolate}" if text else "") for text in row))
    console = Console(file=io.StringIO(), width=_width(), force_terminal=False, highlight=False, markup=False)
    console.print(table)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    return "\n".join(line.rstrip() for line in text.splitlines()).strip("\n") + "\n"


def _width() -> int:
    import shutil

    return shutil.get_terminal_size((100, 24)).columns


def show(rows: Sequence[Row], *, row_type: type[Row], form: Format, path: Path | None = None) -> None:
    """Print *rows*, the result of a command, on stdout; or write them to *path*, whole or not at all.

    Where no format is asked for, a file's ending says it.
    """
    if path is None:
        sys.stdout.write(render(rows, row_type=row_type, form=form, terminal=sys.stdout.isatty()))
    else:
        write_text(path, render(rows, row_type=row_type, form=form_of(path) if form == "table" else form))


def form_of(path: Path) -> Format:
    """The format that a file's ending names, else TSV."""
    endings: dict[str, Format] = {
        ".json": "json", ".jsonl": "jsonl", ".csv": "csv", ".md": "markdown", ".html": "html",
    }  # fmt: skip
    return endings.get(path.suffix.lower(), "tsv")


def say(sentence: str) -> None:
    """Print what needs attention on stderr, whether a person or cron reads it."""
    print(cell(sentence), file=sys.stderr)


def note(sentence: str) -> None:
    """Print a notice on stderr, to a person at a terminal only."""
    if sys.stderr.isatty():
        print(cell(sentence), file=sys.stderr)


Progress = Callable[[int], None]


@contextmanager
def progress(title: str, *, total: int | None = None) -> Iterator[Progress]:
    """A bar on a terminal's stderr and silence elsewhere; call what it yields with each step's size."""
    if not sys.stderr.isatty():
        yield lambda _size: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=total)
        yield lambda size: bar.advance(task, size)
