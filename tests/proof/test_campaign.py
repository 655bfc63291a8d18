"""A whole campaign by the command line: planned, approved, sent by four processes at once that are killed at random."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import NOW, Terminal
from tests.proof.senders import FULL, write_mail_settings
from tests.smtp_sink import Sink

pytestmark = pytest.mark.proof

SEED = int(os.environ.get("SEED", "1"))
CUSTOMERS, KILLS = (10_000, 100) if FULL else (300, 6)
FIRST_NAMES = "נועה יעל מאיה תמר שירה אביגיל מיכל דנה עדי ליאור איתי נועם דוד יוסף משה".split()
LAST_NAMES = "כהן לוי מזרחי פרץ ביטון דהן אברהם פרידמן מלכה בן־דוד".split()


def rows_of(retainctl: Terminal, *words: str) -> list[dict[str, Any]]:
    ended = retainctl(*words, "--format", "json")
    assert (ended.code, ended.stderr) == (0, ""), ended.stderr
    return list(json.loads(ended.stdout)["rows"])


def fill_the_shop(folder: Path, retainctl: Terminal) -> Path:
    """Customers with Hebrew names, of whom every fiftieth did not agree to get mail, and a campaign to all of them."""
    chance = random.Random(SEED)
    names = [(chance.choice(FIRST_NAMES), chance.choice(LAST_NAMES)) for _ in range(CUSTOMERS)]
    customers = folder / "customers.csv"
    customers.write_text(
        "customer_id,first_name,last_name,email\n"
        + "".join(f"{n},{first},{last},person{n}@example.com\n" for n, (first, last) in enumerate(names)),
        encoding="utf-8",
    )
    consent = folder / "consent.csv"
    consent.write_text(
        "email,purpose,happened_at\n"
        + "".join(f"person{n}@example.com,marketing,2025-01-01\n" for n in range(CUSTOMERS) if n % 50),
        encoding="utf-8",
    )
    rows_of(retainctl, "customers", "import", str(customers))
    rows_of(retainctl, "consent", "import", str(consent), "--answer", "yes", "--evidence", "the form of January")
    rows_of(retainctl, "segments", "create", "everyone", "orders >= 0")
    settings = folder / "retainctl.toml"
    text = settings.read_text(encoding="utf-8")
    for blank in ("postal_address", "contact"):
        text = text.replace(f'{blank} = ""', f'{blank} = "רחוב 1, תל אביב"')
    for blank in ("from_address", "unsubscribe_address"):
        text = text.replace(f'{blank} = ""', f'{blank} = "shop@example.com"')
    settings.write_text(text, encoding="utf-8")
    retainctl("campaigns", "draft", "spring", "--kind", "offer", "--audience", "everyone")
    draft = folder / "campaigns" / "spring.md"
    draft.write_text(
        draft.read_text(encoding="utf-8").replace('why = ""', 'why = "אביב"').replace('what = ""', 'what = "מבצע"'),
        encoding="utf-8",
    )
    return settings


def deliverer(folder: Path) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-m", "retainctl", "--shop", str(folder), "--now", NOW, "outbox", "deliver"]
    return subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd="/")


def test_each_recipient_of_a_campaign_gets_it_once_whatever_is_killed(folder: Path, retainctl: Terminal) -> None:
    fill_the_shop(folder, retainctl)
    with Sink(delay_seconds=0.05) as sink:
        write_mail_settings(folder, port=sink.port)
        (plan,) = rows_of(retainctl, "campaigns", "plan", "spring")
        assert plan["candidates"] == CUSTOMERS
        assert plan["recipients"] + plan["no_consent"] == CUSTOMERS
        rows_of(retainctl, "campaigns", "approve", "spring", plan["hash"])
        rows_of(retainctl, "campaigns", "send", "spring")

        chance, kills = random.Random(SEED), 0
        processes = [deliverer(folder) for _ in range(4)]
        while kills < KILLS:
            time.sleep(chance.uniform(0.05, 0.6))
            victim = chance.randrange(4)
            if processes[victim].poll() is None:
                processes[victim].kill()
                kills += 1
            processes[victim].communicate()
            processes[victim] = deliverer(folder)
        for process in processes:
            process.communicate()
        for _ in range(20):
            ended = retainctl("outbox", "deliver", "--format", "json")
            if not json.loads(ended.stdout)["rows"][0]["left"]:
                break
        states = Counter(row["state"] for row in rows_of(retainctl, "outbox", "list", "--limit", "all"))
        unknown = rows_of(retainctl, "outbox", "list", "--state", "unknown", "--limit", "all")
        assert retainctl("outbox", "check").code == (3 if unknown else 0)

    copies = sink.copies()
    assert max(copies.values()) == 1  # nobody twice
    assert set(states) <= {"sent", "unknown"}
    assert states["sent"] + states["unknown"] == plan["recipients"]  # nobody lost
    assert states["sent"] <= len(copies) <= plan["recipients"]
    assert len(unknown) == states["unknown"]  # and what cannot be known is listed
    sys.stdout.write(f"seed {SEED}: {kills} kills, {dict(states)}, {len(copies)} delivered\n")
