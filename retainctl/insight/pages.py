"""A report as one self-contained HTML file: chart, table and definitions, in the shop's language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, Final

from jinja2 import Environment, StrictUndefined

from retainctl.config import Shop
from retainctl.html_page import framed
from retainctl.insight.reports import Report, Wording
from retainctl.money import with_sign
from retainctl.rows import Row

_BODY: Final = """\
<p class="under"><bdi>{{ shop }}</bdi> · <bdi>{{ day }}</bdi></p>
{% if not rows %}<p>{{ nothing }}</p>{% else %}
{% if tiles %}<dl class="tiles">{% for name, value in tiles %}<div><dt>{{ name }}</dt>\
<dd><bdi dir="ltr">{{ value }}</bdi></dd></div>{% endfor %}</dl>{% endif %}
<figure>{{ chart }}</figure>
<div class="wide">
<table class="{{ 'upright' if not columns }}">
{% if columns %}<thead>
<tr>{% for name, kind in columns %}<th class="{{ kind }}">{{ name }}</th>{% endfor %}</tr>
</thead>{% endif %}
<tbody>
{% for row in rows %}<tr>{% for value, kind in row %}<td class="{{ kind }}">\
<bdi{{ ' dir=ltr' if kind == 'number' }}>{{ value }}</bdi></td>{% endfor %}</tr>
{% endfor %}</tbody>
</table>
</div>
{% endif %}
<ul>{% for line in definitions %}<li>{{ line }}</li>{% endfor %}</ul>"""


def page(shop: Shop, report: Report, rows: Sequence[Any]) -> str:
    """The HTML page of *report* with its *rows*."""
    settings, words = shop.settings, Wording(report, shop.settings.language)
    columns, cells = _table(rows, words)
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    body = environment.from_string(_BODY).render(
        shop=settings.name,
        day=shop.clock.today().isoformat(),
        nothing=words["nothing_yet"],
        tiles=_tiles(shop, report.tiles, rows, words),
        chart=report.chart(rows, words) if rows else "",
        columns=columns,
        rows=cells,
        definitions=words.definitions,
    )
    return framed(words.title, body, language=settings.language, direction=settings.direction, owner=settings.name)


Shown = tuple[str, str]  # a text, and the class of its cell


def _table(rows: Sequence[Row], words: Wording) -> tuple[list[Shown], list[list[Shown]]]:
    """The headings and the lines of the table. Few rows with many figures are transposed: one line per figure."""
    records = [_record(row) for row in rows]
    names = list(dict.fromkeys(name for record in records for name in record))
    kinds = {name: "number" if _is_numeric(name, records) else "word" for name in names}
    cells = [[(_shown(name, record.get(name), record, words), kinds[name]) for name in names] for record in records]
    headings = [(words.heading(name), kinds[name]) for name in names]
    if len(rows) > 3 or len(names) < 12:
        return headings, cells
    upright = zip(headings, *cells, strict=True)
    return [], [[(heading[0], "name"), *((text, "number") for text, _ in line)] for heading, *line in upright]


def _record(row: Row) -> dict[str, Any]:
    """A row's values by column; each key of a dict becomes a column of its own."""
    record: dict[str, Any] = {}
    for field in fields(row):
        value = getattr(row, field.name)
        record |= value if isinstance(value, dict) else {field.name: value}
    return record


def _is_numeric(name: str, records: Sequence[dict[str, Any]]) -> bool:
    return all(isinstance(record.get(name), int | float | None) for record in records)


def _tiles(shop: Shop, names: Sequence[str], rows: Sequence[Row], words: Wording) -> list[tuple[str, str]]:
    """The figures *names* in the shop's own currency, or in the first row's where there are none in it."""
    if not names or not rows:
        return []
    records = [_record(row) for row in rows]
    own = next((record for record in records if record["currency"] == shop.settings.currency), records[0])
    return [(words[name], _shown(name, own[name], own, words)) for name in names]


def _shown(name: str, value: Any, record: dict[str, Any], words: Wording) -> str:
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
