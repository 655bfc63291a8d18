"""A real browser, and what it finds wrong with a page that it shows."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PAPER, PAPER_ACROSS = 703, 1032  # CSS pixels of a sheet of A4 between margins of 12 mm


@contextmanager
def browser() -> Iterator[Browser]:
    """A headless Chromium; where there is none the test is skipped, unless RETAINCTL_BROWSER=must."""
    if CHROMIUM is None:
        if os.environ.get("RETAINCTL_BROWSER") == "must":
            pytest.fail("there is no Chromium on this machine")
        pytest.skip("there is no Chromium on this machine")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        running = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            yield running
        finally:
            running.close()


def faults(running: Browser, path: Path, *, width: int, dark: bool = False, printed: bool = False) -> list[str]:
    """What is wrong with the page at *path* when it is shown that wide: a sentence for each fault."""
    context = running.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if dark else "light",
        java_script_enabled=True,
        bypass_csp=True,  # so that the page can be asked; it runs no script of its own
    )
    asked: list[str] = []
    try:
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        if printed:
            page.emulate_media(media="print")
        page.goto(path.as_uri())
        found: list[dict[str, Any]] = page.evaluate(_LOOK, {"printed": printed})
        elsewhere = [f"asks for {url}" for url in asked if not url.startswith(("file:", "data:"))]
        return [f"{one['fault']}: {one['what']}" for one in found] + elsewhere
    finally:
        context.close()


# What a person would see: text that is cut or too faint, and what is wider than the window.
_LOOK = r"""
({printed}) => {
  const found = [], add = (fault, what) => found.push({fault, what: String(what).slice(0, 60)});
  const seen = (el) => el.checkVisibility({checkVisibilityCSS: true, contentVisibilityAuto: true});
  const wide = document.documentElement.clientWidth;
  const all = document.documentElement.scrollWidth;
  if (all > wide + 1) add('wider than the window', all);
  for (const box of document.querySelectorAll('.wide')) {
    const room = printed && box.classList.contains('many') ? ROOM_ACROSS : box.clientWidth;
    if (printed && seen(box) && box.scrollWidth > room + 1) add('cut on paper', `${box.scrollWidth} of ${room}`);
  }
  for (const el of document.querySelectorAll('h1,h2,p,dt,dd,li,span,summary'))
    if (seen(el) && el.scrollWidth > el.clientWidth + 1 && getComputedStyle(el).display !== 'inline')
      add('text is cut', el.textContent);
  const rgb = (text) => (text.match(/[\d.]+/g) || []).map(Number);
  const over = ([r, g, b, a = 1], under) => [r, g, b].map((one, i) => one * a + under[i] * (1 - a));
  const linear = (c) => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const light = (color) => color.slice(0, 3).map(linear)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const contrast = (a, b) => {
    const [x, y] = [light(a), light(b)].sort((p, q) => q - p);
    return (x + 0.05) / (y + 0.05);
  };
  const ground = (el) => {
    const layers = [];
    for (let at = el; at; at = at.parentElement) {
      const color = rgb(getComputedStyle(at).backgroundColor);
      if (color.length && (color[3] ?? 1) > 0) { layers.push(color); if ((color[3] ?? 1) === 1) break; }
    }
    return layers.reverse().reduce((under, color) => over(color, under), [255, 255, 255]);
  };
  const within = (a, b) => b.left <= a.x && a.x <= b.right && b.top <= a.y && a.y <= b.bottom;
  const check = (what, color, under, big) => {
    const is = contrast(over(color, under), under), must = big ? 3 : 4.5;
    if (is < must - 0.01) add(`contrast of ${is.toFixed(2)}`, what);
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; (node = walker.nextNode());) {
    const el = node.parentElement;
    if (!node.data.trim() || el.closest('svg') || !seen(el)) continue;
    const style = getComputedStyle(el), size = parseFloat(style.fontSize);
    check(node.data, rgb(style.color), ground(el), size >= 24 || (size >= 18.66 && style.fontWeight >= 700));
  }
  for (const svg of document.querySelectorAll('svg')) {
    if (!seen(svg)) continue;
    const frame = svg.getBoundingClientRect(), under = ground(svg.parentElement);
    const boxes = [...svg.querySelectorAll('rect')].map((el) => {
      const style = getComputedStyle(el), fill = rgb(style.fill);
      return {at: el.getBoundingClientRect(), color: over([...fill.slice(0, 3), parseFloat(style.fillOpacity)], under),
              edge: style.stroke === 'none' ? null : rgb(style.stroke), el};
    });
    const texts = [...svg.querySelectorAll('text')];
    for (const text of texts) {
      if (!text.textContent.trim()) continue;
      const at = text.getBoundingClientRect(), middle = {x: (at.left + at.right) / 2, y: (at.top + at.bottom) / 2};
      const out = at.left < frame.left - 1 || at.right > frame.right + 1;
      if (out || at.top < frame.top - 1 || at.bottom > frame.bottom + 1)
        add('text is cut', text.textContent);
      if (at.height < 11 && !printed) add('text is too small', text.textContent);
      const box = boxes.filter((one) => within(middle, one.at)).pop();
      check(text.textContent, rgb(getComputedStyle(text).fill), box ? box.color : under, false);
    }
    for (const [i, one] of texts.entries()) for (const other of texts.slice(i + 1)) {
      const a = one.getBoundingClientRect(), b = other.getBoundingClientRect();
      const x = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const y = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (x > 1 && y > a.height * 0.35) add('texts lie on each other', `${one.textContent} / ${other.textContent}`);
    }
    for (const box of boxes) {
      const named = texts.some((text) => { const at = text.getBoundingClientRect();
        return within({x: (at.left + at.right) / 2, y: (at.top + at.bottom) / 2}, box.at); });
      const is = Math.max(contrast(box.color, under), box.edge ? contrast(box.edge, under) : 0);
      if (!named && box.at.width > 2 && is < 2.99) add(`a shape of contrast ${is.toFixed(2)}`, box.el.textContent);
    }
  }
  return found;
}
""".replace("ROOM_ACROSS", str(PAPER_ACROSS))
