"""Shopify, WooCommerce and Wix, and JSON that is not what it should be (B53)."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from retainctl.config import Shop
from retainctl.errors import BadData
from retainctl.shop.consent import Decision, record
from retainctl.shop.orders_import.documents import SALE_STATUSES
from retainctl.shop.orders_import.known import format_named
from retainctl.shop.orders_import.orders import import_orders
from retainctl.shop.orders_import.planning import OrderOptions
from retainctl.store.database import rows, value
from tests.planting import on_day
from tests.reach import contactable
from tests.shop.orders_import.conftest import HEADER, PIECES, Bring, codes, counts, row

SHOPIFY = (
    "Name,Email,Financial Status,Accepts Marketing,Currency,Subtotal,Shipping,Taxes,Total,Created at,"
    "Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Lineitem discount,Billing Name,Cancelled at,"
    "Refunded Amount,Discount Amount,Phone"
)
HEAD = "#1,dana@shop.example,{status},yes,ILS,90.00,20.00,0.00,110.00,2024-05-01 10:00:00 +0300"
FIRST = HEAD + ",2,Mug,40.00,MUG,0.00,דנה כהן,,{refunded},10.00,"
MORE = "#1,dana@shop.example,,,,,,,,2024-05-01 10:00:00 +0300,1,Tea,20.00,TEA,0.00,,,,,"


def test_shopify_orders_have_further_lines_and_a_discount_of_the_whole(shop: Shop, bring: Bring) -> None:
    outcome = bring(shop, SHOPIFY, FIRST.format(status="paid", refunded="0.00"), MORE)
    assert counts(outcome) == (2, 2, 0, 0, 0, 0, 0)
    assert rows("SELECT external_id, gross_minor, shipping_minor, discount_minor, source FROM orders") == [
        ("#1", 9_000, 2_000, 1_000, "shopify")
    ]
    assert rows(f"SELECT {PIECES}, amount_minor, discount_minor FROM order_lines ORDER BY line_no") == [
        (2, 7_200, 800), (1, 1_800, 200)
    ]  # fmt: skip
    assert rows("SELECT first_name, last_name FROM customers") == [("דנה", "כהן")]


@pytest.mark.parametrize(
    ("status", "refunded", "returned", "is_sale"),
    [("refunded", "110.00", 9_000, 1), ("partially_refunded", "30.00", 3_000, 1), ("voided", "0.00", 0, 0)],
)
def test_shopify_refunds_and_voids(
    shop: Shop, bring: Bring, status: str, refunded: str, returned: int, is_sale: int
) -> None:
    bring(shop, SHOPIFY, FIRST.format(status=status, refunded=refunded), MORE)
    assert rows("SELECT is_sale FROM orders") == [(is_sale,)]
    assert int(value("SELECT COALESCE(SUM(amount_minor), 0) FROM order_returns WHERE order_id IS NOT NULL")) == returned


@pytest.mark.parametrize(
    ("name", "sales", "others"),
    [
        ("shopify", "paid partially_refunded refunded", "pending authorized partially_paid voided expired"),
        ("shopify-json", "paid partially_refunded refunded", "pending authorized partially_paid voided expired"),
        ("woocommerce", "processing completed refunded", "pending on-hold checkout-draft cancelled failed trash"),
        ("woocommerce-json", "processing completed refunded", "pending on-hold checkout-draft cancelled failed trash"),
        (
            "wix", "paid, partially refunded, fully refunded, refunded",
            "unpaid, not paid, pending, partially paid, canceled, cancelled, declined, voided",
        ),
        (
            "generic", ", paid, processing, shipped, fulfilled, completed, complete, delivered, refunded, שולם, בטיפול,"
            " נשלח, הושלם, זוכה, שולמה, נשלחה, הושלמה, זוכתה, סופק, סופקה, נמסר, נמסרה, הוחזר, הוחזרה",
            "pending, cancelled, canceled, voided, void, failed, ממתין, בוטל, נכשל, ממתינה, בוטלה, נכשלה,"
            " בהמתנה, ממתין לתשלום, ממתינה לתשלום, לא שולם, לא שולמה, מבוטל, מבוטלת",
        ),
    ],
)  # fmt: skip
def test_what_is_paid_for_is_a_sale_in_the_words_of_each_format(name: str, sales: str, others: str) -> None:
    def split(words: str) -> set[str]:
        return set(words.split(", " if "," in words else None))

    statuses = format_named(name).readings["statuses"]
    assert {word for word, status in statuses.items() if status in SALE_STATUSES} == split(sales)
    assert statuses.keys() == split(sales) | split(others)


@pytest.mark.parametrize("subtotal", ["89.98", "100.02"])
def test_the_discount_of_a_shopify_order_may_be_rounded_by_a_minor_unit_a_line(
    books: Shop, bring: Bring, subtotal: str
) -> None:
    assert counts(bring(books, SHOPIFY, *with_subtotal(subtotal)))[1] == 2


@pytest.mark.parametrize("subtotal", ["89.97", "100.03"])
def test_a_shopify_order_whose_subtotal_is_not_its_lines_waits_and_stops_no_other(
    books: Shop, bring: Bring, subtotal: str
) -> None:
    right = [line.replace("#1", "#2") for line in with_subtotal("90.00")]
    done = bring(books, SHOPIFY, *with_subtotal(subtotal), *right)
    assert ([held.code for held in done.quarantined], counts(done)[1]) == (["bad_subtotal"] * 2, 2)
    wrong = [line.replace("#1", "#3") for line in with_subtotal(subtotal)]
    with pytest.raises(BadData, match="4 of 6 rows are bad"):
        bring(books, SHOPIFY, *with_subtotal(subtotal), *wrong, *right, name="b.csv")


def with_subtotal(subtotal: str) -> tuple[str, str]:
    """The two rows of an order of 100.00 and a discount of 10.00."""
    first = FIRST.format(status="paid", refunded="0.00")
    return first.replace(",90.00,20.00,0.00,110.00,", f",{subtotal},20.00,0.00,{Decimal(subtotal) + 20},"), MORE


RETURNED = f"SELECT order_line_no, {PIECES}, amount_minor, returned_at FROM order_returns ORDER BY line_no"


@pytest.mark.parametrize(
    ("status", "cancelled", "refunded", "kept", "returned"),
    [
        ("refunded", "2024-05-04 10:00:00 +0300", "110.00", ("refunded", 1), 1_714_806_000),
        ("refunded", "", "0.00", ("refunded", 1), 1_714_546_800),  # nobody knows the day: that of the sale
        ("paid", "2024-05-04 10:00:00 +0300", "0.00", ("cancelled", 0), None),
        ("voided", "2024-05-04 10:00:00 +0300", "0.00", ("voided", 0), None),
    ],
)
def test_a_shopify_order_that_was_cancelled_is_no_sale_unless_its_money_came_back(
    books: Shop, bring: Bring, status: str, cancelled: str, refunded: str, kept: tuple[str, int], returned: int | None
) -> None:
    first = FIRST.format(status=status, refunded=refunded).replace("כהן,,", f"כהן,{cancelled},")
    bring(books, SHOPIFY, first, MORE)
    assert rows("SELECT status, is_sale FROM orders") == [kept]
    back = [(1, 2, 7_200, returned), (2, 1, 1_800, returned)]
    assert rows(RETURNED) == (back if returned else [])


def test_a_tip_is_no_sale(books: Shop, bring: Bring) -> None:
    first = FIRST.format(status="paid", refunded="0.00").replace("110.00", "115.00")
    tip = MORE.replace(",1,Tea,20.00,TEA,", ",1,Tip,5.00,,")
    cup = MORE.replace(",1,Tea,20.00,TEA,", ",1,Tip,20.00,TIP-CUP,")  # an article may be called so
    bring(books, SHOPIFY, first, tip, cup)
    assert rows("SELECT kind, amount_minor FROM order_lines ORDER BY line_no") == [
        ("sale", 7_200),
        ("tip", 500),
        ("sale", 1_800),
    ]
    assert rows("SELECT gross_minor FROM orders") == [(9_000,)]


def test_shopify_refunds_larger_than_the_order_are_quarantined(books: Shop, bring: Bring) -> None:
    others = [
        FIRST.format(status="paid", refunded="0.00").replace("#1,", f"#{number},").replace("90.00,20.00,0.00,110.00",
        "80.00,20.00,0.00,100.00") for number in range(100, 150)
    ]  # fmt: skip
    outcome = bring(books, SHOPIFY, *others, FIRST.format(status="paid", refunded="500.00"), MORE)
    assert codes(outcome) == ["return_larger_than_order"] * 2


def test_accepts_marketing_counts_with_its_evidence_alone(shop: Shop, bring: Bring) -> None:
    lines = [SHOPIFY, FIRST.format(status="paid", refunded="0.00"), MORE]
    outcome = bring(shop, *lines)
    assert value("SELECT COUNT(*) FROM consents") == 0
    assert any("accepts marketing" in note for note in outcome.notes)
    bring(shop, *lines, consent_evidence="the box at the checkout, 2024")
    assert rows("SELECT purpose, action, source, evidence, happened_at FROM consents") == [
        ("marketing", "given", "shopify", "the box at the checkout, 2024", 1_714_546_800)
    ]


def test_who_accepts_marketing_allows_e_mail_alone_and_from_the_day_of_the_order(books: Shop, bring: Bring) -> None:
    """An order is changed by the shop, and says nothing then of what its buyer allows."""
    changed = {"created_at": "2024-05-01T10:00:00+03:00", "updated_at": "2024-06-01T10:00:00+03:00"}
    order = shopify_order(2, **changed, email="noa@shop.example", phone="054-2345678", buyer_accepts_marketing=True)
    evidence = {"consent_evidence": "the box at the checkout"}
    bring(books, SHOPIFY, FIRST.format(status="paid", refunded="0.00") + "050-2345678", MORE, **evidence)
    bring(books, order, name="o.jsonl", **evidence)
    assert value("SELECT COUNT(*) FROM contact_points WHERE kind = 'phone'") == 2
    assert rows(
        "SELECT p.key, c.happened_at FROM consents AS c JOIN contact_points AS p ON p.id = c.contact_point_id"
        " ORDER BY 1"
    ) == [("dana@shop.example", 1_714_546_800), ("noa@shop.example", 1_714_546_800)]


def test_who_accepts_marketing_and_gives_no_e_mail_allows_nothing(books: Shop, bring: Bring) -> None:
    first = FIRST.format(status="paid", refunded="0.00").replace("dana@shop.example", "") + "050-2345678"
    bring(books, SHOPIFY, first, MORE.replace("dana@shop.example", ""), consent_evidence="the box at the checkout")
    assert rows("SELECT kind FROM contact_points") == [("phone",)]
    assert value("SELECT COUNT(*) FROM consents") == 0


def test_a_permission_of_an_older_order_never_overrules_a_later_refusal(shop: Shop, bring: Bring) -> None:
    bring(shop, SHOPIFY, FIRST.format(status="paid", refunded="0.00"), MORE)
    ((point,),) = rows("SELECT id FROM contact_points")
    record(shop, [Decision(point, "marketing", "revoked", "desk", "a call", 1_714_600_000)])
    bring(shop, SHOPIFY, FIRST.format(status="paid", refunded="0.00"), MORE, consent_evidence="the box")
    assert rows("SELECT action FROM consents ORDER BY happened_at") == [("given",), ("revoked",)]
    ((customer,),) = rows("SELECT id FROM customers")
    assert contactable([customer], purpose="marketing", at=shop.clock.now()) == {customer: "no_consent"}


def header_of(shared: Path, name: str) -> str:
    found: dict[str, Any] = json.loads((shared / "data/platform/headers.json").read_text(encoding="utf-8"))
    return str(found[name]["header"])


@pytest.mark.parametrize(
    ("export", "format_name"),
    [
        ("shopify_orders_export_79", "shopify"), ("shopify_orders_export_75", "shopify"),
        ("shopify_orders_export_2012_47", "shopify"), ("wix_orders_52", "wix"),
        ("woocommerce_webtoffee_orders", "woocommerce"),
    ],
)  # fmt: skip
def test_each_export_is_known_by_its_header(
    books: Shop, bring: Bring, shared: Path, export: str, format_name: str
) -> None:
    outcome = bring(books, header_of(shared, export))
    assert f"read as {format_name} (detected)" in outcome.notes


def test_a_header_that_two_formats_could_read_is_of_the_one_that_asks_for_more(books: Shop, bring: Bring) -> None:
    any_table, uci = "Order,Date,Quantity,UnitPrice", "InvoiceNo,StockCode,InvoiceDate,CustomerID"
    assert "read as generic (detected)" in bring(books, any_table).notes
    assert "read as uci-online-retail (detected)" in bring(books, f"{any_table},{uci}", name="b.csv").notes


def cells_of(header: str, **cells: str) -> str:
    named = {name.replace("_", " "): text for name, text in cells.items()}
    return ",".join(f'"{named.get(name.replace("_", " ").replace("/", " "), "")}"' for name in header.split(","))


def test_wix_repeats_the_order_on_each_line(shop: Shop, bring: Bring, shared: Path) -> None:
    header = header_of(shared, "wix_orders_52")
    order = {
        "Order_number": "10001", "Date_created": "Dec 8, 2024", "Time": "9:15:51 AM", "Contact_email": "d@shop.example",
        "Payment_status": "Paid", "Currency": "ILS", "Shipping_rate": "10.00", "Total_tax": "0.00", "Total": "60.00",
        "Billing_name": "Dana Cohen",
    }  # fmt: skip
    lines = [
        cells_of(header, **order, Item="Mug", SKU="MUG", Qty="2", Price="20.00", Quantity_refunded="1"),
        cells_of(header, **order, Item="Tea", SKU="TEA", Qty="1", Price="10.00", Quantity_refunded="0"),
    ]
    assert counts(bring(shop, "\ufeff" + header, *lines)) == (2, 2, 0, 0, 0, 0, 0)
    assert rows("SELECT gross_minor, shipping_minor, ordered_at FROM orders") == [(5_000, 1_000, 1_733_642_151)]
    assert rows(f"SELECT order_line_no, {PIECES}, amount_minor FROM order_returns") == [(1, 1, 2_000)]


@pytest.mark.parametrize(
    ("order", "first", "second", "gross", "returned"),
    [
        ({"Payment_status": "Refunded"}, "", "", 5_000, [(1, 2, 4_000), (2, 1, 1_000)]),
        # Of 65.00, with 5.00 of tax on 60.00: of 7.00 that came back 0.54 were tax.
        ({"Payment_status": "Partially Refunded", "Refunded_amount": "7.00"}, "", "", 5_000, [(None, 0, 646)]),
        ({"Coupon_code": "SPRING", "Total": "60.00"}, "1", "1", 4_500, [(1, 1, 1_800), (2, 1, 900)]),
        ({"Coupon_code": "SPRING", "Total": "60.00"}, "0", "1", 4_500, [(2, 1, 900)]),
        ({}, "3", "", 0, None),
    ],
)
def test_what_came_back_of_wix_s_orders_is_what_was_paid_for_it(
    books: Shop,
    bring: Bring,
    shared: Path,
    order: dict[str, str],
    first: str,
    second: str,
    gross: int,
    returned: list[tuple[int | None, int, int]] | None,
) -> None:
    header = header_of(shared, "wix_orders_52")
    whole = {
        "Order_number": "10001",
        "Date_created": "Dec 8, 2024",
        "Time": "9:15:51 AM",
        "Contact_email": "d@shop.example",
        "Payment_status": "Paid",
        "Currency": "ILS",
        "Shipping_rate": "10.00",
        "Total_tax": "5.00",
        "Total": "65.00",
    } | order
    lines = [cells_of(header, **whole, Item="Mug", SKU="MUG", Qty="2", Price="20.00", Quantity_refunded=first)]
    if returned is not None:
        lines += [cells_of(header, **whole, Item="Tea", SKU="TEA", Qty="1", Price="10.00", Quantity_refunded=second)]
    outcome = bring(books, header, *lines)
    assert codes(outcome) == ([] if returned is not None else ["return_larger_than_order"])
    assert rows("SELECT COALESCE(SUM(gross_minor), 0) FROM orders") == [(gross,)]
    taken = f"SELECT order_line_no, {PIECES}, amount_minor FROM order_returns ORDER BY line_no"
    assert rows(taken) == (returned or [])


def test_a_coupon_of_wix_beside_a_tax_is_worked_out_in_one_way_that_is_said(
    books: Shop, bring: Bring, shared: Path
) -> None:
    header = header_of(shared, "wix_orders_52")
    order = {
        "Order_number": "10001", "Date_created": "Dec 8, 2024", "Time": "9:15:51 AM", "Contact_email": "d@shop.example",
        "Payment_status": "Paid", "Currency": "ILS", "Total_tax": "9.00", "Total": "54.00", "Coupon_code": "SPRING",
    }  # fmt: skip
    line = cells_of(header, **order, Item="Mug", SKU="MUG", Qty="1", Price="60.00")
    said = bring(books, header, line).notes
    assert any(note.startswith("orders with a coupon and a tax, taken as added to the prices") for note in said)
    assert rows("SELECT gross_minor, tax_minor FROM orders") == [(4_500, 900)]
    assert codes(bring(books, header, line, mapping='[columns]\ntax = ""', format="wix")) == []
    assert rows("SELECT gross_minor, tax_minor FROM orders") == [(5_400, 0)]


def test_woocommerce_has_its_items_in_columns(shop: Shop, bring: Bring, shared: Path) -> None:
    header = header_of(shared, "woocommerce_webtoffee_orders")
    line = cells_of(
        header, order_id="7", order_date="2024-05-01 10:00:00", status="wc-completed", shipping_total="10",
        order_total="46.00", order_currency="ILS", billing_email="d@shop.example", customer_id="0", fee_total="0",
        line_item_1="name:Mug|product_id:83|sku:MUG|quantity:2|total:36.00|sub_total:40.00",
    )  # fmt: skip
    assert counts(bring(shop, header, line)) == (1, 1, 0, 0, 0, 0, 0)
    assert rows("SELECT gross_minor, status FROM orders") == [(3_600, "completed")]
    assert rows(f"SELECT {PIECES}, unit_price, amount_minor, discount_minor FROM order_lines") == [
        (2, "20", 3_600, 400)
    ]


def test_woocommerce_may_have_more_than_nine_items(books: Shop, bring: Bring) -> None:
    items = [f"name:N{n}|product_id:{n}|sku:A{n}|quantity:1|total:{n}.00|sub_total:{n}.00" for n in range(1, 13)]
    header = "order_id,order_date,status,shipping_total,order_total,order_currency,billing_email,tax_total,fee_total"
    header += "".join(f",line_item_{n}" for n in range(1, 13))
    line = ",".join(["7,2024-05-01 10:00:00,wc-completed,0,78.00,ILS,d@shop.example,0,0", *items])
    assert codes(bring(books, header, line)) == []
    assert rows("SELECT gross_minor FROM orders") == [(7_800,)]
    assert value("SELECT COUNT(*) FROM order_lines") == 12


@pytest.mark.parametrize(
    ("pieces", "amount", "returned"),
    [("", "", []), ("0", "0.00", []), ("1", "40.00", [(1, 1_000, 4_000)]), ("1", "", [(1, 1_000, 4_000)])],
)
def test_of_a_wix_order_that_came_back_in_part_what_is_told_of_its_pieces_came_back(
    books: Shop, bring: Bring, pieces: str, amount: str, returned: list[tuple[int, int, int]]
) -> None:
    header = f"{WIX},Quantity refunded,Refunded amount"
    bring(books, header, f"{wix_row(word='Partially_Refunded', pieces=3, total='120.00')},{pieces},{amount}")
    assert rows("SELECT order_line_no, quantity_thousandths, amount_minor FROM order_returns") == returned


def test_what_wix_says_was_refunded_later_came_back_when_it_was_first_seen(books: Shop, bring: Bring) -> None:
    bring(books, WIX, wix_row())
    bring(books, WIX, wix_row(word="Refunded"), name="later.csv")
    assert rows("SELECT amount_minor, return_day FROM order_returns") == [(4_000, on_day("2025-03-02")[0])]


def test_b34_an_example_of_shopify_whose_total_is_not_its_lines_is_quarantined(
    shop: Shop, bring: Bring, shared: Path
) -> None:
    example = (shared / "data/platform/shopify_api_fixtures/order.json").read_bytes()
    outcome = bring(shop, example, name="order.json")
    assert (outcome.row.source, counts(outcome), codes(outcome)) == ("shopify", (1, 0, 0, 0, 0, 0, 1), ["bad_total"])
    mended = bring(shop, example.replace(b"409.94", b"608.94"), name="order.json")
    assert counts(mended) == (1, 1, 0, 0, 0, 0, 0)
    assert rows("SELECT external_id, gross_minor, tax_minor FROM orders") == [("#1001", 59_700, 1_194)]


def shopify_order(number: int = 1, **changes: object) -> str:
    order: dict[str, object] = {
        "id": number, "name": f"#{number}", "email": "d@shop.example", "created_at": "2024-05-01T10:00:00+03:00",
        "currency": "ILS", "financial_status": "paid", "total_price": "45.00", "total_tip_received": "3.00",
        "line_items": [{"id": 1, "sku": "MUG", "name": "Mug", "quantity": 3, "price": "10.00",
                        "discount_allocations": [{"amount": "3.00"}]}],
        "shipping_lines": [{"price": "20.00", "discounted_price": "15.00"}],
    }  # fmt: skip
    return json.dumps(order | changes)


def test_b34_a_total_of_shopify_s_answers_is_its_lines_to_a_minor_unit_a_line(books: Shop, bring: Bring) -> None:
    good = [shopify_order(number) for number in range(1, 41)]
    outcome = bring(books, *good, shopify_order(50, total_price="45.01"), name="near.jsonl")
    assert codes(outcome) == []
    assert rows("SELECT DISTINCT gross_minor, shipping_minor FROM orders") == [(2_700, 1_500)]
    assert codes(bring(books, *good, shopify_order(51, total_price="45.03"), name="far.jsonl")) == ["bad_total"]


@pytest.mark.parametrize("of_the_line", ["", "1.00", "3.00"])
def test_an_older_answer_of_shopify_gives_the_discount_of_the_whole_order(
    books: Shop, bring: Bring, of_the_line: str
) -> None:
    """Those of its lines are part of it."""
    items = [{"id": 1, "sku": "MUG", "name": "Mug", "quantity": 3, "price": "10.00", "total_discount": of_the_line}]
    bring(books, shopify_order(line_items=items, total_discounts="3.00"), name="o.jsonl")
    assert rows("SELECT gross_minor, discount_minor FROM orders") == [(2_700, 300)]


def test_b34_a_total_of_woocommerce_s_answers_is_its_lines(books: Shop, bring: Bring) -> None:
    far = GOOD[0].replace('"id": 1,', '"id": 99,').replace('"total": "5.00", "line', '"total": "5.02", "line')
    assert codes(bring(books, *GOOD, far, name="o.jsonl")) == ["bad_total"]


WOOCOMMERCE = (
    "order_id,order_date,status,shipping_total,order_total,order_currency,billing_email,refund_items,line_item_1"
)


def refunded(number: int, cell: str, *, status: str = "completed") -> str:
    item = "name:Mug|product_id:83|sku:MUG|quantity:2|total:40.00|sub_total:40.00"
    return f"{number},2024-05-01 10:00:00,{status},10,50.00,ILS,d@shop.example,{cell},{item}"


def test_woocommerce_refunds_in_part_are_money_of_the_order(shop: Shop, bring: Bring) -> None:
    part = "amount:5.00|reason:broken|date:2024-05-03 10:00:00;amount:2.50|reason:a; b|c|date:2024-05-04 10:00:00"
    lines = [
        refunded(1, part),
        refunded(2, "amount:50.00|reason:|date:2024-05-03 10:00:00"),
        refunded(3, "", status="refunded"),
    ]
    assert counts(bring(shop, WOOCOMMERCE, *lines)) == (3, 3, 0, 0, 0, 0, 0)
    assert rows(f"SELECT external_id, {PIECES}, amount_minor, returned_at FROM order_returns ORDER BY id") == [
        ("1", 0, 500, 1_714_730_400), ("1", 0, 250, 1_714_816_800), ("2", 2, 4_000, 1_714_730_400),
        ("3", 2, 4_000, 1_714_546_800),
    ]  # fmt: skip
    assert rows("SELECT gross_minor, returns_minor FROM customer_summaries") == [(12_000, 8_750)]


def test_woocommerce_s_number_of_guests_is_nobody_s(books: Shop, bring: Bring) -> None:
    lines = [f"{refunded(number, '').replace('d@', f'{number}@')},0" for number in (1, 2)]
    bring(books, WOOCOMMERCE + ",customer_id", *lines)
    order = json.loads(GOOD[0]) | {"customer_id": 0}
    answers = [order | {"id": number, "billing": {"email": f"{number}@shop.example"}} for number in (3, 4)]
    bring(books, *map(json.dumps, answers), name="o.jsonl")
    assert rows("SELECT COUNT(DISTINCT customer_id) FROM orders") == [(4,)]
    assert rows("SELECT * FROM customer_keys") == []


def test_woocommerce_refunds_of_all_that_was_bought_give_back_its_pieces_when_the_last_was_made(
    books: Shop, bring: Bring
) -> None:
    twice = "amount:15.00|reason:|date:2024-05-03 10:00:00;amount:25.00|reason:|date:2024-05-04 10:00:00"
    bring(books, WOOCOMMERCE, refunded(1, twice))
    assert rows(RETURNED) == [(1, 2, 4_000, 1_714_816_800)]


@pytest.mark.parametrize(
    ("amounts", "returned"),
    [(("-2.00", "-2.99"), 2), (("-2.00", "-3.00"), 1), (("-2.00", "-3.01"), 1), (("-2.00", "-3.02"), 0)],
)
def test_refunds_of_woocommerce_s_answers_are_together_no_more_than_was_paid(
    books: Shop, bring: Bring, amounts: tuple[str, ...], returned: int
) -> None:
    order = json.loads(GOOD[0]) | {"id": 99, "refunds": [{"id": 1, "total": amount} for amount in amounts]}
    outcome = bring(books, *GOOD, json.dumps(order), name="o.jsonl")
    assert codes(outcome) == ([] if returned else ["return_larger_than_order"])
    assert value("SELECT COUNT(*) FROM order_returns") == returned


def test_a_refund_of_woocommerce_s_answers_that_takes_money_waits(books: Shop, bring: Bring) -> None:
    order = json.loads(GOOD[0]) | {"id": 99, "refunds": [{"id": 1, "total": "2.00"}]}
    assert codes(bring(books, *GOOD, json.dumps(order), name="o.jsonl")) == ["negative_refund"]


@pytest.mark.parametrize(("changed", "day"), [("2025-01-09T08:00:00", "2025-01-09"), (None, "2025-01-05")])
@pytest.mark.parametrize("said", [{"refunds": [{"id": 1, "total": "-2.00"}]}, {"status": "refunded"}])
def test_money_of_woocommerce_s_answers_came_back_when_they_were_changed_last(
    books: Shop, bring: Bring, changed: str | None, day: str, said: dict[str, object]
) -> None:
    bring(books, json.dumps(json.loads(GOOD[0]) | {"date_modified_gmt": changed} | said), name="o.jsonl")
    assert rows("SELECT return_day FROM order_returns") == [(on_day(day)[0],)]


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("5.00", "bad_refund"),
        ("amount:5.00", "bad_refund"),
        ("amount:-5.00|reason:|date:2024-05-03 10:00:00", "bad_refund"),
        ("amount:x|reason:|date:2024-05-03 10:00:00", "bad_number"),
        ("amount:5.00|reason:|date:yesterday", "bad_date"),
        ("amount:60.00|reason:|date:2024-05-03 10:00:00", "return_larger_than_order"),
    ],
)
def test_a_refund_of_woocommerce_in_another_form_is_quarantined(
    books: Shop, bring: Bring, cell: str, code: str
) -> None:
    assert codes(bring(books, WOOCOMMERCE, *[refunded(number, "") for number in range(40)], refunded(50, cell))) == [
        code
    ]


def test_shopify_orders_of_its_test_mode_are_set_aside(shop: Shop, shared: Path) -> None:
    folder = shared / "data/platform"
    test_order = import_orders(shop, str(folder / "go_shopify_fixtures/orders.json"), OrderOptions())
    assert counts(test_order) == (1, 0, 0, 0, 1, 0, 0)


def test_shopify_refunds_take_from_their_line(shop: Shop, bring: Bring) -> None:
    order = {
        "id": 5001, "name": "#9", "email": "d@shop.example", "created_at": "2024-05-01T10:00:00+03:00",
        "updated_at": "2024-05-03T10:00:00+03:00", "currency": "ILS", "financial_status": "partially_refunded",
        "line_items": [{"id": 1, "sku": "MUG", "name": "Mug", "quantity": 3, "price": "10.00",
                        "discount_allocations": [{"amount": "3.00"}]}],
        "shipping_lines": [{"price": "15.00"}],
        "refunds": [{"created_at": "2024-05-03T10:00:00+03:00",
                     "refund_line_items": [{"line_item_id": 1, "quantity": 1}]}],
    }  # fmt: skip
    assert counts(bring(shop, json.dumps({"orders": [order]}), name="o.json")) == (1, 1, 0, 0, 0, 0, 0)
    assert rows("SELECT gross_minor, shipping_minor FROM orders") == [(2_700, 1_500)]
    assert rows(f"SELECT order_line_no, {PIECES}, amount_minor FROM order_returns") == [(1, 1, 900)]


@pytest.mark.parametrize(
    ("status", "kept"), [("refunded", ("refunded", 1)), ("paid", ("cancelled", 0)), ("voided", ("voided", 0))]
)
def test_a_cancelled_order_of_shopify_s_answers_is_no_sale_unless_its_money_came_back(
    books: Shop, bring: Bring, status: str, kept: tuple[str, int]
) -> None:
    bring(books, shopify_order(financial_status=status, cancelled_at="2024-05-04T10:00:00+03:00"), name="o.jsonl")
    assert rows("SELECT status, is_sale FROM orders") == [kept]
    assert rows("SELECT SUM(amount_minor) FROM order_returns") == [(2_700 if status == "refunded" else None,)]


MUGS = {"id": 1, "sku": "MUG", "name": "Mug", "quantity": 3, "price": "10.00"}


def gives_back(*amounts: str, mugs: int = 0, status: str = "success") -> dict[str, object]:
    """A refund of Shopify's of some mugs, or of money alone."""
    items = [{"line_item_id": 1, "quantity": mugs}] if mugs else []
    paid = [{"amount": amount, "kind": "refund", "status": status} for amount in amounts]
    return {"created_at": "2024-05-03T10:00:00+03:00", "refund_line_items": items, "transactions": paid}


