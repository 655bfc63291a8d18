"""Orders at random in the shape of each format: what is booked is what the file's own sums say, or the order waits.

Three hundred orders of each format and ready mapping in every run; five thousand with ``RETAINCTL_PROOF=full``, on each
database, ten a file. The reference knows nothing of the formats: it adds up what it made, and then writes it as a shop
would.
"""

from __future__ import annotations

import csv
import io
import json
import os
import random
import tomllib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fractions import Fraction
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from retainctl.config import Shop
from retainctl.shop.orders_import.known import known_formats
from retainctl.shop.orders_import.orders import import_orders
from retainctl.shop.orders_import.planning import OrderOptions
from retainctl.store.database import rows

pytestmark = pytest.mark.proof
ORDERS_OF_A_FILE = 10
EXAMPLES = (5_000 if os.environ.get("RETAINCTL_PROOF") == "full" else 300) // ORDERS_OF_A_FILE
DECIMALS = {"ILS": 2, "USD": 2, "JPY": 0, "KWD": 3}
FAR = 7_777_777  # more than anything here costs, so that no sum comes right by chance


class Bought(NamedTuple):
    """A line: pieces at a price, less its own discount, in minor units."""

    sku: str
    pieces: int
    price: int
    less: int

    @property
    def amount(self) -> int:
        return self.pieces * self.price - self.less


