"""Looking whether the shop can do its work: its files, database, clock, jobs and mail server.

Each finding is a row, and no check stops the next; what a check needs and does not find is its own finding. A state
means one exit code: ``ok`` and ``note`` are 0, a ``warning`` is what ``doctor --needs`` tells too and is 3, and what
``failed`` has a code of its own.
"""

from __future__ import annotations

import email.policy
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Final, Literal

from retainctl import needs, schema
from retainctl.club import terms
from retainctl.config import NotHandedOver, Shop, read_shop
from retainctl.definitions import all_kinds
from retainctl.errors import DONE, BadConfiguration, DoneInPart, RetainError, WrongUsage
from retainctl.jobs.records import list_jobs
from retainctl.jobs.steps import ReadWords, check_steps
from retainctl.jobs.table import read_jobs
from retainctl.rows import Row
from retainctl.shop.clock_check import SILENCE_SECONDS, behind, last_written
from retainctl.shop.opening import opened, user_name
from retainctl.store.backup import database_files
from retainctl.store.integrity import check_database
from retainctl.store.opening import applied_migrations
from retainctl.store.runs import LOG_NAME

_GREETING_SECONDS: Final = 10  # a server that says nothing in that time is none to us
# It verifies headers where a line break cannot break them (CVE-2024-6923).
MAIL_POLICY = email.policy.default


class CheckRow(Row, kind="check", spare="exit_code"):
    """What one check found, and the exit code that it asks for."""

    check: str
    state: Literal["ok", "note", "warning", "failed"]
    detail: str
    exit_code: int


def examine(named: str | None, *, now: str | None, read_words: ReadWords) -> list[CheckRow]:
    """Every check of the shop called *named* (or found from here), in order."""
    try:
        settled = read_shop(named, now=now)
    except WrongUsage:
        raise  # of an option, and not of the shop
    except RetainError as error:
        return [_failed("config", error), _checked("python", _python)]
    found = [_failed("config", fault) for fault in file_faults(settled, read_words)]
    found = found or [CheckRow("config", "ok", str(settled.folder), DONE)]
    try:
        with opened(named, now=now) as shop:
            checks: dict[str, Callable[[Shop], str]] = {
                "folder": _folder,
                "database": _database,
                "returns": _returns,
                "club": _club,
                "sending": _sending,
                "mail": _mail,
                "clock": _clock,
                "jobs": _jobs,
            }
            for name, check in checks.items():
                found.append(_checked(name, partial(check, shop)))
            told = {row.detail for row in found}
            found += [row for row in _needs(shop) if row.detail not in told]
    except RetainError as error:
        found.append(_failed("database", error))
    return [*found, _checked("python", _python)]


def check_files(shop: Shop, read_words: ReadWords) -> None:
    """Read every file of the shop folder; the first that is not as it should be is its own RetainError.

    *read_words* knows what can be typed, and so whether the steps of the jobs can run.
    """
    for fault in file_faults(shop, read_words):
        raise fault


def file_faults(shop: Shop, read_words: ReadWords) -> Iterator[RetainError]:
    """What is wrong with each file of the shop folder that is not as it should be."""
    for read in _readings(shop, read_words):
        try:
            read()
        except RetainError as error:
            yield error


def _readings(shop: Shop, read_words: ReadWords) -> Iterator[Callable[[], object]]:
    yield partial(schema.read_file, shop.folder / terms.FILE_NAME, terms.Club)
    for kind in all_kinds():
        yield partial(kind.names, shop.folder)
        with suppress(RetainError):  # a folder that cannot be listed was told by the line above
            for name in kind.names(shop.folder):
                yield partial(kind.read, shop, name)
    yield lambda: check_steps(read_jobs(shop), read_words)


class Doubtful(Exception):
    """It works, nothing needs to be done, and it is good to know."""


def _checked(name: str, check: Callable[[], str]) -> CheckRow:
    try:
        return CheckRow(name, "ok", check(), DONE)
    except Doubtful as doubt:
        return CheckRow(name, "note", str(doubt), DONE)
    except DoneInPart as need:
        return CheckRow(name, "warning", f"{need}. {need.hint}", need.exit_code)
    except RetainError as error:
        return _failed(name, error)


