"""The whole main job in one shop, step by step, by the very commands that a user types."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from retainctl.clock import Clock, parse_instant
from retainctl.config import FILE_NAME
from retainctl.demo.history import history
from retainctl.errors import DONE, DoneInPart, Refused, RetainError
from retainctl.files import write_text
from retainctl.jobs.steps import run_step
from retainctl.outreach.drafts import DAYS_OPEN
from retainctl.people import as_read
from retainctl.rows import Row
from retainctl.wording import day_in_words

STEPS = 26
MARK = "DEMO"
ZONE = ZoneInfo("Asia/Jerusalem")
_SECONDS_PER_STEP = 3_600
EVIDENCE = "ticked the box when joining the club"

# What a person fills in by hand: the shop's sender, hours in which the demo may run at night too, and the two
# answers that every campaign has to give, and whose answers a file of them holds.
_SENDER = {
    'postal_address = ""': 'postal_address = "רחוב הקפה 1, תל אביב"',
    'contact = ""': 'contact = "+972-3-555-0100"',
    '# brand_color = "#0b6e75"': 'brand_color = "#9a4f12"',
    'from_address = ""': 'from_address = "shop@example.com"',
    'unsubscribe_address = ""': 'unsubscribe_address = "unsubscribe@example.com"',
    'quiet_from = "21:00"': 'quiet_from = "00:00"',
    'quiet_until = "08:00"': 'quiet_until = "00:00"',
}
_OFFER = {"he": "10% הנחה על פולי הקפה החדשים, עד {day}", "en": "10% off the new coffee beans, until {day}"}
_SURVEY = {'token = "token"': 'email = "email"\nanswered_at = "answered_at"'}


class DemoStep(Row, kind="demo_step"):
    """One step of the demo: what it is for, what was typed, and what came of it."""

    step: str
    command: str
    result: str


@dataclass(slots=True)
class Walk:
    """One demo in one folder, at one time (*now*; else each command takes the system's)."""

    folder: Path
    now: str | None

    def steps(self) -> Iterator[DemoStep]:
        """Do each step as it is asked for; one that fails ends the demo with that command's own words.

        What an earlier run of the demo did is done: an import finds its file known, a campaign everybody written to.
        """
        yield from self._fill()
        yield from self._reward()
        yield from self._write()
        yield from self._ask()
        yield from self._report()

    def _fill(self) -> Iterator[DemoStep]:
        if not self._is_ours():
            yield self._do("Create the shop", "init", str(self.folder), "--name", "קפה בוקר טוב", "--language", "he")
            self._complete(self.folder / FILE_NAME, _SENDER)
            self._furnish()
        yield self._do("Import the products", "products", "import", "incoming/products.csv")
        yield self._do("Import two years of orders", "orders", "import", "incoming/orders.csv", "--source", "web")
        yield self._do("Import the club members", "customers", "import", "incoming/customers.csv")
        consent = ("consent", "import", "incoming/consent.csv", "--answer", "yes", "--evidence", EVIDENCE)
        yield self._do("Import the consent", *consent)

    def _reward(self) -> Iterator[DemoStep]:
        yield self._do("Award points", "points", "award")
        yield self._do("Expire old points", "points", "expire")
        yield self._do("Check the ledger", "points", "check")
        for name, expression in (
            ("buyers", "orders >= 1"),
            ("coffee", 'orders >= 2 and bought category "קפה"'),
            ("lapsing", "orders >= 3 and last_order before 90 days ago"),
        ):
            if not (self.folder / "segments" / f"{name}.toml").exists():
                yield self._do(f"Create the segment {name}", "segments", "create", name, expression)
        yield self._do("Refresh the segments", "segments", "refresh")

    def _write(self) -> Iterator[DemoStep]:
        draft = self.folder / "campaigns" / "harvest.md"
        if not draft.exists():
            yield self._do(
                "Draft a campaign", "campaigns", "draft", "harvest", "--kind", "offer", "--audience", "coffee"
            )
            self._complete(draft, {'why = ""': 'why = "הם אוהבים קפה, והגיע יבול חדש"'})
            self._complete(draft, {'# link = "https://"': 'link = "https://cafe.example.com/new-beans"'})
            for language, offer in _OFFER.items():  # as they stand in the file: first the shop's own
                until = day_in_words(self._clock().today() + timedelta(days=DAYS_OPEN), language).rpartition(" ")[0]
                self._complete(draft, {'what = ""': f'what = "{offer.format(day=until)}"'})
        yield self._do("Check the campaign", "campaigns", "check", "harvest")
        plan = self._run("campaigns", "plan", "harvest")
        yield self._told("Plan who gets it, and why others do not", plan, "campaigns", "plan", "harvest")
        if plan[0]["recipients"]:
            yield self._do("Approve the plan", "campaigns", "approve", "harvest", plan[0]["hash"])
            yield self._do("Queue the messages", "campaigns", "send", "harvest")
        yield self._do("Send the queued messages", "outbox", "deliver")

    def _ask(self) -> Iterator[DemoStep]:
        if not (self.folder / "surveys" / "service.toml").exists():
            yield self._do("Draft a survey", "surveys", "draft", "service", "--kind", "nps", "--audience", "buyers")
            self._complete(self.folder / "surveys" / "service.toml", _SURVEY)
        yield self._do("Invite the buyers with consent", "surveys", "run", "service", "--yes")
        yield self._do("Send the queued messages", "outbox", "deliver")
        yield self._do("Import the answers", "surveys", "import", "service", "incoming/answers.csv")
        yield self._do("Show the scores", "surveys", "results", "service")

    def _report(self) -> Iterator[DemoStep]:
        yield self._do("Show how many customers come back", "reports", "show", "retention")
        yield self._do("Write every report as a page", "reports", "build", "pages")
        yield self._do("Check the shop", "doctor")

    def _is_ours(self) -> bool:
        """Whether an earlier demo made the folder; one that holds anything else is Refused and left alone."""
        if (self.folder / MARK).exists():
            return True
        if self.folder.exists() and any(self.folder.iterdir()):
            raise Refused(f"{self.folder} was not created by the demo; not overwritten", hint="Choose a new folder.")
        return False

    def _furnish(self) -> None:
        """Give the new shop its past, and mark it as the demo's."""
        write_text(self.folder / MARK, "This shop was created by retainctl demo and can be deleted.\n")
        incoming = self.folder / "incoming"
        incoming.mkdir()
        for name, text in history(now=self._clock().now(), zone=ZONE).items():
            write_text(incoming / name, text)

    def _clock(self) -> Clock:
        return Clock(ZONE, parse_instant(self.now, ZONE) if self.now else None)

    def _complete(self, path: Path, filled: dict[str, str]) -> None:
        """Fill in a file's blanks, as a person would in an editor: of two that are alike, the first."""
        text = path.read_text(encoding="utf-8")
        for blank, value in filled.items():
            assert blank in text, f"{path.name} has no {blank}"
            text = text.replace(blank, value, 1)
        write_text(path, text)

    def _do(self, step: str, *words: str) -> DemoStep:
        return self._told(step, self._run(*words), *words)

    def _told(self, step: str, rows: list[dict[str, Any]], *words: str) -> DemoStep:
        typed = " ".join(f"'{word}'" if " " in word else word for word in ("retainctl", *words))
        return DemoStep(step=step, command=typed, result=_summary(rows))

    def _run(self, *words: str) -> list[dict[str, Any]]:
        """Type the command in the shop's folder; the rows that it shows, or RetainError with its words."""
        command = [sys.executable, "-P", "-m", "retainctl"]
        command += ["--now", self.now] if self.now else []
        command += [*words] if "--format" in words else [*words, "--format", "jsonl"]
        place = Path.cwd() if words[0] == "init" else self.folder
        ended = run_step(command, folder=place, seconds=_SECONDS_PER_STEP)
        if ended.exit_code not in (DONE, DoneInPart.exit_code):
            why = ended.stopped or ". ".join(ended.said)
            raise RetainError(f"retainctl {' '.join(words)} failed with exit code {ended.exit_code}: {why}")
        return ended.rows


def _summary(rows: list[dict[str, Any]]) -> str:
    """What a result says in one line: the figures of its first row, and how many rows there are."""
    if not rows:
        return "ok"
    told = {key: value for key, value in rows[0].items() if value and key not in ("file", "notes")}
    figures = {name: value for name, value in as_read(told).items() if value is not None}
    line = ", ".join(f"{name} {value}" for name, value in figures.items()) or "nothing new"
    return f"{len(rows)} rows: {line}, …" if len(rows) > 1 else line
