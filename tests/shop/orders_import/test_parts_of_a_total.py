"""What an order's total is made of besides its goods, what came back of it, and orders of which a part is missing."""

from __future__ import annotations

import dataclasses
import json

import pytest

from retainctl.clock import DAY_SECONDS, Clock
from retainctl.config import Shop
from retainctl.intake.quarantine import dismiss, list_quarantined
from retainctl.shop.orders_import.planning import OrderOptions
from retainctl.shop.orders_import.retry import retry
from retainctl.store.database import rows, value
from tests.planting import on_day
from tests.shop.orders_import.conftest import HEADER, PIECES, Bring, codes, counts, row
from tests.shop.orders_import.test_formats import GOOD as ANSWERS
from tests.shop.orders_import.test_formats import shopify_order

SHOPIFY = (
    "Name,Email,Financial Status,Currency,Subtotal,Shipping,Taxes,Total,Discount Amount,Created at,Lineitem quantity,"
    "Lineitem name,Lineitem price,Lineitem sku,Lineitem discount,Refunded Amount,Cancelled at,Duties"
)
WIX = (
    "Order number,Date created,Time,Contact email,Item,SKU,Qty,Quantity refunded,Price,Payment status,Coupon code,"
    "Gift card amount,Shipping rate,Total tax,Total,Currency,Refunded amount,Additional fees"
)


def shopify(
    number: int = 1, *, status: str = "paid", subtotal: str = "100.00", total: str = "110.00", tax: str = "0.00",
    discount: str = "0.00", refunded: str = "0.00", duties: str = "", price: str = "100.00",
) -> str:  # fmt: skip
    """An order of one mug with 10.00 for its way."""
    return (
        f"#{number},d@shop.example,{status},ILS,{subtotal},10.00,{tax},{total},{discount},2025-01-05 10:00:00 +0200,"
        f"1,Mug,{price},MUG,0.00,{refunded},,{duties}"
    )


def wix(
    number: int = 1, *, status: str = "Paid", coupon: str = "", card: str = "", total: str = "110.00",
    refunded: str = "0.00", fees: str = "", price: str = "100.00", back: str = "",
) -> str:  # fmt: skip
    """An order of one mug with 10.00 for its way."""
    return (
        f'{number},"Jan 5, 2025",9:00:00 AM,d@shop.example,Mug,MUG,1,{back},{price},{status},{coupon},{card},10.00,'
        f"0.00,{total},ILS,{refunded},{fees}"
    )


ORDERS = "SELECT gross_minor, discount_minor FROM orders ORDER BY id"
RETURNED = f"SELECT {PIECES}, amount_minor, return_day FROM order_returns ORDER BY id"


def test_duties_are_in_a_total_and_are_no_sale(books: Shop, bring: Bring) -> None:
    lines = [
        shopify(1, total="125.00", duties="15.00"),
        shopify(2, total="142.00", tax="17.00", duties="15.00"),
        shopify(3, total="125.00", duties="15.00", status="refunded", refunded="125.00"),
    ]
    assert counts(bring(books, SHOPIFY, *lines)) == (3, 3, 0, 0, 0, 0, 0)
    duties: dict[str, object] = {"original_total_duties_set": {"shop_money": {"amount": "15.00"}}}
    bring(books, shopify_order(9, total_price="60.00", **duties), name="o.jsonl")
    assert rows(ORDERS) == [(10_000, 0)] * 3 + [(2_700, 300)]
    assert rows("SELECT kind, amount_minor FROM order_lines WHERE kind <> 'sale' ORDER BY order_id, line_no") == [
        ("fee", 1_500), ("fee", 1_500), ("fee", 1_500), ("fee", 1_500), ("tip", 300),
    ]  # fmt: skip
    assert rows("SELECT amount_minor FROM order_returns") == [(10_000,)]


