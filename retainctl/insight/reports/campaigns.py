"""The results of each mailing: how many were planned, excluded and why, and the states of the messages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated

from markupsafe import Markup

from retainctl.clock import DAY_SECONDS, day_of
from retainctl.config import Shop
from retainctl.insight.charts import Bar, bars
from retainctl.insight.periods import ALL_TIME, ReportPeriod
from retainctl.insight.reports import Report
from retainctl.insight.story import Figure, Section, Story, Telling
from retainctl.insight.svg import BAD, QUIET, SECOND, THIRD
from retainctl.outreach.contact import REASONS
from retainctl.outreach.programs import program_of
from retainctl.rows import OwnWord, Row
from retainctl.store.database import execute, value
from retainctl.store.outreach import MailingState
from retainctl.wording import amount, day_in_words, named, percent


def _column(reason: str) -> str:
    """What the column of those who were excluded for *reason* is called."""
    return f"excluded_{reason}"


_WAITING = ("planned", "claimed", "handing", "deferred")
_DROPPED = ("suppressed", "expired", "cancelled")


class MailingRow(Row, kind="mailing"):
    """One mailing. Its candidates are planned or excluded; those planned are sent, waiting, and so on.

    *bought* are the customers who ordered within 14 days after the message was sent to them, and *revenue_minor* what
    these orders come to in the shop's currency. An order that came after several mailings stands at each of them.
    """

    mailing: int
    program: OwnWord
    name: str
    state: MailingState
    planned_at: str
    candidates: int
    planned: int
    sent: int
    waiting: int
    unknown: int
    failed: int
    dropped: int
    excluded: int
    bought: int
    revenue_minor: int
    currency: str
    reasons: Annotated[dict[str, int], tuple(map(_column, REASONS))]


def campaigns(shop: Shop, period: ReportPeriod = ALL_TIME) -> list[MailingRow]:
    """Every mailing to customers that was planned in *period*, the latest first."""
    recipients = _counted("SELECT mailing_id, excluded, COUNT(*) FROM recipients GROUP BY mailing_id, excluded")
    messages = _counted("SELECT mailing_id, state, COUNT(*) FROM outbox GROUP BY mailing_id, state")
    bought, listed, currency = _bought(shop.settings.currency), [], shop.settings.currency
    first, last = (day_of(day) for day in period.days)
    for number, program, name, state, planned_at in execute(
        """SELECT id, program, name, state, planned_at FROM mailings
           WHERE planned_at >= ? AND planned_at < ?
             AND EXISTS (SELECT 1 FROM recipients WHERE mailing_id = mailings.id)
           ORDER BY id DESC""",
        shop.clock.start_of(first),
        shop.clock.end_of(last),
    ):
        people, states = recipients[number], messages[number]
        planned = people.get("", 0)
        excluded = sum(people.values()) - planned
        waiting, dropped = (sum(states.get(one, 0) for one in ones) for ones in (_WAITING, _DROPPED))
        unqueued = planned - sum(states.values())
        listed.append(
            MailingRow(
                mailing=number,
                program=program,
                name=name,
                state=state,
                planned_at=shop.clock.iso(planned_at),
                candidates=planned + excluded,
                planned=planned,
                sent=states.get("sent", 0),
                waiting=waiting + (0 if state == "cancelled" else unqueued),
                unknown=states.get("unknown", 0),
                failed=states.get("failed", 0),
                dropped=dropped + (unqueued if state == "cancelled" else 0),
                excluded=excluded,
                bought=bought.get(number, (0, 0))[0],
                revenue_minor=bought.get(number, (0, 0))[1],
                currency=currency,
                reasons={_column(reason): people.get(reason, 0) for reason in REASONS},
            )
        )
    return listed


WINDOW_DAYS = 14
# Whom each mailing wrote to, and when. Whoever was merged since is followed to the customer who has the orders now.
_SENT = """WITH RECURSIVE merged (customer_id, survivor_id) AS (
                SELECT id, merged_into FROM customers WHERE merged_into IS NOT NULL
                UNION SELECT merged.customer_id, customers.merged_into FROM merged
                JOIN customers ON customers.id = merged.survivor_id WHERE customers.merged_into IS NOT NULL),
            survivors AS (
                SELECT merged.customer_id, merged.survivor_id FROM merged
                JOIN customers ON customers.id = merged.survivor_id WHERE customers.merged_into IS NULL),
            sent AS (
                SELECT b.mailing_id, b.handed_at, COALESCE(s.survivor_id, b.customer_id) AS buyer_id
                FROM outbox b LEFT JOIN survivors s ON s.customer_id = b.customer_id
                WHERE b.state = 'sent' AND b.customer_id IS NOT NULL)"""
_WITHIN = f"""o.customer_id = sent.buyer_id AND o.is_sale = 1
            AND o.ordered_at >= sent.handed_at AND o.ordered_at < sent.handed_at + {WINDOW_DAYS * DAY_SECONDS}"""


def _bought(currency: str) -> dict[int, tuple[int, int]]:
    """By mailing: the customers who ordered within the window after they were written to, and their orders' sum."""
    found = execute(
        f"""{_SENT} SELECT sent.mailing_id, COUNT(DISTINCT o.customer_id),
            SUM(CASE WHEN o.currency = ? THEN o.gross_minor ELSE 0 END)
        FROM sent JOIN orders o ON {_WITHIN} GROUP BY sent.mailing_id""",
        currency,
    )
    return {mailing: (int(customers), int(minor)) for mailing, customers, minor in found}


