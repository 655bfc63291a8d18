"""What was run, from its start to its end: a row for each run, and a line in the log for each fact about it.

A run that was killed has no end. The log is a file of the shop, a line a fact, and says nothing of a person but an id.
"""

from __future__ import annotations

import json
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from retainctl.clock import DAY_SECONDS
from retainctl.config import Shop
from retainctl.errors import DONE, RetainError
from retainctl.normalising import masked
from retainctl.result import Result
from retainctl.store.database import execute, value
from retainctl.store.transactions import in_one_transaction

KEPT_SECONDS: Final = 90 * DAY_SECONDS
LOG_NAME: Final = "retainctl.log"
LOG_BYTES: Final = 1 << 20  # then it becomes the file of the time before, and a new one begins


class Run:
    """A run that is under way; what it came to is kept when its block ends."""

    def __init__(self, run_id: int) -> None:
        self.id = run_id
        self.exit_code = DONE
        self.error = ""
        self.kept: Mapping[str, Any] = {}

    def result(self, result: Result[Any]) -> Result[Any]:
        """Keep what the run came to; returns it."""
        self.exit_code, self.error = result.exit_code, str(result.trouble or "")
        self.kept = asdict(result.rows[0]) if len(result.rows) == 1 else {"rows": len(result.rows)}
        return result


@contextmanager
def recorded(shop: Shop, name: str) -> Iterator[Run]:
    """A row in ``runs`` for the command *name* while the block runs, and its start and end in the log."""
    run = Run(begin(shop, name))
    try:
        yield run
    except BaseException as error:
        code = error.exit_code if isinstance(error, RetainError) else getattr(error, "exit_code", 1)
        with suppress(RetainError):  # the first error is the one to be told
            finish(shop, run.id, name, exit_code=code, result={}, error=str(error))
        log_error(shop, run.id, name, error)
        raise
    finish(shop, run.id, name, exit_code=run.exit_code, result=run.kept, error=run.error)


@in_one_transaction
def begin(shop: Shop, name: str, *, period: str | None = None, due_at: int | None = None, missed: int = 0) -> int:
    """Write that a run began; its number. Of a job's periods one runs at a time: an earlier one without an end was
    killed."""
    now = shop.clock.now()
    if period is not None:
        execute(
            "UPDATE runs SET ended_at = ?, exit_code = 1, error = 'did not finish (killed)'"
            " WHERE name = ? AND period IS NOT NULL AND ended_at IS NULL",
            now,
            name,
        )
    run_id = int(
        value(
            "INSERT INTO runs (name, period, due_at, missed, started_at) VALUES (?, ?, ?, ?, ?) RETURNING id",
            name,
            period,
            due_at,
            missed,
            now,
        )
    )
    log(shop, run_id, name, f"started {period}" if period else "started")
    return run_id


@in_one_transaction
def finish(
    shop: Shop, run_id: int, name: str, *, exit_code: int, result: Mapping[str, Any], error: str, steps_done: int = 0
) -> None:
    """Write how a run ended, and drop the rows of runs long ago, but for the newest that was done."""
    now = shop.clock.now()
    execute(
        "UPDATE runs SET ended_at = ?, exit_code = ?, steps_done = ?, result = ?, error = ? WHERE id = ?",
        now,
        exit_code,
        steps_done,
        json.dumps(result, ensure_ascii=False, default=str),
        masked(error),
        run_id,
    )
    execute(
        """DELETE FROM runs WHERE name = ? AND ended_at < ?
           AND id < (SELECT MAX(id) FROM runs WHERE name = ? AND exit_code = ?)""",
        name,
        now - KEPT_SECONDS,
        name,
        DONE,
    )
    log(shop, run_id, name, f"ended with exit code {exit_code}" + (f": {error}" if error else ""))


def log(shop: Shop, run_id: int, name: str, fact: str) -> None:
    """Add one line: when, which run, and the *fact*, its line ends written as two letters. A log that cannot be written
    stops nothing."""
    path = shop.folder / LOG_NAME
    line = f"{shop.clock.iso(shop.clock.now())} run={run_id} {name}: {masked(fact)}"
    with suppress(OSError):
        _make_room(path)
        with path.open("a", encoding="utf-8") as file:
            file.write(line.replace("\\", "\\\\").replace("\n", "\\n") + "\n")


def log_error(shop: Shop, run_id: int, name: str, error: BaseException) -> None:
    """Add *error* with its traceback, once: whoever meets it later finds it written."""
    if not vars(error).get("is_in_the_log"):
        vars(error)["is_in_the_log"] = True
        log(shop, run_id, name, "".join(traceback.format_exception(error)).strip())


def _make_room(path: Path) -> None:
    if path.exists() and path.stat().st_size >= LOG_BYTES:
        path.replace(path.with_name(f"{path.name}.1"))
