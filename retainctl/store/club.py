"""The ledger of points: accounts, transactions, entries, lots, and what each order was awarded."""

from __future__ import annotations

from typing import Final

LOCK: Final = "ledger"  # whoever books points, or moves accounts, holds it
