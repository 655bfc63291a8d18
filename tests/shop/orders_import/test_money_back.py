"""Money that came back of an order: what of it is the goods', in every format that says only how much was paid back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from retainctl.config import Shop
from retainctl.store.database import rows
from tests.conftest import Terminal
from tests.shop.orders_import.conftest import HEADER, PIECES, Bring, codes, row
from tests.shop.orders_import.test_formats import GOOD, MUGS, shopify_order
from tests.shop.orders_import.test_parts_of_a_total import SHOPIFY, WIX

RETURNED = f"SELECT {PIECES}, amount_minor FROM order_returns ORDER BY line_no"
WEBTOFFEE = (
    "order_id,order_date,status,order_total,order_currency,tax_total,shipping_total,shipping_tax_total,fee_total,"
    "refund_items,line_item_1"
)


def woocommerce(
    goods: str = "100.00", *, total: str, quantity: object = 2, back: tuple[str, ...] = (), **said: object
) -> str:
    """An order of WooCommerce's API: *goods* are without their tax."""
    order: dict[str, object] = json.loads(GOOD[0]) | {"total": total, "date_modified_gmt": "2025-01-08T08:00:00"}
    order["line_items"] = [{"name": "Mug", "quantity": quantity, "subtotal": goods, "total": goods}]
    order["refunds"] = [{"id": number, "total": f"-{amount}"} for number, amount in enumerate(back)]
    return json.dumps(order | said)


def webtoffee(
    total: str, *, tax: str = "", shipping: str = "", fee: str = "", back: str = "", pieces: str = "2"
) -> str:
    item = f"name:Mug|sku:MUG|quantity:{pieces}|total:100.00|sub_total:100.00"
    refunds = f"amount:{back}|reason:|date:2025-01-08 10:00:00" if back else ""
    return f"1,2025-01-05 10:00:00,completed,{total},ILS,{tax},{shipping},,{fee},{refunds},{item}"


def shopify(total: str, *, tax: str = "", shipping: str = "", duties: str = "", back: str = "") -> str:
    head = f"#1,d@shop.example,paid,ILS,100.00,{shipping},{tax},{total},,2025-01-05 10:00:00 +0200"
    return f"{head},2,Mug,50.00,MUG,,{back},,{duties}"


def wix(total: str, *, tax: str = "", shipping: str = "", fees: str = "", back: str = "", pieces: str = "2") -> str:
    each = {"2": "50.00", "0.5": "200.00"}[pieces]
    item = f'1,"Jan 5, 2025",9:00:00 AM,d@shop.example,Mug,MUG,{pieces},,{each},Paid'
    return f"{item},,,{shipping},{tax},{total},ILS,{back},{fees}"


def plain(total: str, *, tax: str = "", shipping: str = "", back: str = "") -> str:
    return f"{row(unit_price='50.00')},{tax},{shipping},{total},{back}"


PLAIN = f"{HEADER},tax,shipping,total,refunded"


@pytest.mark.parametrize(
    ("name", "header", "line"),
    [
        ("woocommerce-json", "", woocommerce(total="110.00", total_tax="10.00", back=("55.00",))),
        ("woocommerce", WEBTOFFEE, webtoffee("110.00", tax="10.00", back="55.00")),
        ("shopify", SHOPIFY, shopify("110.00", tax="10.00", back="55.00")),
        ("wix", WIX, wix("110.00", tax="10.00", back="55.00")),
        ("generic", PLAIN, plain("110.00", tax="10.00", back="55.00")),
        # The prices include it, or the file does not say its total.
        ("shopify", SHOPIFY, shopify("100.00", tax="10.00", back="50.00")),
        ("wix", WIX, wix("100.00", tax="10.00", back="50.00")),
        ("generic", PLAIN, plain("100.00", tax="10.00", back="50.00")),
        ("generic", PLAIN, plain("", tax="10.00", back="50.00")),
    ],
)
def test_tax_that_was_added_to_goods_comes_back_with_them_and_is_none_of_them(
    books: Shop, bring: Bring, name: str, header: str, line: str
) -> None:
    assert codes(bring(books, *filter(None, [header, line]), name="orders.txt", format=name)) == []
    assert rows("SELECT gross_minor FROM orders") == [(10_000,)]
    assert rows(RETURNED) == [(0, 5_000)]


