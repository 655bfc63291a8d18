"""Drawing charts as SVG: every text is escaped, and charts can be laid out from right to left."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from markupsafe import Markup, escape

# The colours are variables of the page's style sheet, which sets them for light and dark mode.
INK, MUTED, LINE, ON_ACCENT = "var(--ink)", "var(--muted)", "var(--line)", "var(--on-accent)"
ACCENT, SOFT, WARM, GREY = "var(--accent)", "var(--soft)", "var(--warm)", "var(--grey)"
WIDTH = 760.0  # of a chart, in user units; the page scales it


def tag(name: str, *children: str, **attributes: str | float) -> Markup:
    """An element; underscores in attribute names become hyphens, and a trailing underscore is removed."""
    shown = Markup("").join(
        Markup(' {}="{}"').format(key.rstrip("_").replace("_", "-"), _short(value)) for key, value in attributes.items()
    )
    inner = Markup("").join(escape(child) for child in children)
    return Markup("<{}{}>{}</{}>").format(name, shown, inner, name)


def on_shade(share: float) -> str:
    """The colour of text on a box that is filled with this *share* of its colour."""
    return ON_ACCENT if share > 0.6 else INK


@dataclass(slots=True)
class Canvas:
    """A drawing area of *height*; with *rtl* everything is placed from the right."""

    height: float
    label: str
    rtl: bool = False
    width: float = WIDTH
    parts: list[Markup] = field(default_factory=list)

    def box(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        *,
        fill: str = ACCENT,
        share: float = 1,
        title: str = "",
        radius: float = 2,
    ) -> None:
        """A box filled with *share* (0 to 1) of a colour, faintly visible even at 0; *title* is its tooltip."""
        told = (tag("title", title),) if title else ()
        left = self.width - x - width if self.rtl else x
        self.parts.append(
            tag(
                "rect",
                *told,
                x=left,
                y=y,
                width=max(width, 0),
                height=max(height, 0),
                rx=radius,
                fill=fill,
                fill_opacity=0.07 + 0.93 * min(max(share, 0.0), 1.0),
            )
        )

    def line(self, x: float, y: float, to_x: float, to_y: float, *, stroke: str = LINE) -> None:
        if self.rtl:
            x, to_x = self.width - x, self.width - to_x
        self.parts.append(tag("line", x1=x, y1=y, x2=to_x, y2=to_y, stroke=stroke))

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        anchor: str = "start",
        size: float = 12,
        fill: str = INK,
        bold: bool = False,
    ) -> None:
        """*text* with its base line at *y*; *anchor* says whether it starts, ends or is centred at *x*."""
        x = self.width - x if self.rtl else x  # text that starts there runs to the left
        weight = "600" if bold else "400"
        self.parts.append(
            tag("text", text, x=x, y=y, text_anchor=anchor, font_size=size, fill=fill, font_weight=weight)
        )

    def bars(
        self,
        top: float,
        heading: str,
        names: Sequence[str],
        values: Sequence[float],
        *,
        say: Callable[[float], str],
        fill: str,
    ) -> None:
        """A bar chart, 110 units high, under *heading*: each bar with its value above and its name below."""
        self.text(0, top + 16, heading, size=13, bold=True)
        most = max([*values, 0]) or 1
        step = self.width / max(len(names), 1)
        wide = min(step * 0.7, 60)
        for place, (name, value) in enumerate(zip(names, values, strict=True)):
            x, tall = place * step + (step - wide) / 2, 110 * max(value, 0) / most
            self.box(x, top + 155 - tall, wide, tall, fill=fill, title=f"{name}: {say(value)}")
            if step >= 30:
                self.text(x + wide / 2, top + 150 - tall, say(value), anchor="middle", size=11)
                self.text(x + wide / 2, top + 171, name, anchor="middle", size=11, fill=MUTED)

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
