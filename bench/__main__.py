"""Every benchmark, one after the other: ``python -m bench [ORDERS.csv]`` prints the tables of docs/benchmarks.md.

The import is timed where a file of orders is given.
"""

from __future__ import annotations

import subprocess
import sys

MODULES = "award_points refresh_segment build_messages deliver_mail figures start_up".split()


def main() -> None:
    runs = [["bench.import_orders", *sys.argv[1:]]] if sys.argv[1:] else []
    for words in [*runs, *([f"bench.{module}"] for module in MODULES)]:
        subprocess.run([sys.executable, "-m", *words], check=True)


if __name__ == "__main__":
    main()
