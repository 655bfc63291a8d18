"""A report as one self-contained HTML file: what it found, its pictures, and all of its figures with their meaning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, Final, NamedTuple

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from retainctl.config import Shop
from retainctl.html_page import MANY, framed
from retainctl.insight.periods import ALL_TIME, ReportPeriod, days_of_orders
from retainctl.insight.reports import Report, Wording
from retainctl.insight.story import Story, Telling
from retainctl.money import with_sign
from retainctl.rows import Row
from retainctl.wording import day_in_words, days_in_words

_BODY: Final = """\
{% if story.lead %}<p class="lead">{{ story.lead }}</p>
{% endif %}{% if story.figures %}<dl class="figures">{% for one in story.figures %}
<div><dt>{{ one.name }}</dt><dd class="value{{ ' long' if one.shown|length > 10 }}"><bdi>{{ one.shown }}</bdi></dd>\
{% if one.beneath %}<dd class="beneath">{{ one.beneath }}</dd>{% endif %}</div>{% endfor %}
</dl>
{% endif %}{% if story.note %}<p class="key">{{ story.note }}</p>
{% endif %}{% for section in story.sections %}<section>
<h2><bdi>{{ section.title }}</bdi></h2>
{% if section.note %}<p class="key">{{ section.note }}</p>
{% endif %}{% if section.key %}<p class="key">\
{% for swatch, text in section.key %}<span><i class="{{ swatch }}"></i>{{ text }}</span> {% endfor %}</p>
{% endif %}{{ section.chart }}
</section>
{% endfor %}{% if tables or definitions %}<details>
<summary>{{ how }}</summary>
<ul>{% for line in definitions %}<li>{{ line }}</li>{% endfor %}</ul>
{% for head, lines in tables %}<div class="wide{{ ' many' if head|length > many }}">
<table>
<thead><tr>{% for name, kind in head %}<th class="{{ kind }}">{{ name }}</th>{% endfor %}</tr></thead>
<tbody>
{% for line in lines %}<tr>{% for value, kind in line %}<td class="{{ kind }}">\
<bdi{{ ' dir=ltr' if kind == 'number' }}>{{ value }}</bdi></td>{% endfor %}</tr>
{% endfor %}</tbody>
</table>
</div>
{% endfor %}</details>
{% endif %}"""
_COLUMNS: Final = 14  # of one table; what has more of them goes on in a second one, which begins with the same column


_HOW: Final = {  # without figures, and with them
    "en": ("How it is counted", "How it is counted, and all figures"),
    "he": ("איך זה מחושב", "איך זה מחושב, וכל המספרים"),
}


class Page(NamedTuple):
    """A page: its title, what it found, and its HTML."""

    title: str
    finding: str
    html: str


def page(shop: Shop, report: Report, rows: Sequence[Any], period: ReportPeriod = ALL_TIME) -> Page:
    """The page of *report* with its *rows* of *period*, in the shop's language."""
    words = Wording(report, shop.settings.language)
    telling = report.telling(shop, rows, period)
    story = report.tell(telling) if rows else _nothing(report, words, period)
    return story_page(
        shop,
        words.title,
        story,
        tables=tables(rows, words),
        definitions=words.definitions,
        when=_as_of(telling) if report.is_of_a_day and not period.whole else when(shop, period, telling.then),
    )


def _nothing(report: Report, words: Wording, period: ReportPeriod) -> Story:
    """What a page without figures says: that these days have none, or how the first of all come about."""
    if not period.whole:
        return Story(words["nothing_then"])
    step = Markup('{} <code dir="ltr">retainctl {}</code>').format(words["begin_with"], report.first_step)
    return Story(words["nothing_yet"], step)


