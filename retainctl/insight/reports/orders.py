"""Orders by their number for the customer: average value, the share who order again, and the days until then."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from retainctl.config import Shop
from retainctl.insight.charts import Stair, staircase
from retainctl.insight.labels import WHAT_AN_ORDER_IS
from retainctl.insight.periods import ALL_TIME, ReportPeriod, first_order_day
from retainctl.insight.reports import Report, own_currency, own_first
from retainctl.insight.returning import SOON
from retainctl.insight.story import Figure, Section, Story, Telling, customers_of, share_of, too_early
from retainctl.insight.walking import walked
from retainctl.money import rounded_half_up, sign_of
from retainctl.rows import Row
from retainctl.wording import amount, day_in_words, percent
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


def orders(shop: Shop, period: ReportPeriod = ALL_TIME) -> list[OrderNumber]:
    """One row per order number, from each customer's first to the tenth; later ones share a row.

    Of the orders of *period*; their numbers, and whether another came, are counted over all orders up to its end. The
    shop's own currency comes first.
    """
    first = own_first(shop)
    sums = _sums(period)
    return [
        _row(currency, number, sums[currency, number])
        for currency, number in sorted(sums, key=lambda one: (first(one[0]), one[1]))
    ]


def _sums(period: ReportPeriod) -> dict[tuple[str, int], _Sums]:
    """By currency and order number."""
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
    return sums


@dataclass(frozen=True, slots=True)
class OrderStep:
    """The customers with an order of this number, whichever currency they paid in, and how they went on."""

    number: str
    orders: int
    went_on: int
    median_days: float | None

    @property
    def share(self) -> float:
        return self.went_on / self.orders


def _steps(found: Sequence[OrderNumber], period: ReportPeriod) -> list[OrderStep]:
    """From the first order on; the rows that were *found* are of one currency each."""
    if len({row.currency for row in found}) == 1:
        return [OrderStep(row.order_number, row.orders, row.went_on, row.median_days_to_next) for row in found]
    days: dict[int, Counter[int]] = defaultdict(Counter)
    for (_, number), sums in _sums(period).items():
        days[number] += sums.days
    orders: Counter[str] = Counter()
    for row in found:
        orders[row.order_number] += row.orders
    return [
        OrderStep(name, orders[name], days[number].total(), _median(days[number]))
        for number in sorted(days)
        if (name := _name(number)) in orders
    ]


def _name(number: int) -> str:
    return str(number) if number <= LAST else f"{number}+"


def _row(currency: str, number: int, sums: _Sums) -> OrderNumber:
    went_on, days_to_next = sums.days.total(), sum(days * count for days, count in sums.days.items())
    return OrderNumber(
        order_number=_name(number),
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
    """How many go on from each order to the next: a staircase of people; amounts are of the shop's own currency."""
    say, mine = telling.say, own_currency(telling.shop, telling.rows).currency
    steps = _steps(telling.rows, telling.period)
    by_number = {step.number: step for step in steps}
    drawn = [step for step in steps if not step.number.endswith("+")]
    further = sum(step.orders for step in steps) - sum(step.orders for step in drawn)
    return Story(
        finding=_finding(telling, by_number.get("1")),
        lead=_lead(telling, by_number.get("1"), by_number.get("2")),
        note=say(f"Averages are of the orders in {mine}.", f"הממוצעים הם של ההזמנות ב־{sign_of(mine)}.")
        if any(row.currency != mine for row in telling.rows)
        else "",
        figures=_figures(telling, by_number, [row for row in telling.rows if row.currency == mine]),
        sections=[
            Section(
                say("How many reach each order", "כמה לקוחות מגיעים לכל הזמנה")
                if telling.period.whole
                else say("The orders of this period by their number", "הזמנות התקופה לפי הסדר"),
                staircase(
                    [
                        Stair(
                            step.number,
                            step.orders,
                            (percent(step.share), _days(step.median_days, telling)),
                            f"{step.orders:,}",
                        )
                        for step in drawn
                    ],
                    label=say("Orders by their number", "ההזמנות לפי הסדר"),
                    rtl=telling.rtl,
                ),
                note=say(
                    "Below each: the share who order again, and the days until then (median).",
                    "מתחת לכל הזמנה: שיעור הממשיכים, והימים עד ההזמנה הבאה (חציון).",
                )
                + _further(telling, further),
            )
        ]
        if drawn
        else [],
    )


