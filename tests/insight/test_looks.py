"""Every report and mail as a browser shows it: in both languages, at a desk, on a phone, in the dark and on paper."""

from __future__ import annotations

import email
import email.policy
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser import PAPER, browser, faults
from tests.conftest import NOW

if TYPE_CHECKING:
    from playwright.sync_api import Browser

VIEWS: dict[str, Any] = {
    "desk": {"width": 1280},
    "phone": {"width": 390},
    "dark": {"width": 1280, "dark": True},
    "dark phone": {"width": 390, "dark": True},
    "paper": {"width": PAPER, "printed": True},
}


@pytest.fixture(scope="module")
def running() -> Iterator[Browser]:
    with browser() as one:
        yield one


def typed(folder: Path, *words: str) -> None:
    command = [sys.executable, "-m", "retainctl", "--now", NOW, *words]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, timeout=280)
    assert ended.returncode == 0, ended.stderr


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the demo's shop in it."""
    made = tmp_path_factory.mktemp("looks")
    typed(made, "demo", "demo-shop")
    return made


@pytest.fixture(scope="module")
def pages(folder: Path) -> dict[str, list[Path]]:
    """Every page of the demo's shop, in Hebrew and in English."""
    made: dict[str, list[Path]] = {}
    for language in ("he", "en"):
        settings = folder / "demo-shop" / "retainctl.toml"
        text = settings.read_text(encoding="utf-8")
        settings.write_text(text.replace('language = "he"', f'language = "{language}"'), encoding="utf-8")
        typed(folder, "--shop", "demo-shop", "reports", "build", str(folder / language))
        typed(folder, "--shop", "demo-shop", "reports", "build", str(folder / f"{language}-90"), "--last", "90d")
        made[language] = sorted((folder / language).iterdir()) + sorted((folder / f"{language}-90").iterdir())
    return made


@pytest.fixture(scope="module")
def mails(folder: Path) -> list[Path]:
    """One mail of each kind and language that the demo sent, as the page that a mail program shows."""
    found: dict[tuple[str, bool], Path] = {}
    for path in sorted((folder / "demo-shop" / "mail").glob("*.eml")):
        message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        part = message.get_body(("html",))
        assert part is not None
        page: str = part.get_content()
        is_survey = "survey" in str(message["List-Id"])
        shown = folder / f"{path.stem}.html"
        if found.setdefault((page.partition('lang="')[2][:2], is_survey), shown) == shown:
            shown.write_text(page, encoding="utf-8")
    assert sorted(found) == [("en", False), ("en", True), ("he", False), ("he", True)]
    return list(found.values())


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [320, 390, 600, 1280])
def test_a_mail_fits_the_smallest_phone_and_the_dark(
    running: Browser, mails: list[Path], width: int, dark: bool
) -> None:
    found = {path.name: faults(running, path, width=width, dark=dark) for path in mails}
    assert not any(found.values()), "\n".join(f"{name}: {fault}" for name, ones in found.items() for fault in ones)
    assert all(path.stat().st_size < 60_000 for path in mails), "a mail program cuts what is longer than 102 kB"


@pytest.mark.parametrize("language", ["he", "en"])
@pytest.mark.parametrize("view", VIEWS)
def test_no_text_is_cut_and_nothing_is_too_faint(
    running: Browser, pages: dict[str, list[Path]], language: str, view: str
) -> None:
    shown = pages[language] if view in ("desk", "phone") else pages[language][:8]
    assert len(shown) in (8, 16)
    found = {f"{path.parent.name}/{path.name}": faults(running, path, **VIEWS[view]) for path in shown}
    assert not any(found.values()), "\n".join(f"{name}: {fault}" for name, ones in found.items() for fault in ones)


def test_what_is_wrong_with_a_page_is_seen(running: Browser, tmp_path: Path) -> None:
    """The eye itself is tried: each of these faults, and no other."""
    bad = tmp_path / "bad.html"
    bad.write_text(
        '<!doctype html><body style="margin:0;background:#fff"><p style="width:4em;overflow:hidden;white-space:nowrap">'
        'a long sentence that is cut</p><p style="color:#aaa">faint</p>'
        '<div class="wide" style="width:99px;overflow:auto"><div style="width:2000px">wide</div></div>'
        '<svg width="200" height="40"><rect width="50" height="40" fill="#eee"/>'
        '<text x="190" y="20" font-size="14">outside</text><text x="60" y="30" font-size="6">small</text>'
        '<text x="100" y="20" font-size="14">one</text><text x="102" y="20" font-size="14">other</text></svg>',
        encoding="utf-8",
    )
    kinds = {one.split(":")[0] for one in faults(running, bad, width=390, printed=True)}
    assert kinds == {
        "text is cut", "contrast of 2.32", "cut on paper", "texts lie on each other", "a shape of contrast 1.16",
    }  # fmt: skip
    assert "text is too small: small" in faults(running, bad, width=390)