def when(shop: Shop, period: ReportPeriod = ALL_TIME, then: ReportPeriod | None = None) -> str:
    """What a page is of, in words: the days of *period* and those it is compared with; of all time today, and the days
    of the orders."""
    language = shop.settings.language
    hebrew = language == "he"
    if not period.whole:
        compared = f" · {'לעומת' if hebrew else 'compared with'} {then.in_words(language)}" if then else ""
        return period.in_words(language) + compared
    today, orders = day_in_words(shop.clock.today(), language), days_of_orders()
    if not orders:
        return today
    first, last = (day_in_words(day, language) for day in orders)
    if not hebrew:
        return f"{today} · orders {days_in_words(*orders, language)}"
    return f"{today} · הזמנות " + (f"מיום {first}" if first == last else f"מ־{first} עד {last}")


def _as_of(telling: Telling) -> str:
    day = day_in_words(telling.today, telling.language)
    return telling.say(f"As of {day}, all orders until then", f"נכון ל־{day}, כל ההזמנות עד אז")


Shown = tuple[str, str]  # a text, and the class of its cell
FigureTable = tuple[list[Shown], list[list[Shown]]]  # its headings and its lines


def story_page(
    shop: Shop,
    title: str,
    story: Story,
    *,
    when: str,
    tables: Sequence[FigureTable] = (),
    definitions: Sequence[str] = (),
) -> Page:
    """The page called *title* that tells *story*, with its *tables* and *definitions* to be opened below."""
    settings = shop.settings
    body = (
        Environment(autoescape=True, undefined=StrictUndefined)
        .from_string(_BODY)
        .render(
            story=story,
            tables=tables,
            definitions=definitions,
            how=_HOW[settings.language][bool(tables)],
            many=MANY,
        )
    )
    html = framed(
        title,
        body,
        language=settings.language,
        direction=settings.direction,
        owner=settings.name,
        when=when,
        finding=story.finding,
    )
    return Page(title, story.finding, html)


def tables(rows: Sequence[Row], words: Wording) -> list[FigureTable]:
    """Every row with every column; what is too wide for a sheet of paper goes on in a second table."""
    if not rows:
        return []
    records = [_record(row) for row in rows]
    names = list(dict.fromkeys(name for record in records for name in record))
    if len({record.get("currency") for record in records}) > 1:
        names.remove("currency")
        names.insert(0, "currency")  # or lines that differ in nothing else would look alike
    kinds = {name: "number" if _is_numeric(name, records) else "word" for name in names}
    first, rest = names[0], names[1:]
    parts = [rest[start : start + _COLUMNS - 1] for start in range(0, len(rest), _COLUMNS - 1)] or [[]]
    if len(rows) <= _BESIDE and len(names) > MANY:
        return [_upright(records, names, words)]
    return [
        (
            [(words.heading(name), kinds[name]) for name in (first, *part)],
            [
                [(shown(name, record.get(name), record, words), kinds[name]) for name in (first, *part)]
                for record in records
            ],
        )
        for part in parts
    ]


_BESIDE: Final = 5  # rows that stand beside each other, a line for each figure, where they have many


def _upright(records: Sequence[dict[str, Any]], names: Sequence[str], words: Wording) -> FigureTable:
    lines = [
        [
            (words.heading(name), "name"),
            *((shown(name, record.get(name), record, words), "number") for record in records),
        ]
        for name in names
    ]
    return [("", "name"), *(("", "number") for _ in records)], lines


def _record(row: Row) -> dict[str, Any]:
    """A row's values by column; each key of a dict becomes a column of its own, behind the others."""
    record: dict[str, Any] = {}
    for field in fields(row):
        value = getattr(row, field.name)
        record |= value if isinstance(value, dict) else {field.name: value}
    return record


def _is_numeric(name: str, records: Sequence[dict[str, Any]]) -> bool:
    return all(isinstance(record.get(name), int | float | None) for record in records)


def shown(name: str, value: Any, record: dict[str, Any], words: Wording) -> str:
    """*value* formatted for reading: money in major units, rates in per cent, times as day and minute."""
    if value is None:
        return ""
    if name.endswith("_minor"):
        return with_sign(value, record["currency"])
    if name.endswith("_rate"):
        return f"{value:.1%}"
    if isinstance(value, float):
        return f"{value:,.2f}".rstrip("0").rstrip(".")
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    if name.endswith("_at"):
        return f"{value[:10]} {value[11:16]}"
    return words.value(name, str(value))
