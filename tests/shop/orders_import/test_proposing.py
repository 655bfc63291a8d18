"""A file of orders that nobody knows: a first mapping is made of it, by which it comes in, with a look at most."""

from __future__ import annotations

import gzip
import json
import tomllib
from pathlib import Path

import pytest

from retainctl.config import Shop
from retainctl.errors import BadConfiguration, BadData
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
SHEET = """order;created;mail;sku;qty;price;delivery fee;state
7;45662.5;a@example.com;X;1;10,5;5,0;paid
;;;Y;2;3,25;;
8;45663;b@example.com;X;1;10,5;0;paid
"""
PIECES = """מספר הזמנה,תאריך,לקוח,כמות,סה״כ
1,2025-01-05,דנה,2,10.00
2,2025-01-06,נועה,3,5.00
"""
LINES = """Transaction,Date,Email address,Article,Units,Price
T1,2025-01-05,a@example.com,MUG,2,80.00
T2,2025-01-06,b@example.com,MUG,1,40.00
T3,2025-01-07,c@example.com,MUG,3,120.00
"""


def answered(mapping: str) -> str:
    """The mapping, as somebody leaves it who agrees with all that it asks."""
    return mapping.replace("unanswered = true\n", "")


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
        (PIECES, "utf-8", {"currency": "ILS"}, {"total": "סה״כ", "quantity": ""},
         [("1", 1_000, "ILS"), ("2", 500, "ILS")]),
        (LINES, "utf-8", {"currency": "ILS"}, {"line_total": "Price", "quantity": "Units"},
         [("T1", 8_000, "ILS"), ("T2", 4_000, "ILS"), ("T3", 12_000, "ILS")]),
    ],
    ids=["till", "receipts", "grid", "pieces", "lines"],
)  # fmt: skip
def test_a_file_that_nobody_knows_comes_in_by_the_mapping_that_is_proposed(
    shop: Shop, tmp_path: Path, text: str, encoding: str, settings: dict[str, object], columns: dict[str, object],
    orders: list[tuple[object, ...]],
) -> None:  # fmt: skip
    file, mapping = tmp_path / "orders.csv", tmp_path / "first.toml"
    file.write_bytes(text.encode(encoding))
    mapping.write_text(answered(propose_mapping(shop, str(file))), encoding="utf-8")
    said = tomllib.loads(mapping.read_text(encoding="utf-8"))
    assert {key: value for key, value in said.items() if not isinstance(value, dict)} == settings
    assert said["columns"].items() >= columns.items()
    done = import_orders(shop, str(file), OrderOptions(mapping=mapping, source="x", encoding=encoding))
    assert done.quarantined == ()
    assert rows("SELECT external_id, gross_minor, currency FROM orders ORDER BY external_id") == orders


def test_a_mapping_with_questions_reads_nothing_until_they_are_answered(shop: Shop, tmp_path: Path) -> None:
    file, mapping = tmp_path / "orders.csv", tmp_path / "first.toml"
    file.write_text("Order,Date,Email,Sum of it\n1,2025-01-05,a@example.com,5.00\n")
    mapping.write_text(propose_mapping(shop, str(file)).replace("# Not read", "# Total: TO DO\n# Not read"))
    with pytest.raises(BadConfiguration, match=r"first\.toml, line \d+: its questions are not answered yet"):
        import_orders(shop, str(file), OrderOptions(mapping=mapping, source="x"))
    mapping.write_text('[columns]\ntotal = "Sum of it"\n')
    assert import_orders(shop, str(file), OrderOptions(mapping=mapping, source="x")).quarantined == ()


