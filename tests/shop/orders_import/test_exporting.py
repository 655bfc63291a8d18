"""Orders that are exported are the same orders where they are imported, in another shop or in this one."""

from __future__ import annotations

import csv
import io
import json
import random
from pathlib import Path

import pytest

from tests.conftest import Terminal
from tests.proof.test_generated_orders import FORMATS, an_order
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
    (tmp_path / "in").write_text("\n".join([*LINES, ""]), encoding="utf-8")
    assert_the_same_elsewhere(retainctl, tmp_path)


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
        ended = retainctl(noun, "export", "--format", "json", "--output", str(tmp_path / "a.json"))
        assert (ended.code, ended.stdout) == (0, "")
        retainctl(noun, "export", "--output", str(tmp_path / "B.JSON"))
        assert json.loads((tmp_path / "B.JSON").read_text(encoding="utf-8")) == document
        retainctl(noun, "export", "--format", "csv", "--output", str(tmp_path / "c.json"))
        assert list(csv.DictReader(io.StringIO((tmp_path / "c.json").read_text(encoding="utf-8")))) == table
        assert retainctl(noun, "export", "--format", "tsv").code == 2
        assert retainctl(noun, "export", "--for-excel", "--output", str(tmp_path / "d.jsonl")).code == 2
        assert json.loads((tmp_path / "a.json").read_text(encoding="utf-8")) == document
        assert retainctl(noun, "export", "--format", "html").code == 2
        assert retainctl(noun, "export", "--format", "json", "--for-excel").code == 2
    empty = Terminal(tmp_path / "other")
    retainctl("init", str(tmp_path / "other"))
    assert json.loads(empty("customers", "export", "--format", "json").stdout)["rows"] == []


@pytest.mark.parametrize("name", FORMATS)
def test_orders_of_every_kind_are_the_same_where_they_are_imported(
    retainctl: Terminal, tmp_path: Path, name: str
) -> None:
    chance, (write, has) = random.Random(name), FORMATS[name]
    orders = [an_order(chance, number, frozenset(has.split()), may_be_wrong=False) for number in range(40)]
    (tmp_path / "in").write_text(write(orders), encoding="utf-8")
    assert_the_same_elsewhere(retainctl, tmp_path, "--from", name)


@pytest.mark.parametrize("currency", ["ILS", "KWD"])
def test_prices_that_do_not_come_out_even_are_the_same_where_they_are_imported(
    retainctl: Terminal, tmp_path: Path, currency: str
) -> None:
    items = [
        {"name": "A", "quantity": 3, "subtotal": "100.00", "total": "100.00", "price": 33.333333333333336},
        {"name": "B", "quantity": 1000, "subtotal": "33.33", "total": "33.33", "price": 0.03333},
        {"name": "C", "quantity": 0.5, "subtotal": "15.00", "total": "14.99", "price": 29.98},
        {"name": "D", "quantity": 2, "subtotal": "40.00", "total": "45.00", "price": 22.5},
    ]
    order = {"status": "completed", "currency": currency, "date_created_gmt": "2025-01-05T08:00:00"}
    wholes: list[dict[str, object]] = [
        {"line_items": items, "fee_lines": [{"total": "-10.00"}], "total": "183.32"},
        {"line_items": items, "total": "193.32", "status": "refunded"},
        {"line_items": items[:1], "shipping_total": "5.00", "total": "105.00", "refunds": [{"total": "-1.00"}]},
    ]
    lines = [json.dumps(order | {"id": number} | whole) for number, whole in enumerate(wholes, 1)]
    (tmp_path / "in").write_text("\n".join(lines), encoding="utf-8")
    assert_the_same_elsewhere(retainctl, tmp_path, "--from", "woocommerce-json")
    exported = csv.DictReader(io.StringIO((tmp_path / "first.csv").read_text(encoding="utf-8")))
    assert {one["unit_price"] for one in exported} == {"33.3333", "0.0333", "30", "22.5", ""}


def assert_the_same_elsewhere(retainctl: Terminal, folder: Path, *options: str) -> None:
    """Import the file ``in`` of *folder*, and its export into another shop: it comes in whole and goes out the same."""
    first, second = folder / "first.csv", folder / "second.csv"
    assert retainctl("orders", "import", str(folder / "in"), *options).code == 0
    retainctl("orders", "export", "--output", str(first))
    other = Terminal(folder / "other")
    retainctl("init", str(folder / "other"))
    there = other("orders", "import", str(first), "--from", "generic")
    assert (there.code, there.stderr) == (0, "")
    other("orders", "export", "--output", str(second))
    assert second.read_text(encoding="utf-8") == first.read_text(encoding="utf-8")
