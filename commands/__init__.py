"""What one types: one thin module a noun. Each verb parses, calls one engine function and shows its rows."""

from __future__ import annotations
