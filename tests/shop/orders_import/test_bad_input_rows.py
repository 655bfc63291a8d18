"""Rows that are not what they should be: the rows B25 to B42, B61 and B62 of the matrix of bad input."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from retainctl.config import Shop, read_shop
from retainctl.doctor import examine
from retainctl.errors import BadData
from retainctl.intake.csv_rows import CHUNK_ROWS
from retainctl.shop.orders import doubtful_returns, list_returns
from retainctl.store.database import rows, value
from tests.conftest import NOW, Terminal
from tests.planting import on_day
from tests.shop.orders_import.conftest import HEADER, PIECES, Bring, codes, counts, row

GOOD = [row(f"G{number}") for number in range(1, 31)]


def order(number: int = 727, **changes: object) -> str:
    """A WooCommerce order on one line: a format where a record is a whole order."""
    record: dict[str, object] = {
        "id": number, "status": "completed", "currency": "ILS", "date_created_gmt": "2025-01-05T08:00:00",
        "date_modified_gmt": None, "total": "20.00", "customer_id": 5, "billing": {"email": "dana@shop.example"},
        "line_items": [{"id": 1, "name": "Mug", "sku": "MUG", "quantity": 2, "subtotal": "20.00", "total": "20.00",
                        "price": 10}],
    }  # fmt: skip
    return json.dumps(record | changes)


def test_b25_equal_orders_are_one_where_a_row_is_an_order(books: Shop, bring: Bring) -> None:
    outcome = bring(books, order(1), order(1), order(2), name="o.jsonl", format="woocommerce-json")
    assert counts(outcome) == (3, 2, 0, 1, 0, 0, 0)


def test_b25_equal_lines_are_two_where_a_row_is_a_line(books: Shop, bring: Bring) -> None:
    assert counts(bring(books, HEADER, row("1"), row("2"), row("1"), row("1"))) == (4, 4, 0, 0, 0, 0, 0)
    assert rows("SELECT COUNT(*), SUM(amount_minor) FROM order_lines AS l JOIN orders AS o ON o.id = l.order_id"
                " WHERE o.external_id = '1'") == [(3, 6_000)]  # fmt: skip


def test_b26_orders_that_differ_are_both_quarantined(books: Shop, bring: Bring) -> None:
    lines = [order(number) for number in range(1, 41)]
    outcome = bring(books, *lines, order(99), order(99, status="failed"), name="o.jsonl")
    assert (counts(outcome), codes(outcome)) == ((42, 40, 0, 0, 0, 0, 2), ["conflicting_rows"] * 2)
    assert value("SELECT COUNT(*) FROM orders WHERE external_id = '99'") == 0


@pytest.mark.parametrize("changed", [("2025-01-06T08:00:00", "2025-01-06T08:00:00"), ("2025-01-06T08:00:00", None)])
def test_b26_none_counts_where_nothing_says_which_is_the_newer(
    books: Shop, bring: Bring, changed: tuple[str, str | None]
) -> None:
    both = zip(changed, ("failed", "completed"), strict=True)
    lines = [order(99, date_modified_gmt=at, status=status) for at, status in both]
    outcome = bring(books, *[order(number) for number in range(1, 41)], *lines, name="o.jsonl")
    assert codes(outcome) == ["conflicting_rows"] * 2


@pytest.mark.parametrize("place", [0, 1, 2])
def test_b26_the_newest_one_counts_where_they_say_when_they_were_changed(books: Shop, bring: Bring, place: int) -> None:
    versions = [order(1, date_modified_gmt=f"2025-01-0{day}T08:00:00") for day in (5, 6)]
    versions.insert(place, order(1, status="refunded", date_modified_gmt="2025-01-07T08:00:00"))
    assert counts(bring(books, *versions, name="o.jsonl")) == (3, 1, 0, 2, 0, 0, 0)
    assert value("SELECT status FROM orders") == "refunded"


def test_b27_a_changed_order_is_a_new_version_and_an_older_one_is_stale(shop: Shop, bring: Bring) -> None:
    first = order(1, date_modified_gmt="2025-01-06T08:00:00")
    second = order(1, status="cancelled", date_modified_gmt="2025-01-08T08:00:00")
    stale = order(1, status="failed", date_modified_gmt="2025-01-07T08:00:00")
    assert counts(bring(shop, first, name="1.jsonl")) == (1, 1, 0, 0, 0, 0, 0)
    assert counts(bring(shop, second, name="2.jsonl")) == (1, 0, 1, 0, 0, 0, 0)
    assert counts(bring(shop, stale, name="3.jsonl")) == (1, 0, 0, 1, 0, 0, 0)
    assert rows("SELECT status, is_sale, version FROM orders") == [("cancelled", 0, 2)]
    assert value("SELECT COUNT(*) FROM customer_summaries") == 0
    ((version, content),) = rows("SELECT version, content FROM order_versions")
    was = json.loads(content)
    assert (version, was["order"]["status"], was["lines"][0]["amount_minor"]) == (1, "completed", 2_000)


def test_b27_an_order_that_differs_counts_though_its_source_says_the_same_time(shop: Shop, bring: Bring) -> None:
    for status in ("completed", "cancelled"):
        bring(shop, order(1, date_modified_gmt="2025-01-06T08:00:00", status=status), name=f"{status}.jsonl")
    assert rows("SELECT version, status FROM orders") == [(2, "cancelled")]


def test_b27_an_order_of_lines_that_loses_one_is_a_new_version(shop: Shop, bring: Bring) -> None:
    bring(shop, HEADER, row("1"), row("1", sku="TEA"), row("2"))
    outcome = bring(shop, HEADER, row("2"), row("1", sku="TEA"), name="b.csv")
    assert counts(outcome) == (2, 0, 1, 1, 0, 0, 0)
    assert rows("SELECT external_id, version, gross_minor FROM orders ORDER BY 1") == [("1", 2, 2_000), ("2", 1, 2_000)]
    assert rows("SELECT orders, gross_minor FROM customer_summaries") == [(2, 4_000)]


def test_lines_of_an_order_may_stand_anywhere_and_in_any_order(shop: Shop, bring: Bring) -> None:
    lines = [row(str(number), sku=sku) for sku in ("MUG", "TEA", "JAM") for number in range(40)]
    bring(shop, HEADER, *lines)
    assert rows("SELECT COUNT(*), MIN(gross_minor), MAX(gross_minor) FROM orders") == [(40, 6_000, 6_000)]
    assert counts(bring(shop, HEADER, *reversed(lines), name="b.csv")) == (120, 0, 0, 120, 0, 0, 0)


@pytest.mark.parametrize("number", ["1.0", "00123", "12-34/5"])
def test_b28_an_id_is_kept_as_it_is_but_for_what_programs_write_around_it(
    books: Shop, bring: Bring, number: str
) -> None:
    for name, written in enumerate((number, f" {number}", f"{number} ", f"'{number}", f'"=""{number}"""')):
        bring(books, HEADER, row(written), name=f"{name}.csv")
    assert rows("SELECT external_id FROM orders") == [(number,)]
    assert value("SELECT COUNT(*) FROM order_lines") == 1


