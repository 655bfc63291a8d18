"""A large file is read in a process of its own: the same comes of it, and the second ends with the first."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path

import peewee
import pytest

from retainctl.config import Shop
from retainctl.errors import BadData, TryLater
from retainctl.shop.orders_import import processes
from retainctl.shop.orders_import.orders import import_orders
from retainctl.shop.orders_import.planning import OrderOptions
from retainctl.store.database import database, execute, is_postgres, rows, value
from tests.conftest import NOW
from tests.shop.orders_import import test_formats as shopify
from tests.shop.orders_import.conftest import HEADER, PIECES, Bring, codes, counts, row

# Rows of one order far apart, of known orders changed and unchanged, returns, bad rows, bad cells, and a blank.
FIRST = [
    HEADER,
    *(row(str(number), email=f"c{number % 300}@shop.example", sku=f"A{number % 7}") for number in range(3_000)),
    row("5", sku="LATER", quantity="1", email="c5@shop.example"),
    row("7", sku="A0", quantity="-1", status="refunded", email="c7@shop.example"),
    row("R1", sku="A1", quantity="-1", status="refunded"),
    row("bad", unit_price="ten"),
    row("flawed", email="no address"),
    row("gap", ordered_at="2024-03-29T02:30:00"),
    "",
]
SECOND = [
    HEADER,
    *(row(str(number), email=f"c{number % 300}@shop.example", sku=f"A{number % 7}") for number in range(1_000)),
    row("1001", quantity="9", email="c101@shop.example", sku="A0"),
    row("5", sku="LATER", quantity="1", email="c5@shop.example"),
    row("R1", sku="A1", quantity="-2", status="refunded"),
    *(row(f"N{number}", email=f"n{number}@shop.example") for number in range(2_000)),
]
TABLES = (
    "customers", "contact_points", "products", "orders", "order_lines", "order_returns", "order_versions",
    "customer_summaries", "held_rows",
)  # fmt: skip


def file_of(tmp_path: Path, name: str, lines: list[str]) -> str:
    path = tmp_path / name
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("large_bytes", [0, 1 << 30])
def test_the_books_are_the_same(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, large_bytes: int) -> None:
    monkeypatch.setattr(processes, "LARGE_BYTES", large_bytes)
    first = import_orders(shop, file_of(tmp_path, "first.csv", FIRST), OrderOptions())
    assert counts(first) == (3_007, 3_005, 0, 0, 0, 1, 1)
    assert sorted(codes(first)) == ["bad_email", "bad_number"]
    assert "times in a skipped hour (clock change), moved forward: 1" in first.notes
    assert (first.row.customers, first.row.orders, first.row.guest_orders, first.row.returns) == (301, 3_001, 1, 2)
    second = import_orders(shop, file_of(tmp_path, "second.csv", SECOND), OrderOptions())
    assert counts(second) == (3_003, 2_000, 3, 1_000, 0, 0, 0)
    assert {table: value(f"SELECT COUNT(*) FROM {table}") for table in TABLES} == {
        "customers": 2_301, "contact_points": 2_301, "products": 9, "orders": 5_002, "order_lines": 5_003,
        "order_returns": 1, "order_versions": 2, "customer_summaries": 2_301, "held_rows": 2,
    }  # fmt: skip
    lines = rows(f"SELECT line_no, {PIECES} FROM order_lines JOIN orders ON id = order_id WHERE external_id = '5'")
    assert sorted(lines) == [(1, 2), (2, 1)]


def schema() -> list[tuple[object, ...]]:
    """Every index and reference of the open database."""
    if not is_postgres():
        return sorted(rows("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"))
    return sorted(
        rows("SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'")
        + rows("SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'f'")
    )


def test_a_first_import_leaves_every_index_and_reference(shop: Shop, tmp_path: Path) -> None:
    before = schema()
    import_orders(shop, file_of(tmp_path, "first.csv", FIRST), OrderOptions())
    assert schema() == before
    with pytest.raises(peewee.IntegrityError), database.atomic():
        execute("UPDATE order_lines SET product_id = 99999")


def test_what_is_wrong_with_the_whole_file_is_told(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "LARGE_BYTES", 0)
    with pytest.raises(BadData, match="is ambiguous") as caught:
        import_orders(
            shop, file_of(tmp_path, "o.csv", [HEADER, row("1"), row("2", unit_price='"1,000"')]), OrderOptions()
        )
    assert "number format" in caught.value.hint
    with pytest.raises(BadData, match=r"unclosed quote starting on line 3 of .*"):
        import_orders(shop, file_of(tmp_path, "o.csv", [HEADER, row("1"), row("2", sku='"M'), "", ""]), OrderOptions())
    assert value("SELECT COUNT(*) FROM orders") == 0


def large_file(tmp_path: Path) -> str:
    lines = [row(str(number), email=f"c{number}@shop.example") for number in range(100_000)]
    return file_of(tmp_path, "large.csv", [HEADER, *lines])


def children_of(process_id: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{process_id}/task/{process_id}/children").read_text().split()]


def is_alive(process_id: int) -> bool:
    try:
        return Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_second_process_that_is_killed_is_told(shop: Shop, tmp_path: Path) -> None:
    def kill(_rows: int) -> None:
        for child in children_of(os.getpid()):
            if "retainctl.shop.orders_import" in Path(f"/proc/{child}/cmdline").read_text():
                os.kill(child, signal.SIGKILL)

    with pytest.raises(TryLater, match="was killed; nothing was written"):
        import_orders(shop, large_file(tmp_path), OrderOptions(), progress=kill)
    assert value("SELECT COUNT(*) FROM orders") == 0


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_the_second_process_ends_with_the_first(folder: Path, tmp_path: Path, how: signal.Signals) -> None:
    words = [sys.executable, "-m", "retainctl", "--shop", str(folder), "--now", NOW, "orders", "import"]
    first = subprocess.Popen([*words, large_file(tmp_path)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd="/")
    deadline = time.monotonic() + 60
    while not (children := children_of(first.pid)) and time.monotonic() < deadline:
        time.sleep(0.01)
    (second,) = children
    time.sleep(0.5)
    first.send_signal(how)
    _, stderr = first.communicate(timeout=60)
    while is_alive(second) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not is_alive(second)
    assert "Traceback" not in stderr.decode()


@pytest.mark.parametrize("cut", [0, 1, 2, 5, 11, 40, 2_000])
def test_an_answer_that_breaks_off_is_of_a_second_process_that_was_killed(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cut: int
) -> None:
    (tmp_path / "answer").write_bytes(pickle.dumps([f"row {number}" for number in range(1_000)])[:cut])
    second = tmp_path / "second"
    second.write_text(f"#!/bin/sh\ncat > /dev/null\ncat {tmp_path}/answer\n", encoding="utf-8")
    second.chmod(0o700)
    monkeypatch.setattr(processes, "LARGE_BYTES", 0)
    monkeypatch.setattr(sys, "executable", str(second))
    with pytest.raises(TryLater, match="the process reading the file was killed; nothing was written"):
        import_orders(shop, file_of(tmp_path, "first.csv", FIRST), OrderOptions())
    assert value("SELECT COUNT(*) FROM orders") == 0


def test_a_second_process_reads_the_file_as_it_was_asked_of_the_first(
    books: Shop, bring: Bring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "LARGE_BYTES", 0)
    lines = [line.replace(",", ";").replace("ILS", "") for line in (shopify.SHOPIFY, shopify.FIRST, shopify.MORE)]
    lines[0] = lines[0].replace("Email", "Post")
    text = "\n".join(lines).format(status="paid", refunded="0.00").replace("דנה", "דנה ב־") + "\n"
    bring(
        books, text.encode("cp1255"), mapping='[columns]\nemail = "Post"', format="shopify", source="haifa",
        encoding="cp1255", delimiter=";", currency="EUR", consent_evidence="the box at the checkout",
    )  # fmt: skip
    assert rows("SELECT source, currency, gross_minor FROM orders") == [("haifa", "EUR", 9_000)]
    assert rows("SELECT value, first_name, evidence FROM contact_points AS p JOIN customers AS c ON c.id = customer_id"
                " JOIN consents AS k ON k.contact_point_id = p.id") == [
        ("dana@shop.example", "דנה", "the box at the checkout"),
    ]  # fmt: skip
