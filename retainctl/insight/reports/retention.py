"""How many customers come back, and what they spend: one row per currency."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from retainctl.clock import day_of
from retainctl.config import Shop
from retainctl.insight.charts import Month, by_month, over_time, scale
from retainctl.insight.labels import WHAT_AN_ORDER_IS
from retainctl.insight.periods import ALL_TIME, ReportPeriod, first_order_day
from retainctl.insight.reports import Report, own_currency, own_first
from retainctl.insight.returning import SOON, History
from retainctl.insight.story import FEW, Figure, Section, Story, Telling, customers_of, share_of, too_early
from retainctl.insight.svg import ACCENT, SECOND
from retainctl.money import rounded_half_up, sign_of
from retainctl.rows import Row
from retainctl.store.database import rows
from retainctl.wording import amount, month_in_words, percent, thousands

_SPARE = "first_order last_order average_purchase_frequency average_order_value returns guest_orders"


class Retention(Row, kind="retention", spare=_SPARE):
    """The figures of one currency."""

    customers: int
    orders: int
    guest_orders: int
    gross_revenue_minor: int
    returns_minor: int
    net_revenue_minor: int
    average_order_value_minor: int | None
    average_purchase_frequency: float | None
    repeat_customers: int
    repeat_rate: float | None
    band: str
    currency: str
    first_order: str | None
    last_order: str | None


def retention(shop: Shop, period: ReportPeriod = ALL_TIME) -> list[Retention]:
    """The figures of each currency with orders in *period*, the shop's own first; all nought where there are none."""
    first, last = period.days
    sql = """SELECT currency, COUNT(*) FROM orders
        WHERE customer_id IS NULL AND is_sale = 1 AND order_day BETWEEN ? AND ? GROUP BY currency"""
    guests = dict(rows(sql, first, last))
    figures = _of_all_time() if period.whole else _of_days(first, last)
    currencies = sorted(guests.keys() | figures.keys(), key=own_first(shop))
    begun = first_order_day()
    if not currencies and begun is not None and begun <= day_of(last):
        currencies = [shop.settings.currency]
    found = [_row(one, guests.get(one, 0), *figures.get(one, (0, 0, 0, 0, 0, None, None))) for one in currencies]
    if period.first is not None and begun is not None and begun < period.first:
        return [replace(row, band="") for row in found]  # who bought in a part of the time is like no shop's customers
    return found


_Figures = tuple[int, int, int, int, int, int | None, int | None]


def _of_all_time() -> dict[str, _Figures]:
    figures = {}
    # One query per currency: GROUP BY would sort all customers.
    for (currency,) in rows("SELECT DISTINCT currency FROM customer_summaries"):
        found = rows(
            """SELECT SUM(CASE WHEN orders > 0 THEN 1 ELSE 0 END), SUM(orders), SUM(gross_minor), SUM(returns_minor),
                   SUM(CASE WHEN orders > 1 THEN 1 ELSE 0 END), MIN(first_order_day), MAX(last_order_day)
               FROM customer_summaries WHERE currency = ?""",
            currency,
        )[0]
        figures[currency] = (*map(int, found[:5]), *found[5:])
    return figures


def _of_days(first: int, last: int) -> dict[str, _Figures]:
    """The same of the orders of these days; who has bought twice by their end has come back."""
    returned = dict(
        rows(
            """SELECT r.currency, SUM(r.amount_minor) FROM order_returns AS r LEFT JOIN orders AS o ON o.id = r.order_id
               WHERE r.customer_id IS NOT NULL AND COALESCE(o.is_sale, 1) = 1 AND r.return_day BETWEEN ? AND ?
               GROUP BY r.currency""",
            first,
            last,
        )
    )
    found = rows(
        """SELECT currency, COUNT(*), SUM(orders), SUM(gross_minor), SUM(repeat), MIN(first_day), MAX(last_day)
           FROM (SELECT currency, SUM(CASE WHEN order_day >= ? THEN 1 ELSE 0 END) AS orders,
                   SUM(CASE WHEN order_day >= ? THEN gross_minor ELSE 0 END) AS gross_minor,
                   CASE WHEN COUNT(*) > 1 THEN 1 ELSE 0 END AS repeat,
                   MIN(CASE WHEN order_day >= ? THEN order_day END) AS first_day, MAX(order_day) AS last_day
               FROM orders WHERE is_sale = 1 AND customer_id IS NOT NULL AND order_day <= ?
               GROUP BY customer_id, currency) AS buyers
           WHERE orders > 0 GROUP BY currency""",
        first,
        first,
        first,
        last,
    )
    sums = {
        currency: (int(customers), int(orders), int(gross), int(returned.pop(currency, 0)), int(repeat), *days)
        for currency, customers, orders, gross, repeat, *days in found
    }
    return sums | {currency: (0, 0, 0, int(minor), 0, None, None) for currency, minor in returned.items()}


