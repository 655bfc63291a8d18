"""Orders by their number for the customer: average value, the share who order again, and the days until then."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, groupby
from operator import itemgetter

from markupsafe import Markup

from retainctl.config import Shop
from retainctl.insight.labels import WHAT_AN_ORDER_IS
from retainctl.insight.reports import Report, Wording
from retainctl.insight.svg import ACCENT, SOFT, Canvas
from retainctl.money import exponent, rounded_half_up
from retainctl.rows import Row
from retainctl.store.dialect import streamed

LAST = 10  # every order after the tenth is in one row


class OrderNumber(Row, kind="order_number", spare="mean_days_to_next"):
    """The first, second, third … orders of all customers in one currency."""

    order_number: str
    orders: int
    average_value_minor: int
    went_on: int
    went_on_rate: float
    median_days_to_next: float | None
    mean_days_to_next: float | None
    currency: str


@dataclass(slots=True)
class _Sums:
    orders: int = 0
    minor: int = 0
    days: Counter[int] = field(default_factory=Counter)  # to the next order: how often each number of days


def orders(_shop: Shop) -> list[OrderNumber]:
    """One row per order number, from each customer's first to the tenth; later ones share a row."""
    sums: dict[tuple[str, int], _Sums] = defaultdict(_Sums)
    for currency, number, minor, gap in _walked():
        one = sums[currency, min(number, LAST + 1)]
        one.orders += 1
        one.minor += minor
        if gap is not None:
            one.days[gap] += 1
    return [_row(currency, number, sums[currency, number]) for currency, number in sorted(sums)]


def _walked() -> Iterator[tuple[str, int, int, int | None]]:
    """Each order of each customer: its currency, its number, its value, and the days to the customer's next."""
    # The plus keeps SQLite from using the index on customers, which would look up every order; sorting is faster.
    found = streamed(
        """SELECT customer_id, currency, gross_minor, order_day FROM orders
           WHERE is_sale = 1 AND +customer_id IS NOT NULL ORDER BY +customer_id, ordered_at, id"""
    )
    for _, orders_of_one in groupby(found, key=itemgetter(0)):
        in_order = list(orders_of_one)
        days = [day for *_, day in in_order]
        for number, (_, currency, minor, day) in enumerate(in_order, 1):
            yield currency, number, minor, days[number] - day if number < len(days) else None


def _row(currency: str, number: int, sums: _Sums) -> OrderNumber:
    went_on, days_to_next = sums.days.total(), sum(days * count for days, count in sums.days.items())
    return OrderNumber(
        order_number=str(number) if number <= LAST else f"{LAST + 1}+",
        orders=sums.orders,
        average_value_minor=rounded_half_up(sums.minor, sums.orders),
        went_on=went_on,
        went_on_rate=round(went_on / sums.orders, 6),
        median_days_to_next=_median(sums.days),
        mean_days_to_next=round(days_to_next / went_on, 6) if went_on else None,
        currency=currency,
    )


def _median(days: Counter[int]) -> float | None:
    """The median of all days: the middle one, or the mean of the middle two."""
    if not days:
        return None
    in_order = sorted(days)
    passed = list(accumulate(days[one] for one in in_order))
    low, high = (in_order[bisect_right(passed, place)] for place in ((passed[-1] - 1) // 2, passed[-1] // 2))
    return (low + high) / 2


def chart(rows: Sequence[OrderNumber], words: Wording) -> Markup:
    """By order number: the average value, and the share of customers who ordered again."""
    currencies: Counter[str] = Counter()
    for row in rows:
        currencies[row.currency] += row.orders
    main = max(currencies, key=currencies.__getitem__)
    shown = [row for row in rows if row.currency == main]
    canvas = Canvas(380.0, words.title, rtl=words.rtl)
    names, values = [row.order_number for row in shown], [row.average_value_minor for row in shown]
    heading = f"{words['average_value_minor']} ({main})"
    canvas.bars(0, heading, names, values, say=lambda minor: f"{minor / 10 ** exponent(main):,.0f}", fill=ACCENT)
    rates = [row.went_on_rate for row in shown if not row.order_number.endswith("+")]
    canvas.bars(195, words["went_on_rate"], names[: len(rates)], rates, say="{:.0%}".format, fill=SOFT)
    return canvas.svg()


REPORT = Report(
    title=("Orders by number: first, second and later", "מההזמנה הראשונה והלאה"),
    row_type=OrderNumber,
    find=orders,
    chart=chart,
    labels={
        "order_number": ("Order number", "מספר ההזמנה"),
        "average_value_minor": ("Average value", "שווי ממוצע"),
        "went_on": ("Ordered again", "המשיכו"),
        "went_on_rate": ("Share who ordered again", "שיעור ההמשך"),
        "median_days_to_next": ("Median days to next", "ימים עד הבאה (חציון)"),
        "mean_days_to_next": ("Mean days to next", "ימים עד הבאה (ממוצע)"),
    },
    definitions=(
        WHAT_AN_ORDER_IS,
        (
            "order_number counts each customer's orders from 1, over all currencies; guest orders are excluded.",
            "מספר ההזמנה הוא מקומה בחיי הלקוח, בכל המטבעות; ללא אורחים.",
        ),
        (
            "went_on_rate = customers who ordered again / customers with that order; days are calendar days.",
            "שיעור ההמשך = מי שהזמינו שוב / מי שהזמינו הזמנה זו; הימים נספרים בין ימי לוח.",
        ),
    ),
)