@pytest.mark.parametrize(
    ("refunds", "returned"),
    [
        ([gives_back(mugs=1), gives_back(mugs=2)], [(1, 1_000), (2, 2_000)]),
        ([gives_back(mugs=2), gives_back(mugs=2)], None),  # each by itself is less than was bought
        ([gives_back("20.00"), gives_back("4.99", "5.00")], [(0, 2_000), (0, 999)]),
        ([gives_back("30.00"), gives_back("5.00", "5.00")], [(3, 3_000)]),  # ten of it were the shipping's
        ([gives_back("40.01")], [(3, 3_000)]),
        ([gives_back(mugs=1), gives_back("30.00")], [(3, 3_000)]),
        ([gives_back("30.00"), gives_back("10.03")], None),
        ([gives_back(mugs=3), gives_back("10.03")], None),
        ([gives_back("90.00", status="failure"), gives_back("9.00")], [(0, 900)]),
        ([gives_back("90.00", status="error"), gives_back("9.00")], [(0, 900)]),
    ],
)
def test_refunds_of_shopify_s_answers_give_back_no_more_than_was_bought_and_paid(
    books: Shop, bring: Bring, refunds: list[dict[str, object]], returned: list[tuple[int, int]] | None
) -> None:
    sale: dict[str, object] = {"line_items": [MUGS], "total_tip_received": "", "total_price": "40.00",
                               "shipping_lines": [{"price": "10.00"}]}  # fmt: skip
    others = [shopify_order(number) for number in range(1, 41)]
    outcome = bring(books, *others, shopify_order(50, **sale, refunds=refunds), name="o.jsonl")
    assert codes(outcome) == ([] if returned is not None else ["return_larger_than_order"])
    assert rows(f"SELECT {PIECES}, amount_minor FROM order_returns ORDER BY line_no") == (returned or [])


