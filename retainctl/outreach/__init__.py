"""Writing to customers: drafts, checks, plans, messages, and the outbox that sends every message."""

from __future__ import annotations
