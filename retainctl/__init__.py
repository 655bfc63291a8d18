"""retainctl keeps the customers of an online shop."""

from __future__ import annotations

__version__ = "0.1.0"
