"""What is drawn for people: tables as wide as the terminal, sentences that break at words, pages, bars.

A command that may be copied out of a text is never broken: it stays one line, however wide the terminal is.
"""

from __future__ import annotations

import io
import re
import shutil
import sys
import textwrap
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Literal, TextIO

from retainctl.result import Progress
from retainctl.wording import named

_NARROWEST_TEXT: Final = 24
_GOOD: Final = frozenset({"ok", "sent", "imported", "active", "done"})
_BAD: Final = frozenset({"failed", "overdue", "interrupted", "refused", "faulty"})
_COLOURS: Final = {"dim": 2, "red": 31, "green": 32}
_SAID_OF: Final = frozenset({"state", "outcome", "status", "met"})  # the columns that hold such words
_KEPT_SPACE: Final = "\ue000"  # stands for a space at which no line may break; no text may hold it
# From the program's name to the end of the sentence, the bracket or the quotation that it stands in.
_COMMAND: Final = re.compile(r"""\bretainctl(?: (?:'[^']*'|"[^"]*"|[^\s"'.;:,)]+(?:[.:,;][^\s"'.;:,)]+)*))+""")


def width() -> int:
    """How many characters stand beside each other on the terminal."""
    return shutil.get_terminal_size((100, 24)).columns


def takes_colour(stream: TextIO, *, wanted: bool) -> bool:
    """Whether *stream* is a terminal that shows colours, and nobody said that it shall not."""
    if not wanted or not stream.isatty():
        return False
    from rich.console import Console

    console = Console(file=stream)
    return not (console.no_color or console.is_dumb_terminal)


def wrapped(text: str, *, columns: int, indent: str = "") -> str:
    """*text* in lines of so many *columns*, broken between words and nowhere in a command."""
    return "\n".join(
        textwrap.fill(
            _kept(line.replace(_KEPT_SPACE, "")),
            width=max(columns, 8),
            initial_indent=indent,
            subsequent_indent=indent,
            break_long_words=False,
            break_on_hyphens=False,
        ).replace(_KEPT_SPACE, " ")
        for line in text.splitlines()
    )


@dataclass(slots=True)
class Grid:
    """The columns of a table: their names, the texts below them, which hold numbers, and which matter less."""

    names: list[str]
    cells: list[list[str]]
    numeric: set[str]
    spare: Sequence[str] = ()

    def column(self, name: str) -> list[str]:
        place = self.names.index(name)
        return [row[place] for row in self.cells]

    def without(self, name: str) -> Grid:
        place = self.names.index(name)
        cells = [[*row[:place], *row[place + 1 :]] for row in self.cells]
        return Grid([one for one in self.names if one != name], cells, self.numeric, self.spare)

    def narrowest(self) -> list[int]:
        """How wide each column is at least: figures and words are never broken, long texts may be folded."""
        least = []
        for name, column in zip(self.names, zip(*self.cells, strict=True), strict=True):
            widest = max(len(name), *map(len, column))
            longest = max((len(word) for text in column for word in _words(text)), default=0)
            may_fold = name not in self.numeric
            least.append(min(widest, max(len(name), longest, _NARROWEST_TEXT)) if may_fold else widest)
        return least

    def fits(self, columns: int, *, padding: int) -> bool:
        return sum(self.narrowest()) + (2 * padding + 1) * (len(self.names) - 1) <= columns

    def alike(self) -> list[str]:
        """The columns that say the same in every row, the last first."""
        return [name for name in reversed(self.names) if len(set(self.column(name))) == 1]


def table(whole: Grid, *, color: bool = False) -> str:
    """Lines and columns as wide as the terminal. A column in which no row has anything is left out.

    Where the rest is too wide, one row becomes a list; of several those columns go that matter less, or say the same in
    every row, then the last ones, and a line below says which. Rows with commands are lists before that.
    """
    if not whole.cells:
        return "(none)\n"
    for name in whole.names:
        if not any(whole.column(name)):
            whole = whole.without(name)
    columns = width()
    if len(whole.cells) == 1:
        natural = sum(max(len(name), len(text)) for name, text in zip(whole.names, whole.cells[0], strict=True))
        if natural + 3 * (len(whole.names) - 1) > columns:
            return _list(whole, columns=columns, color=color)
    has_command = any(_COMMAND.search(text) for row in whole.cells for text in row)
    kept, padding, left_out = _narrowed(whole, columns)
    lost = set(left_out) - set(whole.spare) - set(whole.alike())
    if (has_command and lost) or not kept.fits(columns, padding=padding):
        return "\n".join(_list(Grid(whole.names, [row], set()), columns=columns, color=color) for row in whole.cells)
    drawn = _drawn(kept, padding=padding, columns=columns, color=color)
    return drawn + (_note_of(whole, left_out, columns=columns, color=color) if left_out else "")


def _narrowed(whole: Grid, columns: int) -> tuple[Grid, int, list[str]]:
    """What of *whole* fits, the padding with which it does, and the names that are left out, in their order."""
    kept = whole
    may_go = [*(name for name in whole.spare if name in whole.names), *(whole.alike() if len(whole.cells) > 1 else ())]
    for name in dict.fromkeys(may_go):
        if kept.fits(columns, padding=1):
            break
        if len(kept.names) > 1:
            kept = kept.without(name)
    padding = int(kept.fits(columns, padding=1))
    while len(kept.names) > 1 and not kept.fits(columns, padding=padding):
        kept = kept.without(kept.names[-1])
    return kept, padding, [name for name in whole.names if name not in kept.names]


