"""The results of each mailing: how many were planned, excluded and why, and the states of the messages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Annotated

from markupsafe import Markup

from retainctl.config import Shop
from retainctl.insight.reports import Report, Wording
from retainctl.insight.svg import ACCENT, GREY, MUTED, SOFT, WARM, WIDTH, Canvas
from retainctl.outreach.contact import REASONS
from retainctl.outreach.programs import program_of
from retainctl.rows import Row
from retainctl.store.database import execute


def _column(reason: str) -> str:
    """What the column of those who were excluded for *reason* is called."""
    return f"excluded_{reason}"


_WAITING = ("planned", "claimed", "handing", "deferred")
_DROPPED = ("suppressed", "expired", "cancelled")


class MailingRow(Row, kind="mailing"):
    """One mailing. Its candidates are planned or excluded; those planned are sent, waiting, and so on."""

    mailing: int
    program: str
    name: str
    state: str
    planned_at: str
    candidates: int
    planned: int
    sent: int
    waiting: int
    unknown: int
    failed: int
    dropped: int
    excluded: int
    reasons: Annotated[dict[str, int], tuple(map(_column, REASONS))]


def campaigns(shop: Shop) -> list[MailingRow]:
    """Every mailing, the latest first."""
    recipients = _counted("SELECT mailing_id, excluded, COUNT(*) FROM recipients GROUP BY mailing_id, excluded")
    messages = _counted("SELECT mailing_id, state, COUNT(*) FROM outbox GROUP BY mailing_id, state")
    listed = []
    for number, program, name, state, planned_at in execute(
        "SELECT id, program, name, state, planned_at FROM mailings ORDER BY id DESC"
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
                reasons={_column(reason): people.get(reason, 0) for reason in REASONS},
            )
        )
    return listed


def _counted(sql: str) -> dict[int, dict[str, int]]:
    counts: dict[int, dict[str, int]] = defaultdict(dict)
    for mailing_id, word, count in execute(sql):
        counts[mailing_id][word] = int(count)
    return counts


def chart(rows: Sequence[MailingRow], words: Wording) -> Markup:
    """One bar per mailing: its candidates by what became of them."""
    colours = {
        "sent": ACCENT,
        "waiting": SOFT,
        "unknown": "var(--doubt)",
        "failed": WARM,
        "dropped": MUTED,
        "excluded": GREY,
    }
    canvas = Canvas(34.0 * len(rows) + 34, words.title, rtl=words.rtl)
    for place, (word, fill) in enumerate(colours.items()):
        canvas.box(place * 126.0, 2, 12, 12, fill=fill)
        canvas.text(place * 126.0 + 18, 13, words[word], size=12, fill=MUTED)
    most = max(row.candidates for row in rows) or 1
    for line, row in enumerate(rows):
        top, x = 34.0 * line + 30, 210.0
        canvas.text(0, top + 17, row.name[:28], size=13)
        for word, fill in colours.items():
            count = getattr(row, word)
            wide = (WIDTH - 270) * count / most
            canvas.box(x, top, wide, 24, fill=fill, title=f"{words[word]}: {count:,}", radius=0)
            x += wide
        canvas.text(x + 8, top + 17, f"{row.candidates:,}", size=12, fill=MUTED)
    return canvas.svg()


_STATES = {
    "planned": ("planned", "תוכנן"),
    "approved": ("approved", "אושר"),
    "active": ("active", "פעיל"),
    "paused": ("paused", "מושהה"),
    "cancelled": ("cancelled", "בוטל"),
}

REPORT = Report(
    title=("Results of each mailing", "מה עלה בגורלו של כל דיוור"),
    row_type=MailingRow,
    find=campaigns,
    chart=chart,
    values={"program": lambda name: program_of(name).labels, "state": _STATES.__getitem__},
    labels={
        "mailing": ("Mailing", "דיוור"),
        "program": ("Program", "סוג"),
        "name": ("Name", "שם"),
        "state": ("State", "מצב"),
        "planned_at": ("Planned at", "תוכנן ב-"),
        "candidates": ("Candidates", "מועמדים"),
        "planned": ("Planned", "מתוכננים"),
        "sent": ("Sent", "נשלחו"),
        "waiting": ("Waiting", "ממתינים"),
        "unknown": ("Unknown", "לא ידוע"),
        "failed": ("Failed", "נכשלו"),
        "dropped": ("Dropped", "בוטלו"),
        "excluded": ("Excluded", "הושמטו"),
        **{_column(reason): label for reason, label in REASONS.items()},
    },
    definitions=(
        (
            "candidates = planned + excluded; planned = sent + waiting + unknown + failed + dropped.",
            "מועמדים = מתוכננים + מושמטים; מתוכננים = נשלחו + ממתינים + לא ידוע + נכשלו + בוטלו.",
        ),
        (
            "unknown: the server's answer was lost; dropped: suppressed, expired or cancelled.",
            "לא ידוע: תשובת השרת אבדה; בוטלו: נחסמו, פג תוקפם או בוטלו.",
        ),
    ),
)
