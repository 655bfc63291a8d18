"""What needs a person, from the moment when it does until it is over; doctor, the checks and the jobs read it here."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from retainctl.clock import DAY_SECONDS
from retainctl.config import Shop
from retainctl.errors import DoneInPart
from retainctl.intake.quarantine import LIST_THEM, OPEN
from retainctl.jobs.records import list_jobs
from retainctl.jobs.table import read_jobs
from retainctl.outreach.outbox import resolve, states
from retainctl.outreach.programs import how_to_resume, program_of
from retainctl.result import Result
from retainctl.rows import Row
from retainctl.shop.backup import newest_made_at
from retainctl.shop.clock_check import behind, last_written
from retainctl.shop.consent import IN_FORCE
from retainctl.shop.orders import doubtful_returns
from retainctl.store.backup import HOW_TO_INSTALL, NEEDED, missing_programs
from retainctl.store.database import rows, value
from retainctl.store.installation import may_send
from retainctl.wording import day_in_words, named

BACKUP_SECONDS: Final = DAY_SECONDS + 4 * 3_600  # a nightly one may be late
_MANY_ATTEMPTS: Final = 4  # after which a message has waited for about four hours
_REFUSED_DAYS, _REFUSED_LEAST, _REFUSED_SHARE = 7, 5, 0.2
CLOCK_REMEDY: Final = "Correct the clock, or if it is right now: retainctl doctor --yes-clock"
_DISK_SHARE, _DISK_BYTES = 0.05, 2 << 30


class NeedRow(Row, kind="need"):
    """One thing that needs a person: a stable word for scripts, a sentence, and the command that shows or ends it."""

    need: str
    detail: str
    remedy: str


class Need(NamedTuple):
    """The same as it is found, with the sentence that its owner reads *in_hebrew*."""

    need: str
    detail: str
    in_hebrew: str
    remedy: str

    @property
    def sentence(self) -> str:
        """What there is and what to do."""
        return f"{self.detail}. {self.remedy}"


def needs(shop: Shop, *among: str) -> list[Need]:
    """All that needs a person now, or what is *among* these; in the order of how much it hurts."""
    return [found for name, look in _LOOKS.items() if not among or name in among for found in look(shop)]


def told(shop: Shop, *among: str) -> Result[NeedRow]:
    """``needs`` as a result: a sentence for each, and trouble while there is any."""
    found = needs(shop, *among)
    need = "1 thing needs" if len(found) == 1 else f"{len(found)} things need"
    trouble = DoneInPart(f"{need} a person", hint="See: retainctl doctor") if found else None
    listed = tuple(NeedRow(one.need, one.detail, one.remedy) for one in found)
    return Result(listed, attention=tuple(one.sentence for one in found), trouble=trouble)


def _paused(shop: Shop) -> Iterator[Need]:
    for mailing_id, program, name, reason, waiting in rows(
        f"""SELECT m.id, m.program, m.name, m.pause_reason, COUNT(o.id) FROM mailings m
            LEFT JOIN outbox o ON o.mailing_id = m.id AND o.state IN {states.OPEN}
            WHERE m.state = 'paused' GROUP BY m.id, m.program, m.name, m.pause_reason ORDER BY m.id"""
    ):
        why = f" ({reason})" if reason else ""
        yield Need(
            "paused",
            f"the {program} {name} is paused{why}; waiting messages: {waiting}",
            f"{_in_hebrew(program, name)} בהשהיה; הודעות ממתינות: {waiting}",
            f"{_reinstating(shop, mailing_id)}Correct the cause, then: {how_to_resume(program, name)}",
        )


def _unknown(_shop: Shop) -> Iterator[Need]:
    if count := resolve.count_unresolved():
        trouble = resolve.trouble_of(count)
        told = f"הודעות שלא ידוע אם נשלחו: {count}"
        yield Need("unknown", str(trouble), told, trouble.hint)


def _refused(shop: Shop) -> Iterator[Need]:
    """Mailings of the last days of which many messages were not accepted in the end."""
    for mailing_id, program, name, failed, every in rows(
        """SELECT m.id, m.program, m.name, SUM(CASE WHEN o.state = 'failed' THEN 1 ELSE 0 END), COUNT(o.id)
            FROM mailings m JOIN outbox o ON o.mailing_id = m.id AND o.state IN ('sent', 'failed')
            WHERE m.sent_at > ? GROUP BY m.id, m.program, m.name ORDER BY m.id""",
        shop.clock.now() - _REFUSED_DAYS * DAY_SECONDS,
    ):
        if failed == every or (failed >= _REFUSED_LEAST and failed > _REFUSED_SHARE * every):
            yield Need(
                "refused",
                f"{failed} of {every} messages of the {program} {name} were not accepted",
                f"{_in_hebrew(program, name)} – הודעות שהשרת דחה: {failed} מתוך {every}",
                f"{_reinstating(shop, mailing_id)}See why: retainctl outbox list --state failed",
            )


def _reinstating(shop: Shop, mailing_id: int) -> str:
    """What to do where the server called many addresses unknown, and was wrong; else empty."""
    ((count, first),) = rows(
        f"""SELECT COUNT(*), MIN(s.suppressed_at) FROM outbox o JOIN contact_points p ON p.id = o.contact_point_id
            JOIN {IN_FORCE} AS s ON s.kind = p.kind AND s.key_hash = p.key_hash AND s.reason = 'hard_bounce'
            WHERE o.mailing_id = ? AND o.state = 'failed'""",
        mailing_id,
    )
    if count < _REFUSED_LEAST:
        return ""
    day = shop.clock.day(first)
    command = f"retainctl consent reinstate --since {day} --reason TEXT"
    return f"If the {count} addresses that are suppressed do exist: {command}. "


def _deferred(_shop: Shop) -> Iterator[Need]:
    count = value(
        "SELECT COUNT(*) FROM mailings m JOIN outbox o ON o.mailing_id = m.id AND o.state = 'deferred'"
        " WHERE m.state = 'active' AND o.attempts >= ?",
        _MANY_ATTEMPTS,
    )
    if count:
        yield Need(
            "deferred",
            f"messages that the server has put off for hours: {count}",
            f"הודעות שהשרת מעכב כבר שעות: {count}",
            "See why: retainctl outbox list --state deferred",
        )


def _sending(_shop: Shop) -> Iterator[Need]:
    if not may_send():
        yield Need(
            "sending",
            "this installation does not send",
            "ההתקנה הזאת אינה שולחת הודעות",
            "To let it send: retainctl db adopt",
        )


def _quarantine(shop: Shop) -> Iterator[Need]:
    ((count, oldest),) = rows(
        f"SELECT COUNT(*), MIN(i.imported_at) FROM held_rows h JOIN imports i ON i.id = h.import_id WHERE {OPEN}"
    )
    if count:
        since = day_in_words(shop.clock.day(oldest), "he")
        yield Need(
            "quarantine",
            f"rows in quarantine: {count}, the oldest since {shop.clock.iso(oldest)}",
            f"שורות שמחכות בהסגר: {count}, הישנה שבהן מיום {since}",
            LIST_THEM,
        )


def _returns(shop: Shop) -> Iterator[Need]:
    sentences = {"overdue": "waiting for their order for more than 30 days", "too_large": "larger than their order"}
    if found := doubtful_returns(shop):
        counts = ", ".join(f"{count} {sentences[state]}" for state, count in found.items())
        told = f"החזרות שההזמנה שלהן לא הגיעה, או שהן גדולות ממנה: {sum(found.values())}"
        yield Need("returns", f"returns: {counts}", told, "See: retainctl orders returns --waiting")


def _clock(shop: Shop) -> Iterator[Need]:
    """Not under --now, which may look back."""
    if shop.clock.fixed is None and (wrong := behind(shop, last_written(shop))):
        yield Need("clock", wrong, "שעון המחשב מאחר לעומת הרישומים האחרונים", CLOCK_REMEDY)


def _jobs(shop: Shop) -> Iterator[Need]:
    for row in list_jobs(shop):
        if said := _SAID_OF_JOBS.get(row.state):
            english, hebrew = said
            told = f"המשימה {named(row.job)} {hebrew}"
            yield Need("job", f"the job {row.job} {english}", told, f"See: retainctl jobs show {row.job}")


_SAID_OF_JOBS: Final = {
    "failed": ("has failed", "נכשלה"),
    "overdue": ("is overdue", "באיחור"),
    "interrupted": ("was interrupted", "נקטעה"),
}


def _backup(shop: Shop) -> Iterator[Need]:
    """Only where a job makes backups: a server may be backed up by others."""
    if not any(step.startswith("db backup") for job in read_jobs(shop).values() for step in job.steps):
        return
    for program in missing_programs():
        yield Need("backup", f"{program} {NEEDED}", f"התוכנה {program}, שהגיבוי צריך, אינה מותקנת", HOW_TO_INSTALL)
    first = value("SELECT MIN(imported_at) FROM imports")
    if first is None:
        return
    newest = newest_made_at(shop)
    if shop.clock.now() > (first if newest is None else newest) + BACKUP_SECONDS:
        english, hebrew = "there is no backup", "אין גיבוי"
        if newest is not None:
            english = f"the newest backup is of {shop.clock.iso(newest)}"
            hebrew = f"הגיבוי האחרון הוא מיום {day_in_words(shop.clock.day(newest), 'he')}"
        yield Need("backup", english, hebrew, "Make one: retainctl db backup")


def _disk(shop: Shop) -> Iterator[Need]:
    disk = shutil.disk_usage(shop.folder)
    if disk.free < min(_DISK_SHARE * disk.total, _DISK_BYTES):
        most = 1 << (disk.free >> 20).bit_length()  # in steps, so that it is not another sentence every minute
        yield Need(
            "disk",
            f"the disk is nearly full: less than {most} MiB are free",
            f"הדיסק כמעט מלא: נותרו פחות מ־{most} MiB",
            "Make room before it is",
        )


def _in_hebrew(program: str, name: str) -> str:
    """A mailing by its kind and name."""
    return f"{program_of(program).labels[1]} {named(name)}"


_LOOKS: Final[dict[str, Callable[[Shop], Iterator[Need]]]] = {
    "paused": _paused,
    "unknown": _unknown,
    "refused": _refused,
    "deferred": _deferred,
    "sending": _sending,
    "clock": _clock,
    "disk": _disk,
    "backup": _backup,
    "job": _jobs,
    "quarantine": _quarantine,
    "returns": _returns,
}
NAMES: Final = tuple(_LOOKS)
OF_THE_OUTBOX: Final = ("paused", "unknown", "refused", "deferred")