@dataclass
class Order:
    """What a shop sold, and what came back of it."""

    number: str
    currency: str
    bought: list[Bought]
    less: int = 0  # of the order as a whole
    shipping: int = 0
    tax: int = 0
    tax_is_within: bool = False
    shipping_tax: int | None = None  # of the tax, where the file says it; the rest is the goods'
    fee: int = 0
    taken_off: int = 0  # by a fee below zero: off the goods, and what is more off the shipping
    tip: int = 0
    card_bought: int = 0
    paid_by_card: int = 0
    refunded: int = 0
    payments: int = 1  # in how many it came back
    state: str = "paid"  # or pending, cancelled, refunded
    wrong: str = ""  # why it must wait
    returned_pieces: dict[int, int] = field(default_factory=dict)  # by the line's place

    @property
    def priced(self) -> int:
        """The lines, less what the shop calls a discount."""
        return sum(one.amount for one in self.bought) - self.less

    @property
    def goods(self) -> int:
        """What is booked as sold: the lines, less every discount."""
        return self.priced - min(self.taken_off, self.priced)

    @property
    def others(self) -> int:
        """What was paid besides goods and tax."""
        return self.priced - self.goods - self.taken_off + self.shipping + self.fee + self.tip + self.card_bought

    @property
    def total(self) -> int:
        """What the shop asked for."""
        return self.goods + self.others + self.added_tax

    @property
    def added_tax(self) -> int:
        return 0 if self.tax_is_within else self.tax

    @property
    def goods_tax(self) -> int:
        """Of the tax that was added: what is not the shipping's, or in proportion."""
        if self.shipping_tax is not None:
            return self.added_tax - self.shipping_tax
        return half_up(Fraction(self.added_tax * self.goods, self.goods + self.others)) if self.goods else 0

    @property
    def shipping_prices(self) -> set[int]:
        """What the shipping cost, without its tax and with it; of nothing, nothing."""
        shipping = self.shipping - (self.taken_off - (self.priced - self.goods))
        if self.shipping_tax is not None:
            return {shipping, shipping + self.shipping_tax} if shipping else set()
        tax = self.added_tax - self.goods_tax
        return {shipping, shipping + half_up(Fraction(tax * shipping, self.others))} if shipping else set()

    @property
    def paid_back(self) -> list[int]:
        """The refund in its payments."""
        whole, parts = self.stated_refund, self.payments
        return [one for one in (whole * (part + 1) // parts - whole * part // parts for part in range(parts)) if one]

    @property
    def goods_back(self) -> int:
        """Of money that came back the goods' part: without their tax, and with nothing of a payment of the shipping."""
        if not self.refunded or self.refunded >= self.total:
            return self.goods if self.refunded else 0
        payments = self.paid_back
        of_shipping = next((one for one in payments if one in self.shipping_prices), 0)
        of_goods = Fraction((sum(payments) - of_shipping) * self.goods, self.goods + self.goods_tax)
        return min(half_up(of_goods), self.goods)

    @property
    def stated_total(self) -> int:
        return self.total - self.paid_by_card + (FAR if self.wrong == "total" else 0)

    @property
    def stated_refund(self) -> int:
        return self.total + FAR if self.wrong == "refund" else self.refunded

    @property
    def booked(self) -> tuple[str, int, int, int]:
        """Its number, whether it is a sale, what was sold, and what came back of that."""
        is_sale = self.state in ("paid", "refunded")
        by_pieces = sum(self.bought[place].price * pieces for place, pieces in self.returned_pieces.items())
        back = self.goods if self.state == "refunded" else by_pieces or self.goods_back
        return self.number, is_sale, self.goods, back if is_sale else 0

    def money(self, minor: int) -> str:
        """*minor* as the shop writes it."""
        decimals = DECIMALS[self.currency]
        sign, whole = "-" * (minor < 0), f"{abs(minor):0{decimals + 1}d}"
        return sign + (f"{whole[:-decimals]}.{whole[-decimals:]}" if decimals else whole)


def half_up(amount: Fraction) -> int:
    return int(amount + Fraction(1, 2))


def an_order(chance: random.Random, number: int, has: frozenset[str], *, may_be_wrong: bool) -> Order:
    """An order with whatever the format *has*: each part of it may be there or not."""
    lines = []
    for place in range(1 if "total_alone" in has else chance.choice([1, 1, 2, 3, 5])):
        pieces, price = chance.choice([1, 1, 2, 3, 7]), chance.choice([0, 1, 33, 99, 1_000, 3_333, 19_990, 99_999])
        less = chance.randint(0, pieces * price) if "line_discount" in has and chance.random() < 0.3 else 0
        lines.append(Bought(f"A{place}", pieces, price, less))
    if "sales_alone" in has:  # of the shop's own currency; what has no price is none
        priced = [one._replace(price=one.price or 1) for one in lines]
        return Order(str(number + 1), "ILS", priced)
    made = Order(f"N{number}", "ILS" if "no_currency" in has else chance.choice(list(DECIMALS)), lines)

    def some(part: str, most: int) -> int:
        return chance.randint(0, most) if part in has and chance.random() < 0.35 else 0

    made.less = some("discount", made.goods)
    made.shipping, made.fee, made.tip = some("shipping", 5_000), some("fee", 3_000), some("tip", 900)
    made.tax, made.card_bought = some("tax", 9_000), some("card_bought", 20_000)
    made.tax_is_within = (
        "tax_within" in has and not (made.less and "no_discount_within" in has) and chance.random() < 0.5
    )
    if made.shipping and "shipping_tax" in has and chance.random() < 0.5:
        made.shipping_tax = chance.randint(0, made.tax)
    if not made.fee:
        made.taken_off = some("fee", made.priced + made.shipping)
        if made.taken_off - made.priced == made.shipping:
            made.shipping_tax = None  # what is free has no tax
    made.payments = 2 if "payments" in has else 1
    made.state = "paid" if "no_state" in has else chance.choice(["paid"] * 6 + ["pending", "cancelled", "refunded"])
    made.paid_by_card = some("card", made.total)
    if made.state == "paid":
        if "no_part_back" not in has:
            made.refunded = chance.choice([0, 0, 1, made.goods // 3, made.goods, made.total])
        if "pieces_back" in has and made.refunded and not (made.less or made.taken_off):
            made.refunded, place = 0, chance.randrange(len(lines))
            made.returned_pieces = {place: chance.randint(1, lines[place].pieces)}
        if not made.goods:
            made.refunded, made.returned_pieces = 0, {}  # nothing was paid for what was sold
    elif made.state == "refunded":
        made.refunded = made.total
    if made.state == "paid" and may_be_wrong and chance.random() < 0.2:
        made.wrong = chance.choice(sorted(has & {"total", "refund", "edited"}) or [""])
    if made.wrong == "refund":
        made.returned_pieces = {}
    return made


def table(lines: Sequence[dict[str, str]]) -> str:
    """*lines* as a file with a header."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(dict.fromkeys(name for line in lines for name in line)), lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue()


def shopify(orders: Sequence[Order]) -> str:
    lines = []
    for one in orders:
        status = {"cancelled": "voided"}.get(one.state, "partially_refunded" if one.refunded else one.state)
        head = {
            "Financial Status": "refunded" if one.state == "refunded" else status,
            "Currency": one.currency, "Subtotal": one.money(one.priced), "Shipping": one.money(one.shipping),
            "Taxes": one.money(one.tax), "Total": one.money(one.stated_total),
            "Duties": one.money(one.fee - one.taken_off),
            "Discount Amount": one.money(one.less), "Refunded Amount": one.money(one.stated_refund),
        }  # fmt: skip
        bought = [(line.sku, line.pieces, line.price, line.less) for line in one.bought]
        bought += [("", 1, one.tip, 0)] * bool(one.tip)
        bought += [("GONE", 1, FAR, 0)] * (one.wrong == "edited")  # taken out again, and still a row
        for place, (sku, pieces, price, less) in enumerate(bought):
            lines.append(
                {"Name": one.number, "Email": "a@example.com", "Created at": "2025-01-05 10:00:00 +0200"}
                | {name: text if place == 0 else "" for name, text in head.items()}
                | {"Lineitem quantity": str(pieces), "Lineitem name": sku or "Tip", "Lineitem sku": sku}
                | {"Lineitem price": one.money(price), "Lineitem discount": one.money(less)}
            )
    return table(lines)


def wix(orders: Sequence[Order]) -> str:
    states = {"pending": "Unpaid", "cancelled": "Canceled", "refunded": "Refunded", "paid": "Paid"}
    return table(
        [
            {
                "Order number": one.number, "Date created": "Jan 5, 2025", "Time": "9:15:51 AM", "Item": line.sku,
                "Contact email": "a@example.com", "SKU": line.sku, "Qty": str(line.pieces),
                "Quantity refunded": str(one.returned_pieces.get(place, 0)), "Price": one.money(line.price),
                "Payment status": states[one.state], "Coupon code": "SPRING" if one.less else "",
                "Gift card amount": one.money(one.paid_by_card), "Shipping rate": one.money(one.shipping),
                "Total tax": one.money(one.tax), "Total": one.money(one.stated_total), "Currency": one.currency,
                "Refunded amount": one.money(one.stated_refund), "Additional fees": one.money(one.fee - one.taken_off),
            }
            for one in orders
            for place, line in enumerate(one.bought)
        ]
    )  # fmt: skip


def webtoffee(orders: Sequence[Order]) -> str:
    lines = []
    for one in orders:
        refunds = [f"amount:{one.money(part)}|reason:a; b|date:2025-01-07 10:00:00" for part in one.paid_back]
        line = {
            "order_id": one.number, "order_date": "2025-01-05 10:00:00", "order_currency": one.currency,
            "status": {"paid": "completed"}.get(one.state, one.state), "shipping_total": one.money(one.shipping),
            "shipping_tax_total": "" if one.shipping_tax is None else one.money(one.shipping_tax),
            "fee_total": one.money(one.fee - one.taken_off), "tax_total": one.money(one.tax),
            "order_total": one.money(one.stated_total),
            "billing_email": "a@example.com", "refund_items": ";".join(refunds),
        }  # fmt: skip
        for place in range(5):
            parts = [
                f"name:{item.sku}|product_id:7|sku:{item.sku}|quantity:{item.pieces}|total:{one.money(item.amount)}"
                f"|sub_total:{one.money(item.amount + item.less)}"
                for item in one.bought[place : place + 1]
            ]
            line[f"line_item_{place + 1}"] = "".join(parts)
        lines.append(line)
    return table(lines)


def shopify_json(orders: Sequence[Order]) -> str:
    made: list[dict[str, Any]] = []
    for one in orders:
        items: list[dict[str, Any]] = [
            {
                "id": place, "name": line.sku, "sku": line.sku, "quantity": line.pieces, "price": one.money(line.price),
                "discount_allocations": [{"amount": one.money(line.less)}] * bool(line.less),
            }
            for place, line in enumerate(one.bought, 1)
        ]  # fmt: skip
        card = {"id": 99, "name": "Gift card", "quantity": 1, "price": one.money(one.card_bought), "gift_card": True}
        items += [card | {"discount_allocations": []}] * bool(one.card_bought)
        back = [
            {
                "created_at": "2025-01-07T10:00:00+02:00",
                "refund_line_items": [
                    {
                        "line_item_id": place + 1,
                        "quantity": pieces,
                        "subtotal": one.money(one.bought[place].price * pieces),
                    }
                ],
            }
            for place, pieces in one.returned_pieces.items()
        ]
        if one.stated_refund and not back:
            paid = {"amount": one.money(one.stated_refund), "status": "success"}
            back = [{"created_at": "2025-01-07T10:00:00+02:00", "refund_line_items": [], "transactions": [paid]}]
        made.append(
            {
                "name": one.number, "email": "a@example.com", "created_at": "2025-01-05T10:00:00+02:00",
                "updated_at": "2025-01-08T10:00:00+02:00", "currency": one.currency, "line_items": items,
                "refunds": back,
                "financial_status": {"cancelled": "voided"}.get(one.state, one.state),
                "total_tax": one.money(one.tax), "total_tip_received": one.money(one.tip),
                "shipping_lines": [{"price": one.money(one.shipping)}], "total_price": one.money(one.stated_total),
                "original_total_duties_set": {"shop_money": {"amount": one.money(one.fee - one.taken_off)}},
            }
        )  # fmt: skip
    return json.dumps({"orders": made})


def woocommerce_json(orders: Sequence[Order]) -> str:
    return json.dumps(
        [
            {
                "id": one.number, "status": {"paid": "completed"}.get(one.state, one.state), "currency": one.currency,
                "date_created_gmt": "2025-01-05T08:00:00", "date_modified_gmt": "2025-01-08T08:00:00",
                "shipping_total": one.money(one.shipping),
                "shipping_tax": "" if one.shipping_tax is None else one.money(one.shipping_tax),
                "total_tax": one.money(one.tax), "total": one.money(one.stated_total),
                "billing": {"email": "a@example.com"},
                "line_items": [
                    {
                        "name": line.sku, "sku": line.sku, "quantity": line.pieces, "total": one.money(line.amount),
                        "subtotal": one.money(line.amount + line.less),
                    }
                    for line in one.bought
                ],
                "fee_lines": [{"total": one.money(fee)} for fee in (one.fee, -one.taken_off) if fee],
                "refunds": [{"total": one.money(-part)} for part in one.paid_back],
            }
            for one in orders
        ]
    )  # fmt: skip


def generic(orders: Sequence[Order]) -> str:
    return table(
        [
            {
                "order_id": one.number, "ordered_at": "2025-01-05", "email": "a@example.com", "currency": one.currency,
                "status": one.state, "sku": line.sku, "quantity": str(line.pieces), "unit_price": one.money(line.price),
                "discount": one.money(line.less), "order_discount": one.money(one.less), "tax": one.money(one.tax),
                "shipping": one.money(one.shipping), "total": one.money(one.stated_total),
                "refunded": one.money(one.stated_refund),
            }
            for one in orders
            for line in one.bought
        ]
    )  # fmt: skip


def uci(orders: Sequence[Order]) -> str:
    return table(
        [
            {
                "InvoiceNo": one.number, "StockCode": line.sku, "Description": line.sku, "Quantity": str(line.pieces),
                "InvoiceDate": "2025-01-05 10:00:00", "UnitPrice": one.money(line.price), "CustomerID": "7",
                "Country": "Israel",
            }
            for one in orders
            for line in one.bought
        ]
    )  # fmt: skip


def cdnow(orders: Sequence[Order]) -> str:
    lines = ["customer_id date number_of_cds dollar_value"]
    for one in orders:
        lines += [f"{one.number} 20250105 {line.pieces} {one.money(line.amount)}" for line in one.bought]
    return "\n".join(lines) + "\n"


def ready(name: str) -> Callable[[Sequence[Order]], str]:
    """What writes the columns that a ready mapping reads, with its dates, numbers and words."""
    mapping = tomllib.loads(known_formats()[name].mapping)
    dates = mapping.get("dates", "iso")
    form = dates if isinstance(dates, str) else dates[0]
    day = datetime(2025, 1, 5, 10, tzinfo=UTC).strftime("%Y-%m-%d" if form == "iso" else form)
    point = "," if mapping.get("numbers") == "1.234,56" else "."
    words = {meaning: word for word, meaning in reversed(mapping.get("statuses", {}).items())}
    columns = {
        role: [column] if isinstance(column, str) else column for role, column in mapping["columns"].items() if column
    }

    def row(one: Order, place: int) -> dict[str, str]:
        line = one.bought[place]
        is_dated = one.state == "cancelled" and "cancelled_at" in columns
        state = "paid" if is_dated and "cancelled" not in words else one.state
        own = {"status": words.get(state, state), "cancelled_at": day if is_dated else "", "currency": one.currency}
        sums = {"shipping": one.shipping, "tax": one.tax, "total": one.stated_total}
        sums |= {"refunded": one.stated_refund, "order_discount": one.less}
        own |= {role: one.money(minor).replace(".", point) for role, minor in sums.items()}
        if place and mapping.get("inherit"):
            own = {}
        else:
            own |= {"ordered_at": day, "email": "a@example.com", "type": "Payment"}
        said = own | {"order_id": one.number, "sku": line.sku, "quantity": str(line.pieces)}
        prices = {"unit_price": line.price, "line_total": line.amount}
        said |= {role: one.money(minor).replace(".", point) for role, minor in prices.items()}
        # A date in two columns has its hour in the second.
        split = {role: dict(zip(named, said.get(role, "").split(" "), strict=False)) for role, named in columns.items()}
        return {
            column: split[role].get(column, "") if len(named) > 1 else said.get(role, "")
            for role, named in columns.items()
            for column in named
        }

    return lambda orders: table([row(one, place) for one in orders for place in range(len(one.bought))])


class Format(NamedTuple):
    """How a format is written, and which parts of an order it has."""

    write: Callable[[Sequence[Order]], str]
    has: str


FORMATS = {
    "shopify": Format(shopify, "line_discount discount shipping tax tax_within fee tip total refund edited"),
    "wix": Format(wix, "discount shipping tax tax_within no_discount_within fee card pieces_back total refund"),
    "woocommerce": Format(webtoffee, "line_discount shipping tax shipping_tax payments fee total refund"),
    "shopify-json": Format(shopify_json, "shipping tax tax_within fee tip card_bought pieces_back total refund"),
    "woocommerce-json": Format(woocommerce_json, "line_discount shipping tax shipping_tax payments fee total refund"),
    "uci-online-retail": Format(uci, "sales_alone"),
    "cdnow": Format(cdnow, "sales_alone"),
    "generic": Format(generic, "line_discount discount shipping tax tax_within total refund"),
}
READY = {
    "amazon": "line_discount no_state no_part_back",
    "bigcommerce": "total_alone shipping refund",
    "ebay": "shipping tax tax_within total no_currency no_state no_part_back",
    "magento": "total_alone shipping refund no_currency",
    "square": "line_discount no_currency no_state no_part_back",
    "squarespace": "discount shipping tax tax_within total refund",
    "stripe": "total_alone refund",
    "stripe-older": "total_alone refund",
    "tiendanube": "discount shipping total no_part_back",
    "woocommerce-advanced": "line_discount shipping tax tax_within total refund no_currency",
    "woocommerce-analytics": "total_alone no_currency no_part_back",
}
FORMATS |= {name: Format(ready(name), has) for name, has in READY.items()}
BOOKED = """SELECT o.external_id, o.is_sale, o.gross_minor,
                   COALESCE((SELECT SUM(r.amount_minor) FROM order_returns AS r WHERE r.order_id = o.id), 0)
            FROM orders AS o WHERE o.import_id = (SELECT MAX(id) FROM imports)"""
TOTALS = "SELECT currency, SUM(gross_minor) FROM orders GROUP BY currency"


@pytest.mark.parametrize("name", FORMATS)
def test_what_is_booked_is_what_the_file_says_or_the_order_waits(shop: Shop, tmp_path: Path, name: str) -> None:
    one, numbers, waited = FORMATS[name], count(), 0

    @given(st.randoms(use_true_random=False))
    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    def files(chance: random.Random) -> None:
        nonlocal waited
        odd = chance.randrange(ORDERS_OF_A_FILE)  # one may be wrong; of a file with more than that nothing is booked
        orders = [
            an_order(chance, next(numbers), frozenset(one.has.split()), may_be_wrong=place == odd)
            for place in range(ORDERS_OF_A_FILE)
        ]
        waited += assert_booked_or_waiting(shop, tmp_path / "orders", name, one.write(orders), orders)

    files()
    assert waited or not {"total", "refund"} & set(one.has.split()), (
        "some are wrong, or nothing is shown of those that wait"
    )


def assert_booked_or_waiting(shop: Shop, path: Path, name: str, text: str, orders: Sequence[Order]) -> int:
    """Import *text*, the file of *orders*, and compare; how many of them wait."""
    before = dict(rows(TOTALS))
    path.write_text(text, encoding="utf-8")
    outcome = import_orders(shop, str(path), OrderOptions(format=name))
    waiting = {held.document for held in outcome.quarantined}
    assert waiting == {order.number for order in orders if order.wrong}
    booked = {
        number.removesuffix("-20250105"): (number.removesuffix("-20250105"), bool(sale), gross, back)
        for number, sale, gross, back in rows(BOOKED)
    }
    assert booked == {order.number: order.booked for order in orders if not order.wrong}
    added = Counter[str]()
    for order in orders:
        added[order.currency] += 0 if order.wrong else order.goods
    after = {currency: int(total) - int(before.get(currency, 0)) for currency, total in rows(TOTALS)}
    assert +Counter(after) == +added
    return len(waiting)
