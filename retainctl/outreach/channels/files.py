"""Mail as files: one ``.eml`` per message in the shop folder's ``mail/``. It needs no server, and is the default."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

from retainctl.errors import Refused
from retainctl.files import written
from retainctl.outreach.channels import Letter, Outcome
from retainctl.outreach.channels.plain import PlainChannel


def files_channel(folder: Path) -> PlainChannel:
    """A channel that writes each letter to a file of its own in *folder*, completely and durably or not at all."""
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise Refused(f"{folder} is not a regular folder; no mail was written", hint="Remove it.")
    folder.mkdir(mode=0o700, exist_ok=True)
    return PlainChannel(partial(_write, folder), at_once=100)


def _write(folder: Path, letter: Letter) -> Outcome:
    """Write *letter* to its file. An existing file with the same bytes was written by a run that died afterwards, so
    the delivery of a letter is never unknown here."""
    path = folder / file_name(letter)
    shown = f"{folder.name}/{path.name}"
    if path.is_file() and not path.is_symlink():
        if path.read_bytes() != letter.payload:
            return Outcome("failed", f"the file {shown} already exists with another message")
    else:
        with written(path) as file:
            file.write(letter.payload)
    return Outcome("sent", shown)


def file_name(letter: Letter) -> str:
    """The row's id, so that files sort in order, and a part of the Message-ID, which no other database repeats."""
    return f"{letter.id:07}-{re.sub(r'[^A-Za-z0-9]', '', letter.message_id)[:8]}.eml"