def _row(
    currency: str,
    guest_orders: int,
    customers: int,
    orders: int,
    gross: int,
    returns: int,
    repeat: int,
    first: int | None,
    last: int | None,
) -> Retention:
    rate = round(repeat / customers, 6) if customers else None
    return Retention(
        customers=customers,
        orders=orders,
        guest_orders=guest_orders,
        gross_revenue_minor=gross,
        returns_minor=returns,
        net_revenue_minor=gross - returns,
        average_order_value_minor=rounded_half_up(gross, orders) if orders else None,
        average_purchase_frequency=round(orders / customers, 6) if customers else None,
        repeat_customers=repeat,
        repeat_rate=rate,
        band=_band(rate),
        currency=currency,
        first_order=None if first is None else day_of(first).isoformat(),
        last_order=None if last is None else day_of(last).isoformat(),
    )


BANDS = ((0.05, "<5%"), (0.1, "5-10%"), (0.3, "10-30%"), (0.5, "30-50%"))


def _band(rate: float | None) -> str:
    """The band of a repeat rate: new shops are at 5-10 %, leading brands above 30 %."""
    if rate is None:
        return ""
    for end, name in BANDS:
        if rate < end or rate == end == 0.5:
            return name
    return ">50%"


@dataclass(frozen=True, slots=True)
class WhoBought:
    """Who bought in any currency: customers, those of them who came back, their orders and those of guests."""

    customers: int
    repeat: int
    orders: int
    guest_orders: int

    @classmethod
    def of(cls, found: Sequence[Retention], period: ReportPeriod) -> WhoBought:
        """The buyers of *period*, whose rows are *found*; who paid in two currencies is one of them."""
        guests = sum(row.guest_orders for row in found)
        if len(found) == 1 and period.whole:
            return cls(found[0].customers, found[0].repeat_customers, found[0].orders, guests)
        first, last = period.days
        sql = """SELECT COUNT(*), SUM(CASE WHEN orders > 1 THEN 1 ELSE 0 END), SUM(within)
            FROM (SELECT COUNT(*) AS orders, SUM(CASE WHEN order_day >= ? THEN 1 ELSE 0 END) AS within FROM orders
                WHERE is_sale = 1 AND customer_id IS NOT NULL AND order_day <= ? GROUP BY customer_id) AS buyers
            WHERE within > 0"""
        customers, repeat, orders = (int(number or 0) for number in rows(sql, first, last)[0])
        return cls(customers, repeat, orders, guests)

    @property
    def share(self) -> float | None:
        """How many of them came back, where they are enough for a share."""
        return share_of(self.repeat, self.customers)


def tell(telling: Telling) -> Story:
    """Who comes back, what they bring in month by month, and how soon the newly joined buy again."""
    mine, buyers = own_currency(telling.shop, telling.rows), WhoBought.of(telling.rows, telling.period)
    history = History.of(telling.period, mine.currency)
    return Story(
        finding=_finding(telling, buyers),
        lead=_lead(telling, buyers, history),
        figures=figures_of(telling),
        sections=_sections(telling, mine, buyers, history),
        note=_in_other_currencies(telling, mine),
    )


