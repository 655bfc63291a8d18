"""The fixtures of the wings that are put to the proof."""

from __future__ import annotations

from tests.outreach.conftest import make_mailing
from tests.outreach.outbox.conftest import queue_up

__all__ = ["make_mailing", "queue_up"]
