"""Cohorts: of the customers whose first order was in a month, how many ordered again in each later month."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from retainctl.clock import day_of, month_number, month_text
from retainctl.config import Shop
from retainctl.insight.charts import HeatRow, heat
from retainctl.insight.labels import WHAT_AN_ORDER_IS
from retainctl.insight.periods import ALL_TIME, ReportPeriod
from retainctl.insight.reports import Report
from retainctl.insight.story import FEW, Figure, Section, Story, Telling, share_of, too_early
from retainctl.rows import Row
from retainctl.store.database import rows, value
from retainctl.store.dialect import streamed
from retainctl.wording import isolated, month_in_words, percent, quarter_in_words


class Cohort(Row, kind="cohort"):
    """The customers of one month: how many ordered in the month itself (0), in the next (1) and so on."""

    cohort: str
    months: dict[str, int | None]


def cohorts(_shop: Shop, period: ReportPeriod = ALL_TIME) -> list[Cohort]:
    """Every month of *period* in which a customer ordered first; months after the last order, or its end, are None."""
    counted = _counted(period, by=1)
    if counted is None:
        return []
    zero, width, counts = counted
    return [
        Cohort(
            month_text(zero + begun),
            {str(after): counts[begun][after] if begun + after < width else None for after in range(width)},
        )
        for begun in sorted(counts)
    ]


_BySpan = dict[int, Counter[int]]  # customers by the span of their first order, counted from the first, and those after


def _counted(period: ReportPeriod, *, by: int) -> tuple[int, int, _BySpan] | None:
    """The first span, how many there are, and the counts; a span is *by* calendar months. None without orders."""
    joined = _joined_in(period)
    first, last = rows("SELECT MIN(first_order_day), MAX(last_order_day) FROM customer_summaries")[0]
    if first is None or (joined is not None and not joined):
        return None
    since, until = period.days
    zero = month_number(day_of(max(first, since))) // by
    end = month_number(day_of(min(last, until))) // by
    counts: _BySpan = defaultdict(Counter)
    for spans, customers in Counter(_spans_by_customer(zero, end - zero + 1, by, joined)).items():
        begun = (spans & -spans).bit_length() - 1
        later = spans
        while later:
            lowest = later & -later
            counts[begun][lowest.bit_length() - 1 - begun] += customers
            later ^= lowest
    return zero, end - zero + 1, counts


def _joined_in(period: ReportPeriod) -> set[int] | None:
    """Whose first order was on a day of *period*; None where that is everybody."""
    if period.whole:
        return None
    found = rows(
        """SELECT customer_id FROM customer_summaries WHERE orders > 0
           GROUP BY customer_id HAVING MIN(first_order_day) BETWEEN ? AND ?""",
        *period.days,
    )
    return {customer_id for (customer_id,) in found}


def _spans_by_customer(zero: int, width: int, by: int, among: set[int] | None) -> list[int]:
    """A list indexed by customer id: a bit set of the spans with an order, the lowest bit for the span *zero*.

    It is 0 of who is not *among* those that are asked for.
    """
    bits = {str(month): 1 << (month // by - zero) for month in range(zero * by, (zero + width) * by)}
    spans = [0] * (value("SELECT MAX(id) FROM customers") + 1)
    for customer_id, written in streamed("SELECT customer_id, order_months FROM customer_summaries WHERE orders > 0"):
        if among is None or customer_id in among:
            for month in written.split(","):
                spans[customer_id] |= bits.get(month, 0)
    return spans


def tell(telling: Telling) -> Story:
    """How many of those who joined together still buy: quarter by quarter, or month by month in a young shop."""
    say = telling.say
    by = 3 if len(telling.rows[0].months) > _YOUNG_MONTHS else 1
    counted = _counted(telling.period, by=by)
    assert counted is not None
    zero, width, counts = counted
    begun = sorted(counts)
    joined = sum(counts[one][0] for one in begun)
    bought = [_bought(counts, after, width) for after in range(1, width)]
    average = [share_of(*one) for one in bought]
    soonest = average[0] if average else None
    span = say(*(("quarter", "רבעון") if by == 3 else ("month", "חודש")))
    in_words = quarter_in_words if by == 3 else month_in_words

    def names(number: int) -> tuple[str, str]:
        return in_words(number, telling.language), in_words(number, telling.language, brief=True)

    latest = [
        (in_words(zero + one, telling.language), percent(counts[one][1] / counts[one][0]))
        for one in begun
        if one + 2 < width and counts[one][0] >= FEW
    ][-2:]
    return Story(
        finding=say(
            f"{percent(soonest)} of new customers buy again in the {span} after they joined",
            f"{percent(soonest)} מהלקוחות החדשים קונים שוב כבר ב{span} שאחרי ההצטרפות",
        )
        if soonest is not None
        else too_early(joined, telling),
        lead=say(
            f"Of those who joined in {latest[0][0]}, {latest[0][1]} bought again in the {span} after; of those in "
            f"{latest[1][0]}, {latest[1][1]}.",
            f"מבין מי שהצטרפו ב{latest[0][0]}, {latest[0][1]} קנו שוב ב{span} שאחריו; "
            f"מבין מי שהצטרפו ב{latest[1][0]} – {latest[1][1]}.",
        )
        if len(latest) == 2
        else "",
        figures=[
            Figure(say("Customers who joined", "לקוחות שהצטרפו"), f"{joined:,}"),
            *(
                Figure(
                    say(
                        f"Bought {after} {span}{'s' * (after > 1)} after joining",
                        f"קנו {_AFTER[by, after]} אחרי ההצטרפות",
                    ),
                    percent(share),
                    say("{:,} of {:,}, on average", "{:,} מתוך {:,}, בממוצע").format(*bought[after - 1]),
                )
                for after, share in enumerate(average, 1)
                if share is not None and after in (1, 2, 4)
            ),
        ],
        sections=[
            Section(
                say(
                    f"How many of them bought again, {span} by {span}",
                    f"כמה מהם קנו שוב, {span} אחר {span}",
                ),
                heat(
                    [
                        *_mean(telling, average, bought, joined),
                        *(_line(counts[one], one, width, names(zero + one)) for one in begun),
                    ],
                    heads=[
                        say("Joined", "מועד ההצטרפות"),
                        say("Customers", "לקוחות"),
                        *(isolated(f"+{after}") for after in range(1, width)),
                    ],
                    label=say("Cohorts", "לפי מועד ההצטרפות"),
                    rtl=telling.rtl,
                ),
                key=(
                    ("faint", say(f"The current {span}", f"ה{span} שטרם הסתיים"))
                    if telling.period.last in (None, telling.shop.clock.today())
                    else ("faint", say(f"Not a whole {span}", f"{span} חלקי")),
                ),
                note=say(
                    f"Each line is those who first ordered in that {span}; the column +1 says how many bought in the "
                    "next one.",
                    f"כל שורה – הלקוחות שהזמינו לראשונה באותו {span}; "
                    f"בעמודה {isolated('+1')} – כמה מהם קנו ב{span} שאחריו.",
                )
                + _of_few(telling, any(counts[one][0] < FEW for one in begun)),
            )
        ],
    )


def _of_few(telling: Telling, occur: bool) -> str:
    if not occur:
        return ""
    return " " + telling.say(
        f"Where fewer than {FEW} joined, the number of those who bought stands in the place of their share.",
        f"כשהצטרפו פחות מ־{FEW} לקוחות, מופיע מספר הקונים במקום שיעורם.",
    )


def _mean(
    telling: Telling, average: Sequence[float | None], bought: Sequence[tuple[int, int]], joined: int
) -> Iterator[HeatRow]:
    """The line of the average; none while too few have had a span whole."""
    if any(share is not None for share in average):
        titles = [f"{part:,} / {size:,}" for part, size in bought]
        yield HeatRow(telling.say("Average", "ממוצע"), f"{joined:,}", average, titles)


_YOUNG_MONTHS = 9
_AFTER = {
    (3, 1): "רבעון", (3, 2): "שני רבעונים", (3, 4): "ארבעה רבעונים",
    (1, 1): "חודש", (1, 2): "חודשיים", (1, 4): "ארבעה חודשים",
}  # fmt: skip


def _line(counts: Counter[int], begun: int, width: int, names: tuple[str, str]) -> HeatRow:
    size, shown, name = counts[0], range(1, width - begun), names[0]
    return HeatRow(
        name,
        f"{size:,}",
        [counts[after] / size for after in shown],
        [
            f"{name} {isolated(f'+{after}')}: {counts[after]:,} / {size:,} ({counts[after] / size:.1%})"
            for after in shown
        ],
        numbers=[counts[after] for after in shown] if size < FEW else (),
        faint_from=width - begun - 2,  # the last of all is the running one
        brief=names[1],
    )


def _bought(counts: _BySpan, after: int, width: int) -> tuple[int, int]:
    """How many bought in that span, of how many who have had it whole."""
    whole = [one for one in counts if one + after < width - 1]
    return sum(counts[one][after] for one in whole), sum(counts[one][0] for one in whole)


REPORT = Report(
    title=("Who joined together, and who still buys", "לפי מועד ההצטרפות: מי עדיין קונה"),
    row_type=Cohort,
    find=cohorts,
    tell=tell,
    labels={
        "cohort": ("Cohort", "חודש ההצטרפות"),
    },
    definitions=(
        WHAT_AN_ORDER_IS,
        (
            "cohort = the month of a customer's first order on the shop's calendar.",
            "חודש ההצטרפות = החודש של ההזמנה הראשונה, לפי לוח השנה של החנות.",
        ),
        (
            "column k = customers of the cohort who ordered in the k-th month after it; empty = after the last order.",
            "בעמודה 3: כמה מהם הזמינו בחודש השלישי אחרי שהצטרפו. תא ריק: חודש שעוד לא הגיע.",
        ),
    ),
)