def test_a_refund_of_shopify_s_answers_whose_payments_all_failed_waits(books: Shop, bring: Bring) -> None:
    others = [shopify_order(number) for number in range(1, 41)]
    refund = gives_back("9.00", "1.00", mugs=1, status="failure")
    assert codes(bring(books, *others, shopify_order(50, refunds=[refund]), name="o.jsonl")) == ["failed_refund"]
    refund["transactions"][1]["status"] = "success"  # type: ignore[index]
    assert codes(bring(books, *others, shopify_order(50, refunds=[refund]), name="again.jsonl")) == []
    assert rows(f"SELECT {PIECES}, amount_minor FROM order_returns") == [(1, 900)]


def test_a_gift_card_that_came_back_takes_nothing_from_what_was_sold(books: Shop, bring: Bring) -> None:
    card = MUGS | {"id": 2, "name": "Gift card", "quantity": 1, "price": "60.00", "gift_card": True}
    back = {"created_at": "2024-05-03T10:00:00+03:00", "refund_line_items": [{"line_item_id": 2, "quantity": 1}]}
    order = shopify_order(line_items=[MUGS, card], total_tip_received="", total_price="105.00", refunds=[back])
    assert codes(bring(books, order, name="o.jsonl")) == []
    assert rows("SELECT gross_minor FROM orders") == [(3_000,)]
    assert rows("SELECT amount_minor FROM order_returns") == []


