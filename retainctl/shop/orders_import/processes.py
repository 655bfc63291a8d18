"""A large file is read in a process of its own, so that two processors work: one reads, the other writes."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Final

from retainctl.config import Shop
from retainctl.errors import RetainError, TryLater
from retainctl.intake.file import InputFile
from retainctl.shop.orders_import.batch import Batch
from retainctl.shop.orders_import.compare import Reading, RowsApart
from retainctl.shop.orders_import.planning import ImportPlan, OrderOptions, plan_with
from retainctl.shop.orders_import.stored import Past
from retainctl.store.opening import open_database
from retainctl.store.transactions import collector_at_rest, reading

LARGE_BYTES: Final = 4 << 20  # below it a second process takes longer to start than it helps
_PIPE_BYTES: Final = 1 << 20
_SECOND: Final = (
    "import sys; sys.path[:] = sys.argv[1:]; from retainctl.shop.orders_import.processes import serve; serve()"
)


@dataclass(frozen=True, slots=True)
class _Task:
    """What the second process is asked; it makes the same plan of it."""

    shop: Shop
    file: InputFile
    options: OrderOptions
    mapping: str
    import_id: int
    past: Past


def batches(shop: Shop, plan: ImportPlan, import_id: int, past: Past) -> Generator[Batch]:
    """What the file of *plan* comes to, some thousand rows after the other; from a second process if it is large.

    Where the file was read before, or its rows are out of quarantine, there is little to write meanwhile.
    """
    is_new = past.read_before_by is None and past.appended_to is None
    if is_new and plan.file.stamp.size >= LARGE_BYTES:
        return _from_second(_Task(shop, plan.file, plan.options, plan.mapping, import_id, past))
    return Reading(shop, plan, import_id, past).batches()


def _from_second(task: _Task) -> Generator[Batch]:
    second = subprocess.Popen(  # noqa: S603
        [sys.executable, "-I", "-c", _SECOND, *sys.path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        pipesize=_PIPE_BYTES,
        process_group=0,  # Ctrl-C is for the first, which ends both
    )
    assert second.stdin is not None and second.stdout is not None
    try:
        with second.stdin as asked:
            pickle.dump(task, asked)
        while (answer := pickle.load(second.stdout)) is not None:  # noqa: S301
            if isinstance(answer, Exception):
                raise answer
            yield answer
    except (EOFError, BrokenPipeError, pickle.UnpicklingError):  # the latter: in the midst of an answer
        raise TryLater("the process reading the file was killed; nothing was written") from None
    finally:
        second.kill()
        second.stdout.close()
        second.wait()


def serve() -> None:
    """In the second process: answer the task on the standard input with one Batch after the other, and None."""
    task: _Task = pickle.load(sys.stdin.buffer)  # noqa: S301
    answers = sys.stdout.buffer
    try:
        try:
            for batch in _read(task):
                pickle.dump(batch, answers, protocol=pickle.HIGHEST_PROTOCOL)
                answers.flush()
            pickle.dump(None, answers)
        except (RetainError, RowsApart) as error:
            pickle.dump(error, answers)
        answers.flush()
    except BrokenPipeError:
        pass  # the first was ended


def _read(task: _Task) -> Iterator[Batch]:
    with open_database(task.shop.database_url, now=task.shop.clock.now()), reading(), collector_at_rest():
        plan = plan_with(task.shop, task.file, task.options, mapping=task.mapping, mapping_name="the mapping")
        yield from Reading(task.shop, plan, task.import_id, task.past).batches()