def test_what_cannot_be_told_is_said_to_be_so(shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    file.write_text("Order ID,When,Product,Qty,Price,Status\n1,soon,Mug,1,5.00,Odd\n2,later,Tea,1,6.00,Odd\n")
    said = propose_mapping(shop, str(file))
    for sentence in (
        "# TO DO: No column looks like ordered_at: name it under [columns].",
        "# TO DO: Is Price the price of one piece? Else call it line_total.",
        "# TO DO: Say under [statuses] what these words mean (completed, cancelled, refunded, pending, left_out and the"
        " like): Odd.\n",
        '# Rows: 2; say what it means.\nOdd = "TO DO"',
        "# Not read: When",
    ):
        assert sentence in said
    file.write_text("Order ID,Date,Product,Qty,Price\n1,05/01/2025,Mug,1,5.00\n")
    said = propose_mapping(shop, str(file))
    assert "# TO DO: %d/%m/%Y and %m/%d/%Y fit all dates, as '05/01/2025': set dates to the right one.\n" in said
    assert "dates" not in tomllib.loads(said)


@pytest.mark.parametrize(
    ("text", "role", "numbers"),
    [
        ("Receipt No,When,Buyer,E-Mail Addr,Item,Pcs,Each,Disc %,Paid\n"
         "1,2025-01-05,Ann,a@example.com,Mug,2,5.00,0,10.00\n", "unit_price", "Each, Paid"),
        ("Ref,Date,Sum\n1001,2025-01-05,$10.50\n1002,2025-01-06,$11.50\n", "total", "Sum"),
        ("Order No,Datum,Created at,Sum\n1001,45662,2025-01-05,$10.50\n", "total", "Sum"),
        ("Order No,Date,Item,Qty,Each\n1001,2025-01-05,Mug,2,10.50\n", "unit_price", "Each"),
        ("Order No,Date,Item\n1001,2025-01-05,Mug\n", "total", ""),
    ],
)  # fmt: skip
def test_which_column_has_the_money_is_left_to_do_where_no_name_says_it(
    shop: Shop, tmp_path: Path, text: str, role: str, numbers: str
) -> None:
    (tmp_path / "orders.csv").write_text(text)
    said = propose_mapping(shop, str(tmp_path / "orders.csv"))
    which = f" Columns of numbers: {numbers}." if numbers else ""
    assert f"# TO DO: No column looks like {role}: name it under [columns].{which}\n" in said
    mapping = tomllib.loads(said)
    assert not {"unit_price", "line_total", "total"} & mapping["columns"].keys()
    assert mapping["currency"] == ("USD" if "$" in text else "ILS")


def test_two_columns_that_may_name_the_order_are_left_to_do(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "e.csv").write_text(
        "Sale Date,Quantity,Price,Currency,Transaction ID,Order Ref,SKU\n2025-01-05,1,10.50,ILS,1,77,MUG\n"
        "2025-01-05,1,10.50,ILS,2,77,BEAN\n"
    )
    said = propose_mapping(shop, str(tmp_path / "e.csv"))
    assert "# TO DO: Is an order called by Order Ref or by Transaction ID? Set order_id.\n" in said


def test_whether_rows_that_leave_the_cells_of_their_order_empty_are_further_ones_is_left_to_do(
    shop: Shop, tmp_path: Path
) -> None:
    file, mapping = tmp_path / "orders.csv", tmp_path / "first.toml"
    file.write_text(SHEET)
    said = answered(propose_mapping(shop, str(file)))
    assert "# TO DO: Rows that leave the cells of their order empty: 1. Set inherit = true if" in said
    settings = {key: value for key, value in tomllib.loads(said).items() if not isinstance(value, dict)}
    assert settings == {"dates": "excel", "numbers": "1234,56", "currency": "ILS"}
    mapping.write_text(f"inherit = true\n{said}")
    assert import_orders(shop, str(file), OrderOptions(mapping=mapping, source="x")).quarantined == ()
    assert rows("SELECT external_id, gross_minor FROM orders ORDER BY external_id") == [("7", 1_700), ("8", 1_050)]


def test_a_row_of_totals_without_a_label_is_never_booked_by_a_first_mapping(shop: Shop, tmp_path: Path) -> None:
    file, mapping = tmp_path / "orders.csv", tmp_path / "first.toml"
    file.write_text(f"{SHEET.replace(';;;Y;2;3,25;;', '9;45664;c@example.com;Y;2;3,25;0;paid')};;;;4;4238,00;;\n")
    mapping.write_text(answered(propose_mapping(shop, str(file))))
    done = import_orders(shop, str(file), OrderOptions(mapping=mapping, source="x"))
    assert [(one.code, one.origin.line) for one in done.quarantined] == [("no_id", 5)]
    assert rows("SELECT SUM(gross_minor) FROM orders") == [(2_750,)]


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
    again = retainctl("orders", "mapping", str(tmp_path / "orders.csv"), "--output", str(tmp_path / "first.toml"))
    assert (again.code, "is there already, with what you wrote into it" in again.stderr) == (77, True)
    (tmp_path / "first.toml").write_text(shown.stdout.replace("unanswered = true\n", ""))
    words = ("orders", "import", str(tmp_path / "orders.csv"), "--mapping", str(tmp_path / "first.toml"), "--dry-run")
    assert json.loads(retainctl(*words, "--format", "jsonl").stdout)["rows_new"] == 3
    assert rows("SELECT * FROM imports") == []


@pytest.mark.parametrize("database_url", ["sqlite:retain.db"])
@pytest.mark.parametrize(
    ("cells", "numbers", "doubt"),
    [
        (("1,234|1", "99|2"), "TO DO", "The numbers fit 1,234.56 and 1234,56, as '1,234'"),
        (("1.107|1", "2.350|2"), "TO DO", "The numbers fit 1234.56 and 1.234,56, as '1.107'"),  # of petrol, say
        (("12.50|1", "1,234|2"), "1,234.56", ""),
        (("12,5|1", "1.234|2"), "1.234,56", ""),
        (("12.50|1", "99|1"), None, ""),
        (("10|1,234", "20|2,500"), "TO DO", "The numbers fit 1,234.56 and 1234,56, as '1,234'"),
        (("10|0.750", "20|1.5"), "1234.56", ""),
        (("1.2345|1", "9.9999|2"), None, ""),
    ],
)
def test_how_numbers_are_written_is_told_where_the_rows_show_it_and_else_left_to_do(
    shop: Shop, tmp_path: Path, cells: tuple[str, ...], numbers: str | None, doubt: str
) -> None:
    path = tmp_path / "sales.csv"
    rows_of = "".join(f"{n};2025-01-0{n};MUG{n};{cell.replace('|', ';')}\n" for n, cell in enumerate(cells, 1))
    path.write_text(f"order id;date;sku;unit price;quantity\n{rows_of}", encoding="utf-8")
    text = propose_mapping(shop, str(path))
    assert tomllib.loads(text).get("numbers") == numbers
    assert ("The numbers fit" in text) == bool(doubt)
    assert doubt in text


@pytest.mark.parametrize("database_url", ["sqlite:retain.db"])
def test_a_total_has_no_more_decimals_than_money_has(shop: Shop, tmp_path: Path) -> None:
    path = tmp_path / "sales.csv"
    path.write_text("order id;date;total\n1;2025-01-01;1.234\n2;2025-01-02;99\n", encoding="utf-8")
    text = propose_mapping(shop, str(path))
    assert tomllib.loads(text)["numbers"] == "1.234,56"
    assert "The numbers fit" not in text


@pytest.mark.parametrize("database_url", ["sqlite:retain.db"])
@pytest.mark.parametrize(
    ("encoding", "stated"),
    [("cp1255", "cp1255"), ("utf-16", ""), ("utf-8-sig", ""), ("utf-8", ""), ("utf-8", "utf-8")],
)
def test_an_encoding_that_is_stated_or_marked_is_read_and_not_doubted(
    shop: Shop, tmp_path: Path, encoding: str, stated: str
) -> None:
    file, mapping = tmp_path / "orders.csv", tmp_path / "first.toml"
    file.write_bytes(TILL.encode(encoding))
    said = propose_mapping(shop, str(file), encoding=stated)
    assert tomllib.loads(said)["columns"]["name"] == "שם לקוח"
    assert "The file may be" not in said
    mapping.write_text(answered(said), encoding="utf-8")
    assert import_orders(shop, str(file), OrderOptions(mapping=mapping, source="x", encoding=stated)).quarantined == ()


@pytest.mark.parametrize("database_url", ["sqlite:retain.db"])
def test_an_encoding_that_is_stated_counts_more_than_what_the_letters_are_like(shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    file.write_bytes("Order No;Date;Total;Fűtő\n1;2025-01-05;10.00;fű\n".encode("cp1250"))
    assert "# Not read: Fűtő\n" in propose_mapping(shop, str(file), encoding="cp1250")
    assert "# Not read: Fûtõ\n" in propose_mapping(shop, str(file), encoding="cp1252")


@pytest.mark.parametrize("database_url", ["sqlite:retain.db"])
@pytest.mark.parametrize("before", ["", "a"])
def test_a_letter_that_lies_where_the_look_ends_says_nothing_of_the_encoding(
    shop: Shop, tmp_path: Path, before: str
) -> None:
    """Hebrew letters are two bytes, so that of the two files one is cut within a letter, wherever it is cut."""
    file = tmp_path / "orders.csv"
    lines = "".join(f"{n:04};2025-01-05;10.00;{'ש' * 500}\n" for n in range(1, 500))
    file.write_text(f"Order No;Date;Total;הערה{before}\n{lines}", encoding="utf-8")
    said = propose_mapping(shop, str(file))
    assert f"# Not read: הערה{before}\n" in said
    assert "The file may be" not in said


@pytest.mark.parametrize("database_url", ["sqlite:retain.db"])
@pytest.mark.parametrize(("encoding", "option"), [("cp1255", " --encoding cp1255"), ("utf-8", ""), ("utf-8-sig", "")])
def test_a_known_file_is_imported_by_the_command_that_is_told(
    shop: Shop, tmp_path: Path, encoding: str, option: str
) -> None:
    file = tmp_path / "orders.csv"
    file.write_bytes(
        "Name,Email,Financial Status,Created at,Currency,Total,Lineitem quantity,Lineitem name,Lineitem price\n"
        "#1001,dana@example.com,paid,2025-01-05 10:00:00 +0200,ILS,40.00,1,ספל,40.00\n".encode(encoding)
    )
    assert f"\n# retainctl orders import {file}{option}\n" in propose_mapping(shop, str(file))
    done = import_orders(shop, str(file), OrderOptions(encoding=option.removeprefix(" --encoding ")))
    assert done.quarantined == ()
    assert rows("SELECT name FROM products") == [("ספל",)]


def test_a_packed_file_is_looked_at_unpacked(shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "till.tsv.gz"
    file.write_bytes(gzip.compress("Order\tDate\tSku\tQty\n1\t2025-01-01\tספל\t2\n".encode()))
    assert "cp1255" not in propose_mapping(shop, str(file))
    file.write_bytes(gzip.compress("Order\tDate\tSku\tQty\n1\t2025-01-01\tספל\t2\n".encode("cp1255")))
    assert (
        "# TO DO: The file may be cp1255: import it with --encoding cp1255 if its letters are right so: ספל\n"
        in propose_mapping(shop, str(file))
    )


def test_a_pipe_is_read_once(shop: Shop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "till.csv").write_bytes(TILL.encode("cp1255"))
    with (tmp_path / "till.csv").open(encoding="cp1255") as pipe:
        monkeypatch.setattr("sys.stdin", pipe)
        assert 'name = "שם לקוח"' in propose_mapping(shop, "-")