@pytest.mark.parametrize("number", ["1E+05", "1.23e10"])
def test_b28_an_id_that_a_spreadsheet_damaged_is_quarantined(books: Shop, bring: Bring, number: str) -> None:
    assert codes(bring(books, HEADER, *GOOD, row(number))) == ["damaged_id"]


def test_b29_two_shops_may_have_the_same_order_number(books: Shop, bring: Bring) -> None:
    assert counts(bring(books, HEADER, row("1"), source="haifa"))[:2] == (1, 1)
    assert counts(bring(books, HEADER, row("1"), source="eilat"))[:2] == (1, 1)


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ({"quantity": "-1"}, "negative_quantity"),  # B30
        ({"quantity": "1.0005"}, "bad_quantity"),
        ({"quantity": "two"}, "bad_number"),
        ({"unit_price": "-3"}, "negative_price"),
        ({"currency": ""}, "no_currency"),  # B35
        ({"currency": "XXQ"}, "bad_currency"),
        ({"unit_price": "12.34567"}, "bad_number"),  # B37
        ({"unit_price": "NaN"}, "bad_number"),
        ({"unit_price": "Infinity"}, "bad_number"),
        ({"unit_price": "1e400"}, "bad_number"),
        ({"unit_price": "1E+999999999"}, "bad_number"),
        ({"unit_price": "1_000"}, "bad_number"),
        ({"unit_price": "١٢٣"}, "bad_number"),
        ({"unit_price": "１２"}, "bad_number"),
        ({"unit_price": "9" * 13}, "bad_number"),
        ({"discount": "1.0050"}, "too_fine"),  # B38
        ({"discount": "99"}, "bad_discount"),
        ({"discount": "-1"}, "negative_discount"),
        ({"currency": "JPY", "discount": "1.50"}, "too_fine"),
        ({"ordered_at": "03/04/2025"}, "bad_date"),  # B39
        ({"ordered_at": "2025-13-01"}, "bad_date"),
        ({"ordered_at": "2025-02-30"}, "bad_date"),
        ({"ordered_at": "2025-01-05 10:00 IST"}, "bad_date"),  # B40
        ({"ordered_at": "2025-03-05T10:00:00+02:00"}, "future_date"),  # B42
        ({"ordered_at": "2099-01-01"}, "future_date"),
        ({"ordered_at": "0001-01-01"}, "bad_date"),
        ({"ordered_at": "1900-01-01"}, "bad_date"),
        ({"ordered_at": "45321"}, "undeclared_serial_date"),
        ({"ordered_at": "1736064000"}, "undeclared_serial_date"),
        ({"ordered_at": "1736064000000"}, "undeclared_serial_date"),
        ({"ordered_at": "２０２５-01-05"}, "bad_date"),
        ({"status": "lost"}, "bad_status"),
        ({"order_id": ""}, "no_id"),
        ({"order_id": "a\u202eb"}, "bad_id"),
    ],
)
def test_a_bad_cell_quarantines_its_row(books: Shop, bring: Bring, cells: dict[str, str], code: str) -> None:
    bad = row(**({"order": "31"} | cells)) if "order_id" not in cells else row("31", **cells)
    outcome = bring(books, HEADER, *GOOD, bad)
    assert (counts(outcome), codes(outcome)) == ((31, 30, 0, 0, 0, 0, 1), [code])
    held = outcome.quarantined[0]
    assert held.column in cells
    assert held.origin.raw_bytes == f"{bad}\n".encode()
    assert value("SELECT COUNT(*) FROM orders WHERE external_id = '31'") == 0


