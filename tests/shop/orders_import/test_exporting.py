"""Orders that are exported are the same orders where they are imported, in another shop or in this one."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

from tests.conftest import Terminal
from tests.shop.orders_import.conftest import HEADER, row

LINES = [
    HEADER + ",refund_of,shipping,tax,line_kind,customer_id,product,category,updated_at,refunded",
    f"{row('1')},,5.00,1.20,sale,C-7,ספל,כלים,2025-01-06T10:00:00+02:00,",
    f"{row('1', sku='WAY', quantity='1', unit_price='15.00')},,,,fee,C-7,,,,",
    f"{row('2', quantity='1.5', unit_price='9.9990', discount='1.00')},,,,,,,,,",
    f"{row('3', currency='JPY', unit_price='500', phone='+972501234567')},,,,,,,,,",
    f"{row('4', email='')},,,,,,,,,",
    f"{row('5', status='cancelled')},,,,,,,,,",
    f"{row('6', sku='', quantity='1')},,,,,,,,,",
    f"{row('6', sku='', quantity='-1', status='refunded')},,,,,,,,,",
    f"{row('7', email='=1+1@shop.example', quantity='3')},,,,,,'=ספל,,,",
    f"{row('8', quantity='2000')},,,,,,,,2025-02-01T09:00:00+02:00,7.50",
    f"{row('9', status='refunded')},,,,,,,,2025-02-01T09:00:00+02:00,",
    f"{row('10', status='refunded')},,,,,,,,,",
    f"{row('R1', quantity='-1', status='refunded')},1,,,,,,,,",
    f"{row('=R9', quantity='-1', status='refunded')},'@unknown,,,,,,,,",
]


def test_what_is_exported_is_the_same_where_it_is_imported(retainctl: Terminal, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("\n".join([*LINES, ""]), encoding="utf-8")
    brought = retainctl("orders", "import", str(tmp_path / "in.csv"))
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    retainctl("orders", "export", "--output", str(first))
    other = Terminal(tmp_path / "other")
    retainctl("init", str(tmp_path / "other"))
    assert (brought.code, other("orders", "import", str(first)).code) == (0, 0)
    other("orders", "export", "--output", str(second))
    assert second.read_bytes() == first.read_bytes()


def test_lists_are_exported_as_json_too(retainctl: Terminal, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("\n".join([*LINES[:3], ""]), encoding="utf-8")
    retainctl("orders", "import", str(tmp_path / "in.csv"))
    (tmp_path / "agreed.csv").write_text("email\ndana@shop.example\n", encoding="utf-8")
    retainctl("consent", "import", str(tmp_path / "agreed.csv"), "--evidence", "form", "--answer", "yes")
    for noun, kind in (("orders", "order_export"), ("customers", "customer_export"), ("consent", "consent_export")):
        table = list(csv.DictReader(io.StringIO(retainctl(noun, "export").stdout)))
        document = json.loads(retainctl(noun, "export", "--format", "json").stdout)
        lines = [json.loads(line) for line in retainctl(noun, "export", "--format", "jsonl").stdout.splitlines()]
        assert (document["kind"], document["version"], document["rows"]) == (kind, 1, lines)
        as_text = [{name: "" if cell is None else str(cell) for name, cell in line.items()} for line in lines]
        assert as_text == table
        assert len(table) > 0
        assert retainctl(noun, "export", "--output", str(tmp_path / "a.json")).code == 0
        assert json.loads((tmp_path / "a.json").read_text(encoding="utf-8")) == document
        assert retainctl(noun, "export", "--format", "html").code == 2
        assert retainctl(noun, "export", "--format", "json", "--for-excel").code == 2
    empty = Terminal(tmp_path / "other")
    retainctl("init", str(tmp_path / "other"))
    assert json.loads(empty("customers", "export", "--format", "json").stdout)["rows"] == []
