"""Whole commands, timed side by side: A B C … A B C …, each against the first of its own round.

Wall time, CPU time and peak memory come from the operating system's account of each finished process (wait4). What is
quoted is the median, and for ratios the median of the rounds: shared machines drift, and a pair drifts together.
"""

from __future__ import annotations

import platform
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Run:
    """One finished process."""

    wall_seconds: float
    cpu_seconds: float
    peak_mib: float


# The kernel counts what a process's parent held when it was started as the process's own peak. So it is started by an
# interpreter that holds next to nothing.
_LAUNCHER = """
import os, sys, time
started = time.perf_counter()
silent = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
child = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ, file_actions=silent)
_, status, usage = os.wait4(child, 0)
wall = time.perf_counter() - started
print(os.waitstatus_to_exitcode(status), wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
"""


def run(command: Sequence[str | Path], *, folder: Path | None = None) -> Run:
    """Run *command* to its end; a command that fails ends the benchmark and shows what it said."""
    words = [str(word) for word in command]
    launched = subprocess.run(
        [sys.executable, "-I", "-S", "-c", _LAUNCHER, *words], cwd=folder, capture_output=True, check=False
    )
    said = launched.stderr.decode(errors="replace")
    if launched.returncode != 0:
        sys.exit(f"{' '.join(words)} cannot be started: {said}")
    code, wall_seconds, cpu_seconds, peak_mib = map(float, launched.stdout.split())
    if code != 0:
        sys.exit(f"{' '.join(words)} ended with {code:g}: {said}")
    return Run(wall_seconds, cpu_seconds, peak_mib)


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
