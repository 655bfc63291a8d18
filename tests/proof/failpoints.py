"""The points between the steps of a sender, counted as it passes them, and a sender that ends at one of them.

A point is the begin or the end of one of STEPS, so that nothing need be built into the program for it.
"""

from __future__ import annotations

import os
import signal
import sys
from functools import partial
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, Literal

import peewee

from retainctl.outreach.channels.mail.pool import MailChannel
from retainctl.outreach.channels.mail.wire import Wire
from retainctl.outreach.outbox import commit_cycle, states
from retainctl.outreach.outbox.claiming import Claimer
from tests.proof.senders import send

STEPS = (
    Claimer.claim, states.claim, states.hand_over, states.mark_sent, states.change, commit_cycle.record,
    peewee.Database.commit, MailChannel.take, MailChannel.go, MailChannel.drop, Wire.write, Wire.reply, Wire.is_gone,
)  # fmt: skip
FAILED = 17  # the exit code of a sender that failed at its point

How = Literal["kill", "fail"]


class Failure(BaseException):
    """What the sender raises at its point."""


def send_until(folder: Path, point: int, how: How) -> None:
    """Deliver what is due in the shop at *folder*, but end at that *point*: by a kill -9, or an exception."""
    codes = {_code(step) for step in STEPS}
    passed = 0

    def watch(frame: FrameType, event: str, _: Any) -> None:
        nonlocal passed
        if event in ("call", "return") and frame.f_code in codes:
            passed += 1
            if passed == point:
                end()

    end = partial(os.kill, os.getpid(), signal.SIGKILL) if how == "kill" else _fail
    sys.setprofile(watch)
    try:
        send(folder)
    except Failure:
        sys.exit(FAILED)


def _code(step: Any) -> CodeType:
    code: CodeType = getattr(step, "__wrapped__", step).__code__
    return code


def _fail() -> None:
    sys.setprofile(None)
    raise Failure