def test_a_refund_of_some_pieces_of_shopify_s_answers_is_rounded_once(books: Shop, bring: Bring) -> None:
    mugs = [MUGS | {"price": "7.00", "discount_allocations": [{"amount": "1.00"}]}]
    bring(books, shopify_order(line_items=mugs, total_price="", refunds=[gives_back(mugs=2)]), name="o.jsonl")
    assert rows(f"SELECT {PIECES}, amount_minor FROM order_returns") == [(2, 1_333)]


def woocommerce_examples(shared: Path) -> list[dict[str, Any]]:
    found = json.loads((shared / "data/platform/woocommerce_rest/orders_response_examples.json").read_text())
    flat = [one for item in found for one in (item if isinstance(item, list) else [item])]
    return [one for one in flat if "line_items" in one]


def test_woocommerce_answers_are_read(shop: Shop, bring: Bring, shared: Path) -> None:
    examples = list({one["id"]: one for one in woocommerce_examples(shared)}.values())
    outcome = bring(shop, json.dumps(examples, indent=1), name="o.json")
    assert counts(outcome) == (len(examples), len(examples), 0, 0, 0, 0, 0)
    as_lines = bring(shop, *[json.dumps(one) for one in examples], name="o.jsonl")
    assert as_lines.row.rows_quarantined == 0
    assert value("SELECT ordered_at FROM orders WHERE external_id = '727'") == 1_490_210_882
    assert value("SELECT COUNT(*) FROM orders") == len(examples)


