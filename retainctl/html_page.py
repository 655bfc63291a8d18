"""The page around everything that is shown as HTML: one self-contained file that fetches nothing and runs nothing.

It fits a phone, the dark and a sheet of paper. On a screen what is wider scrolls in a box of its own; on paper nothing
is cut.
"""

from __future__ import annotations

import base64
import hashlib
from html import escape

_LIGHT = """--ground:#f6f5f2;--paper:#fff;--ink:#1b2426;--muted:#586468;--line:#dfe0dc;--accent:#0b6e75;
--second:#e9b872;--second-edge:#a96f16;--on-second:#1b2426;--third:#7f8fb8;--bad:#b5432b;--quiet:#d5d8d6;--quiet-edge:#7b8785;
--heat-1:#e4f0ef;--on-heat-1:#1b2426;--heat-2:#bfdddb;--on-heat-2:#1b2426;--heat-3:#8cc0be;--on-heat-3:#1b2426;
--heat-4:#54a0a1;--on-heat-4:#10191a;--heat-5:#0b6e75;--on-heat-5:#fff;color-scheme:light"""
_DARK = """--ground:#0e1315;--paper:#171d20;--ink:#e8ecec;--muted:#9fadb1;--line:#2b3438;--accent:#45b8bd;
--second:#d99b4b;--second-edge:#d99b4b;--on-second:#10191a;--third:#8c9ccb;--bad:#e8836b;--quiet:#39444a;--quiet-edge:#7f9096;
--heat-1:#16282a;--on-heat-1:#e8ecec;--heat-2:#1b4043;--on-heat-2:#e8ecec;--heat-3:#21595d;--on-heat-3:#fff;
--heat-4:#35989d;--on-heat-4:#0b1213;--heat-5:#66d5d8;--on-heat-5:#0b1213;color-scheme:dark"""
# A shade at each edge of a box that scrolls; what scrolls brings a cover of its own for the edge at which it ends.
_MORE = """background:linear-gradient(to right,var(--paper) 60%,transparent) left/2.4rem 100% no-repeat local,
linear-gradient(to left,var(--paper) 60%,transparent) right/2.4rem 100% no-repeat local,
linear-gradient(to right,var(--quiet),transparent) left/1rem 100% no-repeat scroll,
linear-gradient(to left,var(--quiet),transparent) right/1rem 100% no-repeat scroll,var(--paper)"""
_STYLE = f"""
:root{{{_LIGHT}}}
@media screen and (prefers-color-scheme:dark){{:root{{{_DARK}}}}}
@page{{size:A4;margin:12mm}}
@page across{{size:A4 landscape;margin:12mm}}
body{{margin:0;background:var(--ground);color:var(--ink);
font:16px/1.55 Assistant,Heebo,"Noto Sans Hebrew",system-ui,"Segoe UI",Arial,sans-serif}}
main{{max-width:760px;margin:0 auto;padding:2.2rem 1.2rem 3rem}}
main.list{{max-width:1160px}}
header{{display:flex;justify-content:space-between;gap:1rem;align-items:baseline;flex-wrap:wrap;
border-bottom:2px solid var(--ink);padding-bottom:.7rem;margin-bottom:2rem;font-weight:700}}
header span{{color:var(--muted);font-weight:400;font-size:.9rem}}
a{{color:var(--accent)}}
h1{{font-size:2.1rem;line-height:1.2;margin:0 0 .5rem}}
h2{{font-size:1.15rem;line-height:1.35;margin:0}}
.lead,.key,.kicker{{color:var(--muted);margin:0}}
.kicker{{font-size:.9rem}}
.lead{{font-size:1.05rem;max-width:40rem}}
.lead code{{display:block;white-space:nowrap;overflow-x:auto}}
.key{{font-size:.85rem;margin:.2rem 0 .9rem}}
.key span{{white-space:nowrap;margin-inline-end:1rem}}
.key i{{display:inline-block;width:.75em;height:.75em;border-radius:2px;margin-inline-end:.4em;
background:var(--accent)}}
.key i.second{{background:var(--second);box-shadow:inset 0 0 0 1px var(--second-edge)}}
.key i.third{{background:var(--third)}}.key i.bad{{background:var(--bad)}}
.key i.quiet{{background:var(--quiet);box-shadow:inset 0 0 0 1px var(--quiet-edge)}}
.key i.faint{{background:none;border:1px dashed var(--muted);box-sizing:border-box}}
.figures{{display:grid;grid-template-columns:repeat(auto-fit,minmax(10rem,1fr));border-block:1px solid var(--line);
margin:1.5rem 0 1.6rem}}
.figures div{{padding:1rem 1.1rem;border-inline-start:1px solid var(--line)}}
.figures div:first-child{{border:0;padding-inline-start:0}}
.figures dt,.figures .beneath{{color:var(--muted);font-size:.85rem}}
.figures dd{{margin:0}}
.figures .value{{font-size:1.5rem;font-weight:700;line-height:1.4;font-variant-numeric:tabular-nums}}
section{{background:var(--paper);border:1px solid var(--line);border-radius:14px;padding:1.3rem 1.4rem;
margin:0 0 1.2rem}}
svg{{display:block;width:100%;height:auto;font-family:inherit;font-variant-numeric:tabular-nums}}
.on-phone{{display:none}}
details{{margin:1.4rem 0;font-size:.9rem}}
summary{{cursor:pointer;color:var(--muted);font-size:.95rem}}
ul{{color:var(--muted);padding-inline-start:1.1rem}}
ul.contents{{list-style:none;padding:0;color:inherit}}
.contents p{{margin:.2rem 0 0;color:var(--muted)}}
.wide{{overflow-x:auto;margin:0 0 1.2rem;{_MORE}}}
table{{border-collapse:separate;border-spacing:0;font-size:.85rem;font-variant-numeric:tabular-nums;min-width:100%}}
th,td{{padding:.4rem .6rem;text-align:start;border-bottom:1px solid var(--line);vertical-align:top}}
th{{vertical-align:bottom}}
td{{white-space:nowrap}}
td.text{{white-space:normal;min-width:12rem;max-width:30rem;overflow-wrap:anywhere}}
th{{color:var(--muted);font-weight:600}}
details code{{display:block;text-align:left;overflow-wrap:break-word}}
.list .number+*{{padding-inline-start:1.4rem}}
thead th{{position:sticky;top:0;background:var(--paper);z-index:1}}
details>.wide,.list .wide{{border:1px solid var(--line);border-radius:14px}}
.list .wide{{overflow:auto;max-height:88vh;margin-top:1rem}}
tr>:first-child{{position:sticky;inset-inline-start:0;background:var(--paper)}}
.number{{text-align:right}}
code{{font:.85em/1.4 ui-monospace,Consolas,monospace;overflow-wrap:anywhere}}
blockquote{{margin:0 0 .9rem;padding-inline-start:.9rem;border-inline-start:3px solid var(--line)}}
blockquote b{{color:var(--muted);font-weight:600}}
@media screen and (max-width:775px){{
main{{padding:1.2rem 1rem 2rem}}h1{{font-size:1.6rem}}header{{margin-bottom:1.3rem}}
.figures{{grid-template-columns:repeat(2,minmax(0,1fr))}}.figures div{{padding:.8rem .9rem}}
.figures .value.long{{font-size:1rem;line-height:2.1}}
.figures div:nth-child(odd){{border-inline-start:0;padding-inline-start:0}}
.figures div:nth-child(n+3){{border-top:1px solid var(--line)}}
section{{padding:1rem .8rem;border-radius:10px}}
.on-desk{{display:none}}.on-phone{{display:block;max-width:480px;margin-inline:auto}}}}
@media screen and (max-width:360px){{main{{padding-inline:.5rem}}section{{padding-inline:.3rem}}}}
@media print{{
body{{background:#fff;font-size:12px}}main,main.list{{max-width:none;padding:0}}h1{{font-size:22px}}
.wide,.list .wide{{overflow:visible;max-height:none;border:0}}thead th,tr>:first-child{{position:static}}
table{{font-size:9.5px;width:100%;table-layout:auto}}th,td{{padding:3px 4px}}
td,td.text{{white-space:normal;overflow-wrap:anywhere;min-width:0}}
td.number{{white-space:nowrap;overflow-wrap:normal}}
.many,main.across{{page:across}}
tr,svg,.figures div,blockquote{{break-inside:avoid}}h2,.key{{break-after:avoid}}
details>summary{{list-style:none}}details::details-content{{content-visibility:visible;block-size:auto}}
*{{print-color-adjust:exact;-webkit-print-color-adjust:exact}}}}
"""
_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
MANY = 9  # the columns from which on a table is printed across


def framed(
    title: str,
    body: str,
    *,
    language: str,
    direction: str,
    owner: str = "",
    when: str = "",
    finding: str = "",
    kind: str = "",
) -> str:
    """A whole page called *title* around *body*, which is HTML already: above it its *owner* and *when* it is of.

    What it is about, its *finding*, is its headline where there is one. *kind* is a class of its style.
    """
    named = f"{title} · {owner}" if owner else title
    above = f"<header><bdi>{escape(owner)}</bdi><span>{escape(when)}</span></header>\n" if owner else ""
    headline = f"<h1>{escape(finding or title)}</h1>"
    if finding:
        headline = f'<p class="kicker">{escape(title)}</p>\n{headline}'
    return f"""<!doctype html>
<html lang="{language}" dir="{direction}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-{_HASH}'; \
base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>{escape(named)}</title>
<style>{_STYLE}</style>
</head>
<body>
<main class="{kind}">
{above}{headline}
{body}
</main>
</body>
</html>
"""
