"""Orders by their number for the customer: average value, the share who order again, and the days until then."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import accumulate

from retainctl.config import Shop
from retainctl.insight.charts import Stair, staircase
from retainctl.insight.labels import WHAT_AN_ORDER_IS
from retainctl.insight.periods import ALL_TIME, ReportPeriod
from retainctl.insight.reports import Report
from retainctl.insight.story import Figure, Section, Story, Telling, customers_of
from retainctl.insight.walking import walked
from retainctl.money import rounded_half_up, sign_of
from retainctl.rows import Row
from retainctl.wording import amount, percent
from retainctl.wording import days as days_in_words

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


def orders(_shop: Shop, period: ReportPeriod = ALL_TIME) -> list[OrderNumber]:
    """One row per order number, from each customer's first to the tenth; later ones share a row.

    Of the orders of *period*; their numbers, and whether another came, are counted over all orders up to its end.
    """
    sums: dict[tuple[str, int], _Sums] = defaultdict(_Sums)
    begin = period.days[0]
    for orders_of_one in walked(period):
        for order in orders_of_one:
            if order.day < begin:
                continue
            one = sums[order.currency, min(order.number, LAST + 1)]
            one.orders += 1
            one.minor += order.minor
            if order.next_in_days is not None:
                one.days[order.next_in_days] += 1
    return [_row(currency, number, sums[currency, number]) for currency, number in sorted(sums)]


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


def tell(telling: Telling) -> Story:
    """How many go on from each order to the next: a staircase, in the currency of most orders."""
    say, rtl = telling.say, telling.rtl
    of_currency: Counter[str] = Counter()
    for row in telling.rows:
        of_currency[row.currency] += row.orders
    currency = max(of_currency, key=of_currency.__getitem__)
    shown = [row for row in telling.rows if row.currency == currency]
    first, last = shown[0], shown[-1]
    second = next((row for row in shown if row.order_number == "2"), None)
    steps = [row for row in shown if not row.order_number.endswith("+")]
    return Story(
        finding=say(
            f"Of those who first ordered in this period, {percent(first.went_on_rate)} have already ordered again",
            f"מבין מי שהזמינו לראשונה בתקופה, {percent(first.went_on_rate)} כבר הזמינו שוב",
        )
        if first.order_number == "1" and not telling.period.whole
        else say(
            f"After the first order {customers_of(first.went_on_rate, telling)} order again",
            f"אחרי ההזמנה הראשונה, {customers_of(first.went_on_rate, telling)} מזמינים שוב",
        )
        if first.order_number == "1"
        else say("Orders by their number", "ההזמנות לפי הסדר"),
        lead=_lead(telling, first, second),
        figures=[]
        if first.order_number != "1"
        else [
            Figure(
                say("Ordered a second time", "הזמינו בפעם השנייה"),
                percent(first.went_on_rate),
                say(f"{first.went_on:,} of {first.orders:,}", f"{first.went_on:,} מתוך {first.orders:,}"),
            ),
            Figure(
                say("Days to the second", "ימים עד ההזמנה השנייה"),
                "–" if first.median_days_to_next is None else f"{first.median_days_to_next:g}",
                "" if first.median_days_to_next is None else say("half order sooner", "מחצית מהחוזרים הזמינו מהר יותר"),
            ),
            Figure(
                say("Ordered a third time", "הזמינו בפעם השלישית"),
                percent(second.went_on_rate) if second else "–",
                say(f"of {second.orders:,}", f"מתוך {second.orders:,}") if second else "",
            ),
            Figure(
                say("Average first order", "הזמנה ראשונה, בממוצע"),
                amount(first.average_value_minor, currency),
                say(
                    f"order {last.order_number}: {amount(last.average_value_minor, currency)}",
                    f"{_place(last)}: {amount(last.average_value_minor, currency)}",
                ),
            ),
        ],
        sections=[
            Section(
                say("How many reach each order", "כמה לקוחות מגיעים לכל הזמנה")
                if telling.period.whole
                else say("The orders of this period by their number", "הזמנות התקופה לפי הסדר"),
                staircase(
                    [
                        Stair(
                            row.order_number,
                            row.orders,
                            (percent(row.went_on_rate), _days(row.median_days_to_next, telling)),
                            f"{row.orders:,}",
                        )
                        for row in steps
                    ],
                    label=say("Orders by their number", "ההזמנות לפי הסדר"),
                    rtl=rtl,
                ),
                note=say(
                    "Below each: the share who order again, and the days until then (median)."
                    + (f" In {currency}." if len(of_currency) > 1 else ""),
                    "מתחת לכל הזמנה: שיעור הממשיכים, והימים עד ההזמנה הבאה (חציון)."
                    + (f" ב־{sign_of(currency)}." if len(of_currency) > 1 else ""),
                ),
            )
        ],
    )


def _place(row: OrderNumber) -> str:
    """Which order of a customer the row is of, in Hebrew: the third, or the eleventh and those after it."""
    number = row.order_number.removesuffix("+")
    return f"ההזמנה ה־{number}" + " ואילך" * (number != row.order_number)


def _lead(telling: Telling, first: OrderNumber, second: OrderNumber | None) -> str:
    if not telling.period.whole:
        return telling.say(
            "The latest of them have had little time to order again.", "לאחרונים שבהם עוד לא היה די זמן להזמין שוב."
        )
    if first.order_number != "1" or second is None or second.went_on_rate <= first.went_on_rate:
        return ""
    return telling.say(
        f"Of those who have ordered twice more come back: {percent(second.went_on_rate)} order a third time.",
        f"מי שהזמינו פעמיים חוזרים יותר: {percent(second.went_on_rate)} מהם מזמינים בפעם השלישית.",
    )


def _days(days: float | None, telling: Telling) -> str:
    return "" if days is None else days_in_words(days, telling.language)


REPORT = Report(
    title=("Orders by number: first, second and later", "מההזמנה הראשונה והלאה"),
    row_type=OrderNumber,
    find=orders,
    tell=tell,
    labels={
        "order_number": ("Order number", "סדר ההזמנה"),
        "average_value_minor": ("Average value", "שווי ממוצע"),
        "went_on": ("Ordered again", "המשיכו"),
        "went_on_rate": ("Share who ordered again", "שיעור הממשיכים"),
        "median_days_to_next": ("Median days to next", "ימים עד הבאה (חציון)"),
        "mean_days_to_next": ("Mean days to next", "ימים עד הבאה (ממוצע)"),
    },
    definitions=(
        WHAT_AN_ORDER_IS,
        (
            "order_number counts each customer's orders from 1, over all currencies; guest orders are excluded.",
            "ההזמנה הראשונה, השנייה וכן הלאה של אותו לקוח, בכל המטבעות. ללא הזמנות אורח.",
        ),
        (
            "went_on_rate = customers who ordered again / customers with that order; days are calendar days.",
            "שיעור הממשיכים: כמה ממי שהזמינו הזמנה זו הזמינו שוב. הימים – ימים קלנדריים.",
        ),
    ),
)
