"""What changes from a customer's first order to the second and on: value, the share that goes on, the days between."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from markupsafe import Markup

from retainctl.config import Shop
from retainctl.insight.labels import WHAT_AN_ORDER_IS
from retainctl.insight.reports import Report, Wording
from retainctl.insight.svg import ACCENT, SOFT, Canvas
from retainctl.money import exponent, rounded_half_up
from retainctl.rows import Row
from retainctl.store.dialect import streamed

LAST = 10  # every order after the tenth is in one row


class OrderNumber(Row, kind="order_number"):
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
    """A row for each place that an order has in a customer's life, up to the tenth and then together."""
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
    before: tuple[int, str, int, int, int] | None = None  # customer, currency, number, value, day
    # The plus keeps SQLite from going by the customers' index, and looking up every order one by one: it sorts them.
    found = streamed(
        """SELECT customer_id, currency, gross_minor, order_day FROM orders
           WHERE is_sale = 1 AND +customer_id IS NOT NULL ORDER BY +customer_id, ordered_at, id"""
    )
    for customer_id, currency, minor, day in found:
        if before is None:
            number = 1
        elif before[0] == customer_id:
            yield before[1], before[2], before[3], day - before[4]
            number = before[2] + 1
        else:
            yield before[1], before[2], before[3], None
            number = 1
        before = customer_id, currency, number, minor, day
    if before is not None:
        yield before[1], before[2], before[3], None


def _row(currency: str, number: int, sums: _Sums) -> OrderNumber:
    went_on = sums.days.total()
    return OrderNumber(
        order_number=str(number) if number <= LAST else f"{LAST + 1}+",
        orders=sums.orders,
        average_value_minor=rounded_half_up(sums.minor, sums.orders),
        went_on=went_on,
        went_on_rate=round(went_on / sums.orders, 6),
        median_days_to_next=_median(sums.days),
        mean_days_to_next=round(sum(days * count for days, count in sums.days.items()) / went_on, 6)
        if went_on
        else None,
        currency=currency,
    )


def _median(days: Counter[int]) -> float | None:
    """The middle one of all days, or the mean of the two in the middle."""
    total = days.total()
    if not total:
        return None
    low, high, passed = None, None, 0
    for day in sorted(days):
        passed += days[day]
        if low is None and passed > (total - 1) // 2:
            low = day
        if passed > total // 2:
            high = day
            break
    assert low is not None and high is not None
    return (low + high) / 2


def chart(rows: Sequence[OrderNumber], words: Wording) -> Markup:
    """By the order's number: its average value, and the share of customers who went on to the next."""
    currency = Counter({row.currency: 0 for row in rows})
    for row in rows:
        currency[row.currency] += row.orders
    main = max(currency, key=lambda name: currency[name])
    shown = [row for row in rows if row.currency == main]
    canvas = Canvas(380.0, words.title, rtl=words.rtl)
    names = [row.order_number for row in shown]
    canvas.bars(
        0,
        f"{words['average_value_minor']} ({main})",
        names,
        [row.average_value_minor for row in shown],
        say=lambda minor: f"{minor / 10 ** exponent(main):,.0f}",
        fill=ACCENT,
    )
    goes_on = [row for row in shown if not row.order_number.endswith("+")]
    canvas.bars(
        195,
        words["went_on_rate"],
        names[: len(goes_on)],
        [row.went_on_rate for row in goes_on],
        say=lambda share: f"{share:.0%}",
        fill=SOFT,
    )
    return canvas.svg()


REPORT = Report(
    title=("From the first order to the next", "מההזמנה הראשונה והלאה"),
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
            "order_number is the order's place in its customer's life, over all currencies; guests are left out.",
            "מספר ההזמנה הוא מקומה בחיי הלקוח, בכל המטבעות; ללא אורחים.",
        ),
        (
            "went_on_rate = customers who ordered again / customers with that order; "
            "days are counted between calendar days.",
            "שיעור ההמשך = מי שהזמינו שוב / מי שהזמינו הזמנה זו; הימים נספרים בין ימי לוח.",
        ),
    ),
)