DEEP = '{"id": ' + "[" * 30 + "]" * 30 + "}"


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ('{"id": 1, "id": 2}', "duplicate_key"),
        ('{"id": 1, "total": NaN}', "bad_number"),
        (DEEP, "too_deep"),
        ("[" * 100_000, "too_deep"),
        ('{"id": 1,', "bad_json"),
        ('"text"', "bad_json"),
    ],
)
def test_b53_bad_json_quarantines_its_line(books: Shop, bring: Bring, line: str, code: str) -> None:
    outcome = bring(books, *GOOD, line, name="o.jsonl")
    assert (counts(outcome), codes(outcome)) == ((31, 30, 0, 0, 0, 0, 1), [code])


def test_b53_a_number_of_5000_digits_quarantines_its_line(books: Shop, bring: Bring) -> None:
    line = GOOD[0].replace('"id": 1', '"id": 99').replace('"total": "5.00"', f'"total": {"9" * 5_000}')
    assert codes(bring(books, *GOOD, line, name="o.jsonl")) == ["bad_number"]


def test_b53_a_list_that_is_cut_off_writes_nothing(books: Shop, bring: Bring) -> None:
    with pytest.raises(BadData, match=r"o\.json"):
        bring(books, "[\n" + ",\n".join(GOOD), name="o.json")
    assert value("SELECT COUNT(*) FROM orders") == 0


GOOD = [
    json.dumps({
        "id": number, "status": "completed", "currency": "ILS", "date_created_gmt": "2025-01-05T08:00:00",
        "total": "5.00", "line_items": [{"name": "Mug", "quantity": 1, "subtotal": "5.00", "total": "5.00"}],
    })
    for number in range(1, 31)
]  # fmt: skip


WIX = "Order number,Date created,Time,Contact email,Item,Qty,Price,Payment status,Total,Currency"


def shopify_row(order: str = "1", *, word: str = "paid", pieces: int = 1, total: str = "") -> str:
    head = f"{order},d@shop.example,{word},no,ILS,,,,{total},2024-05-01 10:00:00 +0300"
    return f"{head},{pieces},Mug,40.00,MUG,,,,,,"


def shopify_answer(order: str = "1", *, word: str = "paid", pieces: int = 1, total: str = "") -> str:
    items = [MUGS | {"quantity": pieces, "price": "40.00"}]
    sums = {"total_price": total, "total_tip_received": "", "shipping_lines": []}
    return shopify_order(1, name=order, financial_status=word, line_items=items, **sums)


def woocommerce_row(order: str = "1", *, word: str = "completed", pieces: int = 1, total: str = "") -> str:
    item = f"name:Mug|sku:MUG|quantity:{pieces}|total:{40 * pieces}.00|sub_total:{40 * pieces}.00"
    return f"{order},2024-05-01 10:00:00,wc-{word},,{total},ILS,d@shop.example,,{item}"


def woocommerce_answer(order: str = "1", *, word: str = "completed", pieces: int = 1, total: str = "") -> str:
    amounts = dict.fromkeys(("subtotal", "total"), f"{40 * pieces}.00")
    said = {"id": order, "status": word, "total": total, "line_items": [{"name": "Mug", "quantity": pieces} | amounts]}
    return json.dumps(json.loads(GOOD[0]) | said)


def wix_row(order: str = "1", *, word: str = "Paid", pieces: int = 1, total: str = "") -> str:
    said = word.replace("_", " ")
    return f'{order},"Dec 8, 2024",9:15:51 AM,d@shop.example,Mug,{pieces},40.00,{said},{total},ILS'


