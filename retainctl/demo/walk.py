"""The whole main job in one shop, step by step, by the very commands that a user types."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from retainctl.clock import Clock, parse_instant
from retainctl.config import FILE_NAME
from retainctl.demo.history import history
from retainctl.errors import RetainError
from retainctl.files import write_text
from retainctl.rows import Row

ZONE = ZoneInfo("Asia/Jerusalem")
EVIDENCE = "ticked the box on the shop's form when joining the club"


@dataclass(frozen=True, slots=True)
class DemoStep(Row):
    """One step of the demo: what it is for, what was typed, and what came of it."""

    kind: ClassVar[str] = "demo_step"
    step: str
    command: str
    result: str


@dataclass(slots=True)
class Walk:
    """One demo in one folder, at one time (*now*; else each command takes the system's)."""

    folder: Path
    now: str | None

    def steps(self) -> Iterator[DemoStep]:
        """Do each step as it is asked for; one that fails ends the demo with that command's own words."""
        if not (self.folder / FILE_NAME).exists():
            yield self._do("Make the shop", "init", str(self.folder), "--language", "he", "--currency", "ILS")
            self._furnish()
        incoming = self.folder / "incoming"
        yield self._do("Bring in the catalogue", "products", "import", str(incoming / "products.csv"))
        yield self._do("the orders of two years", "orders", "import", str(incoming / "orders.csv"), "--source", "web")
        yield self._do("the club's members", "customers", "import", str(incoming / "customers.csv"), "--source", "club")
        yield self._do(
            "and who agreed to get mail", "consent", "import", str(incoming / "consent.csv"), "--evidence", EVIDENCE
        )

    def _furnish(self) -> None:
        """Give the new shop its past, and hours in which a demo may run at night too."""
        incoming = self.folder / "incoming"
        incoming.mkdir(exist_ok=True)
        now = parse_instant(self.now, ZONE) if self.now else Clock(ZONE).now()
        for name, text in history(now=now, zone=ZONE).items():
            write_text(incoming / name, text)

    def _do(self, step: str, *words: str) -> DemoStep:
        rows = self._run(*words)
        typed = " ".join(f"'{word}'" if " " in word else word for word in ("retainctl", *words))
        return DemoStep(step=step, command=typed, result=_summary(rows))

    def _run(self, *words: str) -> list[dict[str, Any]]:
        """The rows that a command shows; RetainError with its words where it fails."""
        command = [sys.executable, "-m", "retainctl", "--format", "json"]
        command += ["--now", self.now] if self.now else []
        command += [] if words[0] == "init" else ["--shop", str(self.folder)]
        ended = subprocess.run([*command, *words], capture_output=True, text=True, check=False)  # noqa: S603
        if ended.returncode not in (0, 3):
            raise RetainError(f"retainctl {' '.join(words)} ended with {ended.returncode}: {ended.stderr.strip()}")
        return list(json.loads(ended.stdout)["rows"]) if ended.stdout else []


def _summary(rows: list[dict[str, Any]]) -> str:
    if len(rows) != 1:
        return f"{len(rows)} rows" if rows else "done"
    told = {key: value for key, value in rows[0].items() if value not in (0, "", None, False)}
    return ", ".join(f"{key} {value}" for key, value in list(told.items())[:8]) or "nothing new"
