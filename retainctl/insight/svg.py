"""Drawing: SVG of our own making, in which every text is escaped and which reads from right to left where asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from markupsafe import Markup, escape

# The colours are those of the page's style, by day and by night.
INK, MUTED, LINE, ON_ACCENT = "var(--ink)", "var(--muted)", "var(--line)", "var(--on-accent)"
ACCENT, SOFT, WARM, GREY = "var(--accent)", "var(--soft)", "var(--warm)", "var(--grey)"
WIDTH = 760.0  # of a chart, in the units in which all is placed; the page stretches it


def tag(name: str, *children: str, **attributes: str | float) -> Markup:
    """An element; an underscore in an attribute's name is a hyphen, and a trailing one is not there."""
    shown = Markup("").join(
        Markup(' {}="{}"').format(key.rstrip("_").replace("_", "-"), _short(value)) for key, value in attributes.items()
    )
    inner = Markup("").join(escape(child) for child in children)
    return Markup("<{}{}>{}</{}>").format(name, shown, inner, name)


def on_shade(share: float) -> str:
    """The colour of a text that stands on a box of this *share* of its colour."""
    return ON_ACCENT if share > 0.6 else INK


@dataclass(slots=True)
class Canvas:
    """A picture of *height*; with *rtl* everything is placed from the right."""

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
        """A box filled with *share* of a colour, of which 0 is a trace; it says *title* to whoever points at it."""
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
        """*text* with its base line at *y*; it begins, ends or has its middle at *x*."""
        x = self.width - x if self.rtl else x  # and a text that begins there runs the other way
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
        """Bars of 110 high under *heading*, each with its value above and its name below."""
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
        """The picture, which fills the width that it is given."""
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