@dataclass(frozen=True, slots=True)
class Together:
    """All mailings of a period: whom they wrote to, who of these bought, and the sum of their orders, each once."""

    recipients: int
    bought: int
    revenue_minor: int

    @classmethod
    def of(cls, shop: Shop, period: ReportPeriod) -> Together:
        first, last = (day_of(day) for day in period.days)
        planned = "mailing_id IN (SELECT id FROM mailings WHERE planned_at >= ? AND planned_at < ?)"
        days = shop.clock.start_of(first), shop.clock.end_of(last)
        ((recipients,),) = execute(f"{_SENT} SELECT COUNT(DISTINCT buyer_id) FROM sent WHERE {planned}", *days)
        ((bought, minor),) = execute(
            f"""{_SENT} SELECT COUNT(DISTINCT customer_id), SUM(CASE WHEN currency = ? THEN gross_minor ELSE 0 END)
            FROM (SELECT DISTINCT o.id, o.customer_id, o.currency, o.gross_minor
                FROM sent JOIN orders o ON {_WITHIN} WHERE {planned}) AS found""",
            shop.settings.currency,
            *days,
        )
        return cls(int(recipients), int(bought), int(minor or 0))

    @property
    def share(self) -> float | None:
        return self.bought / self.recipients if self.recipients else None


def _first_planned(shop: Shop) -> date | None:
    first = value("SELECT MIN(planned_at) FROM mailings WHERE id IN (SELECT mailing_id FROM recipients)")
    return None if first is None else shop.clock.day(first)


def _counted(sql: str) -> dict[int, dict[str, int]]:
    counts: dict[int, dict[str, int]] = defaultdict(dict)
    for mailing_id, word, count in execute(sql):
        counts[mailing_id][word] = int(count)
    return counts