def test_b30_b33_nothing_bought_and_nothing_paid_are_kept(books: Shop, bring: Bring) -> None:
    bring(books, HEADER, row("1", quantity="0"), row("2", unit_price="0"), row("3", discount="20.00"))
    assert rows("SELECT external_id, is_sale, gross_minor FROM orders ORDER BY 1") == [
        ("1", 0, 0), ("2", 1, 0), ("3", 1, 0)
    ]  # fmt: skip
    assert value("SELECT orders FROM customer_summaries") == 2


REFUNDS = HEADER + ",refund_of"


def test_b31_a_return_waits_for_its_order(shop: Shop, bring: Bring) -> None:
    back = row("R1", quantity="-1") + ",1"
    assert counts(bring(shop, REFUNDS, back)) == (1, 1, 0, 0, 0, 0, 0)
    assert rows(f"SELECT order_id, named_order, {PIECES}, amount_minor FROM order_returns") == [(None, "1", 1, 1_000)]
    bring(shop, HEADER, row("1"), name="b.csv")
    assert rows("SELECT o.external_id, r.order_line_no, o.version FROM order_returns AS r"
                " JOIN orders AS o ON o.id = r.order_id") == [("1", 1, 2)]  # fmt: skip
    assert rows("SELECT gross_minor, returns_minor FROM customer_summaries") == [(2_000, 1_000)]
    assert counts(bring(shop, REFUNDS, back, again=True)) == (1, 0, 0, 1, 0, 0, 0)


def test_b31_a_return_whose_order_has_not_come_for_30_days_is_told(shop: Shop, bring: Bring) -> None:
    bring(shop, REFUNDS, row("R1", quantity="-1") + ",1")
    assert [(one.state, one.order) for one in list_returns(shop, waiting=True, limit=9)] == [("waiting", "1")]
    assert doubtful_returns(shop) == {}
    later = read_shop(str(shop.folder), now="2025-04-02T10:00")
    assert [one.state for one in list_returns(later, waiting=True, limit=9)] == ["overdue"]
    assert doubtful_returns(later) == {"overdue": 1}