def _finding(telling: Telling, buyers: WhoBought) -> str:
    say, share, begun = telling.say, buyers.share, first_order_day()
    if not buyers.customers and buyers.guest_orders:
        return telling.many(
            buyers.guest_orders,
            (
                "1 order by a guest, of whom nobody can tell whether they come back",
                "{} orders by guests, of whom nobody can tell whether they come back",
            ),
            ("הזמנת אורח אחת; אי אפשר לדעת אם האורח חזר לקנות", "{} הזמנות אורח; אי אפשר לדעת מי מהאורחים חזר לקנות"),
        )
    if telling.period.whole:
        if share is None or begun is None or (telling.today - begun).days < SOON:
            return too_early(buyers.customers, telling)
        if not buyers.repeat:
            return say("No customer has come back to buy yet", "עדיין אין לקוחות חוזרים")
        many = customers_of(share, telling)
        return say(f"{many.capitalize()} come back to buy", f"{many} חוזרים לקנות")
    if not buyers.customers:
        return say("No customer bought in this period", "אף לקוח לא קנה בתקופה")
    if share is None and not buyers.repeat:
        return telling.many(
            buyers.customers,
            ("The one who bought in this period had not bought before", "None of the {} who bought had bought before"),
            ("הקונה היחיד בתקופה קנה אצלנו לראשונה", "כל {} הקונים בתקופה קנו אצלנו לראשונה"),
        )
    if share is None:
        return telling.many(
            buyers.repeat,
            (
                f"1 of {buyers.customers} who bought in this period has bought more than once",
                f"{{}} of {buyers.customers} who bought in this period have bought more than once",
            ),
            (
                f"אחד מתוך {buyers.customers} הקונים בתקופה כבר קנה אצלנו יותר מפעם אחת"
                if buyers.customers > 1
                else "הקונה היחיד בתקופה כבר קנה אצלנו יותר מפעם אחת",
                f"{{}} מתוך {buyers.customers} הקונים בתקופה כבר קנו אצלנו יותר מפעם אחת",
            ),
        )
    return say(
        f"{percent(share)} of those who bought in this period have bought more than once",
        f"{percent(share)} מהקונים בתקופה כבר קנו אצלנו יותר מפעם אחת",
    )


def _lead(telling: Telling, buyers: WhoBought, history: History) -> str:
    if not buyers.customers:
        return ""
    end = history.known_until() + 1
    last_year, year_before = (range(end - 12 * back, end - 12 * (back - 1)) for back in (1, 2))
    now = history.share_again(last_year)
    then = history.share_again(year_before) if history.knows(year_before) else None
    counted = telling.many(
        buyers.repeat,
        (
            f"1 of {buyers.customers:,} customers has ordered twice or more.",
            f"{{}} of {buyers.customers:,} customers have ordered twice or more.",
        ),
        (
            f"לקוח אחד מתוך {buyers.customers:,} הזמין פעמיים או יותר."
            if buyers.customers > 1
            else "הלקוח הזמין פעמיים או יותר.",
            f"{{}} מתוך {buyers.customers:,} לקוחות הזמינו פעמיים או יותר.",
        ),
    )
    if not buyers.repeat:
        counted = telling.many(
            buyers.customers,
            ("The customer has ordered once.", "Each of the {} customers has ordered once."),
            ("הלקוח הזמין פעם אחת.", "כל אחד מ־{} הלקוחות הזמין פעם אחת."),
        )
    if now is None:
        return counted
    until = month_in_words(history.known_until(), telling.language)
    said = telling.say(
        f"Of those who joined in the 12 months to {until}, {percent(now)} bought again within {SOON} days",
        f"מבין מי שהצטרפו ב־12 החודשים עד סוף {until}, {percent(now)} קנו שוב בתוך {SOON} יום",
    )
    if then is None:
        return f"{counted} {said}."
    difference = round(100 * now) - round(100 * then)
    compared = telling.say(
        ("more than" if difference > 0 else "fewer than" if difference else "as many as") + " in the 12 months before",
        ("יותר מאשר" if difference > 0 else "פחות מאשר" if difference else "כמו") + " ב־12 החודשים שלפני כן",
    )
    return f"{counted} {said} – {compared} ({percent(then)})."


def _in_other_currencies(telling: Telling, mine: Retention) -> str:
    """What the amounts, which are in one currency, leave out; nothing where that is all there is."""
    others = [row for row in telling.rows if row is not mine and (row.orders or row.net_revenue_minor)]
    if not others:
        return ""
    orders = telling.many(sum(row.orders for row in others), ("1 order", "{} orders"), ("הזמנה אחת", "{} הזמנות"))
    amounts = ", ".join(amount(row.net_revenue_minor, row.currency) for row in others)
    return telling.say(
        f"The amounts are in {mine.currency}. In other currencies: {orders}, {amounts} net.",
        f"הסכומים ב־{sign_of(mine.currency)}. במטבעות אחרים: {orders}, {amounts} נטו.",
    )


