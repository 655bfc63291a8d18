"""RFM: how recently, how often and for how much each customer has bought, and how many customers are in each cell.

The database gives the rows; Python sorts them, in a fifth of the time that SQLite's window functions take.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain
from operator import itemgetter

from markupsafe import Markup

from retainctl.clock import day_number, day_of
from retainctl.config import Shop
from retainctl.insight.charts import for_both
from retainctl.insight.labels import WHAT_AN_ORDER_IS
from retainctl.insight.periods import ALL_TIME, ReportPeriod, first_order_day
from retainctl.insight.reports import Report
from retainctl.insight.returning import SOON
from retainctl.insight.story import Figure, Section, Story, Telling, share_of
from retainctl.insight.svg import HEAT, INK, MUTED, QUIET, SECOND, Canvas, tag, wide
from retainctl.insight.zones import ZONES, Zone, zone_of
from retainctl.money import sign_of
from retainctl.rows import Row
from retainctl.store.database import value
from retainctl.store.dialect import streamed
from retainctl.wording import amount, days, isolated, percent

FIFTHS = 5
_PHONE = 290.0  # of the smallest phone, so that no text is drawn smaller than it is meant
FREQUENCY_STEPS = (2, 3, 5, 10)  # orders, from which the next score begins


class Cell(Row, kind="rfm"):
    """How many customers have these three scores; the best cell is 555. *revenue_minor* is in the shop's currency."""

    cell: str
    customers: int
    revenue_minor: int
    currency: str
    zone: str


@dataclass(frozen=True, slots=True)
class Scored:
    """Every customer with an order, by place: the day of the last, how many, what they came to, and three scores."""

    days: Sequence[int]
    orders: Sequence[int]
    spent: Sequence[int]
    scores: Sequence[tuple[int, int, int]]

    def since(self, recency: int) -> date | None:
        """The first day of a last order that has this score of recency or a better one."""
        first = min(
            (day for day, (score, _, _) in zip(self.days, self.scores, strict=True) if score >= recency), default=None
        )
        return None if first is None else day_of(first)


def rfm(shop: Shop, period: ReportPeriod = ALL_TIME) -> list[Cell]:
    """The cells with customers, the best first; equal customers have equal scores."""
    return _cells(shop, buyers(shop, period))


def rfm_by_ntile(shop: Shop, period: ReportPeriod = ALL_TIME) -> list[Cell]:
    """The same with all three scores as NTILE(5) gives them."""
    measures = _measures(shop, period)
    return _cells(shop, Scored(*measures, scores=list(zip(*map(ntile, measures), strict=True))))


def buyers(shop: Shop, period: ReportPeriod = ALL_TIME) -> Scored:
    """Every customer with an order up to the end of *period*, scored: who is loyal is so over all of their orders."""
    days, orders, spent = _measures(shop, period)
    frequency = [1 + bisect_right(FREQUENCY_STEPS, count) for count in orders]
    return Scored(days, orders, spent, list(zip(fifths(days), frequency, fifths(spent), strict=True)))


def _cells(shop: Shop, of: Scored) -> list[Cell]:
    counts: Counter[tuple[int, int, int]] = Counter(of.scores)
    revenue: Counter[tuple[int, int, int]] = Counter()
    for scores, minor in zip(of.scores, of.spent, strict=True):
        revenue[scores] += minor
    return [
        Cell(
            "".join(map(str, scores)),
            counts[scores],
            revenue[scores],
            shop.settings.currency,
            zone_of(*scores[:2]).name,
        )
        for scores in sorted(counts, reverse=True)
    ]


def fifths(values: Sequence[int]) -> list[int]:
    """The fifth of each value, 5 for the greatest: by how many are lower and half of those that are equal."""
    in_order, many = sorted(values), len(values)
    score = {
        one: 1 + FIFTHS * (bisect_left(in_order, one) + bisect_right(in_order, one)) // (2 * many)
        for one in set(values)
    }
    return [min(score[one], FIFTHS) for one in values]


def ntile(values: Sequence[int]) -> list[int]:
    """The quintile of each value, 5 for the greatest; of equal values the earlier in the list is in the lower one.

    As NTILE(5) in SQL: where the count is not divisible by five, the lowest quintiles have one more.
    """
    if not values:
        return []
    size, more = divmod(len(values), FIFTHS)
    of_rank = [fifth for fifth in range(1, FIFTHS + 1) for _ in range(size + (fifth <= more))]
    in_order = sorted(values)
    edges = [in_order[fifth * size + min(fifth, more) - 1] for fifth in range(1, FIFTHS)]
    # The order among equal values matters only where a quintile ends.
    at_edges = {edge: iter(of_rank[bisect_left(in_order, edge) : bisect_right(in_order, edge)]) for edge in edges}
    return [next(at_edges[one]) if one in at_edges else bisect_left(edges, one) + 1 for one in values]


