"""Jobs of the tests' own, in the shop's jobs.toml."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

WriteJobs = Callable[[str], None]


@pytest.fixture
def write_jobs(folder: Path) -> WriteJobs:
    """Write the shop's own jobs.toml."""

    def write(text: str) -> None:
        (folder / "jobs.toml").write_text(text, encoding="utf-8")

    return write
