"""Files of other shops come in by the ready mappings: each has a sample here, whose totals are worked out by hand."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import NamedTuple

import pytest

from retainctl.config import Shop
from retainctl.errors import BadData
from retainctl.shop.orders_import.known import known_formats
from retainctl.shop.orders_import.orders import import_orders
from retainctl.shop.orders_import.planning import OrderOptions
from retainctl.shop.orders_import.proposing import propose_mapping
from retainctl.shop.orders_import.retry import retry
from retainctl.store.database import rows
from tests.conftest import Terminal
from tests.shop.orders_import.conftest import Bring, codes, counts

SAMPLES = Path(__file__).parent / "samples"
ORDERS = "SELECT external_id, status, gross_minor, shipping_minor, currency FROM orders ORDER BY id"
RETURNED = "SELECT named_order, amount_minor FROM order_returns ORDER BY id"
KNOWN = "SELECT key FROM contact_points ORDER BY id"


class Sample(NamedTuple):
    """What a sample says: its orders, what came back of which, and the addresses of its buyers."""

    orders: list[tuple[str, str, int, int, str]]
    returned: list[tuple[str, int]]
    addresses: list[str]
    customers: int
    encoding: str = ""
    currency: str = ""  # of a file that does not name it


READY = {
    # 2 mugs at 20.00 and beans at 15.00, less 5.50 of discount; 30.00 of a bag's 30.00 with its shipping of 6.00.
    "squarespace": Sample(
        [("1", "paid", 4_950, 1_000, "USD"), ("2", "refunded", 3_000, 600, "USD"), ("3", "pending", 1_250, 0, "USD")],
        [("2", 3_000)],
        ["ann@example.com", "+12025550100", "bob@example.com", "cat@example.com"],
        3,
    ),
    # 36.00 less 3.00 and 1,012.00; 12.00 of a print that comes back in part.
    "square": Sample(
        [("TX1", "completed", 104_500, 0, "USD"), ("TX2", "completed", 2_400, 0, "USD")],
        [("TX2", 1_200)],
        [],
        1,
        currency="USD",
    ),
    # Two caps for 19.76 and a hat of 9.88; nothing of the shipping.
    "amazon": Sample(
        [("114-01", "completed", 2_964, 0, "USD"), ("114-02", "completed", 988, 0, "USD")],
        [],
        ["ann@example.com", "+12025550100", "bob@example.com"],
        2,
    ),
    # 3 lamps at 45.99, with 12.00 of shipping and 9.10 of tax; a card of 1,433.66.
    "ebay": Sample(
        [("12-1", "completed", 13_797, 1_200, "USD"), ("12-2", "completed", 143_366, 0, "USD")],
        [],
        ["ann@example.com", "bob@example.com"],
        2,
        currency="USD",
    ),
    "stripe": Sample(
        [
            ("ch_1", "paid", 312_500, 0, "USD"),
            ("ch_2", "failed", 50_000, 0, "USD"),
            ("ch_3", "refunded", 60_000, 0, "USD"),
            ("ch_4", "paid", 100_000, 0, "USD"),
        ],
        [("ch_3", 60_000), ("ch_4", 30_000)],
        ["ann@example.com", "bob@example.com", "cat@example.com", "dan@example.com"],
        4,
    ),
    "stripe-older": Sample(
        [("ch_1", "paid", 1_250, 0, "GBP"), ("ch_2", "refunded", 900, 0, "GBP")],
        [("ch_2", 900)],
        ["ann@example.com", "bob@example.com"],
        2,
    ),
    # 1,110.00 with 10.00 of shipping; 60.00, of which 20.00 came back; 50.00, which all came back.
    "magento": Sample(
        [
            ("000000101", "completed", 110_000, 1_000, "ILS"),
            ("000000102", "completed", 6_000, 0, "ILS"),
            ("000000103", "refunded", 5_000, 0, "ILS"),
        ],
        [("000000102", 2_000), ("000000103", 5_000)],
        ["ann@example.com", "bob@example.com", "cat@example.com"],
        3,
        currency="ILS",
    ),
    # Net sales of 1,065.50 and 40.00, of which 15.00 came back in a row of its own.
    "woocommerce-analytics": Sample(
        [("501", "completed", 106_550, 0, "ILS"), ("502", "completed", 4_000, 0, "ILS")],
        [("502", 1_500)],
        [],
        0,
        currency="ILS",
    ),
    # Two mugs for 90.00 after their discount and beans for 25.00, with 10.00 of shipping and 21.25 of tax.
    "woocommerce-advanced": Sample(
        [("701", "completed", 11_500, 1_000, "ILS"), ("702", "processing", 5_000, 0, "ILS")],
        [("702", 1_500)],
        ["ann@example.com", "+972501234567", "bob@example.com"],
        2,
        currency="ILS",
    ),
    # 2 at 1.500,00 and one at 500,00, less 350,00; shipping of 250,00.
    "tiendanube": Sample(
        [("301", "paid", 315_000, 25_000, "ARS"), ("302", "cancelled", 100_000, 0, "ARS")],
        [],
        ["ann@example.com", "+5491112345678", "bob@example.com"],
        2,
        encoding="cp1252",
    ),
    # 118.00 with 8.00 of shipping; 54.00, of which 14.00 came back; 20.00, which all came back.
    "bigcommerce": Sample(
        [
            ("1001", "completed", 11_000, 800, "USD"),
            ("1002", "completed", 5_400, 0, "USD"),
            ("1003", "refunded", 2_000, 0, "USD"),
        ],
        [("1002", 1_400), ("1003", 2_000)],
        ["ann@example.com", "+12025550100", "bob@example.com", "cat@example.com"],
        3,
    ),
}


def test_every_ready_mapping_has_a_sample_and_says_where_its_header_was_seen() -> None:
    ready = {name: one for name, one in known_formats().items() if one.mapping}
    assert ready.keys() == READY.keys() == {path.stem for path in SAMPLES.iterdir()}
    for one in ready.values():
        said = [line for line in one.mapping.splitlines() if line.startswith("#")]
        assert one.about == said[0].removeprefix("# ").removesuffix("."), "its first line is what it is of"
        assert said[1].startswith("# Header ")
        assert " seen " in said[1]


@pytest.mark.parametrize("name", READY)
def test_a_sample_is_recognised_and_comes_in_to_its_totals(shop: Shop, name: str) -> None:
    sample, (path,) = READY[name], SAMPLES.glob(f"{name}.*")
    outcome = import_orders(shop, str(path), OrderOptions(encoding=sample.encoding, currency=sample.currency))
    assert (codes(outcome), outcome.row.source) == ([], name)
    assert f"read as {name} (detected)" in outcome.notes
    assert rows(ORDERS) == sample.orders
    assert rows(RETURNED) == sample.returned
    assert [address for (address,) in rows(KNOWN)] == sample.addresses
    assert rows("SELECT COUNT(*) FROM customers") == [(sample.customers,)]
    again = import_orders(shop, str(path), OrderOptions(encoding=sample.encoding, currency=sample.currency, again=True))
    assert again.row.rows_unchanged == outcome.row.rows_new


def test_a_known_file_is_named_and_its_ready_mapping_can_be_changed(
    books: Shop, bring: Bring, retainctl: Terminal, tmp_path: Path
) -> None:
    path = SAMPLES / "square.csv"
    text = propose_mapping(books, str(path))
    assert text.startswith(f"# {path} is known as square (Square's item sales: ")
    assert tomllib.loads(text) == tomllib.loads(known_formats()["square"].mapping)
    changed = tmp_path / "square.toml"
    changed.write_text('timezone = "America/New_York"\n' + text, encoding="utf-8")
    options = OrderOptions(format="square", mapping=changed, currency="USD")
    assert import_orders(books, str(path), options).row.source == "square"
    assert rows("SELECT ordered_at FROM orders ORDER BY id") == [(1_737_223_170,), (1_737_223_800,)]  # 12:59:30 -05:00
    shopify = tmp_path / "shopify.csv"
    shopify.write_text(
        "Name,Email,Financial Status,Created at,Currency,Total,Lineitem quantity,Lineitem name,Lineitem price\n",
        encoding="utf-8",
    )
    said = propose_mapping(books, str(shopify))
    assert said.startswith(f"# {shopify} is known as shopify (Shopify's orders_export), and needs no mapping:")
    assert tomllib.loads(said) == {}


def test_a_report_of_amazon_with_promotions_is_not_read_as_one_without(books: Shop, bring: Bring) -> None:
    lines = (SAMPLES / "amazon.txt").read_text(encoding="utf-8").splitlines()
    promoted = [
        f"{line}\t{extra}" for line, extra in zip(lines, ["item-promotion-discount", "-1.00", "", ""], strict=True)
    ]
    with pytest.raises(BadData, match="does not look like an orders file"):
        bring(books, *promoted)
    with pytest.raises(BadData, match="has the column item-promotion-discount, which the mapping does not read"):
        bring(books, *promoted, format="amazon")


@pytest.mark.parametrize(
    ("footer", "code"),
    [
        ("2,record(s) downloaded,from Jan", ""),
        ("2 record(s) downloaded,,", ""),
        ("record(s) downloaded,,", "bad_date"),
        ("Seller ID : ours", ""),
        ("2,Seller ID,", "bad_date"),
    ],
)
def test_a_footer_that_begins_with_any_number_is_no_row(books: Shop, bring: Bring, footer: str, code: str) -> None:
    mapping = 'skip_rows = ["Seller ID", "# record(s)"]\n[columns]\norder_id = "n"\nordered_at = "d"\ntotal = "t"\n'
    outcome = bring(books, ",,", ' , ,""', "n,d,t", "7,2025-01-05,10.00", footer, mapping=mapping, currency="ILS")
    assert codes(outcome) == [code] * bool(code)
    assert counts(outcome)[1] == 1


def test_a_row_of_a_ready_mapping_that_waits_is_tried_again_by_it(shop: Shop, bring: Bring) -> None:
    header, first, *others = (SAMPLES / "ebay.csv").read_text(encoding="utf-8").splitlines()[1:]
    outcome = bring(
        shop, header, first, *others[:1], others[1].replace('"$1,433.66",No', "$1400.00,No"), currency="USD"
    )
    assert codes(outcome) == ["bad_total"]
    (again,) = retry(shop, (), OrderOptions())
    assert (codes(again), again.row.source) == (["bad_total"], "ebay")
    assert rows("SELECT COUNT(*) FROM orders") == [(1,)]
