"""A shop with two years of history, and the whole main job run on it by the very commands that a user types."""

from __future__ import annotations