def _finding(telling: Telling, first: OrderStep | None) -> str:
    say, until = telling.say, day_in_words(telling.today, telling.language)
    if first is None:
        return say("Nobody ordered for the first time in this period", "אף לקוח לא הזמין לראשונה בתקופה")
    share, begun = share_of(first.went_on, first.orders), first_order_day()
    if not telling.period.whole:
        part, people = f"{first.went_on:,}", f"{first.orders:,}"
        many = say(f"{part} of {people}", f"{part} מתוך {people}") if share is None else percent(share)
        again = f"{many} הזמינו שוב"
        if share is None and first.went_on < 2:
            again = f"אחד מתוך {people} הזמין שוב" if first.went_on else "איש לא הזמין שוב"
        return say(
            f"Of those who first ordered in this period, {many} had ordered again by {until}",
            f"מבין מי שהזמינו לראשונה בתקופה, {again} עד {until}",
        )
    if share is None or begun is None or (telling.today - begun).days < SOON:
        return too_early(first.orders, telling)
    return say(
        f"After the first order {customers_of(share, telling)} order again",
        f"אחרי ההזמנה הראשונה, {customers_of(share, telling)} מזמינים שוב",
    )


def _figures(telling: Telling, by_number: Mapping[str, OrderStep], in_mine: Sequence[OrderNumber]) -> list[Figure]:
    """Of the first order, where there is one in the period."""
    say, first, second = telling.say, by_number.get("1"), by_number.get("2")
    if first is None:
        return []
    figures = [
        Figure(
            say("Ordered a second time", "הזמינו בפעם השנייה"),
            percent(first.share),
            say(f"{first.went_on:,} of {first.orders:,}", f"{first.went_on:,} מתוך {first.orders:,}"),
        ),
        Figure(
            say("Days to the second", "ימים עד ההזמנה השנייה"),
            "–" if first.median_days is None else f"{first.median_days:g}",
            "" if first.median_days is None else say("half order sooner", "מחצית מהחוזרים הזמינו מהר יותר"),
        ),
        Figure(
            say("Ordered a third time", "הזמינו בפעם השלישית"),
            percent(second.share) if second else "–",
            say(f"of {second.orders:,}", f"מתוך {second.orders:,}") if second else "",
        ),
    ]
    if in_mine and in_mine[0].order_number == "1":
        paid, last = in_mine[0], in_mine[-1]
        figures.append(
            Figure(
                say("Average first order", "הזמנה ראשונה, בממוצע"),
                amount(paid.average_value_minor, paid.currency),
                say(
                    f"order {last.order_number}: {amount(last.average_value_minor, last.currency)}",
                    f"{_place(last)}: {amount(last.average_value_minor, last.currency)}",
                ),
            )
        )
    return figures


def _further(telling: Telling, orders: int) -> str:
    """The orders behind the last step, of which none is drawn."""
    if not orders:
        return ""
    return " " + telling.many(
        orders,
        (f"1 order was number {LAST + 1} or later.", f"{{}} orders were number {LAST + 1} or later."),
        (f"הזמנה אחת הייתה ה־{LAST + 1} ואילך.", f"{{}} הזמנות היו ה־{LAST + 1} ואילך."),
    )


def _place(row: OrderNumber) -> str:
    """Which order of a customer the row is of, in Hebrew: the third, or the eleventh and those after it."""
    number = row.order_number.removesuffix("+")
    return f"ההזמנה ה־{number}" + " ואילך" * (number != row.order_number)


def _lead(telling: Telling, first: OrderStep | None, second: OrderStep | None) -> str:
    if not telling.period.whole:
        if first is None:
            return ""
        return telling.say(
            "The latest of them had little time to order again by then.",
            "לאחרונים שבהם עוד לא היה עד אז די זמן להזמין שוב.",
        )
    if first is None or second is None or share_of(second.went_on, second.orders) is None:
        return ""
    if second.share <= first.share:
        return ""
    return telling.say(
        f"Of those who have ordered twice more come back: {percent(second.share)} order a third time.",
        f"מי שהזמינו פעמיים חוזרים יותר: {percent(second.share)} מהם מזמינים בפעם השלישית.",
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