@pytest.mark.parametrize(
    ("back", "returned"),
    [
        (("39.00",), [3_333]),
        (("39.00", "39.00"), [3_333, 3_334]),  # two thirds are 66.67
        (("39.00", "39.00", "38.99"), [3_333, 3_334, 3_332]),
        (("39.00", "39.00", "39.00"), [10_000]),
        (("0.01",), [1]),
    ],
)
def test_parts_of_a_refund_are_rounded_so_that_they_come_to_the_whole(
    books: Shop, bring: Bring, back: tuple[str, ...], returned: list[int]
) -> None:
    bring(books, woocommerce(total="117.00", total_tax="17.00", back=back), name="o.jsonl")
    assert [amount for _, amount in rows(RETURNED)] == returned


def test_the_tax_of_the_shipping_is_none_of_the_goods_where_the_file_says_it(books: Shop, bring: Bring) -> None:
    """Of 120.00 paid the goods bore 10.00 of tax and the shipping nothing; else each bears a share of it."""
    whole: dict[str, Any] = {"total": "120.00", "total_tax": "10.00", "shipping_total": "10.00", "back": ("55.00",)}
    bring(books, woocommerce(**whole, shipping_tax="0.00"), woocommerce(**whole, id=2), name="o.jsonl")
    taxed = {"total_price": "120.00", "total_tax": "10.00", "total_tip_received": "", "refunds": [money("55.00")]}
    items = [MUGS | {"price": "50.00", "quantity": 2}]
    free = [{"price": "10.00", "tax_lines": [{"price": "0.00"}]}]
    bring(books, shopify_order(3, **taxed, line_items=items, shipping_lines=free), name="s.jsonl")
    assert rows("SELECT amount_minor FROM order_returns ORDER BY id") == [(5_000,), (5_042,), (5_000,)]


def sent(*back: str, total: str = "110.00", **said: Any) -> str:
    """An order of WooCommerce's API with 10.00 for its way."""
    return woocommerce(total=total, back=back, shipping_total="10.00", **said)


@pytest.mark.parametrize(
    ("name", "header", "line", "returned"),
    [
        ("woocommerce-json", "", sent("10.00"), []),
        ("woocommerce-json", "", sent("10.00", "10.00"), [1_000]),
        ("woocommerce-json", "", sent("9.99"), [999]),
        ("woocommerce-json", "", sent("10.00", "100.00"), [10_000]),
        ("woocommerce-json", "", sent("11.00", total="121.00", total_tax="11.00", shipping_tax="1.00"), []),
        ("woocommerce", WEBTOFFEE, webtoffee("121.00", tax="11.00", shipping="10.00", back="11.00"), []),
        ("shopify", SHOPIFY, shopify("110.00", shipping="10.00", back="10.00"), []),
        ("shopify", SHOPIFY, shopify("121.00", tax="11.00", shipping="10.00", back="11.00"), []),
        ("wix", WIX, wix("110.00", shipping="10.00", back="10.00"), []),
        ("generic", PLAIN, plain("110.00", shipping="10.00", back="10.00"), []),
    ],
)  # fmt: skip
def test_a_refund_of_exactly_the_shipping_takes_nothing_of_the_goods_and_is_told(
    books: Shop, bring: Bring, name: str, header: str, line: str, returned: list[int]
) -> None:
    outcome = bring(books, *filter(None, [header, line]), name="orders.txt", format=name)
    assert [amount for _, amount in rows(RETURNED)] == returned
    told = "refunds of exactly what the shipping cost, taken from nothing that was sold: 1" in outcome.notes
    assert told == (returned in ([], [1_000]))


def test_points_of_goods_that_stay_are_kept_although_their_tax_is_not_in_their_price(
    retainctl: Terminal, bring: Bring, shop: Shop
) -> None:
    """Two at 1,000.00 and 10 % of tax, of which one came back with its tax."""
    line = woocommerce(
        "2000.00", total="2200.00", total_tax="200.00", back=("1100.00",), billing={"email": "a@b.example"}
    )
    bring(shop, line, name="o.jsonl")
    retainctl("points", "award")
    assert "1000" in retainctl("points", "balance", "a@b.example").stdout


