"""Mail as files: one ``.eml`` a message, in the shop folder's ``mail/``. It needs nothing, and it is the default."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

from retainctl.errors import Refused
from retainctl.files import written
from retainctl.outreach.channels import Letter, Outcome
from retainctl.outreach.channels.plain import PlainChannel


def files_channel(folder: Path) -> PlainChannel:
    """Writes each letter to a file of its own name in *folder*, whole and on the disk or not at all."""
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise Refused(f"{folder} is not a plain folder; no mail was written", hint="Remove it.")
    folder.mkdir(mode=0o700, exist_ok=True)
    return PlainChannel(partial(_write, folder), at_once=100)


def _write(folder: Path, letter: Letter) -> Outcome:
    """A file that stands there already with the same bytes is the letter, written by a run that died afterwards. So
    nothing is ever unknown here."""
    path = folder / file_name(letter)
    shown = f"{folder.name}/{path.name}"
    if path.is_file() and not path.is_symlink():
        if path.read_bytes() != letter.payload:
            return Outcome("failed", f"another message stands in {shown}")
    else:
        with written(path) as file:
            file.write(letter.payload)
    return Outcome("sent", shown)


def file_name(letter: Letter) -> str:
    """The row's number, so that a listing has them in order, and the Message-ID, which no other database repeats."""
    return f"{letter.id:07}-{re.sub(r'[^A-Za-z0-9]', '', letter.message_id)[:8]}.eml"