def _measures(shop: Shop, period: ReportPeriod = ALL_TIME) -> tuple[list[int], list[int], list[int]]:
    """The last order day, number of orders and amount of each customer, in the order of their external ids.

    Sorting by the last day is sorting by recency. Customers without an external id come last, by their own id.
    """
    size = (value("SELECT MAX(id) FROM customers") or 0) + 1
    days, orders, spent = [-1] * size, [0] * size, [0] * size
    for customer_id, day, count, minor in _found(shop, period):
        days[customer_id] = max(days[customer_id], day)  # there may be a row for another currency
        orders[customer_id] += count
        spent[customer_id] += minor
    # The index has the keys in the order that is needed: joining and sorting takes twice the time.
    keys = streamed("SELECT customer_id FROM customer_keys ORDER BY external_id, source")
    in_order = dict.fromkeys(chain(map(itemgetter(0), keys), range(size)))
    found = [one for one in in_order if orders[one]]
    return [days[one] for one in found], [orders[one] for one in found], [spent[one] for one in found]


def _found(shop: Shop, period: ReportPeriod = ALL_TIME) -> Iterator[tuple[int, int, int, int]]:
    """One row per customer and currency: customer, last day, orders, and the amount if it is the shop's currency."""
    until = day_number(period.last or shop.clock.today())
    own = "CASE WHEN currency = ? THEN gross_minor ELSE 0 END"
    last = value("SELECT MAX(last_order_day) FROM customer_summaries")
    if last is None or until >= last:
        return streamed(
            f"SELECT customer_id, last_order_day, orders, {own} FROM customer_summaries WHERE orders > 0",
            shop.settings.currency,
        )
    return streamed(
        f"""SELECT customer_id, MAX(order_day), COUNT(*), CAST(SUM({own}) AS bigint) FROM orders
            WHERE is_sale = 1 AND customer_id IS NOT NULL AND order_day <= ? GROUP BY customer_id, currency""",
        shop.settings.currency,
        until,
    )


def tell(telling: Telling) -> Story:
    """The zones of customers on the square of recency and frequency, and a command that makes a segment of each."""
    say, shop = telling.say, telling.shop
    of = buyers(shop, telling.period)
    sizes, revenue = Counter[str](), Counter[str]()
    for (recency, frequency, _), minor in zip(of.scores, of.spent, strict=True):
        zone = zone_of(recency, frequency)
        sizes[zone.name] += 1
        revenue[zone.name] += minor
    everybody, all_revenue = len(of.scores), sum(of.spent)
    best = ZONES[max(sizes, key=lambda name: revenue[name])]
    size, share = share_of(sizes[best.name], everybody), revenue[best.name] / all_revenue if all_revenue else 0
    is_found = size is not None and share >= _MORE_THAN_THEIR_PART * size
    lines = [say(f"They are the group “{best.labels[0]}”.", f"אלה הלקוחות בקבוצה ״{best.labels[1]}״.")] * is_found
    return Story(
        finding=say(
            f"{percent(size or 0)} of the customers brought in {percent(share)} of the revenue",
            f"{percent(size or 0)} מהלקוחות הביאו {percent(share)} מההכנסות",
        )
        if is_found
        else telling.many(
            everybody,
            ("1 customer, by their orders", "{} customers, by their orders"),
            ("לקוח אחד, לפי ההזמנות שלו", "{} לקוחות, לפי ההזמנות שלהם"),
        ),
        lead=" ".join([*lines, *_not_seen_for_long(telling, of, sizes["cannot_lose"])]),
        note=" ".join([_of_money(telling), *_of_a_young_shop(telling)]),
        figures=[
            _figure(telling, zone, sizes[zone.name], revenue[zone.name])
            for zone in (ZONES[name] for name in ("champions", "new", "at_risk", "cannot_lose"))
            if zone.name in ("champions", "new") or not _is_young(telling)
        ],
        sections=[
            Section(
                say("When they last bought, and how often", "מתי קנו לאחרונה וכמה פעמים"),
                _square(telling, of),
                note=say(
                    "Rows: at most how many days since the last order. Columns: how many orders.",
                    "בשורות – כמה ימים לכל היותר עברו מההזמנה האחרונה; בטורים – מספר ההזמנות.",
                ),
            ),
            Section(
                say("The groups", "הקבוצות"),
                _zones(telling, of, sizes, revenue),
            ),
        ],
    )


