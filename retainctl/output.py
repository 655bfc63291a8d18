"""Rows to a table, JSON, CSV and so on. No command formats for itself, and nothing else prints.

Columns come from the row type, so that an empty result still has its headers, and JSON keys equal CSV headers.
"""

from __future__ import annotations

import csv
import io
import json
import sys
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from retainctl import drawing, people
from retainctl.config import Shop
from retainctl.errors import WrongUsage, did_you_mean
from retainctl.files import write_text
from retainctl.list_page import list_page
from retainctl.rows import Row
from retainctl.spreadsheets import guard_formula

OutputFormat = Literal["table", "json", "jsonl", "csv", "tsv", "markdown", "html"]
FORMATS: tuple[OutputFormat, ...] = get_args(OutputFormat)
VERSION = 1  # of the JSON promise


def render(
    rows: Sequence[Row],
    *,
    row_type: type[Row],
    form: OutputFormat | None,
    notes: Sequence[str] = (),
    terminal: bool = False,
    more: bool = False,
    chosen: Sequence[str] = (),
    color: bool = False,
    shop: Shop | None = None,
    asked: str = "",
) -> str:
    """*rows* as text in *form*, ending in a newline unless it is empty. None is a table on a terminal, else TSV.

    *notes* say what the figures mean: under a table for people, and as ``definitions`` in JSON, which also says where
    there are *more* rows than these. *chosen* names the columns, in their order; none means all. A page is in the
    language of *shop*, and says what was *asked*.
    """
    form = form or ("table" if terminal else "tsv")
    every = _columns(rows, row_type)
    columns = _chosen(every, chosen)
    if form == "json":
        body = {"kind": row_type.kind, "version": VERSION, "rows": [_in_json(row, columns) for row in rows]}
        if notes:
            body["definitions"] = list(notes)
        if more:
            body["more"] = True
        return json.dumps(body, ensure_ascii=False, indent=2) + "\n"
    if form == "jsonl":
        return "".join(json.dumps(_in_json(row, columns), ensure_ascii=False) + "\n" for row in rows)
    if form in ("csv", "tsv"):
        return _separated(rows, columns, form=form)
    shown = _as_read(rows, columns, every=every, spare=row_type.spare)
    if form == "table":
        return drawing.table(shown, color=color) + _below(notes, wide=terminal, color=color)
    if form == "markdown":
        return _markdown(shown.names, shown.cells, notes)
    numeric = {place for place, name in enumerate(shown.names) if name in shown.numeric}
    return list_page(row_type, shown.names, shown.cells, notes, numeric=numeric, shop=shop, asked=asked, more=more)


def _as_read(
    rows: Sequence[Row], columns: Sequence[TableColumn], *, every: Sequence[TableColumn], spare: Sequence[str]
) -> drawing.Grid:
    """What people read in the *columns* of the *rows*, which have *every* column.

    Amounts have their sign, and the currency stands beside them only if it was chosen.
    """
    records = [people.as_read(_record(row, every)) for row in rows]
    names = [people.heading(name) for name, _, _ in columns]
    if "currency" in names and len(columns) < len(every):
        records = [record | {"currency": vars(row)["currency"]} for row, record in zip(rows, records, strict=True)]
    elif records and "currency" in names and all(record["currency"] is None for record in records):
        names.remove("currency")
    numeric = {people.heading(name) for name, _, is_number in columns if is_number}
    return drawing.Grid(names, [[cell(record[name]) for name in names] for record in records], numeric, spare)


def _below(notes: Sequence[str], *, wide: bool, color: bool) -> str:
    """The *notes* under a table; on a terminal, which is *wide* at most, in lines that break at words."""
    said = [drawing.wrapped(cell(note), columns=drawing.width()) if wide else cell(note) for note in notes]
    return "".join(f"\n{drawing.dim(note, color=color)}" for note in said) + "\n" * bool(notes)


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


def _chosen(columns: list[TableColumn], names: Sequence[str]) -> list[TableColumn]:
    """Those of *columns* that *names* say, in their order; money may be called as a table calls it."""
    known = {people.heading(column[0]): column for column in columns}
    known |= {column[0]: column for column in columns}
    for name in names:
        if name not in known:
            all_names = [column[0] for column in columns]
            raise WrongUsage(f"there is no column {name!r}", hint=did_you_mean(name, all_names))
    return [known[name] for name in dict.fromkeys(names)] or columns


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