def test_fees_of_wix_are_no_sale_and_a_gift_card_is_a_way_to_pay(books: Shop, bring: Bring) -> None:
    lines = [
        wix(1),
        wix(2, fees="5.00", total="115.00"),
        wix(3, fees="5.00", coupon="SPRING", total="95.00"),
        wix(4, card="30.00", total="80.00"),
        wix(5, card="30.00", coupon="SPRING", total="60.00"),
    ]
    assert codes(bring(books, WIX, *lines)) == []
    assert rows(ORDERS) == [(10_000, 0), (10_000, 0), (8_000, 2_000), (10_000, 0), (8_000, 2_000)]


def test_what_a_file_does_not_call_a_discount_is_none(books: Shop, bring: Bring) -> None:
    """A line that was taken out of an order by editing still stands in Shopify's export of it."""
    good = [shopify(number, subtotal="90.00", discount="10.00", total="100.00") for number in range(2, 40)]
    outcome = bring(books, SHOPIFY, *good, shopify(1, subtotal="60.00", total="70.00"))
    assert codes(outcome) == ["bad_subtotal"]
    assert set(rows(ORDERS)) == {(9_000, 1_000)}


@pytest.mark.parametrize(("status", "back"), [("paid", []), ("refunded", [(1, 0, on_day("2025-01-05")[0])])])
def test_an_order_for_nothing_came_back_where_it_was_refunded_alone(
    books: Shop, bring: Bring, status: str, back: list[tuple[int, int, int]]
) -> None:
    bring(books, SHOPIFY, shopify(price="0.00", subtotal="0.00", total="10.00", status=status))
    assert rows(RETURNED) == back
    bring(books, WIX, wix(price="0.00", total="10.00", status=status), name="wix.csv")
    assert rows(RETURNED) == back * 2


def test_a_payment_in_test_mode_is_no_sale(books: Shop, bring: Bring) -> None:
    def order(number: int, mode: str) -> str:
        marks = [{"id": 1, "key": "_wcpay_mode", "value": mode}, {"id": 2, "key": "note", "value": "test"}]
        return json.dumps(json.loads(ANSWERS[0]) | {"id": number, "meta_data": marks})

    assert counts(bring(books, order(1, "test"), order(2, "prod"), name="o.jsonl")) == (2, 1, 0, 0, 1, 0, 0)
    assert rows("SELECT external_id FROM orders") == [("2",)]
    assert rows("SELECT code FROM held_rows") == [("test_order",)]


def test_a_gift_card_is_sold_when_it_is_spent(shop: Shop, bring: Bring) -> None:
    card = {"id": 2, "sku": "CARD", "name": "Gift card", "quantity": 1, "price": "50.00", "gift_card": True}
    mug = {"id": 1, "sku": "MUG", "name": "Mug", "quantity": 1, "price": "10.00"}
    whole = {"shipping_lines": [], "total_tip_received": ""}
    bring(shop, shopify_order(1, line_items=[mug, card], total_price="60.00", **whole), name="a.jsonl")
    bring(shop, shopify_order(2, line_items=[card], total_price="50.00", **whole), name="b.jsonl")
    assert rows("SELECT gross_minor, is_sale FROM orders ORDER BY id") == [(1_000, 1), (0, 0)]
    assert rows("SELECT kind, amount_minor FROM order_lines ORDER BY order_id, line_no") == [
        ("sale", 1_000), ("gift_card", 5_000), ("gift_card", 5_000),
    ]  # fmt: skip


def test_money_that_came_back_in_another_currency_waits_for_a_person(shop: Shop, bring: Bring) -> None:
    header = HEADER + ",refund_of"
    good = [f"{row(f'G{number}', currency='USD')}," for number in range(40)]
    outcome = bring(shop, header, *good, f"{row('R', quantity='-1')},G1", f"{row('S', quantity='-1')},later")
    assert (codes(outcome), counts(outcome)) == (["mixed_currency"], (42, 41, 0, 0, 0, 0, 1))
    assert value("SELECT COUNT(*) FROM order_returns WHERE order_id IS NOT NULL") == 0
    then = bring(shop, header, f"{row('later', currency='USD')},", name="b.csv")
    assert then.attention == (
        "return S is in another currency than order later and is waiting (retainctl orders returns --waiting)",
    )
    assert value("SELECT COUNT(*) FROM order_returns WHERE order_id IS NOT NULL") == 0


