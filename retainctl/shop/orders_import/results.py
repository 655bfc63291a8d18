"""What an import is asked, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from retainctl.intake.outcome import Imported


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


class OrdersImported(Imported):
    """What became of one file of orders, and the customers, sales and returns that it made."""

    customers: int = 0
    orders: int = 0
    guest_orders: int = 0
    returns: int = 0
