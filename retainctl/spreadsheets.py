"""What a spreadsheet would take for a formula (CWE-1236), and the ``'`` that says "this is text".

Guarding and stripping undo each other exactly, so that an export that was looked at can be imported again.
"""

from __future__ import annotations

import re
from typing import Final

# Full-width forms too. A cell that begins with ' before one of them is guarded as well, or stripping would change it.
_FORMULA: Final = re.compile(r"'*[=+\-@\t\r\0＝＋－＠]")
_GUARDED: Final = re.compile(r"''*[=+\-@\t\r\0＝＋－＠]")

BYTE_ORDER_MARK: Final = "\ufeff"  # by which a spreadsheet knows that a CSV is UTF-8


def guard_formula(text: str) -> str:
    """*text* with a leading ``'`` where a spreadsheet would take it for a formula."""
    return f"'{text}" if _FORMULA.match(text) else text


def strip_guard(text: str) -> str:
    """*text* without the ``'`` that ``guard_formula`` put before it."""
    return text[1:] if text.startswith("'") and _GUARDED.match(text) else text
