"""Orders of other programs' files: what was sold, what came back, when, and what it earns."""

from __future__ import annotations

import itertools
import json

from retainctl.audience.segments import matching_ids
from retainctl.club.awarding import award
from retainctl.club.balances import balances
from retainctl.club.checking import check
from retainctl.club.explaining import explain_order, order_id_of
from retainctl.club.statement import statement
from retainctl.config import Shop
from retainctl.insight.reports.retention import retention
from retainctl.shop.orders_import.orders import import_orders
from retainctl.shop.orders_import.planning import OrderOptions
from retainctl.store.database import rows
from tests.cases.conftest import ORDERS, Write, booked, codes, counts, exit_code, instant, on

SHOPIFY = (
    "Name,Email,Financial Status,Currency,Subtotal,Shipping,Taxes,Total,Discount Amount,Created at,Lineitem quantity,"
    "Lineitem name,Lineitem price,Lineitem sku,Refunded Amount,Lineitem discount"
)


def test_further_lines_of_shopify_s_orders_earn_and_come_back_with_the_first(shop: Shop, write: Write) -> None:
    lines = [SHOPIFY]
    for number, status, back in ((1, "paid", 0), (2, "refunded", 160), (3, "voided", 0), (4, "partially_refunded", 25)):
        who = f"c{number}@example.com"
        day = "2025-01-05 10:00:00 +0200"
        lines.append(f"#{number},{who},{status},ILS,150.00,10.00,0.00,160.00,0,{day},1,Mug,100.00,MUG,{back}.00,0")
        lines.append(f"#{number},{who},,,,,,,,{day},2,Beans,25.00,BEAN,,0")
    lines.append(
        "#5,c5@example.com,paid,ILS,100.00,0.00,0.00,112.00,0,2025-01-05 10:00:00 +0200,1,Mug,60.00,MUG,0.00,0"
    )
    lines.append("#5,c5@example.com,,,,,,,,2025-01-05 10:00:00 +0200,1,Tip,12.00,,,0")
    lines.append("#5,c5@example.com,,,,,,,,2025-01-05 10:00:00 +0200,1,Beans,40.00,BEAN,,0")
    done = import_orders(shop, write("orders.csv", *lines), OrderOptions())
    assert (done.row.rows_read, done.row.rows_new, done.row.customers, done.row.orders, done.row.returns) == (
        11,
        11,
        5,
        4,
        3,
    )
    assert booked() == [
        ("#1", "paid", 15_000, 0),
        ("#2", "refunded", 15_000, 15_000),
        ("#3", "voided", 15_000, 0),
        ("#4", "paid", 15_000, 2_500),
        ("#5", "paid", 10_000, 0),
    ]
    award(shop)
    found = balances(shop, [1, 2, 3, 4, 5])
    assert [found[number] for number in range(1, 6)] == [150, 0, 0, 125, 100]
    assert sorted(matching_ids(shop, 'bought product "BEAN"')) == [1, 2, 4, 5]
    (figures,) = retention(shop)
    assert (figures.customers, figures.orders, figures.guest_orders) == (4, 4, 0)
    assert (figures.gross_revenue_minor, figures.returns_minor, figures.net_revenue_minor) == (55_000, 17_500, 37_500)
    tip = [(one.line_no, one.points) for one in explain_order(shop, order_id_of("shopify:#5"))]
    assert tip == [(1, 60), (3, 40), (None, None)], "the tip is the second line"


def plain(number: str, status: str, *, email: str = "noa", price: str = "199.90", day: str = "2026-11-01") -> str:
    """A row of a plain file: one mug."""
    return f"{number},{day}T10:00:00+02:00,{email}@example.com,MUG,1,{price},ILS,{status}"


