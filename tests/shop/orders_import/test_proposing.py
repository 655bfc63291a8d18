"""A file of orders that nobody knows: a first mapping is made of it, by which it comes in, with a look at most."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from retainctl.config import Shop
from retainctl.errors import BadData
from retainctl.shop.orders_import.orders import import_orders
from retainctl.shop.orders_import.planning import OrderOptions
from retainctl.shop.orders_import.proposing import propose_mapping
from retainctl.store.database import rows
from tests.conftest import Terminal

TILL = """דוח הזמנות
הופק ב;01/02/2025
מספר הזמנה;תאריך;שעה;שם לקוח;דוא״ל;מק״ט;תיאור;כמות;מחיר;סה״כ שורה;סטטוס
1001;05/01/2025;10:15;דנה כהן;dana@example.com;MUG;ספל;2;40,00;80,00;הושלם
1001;05/01/2025;10:15;דנה כהן;dana@example.com;TEA;תה;1;1.220,00;1.220,00;הושלם
1002;25/01/2025;11:20;נועה לוי;noa@example.com;MUG;ספל;1;40,00;40,00;נשלח חלקית
"""
RECEIPTS = """Receipt No,Sale Date,Buyer,Contact,Item,Qty,Amount
R-1,01/05/2025 3:30 PM,Ann A,ann@example.com,Mug,2,$20.00
R-1,01/05/2025 3:30 PM,Ann A,ann@example.com,Tea,3,$15.00
R-2,01/25/2025 9:30 AM,Bob B,bob@example.com,Mug,1,$10.00
"""
GRID = """ID,"Purchase Point","Purchase Date","Bill-to Name",Status,"Customer Email",Shipping and Handling,Grand Total
000000101,"Main
   Store",2025-01-01 09:15:51,"Ann A",complete,a@example.com,10.0000,110.0000
000000102,"Main
   Store",2025-01-02 09:15:51,"Bob B",complete,b@example.com,0.0000,60.0000
"""
SHEET = """order;created;mail;sku;qty;each;delivery fee;state
7;45662.5;a@example.com;X;1;10,5;5,0;paid
;;;Y;2;3,25;;
8;45663;b@example.com;X;1;10,5;0;paid
"""
LINES = """Transaction,Date,Email address,Article,Units,Price
T1,2025-01-05,a@example.com,MUG,2,80.00
T2,2025-01-06,b@example.com,MUG,1,40.00
T3,2025-01-07,c@example.com,MUG,3,120.00
"""


@pytest.mark.parametrize(
    ("text", "encoding", "settings", "columns", "orders"),
    [
        (TILL, "cp1255", {"header_line": 3, "numbers": "1.234,56", "dates": "%d/%m/%Y %H:%M", "currency": "ILS"},
         {"ordered_at": ["תאריך", "שעה"], "unit_price": "מחיר", "line_total": "סה״כ שורה", "name": "שם לקוח"},
         [("1001", 130_000, "ILS"), ("1002", 4_000, "ILS")]),
        (RECEIPTS, "utf-8", {"dates": "%m/%d/%Y %I:%M %p", "currency": "USD"},
         {"order_id": "Receipt No", "line_total": "Amount", "quantity": "Qty", "email": "Contact"},
         [("R-1", 3_500, "USD"), ("R-2", 1_000, "USD")]),
        (GRID, "utf-8", {"currency": "ILS"}, {"total": "Grand Total", "shipping": "Shipping and Handling"},
         [("000000101", 10_000, "ILS"), ("000000102", 6_000, "ILS")]),
        (SHEET, "utf-8", {"dates": "excel", "inherit": True, "numbers": "1234,56", "currency": "ILS"},
         {"unit_price": "each", "shipping": "delivery fee", "ordered_at": "created"},
         [("7", 1_700, "ILS"), ("8", 1_050, "ILS")]),
        (LINES, "utf-8", {"currency": "ILS"}, {"line_total": "Price", "quantity": "Units"},
         [("T1", 8_000, "ILS"), ("T2", 4_000, "ILS"), ("T3", 12_000, "ILS")]),
    ],
    ids=["till", "receipts", "grid", "sheet", "lines"],
)  # fmt: skip
def test_a_file_that_nobody_knows_comes_in_by_the_mapping_that_is_proposed(
    shop: Shop, tmp_path: Path, text: str, encoding: str, settings: dict[str, object], columns: dict[str, object],
    orders: list[tuple[object, ...]],
) -> None:  # fmt: skip
    file, mapping = tmp_path / "orders.csv", tmp_path / "first.toml"
    file.write_bytes(text.encode(encoding))
    mapping.write_text(propose_mapping(shop, str(file)), encoding="utf-8")
    said = tomllib.loads(mapping.read_text(encoding="utf-8"))
    assert {key: value for key, value in said.items() if not isinstance(value, dict)} == settings
    assert said["columns"].items() >= columns.items()
    done = import_orders(shop, str(file), OrderOptions(mapping=mapping, source="x", encoding=encoding))
    assert done.quarantined == ()
    assert rows("SELECT external_id, gross_minor, currency FROM orders ORDER BY external_id") == orders


def test_what_cannot_be_told_is_said_to_be_so(shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    file.write_text("Order ID,When,Product,Qty,Price,Status\n1,soon,Mug,1,5.00,Odd\n2,later,Tea,1,6.00,Odd\n")
    said = propose_mapping(shop, str(file))
    for sentence in (
        "# TO DO: No column looks like ordered_at: name it under [columns].",
        "# TO DO: Is Price the price of one piece? Else call it line_total.",
        '# Rows: 2; say what it means.\nOdd = "completed"',
        "# Not read: When",
    ):
        assert sentence in said
    file.write_text("Order ID,Date,Product,Qty,Price\n1,05/01/2025,Mug,1,5.00\n")
    assert "%d/%m/%Y and %m/%d/%Y fit all of them, as '05/01/2025': choose the right one." in propose_mapping(
        shop, str(file)
    )


@pytest.mark.parametrize(
    ("text", "told"), [('{"id": 1}\n', "is JSON"), ("a line\nand another\n", "does not look like a table")]
)
def test_what_is_no_table_needs_no_mapping(shop: Shop, tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "orders.csv").write_text(text)
    with pytest.raises(BadData, match=told):
        propose_mapping(shop, str(tmp_path / "orders.csv"))


def test_the_command_writes_the_mapping_and_imports_nothing(shop: Shop, retainctl: Terminal, tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text(RECEIPTS)
    shown = retainctl("orders", "mapping", str(tmp_path / "orders.csv"))
    assert (shown.code, shown.stderr) == (0, "")
    kept = retainctl("orders", "mapping", str(tmp_path / "orders.csv"), "--output", str(tmp_path / "first.toml"))
    assert (kept.code, kept.stdout) == (0, "")
    assert (tmp_path / "first.toml").read_text() == shown.stdout
    words = ("orders", "import", str(tmp_path / "orders.csv"), "--mapping", str(tmp_path / "first.toml"), "--dry-run")
    assert json.loads(retainctl(*words, "--format", "jsonl").stdout)["rows_new"] == 3
    assert rows("SELECT * FROM imports") == []