def test_b32_a_waiting_return_that_proves_too_large_is_told_and_never_taken(
    retainctl: Terminal, shop: Shop, bring: Bring, tmp_path: Path
) -> None:
    bring(shop, REFUNDS, row("R1", quantity="-3") + ",1")
    path = tmp_path / "b.csv"
    path.write_text("\n".join([HEADER, row("1"), ""]))
    ended = retainctl("orders", "import", str(path), "--format", "jsonl")
    assert ended.code == 3
    assert '"message": "return R1 is larger than order 1 and is waiting (retainctl orders returns' in ended.stderr
    assert [(one.state, one.order) for one in list_returns(shop, waiting=True, limit=9)] == [("too_large", "1")]
    assert bring(shop, HEADER, row("2"), name="c.csv").attention == (), "it is told once, and listed for ever"
    assert ("returns", "warning", "returns: 1 larger than their order. See: retainctl orders returns --waiting") in [
        (one.check, one.state, one.detail) for one in examine(str(shop.folder), now=NOW, read_words=lambda _: None)
    ]


def test_b32_a_return_larger_than_its_order_is_quarantined(shop: Shop, bring: Bring) -> None:
    good = [line + "," for line in GOOD]
    outcome = bring(shop, REFUNDS, *good, row("R1", quantity="-3") + ",G1")
    assert (counts(outcome), codes(outcome)) == ((31, 30, 0, 0, 0, 0, 1), ["return_larger_than_order"])
    bring(shop, REFUNDS, row("R2", quantity="-2") + ",G1", name="b.csv")
    twice = bring(shop, REFUNDS, row("R3", quantity="-2") + ",G1", name="c.csv")
    assert codes(twice) == ["return_larger_than_order"]
    assert rows(f"SELECT external_id, {PIECES} FROM order_returns") == [("R2", 2)]


def test_b32_the_same_return_twice_is_one(books: Shop, bring: Bring) -> None:
    lines = [REFUNDS, row("1") + ",", row("R1", quantity="-1") + ",1"]
    bring(books, *lines)
    assert counts(bring(books, *lines[:1], *lines[2:], name="b.csv")) == (1, 0, 0, 1, 0, 0, 0)
    assert value("SELECT COUNT(*) FROM order_returns") == 1


def test_a_refunded_order_is_a_sale_and_its_return(shop: Shop, bring: Bring) -> None:
    bring(shop, HEADER, row("1", status="refunded"), row("1", sku="TEA", status="refunded"))
    assert rows("SELECT is_sale, version FROM orders") == [(1, 1)]
    assert rows("SELECT orders, gross_minor, returns_minor FROM customer_summaries") == [(1, 4_000, 4_000)]
    assert rows(f"SELECT order_line_no, {PIECES}, amount_minor FROM order_returns ORDER BY 1") == [
        (1, 2, 2_000), (2, 2, 2_000)
    ]  # fmt: skip


def test_b34_a_total_that_is_not_its_lines_quarantines_the_order(books: Shop, bring: Bring) -> None:
    header = HEADER + ",total"
    outcome = bring(books, header, *[line + ",20.01" for line in GOOD], row("31") + ",20.02")
    assert codes(outcome) == ["bad_total"]


@pytest.mark.parametrize("name", ["NIS", "₪", "שח", "ש״ח", "ils", " ILS "])
def test_b35_shekels_have_many_names(books: Shop, bring: Bring, name: str) -> None:
    bring(books, HEADER, row("1", currency=name))
    assert value("SELECT currency FROM orders") == "ILS"


def test_b35_currency_of_rows_that_name_none(books: Shop, bring: Bring) -> None:
    bring(books, HEADER, row("1", currency=""), currency="usd")
    bring(books, "order_id,ordered_at,quantity,unit_price", "2,2025-01-05,1,5", name="b.csv")
    assert rows("SELECT external_id, currency FROM orders ORDER BY 1") == [("1", "USD"), ("2", "ILS")]
    mixed = bring(books, HEADER, *GOOD, row("3"), row("3", currency="USD"), name="c.csv")
    assert codes(mixed) == ["mixed_currency", "order_incomplete"]