def test_a_payment_back_in_another_currency_quarantines_its_order(books: Shop, bring: Bring) -> None:
    paid = {"amount": "5.00", "currency": "usd", "kind": "refund", "status": "success"}
    refunds = [{"created_at": "2024-05-03T10:00:00+03:00", "refund_line_items": [], "transactions": [paid]}]
    assert codes(bring(books, shopify_order(1, refunds=refunds), name="o.jsonl")) == ["mixed_currency"]
    refunds[0]["transactions"] = [paid | {"currency": "ILS"}]
    assert codes(bring(books, shopify_order(1, refunds=refunds), name="o.jsonl")) == []


def test_pieces_that_come_back_one_by_one_are_worth_what_all_were(books: Shop, bring: Bring) -> None:
    """Three mugs for 10.00: 3.33, 3.33 and 3.34. Where the refund says how much, that counts, to a minor unit."""

    def back(pieces: int, subtotal: str = "") -> dict[str, object]:
        item = {"line_item_id": 1, "quantity": pieces, **({"subtotal": subtotal} if subtotal else {})}
        return {"created_at": "2024-05-03T10:00:00+03:00", "refund_line_items": [item]}

    mugs = [{"id": 1, "sku": "MUG", "name": "Mug", "quantity": 3, "price": "5.00",
             "discount_allocations": [{"amount": "5.00"}]}]  # fmt: skip
    whole: dict[str, object] = {"line_items": mugs, "shipping_lines": [], "total_tip_received": ""}
    good = [shopify_order(number, **whole, total_price="10.00") for number in range(10, 50)]
    thirds = shopify_order(1, **whole, total_price="10.00", refunds=[back(1), back(1), back(1)])
    stated = shopify_order(2, **whole, total_price="10.00", refunds=[back(1, "2.50"), back(2, "7.50")])
    near = shopify_order(3, **whole, total_price="10.00", refunds=[back(1, "2.50"), back(1, "7.51")])
    much = shopify_order(4, **whole, total_price="10.00", refunds=[back(1, "2.50"), back(1, "7.52")])
    assert codes(bring(books, *good, thirds, stated, near, much, name="o.jsonl")) == ["return_larger_than_order"]
    assert [amount for (amount,) in rows("SELECT amount_minor FROM order_returns ORDER BY id")] == [
        333, 333, 334, 250, 750, 250, 750,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("header", "sale", "back", "more"),
    [
        (SHOPIFY, shopify(), shopify(status="partially_refunded", refunded="40.00"),
         shopify(status="partially_refunded", refunded="50.00")),
        (WIX, wix(), wix(status="Partially refunded", refunded="40.00"),
         wix(status="Partially refunded", refunded="50.00")),
        (HEADER, row("1"), row("1", status="refunded"), row("1", status="refunded", quantity="3")),
    ],
    ids=["shopify", "wix", "generic"],
)  # fmt: skip
def test_what_came_back_on_a_day_that_no_file_says_came_back_when_it_was_first_seen(
    shop: Shop, bring: Bring, header: str, sale: str, back: str, more: str
) -> None:
    def after(days: int) -> Shop:
        return dataclasses.replace(shop, clock=Clock(shop.clock.zone, shop.clock.now() + days * DAY_SECONDS))

    day = shop.clock.today().toordinal() - 719_163
    bring(shop, header, sale, name="a.csv")
    first = bring(after(1), header, back, name="b.csv")
    assert "returns without a day in the file, counted on the day of this import: 1" in first.notes
    assert [one[-1] for one in rows(RETURNED)] == [day + 1]
    again = bring(after(2), header, back, sale.replace("#1,", "#2,").replace("1,", "2,", 1), name="c.csv")
    assert not any("without a day" in note for note in again.notes)
    changed = bring(after(3), header, back.replace("d@", "e@").replace("dana@", "e@"), name="d.csv")
    assert (changed.row.rows_changed, [one[-1] for one in rows(RETURNED)]) == (1, [day + 1]), "it is the same return"
    bring(after(4), header, more, name="e.csv")
    assert [one[-1] for one in rows(RETURNED)] == [day + 4]