PLATFORMS = pytest.mark.parametrize(
    ("format_name", "header", "order_of"),
    [
        ("shopify", [SHOPIFY], shopify_row),
        ("shopify-json", [], shopify_answer),
        ("woocommerce", [WOOCOMMERCE], woocommerce_row),
        ("woocommerce-json", [], woocommerce_answer),
        ("wix", [WIX], wix_row),
    ],
)
ITS_WORDS = {
    "shopify": ("paid partially_refunded refunded", "pending authorized partially_paid voided expired"),
    "woocommerce": ("processing completed refunded", "pending on-hold checkout-draft cancelled failed trash"),
    "wix": (
        "Paid Partially_Refunded Refunded Fully_Refunded",
        "Unpaid Not_Paid Pending Partially_Paid Canceled Cancelled Declined Voided",
    ),
}


@PLATFORMS
def test_an_order_is_a_sale_where_the_shop_says_that_it_was_paid(
    books: Shop, bring: Bring, format_name: str, header: list[str], order_of: Callable[..., str]
) -> None:
    sales, others = (words.split() for words in ITS_WORDS[format_name.removesuffix("-json")])
    words = [*sales, *others]
    lines = [order_of(f"{number}", word=word) for number, word in enumerate(words, 1)]
    outcome = bring(books, *header, *lines, name="orders.txt", format=format_name)
    assert counts(outcome)[:2] == (len(words), len(words))
    told = zip(words, rows("SELECT is_sale FROM orders ORDER BY id"), strict=True)
    assert [word for word, (is_sale,) in told if is_sale] == sales


@PLATFORMS
@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"order": "1E+05"}, "damaged_id"),
        ({"order": "a\u202eb"}, "bad_id"),
        ({"pieces": 0}, ""),
        ({"pieces": -1}, "negative_quantity"),
        ({"total": "39.99"}, ""),
        ({"total": "40.01"}, ""),
        ({"total": "39.98"}, "bad_total"),
        ({"total": "40.02"}, "bad_total"),
        ({"word": "lost"}, "bad_status"),
    ],
)
def test_what_cannot_be_of_a_platform_s_order_is_quarantined_and_what_can_is_booked(
    books: Shop, bring: Bring, format_name: str, header: list[str], order_of: Callable[..., str],
    said: dict[str, Any], code: str,
) -> None:  # fmt: skip
    lines = [order_of("1"), order_of(**{"order": "2"} | said)]
    outcome = bring(books, *header, *lines, name="orders.txt", format=format_name)
    assert counts(outcome) == ((2, 1, 0, 0, 0, 0, 1) if code else (2, 2, 0, 0, 0, 0, 0))
    if format_name == "shopify-json":
        code = code.replace("negative_quantity", "bad_discount")  # it has one word for both
    assert codes(outcome) == [one for one in [code] if one]


REQUIRED = {
    "generic": "order_id,ordered_at,quantity,unit_price",
    "shopify": "Name,Email,Financial Status,Created at,Currency,Total,Lineitem quantity,Lineitem name,Lineitem price",
    "woocommerce": "order_id,order_date,status,order_total,order_currency",
    "wix": WIX,
    "uci-online-retail": "InvoiceNo,StockCode,Quantity,InvoiceDate,UnitPrice,CustomerID",
}


@pytest.mark.parametrize("format_name", REQUIRED)
def test_a_table_without_a_column_that_its_format_cannot_do_without_is_refused(
    books: Shop, bring: Bring, format_name: str
) -> None:
    names = REQUIRED[format_name].split(",")
    assert bring(books, ",".join(names), format=format_name).row.rows_read == 0
    for missing in names:
        with pytest.raises(BadData, match=f"has no column {missing}"):
            bring(books, ",".join(name for name in [*names, "more"] if name != missing), format=format_name)


@pytest.mark.parametrize(("sku", "number", "article"), [("MUG", "83", "MUG"), ("", "83", "83"), ("", "", "Mug")])
def test_an_article_without_a_number_of_the_shop_s_own_has_the_platform_s_or_its_name(
    books: Shop, bring: Bring, sku: str, number: str, article: str
) -> None:
    line = f"name:Mug|product_id:{number}|sku:{sku}|quantity:1|total:40.00|sub_total:40.00"
    bring(books, WOOCOMMERCE, f"1,2024-05-01 10:00:00,wc-completed,,,ILS,d@shop.example,,{line}", name="woo.csv")
    item = {"name": "Mug", "sku": sku, "product_id": number, "quantity": 1, "total": "40.00", "subtotal": "40.00"}
    bring(books, json.dumps(json.loads(GOOD[0]) | {"id": 2, "total": "", "line_items": [item]}), name="woo.jsonl")
    items = [MUGS | {"sku": sku, "variant_id": number}]
    bring(books, shopify_order(1, line_items=items, total_price=""), name="shopify.jsonl")
    assert rows("SELECT sku, COUNT(*) FROM products JOIN order_lines ON product_id = products.id GROUP BY 1") == [
        (article, 3)
    ]


@pytest.mark.parametrize(("amount", "code"), [("-0.01", ["negative_quantity"]), ("0.00", [])])
def test_a_line_of_woocommerce_s_may_cost_nothing_and_not_less(
    books: Shop, bring: Bring, amount: str, code: list[str]
) -> None:
    line = f"name:Mug|sku:MUG|quantity:1|total:{amount}|sub_total:40.00"
    cells = f"9,2024-05-01 10:00:00,wc-completed,,,ILS,d@shop.example,,{line}"
    assert codes(bring(books, WOOCOMMERCE, woocommerce_row(), cells, name="woo.csv")) == code
    item = {"name": "Mug", "quantity": 1, "total": amount, "subtotal": "40.00"}
    answer = json.dumps(json.loads(GOOD[0]) | {"id": 99, "total": "", "line_items": [item]})
    assert codes(bring(books, *GOOD, answer, name="woo.jsonl")) == code


def with_time(line: str, before: str, after: str) -> str:
    assert before in line
    return line.replace(before, after)


@pytest.mark.parametrize(
    ("format_name", "lines", "instant"),
    [
        ("wix", [WIX, with_time(wix_row(), "9:15:51 AM", "12:00:00 AM")], 1_733_608_800),
        ("wix", [WIX, with_time(wix_row(), "9:15:51 AM", "12:30:00 PM")], 1_733_653_800),
        ("wix", [WIX, with_time(wix_row(), "9:15:51 AM", "3:15:00 PM")], 1_733_663_700),
        ("shopify", [SHOPIFY, with_time(shopify_row(), "+0300", "-0400")], 1_714_572_000),
        ("woocommerce", [WOOCOMMERCE, woocommerce_row()], 1_714_546_800),
        ("woocommerce-json", [with_time(woocommerce_answer(), "_gmt", "")], 1_736_056_800),
        ("woocommerce-json", [woocommerce_answer()], 1_736_064_000),
    ],
)
def test_an_order_is_of_the_instant_that_its_platform_means(
    books: Shop, bring: Bring, format_name: str, lines: list[str], instant: int
) -> None:
    """Wix, and WooCommerce where it does not say UTC, give the time of the shop's own clocks."""
    bring(books, *lines, name="orders.txt", format=format_name)
    assert rows("SELECT ordered_at FROM orders") == [(instant,)]


PAYS, GETS = ("Dana Cohen", "dana@shop.example", "050-1111111"), ("Noa Levi", "noa@shop.example", "050-2222222")


def wix_buyer(own: tuple[str, str, str], other: tuple[str, str, str]) -> list[str]:
    cells = ",".join([own[0], own[2], other[0], other[2]])
    return [f"{WIX},Billing name,Billing phone,Recipient name,Recipient phone", f"{wix_row()},{cells}"]


def shopify_buyer(own: tuple[str, str, str], other: tuple[str, str, str]) -> list[str]:
    return [f"{SHOPIFY},Billing Phone", f"{shopify_row()}{own[2]},{other[2]}"]


def woocommerce_buyer(own: tuple[str, str, str], other: tuple[str, str, str]) -> list[str]:
    return [f"{WOOCOMMERCE},customer_email", woocommerce_row().replace("d@shop.example", own[1]) + f",{other[1]}"]