def _separated(rows: Sequence[Row], columns: Sequence[TableColumn], *, form: OutputFormat) -> str:
    """CSV is what a double click opens in a spreadsheet, so no cell of it may run; TSV is for pipes, and as it is."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, dialect="excel" if form == "csv" else "excel-tab", lineterminator="\n")
    writer.writerow([name for name, _, _ in columns])
    cells = [[cell(value) for value in _record(row, columns).values()] for row in rows]
    if form == "csv":
        cells = [list(map(guard_formula, row)) for row in cells]
    writer.writerows(cells)
    return buffer.getvalue()


def _markdown(names: list[str], cells: list[list[str]], notes: Sequence[str]) -> str:
    from tabulate import tabulate

    escaped = [[text.replace("|", r"\|") for text in row] for row in cells]
    table = tabulate(escaped, headers=names, tablefmt="github", disable_numparse=True) + "\n"
    return table + ("\n" if notes else "") + "".join(f"- {note}\n" for note in notes)


def show(
    rows: Sequence[Row],
    *,
    row_type: type[Row],
    form: OutputFormat | None,
    notes: Sequence[str] = (),
    path: Path | None = None,
    more: bool = False,
    chosen: Sequence[str] = (),
    color: bool = True,
    shop: Shop | None = None,
    asked: str = "",
) -> None:
    """Print *rows*, the result of a command, on stdout; or write them to *path*, whole or not at all.

    Where no format is asked for, a file's ending says it. There is *color* on a terminal only.
    """
    form = form_of(path) if path is not None and form is None else form
    terminal = path is None and sys.stdout.isatty()
    color = terminal and drawing.takes_colour(sys.stdout, wanted=color)
    text = render(
        rows, row_type=row_type, form=form, notes=notes, terminal=terminal, more=more, chosen=chosen, color=color,
        shop=shop, asked=asked,
    )  # fmt: skip
    show_text(text, path=path)


def show_text(text: str, *, path: Path | None = None) -> None:
    """Print *text*, the result of a command, on stdout; or write it to *path*, whole or not at all."""
    if path is None:
        sys.stdout.write(text)
    else:
        write_text(path, text)


def form_of(path: Path) -> OutputFormat:
    """The format that a file's ending names, TSV where it has none; WrongUsage where it names another."""
    endings: dict[str, OutputFormat] = {
        ".json": "json",
        ".jsonl": "jsonl",
        ".csv": "csv",
        ".md": "markdown",
        ".html": "html",
        ".tsv": "tsv",
        ".txt": "tsv",
        "": "tsv",
    }
    ending = path.suffix.lower()
    if ending not in endings:
        raise WrongUsage(
            f"{path}: no format ends in {ending}", hint="Name one with --format, or end in: " + " ".join(endings)
        )
    return endings[ending]


def show_page(text: str, *, color: bool = True) -> None:
    """Print a page that is written in Markdown: on a terminal as it reads, elsewhere as it stands."""
    if sys.stdout.isatty():
        text = drawing.markdown_page(text, color=drawing.takes_colour(sys.stdout, wanted=color))
    sys.stdout.write(text)


def complain(sentence: str, *, hint: str, color: bool) -> None:
    """Print on stderr what went wrong, and below it what to do about it."""
    sentence = f"retainctl: {sentence}"
    if sys.stderr.isatty():
        sentence = drawing.wrapped(sentence, columns=drawing.width())
        if drawing.takes_colour(sys.stderr, wanted=color):
            sentence = sentence.replace("retainctl:", "\x1b[31mretainctl:\x1b[0m", 1)
        hint = drawing.wrapped(hint, columns=drawing.width(), indent="  ").removeprefix("  ")
    print(sentence, file=sys.stderr)
    if hint:
        print(f"  {hint}", file=sys.stderr)


def say(sentence: str, *, form: OutputFormat | None) -> None:
    """Print what needs attention on stderr, whether a person or cron reads it; for a program that reads JSON, so."""
    print(_line(sentence, form=form), file=sys.stderr)


def note(sentence: str, *, form: OutputFormat | None, color: bool = True) -> None:
    """Print a notice on stderr, to a person at a terminal only."""
    if sys.stderr.isatty():
        line = _line(sentence, form=form)
        shaded = not is_json(form) and drawing.takes_colour(sys.stderr, wanted=color)
        print(drawing.dim(line, color=shaded), file=sys.stderr)


def _line(sentence: str, *, form: OutputFormat | None) -> str:
    """A sentence for stderr: one object where JSON is read, else in lines that break at words on a terminal."""
    if is_json(form):
        return json_line("notice", message=cell(sentence))
    return drawing.wrapped(cell(sentence), columns=drawing.width()) if sys.stderr.isatty() else cell(sentence)


def is_json(form: str | None) -> bool:
    return form in ("json", "jsonl")


def json_line(kind: str, **said: Any) -> str:
    """What is said on stderr to a program that reads JSON: one object on one line."""
    return json.dumps({"kind": kind, "version": VERSION} | said, ensure_ascii=False)
