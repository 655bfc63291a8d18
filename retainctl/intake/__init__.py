"""From bytes to values: files, cells, numbers, dates, declared lists, committed imports; it knows no shop."""

from __future__ import annotations