@pytest.mark.parametrize("known", [False, True])
def test_b35_rows_of_one_order_that_stand_far_apart_are_of_one_currency(books: Shop, bring: Bring, known: bool) -> None:
    if known:
        bring(books, HEADER, row("3", sku="TEA"))
    far = [row(f"F{number}") for number in range(2 * CHUNK_ROWS)]
    outcome = bring(books, HEADER, row("3"), *far, row("3", currency="USD"), name="far.csv")
    assert sorted(codes(outcome)) == ["mixed_currency", "order_incomplete"]
    assert value("SELECT COUNT(*) FROM orders") == known + len(far)


NUMBERS = [
    ("1,234.56", "1,234.56", 123_456),
    ("1.234,56", "1.234,56", 123_456),
    ("1 234,56", "1 234,56", 123_456),
    ("1 234,56", "1\u00a0234,56", 123_456),
    ("1234,56", "₪12,5", 1_250),
    ("1,234.56", "₪12", 1_200),
    ("1,234.56", "12 NIS", 1_200),
]


@pytest.mark.parametrize(("style", "text", "minor"), NUMBERS)
def test_b36_the_format_of_numbers_is_stated(books: Shop, bring: Bring, style: str, text: str, minor: int) -> None:
    bring(books, HEADER, row("1", quantity="1", unit_price=f'"{text}"'), mapping=f'numbers = "{style}"')
    assert value("SELECT gross_minor FROM orders") == minor


@pytest.mark.parametrize("text", ["(12.00)", "12-", "12.00-"])
def test_b36_what_is_below_nought_is_read_so_and_is_no_price(books: Shop, bring: Bring, text: str) -> None:
    assert codes(bring(books, HEADER, *GOOD, row("31", unit_price=text))) == ["negative_price"]


@pytest.mark.parametrize("text", ["1,234", "1.234,56", "1,234.56"])
def test_b36_a_number_that_can_be_read_in_two_ways_stops_the_import(books: Shop, bring: Bring, text: str) -> None:
    with pytest.raises(BadData, match="is ambiguous"):
        bring(books, HEADER, *GOOD, row("31", unit_price=f'"{text}"'))
    assert value("SELECT COUNT(*) FROM orders") == 0


def test_b38_a_price_may_be_finer_and_the_line_is_rounded(books: Shop, bring: Bring) -> None:
    bring(books, HEADER, row("1", quantity="1", unit_price="1.0050"), row("2", unit_price="0.0025"),
          row("3", currency="JPY", quantity="3", unit_price="0.5"))  # fmt: skip
    assert rows("SELECT unit_price, amount_minor FROM order_lines ORDER BY order_id") == [
        ("1.0050", 101), ("0.0025", 1), ("0.5", 2)
    ]  # fmt: skip


@pytest.mark.parametrize(
    "cells",
    [
        {"unit_price": "1.250"},
        {"unit_price": "2000", "discount": "1.500"},
        {"quantity": "12.500", "unit_price": "10"},
        {"unit_price": "€1.250"},
    ],
)
def test_three_decimals_that_may_be_thousands_are_refused_until_somebody_says_how_the_file_writes(
    books: Shop, bring: Bring, cells: dict[str, str]
) -> None:
    line = row("1", currency="EUR", **cells)
    with pytest.raises(BadData, match="is ambiguous"):
        bring(books, HEADER, line)
    assert value("SELECT COUNT(*) FROM orders") == 0
    assert codes(bring(books, HEADER, line, mapping='numbers = "1.234,56"')) == []
    assert value("SELECT gross_minor FROM orders") > 100_000
    assert codes(bring(books, HEADER, row("2", currency="EUR", quantity="0.250"))) == [], "no thousands begin with 0"
    assert codes(bring(books, HEADER, row("3", currency="KWD", unit_price="1.250"))) == [], "it has thousandths"


