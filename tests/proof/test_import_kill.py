"""An import that is killed at any moment leaves no trace, and the next one is as if it were the first (B59)."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import NOW, Terminal
from tests.shop.importing.conftest import HEADER, row

KILLS = 6
SEED = 59


def dump(folder: Path) -> list[str]:
    with sqlite3.connect(folder / "retain.db") as database:
        # Which installation sends is what two databases may never share.
        return [line for line in database.iterdump() if '"installation" VALUES' not in line]


def words(folder: Path, path: Path) -> list[str]:
    return [sys.executable, "-m", "retainctl", "--shop", str(folder), "--now", NOW, "orders", "import", str(path)]


@pytest.mark.proof
def test_an_import_that_was_killed_equals_a_clean_one(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    lines = [row(str(number), email=f"c{number % 900}@shop.example") for number in range(20_000)]
    path.write_text("\n".join([HEADER, *lines, ""]), encoding="utf-8")
    clean, killed = tmp_path / "clean", tmp_path / "killed"
    for folder in (clean, killed):
        Terminal(folder)("init", str(folder))
    started = time.monotonic()
    subprocess.run(words(clean, path), check=True, stdout=subprocess.DEVNULL, cwd="/")
    whole_seconds = time.monotonic() - started
    chance = random.Random(SEED)
    for _ in range(KILLS):
        process = subprocess.Popen(words(killed, path), stdout=subprocess.DEVNULL, cwd="/")
        time.sleep(chance.uniform(0.1, 0.9) * whole_seconds)
        process.kill()
        process.wait()
    subprocess.run(words(killed, path), check=True, stdout=subprocess.DEVNULL, cwd="/")
    assert dump(killed) == dump(clean)
