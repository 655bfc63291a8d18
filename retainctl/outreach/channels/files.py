"""Mail as files: one ``.eml`` a message, in the shop folder's ``mail/``. It needs nothing, and it is the default."""

from __future__ import annotations

import re
from pathlib import Path

from retainctl.errors import Refused, RetainError
from retainctl.files import written
from retainctl.outreach.channels import Answer, Down, Letter, Outcome, Ready, Report


class FilesChannel:
    """Writes each letter to a file of its own name, whole and on the disk or not at all.

    A file that stands there already with the same bytes is the letter, written by a run that died afterwards. So
    nothing is ever unknown here.
    """

    def __init__(self, folder: Path) -> None:
        if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
            raise Refused(f"{folder} is not a plain folder, and no mail is written there", hint="Remove it.")
        self._folder = folder
        folder.mkdir(mode=0o700, exist_ok=True)
        self._reports: list[Report] = []
        self._down = False

    def objection(self, payload: bytes, *, marketing: bool) -> str:  # noqa: ARG002
        return ""

    def room(self) -> int:
        return 0 if self._down else 100

    def take(self, letter: Letter) -> None:
        self._reports.append(Ready(letter))

    def reports(self, wait_seconds: float) -> list[Report]:  # noqa: ARG002
        reports, self._reports = self._reports, []
        return reports

    def go(self, letter: Letter) -> None:
        path = self._folder / file_name(letter)
        try:
            if path.is_file() and not path.is_symlink():
                self._reports.append(Answer(letter, _already_there(path, letter)))
                return
            with written(path) as file:
                file.write(letter.payload)
        except RetainError as trouble:
            self._reports.append(Answer(letter, Outcome("deferred", str(trouble), charged=False)))
            if not self._down:
                self._reports.append(Down(trouble))
            self._down = True
        else:
            self._reports.append(Answer(letter, Outcome("sent", f"{path.parent.name}/{path.name}")))

    def drop(self, letter: Letter) -> None:
        pass

    def close(self) -> None:
        self._down = True


def file_name(letter: Letter) -> str:
    """The row's number, so that a listing has them in order, and the Message-ID, which no other database repeats."""
    return f"{letter.id:07}-{re.sub(r'[^A-Za-z0-9]', '', letter.message_id)[:8]}.eml"


def _already_there(path: Path, letter: Letter) -> Outcome:
    if path.read_bytes() == letter.payload:
        return Outcome("sent", f"{path.parent.name}/{path.name}")
    return Outcome("failed", f"another message stands in {path.parent.name}/{path.name}")