def tell(telling: Telling) -> Story:
    """From candidates to buyers, for each of the latest mailings; what goes to everybody who was planned beside it."""
    say, rows, currency = telling.say, telling.rows, telling.shop.settings.currency
    sent, together = sum(row.sent for row in rows), Together.of(telling.shop, telling.period)
    earlier = Together.of(telling.shop, telling.then) if telling.then else None
    latest = max(map(_counted_until, rows))
    counting = _until(latest, telling) if _is_open(latest, telling) else ""  # and compared with nothing meanwhile
    waiting = counting if not together.bought else ""
    failed, unknown = sum(row.failed for row in rows), sum(row.unknown for row in rows)
    return Story(
        finding=_finding(telling, sent, together),
        lead=_lead(telling, sent, together, latest),
        figures=[
            Figure(say("Sent", "נשלחו"), f"{sent:,}", telling.changed(sent, sum(row.sent for row in telling.before))),
            Figure(
                say("Bought", "קנו"),
                "–" if together.share is None or waiting else percent(together.share),
                counting or telling.moved(together.share, earlier.share if earlier else None),
            ),
            Figure(
                say("Their orders", "סכום ההזמנות שלהם"),
                "–" if waiting else amount(together.revenue_minor, currency),
                counting or telling.changed(together.revenue_minor, earlier.revenue_minor if earlier else None),
            ),
            Figure(
                say("Failed or unknown", "נכשלו או לא ידוע אם נשלחו"),
                f"{failed + unknown:,}",
                say(f"{unknown:,} unknown", f"לגבי {unknown:,} לא ידוע") if unknown else "",
            ),
        ],
        note=say(
            "An order that came after several mailings counts once here, and below at each of them. Before returns.",
            "הזמנה שבאה אחרי כמה דיוורים נספרת כאן פעם אחת, ולמטה בכל אחד מהם. לפני החזרות.",
        )
        if together.bought
        else "",
        sections=[
            Section(
                say("From the list to the purchase", "מהרשימה ועד הקנייה"),
                Markup("").join(
                    bars(
                        list(_funnel(row, telling)),
                        heading=_heading(row, telling),
                        label=say("Mailings", "דיוורים"),
                        rtl=telling.rtl,
                    )
                    for row in rows[:_DRAWN]
                ),
                note=say(
                    f"The latest {_DRAWN} mailings; all of them are in the table below.",
                    f"{_DRAWN} הדיוורים האחרונים; כל הדיוורים מופיעים בטבלה שלמטה.",
                )
                if len(rows) > _DRAWN
                else "",
            )
        ],
    )


def _counted_until(row: MailingRow) -> date:
    """The day to which what was bought after a mailing is counted."""
    return date.fromisoformat(row.planned_at[:10]) + timedelta(days=WINDOW_DAYS)


def _is_open(until: date, telling: Telling) -> bool:
    return until > telling.shop.clock.today()


def _until(until: date, telling: Telling) -> str:
    day = day_in_words(until, telling.language)
    return telling.say(f"counted until {day}", f"הספירה נמשכת עד {day}")


def _finding(telling: Telling, sent: int, together: Together) -> str:
    if not sent:
        return telling.say("Nothing has been sent yet", "עדיין לא נשלח דבר")
    if not together.bought:
        return telling.many(
            sent, ("1 message has been sent", "{} messages have been sent"), ("נשלחה הודעה אחת", "נשלחו {} הודעות")
        )
    return telling.many(
        together.bought,
        (
            f"1 of {together.recipients:,} recipients bought within {WINDOW_DAYS} days",
            f"{{}} of {together.recipients:,} recipients bought within {WINDOW_DAYS} days",
        ),
        (
            f"נמען אחד מתוך {together.recipients:,} קנה בתוך {WINDOW_DAYS} יום מההודעה",
            f"{{}} מתוך {together.recipients:,} נמענים קנו בתוך {WINDOW_DAYS} יום מההודעה",
        ),
    )


def _lead(telling: Telling, sent: int, together: Together, latest: date) -> str:
    """What must be known beside the finding: whether there is still time, and what the figures cannot show."""
    if not sent:
        return ""
    if _is_open(latest, telling):
        day = day_in_words(latest, telling.language)
        return telling.say(
            f"Purchases after a message are counted until {day}.", f"קניות שאחרי ההודעה נספרות עד {day}."
        )
    if not together.bought:
        return telling.say(f"Nobody bought within {WINDOW_DAYS} days.", f"אף נמען לא קנה בתוך {WINDOW_DAYS} יום.")
    return telling.say("They might have bought without the message too.", "ייתכן שהיו קונים גם בלי ההודעה.")


_DRAWN = 6
_NOT_SENDING = ("planned", "paused", "cancelled")