@pytest.mark.parametrize(
    ("name", "header", "lines"),
    [
        ("woocommerce-json", "", [woocommerce("149.38", total="179.25", total_tax="29.88", back=("179.26",))]),
        ("woocommerce", WEBTOFFEE, [webtoffee("110.00", tax="10.00", back="110.01")]),
        ("shopify", SHOPIFY, [shopify("110.00", tax="10.00", back="110.01")]),
        ("wix", WIX, [wix("110.00", tax="10.00", back="110.01")]),
        ("generic", PLAIN, [plain("110.00", tax="10.00", back="110.01")]),
    ],
)
def test_a_refund_may_be_a_minor_unit_a_line_above_what_was_paid(
    books: Shop, bring: Bring, name: str, header: str, lines: list[str]
) -> None:
    """Shops round each line of a refund by itself."""
    bring(books, *filter(None, [header, *lines]), name="orders.txt", format=name)
    assert rows("SELECT SUM(gross_minor) FROM orders") == rows("SELECT SUM(amount_minor) FROM order_returns")
    assert rows(f"SELECT {PIECES} FROM order_returns") == [(2,)]
    good = [line.replace("1,", "7,", 1).replace('"id": 1,', '"id": 7,') for line in lines]
    much = [line.replace("179.26", "179.27").replace("110.01", "110.02") for line in lines]
    other = [line.replace("179.26", "0.00").replace("110.01", "0.00") for line in good]
    outcome = bring(books, *filter(None, [header, *other, *much]), name="more.txt", format=name)
    assert codes(outcome) == ["return_larger_than_order"]


def money(amount: str, *, at: str = "03", **said: object) -> dict[str, object]:
    """A refund of Shopify's that is paid, if of anything, and names no article."""
    paid = [{"amount": amount, "kind": "refund", "status": "success"}] if amount else []
    return {"created_at": f"2024-05-{at}T10:00:00+03:00", "refund_line_items": [], "transactions": paid} | said


def adjustment(kind: str, amount: str, tax: str = "0.00") -> dict[str, str]:
    return {"kind": kind, "amount": amount, "tax_amount": tax}


SHIPPING = adjustment("shipping_refund", "-10.00", "-1.00")
LINES: dict[str, Any] = {"refund_shipping_lines": [{"subtotal_amount_set": {"shop_money": {"amount": "10.00"}}}]}
MUG = [{"line_item_id": 1, "quantity": 1, "subtotal": "50.00", "total_tax": "5.00"}]


@pytest.mark.parametrize(
    ("refunds", "returned", "is_told"),
    [
        ([money("11.00", order_adjustments=[SHIPPING])], [], False),
        ([money("11.00", **LINES)], [], False),
        ([money("11.00", **LINES, order_adjustments=[SHIPPING])], [], False),  # said twice, and paid once
        ([money("66.00", order_adjustments=[SHIPPING])], [(0, 5_000)], False),
        ([money("11.00")], [], True),  # older answers do not say
        ([money("11.00", order_adjustments=[adjustment("refund_discrepancy", "-11.00")])], [(0, 1_000)], False),
        ([money("11.00", refund_shipping_lines=[])], [(0, 1_000)], False),
        ([money("15.00", total_duties_set={"shop_money": {"amount": "15.00"}}, refund_shipping_lines=[])], [], False),
        ([money("66.00", refund_line_items=MUG, order_adjustments=[SHIPPING])], [(1, 5_000)], False),
        # What a shop keeps of the price of an article that came back is no sale; what it gives beyond that was one.
        ([money("40.00", refund_line_items=MUG, order_adjustments=[adjustment("refund_discrepancy", "15.00")])],
         [(1, 5_000)], False),
        ([money("77.00", refund_line_items=MUG, order_adjustments=[adjustment("refund_discrepancy", "-22.00")])],
         [(1, 5_000), (0, 2_000)], False),
        # An article is taken out of the order, and paid back by itself.
        ([money("", refund_line_items=MUG, order_adjustments=[adjustment("refund_discrepancy", "55.00")]),
          money("55.00", at="04", order_adjustments=[adjustment("refund_discrepancy", "-55.00")])],
         [(1, 5_000)], False),
        ([money("", refund_line_items=MUG, order_adjustments=[adjustment("refund_discrepancy", "55.00")]),
          money("66.00", at="04", order_adjustments=[adjustment("refund_discrepancy", "-66.00")])],
         [(1, 5_000), (0, 1_000)], False),
        ([money("121.00", order_adjustments=[SHIPPING])], [(2, 10_000)], False),
        ([money("122.00")], None, False),
    ],
)  # fmt: skip
def test_of_refunds_of_shopify_s_answers_the_goods_part_is_what_the_answer_says(
    books: Shop, bring: Bring, refunds: list[dict[str, object]], returned: list[tuple[int, int]] | None, is_told: bool
) -> None:
    """Two mugs for 100.00 and their way for 10.00, with 10 % of tax on both."""
    order: dict[str, object] = {
        "line_items": [MUGS | {"price": "50.00", "quantity": 2}], "total_price": "121.00", "total_tax": "11.00",
        "taxes_included": False, "total_tip_received": "", "shipping_lines": [{"price": "10.00"}],
    }  # fmt: skip
    outcome = bring(books, shopify_order(1), shopify_order(2, **order, refunds=refunds), name="o.jsonl")
    assert codes(outcome) == ([] if returned is not None else ["return_larger_than_order"])
    assert rows(RETURNED) == (returned or [])
    assert any("shipping cost" in note for note in outcome.notes) == is_told