_MORE_THAN_THEIR_PART = 1.5  # times as much of the revenue as they are of the customers: less is no finding


def _of_money(telling: Telling) -> str:
    currency = telling.shop.settings.currency
    others = value("SELECT 1 FROM customer_summaries WHERE orders > 0 AND currency <> ? LIMIT 1", currency)
    note = telling.say(f"Amounts are in {currency}, before returns.", f"הסכומים ב־{sign_of(currency)}, לפני החזרות.")
    if not others:
        return note
    return f"{note} " + telling.say(
        "Orders in other currencies count as orders, without an amount.",
        "הזמנות במטבעות אחרים נספרות כהזמנות, ללא סכום.",
    )


def _is_young(telling: Telling) -> bool:
    """Whether the shop has had less time than it takes to say that somebody stays away."""
    begun = first_order_day()
    return begun is None or (telling.today - begun).days < SOON


def _of_a_young_shop(telling: Telling) -> Iterator[str]:
    if _is_young(telling):
        yield telling.say(
            "The groups compare the customers with each other; so early, nobody is lost yet.",
            "הקבוצות משוות בין הלקוחות; החנות צעירה, ואף לקוח עוד לא אבד.",
        )


def _not_seen_for_long(telling: Telling, of: Scored, customers: int) -> Iterator[str]:
    """Of those who bought often; nothing where there are none, or where everybody was there of late."""
    zone = ZONES["cannot_lose"]
    lasts = [day for day, scores in zip(of.days, of.scores, strict=True) if zone.holds(*scores[:2])]
    away = (telling.today - day_of(max(lasts))).days if lasts else 0
    if away >= SOON:
        yield telling.many(
            customers,
            (
                f"1 customer bought often and has not been back for {away} days.",
                f"{{}} customers bought often and have not been back for {away} days or more.",
            ),
            (
                f"לקוח אחד קנה פעמים רבות ולא חזר כבר {away} יום.",
                f"{{}} לקוחות קנו פעמים רבות ולא חזרו כבר {away} יום או יותר.",
            ),
        )


def _figure(telling: Telling, zone: Zone, customers: int, minor: int) -> Figure:
    return Figure(telling.say(*zone.labels), f"{customers:,}", amount(minor, telling.shop.settings.currency))


_COLOURS = {
    "champions": HEAT[4],
    "loyal": HEAT[3],
    "promising": HEAT[2],
    "new": HEAT[1],
    "at_risk": (SECOND, "var(--on-second)"),
    "cannot_lose": (SECOND, "var(--on-second)"),
    "asleep": (QUIET, INK),
    "lost": (QUIET, INK),
}
_STEPS = ("1", "2", "3–4", "5–9", "10+")


def _square(telling: Telling, of: Scored) -> Markup:
    """Five by five: in each square its zone, in the zone's colour, and how many customers."""
    counts = Counter((recency, frequency) for recency, frequency, _ in of.scores)
    first = [of.since(recency) for recency in range(2, FIFTHS + 1)]
    since = [max((telling.today - one).days, 1) if one else 1 for one in first]
    names = [days(one, telling.language) for one in since]
    rows = [
        (isolated(f"> {since[0]}"), telling.say(f"over {names[0]}", f"מעל {names[0]}")),
        *(
            (isolated(f"≤ {one}"), telling.say(f"up to {name}", f"עד {name}"))
            for one, name in zip(since, names, strict=True)
        ),
    ]

    def draw(width: float) -> Canvas:
        is_phone = width == _PHONE
        left, tall = (40.0 if is_phone else 92.0), 62.0
        step = (width - left) / FIFTHS
        canvas = Canvas(width, FIFTHS * tall + 26, telling.say("RFM", "מתי וכמה"), rtl=telling.rtl)
        for recency in range(1, FIFTHS + 1):
            y = (FIFTHS - recency) * tall
            canvas.text(0, y + tall / 2 + 4, rows[recency - 1][not is_phone], fill=MUTED)
            for frequency in range(1, FIFTHS + 1):
                x, customers = left + (frequency - 1) * step, counts[recency, frequency]
                zone = zone_of(recency, frequency)
                fill, on_it = _COLOURS[zone.name]
                canvas.box(
                    x + 1.5,
                    y + 1.5,
                    step - 3,
                    tall - 3,
                    fill=fill,
                    radius=5,
                    title=f"R{recency} F{frequency}: {customers:,}",
                )
                lines = _name_in(zone, step - 3, telling)
                top = y + 28 - 6 * (len(lines) - 1)
                canvas.text(x + step / 2, top, f"{customers:,}", anchor="middle", size=15, bold=True, fill=on_it)
                for number, line in enumerate(lines):
                    canvas.text(x + step / 2, top + 17 + 13 * number, line, anchor="middle", fill=on_it)
        for place, text in enumerate(_STEPS):
            canvas.text(left + (place + 0.5) * step, FIFTHS * tall + 18, isolated(text), anchor="middle", fill=MUTED)
        return canvas

    return for_both(draw, phone=_PHONE)


