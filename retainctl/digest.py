"""The weekly digest, which the shop's owner gets by mail: the figures, what the reports found, what needs a person.

It is a service message like any other: queued once for each week, sent by ``outbox deliver``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Final, Literal

from retainctl.config import Shop
from retainctl.insight.periods import ReportPeriod
from retainctl.insight.reports import Wording, all_reports, as_read
from retainctl.insight.reports.retention import WhoBought, figures_of
from retainctl.insight.story import Figure, Telling
from retainctl.needs import needs
from retainctl.outreach.blocks import figures_block
from retainctl.outreach.composing import templates_of
from retainctl.outreach.outbox.queueing import queue_for
from retainctl.outreach.programs import Program, Recipe
from retainctl.outreach.templates import Templates
from retainctl.result import Result
from retainctl.rows import Row
from retainctl.store.database import rows, value
from retainctl.store.dialect import hold_lock
from retainctl.store.outreach import Mailing
from retainctl.store.transactions import in_one_transaction
from retainctl.wording import amount, named, with_prefix

DAYS: Final = 7


class Digest(Row, kind="digest"):
    """The digest of the days up to *week*, for *to*; whether it was queued now, or already."""

    week: str
    to: str
    outcome: Literal["queued", "already queued"]


def week_of(shop: Shop) -> ReportPeriod:
    """The seven days that ended yesterday."""
    yesterday = shop.clock.today() - timedelta(days=1)
    return ReportPeriod(yesterday - timedelta(days=DAYS - 1), yesterday)


def send(shop: Shop) -> Result[Digest]:
    """Queue the digest of the week for the shop's owner, once; nothing where no owner is named."""
    to_address = shop.settings.owner_email
    if not to_address:
        return Result(notes=("owner_email in retainctl.toml is empty, so that nobody gets the digest",))
    week = str(week_of(shop).last)
    return Result((Digest(week, to_address, "queued" if _queue(shop, week, to_address) else "already queued"),))


@in_one_transaction
def _queue(shop: Shop, week: str, to_address: str) -> bool:
    hold_lock("digest")  # of two at once the later one sees the earlier one's
    if value("SELECT 1 FROM mailings WHERE program = 'digest' AND name = ?", week):
        return False
    now = shop.clock.now()
    mailing = Mailing.create(
        program="digest",
        name=week,
        class_="transactional",
        purpose="service",
        state="active",
        templates=recipe_of(shop, week).templates.to_json(),
        plan_hash="",
        planned_at=now,
        sent_at=now,
    )
    return queue_for(shop, mailing.id, who="owner", to_address=to_address, context={"name": None})


def recipe_of(shop: Shop, name: str) -> Recipe:
    """The message: every text is a value, so that nothing in it is taken for Markdown."""
    words = dict(_words(shop))
    figures, findings, needed = (_numbered(words, kind) for kind in ("figure", "report", "need"))
    parts = ["# {{ headline }}", "{{ days }}"]
    if needed:
        parts += ["## {{ waiting }}", *(f"- {{{{ {one}_detail }}}}" for one in needed)]
    parts += ["{figures}"] * bool(figures)
    if findings:
        parts += ["## {{ found }}", *(f"**{{{{ {one}_title }}}}** – {{{{ {one}_finding }}}}" for one in findings)]
    if not needed:
        parts.append("{{ waiting }}")
    hebrew = shop.settings.language == "he"
    templates = templates_of(
        shop,
        subject="{{ headline }}",
        preheader="{{ days }}",
        reason="הסיכום השבועי נשלח לבעלי החנות." if hebrew else "The weekly digest goes to the owner of the shop.",
        body="\n\n".join(parts),
        purpose="service",
        constants=words,
        blocks={"figures": figures_block(figures)},
    )
    return Recipe("digest", name, "service", templates)


def _numbered(words: Mapping[str, str], kind: str) -> list[str]:
    """``figure_1``, ``figure_2`` …: the names of this kind, each once."""
    return sorted({name.rpartition("_")[0] for name in words if name.startswith(f"{kind}_")})


