"""``retainctl --help`` against a program of click's that only says hello."""

from __future__ import annotations

import sys

from bench.measure import race, run

_HELLO = "import click; click.command()(lambda: click.echo('hello'))()"


def main() -> None:
    race(
        "retainctl --help",
        {
            "a click program that says hello": lambda: run([sys.executable, "-c", _HELLO]),
            "retainctl --help": lambda: run([sys.executable, "-m", "retainctl", "--help"]),
        },
        rounds=21,
        work="Each process starts, prints and ends.",
    )


if __name__ == "__main__":
    main()
