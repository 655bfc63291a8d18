"""Booking one file whose rows each say something by themselves: in one transaction, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, Literal

from retainctl.config import Shop
from retainctl.errors import BadData
from retainctl.intake import import_runs, quarantine
from retainctl.intake.cells import Cells, Chunk, Held, RowError
from retainctl.intake.file import InputFile, input_file
from retainctl.intake.import_runs import Asked, Counts, DryRun, Outcome, Progress, R
from retainctl.intake.values import AmbiguousNumber
from retainctl.store import dialect
from retainctl.store.transactions import in_one_transaction

Fate = Literal["new", "changed", "unchanged"]


@dataclass(frozen=True, slots=True)
class Plan(Generic[R]):
    """How a file is booked: as what, from which rows, and by whom."""

    asked: Asked
    chunks: Iterator[Chunk]
    take: Callable[[Sequence[Cells], int], Sequence[Fate | RowError]]  # writes rows of an import; what became of each
    document: Callable[[Cells], str]  # what a row speaks of
    left_out: Callable[[], Sequence[tuple[int, RowError]]]  # bad cells, by the place of the rows that count without
    row: Callable[[str, Counts], R]  # the result, whose outcome is in a word
    notes: Callable[[], list[str]]


@dataclass(frozen=True, slots=True)
class How:
    """How the command line wants it done."""

    again: bool
    dry_run: bool
    strict: bool = False


@dataclass(slots=True)
class _Run:
    import_id: int
    waiting: set[str]  # what earlier imports hold rows of
    counts: Counts = field(default_factory=Counts)
    held: list[Held] = field(default_factory=list)
    told: set[str] = field(default_factory=set)  # of what was waiting

    def hold(self, held: Sequence[Held]) -> None:
        self.held += held
        self.counts.quarantined += len(held)
        self.counts.read += len(held)


def import_one(
    shop: Shop, name: str, *, encoding: str, how: How, plan: Callable[[InputFile], Plan[R]], progress: Progress
) -> Outcome[R]:
    """Import the file called *name* (``-``: the standard input) by the *plan* that is made for it.

    BadData where the file as a whole cannot be read; then nothing is written. Rows that say nothing certain are
    quarantined, and the rest is written.
    """
    with input_file(name, encoding=encoding) as file:
        try:
            return _import(shop, file, how, plan, progress)
        except DryRun as dry:
            return dry.outcome
        except AmbiguousNumber as error:
            raise BadData(f"{file.name}: {error}", hint=error.hint) from None


@in_one_transaction
def _import(
    shop: Shop, file: InputFile, how: How, make_plan: Callable[[InputFile], Plan[R]], progress: Progress
) -> Outcome[R]:
    dialect.hold_lock(import_runs.LOCK)
    plan = make_plan(file)
    known = import_runs.known_imports(file, plan.asked)
    if known and not how.again and import_runs.brings_nothing(known[-1]):
        return Outcome(plan.row("already imported", Counts()))
    import_id = import_runs.begin(shop, file, plan.asked)
    run = _Run(import_id, quarantine.waiting_documents(import_id))
    for chunk in plan.chunks:
        before = run.counts.read
        _take(chunk, run, plan)
        import_runs.check_limit(run.counts, file, strict=how.strict, held=run.held, ended=False)
        progress(run.counts.read - before)
    import_runs.check_limit(run.counts, file, strict=how.strict, held=run.held, ended=True)
    run.counts.assert_complete()
    notes = plan.notes()
    quarantine.keep_held(import_id, run.held, resolved=known, told=run.told, now=shop.clock.now())
    import_runs.end(import_id, run.counts, notes)
    row = plan.row("dry run" if how.dry_run else "imported", run.counts)
    outcome = Outcome(row, tuple(notes), tuple(run.held))
    if how.dry_run:
        raise DryRun(outcome)
    return outcome


def _take(chunk: Chunk, run: _Run, plan: Plan[R]) -> None:
    run.counts.blank += chunk.blank
    run.counts.read += chunk.blank
    run.hold(chunk.held)
    documents = [plan.document(cells) for cells in chunk.rows]

    def held(disposition: Literal["quarantined", "incomplete"], place: int, why: RowError) -> Held:
        return Held(disposition, chunk.origin(place), why.column, why.code, str(why), documents[place])

    for place, fate in enumerate(plan.take(chunk.rows, run.import_id)):
        if isinstance(fate, RowError):
            run.hold([held("quarantined", place, fate)])
        else:
            if documents[place] in run.waiting:
                run.told.add(documents[place])
            run.counts.read += 1
            setattr(run.counts, fate, getattr(run.counts, fate) + 1)
    run.held += [held("incomplete", place, why) for place, why in plan.left_out()]
