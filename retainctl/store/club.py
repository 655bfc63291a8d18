"""The lock of the ledger of points."""

from __future__ import annotations

from typing import Final

LOCK: Final = "ledger"  # whoever books points, or moves accounts, holds it