def _heading(row: MailingRow, telling: Telling) -> str:
    name = telling.say(*program_of(row.program).labels)
    day = day_in_words(date.fromisoformat(row.planned_at[:10]), telling.language)
    state = f" · {telling.say(*_STATES[row.state])}" if row.state in _NOT_SENDING else ""
    return f"{name} {named(row.name)} · {named(day)}{state}"


def _funnel(row: MailingRow, telling: Telling) -> Iterator[Bar]:
    say = telling.say
    yield Bar(say("Candidates", "נמענים אפשריים"), row.candidates, f"{row.candidates:,}", QUIET)
    for reason, label in REASONS.items():
        if excluded := row.reasons.get(_column(reason), 0):
            yield Bar(say(*label), excluded, f"{excluded:,}", QUIET)
    yield Bar(say("Sent", "נשלחו"), row.sent, f"{row.sent:,}")
    for word, count, fill in (
        (say("Waiting", "ממתינים"), row.waiting, THIRD),
        (say("Unknown", "לא ידוע"), row.unknown, SECOND),
        (say("Failed", "נכשלו"), row.failed, BAD),
        (say("Dropped", "בוטלו לפני השליחה"), row.dropped, QUIET),
    ):
        if count:
            yield Bar(word, count, f"{count:,}", fill)
    revenue = amount(row.revenue_minor, telling.shop.settings.currency)
    if row.sent:
        none = "–" if _is_open(_counted_until(row), telling) else "0"
        yield Bar(say("Bought", "קנו"), row.bought, f"{row.bought:,} · {revenue}" if row.bought else none, SECOND)


_STATES = {
    "planned": ("planned", "תוכנן"),
    "approved": ("approved", "אושר"),
    "active": ("active", "פעיל"),
    "paused": ("paused", "מושהה"),
    "cancelled": ("cancelled", "בוטל"),
}

REPORT = Report(
    title=("Results of each mailing", "תוצאות הדיוורים"),
    row_type=MailingRow,
    find=campaigns,
    tell=tell,
    compares=True,
    begins=_first_planned,
    first_step="campaigns draft NAME",
    values={"program": lambda name: program_of(name).labels, "state": _STATES.__getitem__},
    labels={
        "mailing": ("Mailing", "דיוור"),
        "program": ("Program", "סוג"),
        "name": ("Name", "שם"),
        "state": ("State", "מצב"),
        "planned_at": ("Planned at", "מועד התכנון"),
        "candidates": ("Candidates", "נמענים אפשריים"),
        "planned": ("Planned", "נמענים"),
        "sent": ("Sent", "נשלחו"),
        "waiting": ("Waiting", "ממתינים"),
        "unknown": ("Unknown", "לא ידוע"),
        "failed": ("Failed", "נכשלו"),
        "dropped": ("Dropped", "בוטלו לפני השליחה"),
        "excluded": ("Excluded", "לא נכללו"),
        "bought": ("Bought", "קנו"),
        "revenue_minor": ("Their orders", "סכום ההזמנות שלהם"),
        **{_column(reason): label for reason, label in REASONS.items()},
    },
    definitions=(
        (
            "candidates = planned + excluded; planned = sent + waiting + unknown + failed + dropped.",
            "נמענים אפשריים = נמענים + לא נכללו; נמענים = נשלחו + ממתינים + לא ידוע + נכשלו + בוטלו לפני השליחה.",
        ),
        (
            "unknown: the server's answer was lost; dropped: suppressed, expired or cancelled.",
            "לא ידוע: תשובת השרת אבדה; בוטלו לפני השליחה: הנמען נחסם, המועד עבר או שהדיוור בוטל.",
        ),
        (
            "bought = customers who ordered within 14 days after the message was sent to them, whatever the reason.",
            "קנו = לקוחות שהזמינו בתוך 14 יום אחרי שנשלחה אליהם ההודעה, מכל סיבה שהיא.",
        ),
        (
            "their orders = what these come to, before returns; an order counts at each mailing that it came after, "
            "and once where all mailings are added up.",
            "סכום ההזמנות שלהם הוא לפני החזרות; הזמנה נספרת בכל דיוור שהיא באה אחריו, "
            "ובסיכום של כל הדיוורים – פעם אחת.",
        ),
    ),
)