@pytest.mark.parametrize(
    ("cell", "currency", "code"),
    [
        ("$100.00", "ILS", "other_currency"), ("100.00 USD", "ILS", "other_currency"),
        ("€100.00", "USD", "other_currency"),
        ("100.00 Kč", "PLN", "other_currency"), ("CA$100.00", "USD", "other_currency"), ("₪100.00", "ILS", ""),
        ("100.00 ש״ח", "ILS", ""), ("$100.00", "CAD", ""), ("US$ 100.00", "USD", ""), ("100.00 zł", "PLN", ""),
        ("100.00 CHF", "CHF", ""), ("100.00 kr", "SEK", ""), ("100.00\u00a0kr.", "DKK", ""),
        ("100.00 XYZ", "ILS", "bad_number"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("column", ["unit_price", "line_total", "discount"])
def test_an_amount_with_the_mark_of_another_currency_waits(
    books: Shop, bring: Bring, cell: str, currency: str, code: str, column: str
) -> None:
    cells = {"unit_price": "100.00"} | ({column: cell} if column != "line_total" else {})
    others = [row(str(number)) for number in range(10, 60)]
    further = f",{cell}" if column == "line_total" else ","
    line = row("1", quantity="1", currency=currency, **cells) + further
    outcome = bring(books, f"{HEADER},line_total", *(f"{one}," for one in others), line)
    assert codes(outcome) == [one for one in [code] if one]


def test_b39_b40_dates_are_read_as_the_mapping_says(books: Shop, bring: Bring) -> None:
    bring(books, HEADER, row("1", ordered_at="03/04/2024"), mapping='dates = "%d/%m/%Y"')
    assert rows("SELECT order_day, order_month, day_precision, ordered_at FROM orders") == [
        (*on_day("2024-04-03"), 1, 1_712_134_800)
    ]
    bring(
        books,
        HEADER,
        row("2", ordered_at="03/04/2024 20:00"),
        mapping='dates = "%d/%m/%Y %H:%M"\ntimezone = "America/New_York"',
        name="b.csv",
    )
    assert rows("SELECT order_day, day_precision FROM orders WHERE external_id = '2'") == [(on_day("2024-04-04")[0], 0)]


@pytest.mark.parametrize(
    ("text", "instant", "note"),
    [
        ("2024-03-29T02:30:00", 1_711_672_200, "times in a skipped hour (clock change), moved forward: 1"),
        ("2024-10-27T01:30:00", 1_729_981_800, "times in a repeated hour (clock change), read as the first: 1"),
    ],
)
def test_b41_hours_that_the_clocks_skip_or_repeat(
    books: Shop, bring: Bring, text: str, instant: int, note: str
) -> None:
    outcome = bring(books, HEADER, row("1", ordered_at=text))
    assert value("SELECT ordered_at FROM orders") == instant
    assert note in outcome.notes


def test_b42_epoch_seconds_are_read_where_they_are_declared(books: Shop, bring: Bring) -> None:
    bring(books, HEADER, row("1", ordered_at="1736064000"), mapping='dates = "epoch"')
    assert value("SELECT ordered_at FROM orders") == 1_736_064_000


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("946684800", ""),
        ("12345678", "bad_date"),
        ("12345678901", "bad_date"),
        ("1736064000.5", "bad_date"),
        ("2025-01-05", "bad_date"),
        ("١٧٣٦٠٦٤٠٠٠", "bad_date"),
        ("1790000000", "future_date"),
    ],
)
def test_b42_what_is_no_epoch_seconds_is_no_date_where_they_are_declared(
    books: Shop, bring: Bring, text: str, code: str
) -> None:
    outcome = bring(
        books, HEADER, row("1", ordered_at="1736064000"), row("2", ordered_at=text), mapping='dates = "epoch"'
    )
    assert codes(outcome) == [one for one in [code] if one]


def test_b61_many_orders_of_one_customer_and_one_order_of_many_lines(books: Shop, bring: Bring) -> None:
    lines = [row(str(number)) for number in range(20_000)] + [row("big")] * 60_000
    assert counts(bring(books, HEADER, *lines))[0] == 80_000
    assert rows("SELECT orders, gross_minor FROM customer_summaries") == [(20_001, 160_000_000)]
    assert value("SELECT COUNT(*) FROM order_lines AS l JOIN orders AS o ON o.id = l.order_id"
                 " WHERE o.external_id = 'big'") == 60_000  # fmt: skip


def test_b62_columns_may_stand_in_any_order_and_be_called_in_hebrew(books: Shop, bring: Bring) -> None:
    bring(books, "order_id,ordered_at,sku,quantity,unit_price,status", "1,2025-01-05,MUG,2,10,paid")
    moved = bring(
        books, "Unit Price, STATUS ,Quantity,SKU,Order ID,ordered at", "10,paid,2,MUG,1,2025-01-05", name="b.csv"
    )
    assert counts(moved) == (1, 0, 0, 1, 0, 0, 0)
    hebrew = bring(books, "מספר הזמנה,תאריך,מק״ט,כמות,מחיר,סטטוס", "1,2025-01-05,MUG,2,10,paid", name="c.csv")
    assert counts(hebrew) == (1, 0, 0, 1, 0, 0, 0)
    assert value("SELECT gross_minor FROM orders") == 2_000


@pytest.mark.parametrize("space", ["\u00a0", "\u202f"])
def test_a_no_break_space_in_a_date_is_a_space(books: Shop, bring: Bring, space: str) -> None:
    cells = {"1": f"2025-01-05{space}10:00", "2": "2025-01-05 10:00"}
    bring(books, HEADER, *[row(order, ordered_at=at) for order, at in cells.items()])
    stated = [row("3", ordered_at=f"05/01/2025{space}10:00")]
    bring(books, HEADER, *stated, name="b.csv", mapping='dates = "%d/%m/%Y %H:%M"')
    assert rows("SELECT COUNT(DISTINCT ordered_at), COUNT(*) FROM orders") == [(1, 3)]


@pytest.mark.parametrize("text", ["'+972502345678", "'0502345678", '"=""0502345678"""', "050-2345678"])
def test_what_keeps_a_spreadsheet_from_making_a_number_of_a_phone_is_no_part_of_it(
    books: Shop, bring: Bring, text: str
) -> None:
    bring(books, HEADER, row("1", email="", phone=text))
    ((key, shown),) = rows("SELECT key, value FROM contact_points")
    assert key == "+972502345678"
    assert shown.strip("+0123456789-") == ""


def test_orders_that_are_no_sale_are_counted_in_words(books: Shop, bring: Bring) -> None:
    outcome = bring(books, HEADER, row("1"), *[row(f"P{number}", status="pending") for number in range(3)],
                    row("2", status="cancelled"))  # fmt: skip
    assert outcome.row.orders == 1
    assert outcome.notes[-1] == "orders that are no sale and are not counted: 1 cancelled, 3 pending"


LONG = "x" * 100_000


@pytest.mark.parametrize(
    "cells",
    [
        {"email": LONG}, {"email": f"@{LONG}"}, {"email": f"a@b.example {LONG}"}, {"phone": "5" * 100_000},
        {"quantity": LONG}, {"unit_price": f"1{' ' * 100_000}x"}, {"ordered_at": LONG}, {"status": LONG},
        {"currency": LONG}, {"order_id": f"{LONG}\x07"},
    ],
)  # fmt: skip
def test_a_long_cell_is_cut_where_it_is_told(books: Shop, bring: Bring, cells: dict[str, str]) -> None:
    """Some of them took minutes, and all were printed and mailed whole."""
    (held,) = bring(books, HEADER, *GOOD, row("31", **cells)).quarantined
    assert len(held.message) < 400


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ({"quantity": "999999999999"}, "too_large"), ({"unit_price": "9" * 20}, "bad_number"),
        ({"quantity": "1000000000", "unit_price": "1000000000"}, "too_large"), ({"quantity": "9" * 60}, "bad_number"),
        ({"discount": "9" * 12}, "too_large"), ({"quantity": "-999999999999", "status": "refunded"}, "too_large"),
        ({"quantity": "1e999"}, "bad_number"),
    ],
)  # fmt: skip
def test_an_absurd_row_is_quarantined_and_the_rest_is_booked(
    shop: Shop, bring: Bring, cells: dict[str, str], code: str
) -> None:
    outcome = bring(shop, HEADER, *GOOD, row("31", **cells))
    assert (counts(outcome), codes(outcome)) == ((31, 30, 0, 0, 0, 0, 1), [code])