def test_points_follow_an_order_s_state_to_and_fro_and_an_old_file_is_not_passed_over_in_silence(
    shop: Shop, write: Write
) -> None:
    hour = itertools.count(10)

    def told(*lines: str, newest: bool = False) -> tuple[tuple[int, int, int, int], int, int]:
        """Rows read, new, changed and unchanged; the exit code; and Noa's points after that."""
        now = on(shop, f"2026-11-27T{next(hour)}:00")
        done = import_orders(now, write("orders.csv", ORDERS, *lines), OrderOptions(newest=newest))
        award(now)
        return counts(done), exit_code(done), balances(now, [1])[1]

    assert told(plain("7", "pending")) == ((1, 1, 0, 0), 0, 0)
    assert told(plain("7", "processing")) == ((1, 0, 1, 0), 0, 199)
    assert told(plain("7", "completed")) == ((1, 0, 1, 0), 0, 199)
    assert told(plain("7", "completed")) == ((0, 0, 0, 0), 0, 199)
    assert told(plain("7", "cancelled")) == ((1, 0, 1, 0), 0, 0)
    assert told(plain("7", "completed")) == ((1, 0, 0, 1), 3, 0), "byte for byte the file of the third step"

    def more(number: str) -> str:
        return plain(number, "completed", email="gil", price="1.00", day="2026-11-20")

    assert told(plain("7", "cancelled"), more("8")) == ((2, 1, 0, 1), 0, 0)
    assert told(plain("7", "completed"), more("9")) == ((2, 1, 1, 0), 0, 199)
    assert told(plain("7", "cancelled")) == ((1, 0, 0, 1), 3, 199)
    assert told(plain("7", "cancelled"), newest=True) == ((1, 0, 1, 0), 0, 0)
    assert told(plain("7", "completed"), newest=True) == ((1, 0, 1, 0), 0, 199)
    check(on(shop, "2026-11-27T23:00"))


def test_duties_of_shopify_s_orders_are_no_sale_and_earn_nothing(shop: Shop, write: Write) -> None:
    header = (
        "Name,Email,Financial Status,Currency,Subtotal,Shipping,Taxes,Total,Discount Amount,Created at,"
        "Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Refunded Amount,Lineitem discount,Duties"
    )
    mug = "0.00,2025-01-05 10:00:00 +0200,1,Mug,100.00,MUG"
    table = write(
        "orders.csv",
        header,
        f"#1,a@example.com,paid,ILS,100.00,10.00,0.00,125.00,{mug},0.00,0.00,15.00",
        f"#2,b@example.com,paid,ILS,100.00,10.00,17.00,142.00,{mug},0.00,0.00,15.00",
        f"#3,c@example.com,refunded,ILS,100.00,10.00,0.00,125.00,{mug},125.00,0.00,15.00",
        f"#4,d@example.com,paid,ILS,100.00,10.00,0.00,110.00,{mug},0.00,0.00,",
    )
    done = import_orders(shop, table, OrderOptions())
    assert (counts(done), codes(done), exit_code(done)) == ((4, 4, 0, 0), [], 0)
    duties = {"shop_money": {"amount": "15.00", "currency_code": "ILS"}}
    answer = answer_of_shopify(
        11, total_price="125.00", original_total_duties_set=duties,
        shipping_lines=[{"price": "10.00", "discounted_price": "10.00"}],
        line_items=[article("Mug", "100.00", sku="MUG", duties=[{"id": "2", "price": "15.00"}])],
    )  # fmt: skip
    done = import_orders(shop, write("order.json", json.dumps({"orders": [answer]})), OrderOptions())
    assert (counts(done), codes(done), exit_code(done)) == ((1, 1, 0, 0), [], 0)
    assert booked() == [
        ("#1", "paid", 10_000, 0),
        ("#2", "paid", 10_000, 0),
        ("#3", "refunded", 10_000, 10_000),
        ("#4", "paid", 10_000, 0),
        ("#11", "paid", 10_000, 0),
    ]
    award(shop)
    assert list(balances(shop, [1, 2, 3, 4, 5]).values()) == [100, 100, 0, 100, 100]


RETURNS = "SELECT source, amount_minor, returned_at FROM order_returns ORDER BY id"


