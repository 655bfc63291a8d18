"""One step of a job: a command line of retainctl's own, run as a process with a deadline."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from retainctl.config import Shop
from retainctl.errors import BadConfiguration, WrongUsage
from retainctl.jobs.periods import Period
from retainctl.jobs.table import Job

GRACE_SECONDS = 10  # between asking a process to end and ending it
_KEPT_BYTES = 64_000  # of what a step printed


# Reads the words of a command line and runs nothing; WrongUsage says which of them is wrong.
ReadWords = Callable[[Sequence[str]], None]


@dataclass(frozen=True, slots=True)
class StepEnded:
    """How a step ended: its exit code, the rows it printed, what it said on stderr, and what stopped it."""

    exit_code: int
    rows: list[Any]
    said: list[str]
    stopped: str = ""


def check_steps(jobs: Mapping[str, Job], read_words: ReadWords) -> None:
    """BadConfiguration names the first step of *jobs* whose words the command line does not know."""
    for name, job in jobs.items():
        for step in job.steps:
            try:
                read_words(shlex.split(step.replace("{day}", "2025-01-01")))
            except WrongUsage as error:
                raise BadConfiguration(
                    f"the job {name} has an invalid step {step!r}: {error}", hint=error.hint
                ) from None


def command_line(shop: Shop, step: str, period: Period) -> list[str]:
    """The whole command line of *step*. The interpreter is our own, and looks for no module in the shop's folder.

    What a step prints is kept, and so is JSON; the file that it writes has the format of its own ending.
    """
    own = [word.replace("{day}", period.day) for word in shlex.split(step)]
    words = [sys.executable, "-P", "-m", "retainctl", "--shop", str(shop.folder)]
    if not any(word.partition("=")[0] == "--output" for word in own):
        words += ["--format", "jsonl"]
    if shop.clock.fixed is not None:
        words += ["--now", shop.clock.iso(shop.clock.fixed)]
    return words + own


def run_step(words: list[str], *, folder: Path, seconds: float) -> StepEnded:
    """Run *words* in *folder* for *seconds* at most; only the process that this started is ever ended."""
    with tempfile.TemporaryFile() as printed, tempfile.TemporaryFile() as said:
        # The words are our own program and the shop's own jobs; no shell reads them.
        process = subprocess.Popen(  # noqa: S603
            words, stdin=subprocess.DEVNULL, stdout=printed, stderr=said, cwd=folder
        )
        stopped = ""
        try:
            process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            stopped = "the job exceeded its deadline"
        finally:
            _end(process)
        if process.returncode < 0 and not stopped:
            stopped = f"killed by signal {-process.returncode}"
        exit_code = 1 if stopped else process.returncode
        # A step may print other things than rows, which are not kept.
        printed_rows = [row for line in _kept(printed) if isinstance(row := _parsed(line), dict)]
        return StepEnded(exit_code, printed_rows, _sentences(_kept(said)), stopped)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(timeout=GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _kept(file: IO[bytes]) -> list[str]:
    file.seek(0)
    return file.read(_KEPT_BYTES).decode("utf-8", "replace").splitlines()


def _parsed(line: str) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return None


def _sentences(lines: list[str]) -> list[str]:
    """*lines* in words: what was told in JSON becomes its sentence, and an error its hint too."""
    sentences = []
    for line in lines:
        told = _parsed(line)
        if isinstance(told, dict) and told.get("kind") in ("error", "notice"):
            sentences += [text for text in (told["message"], told.get("hint")) if text]
        elif line.strip():
            sentences.append(line)
    return sentences