def _failed(name: str, error: RetainError) -> CheckRow:
    detail = f"{error}. {error.hint}" if error.hint else str(error)
    return CheckRow(name, "failed", detail, error.exit_code)


_TOLD_BY_CHECKS = ("returns", "sending", "clock", "job")


def _needs(shop: Shop) -> Iterator[CheckRow]:
    """What needs a person, but for what a check of its own has told."""
    for name in needs.NAMES:
        try:
            for one in needs.needs(shop, name) if name not in _TOLD_BY_CHECKS else ():
                yield CheckRow(name, "warning", one.sentence, DoneInPart.exit_code)
        except RetainError as error:
            yield _failed(name, error)


def _folder(shop: Shop) -> str:
    """Whether whoever asks could run the jobs, as far as the files go that these write."""
    written = [shop.folder, *database_files(), *shop.folder.glob("*.heads"), shop.folder / LOG_NAME]
    written += [path for name in ("locks", "backups") for path in (shop.folder / name, *shop.folder.glob(f"{name}/*"))]
    may = partial(os.access, effective_ids=True)
    if closed := [path for path in written if may(path, os.F_OK) and not may(path, os.W_OK)]:
        user = user_name(os.geteuid())
        raise BadConfiguration(
            f"{', '.join(map(str, closed))} cannot be written by {user}, so no job can run",
            hint=f"Run it as the shop's own user, or: chown -R {user}: {shop.folder}",
        )
    return "can be written"


def _database(_shop: Shop) -> str:
    check_database()
    return f"intact, at migration {max(applied_migrations())}"


def _returns(shop: Shop) -> str:
    return _without(shop, "returns", otherwise="every return has its order or is recent")


def _club(shop: Shop) -> str:
    club = terms.read_club(shop)
    return f"terms version {club.terms[-1].version}"


def _sending(shop: Shop) -> str:
    return _without(shop, "sending", otherwise="this installation sends")


def _without(shop: Shop, need: str, *, otherwise: str) -> str:
    """*otherwise*, where nothing needs a person of what is called *need*."""
    if found := needs.needs(shop, need):
        remedies = dict.fromkeys(one.remedy for one in found)
        raise DoneInPart("; ".join(one.detail for one in found), hint="; ".join(remedies))
    return otherwise


def _mail(shop: Shop) -> str:
    mail = shop.settings.mail
    if mail.channel == "files" and not mail.host:
        return "messages are written as files"
    # It imports yagmail, which takes a tenth of a second.
    from retainctl.outreach.channels.mail.smtp_login import Server, password_of

    try:
        password = password_of(shop)
    except NotHandedOver as held:
        raise Doubtful(f"the login to {mail.host}:{mail.port} is not checked: {held}. {held.hint}.") from None
    hasty = replace(mail, timeout_seconds=min(mail.timeout_seconds, _GREETING_SECONDS))
    with Server(hasty, password).logged_in():
        return f"{'logged in to' if mail.user else 'reached'} {mail.host}:{mail.port}"


def _clock(shop: Shop) -> str:
    now, written = shop.clock.now(), last_written(shop)
    if wrong := behind(shop, written):
        raise BadConfiguration(wrong, hint=needs.CLOCK_REMEDY)
    for what, newest in written:
        if now > newest + SILENCE_SECONDS:
            raise Doubtful(f"the newest {what} is from {shop.clock.iso(newest)}; is the clock right?")
    return shop.clock.iso(now)


def _jobs(shop: Shop) -> str:
    states = {row.job: row.state for row in list_jobs(shop)}
    _without(shop, "job", otherwise="")
    if "never" in states.values():
        never = [name for name, state in states.items() if state == "never"]
        raise Doubtful(f"never run: {', '.join(never)}. To schedule them: retainctl schedules show --help")
    return ", ".join(f"{name} {state}" for name, state in states.items())


def _python() -> str:
    version = ".".join(map(str, sys.version_info[:3]))
    if not hasattr(MAIL_POLICY, "verify_generated_headers"):  # distributions have mended older versions too
        raise Doubtful(f"Python {version} has a known mail header vulnerability (CVE-2024-6923); use a newer one")
    return version