def _words(shop: Shop) -> Iterator[tuple[str, str]]:
    """Every text of the digest by its name."""
    week, retention = week_of(shop), all_reports()["retention"]
    telling = replace(retention.telling(shop, retention.rows(shop, week), week), says_against_what=False)
    say = telling.say
    figures = _figures(telling) if telling.rows else []
    name, summary = shop.settings.name, _summary(telling)
    yield "headline", say(f"The week at {named(name)}: {summary}", f"השבוע {with_prefix('ב', name)}: {summary}")
    days = week.in_words(telling.language)
    yield "days", say(f"{days}, compared with the week before", f"{days}, לעומת השבוע שלפניו") if telling.then else days
    for number, figure in enumerate(figures, 1):
        yield f"figure_{number}_name", figure.name
        yield f"figure_{number}_shown", figure.shown
        yield f"figure_{number}_beneath", figure.beneath
    yield "found", say("What is new in the reports", "מה חדש בדוחות")
    yield from _findings(shop, str(week.last))
    yield from _needs(telling)


def _summary(telling: Telling) -> str:
    """The orders of the week and what they came to in each currency; where there are none, those of the week before."""
    bought = WhoBought.of(telling.rows, telling.period)
    orders, guests = bought.orders, bought.guest_orders
    if orders or guests:
        counts = [
            telling.many(orders, ("1 order", "{} orders"), ("הזמנה אחת", "{} הזמנות")),
            telling.many(guests, ("1 order by a guest", "{} orders by guests"), ("הזמנת אורח אחת", "{} הזמנות אורח")),
        ]
        amounts = [amount(row.net_revenue_minor, row.currency) for row in telling.rows if row.orders]
        return ", ".join([*counts[:1] * bool(orders), *amounts, *counts[1:] * bool(guests)])
    none = telling.say("no orders", "לא היו הזמנות")
    before = WhoBought.of(telling.before, telling.then).orders if telling.then else 0
    if not before:
        return none
    after = telling.many(
        before,
        ("after 1 in the week before", "after {} in the week before"),
        ("אחרי הזמנה אחת בשבוע שלפניו", "אחרי {} הזמנות בשבוע שלפניו"),
    )
    return f"{none}, {after}"


def _figures(telling: Telling) -> list[Figure]:
    """Who bought, and the orders, their average and the revenue: what a week can say; who comes back takes longer."""
    customers = WhoBought.of(telling.rows, telling.period).customers
    then = WhoBought.of(telling.before, telling.then).customers if telling.then else None
    bought = Figure(
        telling.say("Customers who bought", "לקוחות שקנו"), f"{customers:,}", telling.changed(customers, then)
    )
    return [bought, *figures_of(telling)[1:]]


def _findings(shop: Shop, week: str) -> Iterator[tuple[str, str]]:
    """What each report finds over all time, but for what it found when a digest last told of it."""
    told: dict[str, str] = {}
    for (templates,) in rows(
        "SELECT templates FROM mailings WHERE program = 'digest' AND name < ? ORDER BY name, id", week
    ):
        constants = Templates.from_json(templates).constants
        told |= {constants[f"{one}_title"]: constants[f"{one}_finding"] for one in _numbered(constants, "report")}
    for number, report in enumerate(as_read(all_reports()).values(), 1):
        if found := report.rows(shop):
            finding = report.tell(report.telling(shop, found)).finding
            title = Wording(report, shop.settings.language).title
            if told.get(title) != finding:
                yield f"report_{number}_title", title
                yield f"report_{number}_finding", finding


def _needs(telling: Telling) -> Iterator[tuple[str, str]]:
    found = needs(telling.shop)
    if not found:
        yield "waiting", telling.say("Nothing needs your attention.", "אין דבר שדורש טיפול.")
        return
    yield "waiting", telling.say("What needs your attention", "מה דורש טיפול")
    for number, need in enumerate(found, 1):
        detail = f"{need.detail[0].upper()}{need.detail[1:]}"
        yield f"need_{number}_detail", telling.say(detail, need.in_hebrew)


DIGEST: Final = Program("digest", "reports", labels=("digest", "סיכום שבועי"), recipe=recipe_of)
