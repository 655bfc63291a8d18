"""The club's liability: points booked by month, and how many are outstanding at its end."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from markupsafe import Markup

from retainctl.config import Shop
from retainctl.insight.reports import Report, Wording
from retainctl.insight.svg import ACCENT, GREY, SOFT, WARM, WIDTH, Canvas
from retainctl.rows import Row
from retainctl.store.database import execute


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


def points(shop: Shop) -> list[PointsMonth]:
    """Every month with bookings."""
    months: dict[str, Counter[str]] = defaultdict(Counter)
    found = execute(
        """SELECT t.recorded_at, t.kind,
               SUM(CASE WHEN a.customer_id IS NULL THEN 0 ELSE e.points END)
                   - SUM(CASE WHEN b.customer_id IS NULL THEN 0 ELSE e.points END)
           FROM transactions t JOIN entries e ON e.seq = t.seq
           JOIN accounts a ON a.id = e.account_id JOIN accounts b ON b.id = e.against_id
           GROUP BY t.recorded_at, t.kind"""
    )
    for recorded_at, kind, moved in found:
        months[shop.clock.day(recorded_at).isoformat()[:7]][kind] += int(moved)
    listed, outstanding = [], 0
    for month in sorted(months):
        moved = months[month]
        outstanding += moved.total()
        listed.append(
            PointsMonth(
                month=month,
                issued=moved["award"],
                granted=moved["grant"],
                redeemed=-moved["redemption"],
                expired=-moved["expiry"],
                clawed_back=-moved["clawback"],
                deducted=-moved["deduction"],
                outstanding=outstanding,
            )
        )
    return listed


def chart(rows: Sequence[PointsMonth], words: Wording) -> Markup:
    """By month: the outstanding points, and below them the points added and removed."""
    shown = rows[-24:]
    canvas = Canvas(390.0, words.title, rtl=words.rtl)
    names = [row.month[2:] for row in shown]
    canvas.bars(0, words["outstanding"], names, [row.outstanding for row in shown], say=_brief, fill=ACCENT)
    canvas.text(0, 214, words["in_and_out"], size=13, bold=True)
    gains = [row.issued + row.granted for row in shown]
    losses = [row.redeemed + row.expired + row.clawed_back + row.deducted for row in shown]
    most = max([*gains, *losses, 1])
    step = WIDTH / len(shown)
    for place, row in enumerate(shown):
        up, down = (70 * max(sum_, 0) / most for sum_ in (gains[place], losses[place]))
        wide = min(step * 0.7, 60)
        x = place * step + (step - wide) / 2
        canvas.box(x, 300 - up, wide, up, fill=SOFT, title=f"{row.month}: +{gains[place]:,}")
        canvas.box(x, 301, wide, down, fill=WARM, title=f"{row.month}: -{losses[place]:,}")
        if step >= 30:
            canvas.text(x + wide / 2, 295 - up, _brief(gains[place]), anchor="middle", size=11)
            canvas.text(x + wide / 2, 314 + down, _brief(losses[place]), anchor="middle", size=11)
    canvas.line(0, 300.5, WIDTH, 300.5, stroke=GREY)
    return canvas.svg()


def _brief(number: float) -> str:
    """``1234567`` as ``1.2M``."""
    for size, letter in ((1_000_000, "M"), (1_000, "k")):
        if abs(number) >= size:
            return f"{number / size:.1f}{letter}"
    return f"{number:,.0f}"


REPORT = Report(
    title=("Points in and out", "נקודות נכנסות ויוצאות"),
    row_type=PointsMonth,
    find=points,
    chart=chart,
    labels={
        "month": ("Month", "חודש"),
        "issued": ("Issued", "הונפקו"),
        "granted": ("Granted", "ניתנו"),
        "redeemed": ("Redeemed", "מומשו"),
        "expired": ("Expired", "פגו"),
        "clawed_back": ("Clawed back", "הושבו"),
        "deducted": ("Deducted", "נוכו"),
        "outstanding": ("Outstanding", "יתרה"),
        "in_and_out": ("In and out", "נכנסו ויצאו"),
    },
    definitions=(
        (
            "month = month of the booking; issued = for orders; granted and deducted = by hand.",
            "החודש הוא חודש הרישום; נקודות שהונפקו הן על הזמנות, שניתנו ונוכו - ביד.",
        ),
        (
            "outstanding = points that customers have, minus points that they owe, at the end of the month.",
            "יתרה = כל הנקודות שבידי לקוחות, פחות מה שהם חייבים, בסוף החודש.",
        ),
    ),
)
