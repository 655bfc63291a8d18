"""Whole commands, timed side by side: A B C … A B C …, each against the first of its own round.

Wall time, CPU time and peak memory come from the operating system's account of each finished process (wait4). What is
quoted is the median, and for ratios the median of the rounds: shared machines drift, and a pair drifts together.
"""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Run:
    """One finished process."""

    wall_seconds: float
    cpu_seconds: float
    peak_mib: float


def run(command: Sequence[str | Path], *, folder: Path | None = None) -> Run:
    """Run *command* to its end; a command that fails ends the benchmark and shows what it said."""
    started = time.perf_counter()
    process = subprocess.Popen(
        [str(word) for word in command], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    assert process.stderr is not None
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} ended with {process.returncode}: {said.decode(errors='replace')}")
    return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def race(title: str, variants: Mapping[str, Callable[[], Run]], *, rounds: int, work: str) -> None:
    """Run every variant once a round and print a Markdown table; *work* says what was done in each.

    The first variant is the floor: its ratio is 1.
    """
    results: dict[str, list[Run]] = {name: [] for name in variants}
    for _ in range(rounds):
        for name, variant in variants.items():
            results[name].append(variant())
    floor = next(iter(results.values()))
    print(
        f"\n### {title}\n\n{work} {rounds} rounds on {platform.python_implementation()} {platform.python_version()}.\n"
    )
    print("| variant | seconds | CPU seconds | peak MiB | ratio |\n|---|---|---|---|---|")
    for name, runs in results.items():
        ratio = statistics.median(one.wall_seconds / base.wall_seconds for one, base in zip(runs, floor, strict=True))
        wall, cpu, peak = (
            statistics.median(getattr(one, field) for one in runs)
            for field in ("wall_seconds", "cpu_seconds", "peak_mib")
        )
        print(f"| {name} | {wall:.2f} | {cpu:.2f} | {peak:.0f} | {ratio:.2f} |")
    sys.stdout.flush()