def test_money_that_came_back_on_a_day_that_no_file_says_is_not_dated_in_silence(shop: Shop, write: Write) -> None:
    header = (
        "Name,Email,Financial Status,Currency,Subtotal,Total,Created at,Lineitem quantity,Lineitem name,"
        "Lineitem price,Refunded Amount"
    )
    order = "ILS,100.00,100.00,2026-09-01 10:00:00 +0300,1,Mug,100.00"
    september, october = on(shop, "2026-09-02T10:00"), on(shop, "2026-10-05T10:00")
    import_orders(september, write("1.csv", header, f"#1,a@example.com,paid,{order},0.00"), OrderOptions())
    award(september)
    again = write("2.csv", header, f"#1,a@example.com,partially_refunded,{order},40.00")
    told = import_orders(october, again, OrderOptions())
    assert "returns without a day in the file, counted on the day of this import: 1" in told.notes
    award(october)
    seen = october.clock.now()
    assert rows(RETURNS) == [("shopify", 4_000, seen)]
    assert [(one.item, one.points, one.balance, one.effective_at[:10]) for one in statement(october, 1)[1:-1]] == [
        ("earned", 100, 100, "2026-09-01"),
        ("clawed_back", -40, 60, "2026-10-05"),
    ]

    wix = write(
        "wix.csv",
        "Order number,Date created,Time,Contact email,Item,SKU,Qty,Quantity refunded,Price,Payment status,Total,"
        "Currency,Refunded amount",
        '9,"Sep 1, 2026",9:00:00 AM,b@example.com,Mug,MUG,2,1,50.00,Partially refunded,100.00,ILS,50.00',
    )
    told = import_orders(october, wix, OrderOptions())
    assert "returns without a day in the file, counted on the day of the sale: 1" in told.notes
    assert rows(RETURNS)[1:] == [("wix", 5_000, instant("2026-09-01T09:00:00+03:00"))]


WEBTOFFEE = (
    "order_id,order_date,status,shipping_total,fee_total,tax_total,discount_total,order_total,order_currency,"
    "customer_id,billing_email,refund_items,line_item_1,line_item_2"
)


def item(name: str, total: str, *, sku: str = "MUG", number: int = 7, quantity: str = "1", before: str = "") -> str:
    """A cell of WebToffee's with one line of an order."""
    return f'"name:{name}|product_id:{number}|sku:{sku}|quantity:{quantity}|total:{total}|sub_total:{before or total}"'


