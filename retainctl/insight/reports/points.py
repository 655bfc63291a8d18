"""The club's liability: points booked by month, and how many are outstanding at its end."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date

from retainctl.clock import FIRST_DAY, month_number, month_text
from retainctl.club.terms import read_club
from retainctl.config import Shop
from retainctl.insight.charts import Month, by_month
from retainctl.insight.periods import ALL_TIME, ReportPeriod
from retainctl.insight.reports import Report
from retainctl.insight.story import Figure, Section, Story, Swatch, Telling
from retainctl.insight.svg import ACCENT, BAD, QUIET, SECOND, THIRD
from retainctl.money import sign_of
from retainctl.rows import Row
from retainctl.store.database import execute, value
from retainctl.wording import amount, brief, count, isolated, month_in_words, percent, thousands
from retainctl.wording import points as points_in_words


class PointsMonth(Row, kind="points_month"):
    """The points booked in one month: issued for orders, granted and deducted by hand, and so on."""

    month: str
    issued: int
    granted: int
    redeemed: int
    expired: int
    clawed_back: int
    deducted: int
    outstanding: int


def points(shop: Shop, period: ReportPeriod = ALL_TIME) -> list[PointsMonth]:
    """Every month from the first booking on, to the last of all or to the end of *period*, those without one too.

    A month that the period cuts has what was booked on its days within, and what is outstanding after them.
    """
    found = execute(
        """SELECT t.recorded_at, t.kind,
               SUM(CASE WHEN a.customer_id IS NULL THEN 0 ELSE e.points END)
                   - SUM(CASE WHEN b.customer_id IS NULL THEN 0 ELSE e.points END)
           FROM transactions t JOIN entries e ON e.seq = t.seq
           JOIN accounts a ON a.id = e.account_id JOIN accounts b ON b.id = e.against_id
           GROUP BY t.recorded_at, t.kind"""
    )
    booked = [(shop.clock.day(recorded_at), kind, int(moved)) for recorded_at, kind, moved in found]
    booked = [one for one in booked if period.last is None or one[0] <= period.last]
    if not booked:
        return []
    days = [day for day, _, _ in booked]
    first = max(min(days), period.first or FIRST_DAY)
    last = min(period.last, shop.clock.today()) if period.last else max(days)
    outstanding = sum(moved for day, _, moved in booked if day < first)
    months: dict[int, Counter[str]] = defaultdict(Counter)
    for day, kind, moved in booked:
        if day >= first:
            months[month_number(day)][kind] += moved
    listed = []
    for month in range(month_number(first), month_number(last) + 1):
        by_kind = months[month]
        outstanding += by_kind.total()
        listed.append(
            PointsMonth(
                month=month_text(month),
                issued=by_kind["award"],
                granted=by_kind["grant"],
                redeemed=-by_kind["redemption"],
                expired=-by_kind["expiry"],
                clawed_back=-by_kind["clawback"],
                deducted=-by_kind["deduction"],
                outstanding=outstanding,
            )
        )
    return listed


def _first_booking(shop: Shop) -> date | None:
    first = value("SELECT MIN(recorded_at) FROM transactions")
    return None if first is None else shop.clock.day(first)


def tell(telling: Telling) -> Story:
    """What the shop owes in points, in money; what came in and went out month by month."""
    say, shop, rows = telling.say, telling.shop, telling.rows
    currency, running = shop.settings.currency, month_number(shop.clock.today())
    months = [month_number(date.fromisoformat(f"{row.month}-01")) for row in rows]
    cut = [month for month in months if month == running or telling.period.cuts(month)]
    owed = rows[-1].outstanding
    gained = sum(row.issued + row.granted for row in rows)
    redeemed, expired = sum(row.redeemed for row in rows), sum(row.expired for row in rows)
    earlier = telling.before
    terms = read_club(shop).on(shop.clock.today().isoformat())

    def worth(points: int) -> int:
        return terms.value_minor(points, currency) if points >= 0 else -terms.value_minor(-points, currency)

    return Story(
        finding=say(
            f"Members hold points worth {amount(worth(owed), currency)}",
            f"לחברי המועדון יש נקודות בשווי {amount(worth(owed), currency)}",
        ),
        lead=say(
            f"Of {points_in_words(gained, 'en')} issued or granted, {percent(redeemed / gained)} have been redeemed.",
            f"מתוך {points_in_words(gained, 'he')} {'שנצברה או ניתנה' if gained == 1 else 'שנצברו או ניתנו'}, "
            f"{percent(redeemed / gained)} מומשו.",
        )
        if gained
        else "",
        figures=[
            Figure(
                say("Points outstanding", "יתרת הנקודות"),
                count(owed),
                telling.changed(owed, earlier[-1].outstanding if earlier else None) or amount(worth(owed), currency),
            ),
            Figure(
                say("Issued and granted", "נצברו וניתנו"),
                count(gained),
                telling.changed(gained, sum(row.issued + row.granted for row in earlier) if earlier else None),
            ),
            Figure(
                say("Redeemed", "מומשו"),
                count(redeemed),
                telling.changed(redeemed, sum(row.redeemed for row in earlier) if earlier else None)
                or amount(worth(redeemed), currency),
            ),
            Figure(say("Expired", "פג תוקפן"), count(expired)),
        ],
        sections=[
            Section(
                say("What the points are worth", "שווי הנקודות"),
                by_month(
                    [
                        Month(
                            month,
                            (worth(row.outstanding),),
                            f"{month_in_words(month, telling.language)}: {amount(worth(row.outstanding), currency)}",
                            month in cut,
                        )
                        for month, row in zip(months, rows, strict=True)
                    ],
                    fills=(ACCENT,),
                    say=lambda minor: thousands(minor, currency),
                    label=say("What the points are worth", "שווי הנקודות"),
                    language=telling.language,
                ),
                note=say(
                    f"At the end of each month, in {currency}, by the terms in force today.",
                    f"בסוף כל חודש, ב־{sign_of(currency)}, לפי התקנון שבתוקף היום.",
                ),
            ),
            Section(
                say("What came in and what went out", "מה נכנס ומה יצא"),
                by_month(
                    [
                        Month(
                            month,
                            (
                                row.issued,
                                row.granted,
                                -row.redeemed,
                                -(row.clawed_back + row.deducted),
                                -row.expired,
                            ),
                            f"{month_in_words(month, telling.language)}: "
                            f"{isolated(f'+{count(row.issued + row.granted)}')} "
                            f"{isolated(f'-{count(row.redeemed + row.clawed_back + row.deducted + row.expired)}')}",
                            month in cut,
                        )
                        for month, row in zip(months, rows, strict=True)
                    ],
                    fills=(ACCENT, THIRD, SECOND, BAD, QUIET),
                    say=brief,
                    label=say("In and out", "נכנסו ויצאו"),
                    language=telling.language,
                ),
                key=_key(telling, faint=bool(cut)),
                note=say("By the month of booking.", "לפי מועד הרישום."),
            ),
        ],
    )


def _key(telling: Telling, *, faint: bool) -> list[tuple[Swatch, str]]:
    """The colours that occur."""
    say, rows = telling.say, telling.rows
    known: list[tuple[Swatch, str, bool]] = [
        ("", say("For orders", "על הזמנות"), any(row.issued for row in rows)),
        ("third", say("By hand", "באופן ידני"), any(row.granted for row in rows)),
        ("second", say("Redeemed", "מומשו"), any(row.redeemed for row in rows)),
        ("bad", say("Taken back or deducted", "נגרעו ונוכו"), any(row.clawed_back + row.deducted for row in rows)),
        ("quiet", say("Expired", "פג תוקפן"), any(row.expired for row in rows)),
        ("faint", say("Not a whole month", "חודש חלקי"), faint),
    ]
    return [(swatch, text) for swatch, text, occurs in known if occurs]


REPORT = Report(
    title=("Points in and out", "תנועת הנקודות במועדון"),
    row_type=PointsMonth,
    find=points,
    tell=tell,
    compares=True,
    begins=_first_booking,
    first_step="points award",
    labels={
        "month": ("Month", "חודש"),
        "issued": ("Issued", "נצברו"),
        "granted": ("Granted", "ניתנו"),
        "redeemed": ("Redeemed", "מומשו"),
        "expired": ("Expired", "פג תוקפן"),
        "clawed_back": ("Clawed back", "נגרעו בגלל החזרה"),
        "deducted": ("Deducted", "נוכו"),
        "outstanding": ("Outstanding", "יתרה"),
    },
    definitions=(
        (
            "month = month of the booking, of which a period may hold some days only; issued = for orders; granted and "
            "deducted = by hand.",
            "החודש הוא חודש הרישום, וייתכן שרק חלק מימיו בתקופה; הנקודות שנצברו הן על הזמנות; "
            "אלה שניתנו ואלה שנוכו – באופן ידני.",
        ),
        (
            "outstanding = points that customers have, minus points that they owe, at the end of the month or period.",
            "יתרה = כל הנקודות שבידי הלקוחות, פחות מה שהם חייבים, בסוף החודש או התקופה.",
        ),
    ),
)
