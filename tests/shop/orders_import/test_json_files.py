"""JSON files of any length: at no time is more of one in memory than a record and what may follow on it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from retainctl.config import Shop
from retainctl.errors import BadData
from retainctl.intake.csv_rows import CHUNK_ROWS
from retainctl.store.database import rows, value
from tests.conftest import Terminal
from tests.shop.orders_import.conftest import Bring, counts
from tests.shop.orders_import.test_bad_input_rows import order

NOTE = "הערה " * 200
# The kernel counts what a process's parent held as its own, so a small one starts the one that is weighed.
WEIGHED = """
import os, sys
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(child, 0)
print(os.waitstatus_to_exitcode(status), usage.ru_maxrss)
"""


@pytest.mark.parametrize("between", [",", ",\n"])
@pytest.mark.parametrize("around", ['{"orders": []}', "[]", " \n[]\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_list_of_many_megabytes_is_read_piece_by_piece(
    books: Shop, bring: Bring, between: str, around: str, encoding: str
) -> None:
    records = [order(number, note=NOTE) for number in range(1, 1_500)]
    records[700] = order(701, currency="none")
    document = around.replace("[]", f"[{between.join(records)}]")
    assert len(document) > 4 << 20
    outcome = bring(books, document.encode(encoding), name="o.json")
    assert counts(outcome) == (1_499, 1_498, 0, 0, 0, 0, 1)
    ((raw, line, offset),) = rows("SELECT raw_bytes, line, byte_offset FROM held_rows")
    assert raw == records[700].encode(encoding).removeprefix("".encode(encoding))
    assert line == (701 if "\n" in between else 1) + around.startswith(" \n")
    assert document.encode(encoding)[offset : offset + len(raw)] == raw


@pytest.mark.parametrize("envelope", ["{}", '{{"orders": [{}]}}'])
def test_a_bad_record_is_held_once_however_many_records_follow(books: Shop, bring: Bring, envelope: str) -> None:
    records = [order(number) for number in range(1, 2 * CHUNK_ROWS + 10)]
    bad = '{"id": 9999999, "id": 2}'
    text = envelope.format(("\n" if envelope == "{}" else ",\n").join([records[0], bad, *records[1:]]))
    outcome = bring(books, text, name="o.json", format="woocommerce-json")
    assert counts(outcome) == (len(records) + 1, len(records), 0, 0, 0, 0, 1)
    assert rows("SELECT code, line FROM held_rows") == [("duplicate_key", 2)]


def test_a_record_of_a_list_whose_text_has_a_raw_line_break_is_bad_alone(books: Shop, bring: Bring) -> None:
    records = [order(number, note="first, then") for number in range(1, 41)]
    records[20] = records[20].replace("first, then", "first,\nthen")
    outcome = bring(books, '{"orders": [' + ",\n".join(records) + "]}", name="o.json", format="woocommerce-json")
    assert counts(outcome) == (40, 39, 0, 0, 0, 0, 1)
    assert rows("SELECT code, line FROM held_rows") == [("bad_json", 21)]
    assert value("SELECT raw_bytes FROM held_rows") == records[20].encode()


def test_one_record_of_more_than_a_megabyte_is_none(books: Shop, bring: Bring) -> None:
    with pytest.raises(BadData, match="is a single record of more than 1 MB") as caught:
        bring(books, '{"id": 1, "notes": [' + "1, " * 2_000_000 + "1]}", name="o.json", format="woocommerce-json")
    assert "its own line" in caught.value.hint
    with pytest.raises(BadData, match="is not valid JSON, or one of its records is longer than 1 MB"):
        bring(books, '{"orders": [{"id": 1, "notes": [' + "1, " * 2_000_000 + "1]}]}", name="o.json")
    with pytest.raises(BadData, match="a line is longer than 1 MB"):
        bring(books, '{"id": 1, "note": "' + "x" * 8_000_000, name="o.json", format="woocommerce-json")
    assert value("SELECT COUNT(*) FROM imports") == 0


def test_s20_a_line_of_a_hundred_megabytes_takes_no_memory(tmp_path: Path) -> None:
    assert Terminal(tmp_path / "shop")("init", str(tmp_path / "shop")).code == 0
    path = tmp_path / "o.json"
    with path.open("wb") as file:
        file.write(b'{"id": [')
        for _ in range(100):
            file.write(b"1," * (1 << 19))
    words = [sys.executable, "-m", "retainctl", "--shop", str(tmp_path / "shop"), "orders", "import", str(path)]
    ended = subprocess.run(
        [sys.executable, "-I", "-S", "-c", WEIGHED, *words], capture_output=True, cwd="/", check=True
    )
    code, kilobytes = map(int, ended.stdout.split())
    assert (code, b"is a single record of more than 1 MB" in ended.stderr) == (65, True), ended.stderr
    assert kilobytes < 150 << 10