def test_cells_of_webtoffee_s_with_several_values_are_read_to_their_days_and_amounts(shop: Shop, write: Write) -> None:
    shop = on(shop, "2026-11-27T10:00")
    day = "2026-11-01 10:00:00"
    back = "amount:30.00|reason:Late; amount:99|date:2026-11-03 22:30:00;amount:20.00|reason:|date:2026-11-05 10:00:00"
    mug, odd = item("Mug", "100.00"), item("Mug | red: 1|2 litre, sku:odd", "100.00", quantity="2")
    discounted = item("Mug", "40.00", sku="", before="50.00")
    beans = item("Beans", "40.00", sku="BEAN", number=8, before="50.00")
    sample, dear = item("Free sample", "0", sku="S", number=9), item("Mug", "60.00")
    half, odd_part = item("Mug", "60.00", quantity="1.5"), item("Mug", "60.00", quantity="1.2345")
    pin = item("Pin", "1.00", sku="PIN", number=1)
    path = write(
        "orders.csv",
        WEBTOFFEE,
        f"1,{day},wc-completed,10.00,0,0.00,0,110.00,ILS,0,noa@example.com,,{odd},",
        f"2,{day},completed,0,0,17.00,20.00,97.00,ILS,12,gil@example.com,,{discounted},{beans}",
        f"3,{day},completed,10.00,0,0,0,110.00,ILS,13,roni@example.com,{back},{mug},",
        f"4,{day},refunded,10.00,0,0,0,110.00,ILS,14,tal@example.com,"
        f"amount:110.00|reason:|date:2026-11-03 10:00:00,{mug},",
        f"5,{day},completed,0,5.00,0,0,65.00,ILS,15,uri@example.com,,{half},",
        f"6,{day},completed,0,0,0,0,60.00,ILS,16,dan@example.com,,{sample},{dear}",
        f"7,{day},wc-shipped-custom,0,0,0,0,60.00,ILS,17,eli@example.com,,{dear},",
        f"8,{day},completed,0,0,0,0,60.00,ILS,18,ofra@example.com,,{odd_part},",
        *(f"{n},{day},completed,0,0,0,0,1.00,ILS,{n},p{n}@example.com,,{pin}," for n in range(100, 150)),
    )
    done = import_orders(shop, path, OrderOptions())
    assert (counts(done), exit_code(done)) == ((58, 56, 0, 0), 3)
    assert [(held.origin.line, held.code) for held in done.quarantined] == [(8, "bad_status"), (9, "bad_quantity")]
    assert (done.row.customers, done.row.orders, done.row.guest_orders, done.row.returns) == (56, 56, 0, 3)
    assert booked()[:6] == [
        ("1", "completed", 10_000, 0),
        ("2", "completed", 8_000, 0),
        ("3", "completed", 10_000, 5_000),
        ("4", "refunded", 10_000, 10_000),
        ("5", "completed", 6_000, 0),
        ("6", "completed", 6_000, 0),
    ]
    assert rows(
        "SELECT external_id, amount_minor, returned_at FROM order_returns ORDER BY amount_minor"
    ) == [
        ("3", 2_000, instant("2026-11-05T12:00:00+02:00")),
        ("3", 3_000, instant("2026-11-04T00:30:00+02:00")),
        ("4", 10_000, instant("2026-11-03T12:00:00+02:00")),
    ]  # fmt: skip
    assert rows("SELECT sku, name FROM products ORDER BY sku") == [
        ("7", "Mug"), ("BEAN", "Beans"), ("MUG", "Mug | red: 1|2 litre, sku:odd"), ("PIN", "Pin"), ("S", "Free sample"),
    ]  # fmt: skip
    award(shop)
    assert list(balances(shop, [1, 2, 3, 4, 5, 6]).values()) == [100, 80, 50, 0, 60, 60]


def test_fees_of_wix_s_orders_are_no_sale_and_a_gift_card_that_pays_is_no_discount(shop: Shop, write: Write) -> None:
    def order(number: int, who: str, total: str, *, coupon: str = "", card: str = "", fee: str = "") -> str:
        return (
            f'{number},"Jan 5, 2025",9:15:51 AM,{who}@example.com,Mug,MUG,1,0,100.00,Paid,{coupon},{card},10.00,0.00,'
            f"{total},ILS,0.00,{fee}"
        )

    path = write(
        "orders.csv",
        "Order number,Date created,Time,Contact email,Item,SKU,Qty,Quantity refunded,Price,Payment status,Coupon code,"
        "Gift card amount,Shipping rate,Total tax,Total,Currency,Refunded amount,Additional fees",
        order(1, "a", "110.00"),
        order(2, "b", "115.00", fee="5.00"),
        order(3, "c", "95.00", coupon="SPRING", fee="5.00"),
        order(4, "d", "80.00", card="30.00"),
        order(5, "e", "60.00", coupon="SPRING", card="30.00"),
    )
    done = import_orders(shop, path, OrderOptions())
    assert (counts(done), codes(done)) == ((5, 5, 0, 0), [])
    assert [gross for _, _, gross, _ in booked()] == [10_000, 10_000, 8_000, 10_000, 8_000]
    award(shop)
    assert list(balances(shop, [1, 2, 3, 4, 5]).values()) == [100, 100, 80, 100, 80]