def shopify_answer_buyer(own: tuple[str, str, str], other: tuple[str, str, str]) -> list[str]:
    """The order's own address and phone count before those of the account, the account's name before the bill's."""
    names = [dict(zip(("first_name", "last_name"), one[0].split(), strict=False)) for one in (own, other)]
    customer = {"email": other[1], "phone": other[2]} | names[0]
    said = {"email": own[1], "phone": own[2], "customer": customer, "billing_address": names[1]}
    return [json.dumps(json.loads(shopify_answer()) | said)]


@pytest.mark.parametrize("own", [PAYS, ("", "", "")])
@pytest.mark.parametrize(
    ("format_name", "file_of", "says"),
    [
        ("wix", wix_buyer, "name phone"),
        ("shopify", shopify_buyer, "phone"),
        ("woocommerce", woocommerce_buyer, "email"),
        ("shopify-json", shopify_answer_buyer, "name email phone"),
    ],
)
def test_the_buyer_is_whom_the_order_s_own_cells_name_and_only_where_they_are_empty_the_other_s(
    books: Shop, bring: Bring, format_name: str, file_of: Callable[..., list[str]], says: str, own: tuple[str, str, str]
) -> None:
    bring(books, *file_of(own, GETS), name="orders.txt", format=format_name)
    told = {"name": rows("SELECT first_name || ' ' || last_name FROM customers")}
    told |= {kind: [(text,)] for kind, text in rows("SELECT kind, value FROM contact_points")}
    expected = dict(zip(("name", "email", "phone"), own if own[0] else GETS, strict=True))
    assert {one: told[one] for one in says.split()} == {one: [(expected[one],)] for one in says.split()}


def test_fees_are_no_sales(books: Shop, bring: Bring) -> None:
    total = "45.00"
    bring(books, f"{WOOCOMMERCE},fee_total", f"{woocommerce_row('1', total=total)},5.00", name="woo.csv")
    answer = json.loads(woocommerce_answer("2", total=total)) | {"fee_lines": [{"total": "5.00"}]}
    bring(books, json.dumps(answer), name="woo.jsonl")
    assert rows("SELECT kind, amount_minor, COUNT(*) FROM order_lines GROUP BY 1, 2 ORDER BY 1") == [
        ("fee", 500, 2),
        ("sale", 4_000, 2),
    ]
    assert rows("SELECT external_id, gross_minor FROM orders ORDER BY 1") == [("1", 4_000), ("2", 4_000)]


@pytest.mark.parametrize(
    ("format_name", "lines"),
    [
        ("wix", [f"{WIX},Quantity refunded,Refunded amount", wix_row(word="Refunded", pieces=2) + ",1,40.00"]),
        ("shopify", [SHOPIFY, shopify_row(word="refunded", pieces=2)]),
        ("woocommerce", [WOOCOMMERCE, woocommerce_row(word="refunded", pieces=2, total="80.00").replace(
            ",,name:", ",amount:5.00|reason:|date:2024-05-03 10:00:00,name:")]),
        ("woocommerce-json", [json.dumps(json.loads(woocommerce_answer(word="refunded", pieces=2, total="80.00"))
                                         | {"refunds": [{"id": 1, "total": "-5.00"}]})]),
    ],
)  # fmt: skip
def test_an_order_that_was_refunded_in_whole_after_a_part_of_it_has_nothing_left(
    books: Shop, bring: Bring, format_name: str, lines: list[str]
) -> None:
    assert codes(bring(books, *lines, name="orders.txt", format=format_name)) == []
    assert rows(f"SELECT order_line_no, {PIECES}, amount_minor FROM order_returns") == [(1, 2, 8_000)]


def at_nine(day: int, word: str) -> dict[str, list[str]]:
    """The order as two platforms and a table of the shop's own tell it on a day of May, with a status of theirs."""
    at = f"2024-05-{day:02}T09:00:00"
    answer = {"status": word.replace("paid", "completed"), "date_modified_gmt": at}
    return {
        "shopify-json": [shopify_order(1, financial_status=word, updated_at=f"{at}Z")],
        "woocommerce-json": [json.dumps(json.loads(GOOD[0]) | answer)],
        "generic": [f"{HEADER},updated_at", f"{row('1', status=word)},{at}Z"],
    }


@pytest.mark.parametrize("format_name", ["shopify-json", "woocommerce-json", "generic"])
def test_what_the_source_said_earlier_changes_no_order_and_what_it_said_in_the_same_second_does(
    books: Shop, bring: Bring, format_name: str
) -> None:
    for day, word, is_sale in ((5, "paid", 1), (4, "pending", 1), (5, "pending", 0), (6, "paid", 1)):
        bring(books, *at_nine(day, word)[format_name], name=f"{day}{word}.txt", format=format_name)
        assert rows("SELECT is_sale FROM orders") == [(is_sale,)], (day, word)


def test_each_order_by_which_a_buyer_allowed_marketing_is_kept_as_evidence(books: Shop, bring: Bring) -> None:
    lines = [FIRST.format(status="paid", refunded="0.00").replace("#1", f"#{day}").replace("05-01", f"05-0{day}")
             for day in (2, 1, 3)]  # fmt: skip
    lines = [line.replace("90.00,20.00,0.00,110.00", "80.00,20.00,0.00,100.00") for line in lines]
    bring(books, SHOPIFY, *lines, consent_evidence="the box at the checkout")
    assert rows("SELECT happened_at FROM consents ORDER BY 1") == [(1_714_546_800 + day * 86_400,) for day in (0, 1, 2)]


@pytest.mark.parametrize(("word", "allows"), [("yes", 1), ("TRUE", 1), ("no", 0), ("", 0)])
def test_accepts_marketing_is_said_by_yes_or_true(books: Shop, bring: Bring, word: str, allows: int) -> None:
    line = shopify_row().replace(",no,", f",{word},")
    bring(books, SHOPIFY, line, consent_evidence="the box at the checkout")
    assert value("SELECT COUNT(*) FROM consents") == allows


@pytest.mark.parametrize(("said", "allows"), [({"buyer_accepts_marketing": True}, 1), ({}, 0)])
def test_an_answer_of_shopify_s_that_says_nothing_of_marketing_allows_none(
    books: Shop, bring: Bring, said: dict[str, object], allows: int
) -> None:
    bring(books, shopify_order(1, **said), name="o.jsonl", consent_evidence="the box at the checkout")
    assert value("SELECT COUNT(*) FROM consents") == allows


def with_postage(line: str, before: str, after: str, more: str = "") -> str:
    assert before in line
    return f"{line.replace(before, after)}{more}"


@pytest.mark.parametrize(
    ("format_name", "lines"),
    [
        ("shopify", [SHOPIFY, with_postage(shopify_row(), "ILS,,,,,", "ILS,,10.00,5.00,55.00,")]),
        ("shopify-json", [shopify_order(1, total_price="55.00", total_tip_received="", total_tax="5.00",
                                        shipping_lines=[{"price": "10.00"}], line_items=[MUGS | {"price": "40.00",
                                                                                                 "quantity": 1}])]),
        ("woocommerce", [f"{WOOCOMMERCE},tax_total",
                         with_postage(woocommerce_row(total="55.00"), "completed,,", "completed,10.00,", ",5.00")]),
        ("woocommerce-json", [json.dumps(json.loads(woocommerce_answer(total="55.00"))
                                         | {"shipping_total": "10.00", "total_tax": "5.00"})]),
        ("wix", [f"{WIX},Shipping rate,Total tax", with_postage(wix_row(total="55.00"), "ILS", "ILS", ",10.00,5.00")]),
        ("generic", [f"{HEADER},shipping,tax,total", f"{row('1', unit_price='20.00')},10.00,5.00,55.00"]),
    ],
)  # fmt: skip
def test_shipping_and_tax_are_kept_beside_what_was_bought(
    books: Shop, bring: Bring, format_name: str, lines: list[str]
) -> None:
    assert codes(bring(books, *lines, name="orders.txt", format=format_name)) == []
    assert rows("SELECT gross_minor, shipping_minor, tax_minor FROM orders") == [(4_000, 1_000, 500)]


