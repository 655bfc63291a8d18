"""What a server's reply means: accepted, refused for now or permanently, and who is at fault."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from retainctl.outreach.channels import Outcome

Phase = Literal["mail", "rcpt", "data", "end"]

COOL_DOWN_SECONDS = 300

# The mailbox does not exist or its address is not valid: nothing more is sent there. Other reasons may be temporary.
_NOBODY_THERE = frozenset({"5.1.1", "5.1.3", "5.1.6", "5.1.10"})
# "Access denied" does not say who is at fault: after RCPT it may be the recipient's own rule, unless the text tells.
_AMBIGUOUS = frozenset({"5.7.0", "5.7.1"})
_ABOUT_THE_SENDER = re.compile(
    r"spam|spf|dkim|dmarc|reputation|block ?list|black ?list|blocked|authenticat|rate ?limit|relay", re.IGNORECASE
)
_ENHANCED = re.compile(r"([245]\.\d{1,3}\.\d{1,3})(?: |$)")


@dataclass(frozen=True, slots=True)
class Reply:
    """A complete reply: its code, the enhanced code if there is one, and its text."""

    code: int
    text: str

    @property
    def enhanced(self) -> str | None:
        found = _ENHANCED.match(self.text)
        return found[1] if found and found[1][0] == str(self.code)[0] else None

    def __str__(self) -> str:
        return f"{self.code} {self.text}"


def meaning(reply: Reply, phase: Phase) -> Outcome:
    """The outcome of a letter with *reply*: a refusal in any phase, or acceptance after the end of its data."""
    code, enhanced, detail = reply.code, reply.enhanced, str(reply)
    if code // 100 == 2:
        return Outcome("sent", detail, code, enhanced)
    if code == 421:  # the server closes: about the connection, not about the recipient
        return Outcome("deferred", detail, code, enhanced, charged=False, retry_seconds=COOL_DOWN_SECONDS)
    if code // 100 == 4:
        return Outcome("deferred", detail, code, enhanced)
    if phase == "mail" or _sender_is_refused(reply, phase):
        return Outcome(
            "deferred", detail, code, enhanced, charged=False, retry_seconds=COOL_DOWN_SECONDS, sender_at_fault=True
        )
    return Outcome("failed", detail, code, enhanced, nobody_there=enhanced in _NOBODY_THERE)


def _sender_is_refused(reply: Reply, phase: Phase) -> bool:
    if not (reply.enhanced or "").startswith("5.7."):
        return False
    return not (phase == "rcpt" and reply.enhanced in _AMBIGUOUS) or bool(_ABOUT_THE_SENDER.search(reply.text))
