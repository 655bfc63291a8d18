"""What a message may hold beside Markdown, each in a paragraph of its own: a button, and blocks in braces.

    [To the new beans](https://shop.example/beans){button}

    {points}

Each is a table in HTML, because that is what every mail program lays out alike, and words in the plain text.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple


class MailBlock(NamedTuple):
    """A block as two templates."""

    html: str
    text: str


def button(address: str, words: str) -> str:
    """The HTML template of a button with *words* (HTML) that leads to *address* (of an attribute)."""
    return _BUTTON.format(address=address, words=words)


# Outlook knows no padding of a link, and takes that of the cell.
_BUTTON: Final = """\
<table role="presentation" cellpadding="0" cellspacing="0" border="0" style="margin:8px 0 24px;">\
<tr><td bgcolor="{{{{ brand_color }}}}" align="center" \
style="background:{{{{ brand_color }}}}; border-radius:8px; mso-padding-alt:14px 28px;">\
<a class="button" href="{address}" style="display:inline-block; padding:14px 28px; font-size:16px; line-height:1.3; \
font-weight:bold; color:{{{{ brand_text }}}}; text-decoration:none; border-radius:8px;">{words}</a></td></tr></table>
"""
_POINTS: Final = """\
{{% if points %}}
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="margin:0 0 24px;">\
<tr><td class="box" align="{{{{ side }}}}" bgcolor="#f6f2ea" \
style="padding:14px 20px 16px; background:#f6f2ea; border-radius:10px; font-size:14px; line-height:1.6;">\
<span class="quiet" style="color:#685f54;">{title}</span><br>\
<span style="font-size:24px; line-height:1.3; font-weight:bold;">{{{{ points|grouped }}}}</span>\
{{% if points_value %}} {worth}{{% endif %}}</td></tr></table>
{{% endif %}}
"""
_POINTS_TEXT: Final = """\
{{% if points %}}
{title}: {{{{ points|grouped }}}}{{% if points_value %}} ({worth}){{% endif %}}

{{% endif %}}"""
_WORDS: Final = {
    "he": ("הנקודות שלכם במועדון", "בשווי {{ points_value }} בקנייה הבאה"),
    "en": ("Your club points", "worth {{ points_value }} in your next order"),
}
# What every message may hold, by the language of the mail.
BLOCKS: Final = {
    language: {
        "points": MailBlock(_POINTS.format(title=title, worth=worth), _POINTS_TEXT.format(title=title, worth=worth))
    }
    for language, (title, worth) in _WORDS.items()
}


def figures_block(names: Sequence[str]) -> MailBlock:
    """Figures, two in a row: of each of *names* the values ``NAME_name``, ``NAME_shown`` and ``NAME_beneath``."""
    cells = [_FIGURE.format(one=one) for one in names]
    rows = "".join(f"<tr>{''.join(cells[place : place + 2])}</tr>" for place in range(0, len(cells), 2))
    return MailBlock(_FIGURES.format(rows=rows), "".join(_FIGURE_TEXT.format(one=one) for one in names))


_FIGURES: Final = """\
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" \
style="table-layout:fixed; margin:0 0 20px;">{rows}</table>
"""
_FIGURE: Final = """\
<td width="50%" valign="top" align="{{{{ side }}}}" style="padding:12px 0 10px; border-top:1px solid #d8d0c3; \
font-size:14px; line-height:1.5;"><span class="quiet" style="color:#685f54;">{{{{ {one}_name }}}}</span><br>\
<span style="font-size:24px; line-height:1.3; font-weight:bold;">{{{{ {one}_shown }}}}</span>\
{{% if {one}_beneath %}}<br><span class="quiet" style="color:#685f54;">{{{{ {one}_beneath }}}}</span>{{% endif %}}</td>\
"""
# The plus keeps the end of the line, which Jinja would take away.
_FIGURE_TEXT: Final = """\
{{{{ {one}_name }}}}: {{{{ {one}_shown }}}}{{% if {one}_beneath %}} ({{{{ {one}_beneath }}}}){{% endif +%}}
"""
