"""What a server's answer means: taken, not now, never, and whose fault it is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from retainctl.outreach.channels import Outcome

Phase = Literal["mail", "rcpt", "data", "end"]

COOL_DOWN_SECONDS = 300

# There is no such mailbox, or its address cannot be one: nothing more is sent there. All else may change.
_NOBODY_THERE = frozenset({"5.1.1", "5.1.3", "5.1.6", "5.1.10"})
# "Access denied" says nothing about whom: at the recipient it may be his own rule, unless the words tell.
_AMBIGUOUS = frozenset({"5.7.0", "5.7.1"})
_ABOUT_THE_SENDER = re.compile(
    r"spam|spf|dkim|dmarc|reputation|block ?list|black ?list|blocked|authenticat|rate ?limit|relay", re.IGNORECASE
)
_ENHANCED = re.compile(r"([245]\.\d{1,3}\.\d{1,3})(?: |$)")


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer: its code, the enhanced code where there is one, and its text."""

    code: int
    text: str

    @property
    def enhanced(self) -> str | None:
        found = _ENHANCED.match(self.text)
        return found[1] if found and found[1][0] == str(self.code)[0] else None

    def __str__(self) -> str:
        return f"{self.code} {self.text}"


def meaning(reply: Reply, phase: Phase) -> Outcome:
    """What becomes of a letter that was refused with *reply*, or after the end of its data taken."""
    code, enhanced, detail = reply.code, reply.enhanced, str(reply)
    if code // 100 == 2:
        return Outcome("sent", detail, code, enhanced)
    if code == 421:  # the server closes: about the connection, not about the recipient
        return Outcome("deferred", detail, code, enhanced, charged=False, retry_seconds=COOL_DOWN_SECONDS)
    if code // 100 == 4:
        return Outcome("deferred", detail, code, enhanced)
    if phase == "mail" or _sender_is_refused(reply, phase):
        return Outcome("deferred", detail, code, enhanced, charged=False, sender_at_fault=True)
    return Outcome("failed", detail, code, enhanced, nobody_there=enhanced in _NOBODY_THERE)


def _sender_is_refused(reply: Reply, phase: Phase) -> bool:
    if not (reply.enhanced or "").startswith("5.7."):
        return False
    return not (phase == "rcpt" and reply.enhanced in _AMBIGUOUS) or bool(_ABOUT_THE_SENDER.search(reply.text))