@pytest.mark.parametrize(("number", "article"), [("MUG", "MUG"), ("", "Mug")])
def test_an_article_of_a_table_is_known_by_its_number_and_where_it_has_none_by_its_name(
    books: Shop, bring: Bring, number: str, article: str
) -> None:
    bring(books, SHOPIFY, shopify_row().replace("MUG", number and f"'{number}"), name="a.csv")  # the mark for "text"
    bring(books, f"{WIX},SKU", f"{wix_row()},{number}", name="b.csv")
    bring(books, "order_id,ordered_at,quantity,unit_price,sku,product", f"1,2025-01-05,1,5,{number},Mug", name="c.csv")
    assert rows("SELECT sku, COUNT(*) FROM products JOIN order_lines ON product_id = products.id GROUP BY 1") == [
        (article, 3)
    ]


def test_an_answer_of_shopify_s_without_its_items_is_a_sale_of_what_they_cost(books: Shop, bring: Bring) -> None:
    bring(books, shopify_order(line_items=[], subtotal_price="30.00", total_price="48.00"), name="o.jsonl")
    assert rows("SELECT gross_minor, shipping_minor, is_sale FROM orders") == [(3_000, 1_500, 1)]
    assert rows(f"SELECT {PIECES}, unit_price, amount_minor, kind FROM order_lines") == [(1, "30.00", 3_000, "sale")]


def test_woocommerce_s_older_exports_call_the_customer_a_user(books: Shop, bring: Bring) -> None:
    bring(books, f"{WOOCOMMERCE},customer_user", f"{woocommerce_row('1')},17", name="a.csv")
    other = woocommerce_row("2").replace("d@", "e@")
    bring(books, f"{WOOCOMMERCE},customer_user,customer_id", f"{other},99,18", name="b.csv")
    assert rows("SELECT source, external_id FROM customer_keys ORDER BY 2") == [
        ("woocommerce", "17"), ("woocommerce", "18"),
    ]  # fmt: skip


def test_a_line_of_woocommerce_s_that_cost_more_than_its_price_has_no_discount(books: Shop, bring: Bring) -> None:
    line = woocommerce_row("1").replace("|total:40.00", "|total:45.00")
    bring(books, WOOCOMMERCE, line, name="a.csv")
    items = [{"name": "Mug", "quantity": 1, "subtotal": "40.00", "total": "45.00"}]
    bring(books, json.dumps(json.loads(woocommerce_answer("2")) | {"line_items": items}), name="a.jsonl")
    assert rows("SELECT amount_minor, discount_minor FROM order_lines") == [(4_500, 0)] * 2


def test_a_line_of_woocommerce_s_has_the_price_of_one_piece_before_its_discount(books: Shop, bring: Bring) -> None:
    item = "name:Mug | blue|sku:MUG|quantity:3|total:9.00|sub_total:10.00"
    bring(books, WOOCOMMERCE, f"1,2024-05-01 10:00:00,wc-completed,,,ILS,d@shop.example,,{item}", name="a.csv")
    sold = {"name": "Mug | blue", "sku": "MUG", "quantity": 3, "total": "9.00", "subtotal": "10.00"}
    for number, price in ((2, {"price": 3}), (3, {})):
        said = {"id": number, "total": "", "line_items": [sold | price]}
        bring(books, json.dumps(json.loads(GOOD[0]) | said), name=f"{number}.jsonl")
    assert (
        rows("SELECT unit_price, amount_minor, discount_minor FROM order_lines ORDER BY order_id")
        == [("3.3333", 900, 100)] * 3
    )
    assert rows("SELECT sku, name FROM products") == [("MUG", "Mug | blue")]


@pytest.mark.parametrize(("name", "kept"), [("Mug - Blue", "Mug - Blue"), ("", "Mug")])
def test_an_article_of_shopify_s_answers_has_the_name_of_its_variant(
    books: Shop, bring: Bring, name: str, kept: str
) -> None:
    bring(books, shopify_order(1, line_items=[MUGS | {"name": name, "title": "Mug"}], total_price=""), name="o.jsonl")
    assert rows("SELECT sku, name FROM products") == [("MUG", kept)]


@pytest.mark.parametrize(
    "header",
    [
        "order_id,ordered_at,email,first_name,last_name,phone,customer_id,status,shipping,tax,total,updated_at,currency"
        ",sku,product,category,quantity,unit_price,discount",
        "Order Number,Order Date,E-mail,First Name,Surname,Mobile,Customer Number,Status,Shipping,VAT,Order Total"
        ",Updated At,Currency,Product ID,Product Name,Category,Qty,Price,Discount",
        "Order,Created at,Customer Email,first name,last name,Phone number,customer number,status,shipping,vat,total"
        ",updated_at,currency,article,item,category,qty,price,discount",
        "מספר הזמנה,תאריך הזמנה,דוא״ל,שם פרטי,שם משפחה,טלפון,מספר לקוח,סטטוס,משלוח,מע״מ,סה״כ,עודכן,מטבע,מק״ט,מוצר"
        ",קטגוריה,כמות,מחיר,הנחה",
        "הזמנה,תאריך,אימייל,שם פרטי,שם משפחה,נייד,מספר לקוח,מצב,משלוח,מעמ,סהכ,עודכן,מטבע,מקט,שם מוצר,קטגוריה,כמות"
        ",מחיר יחידה,הנחה",
    ],
    ids=range(5),
)  # fmt: skip
def test_a_table_is_read_by_the_names_that_shops_give_its_columns(books: Shop, bring: Bring, header: str) -> None:
    line = "7,2025-01-05,dana@shop.example,Dana,Levi,050-2345678,K7,paid,10.00,5.00,53.00,2025-01-06,ILS,MUG,Mug,Cups,2"
    outcome = bring(books, header, f"{line},20.00,2.00")
    assert (codes(outcome), outcome.notes) == ([], ("read as generic (detected)",))
    assert rows("SELECT external_id, order_day, status, gross_minor, discount_minor, shipping_minor, tax_minor,"
                " source_updated_at IS NULL FROM orders") == [
        ("7", on_day("2025-01-05")[0], "paid", 3_800, 200, 1_000, 500, 0),
    ]  # fmt: skip
    assert rows("SELECT first_name, last_name, external_id FROM customers JOIN customer_keys ON id = customer_id") == [
        ("Dana", "Levi", "K7")
    ]
    assert rows("SELECT kind FROM contact_points ORDER BY 1") == [("email",), ("phone",)]
    assert rows("SELECT sku, name, category FROM products") == [("MUG", "Mug", "Cups")]


@pytest.mark.parametrize("name", ["refund_of", "Refunded order", "זיכוי של"])
def test_the_column_of_what_was_refunded_has_several_names(books: Shop, bring: Bring, name: str) -> None:
    bring(books, f"{HEADER},{name}", f"{row('1')},", f"{row('R')},1")
    assert rows("SELECT external_id, amount_minor FROM order_returns") == [("R", 2_000)]


def test_an_order_that_is_told_again_with_evidence_allows_no_more_than_it_says(shop: Shop, bring: Bring) -> None:
    said_no = FIRST.format(status="paid", refunded="0.00").replace(",paid,yes,", ",paid,no,")
    said_yes = FIRST.format(status="paid", refunded="0.00").replace("#1,dana@", "#2,noa@")
    bring(shop, SHOPIFY, said_no, MORE, said_yes, MORE.replace("#1,dana@", "#2,noa@"))
    again = bring(shop, SHOPIFY, said_no, MORE, said_yes, MORE.replace("#1,dana@", "#2,noa@"), name="b.csv",
                  consent_evidence="the box at the checkout")  # fmt: skip
    assert counts(again)[3] == 4
    assert rows(
        "SELECT p.value, c.action FROM consents AS c JOIN contact_points AS p ON p.id = c.contact_point_id"
    ) == [("noa@shop.example", "given")]
