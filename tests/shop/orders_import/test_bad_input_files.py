"""Files that are not what they should be: the rows B1 to B24 of the matrix of bad input."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import json
import os
import stat
import unicodedata
from pathlib import Path

import pytest

from retainctl.config import Shop
from retainctl.errors import BadData, DiskTrouble, TryLater, WrongUsage
from retainctl.intake import file as intake_file
from retainctl.intake.cells import Column, bind
from retainctl.intake.csv_rows import csv_chunks, read_header
from retainctl.intake.file import input_file
from retainctl.shop.orders_import.orders import import_orders
from retainctl.shop.orders_import.planning import OrderOptions
from retainctl.store.database import rows, value
from tests.conftest import Terminal
from tests.shop.orders_import.conftest import HEADER, Bring, codes, counts, row

GOOD = [row(str(number)) for number in range(1, 31)]


def nothing_written() -> bool:
    return not value("SELECT (SELECT COUNT(*) FROM orders) + (SELECT COUNT(*) FROM imports)")


def test_b1_a_missing_column_is_named_with_the_nearest(books: Shop, bring: Bring) -> None:
    with pytest.raises(BadData, match="has no column quantity") as caught:
        bring(books, HEADER.replace("quantity", "quantitty"), *GOOD, format="generic")
    assert "Did you mean quantitty?" in caught.value.hint
    assert nothing_written()


def test_b2_a_header_that_comes_twice_is_refused(books: Shop, bring: Bring) -> None:
    with pytest.raises(BadData, match="two columns called sku"):
        bring(books, HEADER + ",SKU", *GOOD)
    assert nothing_written()


def test_b3_columns_that_are_not_read_are_listed(books: Shop, bring: Bring) -> None:
    outcome = bring(books, HEADER + ",gift note", *[line + ",hello" for line in GOOD])
    assert counts(outcome) == (30, 30, 0, 0, 0, 0, 0)
    assert "columns not read: gift note" in outcome.notes


def test_b4_a_header_alone_is_no_rows_and_no_bytes_are_an_error(books: Shop, bring: Bring) -> None:
    assert counts(bring(books, HEADER)) == (0, 0, 0, 0, 0, 0, 0)
    with pytest.raises(BadData, match="is empty"):
        bring(books, b"")


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (codecs.BOM_UTF8, "utf-8"),  # B5
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
    ],
)
def test_b5_b8_a_byte_order_mark_says_the_encoding(books: Shop, bring: Bring, mark: bytes, encoding: str) -> None:
    text = "\n".join([HEADER, *GOOD, row("31", quantity="x"), row("32", sku="ספל")]) + "\n"
    outcome = bring(books, mark + text.encode(encoding))
    assert counts(outcome) == (32, 31, 0, 0, 0, 0, 1)
    origin = outcome.quarantined[0].origin
    assert origin.raw_bytes.decode(encoding) == row("31", quantity="x") + "\n"
    assert (mark + text.encode(encoding))[origin.byte_offset :].startswith(origin.raw_bytes)
    assert value("SELECT COUNT(*) FROM products WHERE sku = 'ספל'") == 1


def test_b6_hebrew_windows_text_is_refused_with_a_sample_and_read_when_stated(books: Shop, bring: Bring) -> None:
    lines = [row(str(number), sku="ספל").encode("cp1255") + b"\n" for number in range(30)]
    with pytest.raises(BadData, match="is not valid UTF-8") as caught:
        bring(books, HEADER, *lines)
    assert "--encoding cp1255" in caught.value.hint
    assert "ספל" in caught.value.hint
    assert nothing_written()
    bad = row("99", sku="X").encode().replace(b"X", b"\xd9")
    outcome = bring(books, HEADER, *lines, bad + b"\n", encoding="cp1255")
    assert counts(outcome) == (31, 30, 0, 0, 0, 0, 1)
    assert codes(outcome) == ["bad_bytes"]
    assert rows("SELECT DISTINCT sku FROM products") == [("ספל",)]


def test_b7_hebrew_saved_as_latin_1_is_told(books: Shop, bring: Bring) -> None:
    outcome = bring(books, HEADER, *GOOD, row("31", sku="ùìåí"))
    assert any("Hebrew saved as Latin-1" in note for note in outcome.notes)


def test_b8_wide_text_without_a_mark_is_refused(books: Shop, bring: Bring) -> None:
    with pytest.raises(BadData, match="is not text"):
        bring(books, "\n".join([HEADER, *GOOD]).encode("utf-16-le"))


def test_b9_one_bad_byte_quarantines_its_row(books: Shop, bring: Bring) -> None:
    bad = row("31", sku="X").encode().replace(b"X", b"\xff") + b"\n"
    outcome = bring(books, HEADER, *GOOD[:20], bad, *GOOD[20:])
    assert counts(outcome) == (31, 30, 0, 0, 0, 0, 1)
    held = outcome.quarantined[0]
    assert (held.code, held.origin.line, held.origin.raw_bytes) == ("bad_bytes", 22, bad)
    assert [bytes(raw) for (raw,) in rows("SELECT raw_bytes FROM held_rows")] == [bad]


def test_b10_nul_bytes_quarantine_their_row_and_many_are_a_binary_file(books: Shop, bring: Bring) -> None:
    assert codes(bring(books, HEADER, *GOOD, row("31", sku="a\0b"))) == ["nul_byte"]
    with pytest.raises(BadData, match="is not text"):
        bring(books, b"\x7fELF" + b"\0\1" * 500)


def test_b11_line_ends_may_be_mixed_and_stand_in_quotes(books: Shop, bring: Bring) -> None:
    text = "\r\n".join([HEADER, row("1"), row("2")]) + "\r" + row("3") + "\n" + row("4", sku='"a\r\nb"') + "\r\n"
    assert counts(bring(books, text.encode())) == (4, 4, 0, 0, 0, 0, 0)


def test_b12_a_quote_that_never_closes_is_told_with_its_line(books: Shop, bring: Bring) -> None:
    for after in (GOOD, [*GOOD, row("40", sku='"MUG"')]):
        with pytest.raises(BadData, match=r"unclosed quote starting on line 4 of .*"):
            bring(books, HEADER, row("1"), row("2"), row("3", sku='"MUG'), *after)
    assert nothing_written()


@pytest.mark.parametrize(
    "sku", ['"a"b', r'"a \"b\" c"', 'a "b" c', '12"', 'ספר "הארץ"', 'צה"', 'a"ב', '12" x', ' "a"', 'a""']
)
def test_b13_quotes_that_rfc_4180_does_not_know_quarantine_their_row(books: Shop, bring: Bring, sku: str) -> None:
    outcome = bring(books, HEADER, *GOOD, row("31", sku=sku))
    assert (counts(outcome), codes(outcome)) == ((31, 30, 0, 0, 0, 0, 1), ["bad_quotes"])
    assert sku.startswith('"') or "gershayim" in outcome.quarantined[0].message


def test_b13_a_bare_quote_at_the_end_of_a_row_or_of_the_file_quarantines_its_row(books: Shop, bring: Bring) -> None:
    header = "order_id,ordered_at,quantity,unit_price,sku"
    good = [f"{number},2025-01-05,1,5,MUG" for number in range(1, 31)]
    outcome = bring(books, header, '31,2025-01-05,1,5,12"', *good, b'32,2025-01-05,1,5,"a', b'\n""b"\n')
    assert (counts(outcome), codes(outcome)) == ((32, 31, 0, 0, 0, 0, 1), ["bad_quotes"])
    last = bring(books, header, *good, b'31,2025-01-05,1,5,12"', name="b.csv")
    assert codes(last) == ["bad_quotes"]
    rare = [line.replace(",", "^") for line in (header, *good)]
    assert codes(bring(books, *rare, '33^2025-01-05^1^5^"a,"', delimiter="^", name="c.csv")) == []


def test_b13_doubled_quotes_are_one(books: Shop, bring: Bring) -> None:
    bring(books, HEADER, row("1", sku='"a ""b"" c"'))
    assert value("SELECT sku FROM products") == 'a "b" c'


def test_b14_rows_of_another_width_are_quarantined(books: Shop, bring: Bring) -> None:
    assert codes(bring(books, HEADER, *GOOD, row("31") + ",more")) == ["too_long"]
    assert codes(bring(books, HEADER, *GOOD, "31,2025-01-05", name="b.csv")) == ["too_short"]


@pytest.mark.parametrize(("mark", "name"), [(";", "a semicolon"), ("\t", "a tab"), ("|", "a vertical bar")])
def test_b15_the_delimiter_is_found_and_told(books: Shop, bring: Bring, mark: str, name: str) -> None:
    outcome = bring(books, *[line.replace(",", mark) for line in (HEADER, *GOOD)])
    assert counts(outcome)[:2] == (30, 30)
    assert f"columns are separated by {name}" in outcome.notes
    assert counts(bring(books, HEADER, *GOOD, delimiter=",", name="b.csv")) == (30, 0, 0, 30, 0, 0, 0)


def test_b16_blank_rows_are_counted_and_a_row_of_totals_is_quarantined(books: Shop, bring: Bring) -> None:
    total = 'סה"כ' + "," * 9
    outcome = bring(books, HEADER, "", *GOOD, ",,,,,,,,,", row("31") + ",,,", total.replace('"', "״"))
    assert (counts(outcome), codes(outcome)) == ((34, 31, 0, 0, 0, 2, 1), ["no_id"])


def test_b16_a_row_of_empty_cells_is_blank_wherever_it_stands(books: Shop, bring: Bring) -> None:
    empty = "," * HEADER.count(",")
    assert counts(bring(books, HEADER, *GOOD[:9], empty, *GOOD[9:], empty)) == (32, 30, 0, 0, 0, 2, 0)


def test_b17_a_huge_cell_quarantines_its_row(books: Shop, bring: Bring) -> None:
    outcome = bring(books, HEADER, *GOOD, row("31", sku="x" * 140_000))
    assert (counts(outcome), codes(outcome)) == ((31, 30, 0, 0, 0, 0, 1), ["too_big"])


def test_a_huge_cell_in_a_column_that_nobody_reads_harms_nobody(books: Shop, bring: Bring) -> None:
    outcome = bring(books, HEADER + ",remark", *[f"{line}," for line in GOOD], f"{row('31')},{'x' * 200_000}")
    assert counts(outcome) == (31, 31, 0, 0, 0, 0, 0)


@pytest.mark.parametrize("mark", [codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE])
def test_a_byte_order_mark_alone_is_an_empty_file(books: Shop, bring: Bring, mark: bytes) -> None:
    with pytest.raises(BadData, match="is empty: it has no header row"):
        bring(books, mark)


@pytest.mark.parametrize("first", ["sep=;", "SEP=;", "\n\nsep=;", "\n  \n"])
def test_lines_before_the_header_that_say_nothing_are_passed_over(books: Shop, bring: Bring, first: str) -> None:
    outcome = bring(books, first, *[line.replace(",", ";") for line in (HEADER, *GOOD)], row("x").replace(",", "|"))
    assert (counts(outcome)[1], [held.origin.line for held in outcome.quarantined]) == (30, [first.count("\n") + 33])


def test_a_line_of_blanks_says_nothing(books: Shop, bring: Bring) -> None:
    blank = " " + ", ".join([""] * (HEADER.count(",") + 1))
    assert counts(bring(books, HEADER, *GOOD, "   ", blank, "\t")) == (33, 30, 0, 0, 0, 3, 0)


@pytest.mark.parametrize(
    ("encoding", "text", "hint"),
    [
        ("", "ספל".encode("cp1255"), "With --encoding cp1255 it reads: ספל"),
        ("cp1255", b"\xd9\xff\xa0", "With --encoding cp1252 it reads: Ùÿ"),
        ("cp1252", "ספל".encode() + b"\x81", "or export it again as UTF-8"),
        ("cp1255", "ספל\u20ac".encode() + b"\xff", "With --encoding cp1252"),
        ("ascii", "ספל".encode(), "With --encoding utf-8 it reads: ספל"),
    ],
)
def test_the_encoding_that_is_proposed_is_another_one_in_which_the_line_is_text(
    books: Shop, bring: Bring, encoding: str, text: bytes, hint: str
) -> None:
    with pytest.raises(BadData) as caught:
        bring(books, text + b"," + HEADER.encode(), encoding=encoding)
    assert hint in caught.value.hint


def test_s20_a_line_without_an_end_and_a_bomb_are_refused(books: Shop, bring: Bring) -> None:
    with pytest.raises(BadData, match="longer than 1 MB"):
        bring(books, HEADER.encode() + b"\n" + b"x" * 3_000_000)
    with pytest.raises(BadData, match="implausibly large"):
        bring(books, gzip.compress(HEADER.encode() + b"\n" + b"\n" * 30_000_000), name="bomb.csv.gz")
    with pytest.raises(BadData, match="600 columns"):
        bring(books, ",".join(f"c{number}" for number in range(600)), *GOOD, format="generic")


def test_b18_memory_stays_flat(books: Shop, bring: Bring) -> None:
    import tracemalloc

    lines = [HEADER, *[row(str(number), email=f"c{number % 50}@shop.example") for number in range(60_000)]]
    tracemalloc.start()
    bring(books, *lines[:20_000])
    _, first = tracemalloc.get_traced_memory()
    tracemalloc.reset_peak()
    bring(books, *lines, name="b.csv")
    _, second = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert second < first + 60_000_000  # the lines of this test itself are 12 MB


def test_b19_a_last_line_without_its_end_counts_when_it_is_whole(books: Shop, bring: Bring) -> None:
    outcome = bring(books, HEADER, *GOOD, row("31").encode())
    assert counts(outcome)[:2] == (31, 31)
    assert "the last line has no line break; the file may be truncated" in outcome.notes
    cut = bring(books, HEADER, *GOOD, row("31").encode()[:-20], name="b.csv")
    assert codes(cut) == ["too_short"]


def test_b20_a_damaged_gz_writes_nothing(books: Shop, bring: Bring) -> None:
    packed = gzip.compress("\n".join([HEADER, *GOOD, ""]).encode())
    for damaged in (packed[:-6], packed[:-5] + b"\0" + packed[-4:], packed + b"garbage"):
        with pytest.raises(BadData, match=r"damaged \.gz"):
            bring(books, damaged, name="orders.csv.gz")
        assert nothing_written()
    assert counts(bring(books, packed, name="orders.csv.gz"))[:2] == (30, 30)


@pytest.mark.parametrize(
    ("start", "message"),
    [
        (gzip.compress(gzip.compress(b"a,b\n", mtime=0), mtime=0), "compressed twice"),
        (b"PK\x03\x04 [Content_Types].xml xl/", "an Excel workbook"),
        (b"PK\x03\x04 orders.csv", "a zip archive"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel workbook"),
        (b"<!DOCTYPE html><html>", "a web page"),
        (b"<table><tr><td>", "a web page"),
    ],
)
def test_b21_another_kind_of_file_is_named(books: Shop, bring: Bring, start: bytes, message: str) -> None:
    with pytest.raises(BadData, match=message):
        bring(books, start)


def test_b22_the_standard_input_is_read_from_a_pipe(retainctl: Terminal) -> None:
    ended = retainctl("orders", "import", "-", "--format", "jsonl", stdin="\n".join([HEADER, *GOOD, ""]))
    assert (ended.code, ended.stderr) == (0, "")
    assert json.loads(ended.stdout)["rows_new"] == 30
    again = retainctl("orders", "import", "-", "--format", "jsonl", stdin="\n".join([HEADER, *GOOD, ""]))
    assert json.loads(again.stdout)["outcome"] == "already imported"
    assert retainctl("orders", "import", "-").code == 65


def test_b22_a_terminal_is_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    controller, terminal = os.openpty()
    with os.fdopen(terminal) as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        with pytest.raises(WrongUsage, match="nothing on standard input"), input_file("-"):
            pass
    os.close(controller)


def test_b22_what_is_spooled_is_for_its_owner_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_text(HEADER)
    with path.open() as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        with input_file("-") as file:
            assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert not file.path.exists()


@pytest.mark.parametrize(
    ("device", "mode", "error", "told"),
    [
        ("/dev/full", os.O_WRONLY, DiskTrouble, "the disk is full; nothing was imported"),
        ("/dev/null", os.O_RDONLY, OSError, "Bad file descriptor"),
    ],
)
def test_b22_a_disk_without_room_for_what_is_spooled_is_told_and_another_fault_is_itself(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, device: str, mode: int, error: type[Exception], told: str
) -> None:
    (tmp_path / "in.csv").write_text(HEADER)
    monkeypatch.setattr("tempfile.mkstemp", lambda **_options: (os.open(device, mode), str(tmp_path / "spool")))
    with (tmp_path / "in.csv").open() as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        with pytest.raises(error, match=told), input_file("-"):
            pass


def test_b23_a_file_that_changes_while_it_is_read_is_rolled_back(books: Shop, tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("\n".join([HEADER, *[row(str(number)) for number in range(30_000)], ""]))

    def grow(_rows: int) -> None:
        with path.open("a") as file:
            file.write(row("99") + "\n")

    with pytest.raises(TryLater, match="changed while it was being read"):
        import_orders(books, str(path), OrderOptions(), progress=grow)
    assert nothing_written()


@pytest.mark.parametrize("what", ["rewritten", "touched"])
def test_b23_a_file_is_the_one_that_was_hashed_to_its_last_byte_and_its_time(tmp_path: Path, what: str) -> None:
    path = tmp_path / "orders.csv"
    text = f"{HEADER}\n{row('1')}\n"
    path.write_text(text)
    with input_file(str(path)) as file:
        blocks = file.blocks()
        assert next(blocks).text == text
        if what == "rewritten":
            path.write_text(text.replace("10.00", "90.00"))
            os.utime(path, ns=(file.stamp.modified_ns, file.stamp.modified_ns))
        else:
            os.utime(path, ns=(0, 0))
        with pytest.raises(TryLater, match="changed while it was being read"):
            next(blocks)


def test_b24_a_known_file_is_skipped_unless_it_left_something_open(books: Shop, bring: Bring) -> None:
    lines = [HEADER, *GOOD]
    assert bring(books, *lines).row.outcome == "imported"
    assert bring(books, *lines).row.outcome == "already imported"
    assert counts(bring(books, *lines, again=True)) == (30, 0, 0, 30, 0, 0, 0)
    assert bring(books, *lines, source="other").row.outcome == "imported"
    lines.append(row("31", quantity="x"))
    for _ in range(3):
        assert bring(books, *lines).row.outcome == "imported"
    assert value("SELECT COUNT(*) FROM held_rows WHERE resolved_at IS NULL") == 1


def test_a_file_with_too_many_bad_rows_is_the_wrong_file(books: Shop, bring: Bring) -> None:
    with pytest.raises(BadData, match="2 of 32 rows are bad"):
        bring(books, HEADER, *GOOD, row("31", quantity="x"), row("32", quantity="x"))
    with pytest.raises(BadData, match="has a bad row; nothing was written"):
        bring(books, HEADER, *GOOD, row("31", quantity="x"), strict=True)
    assert nothing_written()


def test_a_dry_run_reports_the_same_and_leaves_nothing(books: Shop, bring: Bring) -> None:
    outcome = bring(books, HEADER, *GOOD, row("31", quantity="x"), dry_run=True)
    assert (outcome.row.outcome, counts(outcome)) == ("dry run", (31, 30, 0, 0, 0, 0, 1))
    assert nothing_written()


def test_csv_spectrum_is_read_as_it_should_be(shared: Path) -> None:
    folder = shared / "data/adversarial/csv-spectrum"
    for path in sorted((folder / "csvs").glob("*.csv")):
        expected = json.loads((folder / "json" / f"{path.stem}.json").read_text(encoding="utf-8"))
        with input_file(str(path)) as file:
            header, delimiter = read_header(file, delimiter=",")

            class Every:
                columns = tuple(Column(name, (name,)) for name in header)

            found = [
                dict(zip(header, cells, strict=True))
                for chunk in csv_chunks(file, Every(), delimiter)
                for cells in chunk.rows
            ]
        assert found == expected, path.name


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("a", [("1",), ("3",)]),
        ("b", [("2",), ("4",)]),
        ("ba", [("2", "1"), ("4", "3")]),
        ("ac", [("1", ""), ("3", "")]),
    ],
)
def test_of_a_table_those_columns_are_read_that_are_asked_for_be_it_one(
    tmp_path: Path, wanted: str, found: list[tuple[str, ...]]
) -> None:
    class Some:
        columns = tuple(Column(name, (name,)) for name in wanted)

    (tmp_path / "t.csv").write_text("a,b\n1,2\n3,4\n")
    with input_file(str(tmp_path / "t.csv")) as file:
        assert [cells for chunk in csv_chunks(file, Some(), ",") for cells in chunk.rows] == found


def test_naughty_strings_come_back_as_they_went_in(books: Shop, bring: Bring, shared: Path) -> None:
    naughty = json.loads((shared / "data/adversarial/blns.json").read_text(encoding="utf-8"))
    texts = sorted({text for text in naughty if text.strip() and "\0" not in text})
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["order_id", "ordered_at", "sku", "quantity", "unit_price", "first_name", "customer_id"])
    for number, text in enumerate(texts):
        writer.writerow([f"N{number}", "2025-01-05", text, "1", "1", text, f"c{number}"])
    outcome = bring(books, buffer.getvalue().encode())
    assert outcome.row.rows_quarantined == 0
    assert {sku for (sku,) in rows("SELECT sku FROM products")} == set(texts)
    names = [name for (name,) in rows("SELECT first_name FROM customers WHERE first_name IS NOT NULL")]
    assert not [name for name in names if {unicodedata.category(mark) for mark in name} & {"Cc", "Cf", "Zl", "Zp"}]


def test_every_truncation_is_told_and_none_is_half_a_file(books: Shop, bring: Bring) -> None:
    whole = ("\n".join([HEADER, *GOOD[:3]]) + "\n").encode()
    for length in range(1, len(whole), 7):
        try:
            outcome = bring(books, whole[:length], dry_run=True)
            assert outcome.row.rows_read <= 3
        except BadData:
            pass
    assert nothing_written()


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_a_line_end_that_a_block_parts_is_one(
    books: Shop, bring: Bring, monkeypatch: pytest.MonkeyPatch, end: bytes
) -> None:
    lines = [HEADER.encode(), *(row(str(number)).encode() for number in range(1, 4))]
    for block_bytes in range(len(lines[0]), len(lines[0]) + 4):
        monkeypatch.setattr(intake_file, "BLOCK_BYTES", block_bytes)
        done = bring(books, b"".join(line + end for line in lines), name=f"{block_bytes}.csv", dry_run=True)
        assert counts(done) == (3, 3, 0, 0, 0, 0, 0)


def test_of_several_files_those_before_the_one_that_is_refused_are_booked_and_shown(
    tmp_path: Path, retainctl: Terminal
) -> None:
    good, bad, later = (tmp_path / name for name in ("good.csv", "bad.csv", "later.csv"))
    good.write_text(f"{HEADER}\n{row('1')}\n", encoding="utf-8")
    bad.write_text("a,b\n1,2\n", encoding="utf-8")
    later.write_text(f"{HEADER}\n{row('2')}\n", encoding="utf-8")
    ended = retainctl("orders", "import", str(good), str(bad), str(later), "--format", "jsonl")
    assert ended.code == 65
    assert [(one["file"], one["rows_new"]) for one in map(json.loads, ended.stdout.splitlines())] == [(str(good), 1)]
    listed = retainctl("orders", "list", "--format", "jsonl").stdout.splitlines()
    assert [json.loads(line)["order"] for line in listed] == ["1"]


def test_where_one_of_several_files_is_not_there_none_is_read(tmp_path: Path, retainctl: Terminal) -> None:
    good = tmp_path / "good.csv"
    good.write_text(f"{HEADER}\n{row('1')}\n", encoding="utf-8")
    ended = retainctl("orders", "import", str(good), str(tmp_path / "gone.csv"))
    assert (ended.code, ended.stdout) == (2, "")
    assert "gone.csv; nothing was imported" in ended.stderr


HEBREW = [row(f"H{number}", sku="ספל").encode("cp1255") + b"\n" for number in range(3)]


@pytest.mark.parametrize(
    ("hebrew", "good", "told"),
    [(2, 36, "is not valid UTF-8"), (2, 37, "2 of 39 rows are bad"), (3, 50, "is not valid UTF-8")],
)
def test_b6_more_than_one_line_in_twenty_that_is_no_utf_8_is_a_file_of_another_encoding(
    books: Shop, bring: Bring, hebrew: int, good: int, told: str
) -> None:
    with pytest.raises(BadData, match=told):
        bring(books, HEADER, *[row(f"G{number}") for number in range(good)], *HEBREW[:hebrew])


@pytest.mark.parametrize(("hebrew", "good"), [(1, 3), (2, 38)])
def test_b9_bad_bytes_of_few_lines_quarantine_those_alone(books: Shop, bring: Bring, hebrew: int, good: int) -> None:
    outcome = bring(books, HEADER, *HEBREW[:hebrew], *[row(f"G{number}") for number in range(good)])
    assert counts(outcome) == (hebrew + good, good, 0, 0, 0, 0, hebrew)


def test_b6_a_header_that_is_no_utf_8_is_a_file_of_another_encoding(books: Shop, bring: Bring) -> None:
    with pytest.raises(BadData, match="is not valid UTF-8"):
        bring(books, f"{HEADER},הערה".encode("cp1255") + b"\n", *[f"{line}," for line in GOOD])


def test_what_is_no_file_of_orders_is_refused_with_what_could_be_done(
    books: Shop, bring: Bring, tmp_path: Path
) -> None:
    with pytest.raises(WrongUsage, match="is not a regular file") as folder:
        import_orders(books, str(tmp_path), OrderOptions())
    assert folder.value.hint == "To read from a pipe, use - as the file name."
    with pytest.raises(BadData, match="does not look like an orders file; its columns: fish, chips") as caught:
        bring(books, "fish,chips", "1,2")
    assert "--mapping FILE. The formats are: amazon, bigcommerce, cdnow," in caught.value.hint
    with pytest.raises(WrongUsage, match="unknown format fish") as used:
        bring(books, HEADER, *GOOD, format="fish")
    assert used.value.hint.startswith("Use one of: amazon, bigcommerce, cdnow,")
    with pytest.raises(BadData, match="has no header row"):
        bring(books, '"order_id,ordered_at', *GOOD)
    assert nothing_written()


@pytest.mark.parametrize("needed", [True, False])
def test_one_column_is_never_two_things(tmp_path: Path, needed: bool) -> None:
    path = tmp_path / "o.csv"
    path.write_text("mail\nx\n", encoding="utf-8")
    wanted = [Column(role, ("mail",), required=needed) for role in ("first", "second")]
    with input_file(str(path), encoding="") as file, pytest.raises(BadData, match="mail could be first or second"):
        bind(["mail"], wanted, file=file)


@pytest.mark.parametrize(("bad", "is_read"), [(5, True), (6, False)])
def test_a_file_of_which_more_than_one_line_in_twenty_is_no_text_is_in_another_encoding(
    books: Shop, bring: Bring, bad: int, is_read: bool
) -> None:
    lines = [row(f"G{number}").encode() + b"\n" for number in range(100 - bad)]
    lines += [row(f"B{number}", sku="ספל").encode("cp1255") + b"\n" for number in range(bad)]
    if is_read:
        assert codes(bring(books, HEADER, *lines)) == ["bad_bytes"] * bad
    else:
        with pytest.raises(BadData, match="is not valid UTF-8"):
            bring(books, HEADER, *lines)


def test_of_a_refused_import_from_a_pipe_nothing_stays_behind(
    retainctl: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What came in holds people's names."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    before = set(tmp_path.iterdir())
    assert retainctl("orders", "import", "-", stdin=f"{HEADER}\n{row('1', quantity='x')}\n", now=None).code in (3, 65)
    assert retainctl("orders", "import", "-", stdin="a,b\n1,2\n").code == 65
    assert set(tmp_path.iterdir()) == before


@pytest.mark.parametrize("cell", ['ברגים ק"ג', 'חברה בע"מ', 'מק"ט-17'])
def test_a_quote_between_two_hebrew_letters_is_a_letter(books: Shop, bring: Bring, cell: str) -> None:
    outcome = bring(books, HEADER, *GOOD, row("31", sku=cell), row("32", sku=f'"{cell.replace(chr(34), chr(34) * 2)}"'))
    assert codes(outcome) == []
    assert value("SELECT COUNT(*) FROM order_lines JOIN products AS p ON p.id = product_id WHERE p.sku = ?", cell) == 2


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1255", "utf-16"])
def test_a_bad_row_is_where_it_is_said_to_be_however_much_stands_before_it(
    books: Shop, bring: Bring, encoding: str
) -> None:
    """Hebrew letters are one byte or two, and a file is read in pieces of a megabyte."""
    lines = [HEADER, *(row(f"{number}", sku="ספל" * 100) for number in range(1, 7_001))]
    for place in (10, 3_500, 7_000):
        lines[place] = row(f"{place}", sku="ספל" * 100, quantity="x")
    content = "".join(f"{line}\n" for line in lines).encode(encoding)
    assert len(content) > 2 << 20
    outcome = bring(books, content, encoding="cp1255" if encoding == "cp1255" else "")
    assert codes(outcome) == ["bad_number"] * 3
    mark = "".encode(encoding)
    for line, offset, raw in rows("SELECT line, byte_offset, raw_bytes FROM held_rows ORDER BY id"):
        assert bytes(raw) == f"{lines[line - 1]}\n".encode(encoding).removeprefix(mark)
        assert content[offset : offset + len(raw)] == bytes(raw)
