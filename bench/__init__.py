"""Every figure of docs/benchmarks.md comes from here; `make bench` runs them all."""

from __future__ import annotations
