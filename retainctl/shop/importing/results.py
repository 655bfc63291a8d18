"""What an import is asked, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from retainctl.rows import Row
from retainctl.shop.importing.documents import Held


@dataclass(frozen=True, slots=True)
class Options:
    """How files are to be read and what is to be done with them, as the command line says it."""

    format: str = ""
    source: str = ""
    mapping: Path | None = None
    encoding: str = ""
    delimiter: str = ""
    currency: str = ""
    consent_evidence: str = ""
    again: bool = False
    dry_run: bool = False
    strict: bool = False


@dataclass(frozen=True, slots=True)
class Imported(Row):
    """What became of one file. Rows read = new + changed + unchanged + set aside + blank + quarantined.

    ``outcome`` is ``imported``, ``already imported`` or ``dry run``; customers, orders, guest orders (sales) and
    returns are those that the file made.
    """

    kind: ClassVar[str] = "import"
    file: str
    source: str
    outcome: str
    rows_read: int = 0
    rows_new: int = 0
    rows_changed: int = 0
    rows_unchanged: int = 0
    rows_set_aside: int = 0
    rows_blank: int = 0
    rows_quarantined: int = 0
    customers: int = 0
    orders: int = 0
    guest_orders: int = 0
    returns: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one file, what was guessed or noticed on the way, and the rows that need a look."""

    row: Imported
    notes: tuple[str, ...] = ()
    quarantined: tuple[Held, ...] = ()
