"""The page around everything that is shown as HTML: one self-contained file that fetches nothing and runs nothing.

It fits a phone, the dark and a sheet of paper; what is wider than the screen is scrolled in a box of its own.
"""

from __future__ import annotations

import base64
import hashlib
from html import escape

_LIGHT = """--paper:#fff;--ground:#f3f6f7;--ink:#22303c;--muted:#5b6c79;--line:#e2e8ec;--tile:#f1f7f8;
--accent:#0b7285;--soft:#9bd3dc;--warm:#e07a3f;--grey:#c7d0d6;--on-accent:#fff;--doubt:#f2c14e;color-scheme:light"""
_DARK = """--paper:#171d22;--ground:#0f1417;--ink:#e4eaee;--muted:#9db0bd;--line:#2c363e;--tile:#1f272d;
--accent:#3fb8cc;--soft:#2b6f7b;--warm:#f0935c;--grey:#44515b;--on-accent:#0c1316;--doubt:#d9a92f;color-scheme:dark"""
_STYLE = f"""
:root{{{_LIGHT}}}
@media (prefers-color-scheme:dark){{@media screen{{:root{{{_DARK}}}}}}}
body{{margin:0;background:var(--ground);color:var(--ink);
font:15px/1.5 system-ui,"Segoe UI","Noto Sans Hebrew",Arial,sans-serif}}
main{{max-width:800px;margin:2rem auto;padding:2rem;background:var(--paper);border-radius:12px;
box-shadow:0 1px 8px #0002}}
main.list{{max-width:1100px}}
h1{{font-size:1.6rem;line-height:1.2;margin:0 0 1.6rem}}
.under{{color:var(--muted);margin:-1.4rem 0 1.6rem}}
.tiles{{display:grid;grid-template-columns:repeat(auto-fit,minmax(13rem,1fr));gap:.8rem;margin:0 0 1.6rem}}
.tiles div{{background:var(--tile);border-radius:8px;padding:.7rem .9rem}}
.tiles dt{{color:var(--muted);font-size:.8rem}}
.tiles dd{{margin:0;font-size:1.3rem;font-weight:600;font-variant-numeric:tabular-nums}}
figure,.wide{{overflow-x:auto;margin:0 0 1.6rem}}
svg{{display:block;width:100%;min-width:34rem;height:auto;font-family:inherit}}
table{{border-collapse:separate;border-spacing:0;width:100%;font-size:.82rem;font-variant-numeric:tabular-nums}}
th,td{{padding:.35rem .55rem;text-align:start;border-bottom:1px solid var(--line);vertical-align:bottom}}
td{{white-space:nowrap}}
td.text{{white-space:normal;min-width:12rem;max-width:30rem;overflow-wrap:anywhere}}
th,.name{{color:var(--muted);font-weight:600}}
tr>:first-child{{position:sticky;inset-inline-start:0;background:var(--paper)}}
tbody tr:hover>*{{background:var(--tile)}}
.number{{text-align:end}}
.upright{{width:auto;min-width:24rem}}
ul{{color:var(--muted);font-size:.85rem;padding-inline-start:1.1rem;margin:0}}
@media (max-width:600px){{main{{margin:0;padding:1.2rem 1rem;border-radius:0;box-shadow:none}}h1{{font-size:1.35rem}}
.upright{{width:100%;min-width:0}}.tiles{{grid-template-columns:1fr 1fr;gap:.6rem}}.tiles dd{{font-size:1.1rem}}}}
@media print{{body{{background:#fff;font-size:11px}}main,main.list{{max-width:none;margin:0;padding:0;box-shadow:none}}
figure,.wide{{overflow:visible}}svg{{min-width:0}}tr,figure,.tiles div{{break-inside:avoid}}
*{{print-color-adjust:exact;-webkit-print-color-adjust:exact}}}}
"""
_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()


def framed(title: str, body: str, *, language: str, direction: str, owner: str = "", kind: str = "") -> str:
    """A whole page called *title*, of *owner*, around *body*, which is HTML already; *kind* is a class of its style."""
    named = f"{title} · {owner}" if owner else title
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
<h1>{escape(title)}</h1>
{body}
</main>
</body>
</html>
"""
