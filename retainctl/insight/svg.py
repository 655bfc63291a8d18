"""Drawing as SVG: every text is escaped, and what is drawn for Hebrew is laid out from right to left.

Colours are names of the page's style sheet, which has them for the light and for the dark.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

from markupsafe import Markup, escape

INK, MUTED, LINE = "var(--ink)", "var(--muted)", "var(--line)"
ACCENT, SECOND, THIRD, QUIET, BAD = "var(--accent)", "var(--second)", "var(--third)", "var(--quiet)", "var(--bad)"
EDGES = {SECOND: "var(--second-edge)", QUIET: "var(--quiet-edge)"}  # around what is too light to be seen on paper
HEAT = tuple((f"var(--heat-{step})", f"var(--on-heat-{step})") for step in range(1, 6))  # a box, and its text
SMALL = 11.5  # the size of most texts; what is smaller cannot be read on a phone


_NARROW, _CAPITAL = 0.53, 0.72  # of the size of a text: how wide a letter of most fonts is


def wide(text: str, *, size: float = SMALL) -> float:
    """About how wide *text* is drawn; the marks of its direction take no room."""
    return size * sum(
        0 if unicodedata.category(one) == "Cf" else _CAPITAL if one.isupper() or one in "mw%" else _NARROW
        for one in text
    )


def broken(text: str, room: float, *, size: float = SMALL) -> list[str]:
    """The lines of *text* that have *room*, broken between words, and within one that is longer."""
    lines: list[str] = []
    for word in text.split():
        if lines and wide(f"{lines[-1]} {word}", size=size) <= room:
            lines[-1] += f" {word}"
            continue
        rest = word
        while wide(rest, size=size) > room and len(rest) > 1:
            fits = next(
                many for many in range(len(rest) - 1, 0, -1) if many == 1 or wide(rest[:many], size=size) <= room
            )
            lines.append(rest[:fits])
            rest = rest[fits:]
        lines.append(rest)
    return lines or [""]


def tag(name: str, *children: str, **attributes: str | float) -> Markup:
    """An element; underscores in attribute names become hyphens, and a trailing underscore is removed."""
    shown = Markup("").join(
        Markup(' {}="{}"').format(key.rstrip("_").replace("_", "-"), _short(value)) for key, value in attributes.items()
    )
    inner = Markup("").join(escape(child) for child in children)
    return Markup("<{}{}>{}</{}>").format(name, shown, inner, name)


@dataclass(slots=True)
class Canvas:
    """A drawing area; with *rtl* everything is placed from the right, and texts run that way."""

    width: float
    height: float
    label: str
    rtl: bool = False
    parts: list[Markup] = field(default_factory=list)

    def box(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        *,
        fill: str = ACCENT,
        title: str = "",
        radius: float = 2,
        faint: bool = False,
        edge: str = "",
    ) -> None:
        """A box with an *edge*; *title* is its tooltip. What is *faint* is not over yet: its edge is dashed."""
        told = (tag("title", title),) if title else ()
        left = self.width - x - width if self.rtl else x
        drawn: dict[str, str | float] = {}
        if faint:
            drawn = {"fill_opacity": 0.25, "stroke": EDGES.get(fill, fill), "stroke_dasharray": "3 2"}
        elif edge or fill in EDGES:
            drawn = {"stroke": edge or EDGES[fill]}
        self.parts.append(
            tag("rect", *told, x=left, y=y, width=max(width, 0), height=max(height, 0), rx=radius, fill=fill, **drawn)
        )

    def line(self, points: Sequence[tuple[float, float]], *, stroke: str = LINE, width: float = 1) -> None:
        """A line through *points*."""
        placed = " ".join(f"{_short(self.width - x if self.rtl else x)},{_short(y)}" for x, y in points)
        self.parts.append(tag("polyline", points=placed, fill="none", stroke=stroke, stroke_width=width))

    def dot(self, x: float, y: float, *, radius: float = 3.5, fill: str = ACCENT, title: str = "") -> None:
        told = (tag("title", title),) if title else ()
        self.parts.append(tag("circle", *told, cx=self.width - x if self.rtl else x, cy=y, r=radius, fill=fill))

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        anchor: str = "start",
        size: float = SMALL,
        fill: str = INK,
        bold: bool = False,
    ) -> None:
        """*text* with its base line at *y*; *anchor* says whether it starts, ends or is centred at *x*."""
        x = self.width - x if self.rtl else x  # text that starts there runs to the left
        weight = "600" if bold else "400"
        self.parts.append(
            tag("text", text, x=x, y=y, text_anchor=anchor, font_size=size, fill=fill, font_weight=weight)
        )

    def svg(self) -> Markup:
        """The drawing as one element, which scales to the width of its container."""
        return tag(
            "svg",
            tag("title", self.label),
            *self.parts,
            viewBox=f"0 0 {_short(self.width)} {_short(self.height)}",
            role="img",
            direction="rtl" if self.rtl else "ltr",
            xmlns="http://www.w3.org/2000/svg",
        )


def _short(value: str | float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