def figures_of(telling: Telling) -> list[Figure]:
    """Who came back, orders, their average and the net revenue, each with how it has changed.

    People and orders are of every currency, amounts of the shop's own.
    """
    mine, buyers = own_currency(telling.shop, telling.rows), WhoBought.of(telling.rows, telling.period)
    before = WhoBought.of(telling.before, telling.then) if telling.then else None
    then = next((row for row in telling.before if row.currency == mine.currency), None)
    say, currency = telling.say, mine.currency
    average, earlier = mine.average_order_value_minor, then.average_order_value_minor if then else None
    return [
        Figure(
            say("Customers who come back", "לקוחות חוזרים")
            if telling.period.whole
            else say("Have bought more than once", "קנו יותר מפעם אחת"),
            percent(buyers.repeat / buyers.customers) if buyers.customers else "–",
            telling.moved(buyers.share, before.share if before else None)
            or say(f"{buyers.repeat:,} of {buyers.customers:,}", f"{buyers.repeat:,} מתוך {buyers.customers:,}"),
        ),
        Figure(
            say("Orders", "הזמנות"),
            f"{buyers.orders:,}",
            telling.changed(buyers.orders, before.orders if before else None)
            or (
                telling.many(
                    buyers.guest_orders,
                    ("and 1 by a guest", "and {} by guests"),
                    ("ועוד הזמנת אורח אחת", "ועוד {} הזמנות אורח"),
                )
                if buyers.guest_orders
                else ""
            ),
        ),
        Figure(
            say("Average order", "הזמנה ממוצעת"),
            "–" if average is None else amount(average, currency),
            telling.changed(average, earlier)
            or (
                say(
                    f"{buyers.orders / buyers.customers:.1f} orders a customer",
                    f"{buyers.orders / buyers.customers:.1f} הזמנות ללקוח",
                )
                if buyers.orders
                else ""
            ),
        ),
        Figure(
            say("Net revenue", "הכנסות נטו"),
            amount(mine.net_revenue_minor, currency),
            telling.changed(mine.net_revenue_minor, then.net_revenue_minor if then else None)
            or say(
                f"after returns of {amount(mine.returns_minor, currency)}",
                f"בניכוי החזרות בסך {amount(mine.returns_minor, currency)}",
            ),
        ),
    ]


