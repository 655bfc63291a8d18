"""When it runs by itself: jobs.toml is the only list of jobs."""

from __future__ import annotations
