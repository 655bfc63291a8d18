"""Rows look as they should in every format, and nothing that a customer wrote moves a terminal or runs in a sheet."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path
from typing import ClassVar

import pytest

from retainctl.drawing import markdown_page, wrapped
from retainctl.errors import WrongUsage
from retainctl.manual import page
from retainctl.output import OutputFormat, form_of, render, show
from retainctl.rows import Row
from retainctl.shop.orders_import.orders import OrdersImported


class Person(Row):
    kind: ClassVar[str] = "person"
    name: str
    points: int
    rate: float | None = None


class Counted(Row):
    kind: ClassVar[str] = "counted"
    name: str
    numbers: dict[str, int]


DANA = Person("דנה, לוי", -3, 0.25)


def shown(*rows: Person, form: OutputFormat | None = None, terminal: bool = False) -> str:
    return render(rows, row_type=Person, form=form, terminal=terminal)


def test_json_is_one_versioned_object_and_jsonl_the_rows_alone() -> None:
    assert json.loads(shown(DANA, form="json")) == {
        "kind": "person", "version": 1, "rows": [{"name": "דנה, לוי", "points": -3, "rate": 0.25}],
    }  # fmt: skip
    assert shown(DANA, form="jsonl") == '{"name": "דנה, לוי", "points": -3, "rate": 0.25}\n'


@pytest.mark.parametrize(
    ("name", "form", "begins"),
    [
        ("x.csv", None, "name,points"), ("x.json", None, "{"), ("x.jsonl", None, '{"name"'), ("x.txt", None, "name\t"),
        ("x.csv", "json", "{"), ("x.json", "tsv", "name\t"),
    ],
)  # fmt: skip
def test_a_file_has_the_format_that_was_asked_for_or_that_its_name_says(
    tmp_path: Path, name: str, form: OutputFormat | None, begins: str
) -> None:
    show([DANA], row_type=Person, form=form, path=tmp_path / name)
    assert (tmp_path / name).read_text(encoding="utf-8").startswith(begins)


def test_an_empty_result_still_has_its_headers() -> None:
    assert shown(form="csv") == "name,points,rate\n"
    assert shown() == "name\tpoints\trate\n"
    assert json.loads(shown(form="json"))["rows"] == []
    assert shown(terminal=True) == "(none)\n"


def test_what_is_given_by_name_alone_stands_last() -> None:
    assert render([], row_type=OrdersImported, form="tsv").split("\t")[-2:] == ["returns", "notes\n"]


def test_a_named_number_that_a_row_does_not_have_is_missing_and_not_nought() -> None:
    rows = [Counted("a", {"x": 1}), Counted("b", {"y": 0, "x": 2})]
    assert render(rows, row_type=Counted, form="csv") == "name,x,y\na,1,\nb,2,0\n"
    assert json.loads(render(rows, row_type=Counted, form="json"))["rows"][0] == {"name": "a", "x": 1, "y": None}


def test_a_piped_table_is_tsv_as_it_is() -> None:
    assert shown(Person("+972502345678", 1)) == "name\tpoints\trate\n+972502345678\t1\t\n"


@pytest.mark.parametrize("name", ["=HYPERLINK(1)", "@SUM", "-2+3", "\t=1", "＝1"])
def test_no_cell_of_csv_runs_and_numbers_stay_numbers(name: str) -> None:
    (_, row) = csv.reader(io.StringIO(shown(Person(name, -5), form="csv")))
    assert row[0].startswith(("'", " "))
    assert row[1] == "-5"


@pytest.mark.parametrize("form", [None, "table", "csv", "tsv", "markdown", "html"])
@pytest.mark.parametrize("terminal", [True, False])
def test_a_name_moves_no_terminal(form: OutputFormat | None, terminal: bool) -> None:
    text = shown(Person("a\x1b]0;pwn\x07b\u202ec\nd", 1), form=form, terminal=terminal)
    assert "\x1b" not in text
    assert "\x07" not in text
    assert "\u202e" not in text
    assert "a]0;pwnbc d" in text


def test_a_table_isolates_each_cell_and_keeps_markup_as_it_is() -> None:
    text = shown(Person("[red]דנה[/red]", 7, 0.5), Person("Tom", 12), terminal=True)
    lines = text.translate(str.maketrans("", "", "\u2068\u2069")).splitlines()
    assert [line.split() for line in lines if "─" not in line] == [
        ["name", "points", "rate"], ["[red]דנה[/red]", "7", "0.5"], ["Tom", "12"],
    ]  # fmt: skip
    assert "\u2068[red]דנה[/red]\u2069" in text


def test_one_row_that_is_too_wide_is_a_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    text = shown(DANA, terminal=True).translate(str.maketrans("", "", "\u2068\u2069"))
    assert [line.split(maxsplit=1) for line in text.splitlines()] == [
        ["name", "דנה, לוי"], ["points", "-3"], ["rate", "0.25"],
    ]  # fmt: skip


def test_rows_that_are_too_wide_are_lists_and_no_figure_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    text = shown(Person("a" * 12, 1_234_567), Person("b" * 30, -3, 0.25), form="table")
    assert text.splitlines() == [
        "name    aaaaaaaaaaaa", "points  1234567", "",
        "name    bbbbbbbbbbbb", "        bbbbbbbbbbbb", "        bbbbbb", "points  -3", "rate    0.25",
    ]  # fmt: skip


def test_a_table_leaves_out_what_is_empty_and_stands_closer_before_it_gives_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "11")
    assert shown(Person("Tom", 12), Person("Ann", 7), form="table").splitlines() == [
        "name points", "───────────", "Tom      12", "Ann       7",
    ]  # fmt: skip


def test_an_instant_in_a_table_is_short_and_elsewhere_exact() -> None:
    one = Person("2025-03-02T10:00:00+02:00", 1)
    assert "2025-03-02 10:00 " in shown(one, form="table")
    assert "2025-03-02T10:00:00+02:00" in shown(one, form="tsv")


def test_a_table_that_is_asked_for_is_one_in_a_pipe_too() -> None:
    assert shown(DANA, form="table", terminal=False) == shown(DANA, terminal=True)


def test_markdown_and_html_escape_what_they_must() -> None:
    assert r"a\|b" in shown(Person("a|b", 1), form="markdown")
    assert "&lt;script&gt;" in shown(Person("<script>", 1), form="html")


def test_html_is_a_page_of_its_own() -> None:
    text = shown(Person("דנה", -3, 0.25), form="html")
    assert text.startswith('<!doctype html>\n<html lang="en" dir="ltr">')
    assert "default-src 'none'" in text
    assert "<title>Persons</title>" in text
    assert '<td class="word"><bdi>דנה</bdi></td><td class="number"><bdi dir=ltr>-3</bdi></td>' in text


def test_the_ending_of_a_file_names_its_format() -> None:
    named = {"report.csv": "csv", "REPORT.CSV": "csv", "report.html": "html", "a.md": "markdown", "report": "tsv"}
    assert {name: form_of(Path(name)) for name in named} == named


class Sale(Row, kind="sale", spare="till"):
    """A row of money, whose column ``till`` a narrow terminal does without first."""

    shop: str
    till: str
    sold: str
    state: str
    gross_minor: int
    repeat_rate: float | None
    currency: str


SALES = [
    Sale("north", "one", "2025-03-02T10:00:00+02:00", "failed", 38_183_200, 0.663283, "ILS"),
    Sale("south", "two", "2025-03-03T10:00:00+02:00", "failed", -500, None, "ILS"),
]


def sales(form: OutputFormat, *, rows: list[Sale] = SALES, columns: str = "", color: bool = False) -> str:
    return render(rows, row_type=Sale, form=form, chosen=columns.split(), color=color)


@pytest.mark.parametrize("form", ["table", "markdown", "html"])
def test_people_read_amounts_with_their_sign_and_rates_in_per_cent(form: OutputFormat) -> None:
    text = sales(form)
    for told in ("₪381,832.00", "-₪5.00", "66.3%", "2025-03-02 10:00", "gross"):
        assert told in text.replace("Gross", "gross"), told
    assert "gross_minor" not in text
    assert "currency" not in text


def test_scripts_read_minor_units_and_fractions() -> None:
    row = json.loads(sales("jsonl").splitlines()[0])
    assert (row["gross_minor"], row["repeat_rate"], row["currency"]) == (38_183_200, 0.663283, "ILS")
    assert "38183200" in sales("csv").splitlines()[1].split(",")
    assert "38183200" in sales("tsv").splitlines()[1].split("\t")


def test_an_amount_of_no_known_currency_says_its_unit() -> None:
    assert "700 minor units" in sales("table", rows=[Sale("a", "", "", "", 700, None, "")])


@pytest.mark.parametrize("form", ["table", "json", "jsonl", "csv", "tsv", "markdown", "html"])
def test_columns_are_chosen_in_every_format_and_money_by_either_name(form: OutputFormat) -> None:
    text = sales(form, columns="state gross").replace("State", "state").replace("Gross", "gross")
    assert sales(form, columns="state gross") == sales(form, columns="state gross_minor")
    assert text.index("state") < text.index("gross")
    assert "north" not in text
    assert ("₪381,832.00" in text) == (form in ("table", "markdown", "html"))
    assert "ILS" in sales(form, columns="currency gross")


def test_a_column_that_is_not_there_is_refused() -> None:
    with pytest.raises(WrongUsage, match="there is no column 'stat'") as refused:
        sales("csv", columns="stat")
    assert refused.value.hint == "Did you mean state?"


def test_a_narrow_table_leaves_out_what_matters_less_and_what_says_the_same_and_tells_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "50")
    lines = sales("table").splitlines()
    assert lines[0].split() == ["shop", "sold", "gross", "repeat_rate"]
    assert " ".join(lines[-2:]) == "in every row: state failed; not shown: till; --columns chooses"


@pytest.mark.parametrize("wide", [20, 40, 60, 80, 120])
def test_no_line_of_a_table_is_wider_than_the_terminal(monkeypatch: pytest.MonkeyPatch, wide: int) -> None:
    monkeypatch.setenv("COLUMNS", str(wide))
    assert all(len(line) <= wide for line in sales("table").splitlines())


def test_there_is_colour_where_it_is_wanted_alone() -> None:
    assert "\x1b[31mfailed" in sales("table", color=True)
    assert "\x1b" not in sales("table")


COMMAND = "retainctl --shop '/srv/my shop' campaigns approve spring 3f9a0c41d2b7e658"


@pytest.mark.parametrize("wide", [20, 40, 78, 200])
def test_sentences_break_at_words_and_no_command_is_broken(wide: int) -> None:
    text = f"Look at the plan of the campaign first. To approve it: {COMMAND}. It takes a moment (or two)."
    lines = wrapped(text, columns=wide).splitlines()
    assert sum(COMMAND in line for line in lines) == 1
    assert " ".join(lines) == text
    assert all(len(line) <= wide for line in lines if COMMAND not in line)


def test_a_command_in_a_cell_is_not_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    told = "never run: deliver, nightly. To schedule them: retainctl schedules show --help"
    text = shown(Person(told, 1), Person("b", 2), form="table")
    assert any("retainctl schedules show --help" in line for line in text.splitlines())


@pytest.mark.parametrize("wide", [50, 90])  # at the latter they would have room without the last columns
def test_rows_whose_commands_have_no_room_are_lists_that_can_be_copied_from(
    monkeypatch: pytest.MonkeyPatch, wide: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(wide))
    rows = [
        Sale(COMMAND, "one", "", "failed", 100, None, "ILS"),
        Sale("retainctl doctor", "two", "", "ok", 1, 0.5, "ILS"),
    ]
    lines = sales("table", rows=rows, color=True).splitlines()
    assert f"shop         {COMMAND}" in lines
    assert "state        \x1b[31mfailed\x1b[0m" in lines
    assert lines[-1] == "repeat_rate  50.0%"


def test_a_page_on_a_terminal_is_as_wide_and_its_commands_are_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    text = markdown_page(page("cron"), color=False)
    assert "# " not in text.splitlines()[0]
    assert "(deploy.md)" not in text
    assert "    sudo retainctl --shop /srv/myshop schedules show --style cron --user shop --output /etc/cron.d" in text
    assert all(len(line) <= 60 for line in text.splitlines() if not line.startswith("    "))
    assert "\x1b" not in text


def on_terminal(*words: str, environment: dict[str, str]) -> str:
    """What a person at a terminal of 60 columns sees of a Python with these words."""
    ours, theirs = pty.openpty()
    known = {"TERM": "xterm", "COLUMNS": "60", "PATH": os.environ["PATH"]}
    ended = subprocess.run(
        [sys.executable, *words], stdout=theirs, stderr=theirs, stdin=subprocess.DEVNULL, env=known | environment,
        check=False, timeout=60, cwd="/",
    )  # fmt: skip
    os.write(theirs, f"\n{ended.returncode}".encode())
    shown = os.read(ours, 65_536).decode()
    for end in (ours, theirs):
        os.close(end)
    return shown


@pytest.mark.parametrize(
    ("words", "environment", "colours"),
    [
        ((), {}, True), ((), {"NO_COLOR": "1"}, False), ((), {"TERM": "dumb"}, False), (("--no-color",), {}, False)
    ],
)  # fmt: skip
def test_an_error_at_a_terminal_is_red_unless_told_and_breaks_at_words(
    words: tuple[str, ...], environment: dict[str, str], colours: bool
) -> None:
    shown = on_terminal("-m", "retainctl", *words, "points", "import", "x", environment=environment)
    lines = re.sub(r"\x1b\[[0-9;]*m", "", shown).split("\r\n")
    assert lines[0] == "retainctl: missing option '--mode'. Choose from: add, set"
    assert ("\x1b[31mretainctl:\x1b[0m missing" in shown) == colours
    assert ("\x1b" in shown) == colours
    assert "  See: retainctl points import --help" in lines


@pytest.mark.parametrize(("environment", "colours"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_a_bar_says_what_it_does_how_much_is_done_and_has_colour_unless_told(
    environment: dict[str, str], colours: bool
) -> None:
    script = (
        "from retainctl.drawing import progress\n"
        "with progress('Importing [b].csv', total=lambda: 4, quiet=False, color=True) as advance:\n"
        "    advance(3)\n"
    )
    shown = on_terminal("-c", script, environment=environment | {"COLUMNS": "100"})
    assert "Importing [b].csv" in shown
    assert "75%" in shown
    assert bool(re.search(r"\x1b\[[0-9;]*3[0-9]", shown)) == colours