def test_what_came_back_of_an_order_that_is_new_to_us_is_of_the_day_of_the_sale_and_that_is_said(
    books: Shop, bring: Bring
) -> None:
    outcome = bring(books, SHOPIFY, shopify(status="refunded", refunded="110.00"), shopify(2))
    assert "returns without a day in the file, counted on the day of the sale: 1" in outcome.notes
    assert [one[-1] for one in rows(RETURNED)] == [on_day("2025-01-05")[0]]


def test_an_order_one_of_whose_rows_is_bad_waits_whole(shop: Shop, bring: Bring) -> None:
    good = [row(f"G{number}") for number in range(40)]
    three = [row("1"), row("1", sku="TEA", quantity="x"), row("1", sku="JAM")]
    outcome = bring(shop, HEADER, *good, *three)
    assert (counts(outcome), codes(outcome)) == (
        (43, 40, 0, 0, 0, 0, 3), ["bad_number", "order_incomplete", "order_incomplete"],
    )  # fmt: skip
    assert value("SELECT COUNT(*) FROM orders WHERE external_id = '1'") == 0
    _, first, second = list_quarantined(shop)
    assert (first.line, second.line, first.message) == (42, 44, "another row of this order cannot be booked")
    (tried,) = retry(shop, [second.id], OrderOptions())
    assert (counts(tried), value("SELECT COUNT(*) FROM orders WHERE external_id = '1'")) == ((3, 0, 0, 0, 0, 0, 3), 0)
    dismiss(shop, [one.id for one in list_quarantined(shop) if one.code == "bad_number"])
    (left,) = retry(shop, [second.id], OrderOptions())
    assert counts(left) == (2, 2, 0, 0, 0, 0, 0)
    assert rows("SELECT gross_minor FROM orders WHERE external_id = '1'") == [(4_000,)]


def test_an_order_one_of_whose_rows_has_become_bad_stays_as_it_was(shop: Shop, bring: Bring) -> None:
    good = [row(f"G{number}") for number in range(40)]
    bring(shop, HEADER, *good, row("1"), row("1", sku="TEA"))
    outcome = bring(shop, HEADER, *good, row("1"), row("1", sku="TEA", unit_price="x"), name="b.csv")
    assert counts(outcome) == (42, 0, 0, 40, 0, 0, 2)
    assert rows("SELECT gross_minor, version FROM orders WHERE external_id = '1'") == [(4_000, 1)]


def test_a_good_row_that_waits_with_a_bad_one_makes_no_file_the_wrong_one(shop: Shop, bring: Bring) -> None:
    outcome = bring(shop, HEADER, *[row("1", sku=f"S{number}") for number in range(10)], row("1", quantity="x"))
    assert counts(outcome) == (11, 0, 0, 0, 0, 0, 11)


def test_rows_of_an_order_that_stand_after_a_bad_one_wait_wherever_they_stand(
    shop: Shop, bring: Bring, monkeypatch: pytest.MonkeyPatch
) -> None:
    from retainctl.intake import csv_rows

    for rows_at_once in ("CHUNK_ROWS", "_ROWS_AT_ONCE"):
        monkeypatch.setattr(csv_rows, rows_at_once, 10)
    good = [row(f"G{number}") for number in range(40)]
    outcome = bring(shop, HEADER, row("1", quantity="x"), *good, row("1", sku="TEA"))
    assert (counts(outcome), codes(outcome)) == ((42, 40, 0, 0, 0, 0, 2), ["bad_number", "order_incomplete"])