def article(name: str, price: str, *, sku: str = "", **more: object) -> dict[str, object]:
    """A line of an order in Shopify's own answers."""
    return {"id": name, "name": name, "sku": sku, "quantity": 1, "price": price, "discount_allocations": []} | more


def answer_of_shopify(number: int, **more: object) -> dict[str, object]:
    """An order of one mug for 100.00 in Shopify's own answers."""
    at = "2025-01-05T10:00:00+02:00"
    return {
        "id": number, "name": f"#{number}", "email": f"c{number}@example.com", "created_at": at, "updated_at": at,
        "currency": "ILS", "financial_status": "paid", "test": False, "subtotal_price": "100.00",
        "total_price": "100.00", "total_tax": "0.00", "total_discounts": "0.00", "shipping_lines": [], "refunds": [],
        "line_items": [article("Mug", "100.00", sku="MUG")],
    } | more  # fmt: skip


def test_tests_drafts_guests_and_bought_gift_cards_of_shopify_s_are_no_sale_or_nobody_s(
    shop: Shop, write: Write
) -> None:
    answers = [
        answer_of_shopify(1, test=True),
        answer_of_shopify(2),
        answer_of_shopify(3, email="", customer=None),
        answer_of_shopify(4, email="", phone="+972501234567"),
        answer_of_shopify(5, source_name="shopify_draft_order", financial_status="pending"),
        answer_of_shopify(
            6, line_items=[article("Gift card", "60.00", gift_card=True), article("Mug", "40.00", sku="MUG")]
        ),
        answer_of_shopify(7, source_name="subscription_contract", financial_status=None),
    ]
    done = import_orders(shop, write("shopify.json", json.dumps({"orders": answers})), OrderOptions())
    one = done.row
    assert (counts(done), one.rows_set_aside, one.rows_quarantined) == ((7, 5, 0, 0), 1, 1)
    assert (one.customers, one.orders, one.guest_orders) == (4, 3, 1)
    assert exit_code(done) == 3
    assert [(held.code, held.place) for held in done.quarantined] == [("bad_status", "record #7")]
    assert booked() == [
        ("#2", "paid", 10_000, 0),
        ("#3", "paid", 10_000, 0),
        ("#4", "paid", 10_000, 0),
        ("#5", "pending", 10_000, 0),
        ("#6", "paid", 4_000, 0),
    ]
    assert rows("SELECT customer_id FROM orders ORDER BY id") == [(1,), (None,), (2,), (3,), (4,)]
    award(shop)
    assert list(balances(shop, [1, 2, 3, 4]).values()) == [100, 100, 0, 40]


def test_a_test_payment_and_a_draft_of_woocommerce_s_are_no_sale(shop: Shop, write: Write) -> None:
    at = {"date_created": "2025-01-05T10:00:00", "date_created_gmt": "2025-01-05T08:00:00"}
    mug = {"id": 1, "name": "Mug", "product_id": 7, "sku": "MUG", "quantity": 1, "subtotal": "100.00",
           "total": "100.00", "price": 100}  # fmt: skip

    def order(number: int, **more: object) -> dict[str, object]:
        return {
            "id": number, "status": "completed", "currency": "ILS", "shipping_total": "0.00", "total_tax": "0.00",
            "total": "100.00", "customer_id": 0, "billing": {"email": f"w{number}@example.com", "phone": ""},
            "meta_data": [], "line_items": [mug], "fee_lines": [], "refunds": [],
        } | at | more  # fmt: skip

    orders = [
        order(1, meta_data=[{"id": 1, "key": "_wcpay_mode", "value": "test"}]),
        order(2),
        order(3, status="auto-draft"),
    ]
    done = import_orders(shop, write("woo.json", json.dumps(orders)), OrderOptions())
    assert (counts(done), done.row.rows_set_aside, done.row.customers) == ((3, 1, 0, 0), 1, 1)
    assert exit_code(done) == 3
    assert [(held.code, held.place) for held in done.quarantined] == [("bad_status", "record 3")]
    assert booked() == [("2", "completed", 10_000, 0)]
