"""The documents are run: every console block is played in order on a terminal, and the reference is written from the
program itself.

A ```console block holds lines that begin with ``$ `` (and go on with ``> ``) and what each shows; a line that is only
``…`` stands for any lines. A ```sh block is shown and not run. Each document plays in an empty folder of its own.
"""

from __future__ import annotations

import os
import pty
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.write_reference import reference

DOCUMENTS = [path for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))) if path.exists()]
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ISOLATES = str.maketrans("", "", "\u2068\u2069")  # invisible: they keep a Hebrew cell from turning its neighbours


def commands(text: str) -> list[tuple[str, list[str]]]:
    """Every command of a document's console blocks with the lines that it is said to show."""
    found: list[tuple[str, list[str]]] = []
    for block in BLOCK.findall(text):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append((line.removeprefix("$ "), []))
            elif line.startswith("> ") and not found[-1][1]:
                found[-1] = (f"{found[-1][0]}\n{line.removeprefix('> ')}", [])
            else:
                found[-1][1].append(line.rstrip())
    return found


def play(script: list[str], folder: Path) -> list[list[str]]:
    """Run the commands one after the other in one shell on a terminal 100 columns wide; what each showed."""
    mark = "\x1e"
    text = "".join(f"{command}\n_ended=$?; printf '{mark}'; (exit $_ended)\n" for command in script)
    (folder / ".script").write_text(text, encoding="utf-8")
    ours, theirs = pty.openpty()
    environment = {
        "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
        "HOME": str(folder), "LANG": "C.UTF-8", "TERM": "dumb", "NO_COLOR": "1", "COLUMNS": "100",
    }  # fmt: skip
    process = subprocess.Popen(
        [shutil.which("bash") or "bash", ".script"], cwd=folder, env=environment, stdin=subprocess.DEVNULL,
        stdout=theirs, stderr=theirs,
    )  # fmt: skip
    os.close(theirs)
    shown = b""
    while True:
        try:
            piece = os.read(ours, 65_536)
        except OSError:  # the other end is closed
            break
        if not piece:
            break
        shown += piece
    os.close(ours)
    process.wait(timeout=10)
    parts = shown.decode().replace("\r\n", "\n").translate(ISOLATES).split(mark)
    return [[line.rstrip() for line in part.splitlines()] for part in parts[: len(script)]]


def agrees(expected: list[str], shown: list[str]) -> bool:
    """Whether *shown* is what *expected* says, with ``…`` for any lines."""
    pattern = "\n".join("(?:.*\n?)*?" if line == "…" else re.escape(line) for line in expected)
    return re.fullmatch(pattern.replace("(?:.*\n?)*?\n", "(?:.*\n)*?"), "\n".join(shown)) is not None


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_a_document_shows_is_what_happens(path: Path, tmp_path: Path) -> None:
    expected = commands(path.read_text(encoding="utf-8"))
    shown = play([command for command, _ in expected], tmp_path)
    for (command, lines), output in zip(expected, shown, strict=True):
        assert agrees(lines, output), f"$ {command}\n" + "\n".join(output)


def test_a_wrong_transcript_is_caught() -> None:
    assert agrees(["a", "…", "d"], ["a", "b", "c", "d"])
    assert agrees(["a", "…"], ["a", "b"])
    assert not agrees(["a", "…", "d"], ["a", "b", "c"])
    assert not agrees(["a"], ["a", "b"])


def test_the_reference_is_what_the_program_says() -> None:
    for path, text in reference().items():
        assert (ROOT / path).read_text(encoding="utf-8") == text, f"{path} is not up to date: make docs"


def test_the_readme_shows_the_first_three_things() -> None:
    assert len(BLOCK.findall((ROOT / "README.md").read_text(encoding="utf-8"))) >= 3


# What is said to a person at a terminal, and to nobody else.
NOTICES = """
    retainctl init shop --name Tea --language en --currency ILS --timezone Asia/Jerusalem
        created the shop shop: ILS, Asia/Jerusalem, language en, the law of IL. Edit shop/retainctl.toml, then:
    cd shop; retainctl db check
        the database is intact
    retainctl db migrate
        the database is up to date
    retainctl config check
        no errors found in {shop}
    retainctl points check
        no errors found in the ledger
    retainctl segments create all 'orders >= 0'
        Edit it in {shop}/segments/all.toml. To see its SQL: retainctl segments explain all
    retainctl campaigns draft may --audience all
        Edit {shop}/campaigns/may.md, then: retainctl campaigns check may
    retainctl surveys draft ask
        Edit {shop}/surveys/ask.toml, then: retainctl surveys check ask
    retainctl jobs run nightly
        nightly:20
    retainctl orders quarantine retry
        no rows of orders in quarantine; correct rows of lists and answers in their file and import it again
    retainctl schedules show --style systemd --output .
        retainctl-
    retainctl customers export --output customers.csv
        customers.csv: 0 lines
"""


def test_a_person_at_a_terminal_is_told_what_was_done_and_nobody_else(tmp_path: Path) -> None:
    lines = [line.strip().replace("{shop}", str(tmp_path / "shop")) for line in NOTICES.strip().splitlines()]
    script, notices = lines[::2], lines[1::2]
    for said, notice in zip(play(script, tmp_path), notices, strict=True):
        assert notice in " ".join(said), (notice, said)
    for shown in play(
        [f"retainctl --shop shop {words}" for words in ("--quiet db check", "db check 2>&1 | cat")], tmp_path
    ):
        assert shown == []