def _note_of(whole: Grid, left_out: list[str], *, columns: int, color: bool) -> str:
    alike = [name for name in left_out if len(whole.cells) > 1 and name in whole.alike()]
    others = [name for name in left_out if name not in alike]
    same = ", ".join(f"{name} {whole.column(name)[0]}" for name in alike)
    said = [f"in every row: {same}"] * bool(alike) + [f"not shown: {', '.join(others)}"] * bool(others)
    return "\n" + dim(wrapped("; ".join([*said, "--columns chooses"]), columns=columns), color=color) + "\n"


def dim(text: str, *, color: bool) -> str:
    """*text* less bright, where there is colour."""
    return "\n".join(_coloured(line, "dim", color=color) for line in text.splitlines())


def _list(whole: Grid, *, columns: int, color: bool) -> str:
    """One row as lines of a name and its text."""
    indent = max(map(len, whole.names)) + 2
    lines = []
    for name, text in zip(whole.names, whole.cells[0], strict=True):
        for place, line in enumerate(_folded(text, columns - indent) if text else ()):
            lines.append(
                f"{'' if place else name:<{indent}}{_coloured(_isolated(line), _style(name, text), color=color)}"
            )
    return "\n".join(lines) + "\n"


def _folded(text: str, columns: int) -> list[str]:
    """*text* in lines of so many *columns*: broken between words, within one that is wider, and in no command."""
    columns = max(columns, 8)
    return [
        piece
        for line in wrapped(text, columns=columns).splitlines()
        for piece in ([line] if _COMMAND.search(line) else textwrap.wrap(line, columns, break_on_hyphens=False))
    ]


def _coloured(text: str, style: str, *, color: bool) -> str:
    return f"\x1b[{_COLOURS[style]}m{text}\x1b[0m" if color and style else text


def _drawn(shown: Grid, *, padding: int, columns: int, color: bool) -> str:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, padding), header_style="bold")
    for name, narrowest in zip(shown.names, shown.narrowest(), strict=True):
        justify: Literal["right", "left"] = "right" if name in shown.numeric else "left"
        grid.add_column(name, justify=justify, overflow="fold", min_width=narrowest)
    for row in shown.cells:
        grid.add_row(
            *(Text(_kept(_isolated(text)), _style(name, text)) for name, text in zip(shown.names, row, strict=True))
        )
    text = _printed(columns, color, grid).replace(_KEPT_SPACE, " ")
    return "\n".join(line.rstrip() for line in text.splitlines()).strip("\n") + "\n"


def _printed(columns: int, color: bool, *shown: object) -> str:
    from rich.console import Console

    console = Console(
        file=io.StringIO(), width=columns, highlight=False, markup=False, emoji=False, legacy_windows=False,
        force_terminal=color, no_color=not color, color_system="standard" if color else None,
    )  # fmt: skip
    console.print(*shown, crop=False)
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def _style(name: str, text: str) -> str:
    if name not in _SAID_OF:
        return ""
    return "green" if text in _GOOD else "red" if text in _BAD else ""


def _kept(text: str) -> str:
    return _COMMAND.sub(lambda found: found[0].replace(" ", _KEPT_SPACE), text)


def _words(text: str) -> list[str]:
    """What of *text* may not be broken: commands, and words; one that is wider than any column may."""
    return [word for word in _kept(text).split() if _KEPT_SPACE in word or len(word) <= 2 * _NARROWEST_TEXT]


def _isolated(text: str) -> str:
    """*text*, isolated where it is read from right to left, so that it does not turn its neighbours round."""
    if any(unicodedata.bidirectional(mark) in ("R", "AL") for mark in text):
        return named(text)
    return text


def markdown_page(text: str, *, color: bool) -> str:
    """A page that is written in Markdown, as it reads on a terminal; what is in its fences stays as it is.

    A link to another page is its words.
    """
    from rich.markdown import Markdown

    drawn, text = [], re.sub(r"\[([^\]]+)\]\((?!https?:)[^)\s]+\)", r"\1", text)
    for place, part in enumerate(re.split(r"(?m)^```\w*\n((?:.*\n)*?)^```$", text)):
        if place % 2:
            drawn.append(textwrap.indent(part, "    "))
        else:
            lines = _printed(min(width(), 100), color, Markdown(part, hyperlinks=False)).splitlines()
            drawn.append("\n".join(line.rstrip() for line in lines).strip("\n") + "\n")
    return "\n".join(drawn)


@contextmanager
def progress(title: str, *, total: Callable[[], int | None], quiet: bool, color: bool) -> Iterator[Progress]:
    """A bar on a terminal's stderr and silence elsewhere; call what it yields with each step's size.

    Where *total* knows its end it says how much is done, how fast, and how long the rest takes.
    """
    if quiet or not sys.stderr.isatty():
        yield lambda _size: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as Bar

    console = Console(stderr=True, no_color=not color or None)
    if console.is_dumb_terminal:  # it cannot take back what was drawn
        yield lambda _size: None
        return
    end, name = total(), TextColumn("{task.description}", markup=False)
    rate = TextColumn("{task.fields[rate]}")
    known = (TaskProgressColumn(), rate, TimeRemainingColumn()) if end else (rate, TimeElapsedColumn())
    with Bar(name, BarColumn(), MofNCompleteColumn(), *known, console=console, transient=True) as bar:
        task = bar.add_task(title, total=end, rate="")

        def advance(size: int) -> None:
            bar.advance(task, size)
            speed = bar.tasks[0].speed
            bar.update(task, rate=f"{speed:,.0f}/s" if speed else "")

        yield advance