def _name_in(zone: Zone, room: float, telling: Telling) -> list[str]:
    """The lines of a zone's name in a square; what has no *room* in one is broken between words, or as people do."""
    name = telling.say(*zone.labels)
    if wide(name) <= room:
        return [name]
    return [
        part for word in name.split() for part in (_HYPHENATED.get(word, (word,)) if wide(word) > room else (word,))
    ]


_HYPHENATED = {"Champions": ("Champ-", "ions"), "Promising": ("Promis-", "ing")}


def _zones(telling: Telling, of: Scored, sizes: Counter[str], revenue: Counter[str]) -> Markup:
    """A table of the zones: size, revenue, and the command that keeps each as a segment."""
    say, currency = telling.say, telling.shop.settings.currency
    heads = (say("Group", "קבוצה"), say("Customers", "לקוחות"), say("Gross revenue", "הכנסות ברוטו"))
    head = tag("tr", *(tag("th", text, class_="number" if place else "") for place, text in enumerate(heads)))
    shown = [zone for zone in ZONES.values() if sizes[zone.name]]
    lines = [
        tag(
            "tr",
            tag("td", say(*zone.labels)),
            tag("td", tag("bdi", f"{sizes[zone.name]:,}", dir="ltr"), class_="number"),
            tag("td", tag("bdi", amount(revenue[zone.name], currency), dir="ltr"), class_="number"),
        )
        for zone in shown
    ]
    table = tag("div", tag("table", tag("thead", head), tag("tbody", *lines)), class_="wide")
    last = telling.period.last
    if last is not None and last < telling.shop.clock.today():
        return table  # a segment is of today, and would hold others
    commands = (tag("p", tag("code", zone.command(of.since), dir="ltr")) for zone in shown)
    summary = say("Commands that keep each as a segment", "פקודות ששומרות כל קבוצה כפלח")
    return table + tag("details", tag("summary", summary), *commands)


REPORT = Report(
    title=("RFM: recency, frequency, monetary value", "מתי קנו, כמה פעמים ובכמה"),
    row_type=Cell,
    find=rfm,
    tell=tell,
    methods={"ntile": rfm_by_ntile},
    is_of_a_day=True,
    values={"zone": lambda name: ZONES[name].labels},
    labels={
        "cell": ("Cell", "תא"),
        "revenue_minor": ("Gross revenue", "הכנסות ברוטו"),
        "zone": ("Group", "קבוצה"),
    },
    definitions=(
        WHAT_AN_ORDER_IS,
        (
            "recency = days since the last order, frequency = orders, monetary = gross revenue.",
            "שלוש ספרות: עדכניות = ימים מההזמנה האחרונה, תדירות = הזמנות, סכום = סך הקניות ברוטו.",
        ),
        (
            "5 is best; frequency: 1, 2, 3-4, 5-9, 10 or more orders; the others in fifths, equal values in one. "
            "With --method ntile all three as by NTILE(5), ties by external id in byte order.",
            "5 היא הטובה ביותר; תדירות: הזמנה אחת, שתיים, 3 או 4, 5 עד 9, 10 ומעלה; "
            "שני המדדים האחרים מחולקים לחמש קבוצות שוות. בשיטת ntile כל שלושת המדדים מחולקים כך.",
        ),
        (
            "as of today, or of the last day of the period, over all orders until then.",
            "נכון להיום, או ליום האחרון בתקופה, לפי כל ההזמנות עד אז.",
        ),
    ),
)
