"""Every failure with its exit code and its remedy.

The engine raises one of these; ``cli`` alone catches them and ends with ``exit_code``. The message is written for
the person who reads cron's mail on Monday: what, which one, and (``hint``) what to do next.
"""

from __future__ import annotations

from collections.abc import Iterable

DONE = 0
WRONG_USAGE = 2  # click's own
HUNG_UP, INTERRUPTED, TERMINATED = 129, 130, 143


class RetainError(Exception):
    """Failed."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class WrongUsage(RetainError):
    """Wrong usage: invalid arguments, or the name of what is not there: a file, a folder, a customer."""

    exit_code = WRONG_USAGE


class DoneInPart(RetainError):
    """Partly done, needs attention: quarantined rows, messages with unknown delivery, a goal not met."""

    exit_code = 3


class BadData(RetainError):
    """Invalid input; nothing was written."""

    exit_code = 65


class Unavailable(RetainError):
    """A service is not available."""

    exit_code = 69


class BrokenInvariant(RetainError):
    """The ledger or the database is inconsistent; nothing more is written."""

    exit_code = 70


class DiskTrouble(RetainError):
    """The disk is full or failing: somebody must make room or replace it."""

    exit_code = 74


class TryLater(RetainError):
    """Try again later, it passes by itself: another run holds the lock, or it is quiet hours."""

    exit_code = 75


class Refused(RetainError):
    """Not allowed as things stand: no consent, approval or points; the wrong state or clock; a file in the way."""

    exit_code = 77


class BadConfiguration(RetainError):
    """The configuration or the installation is invalid."""

    exit_code = 78


def exit_codes() -> dict[int, str]:
    """Every exit code of the program and what it says, in order; the documents are written from this."""
    codes = {DONE: "Done, or nothing to do."}
    kinds: list[type[RetainError]] = [RetainError, *RetainError.__subclasses__()]
    for kind in kinds:
        codes[kind.exit_code] = (kind.__doc__ or "").strip()
    codes |= {
        HUNG_UP: "Terminated by SIGHUP.",
        INTERRUPTED: "Interrupted by Ctrl-C.",
        TERMINATED: "Terminated by SIGTERM.",
    }
    return dict(sorted(codes.items()))


def did_you_mean(name: str, known: Iterable[str], *, otherwise: str | None = None) -> str:
    """The hint for a *name* that is none of *known*: the nearest of them, else *otherwise*, which is all of them unless
    it is given."""
    import difflib  # here, so that ``--help`` need not load it

    names = list(known)
    nearest = difflib.get_close_matches(name, names, n=1)
    if nearest:
        return f"Did you mean {nearest[0]}?"
    return "Use one of: " + ", ".join(names) + "." if otherwise is None else otherwise
