"""Whether what leaves no row is news, such as what stops a job before it has one: a file beside the locks says what
was told last.

The database cannot say it, because it may be the database that is broken.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from retainctl.files import write_text

TOLD_AGAIN_SECONDS: Final = 20 * 3_600  # a daily job tells it each day, whatever its hour


def is_news(folder: Path, name: str, sentence: str, *, now: int) -> bool:
    """Whether *sentence* was not told of the job *name* within the day; from now on it was.

    Where that cannot be kept, everything is news.
    """
    told = _told(folder)
    last = told.get(name, {})
    if last.get("sentence") == sentence and 0 <= now - last["at"] < TOLD_AGAIN_SECONDS:
        return False
    _keep(folder, told | {name: {"sentence": sentence, "at": now}})
    return True


def forget(folder: Path, name: str) -> None:
    """The job *name* could run: what stopped it is over, and would be news."""
    if name in (told := _told(folder)):
        _keep(folder, {other: last for other, last in told.items() if other != name})


def _told(folder: Path) -> dict[str, Any]:
    with suppress(OSError, ValueError):
        return dict(json.loads(_place(folder).read_text(encoding="utf-8")))
    return {}


def _keep(folder: Path, told: dict[str, Any]) -> None:
    with suppress(OSError):
        if folder.stat().st_uid != os.geteuid():
            return  # what is made here would not be its owner's, and stop every job of theirs
        _place(folder).parent.mkdir(mode=0o700, exist_ok=True)
        write_text(_place(folder), json.dumps(told))


def _place(folder: Path) -> Path:
    return folder / "locks" / "told.json"
