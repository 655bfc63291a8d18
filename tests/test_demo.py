"""The demo does the whole main job, tells the truth about it, and may be run again."""

from __future__ import annotations

import email
import email.policy
import json
import shlex
import stat
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from retainctl.clock import parse_instant
from retainctl.demo.history import history
from retainctl.demo.walk import MARK, STEPS, Walk
from retainctl.errors import Refused, RetainError
from tests.conftest import NOW

ZONE = ZoneInfo("Asia/Jerusalem")


def run_demo(folder: Path) -> list[dict[str, Any]]:
    words = [sys.executable, "-m", "retainctl", "--now", NOW, "demo", str(folder / "demo-shop"), "--format", "json"]
    ended = subprocess.run(words, capture_output=True, text=True, check=False, cwd="/", timeout=280)
    assert (ended.returncode, ended.stderr) == (0, "")
    return list(json.loads(ended.stdout)["rows"])


def test_the_demo_runs_and_runs_again(tmp_path: Path) -> None:
    rows = run_demo(tmp_path)
    assert len(rows) == STEPS
    first = {row["step"]: row["result"] for row in rows}
    shop = tmp_path / "demo-shop"
    orders = (shop / "incoming" / "orders.csv").read_text(encoding="utf-8").count("\n") - 1
    assert f"rows_new {orders}" in first["Import two years of orders"]
    assert first["Check the ledger"] == "ok"
    mails = list((shop / "mail").glob("*.eml"))
    recipients = first["Plan who gets it, and why others do not"].partition("recipients ")[2].partition(",")[0]
    invitations = first["Invite the buyers with consent"].partition("invitations ")[2]
    assert len(mails) == int(recipients) + int(invitations) > 500
    message = email.message_from_bytes(sorted(mails)[0].read_bytes(), policy=email.policy.default)
    assert str(message["Subject"]).startswith("פרסומת: ")
    assert message["List-Unsubscribe"].startswith("<mailto:unsubscribe@example.com")
    messages = [email.message_from_bytes(mail.read_bytes(), policy=email.policy.default) for mail in mails]
    by_language = Counter(html.get_content().split('"')[1] for one in messages if (html := one.get_body(("html",))))
    assert by_language.keys() == {"he", "en"}
    assert by_language["he"] > by_language["en"] > 100
    offers = {str(message["Subject"]) for message in messages if str(message["Subject"]).startswith("פרסומת")}
    assert offers == {
        "פרסומת: 10% הנחה על פולי הקפה החדשים, עד 16 במרץ",
        "פרסומת: \u206610% off the new coffee beans, until 16 March\u2069",
    }
    assert 'dir="rtl"' in (shop / "pages" / "cohorts.html").read_text(encoding="utf-8")

    again = {row["step"]: row["result"] for row in run_demo(tmp_path)}
    assert again["Import two years of orders"] == "source web, outcome already imported"
    assert again["Award points"] == "nothing new"
    assert again["Send the queued messages"] == "nothing new"
    assert sorted(mails) == sorted((shop / "mail").glob("*.eml"))


def test_a_step_that_fails_ends_the_demo_with_its_own_words(tmp_path: Path) -> None:
    (tmp_path / MARK).touch()
    said = "retainctl products import incoming/products.csv failed with exit code 2: there is no file"
    with pytest.raises(RetainError, match=said):
        list(Walk(tmp_path, NOW).steps())


def test_a_folder_that_is_not_the_demo_s_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("x")
    with pytest.raises(Refused, match="was not created by the demo; not overwritten"):
        list(Walk(tmp_path, NOW).steps())
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_the_history_is_the_same_each_time() -> None:
    now = parse_instant(NOW, ZONE)
    assert history(now=now, zone=ZONE) == history(now=now, zone=ZONE)
    assert history(now=now + 86_400, zone=ZONE)["orders.csv"] != history(now=now, zone=ZONE)["orders.csv"]


def test_everything_that_is_made_is_for_its_owner_alone(tmp_path: Path) -> None:
    """Whatever the umask of who calls."""
    words = f"umask 022; {shlex.quote(sys.executable)} -m retainctl demo {shlex.quote(str(tmp_path / 'demo'))}"
    subprocess.run(["/bin/sh", "-c", words], check=True, stdout=subprocess.DEVNULL, cwd="/")
    made = [tmp_path / "demo", *(tmp_path / "demo").rglob("*")]
    assert len(made) > 10
    for path in made:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
