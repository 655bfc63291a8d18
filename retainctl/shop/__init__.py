"""Customers and how to reach them, consent, the catalogue, orders, and importing all of these."""

from __future__ import annotations