def _sections(telling: Telling, mine: Retention, buyers: WhoBought, history: History) -> list[Section]:
    say, months = telling.say, history.months()
    cut = {month for month in months if month == history.running or telling.period.cuts(month)}
    later, all_ = history.later_minor.total(), history.later_minor.total() + history.first_minor.total()
    sections = []
    if months:
        sections.append(
            Section(
                say("Most revenue is from customers who came back", "רוב ההכנסות באות מלקוחות חוזרים")
                if later * 2 > all_
                else say("Most revenue is from first orders", "רוב ההכנסות באות מהזמנות ראשונות"),
                by_month(
                    [
                        Month(
                            month,
                            (history.later_minor[month], history.first_minor[month]),
                            f"{month_in_words(month, telling.language)}: "
                            + " + ".join(
                                amount(minor, mine.currency)
                                for minor in (history.later_minor[month], history.first_minor[month])
                            ),
                            faint=month in cut,
                        )
                        for month in months
                    ],
                    fills=(ACCENT, SECOND),
                    say=lambda minor: thousands(minor, mine.currency),
                    label=say("Revenue by month", "הכנסות לפי חודש"),
                    language=telling.language,
                ),
                key=(
                    ("", say("Returning customers", "לקוחות חוזרים")),
                    ("second", say("First order", "הזמנה ראשונה")),
                    *((("faint", say("Not a whole month", "חודש חלקי")),) if cut else ()),
                ),
                note=say(
                    f"In {mine.currency}, before returns, month by month.",
                    f"ב־{sign_of(mine.currency)}, לפני החזרות, לפי חודש.",
                ),
            )
        )
    known = [(month, history.share_again(range(month, month + 1))) for month in months]
    known = [(month, share) for month, share in known if month <= history.known_until()]
    while known and known[-1][1] is None:
        known.pop()
    if sum(share is not None for _, share in known) > 1:
        sections.append(
            Section(
                say(
                    f"How many buy again within {SOON} days, by the month they joined",
                    f"כמה קונים שוב בתוך {SOON} יום, לפי חודש ההצטרפות",
                ),
                over_time(
                    known,
                    say=percent,
                    label=say("Bought again", "קנו שוב"),
                    language=telling.language,
                ),
                note=say(
                    f"A month is shown once {FEW} or more joined in it and all of them have had {SOON} days.",
                    f"חודש מוצג רק אחרי שחלפו {SOON} יום מסופו, אם הצטרפו בו {FEW} לקוחות או יותר.",
                ),
            )
        )
    if buyers.share is not None and telling.period.whole:  # a part of the buyers is not comparable
        end = max(0.6, buyers.share + 0.05)
        edges = [0.0, *(edge for edge, _ in BANDS), end]
        sections.append(
            Section(
                say("Beside other shops", "לעומת חנויות אחרות"),
                scale(
                    buyers.share,
                    edges=edges,
                    names=["", *(f"{edge:.0%}" for edge, _ in BANDS), ""],
                    shown=percent(buyers.share),
                    label=say("Repeat rate", "שיעור הלקוחות החוזרים"),
                ),
                note=say(
                    "In new shops 5 to 10 per cent of customers come back; with leading brands more than 30.",
                    "בחנויות חדשות בין 5% ל־10% מהלקוחות חוזרים; במותגים מובילים – יותר מ־30%.",
                ),
            )
        )
    return sections


REPORT = Report(
    title=("Customers who come back", "לקוחות חוזרים"),
    row_type=Retention,
    find=retention,
    tell=tell,
    compares=True,
    labels={
        "guest_orders": ("Guest orders", "הזמנות אורח"),
        "gross_revenue_minor": ("Gross revenue", "הכנסות ברוטו"),
        "returns_minor": ("Returns", "החזרות"),
        "net_revenue_minor": ("Net revenue", "הכנסות נטו"),
        "average_order_value_minor": ("Average order value", "שווי הזמנה ממוצע"),
        "average_purchase_frequency": ("Average purchase frequency", "הזמנות ללקוח, בממוצע"),
        "repeat_customers": ("Repeat customers", "לקוחות חוזרים"),
        "repeat_rate": ("Repeat rate", "שיעור הלקוחות החוזרים"),
        "band": ("Band", "טווח"),
        "first_order": ("First order", "הזמנה ראשונה"),
        "last_order": ("Last order", "הזמנה אחרונה"),
    },
    definitions=(
        WHAT_AN_ORDER_IS,
        (
            "each currency is a row of its own, and a customer counts in each that they paid in; the page counts people"
            " and orders over all of them.",
            "לכל מטבע שורה משלו, ולקוח נספר בכל מטבע ששילם בו; בדף נספרים הלקוחות וההזמנות בכל המטבעות יחד.",
        ),
        (
            "customers, orders and revenue exclude guests; guest_orders are the orders without a customer.",
            "המספרים אינם כוללים הזמנות אורח, שאין בהן פרטי לקוח.",
        ),
        (
            "net revenue = gross revenue - returns by customers; average order value = gross revenue / orders.",
            "הכנסות נטו = הכנסות ברוטו פחות החזרות של לקוחות; שווי הזמנה ממוצע = הכנסות ברוטו / הזמנות.",
        ),
        (
            "average purchase frequency = orders / customers; "
            "repeat rate = customers with two orders or more by the last of the days / customers.",
            "הזמנות ללקוח = הזמנות / לקוחות; "
            "שיעור הלקוחות החוזרים = לקוחות עם שתי הזמנות או יותר עד היום האחרון / לקוחות.",
        ),
        (
            "band, of all time only: new shops are at 5-10%, leading brands above 30%.",
            "להשוואה: בחנויות חדשות בין 5% ל־10% מהלקוחות חוזרים; במותגים מובילים – יותר מ־30%.",
        ),
    ),
)
