"""Every benchmark, one after the other: ``python -m bench`` prints the tables of docs/benchmarks.md."""

from __future__ import annotations

import subprocess
import sys

RUNS = (
    "start_up", "import_orders", "import_orders --postgres", "award_points", "refresh_segment", "plan_campaign",
    "build_messages", "figures", "deliver_mail",
)  # fmt: skip


def main() -> None:
    for run in RUNS:
        subprocess.run([sys.executable, "-m", *f"bench.{run}".split()], check=True)


if __name__ == "__main__":
    main()
