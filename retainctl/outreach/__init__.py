"""Writing to customers: drafts, checks, plans, messages, and the outbox through which every message leaves."""

from __future__ import annotations
