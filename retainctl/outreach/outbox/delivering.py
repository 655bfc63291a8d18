"""Sending the messages that are due: one run, over all channels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Final

from retainctl.config import Shop
from retainctl.errors import DiskTrouble, DoneInPart, RetainError, TryLater, Unavailable
from retainctl.outreach.channels.opening import CHANNELS
from retainctl.outreach.outbox import resolve
from retainctl.outreach.outbox.claiming import Claimer, due_batches, judged, open_mailings, withheld
from retainctl.outreach.outbox.recover import sweep
from retainctl.outreach.outbox.send_loop import Loop, Tally
from retainctl.outreach.outbox.states import OPEN, State
from retainctl.outreach.programs import how_to_resume
from retainctl.result import Progress, Result
from retainctl.rows import Row
from retainctl.store.database import value
from retainctl.store.installation import sending
from retainctl.store.leases import held
from retainctl.store.outreach import Mailing

_COUNTED: Final[tuple[State, ...]] = ("sent", "deferred", "failed", "unknown", "suppressed", "expired", "cancelled")


class Delivery(Row, kind="delivery"):
    """The outcomes of one run; *left* is the number of messages that still wait, those of paused mailings too."""

    sent: int
    deferred: int
    failed: int
    unknown: int
    suppressed: int
    expired: int
    cancelled: int
    left: int


def deliver(
    shop: Shop,
    *,
    limit: int | None = None,
    stopping: Callable[[], bool] = lambda: False,
    progress: Progress = lambda _size: None,
) -> Result[Delivery]:
    """Send what is due, at most *limit* messages, until nothing is left or *stopping* says so.

    Any number of runs may send at once: each recipient gets each message once. Refused where this installation may
    not send. A server that does not answer, a mailing that had to be paused and messages whose delivery is unknown are
    reported in the result, beside what was done until then.
    """
    tally = Tally(room=limit)
    with sending(), held("sender") as holder:
        tally.became += sweep(shop, by=holder.name)
        for name in CHANNELS:
            if open_mailings(name, at=shop.clock.now()) and not tally.trouble and not stopping():
                loop = Loop(shop, holder, tally, stopping=stopping, progress=progress)
                with closing(CHANNELS[name](shop)) as channel:
                    try:
                        loop.run(channel, Claimer(shop, channel, channel_name=name, owner=holder.name))
                    except (DiskTrouble, TryLater, Unavailable) as error:
                        tally.trouble = tally.trouble or error  # what was sent until then is told beside it
    return _delivered(tally)


def _delivered(tally: Tally) -> Result[Delivery]:
    """The result of a run. Unknown deliveries of earlier runs are a note; those of this run are trouble."""
    unresolved = resolve.unresolved()
    troubles = list(_troubles(tally, unresolved))
    notes = () if troubles or unresolved is None else (str(unresolved),)
    counts = Delivery(**{state: tally.became[state] for state in _COUNTED}, left=waiting("active", "paused"))
    beside = tuple(f"{one}. {one.hint}" for one in troubles[1:])
    return Result((counts,), notes=notes, attention=beside, trouble=troubles[0] if troubles else None)


def waiting(*states_of_mailings: str) -> int:
    """How many messages wait, now or later, of the mailings in these states."""
    asked = ", ".join("?" * len(states_of_mailings))
    return int(
        value(
            f"SELECT COUNT(*) FROM mailings m JOIN outbox o ON o.mailing_id = m.id AND o.state IN {OPEN}"
            f" WHERE m.state IN ({asked})",
            *states_of_mailings,
        )
    )


def _troubles(tally: Tally, unresolved: DoneInPart | None) -> Iterator[RetainError]:
    """What went wrong in the run, the most serious first: it ends with that."""
    if tally.trouble:
        yield tally.trouble
    if tally.paused:
        paused = Mailing.select().where(Mailing.id.in_(list(tally.paused))).order_by(Mailing.id)
        commands = (how_to_resume(one.program, one.name) for one in paused)
        yield DoneInPart("; ".join(tally.paused.values()), hint=f"Correct the cause, then: {'; '.join(commands)}")
    if tally.became["unknown"] and unresolved:
        yield unresolved
    if (
        tally.held
        and not tally.trouble
        and not any(tally.became[state] for state in tally.became if state != "planned")
    ):
        yield TryLater(f"nothing was sent: {tally.held}", hint="Run it again later.")


def foresee(shop: Shop, *, limit: int | None = None) -> Result[Delivery]:
    """What ``deliver`` would do now if every server accepted everything; nothing is sent or written."""
    tally, now = Tally(room=limit), shop.clock.now()
    for name in CHANNELS:
        for mailing_id in open_mailings(name, at=now):
            mailing = Mailing.get_by_id(mailing_id)
            if why := withheld(shop, mailing, at=now):
                tally.held = why
                continue
            for batch in due_batches(mailing_id, name, at=now):
                fates = [fate.state for _, fate in judged(shop, mailing, batch, at=now)][: tally.room]
                tally.became += Counter("sent" if state == "claimed" else state for state in fates)
                if tally.room is not None:
                    tally.room -= len(fates)
    return _delivered(tally)