def test_a_part_of_a_piece_is_bought_and_comes_back_in_every_format(books: Shop, bring: Bring) -> None:
    half = [MUGS | {"price": "200.00", "quantity": 0.5}]
    back = [money("50.00", refund_line_items=[{"line_item_id": 1, "quantity": 0.25}])]
    whole = {"total_price": "100.00", "total_tip_received": "", "shipping_lines": []}
    bring(books, woocommerce(total="100.00", quantity=0.5), name="a.jsonl")
    bring(books, WEBTOFFEE, webtoffee("100.00", pieces="0.5").replace("1,", "2,", 1), name="b.csv")
    bring(books, shopify_order(3, **whole, line_items=half, refunds=back), name="c.jsonl")
    bring(books, WIX, wix("100.00", pieces="0.5").replace("0.5,,", "0.5,0.25,"), name="d.csv")
    assert rows("SELECT quantity_thousandths, unit_price, amount_minor FROM order_lines") == [
        (500, "200", 10_000), (500, "200", 10_000), (500, "200.00", 10_000), (500, "200.00", 10_000),
    ]  # fmt: skip
    assert rows("SELECT quantity_thousandths, amount_minor FROM order_returns") == [(250, 5_000)] * 2
    assert rows("SELECT SUM(is_sale) FROM orders") == [(4,)]


@pytest.mark.parametrize(
    ("off", "paid", "kept"),
    [("-10.00", "100.00", (9_000, 1_000, 1_000)), ("-105.00", "5.00", (0, 10_000, 500)), ("-110.01", "-0.01", None)],
)
@pytest.mark.parametrize("name", ["woocommerce-json", "woocommerce", "shopify", "shopify-json", "wix"])
def test_a_fee_below_zero_is_a_discount_of_the_goods_and_what_is_more_of_the_shipping(
    books: Shop, bring: Bring, name: str, off: str, paid: str, kept: tuple[int, int, int] | None
) -> None:
    duties = {"shop_money": {"amount": off}}
    answer = {"total_tip_received": "", "line_items": [MUGS | {"price": "50.00", "quantity": 2}]}
    lines = {
        "woocommerce-json": [woocommerce(total=paid, shipping_total="10.00", fee_lines=[{"total": off}])],
        "woocommerce": [WEBTOFFEE, webtoffee(paid, shipping="10.00", fee=off)],
        "shopify": [SHOPIFY, shopify(paid, shipping="10.00", duties=off)],
        "shopify-json": [shopify_order(1, **answer, total_price=paid, shipping_lines=[{"price": "10.00"}],
                                       original_total_duties_set=duties)],
        "wix": [WIX, wix(paid, shipping="10.00", fees=off)],
    }  # fmt: skip
    outcome = bring(books, *lines[name], name="orders.txt", format=name)
    assert codes(outcome) == ([] if kept else ["bad_discount"])
    assert rows("SELECT gross_minor, discount_minor, shipping_minor FROM orders") == ([kept] if kept else [])
    assert rows("SELECT COUNT(*) FROM order_lines WHERE kind = 'fee'") == [(0,)]
