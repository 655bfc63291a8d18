"""A file of order lines as a shop would export it, the same at every making: what the import is timed on.

Customers come back at their own pace until they stop; most orders have one or two lines, some are discounted, a few
are cancelled, and one customer in fifty writes the e-mail address in other capitals each time.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

LINES_AN_ORDER = 2
ORDERS_A_CUSTOMER = 4
PRODUCTS = 2_000
SECONDS = 3 * 365 * 86_400

COLUMNS = (
    "order_id", "ordered_at", "email", "first_name", "last_name", "phone", "sku", "product", "category", "quantity",
    "unit_price", "discount", "currency", "status",
)  # fmt: skip
_FIRST = "נועה יעל תמר שירה דנה עדי איתי נועם יוסף אורי עומר יונתן Anna Maya Olga Daniel Sarah Tom Adam Lea".split()
_LAST = "כהן לוי מזרחי פרץ ביטון דהן בן־דוד אדרי שפירא שלום Cohen Levi Katz Ivanov Klein Weiss Haddad O'Brien".split()
_CATEGORIES = ("Coffee", "Tea", "Kitchen", "Kitchen > Cups", "מתנות", "תינוקות", "Gifts, sets", "Books")
_STATUSES = ("completed",) * 46 + ("cancelled", "cancelled", "refunded", "pending")
_BEGIN = datetime(2022, 1, 1, tzinfo=ZoneInfo("Asia/Jerusalem"))


class Product(NamedTuple):
    """One article, its price in agorot."""

    sku: str
    name: str
    category: str
    price_minor: int


def write_orders(path: Path, lines: int) -> None:
    """Write *lines* order lines to *path*, and the next hundredth of them, later ones, to ``NAME.delta.csv``."""
    rows = _lines(lines + lines // 100)
    for part, count in ((path, lines), (path.with_name(f"{path.stem}.delta.csv"), lines // 100)):
        with part.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            writer.writerows(next(rows) for _ in range(count))


def _lines(count: int) -> Iterator[tuple[object, ...]]:
    dice = random.Random(20240607)
    products = [
        Product(
            f"SKU-{number:05d}",
            f"{_CATEGORIES[number % 8]} {number}" + ' "Gold"' * (number % 7 == 0),
            _CATEGORIES[number % 8],
            10 * int(100 * dice.lognormvariate(1.7, 0.7)),
        )
        for number in range(PRODUCTS)
    ]
    for number, (at, customer) in enumerate(_orders(dice, count // LINES_AN_ORDER * 11 // 10)):
        when = (_BEGIN + timedelta(seconds=int(at))).isoformat()
        buyer, status = _buyer(customer, number), dice.choice(_STATUSES)
        for _ in range(1 + min(8, int(dice.expovariate(1 / 1.5)))):
            product = products[int(PRODUCTS ** dice.random()) - 1]  # a few sell most
            quantity = dice.choice((1, 1, 1, 1, 2, 3))
            discount = product.price_minor * quantity // 10 if dice.random() < 0.15 else 0
            yield (
                f"IL{100_000 + number}",
                when,
                *buyer,
                product.sku,
                product.name,
                product.category,
                quantity,
                f"{product.price_minor / 100:.2f}",
                f"{discount / 100:.2f}",
                "ILS",
                status,
            )


def _orders(dice: random.Random, count: int) -> list[tuple[float, int]]:
    """The moment of each order, in seconds from the beginning, and its customer; in order of time."""
    found: list[tuple[float, int]] = []
    customer = 0
    while len(found) < count:
        customer += 1
        stops, gap = dice.betavariate(1, 2.5), SECONDS / ORDERS_A_CUSTOMER * dice.lognormvariate(-0.7, 1)
        at = dice.random() * SECONDS
        while at < SECONDS:
            found.append((at, customer))
            if dice.random() < stops:
                break
            at += dice.expovariate(1 / gap)
    return sorted(found)


def _buyer(customer: int, order: int) -> tuple[str, str, str, str]:
    """E-mail, first name, last name and phone of *customer*, as they were written with *order*."""
    email = f"buyer{customer}@{('example.com', 'example.org', 'shop.example')[customer % 3]}"
    number = 500_000_000 + customer * 7_919 % 89_999_999
    phone = f"+972{number}" if customer % 3 else f"0{number // 10_000_000}-{number % 10_000_000:07d}"
    first, last = _FIRST[customer % len(_FIRST)], _LAST[customer * 7 % len(_LAST)]
    return (email.title() if order % 50 == 0 else email), first, last, phone
